"""Reads an applicant's history from a corpus: what was known of its patents on a day."""

from __future__ import annotations

from bisect import bisect_left
from datetime import date
from pathlib import Path

import polars as pl

from ktop.domain.technology.neighbourhood import day_number
from ktop.models.prospects import ApplicantHistory, Prospects, prospects
from ktop.patents.corpus.corpus import Corpus
from ktop.usecases.training.originality_data import applicant_key, later_citations


def prospects_with(folder: Path, applicant: str, as_of: date) -> Prospects | None:
    """Return the forecast for an applicant as of a day; None where its history cannot tell (``models.prospects``).

    Names are compared without case, punctuation and legal forms; the first applicant of a patent counts.
    """
    corpus = Corpus.open(folder)
    key, day = applicant_key([applicant]), day_number(as_of)
    with corpus.reading():
        rows = corpus.patents().filter(pl.col("known_from") < as_of).select("id", "applicants").collect()
    citing = later_citations(corpus)
    patents = cited = all_cited = 0
    for patent_id, names in rows.iter_rows():
        is_cited = bisect_left(citing.get(patent_id, []), day) > 0
        all_cited += is_cited
        if key is not None and applicant_key(names or []) == key:
            patents += 1
            cited += is_cited
    return prospects(ApplicantHistory(patents, cited, rows.height, all_cited))
