"""Times the first full walk on this machine: one company, 16,183 companies, one technology. Prints one table.

    ./run --version && .venv/bin/python benchmarks/walk.py [CORPUS]

CORPUS is an indexed corpus folder; without it only companies are timed. Medians of whole calls, one thread.
"""

from __future__ import annotations

import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

DAY = date(2026, 6, 30)
FIRMS = 16_183


def timed(work: Callable[[], object], runs: int) -> list[float]:
    """Return the seconds of each run after one that is not counted."""
    work()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return seconds


def main() -> None:
    """Run and print."""
    import numpy as np
    import polars as pl

    from ktop import __version__
    from ktop.domain.party.actor import LOCAL_OWNER
    from ktop.models.registry import ModelRegistry
    from ktop.training.reference import build_reference
    from ktop.usecases.companies.service import CompanyService
    from ktop.usecases.corpora.engine import open_corpus
    from ktop.usecases.technologies.rating import rate_technology
    from ktop.usecases.uploads import read_record

    rows: list[tuple[str, list[float]]] = []
    companies = CompanyService(ModelRegistry(None))
    record = read_record(ROOT / "examples" / "companies" / "hanbit-motion.yaml")
    rated = timed(lambda: companies.rate_record(LOCAL_OWNER, record, DAY), 20)
    rows.append(("one company, both models, opinions", rated))
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "firms.parquet"), Path(folder, "out.parquet")
        build_reference(FIRMS, 7).write_parquet(source)
        rows.append(
            (
                f"{FIRMS:,} companies, file to file",
                timed(lambda: companies.rate_table(LOCAL_OWNER, source, out, as_of=DAY), 3),
            )
        )
    if len(sys.argv) > 1:
        engine = open_corpus(Path(sys.argv[1]))
        for path in sorted((ROOT / "examples" / "technologies").glob("*.txt")):
            text = path.read_text("utf-8")
            label = f"technology {path.stem}, {len(engine.index):,} patents"
            rows.append((label, timed(lambda text=text: rate_technology(engine, text, as_of=DAY), 20)))  # type: ignore[misc]
    print(f"ktop {__version__}, Python {platform.python_version()}, numpy {np.__version__}, polars {pl.__version__}")
    print(f"{platform.machine()}, {os.cpu_count()} cores")
    print(f"{'what':68} {'median ms':>10} {'max ms':>10}")
    for label, seconds in rows:
        print(f"{label:68} {1e3 * statistics.median(seconds):10.1f} {1e3 * max(seconds):10.1f}")


if __name__ == "__main__":
    main()
