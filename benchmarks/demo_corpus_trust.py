"""Whether the demo corpus has something to compare common technologies with: which ratings are told to be unreliable.

    python benchmarks/demo_corpus_trust.py [CORPUS]

Rates the bundled examples and one text of each of twenty common fields in both languages
(tests/fixtures/common_fields.yaml) against CORPUS, else the demo corpus built anew (a minute of one core).
A row each: similarity of the nearest patent, grade, and the warnings that say that nothing may be relied on. Ends
with 1 where there is any.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

import yaml

from ktop.report.present.verdict import UNRELIABLE
from ktop.usecases.corpora.demo import prepare_demo_corpus
from ktop.usecases.corpora.engine import open_corpus
from ktop.usecases.technologies.examples import example_technologies
from ktop.usecases.technologies.rating import rate_technology

DAY = date(2026, 11, 28)


def texts() -> Iterator[tuple[str, str]]:
    """Yield the texts with their names."""
    for example in example_technologies():
        yield f"{example.id} ({example.lang})", example.text
    fields = yaml.safe_load((ROOT / "tests" / "fixtures" / "common_fields.yaml").read_text("utf-8"))
    for field in fields:
        for lang in ("ko", "en"):
            yield f"{field['id']} ({lang})", field[lang]


def main(folder: Path) -> int:
    """Print the table; return 1 where any text is warned of."""
    engine = open_corpus(folder)
    warned = 0
    print(f"{'text':<42}{'nearest':>8}  {'grade':<6}not to be relied on because")
    for name, text in texts():
        rating = rate_technology(engine, text, as_of=DAY)
        codes = [warning.code for warning in rating.warnings if warning.code in UNRELIABLE]
        warned += bool(codes)
        near = rating.details["neighbours"][0]["similarity"] if rating.details["neighbours"] else 0.0
        print(f"{name:<42}{near:8.2f}  {rating.grades.get('originality', '-'):<6}{', '.join(codes)}")
    return int(warned > 0)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main(Path(sys.argv[1])))
    with tempfile.TemporaryDirectory() as made:
        prepare_demo_corpus(Path(made) / "demo")
        sys.exit(main(Path(made) / "demo"))
