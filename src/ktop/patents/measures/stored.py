"""The table of measures on disk: described by all that it derives from, and held to it whenever it is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

from ktop.kernel.errors import NotFoundError, UnavailableError
from ktop.kernel.files import atomic_path
from ktop.patents.analysis.text import ANALYSIS_VERSION
from ktop.patents.corpus.corpus import Corpus
from ktop.patents.engine.checksums import file_digest
from ktop.patents.measures.definitions import MEASURES, MEASURES_VERSION

FILE = Path("measures/patents.parquet")
ABOUT = Path("measures/patents.json")


def describe(corpus: Corpus, *, patents: int, citations: int) -> None:
    """Write down what the table of a corpus derives from, and its digest; the table must lie there already."""
    about = _derived_from(corpus) | {"patents": patents, "citations": citations}
    about["digest"] = file_digest(corpus.directory / FILE)
    with atomic_path(corpus.directory / ABOUT) as temporary:
        temporary.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


def _derived_from(corpus: Corpus) -> dict[str, Any]:
    return {
        "corpus_version": corpus.version,
        "analysis": ANALYSIS_VERSION,
        "measures": MEASURES_VERSION,
        "columns": list(MEASURES),
    }


def stored_measures(corpus: Corpus) -> pl.LazyFrame:
    """Return the measures of a corpus as ``compute_measures`` wrote them, columns as in ``MEASURES``.

    Raises ``NotFoundError`` where there are none; ``UnavailableError`` where they were made from another corpus, by
    another analysis or by other definitions, and where the file is not as it was written.
    """
    file = corpus.directory / FILE
    if not file.is_file():
        raise NotFoundError("patents.measures_missing", directory=str(corpus.directory))
    expected = _derived_from(corpus)
    try:
        about = json.loads((corpus.directory / ABOUT).read_text(encoding="utf-8"))
        current = {name: about[name] for name in expected} == expected and about["digest"] == file_digest(file)
    except (OSError, ValueError, KeyError, TypeError):
        current = False
    if not current:
        raise UnavailableError("patents.measures_outdated", directory=str(corpus.directory))
    return pl.scan_parquet(file, glob=False)
