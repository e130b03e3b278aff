"""Brings the numbers of a corpus of an earlier version into today's written form, where new imports meet them."""

from __future__ import annotations

import re
from dataclasses import replace

import polars as pl

from ktop.domain.patent.document import Patent, PatentCitation
from ktop.domain.patent.numbers import (
    application_kind_of,
    normalise_application_number,
    normalise_publication_number,
)
from ktop.patents.corpus.corpus import NUMBERS_VERSION, Corpus

#: Japanese applications before 2000 as DOCDB prints them, serial before year: earlier versions kept them so.
_SERIAL_BEFORE_YEAR = re.compile(r"^JP\d{3,6}[2-9]\d$")


def renumbered(patent: Patent) -> Patent:
    """Return a stored patent with its numbers as they are written today; what no form fits stays."""
    patent_id = written(patent.id)
    application = patent.application
    if application is not None:
        docdb = _SERIAL_BEFORE_YEAR.match(application) is not None
        kind = application_kind_of(patent_id) or None
        application = normalise_application_number(application, kind=kind, docdb=docdb) or application
    return replace(
        patent,
        id=patent_id,
        application=application,
        also_published_as=tuple(written(number) for number in patent.also_published_as),
        cited_patents=tuple(PatentCitation(written(c.number), c.category) for c in patent.cited_patents),
    )


def written(number: str) -> str:
    """Return a stored number as it is written today."""
    return normalise_publication_number(number) or number


def is_outdated(corpus: Corpus) -> bool:
    """Tell whether an earlier version wrote the corpus and any of its numbers is written in another way today."""
    if corpus.manifest.numbers >= NUMBERS_VERSION:
        return False
    with corpus.reading():
        patents = corpus.patents()
        told = [
            patents.select(number="id"),
            patents.select(number=pl.col("also_published_as").list.drop_nulls()).explode("number"),
            corpus.citations().select(number="cited"),
            corpus.citations().select(number="citing"),
        ]
        numbers = pl.concat(told).drop_nulls().unique().collect()["number"]
        rows = patents.select("id", "application").drop_nulls().collect().iter_rows()
    if any(written(number) != number for number in numbers):
        return True
    patents_of = (Patent(patent_id, "", application=application) for patent_id, application in rows)
    return any(renumbered(patent).application != patent.application for patent in patents_of)
