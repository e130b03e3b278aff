"""The similar patents as groups with names, and the map that shows the technology among them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ktop.domain.technology.neighbour_evidence import NeighbourEvidence, NeighbourWords
from ktop.domain.technology.neighbourhood import Neighbourhood, day_of
from ktop.kernel.arrays import Floats, Integers
from ktop.models.originality.clusters import groups
from ktop.models.originality.definitions import settings
from ktop.models.originality.measures import DAYS_PER_YEAR, reading_day
from ktop.models.originality.plane import coordinates

LABEL_TERMS = 4
#: Strength of the prior of a term's share: as much as so many patents that use it as patents at large do.
_PRIOR_PATENTS = 10.0
_LEAST_SHARE = 1e-4
#: A term that names a group stands in so many of its titles, or in this share of them.
_FEWEST_TITLES = 2
#: A term that more than this share of all patents have names nothing.
_COMMON_SHARE = 0.1
#: A phrase says more than a word: its score counts log2(1 + words) times, as in the C-value (Frantzi et al. 2000).
_DECIMALS = 4


def landscape(neighbourhood: Neighbourhood, evidence: NeighbourEvidence | None = None) -> dict[str, Any]:
    """Return ``clusters`` and ``map`` for a page or report, as JSON types; both empty where there is no neighbour.

    Parameters
    ----------
    evidence : the words by which groups are named and the similarities they are found by; without it, key terms of the
        technology and the neighbourhood's own.
    """
    if not neighbourhood.size:
        return {"clusters": {"groups": [], "apart": 0, "own": None}, "map": {"own": None, "patents": []}}
    alike = neighbourhood.pair_similarity if evidence is None else evidence.pairs
    words = _key_terms(neighbourhood) if evidence is None else evidence.words
    group = groups(alike)
    count = int(group.max()) + 1
    labels = group_labels(group, words, neighbourhood.corpus_size)
    means = [float(neighbourhood.similarity[group == g].mean()) for g in range(count)]
    placed = np.round(coordinates(alike, neighbourhood.similarity), _DECIMALS)
    return {
        "clusters": {
            "groups": [_group(neighbourhood, group, g, labels[g], means[g]) for g in range(count)],
            "apart": int(np.count_nonzero(group < 0)),
            "own": int(np.argmax(means)) if means else None,
        },
        "map": {
            "own": [float(value) for value in placed[-1]],
            "patents": [
                {
                    "patent_id": str(neighbourhood.patent_ids[i]),
                    "x": float(placed[i, 0]),
                    "y": float(placed[i, 1]),
                    "group": int(group[i]) if group[i] >= 0 else None,
                    "similarity": round(float(neighbourhood.similarity[i]), _DECIMALS),
                }
                for i in range(neighbourhood.size)
            ],
        },
    }


def _group(neighbourhood: Neighbourhood, group: Integers, g: int, terms: list[str], mean: float) -> dict[str, Any]:
    rows = np.flatnonzero(group == g)
    age = (reading_day(neighbourhood) - neighbourhood.filing_day[rows]) / DAYS_PER_YEAR
    years = float(settings()["growth_years"])
    return {
        "group": g,
        "terms": terms,
        "patents": len(rows),
        "mean_similarity": mean,
        "nearest": str(neighbourhood.patent_ids[rows[0]]),  # neighbours stand in the order of their similarity
        "nearest_title": str(neighbourhood.titles[rows[0]]),
        "nearest_similarity": float(neighbourhood.similarity[rows[0]]),
        "recent": int(np.count_nonzero(age <= years)),
        "previous": int(np.count_nonzero((age > years) & (age <= 2 * years))),
        "first_year": day_of(int(neighbourhood.filing_day[rows].min())).year,
        "last_year": day_of(int(neighbourhood.filing_day[rows].max())).year,
    }


def _key_terms(neighbourhood: Neighbourhood) -> NeighbourWords:
    terms = neighbourhood.key_terms
    count = len(terms.terms)
    return NeighbourWords(
        terms=terms.terms,
        words=np.array([str(term).count(" ") + 1 for term in terms.terms], dtype=np.int64),
        df=terms.df,
        present=terms.in_neighbour,
        in_text=np.ones(count, dtype=np.bool_),
        language=np.array([neighbourhood.technology.language] * count, dtype=object),
    )


def group_labels(group: Integers, words: NeighbourWords, corpus_size: int) -> list[list[str]]:
    """Return up to ``LABEL_TERMS`` terms that name each group.

    Terms are ranked by the z-score of the log-odds of standing in a title of the group rather than of the others, with
    the corpus's own share of the term as prior (Monroe, Colaresi and Quinn 2008, eq. 22). One group alone is held
    against the corpus.
    """
    labels = []
    share = np.maximum(words.df / max(corpus_size, 1), _LEAST_SHARE)
    present = words.present.sum(axis=1)
    for g in range(int(group.max(initial=-1)) + 1):
        inside = group == g
        count = words.present[:, inside].sum(axis=1)
        n = int(np.count_nonzero(inside))
        score = _log_odds(count, present - count, n, len(inside) - n, share) * np.log2(1.0 + words.words)
        score[share > _COMMON_SHARE] = -1.0
        order = np.lexsort((-words.words, -score))
        chosen: list[str] = []
        for term in words.terms[order[(score[order] > 0.0) & (count[order] >= _FEWEST_TITLES)]]:
            if len(chosen) < LABEL_TERMS and not any(_repeats(str(term), other) for other in chosen):
                chosen.append(str(term))
        labels.append(chosen)
    return labels


def _log_odds(a: Integers, b: Integers, n_a: int, n_b: int, share: Floats) -> Floats:
    """Return the (t,) z-scores of each term's log-odds, in the group against the other neighbours and the prior.

    ``a`` and ``b`` are how many of the ``n_a`` patents of the group and of the ``n_b`` others have the term.
    """
    prior = _PRIOR_PATENTS * np.minimum(share, 0.5)
    y_a, y_b = a + prior, b + prior
    rest_a, rest_b = n_a - a + _PRIOR_PATENTS - prior, n_b - b + _PRIOR_PATENTS - prior
    delta = np.log(y_a / rest_a) - np.log(y_b / rest_b)
    scored: Floats = delta / np.sqrt(1.0 / y_a + 1.0 / y_b)
    return scored


def _repeats(term: str, other: str) -> bool:
    """Return whether one term is made of words of the other."""
    one, two = set(term.split()), set(other.split())
    return one <= two or two <= one
