"""Reads the text of a patent from its corpus: title and abstract, else the first claim."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from ktop.domain.technology.neighbourhood import day_of
from ktop.domain.technology.summary import clean_text
from ktop.patents.engine.index import PatentIndex


def stored_texts(index: PatentIndex, known_from: Mapping[str, int]) -> dict[str, str]:
    """Return the texts of patents by their ids; those that the corpus does not have are left out.

    A patent lies in the file of its year; only the parts of the files that have one are read, all in one go.

    Parameters
    ----------
    known_from : id → day from which the patent is known (days since 1970).
    """
    days = sorted({day_of(day) for day in known_from.values()})
    if not days:
        return {}
    # Files are in the order of days: the parts of other days need not be looked at.
    wanted = pl.col("known_from").is_in(days) & pl.col("id").is_in(sorted(known_from))
    files = index.corpus.patents(sorted({day.year for day in days}))
    with index.corpus.reading():
        rows = files.filter(wanted).select("id", "title", "abstract", "first_claim").collect()
    return {row["id"]: _text_of(row) for row in rows.iter_rows(named=True)}


def _text_of(row: Mapping[str, Any]) -> str:
    body = row["abstract"] or row["first_claim"] or ""
    title = (row["title"] or "").strip().rstrip(".")
    return clean_text(f"{title}. {body}" if title else body)
