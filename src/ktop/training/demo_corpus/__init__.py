"""The demo corpus: some thousand made-up patents in Korean and English, so that everything works without real data.

Nothing in it is a real patent, applicant or finding. Every record carries an office code that no office uses
(``ZZ``), the source ``synthetic-demo`` and a status that says so; see docs/demo-corpus.md.
"""

import lzma
from pathlib import Path

#: The corpus as it comes with the program: JSON lines, compressed.
SHIPPED = Path(__file__).with_name("demo_corpus.jsonl.xz")


def shipped_lines() -> list[str]:
    """Return the lines of the shipped file, one JSON object each, in the order of the filing dates."""
    return lzma.decompress(SHIPPED.read_bytes()).decode().splitlines()
