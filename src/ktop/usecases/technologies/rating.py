"""Rates technology summaries against an open patent corpus."""

from __future__ import annotations

from datetime import date
from typing import Any

from ktop.domain.rating.rating import Rating
from ktop.domain.technology.neighbour_evidence import NeighbourEvidence
from ktop.domain.technology.neighbourhood import Neighbourhood
from ktop.domain.technology.summary import Technology, prose_of, starts_with_item
from ktop.kernel.clock import today
from ktop.kernel.waiting import stop_if_nobody_waits
from ktop.models.originality import compare
from ktop.models.originality.definitions import neighbours_shown
from ktop.patents.engine.index import PatentIndex
from ktop.patents.neighbours.neighbourhood import question_of
from ktop.patents.neighbours.overlap import overlap
from ktop.patents.neighbours.shown_terms import shown_terms
from ktop.patents.neighbours.titles import neighbour_pairs, neighbour_words
from ktop.usecases.corpora.engine import TechnologyEngine
from ktop.usecases.corpora.neighbourhood import neighbourhood_of

#: A first line of at most this many characters, with more text below it, is the technology's title.
TITLE_CHARS = 120


def technology_of(summary: str, as_of: date | None) -> Technology:
    """Return what a user wrote as a technology: a short first line with more text below is its title.

    Raises ``InputError`` for a text that is too short, in neither language, or too large.
    """
    day = as_of or today()
    # as prose first, so that an address or the mark of a list's item is not part of the title
    is_list = starts_with_item(summary)
    first, _, rest = (
        prose_of(summary).strip().partition("\n") if len(summary) < 100_000 and not is_list else ("", "", "")
    )
    if rest.strip() and len(first) <= TITLE_CHARS and not first.rstrip().endswith((".", ",", ";")):
        title = first.strip()
        return Technology.from_text(f"{title}. {rest.strip()}", day, title=title)  # as a patent's text is made, above
    return Technology.from_text(summary, day)


def rate_technology(engine: TechnologyEngine, summary: str, *, as_of: date | None = None) -> Rating:
    """Rate one technology summary as of a day (today where not given); only earlier patents count."""
    return rate(engine, technology_of(summary, as_of))


def rate(engine: TechnologyEngine, technology: Technology) -> Rating:
    """Rate one technology as of its day."""
    engine.prepare(technology)
    with engine.lock:
        stop_if_nobody_waits()  # asked here, too: the wait for the lock may have been long
        engine.follow()
        model = engine.model
        evidence: list[NeighbourEvidence | None] = []

        def read(whole: Neighbourhood) -> None:
            evidence.append(neighbour_evidence(engine.index, whole.nearest(neighbours_shown())))

        found = neighbourhood_of(engine.index, technology, formulas=model.reference.formulas, meanwhile=read)
    return model.rate(found, evidence[0])


def neighbour_evidence(index: PatentIndex, found: Neighbourhood) -> NeighbourEvidence | None:
    """Return what a full rating shows of the neighbours beyond their neighbourhood; None where there are none."""
    if not found.size:
        return None
    question = question_of(index, found.technology)
    with index.beside(lambda: overlap(index, found, question)) as read:
        return NeighbourEvidence(
            words=neighbour_words(index, found, question),
            pairs=neighbour_pairs(index, found),
            terms=shown_terms(index, found, question),
            overlap=read(),
        )


def compare_technologies(
    engine: TechnologyEngine, first: str, second: str, *, as_of: date | None = None
) -> dict[str, Any]:
    """Rate two summaries as of one day; return ``{"a", "b", "comparison"}``: both ratings and what differs, as JSON."""
    a, b = (rate_technology(engine, summary, as_of=as_of).to_json() for summary in (first, second))
    return {"a": a, "b": b, "comparison": compare(a, b)}
