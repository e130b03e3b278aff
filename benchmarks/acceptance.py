"""Ratings that an institution could act on: what was wrong, before and after, as Markdown tables, a section a subject.

    python -m pip install --no-deps --require-hashes -r requirements/run.txt -r requirements/train.txt
    python benchmarks/acceptance.py companies --cases DIR [--before 1.3.0] [--firms 2000]
    python benchmarks/acceptance.py all --data DIR [--minutes 10] [--patents DIR] [--sample]
    python benchmarks/acceptance.py training --data DIR [--minutes 10] [--only polish,slovak,rd,us,growth]
    python benchmarks/acceptance.py originality CORPUS --texts TABLE [--before 3.0.0] [--technologies 500]

A section is a module beside this one (``acceptance_<section>.py``) with ``arguments(parser)`` and ``tables(options)``,
which yields the lines to print; a further one is one more entry of ``SECTIONS``.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

SECTIONS = ("all", "companies", "originality", "training")


def main() -> None:
    """Print the tables of one section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sections = parser.add_subparsers(dest="section", required=True)
    modules = {name: importlib.import_module(f"acceptance_{name}") for name in SECTIONS}
    for name, module in modules.items():
        module.arguments(sections.add_parser(name))
    options = parser.parse_args()
    for line in modules[options.section].tables(options):
        print(line, flush=True)


if __name__ == "__main__":
    main()
