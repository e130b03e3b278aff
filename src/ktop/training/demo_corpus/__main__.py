"""``python -m ktop.training.demo_corpus``: writes the shipped demo corpus anew, the same from the same vocabularies."""

from __future__ import annotations

import sys

from ktop.training.demo_corpus import SHIPPED
from ktop.training.demo_corpus.generate import write

if __name__ == "__main__":
    count = write()
    sys.stdout.write(f"{count} synthetic patents, {SHIPPED.stat().st_size:,} bytes: {SHIPPED.name}\n")
