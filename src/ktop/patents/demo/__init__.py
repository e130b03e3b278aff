"""The demo corpus: some thousand made-up patents in Korean and English, so that everything works without real data.

Nothing in it is a real patent, applicant or finding. Every record carries an office code that no office uses
(``ZZ``), the source ``synthetic-demo`` and a status that says so; see docs/demo-corpus.md.
"""

from ktop.patents.demo.shipped import SHIPPED, generate, records, write

__all__ = ["SHIPPED", "generate", "records", "write"]
