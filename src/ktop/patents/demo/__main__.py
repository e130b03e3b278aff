"""``python -m ktop.patents.demo``: writes the shipped demo corpus anew; the same file from the same vocabularies."""

from __future__ import annotations

import sys

from ktop.patents.demo.shipped import SHIPPED, write

if __name__ == "__main__":
    count = write()
    sys.stdout.write(f"{count} synthetic patents, {SHIPPED.stat().st_size:,} bytes: {SHIPPED.name}\n")
