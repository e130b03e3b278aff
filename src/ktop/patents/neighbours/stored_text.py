"""Reads the text of a patent from its corpus: title and abstract, else the first claim."""

from __future__ import annotations

from typing import Any

import polars as pl

from ktop.domain.technology.neighbourhood import day_of
from ktop.domain.technology.summary import clean_text
from ktop.patents.engine.index import PatentIndex


def stored_text(index: PatentIndex, patent_id: str, filing_day: int) -> str | None:
    """Return the text of a patent known from a day (days since 1970); None where the corpus does not have it.

    A patent lies in the file of its year; only the part of the file that has it is read.
    """
    day = day_of(filing_day)
    # Files are in the order of days: the parts of other days need not be looked at.
    wanted = (pl.col("known_from") == day) & (pl.col("id") == patent_id)
    with index.corpus.reading():
        row = index.corpus.patents([day.year]).filter(wanted).select("title", "abstract", "first_claim").collect()
    if not row.height:
        return None
    values: dict[str, Any] = row.row(0, named=True)
    body = values["abstract"] or values["first_claim"] or ""
    title = (values["title"] or "").strip().rstrip(".")
    return clean_text(f"{title}. {body}" if title else body)
