"""What a technology's text could add: rare neighbouring terms, each tried by rating the text again with it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any

from ktop.catalogue import text
from ktop.kernel.waiting import stop_if_nobody_waits
from ktop.models.originality.counterfactual import candidates, suggestions
from ktop.models.originality.definitions import neighbours_shown
from ktop.models.originality.model import Scored
from ktop.patents.neighbours.neighbourhood import question_of
from ktop.patents.neighbours.titles import neighbour_pairs, neighbour_words
from ktop.usecases.corpora.engine import TechnologyEngine
from ktop.usecases.corpora.neighbourhood import neighbourhood_of
from ktop.usecases.technologies.rating import technology_of

_FIRST_END = re.compile(r"[.!?。](?=\s|$)")


def _with(summary: str, added: str, title: str | None = None) -> str:
    """Return a text with a few words put at the end of its first sentence after the title: as a sentence of its own, so
    short a one could be taken for empty and left out."""
    begin = len(title) + 1 if title and summary.startswith(f"{title}.") else 0
    end = _FIRST_END.search(summary, begin)
    at = end.start() if end else len(summary)
    return f"{summary[:at]}, {added}{summary[at:]}"


def suggest_terms(engine: TechnologyEngine, summary: str, *, as_of: date | None = None) -> dict[str, Any]:
    """Return which added terms would raise the originality score, each with its gain, as JSON types.

    Every term is tried by a whole new rating, search included, so this takes several times as long as a rating and is
    made only on request. ``terms`` is empty where nothing rare lies near by or the text has no score.
    """
    technology = technology_of(summary, as_of)
    engine.prepare(technology)
    with engine.lock:
        found = neighbourhood_of(engine.index, technology, background=False, formulas=engine.model.reference.formulas)
        question = question_of(engine.index, technology)
        shown = found.nearest(neighbours_shown())
        words, pairs = neighbour_words(engine.index, shown, question), neighbour_pairs(engine.index, shown)
    before = engine.model.score(found)
    tried = candidates(shown, words, pairs) if before.grade is not None else []

    def rated_with(term: str) -> Scored:
        stop_if_nobody_waits()
        added = text("originality.added_feature", technology.language, term=term)
        longer = replace(technology, text=_with(technology.text, added, technology.title))
        return engine.model.score(engine.neighbourhood(longer))

    after = [(scored.scores, scored.grade) for scored in (rated_with(one.term) for one in tried)]
    return suggestions(shown, tried, before.scores, before.grade, after)
