"""Which terms a technology's text could add, and what each would change: chosen here, rated again by the service.

A counterfactual explanation in the sense of Wachter, Mittelstadt and Russell (2017), over single added features that
lie near by: rare terms of the similar patents that the text lacks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ktop.domain.technology.neighbour_evidence import NeighbourWords
from ktop.domain.technology.neighbourhood import Neighbourhood
from ktop.models.originality.clusters import groups
from ktop.models.originality.definitions import SCORE, TRAITS

#: Terms that are tried, each by a rating of its own.
TRIED = 8
#: A term is rare where at most this share of the earlier patents has it.
RARE_SHARE = 0.01
#: At most so many terms from one group of similar patents.
MOST_OF_GROUP = 2
#: A gain below so many points of the originality score is none.
LEAST_GAIN = 0.5


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rare neighbouring term: how it is written, earlier patents with it, and the most similar one that has it."""

    term: str
    patents: int
    position: int
    group: int


def candidates(neighbourhood: Neighbourhood, words: NeighbourWords, pairs: Any, count: int = TRIED) -> list[Candidate]:
    """Return the terms to try, the most promising first: rare ones, phrases before words, of similar patents.

    Only terms in the technology's own language that at least one earlier patent has and of which the text has no word:
    what repeats it tells nothing new. Of the groups of similar patents none gives more than ``MOST_OF_GROUP``, so that
    terms come from several sides. They must stand in the nearer half of the similar patents; beyond that nearness does
    not count, because a term of the nearest ones makes a text more like them.
    """
    if not neighbourhood.size or not len(words.terms):
        return []
    total = max(neighbourhood.corpus_size, 1)
    group = groups(pairs)
    spoken = {str(term) for term, there in zip(words.terms, words.in_text, strict=True) if there}
    spoken |= {str(term) for term in neighbourhood.text_terms.terms}
    fresh = np.array([not spoken & {str(term), *str(term).split()} for term in words.terms], dtype=np.bool_)
    fits = (
        fresh
        & ~words.in_text
        & (words.df >= 1)
        & (words.df <= max(RARE_SHARE * total, 1.0))
        & (words.language == neighbourhood.technology.language)
        & words.present.any(axis=1)
    )
    rarity = np.log((total + 1.0) / (words.df + 1.0))
    near = (words.present * neighbourhood.similarity).max(axis=1) >= np.median(neighbourhood.similarity)
    fits &= near
    worth = np.where(fits, rarity * np.log2(1.0 + words.words), -1.0)
    chosen: list[Candidate] = []
    for t in np.argsort(-worth, kind="stable").tolist():
        if worth[t] <= 0.0 or len(chosen) == count:
            break
        term = str(words.terms[t])
        position = int(np.flatnonzero(words.present[t])[0])  # neighbours stand in the order of their similarity
        own = int(group[position])
        if sum(one.group == own for one in chosen) >= MOST_OF_GROUP:
            continue
        if any(set(term.split()) & set(one.term.split()) for one in chosen):
            continue
        chosen.append(Candidate(term, int(words.df[t]), position, own))
    return chosen


def suggestions(
    neighbourhood: Neighbourhood,
    tried: Sequence[Candidate],
    before: Mapping[str, float | None],
    grade: str | None,
    after: Sequence[tuple[Mapping[str, float | None], str | None]],
) -> dict[str, Any]:
    """Return what each tried term changes, the largest gain first, as JSON types.

    Parameters
    ----------
    before, grade : scores and grade of the text as it is.
    after : the same with each of ``tried`` added, in the same order.
    """
    base = before[SCORE]
    terms = []
    for candidate, (scores, new_grade) in zip(tried, after, strict=True):
        new = scores[SCORE]
        if base is None or new is None:
            continue
        terms.append(
            {
                "term": candidate.term,
                "patents": candidate.patents,
                "patent_id": str(neighbourhood.patent_ids[candidate.position]),
                "title": str(neighbourhood.titles[candidate.position]),
                "score": new,
                "gain": new - base,
                "grade": new_grade,
                "traits": {name: _gain(scores[name], before[name]) for name in TRAITS},
                "raises": new - base >= LEAST_GAIN,
            }
        )
    terms.sort(key=lambda one: -float(str(one["gain"])))
    return {"score": base, "grade": grade, "tried": len(terms), "terms": terms}


def _gain(new: float | None, old: float | None) -> float | None:
    return None if new is None or old is None else new - old
