"""The neighbourhood of a technology in a patent corpus, as the originality model asks for it."""

from __future__ import annotations

from collections.abc import Callable

from ktop.domain.patent.document import Patent
from ktop.domain.technology.neighbourhood import Neighbourhood
from ktop.domain.technology.summary import Technology
from ktop.models.originality.definitions import (
    aligns_copies,
    doubts_unknown_words,
    neighbours_wanted,
    reads_by_halves,
    reads_whole_text,
    table_version,
    version,
)
from ktop.patents.engine.index import PatentIndex
from ktop.patents.neighbours.neighbourhood import neighbourhood


def neighbourhood_of(
    index: PatentIndex,
    technology: Technology,
    exclude: tuple[str, ...] = (),
    background: bool = True,
    formulas: str | None = None,
    meanwhile: Callable[[Neighbourhood], object] | None = None,
) -> Neighbourhood:
    """Return the neighbourhood of a technology in an index, with as many neighbours as the model wants.

    ``background`` is needed for pictures, not for scores. ``formulas`` is the model's version, today's where None.
    ``meanwhile`` is given the neighbourhood of the whole text while the halves of the text are still read.
    """
    formulas = formulas or version()
    return neighbourhood(
        index,
        technology,
        exclude=exclude,
        size=neighbours_wanted(),
        background=background,
        within_field=not reads_whole_text(formulas),
        aligned=aligns_copies(formulas),
        doubtful=doubts_unknown_words(formulas),
        halved=reads_by_halves(formulas),
        meanwhile=meanwhile,
    )


def whole_text_neighbourhood(
    index: PatentIndex, technology: Technology, exclude: tuple[str, ...] = (), formulas: str | None = None
) -> Neighbourhood:
    """Return what tables of measures are made of: the neighbourhood of the whole text, without pictures and halves."""
    return neighbourhood_of(index, technology, exclude, False, table_version(formulas or version()))


def patent_technology(patent: Patent) -> Technology | None:
    """Return a patent as a technology of its own day whose summary is its title and abstract, None without a day."""
    day = patent.known_from
    if day is None:
        return None
    summary = f"{patent.title}. {patent.abstract}" if patent.abstract else patent.title
    return Technology(text=summary, language=patent.language or "en", as_of=day)
