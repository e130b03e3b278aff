"""The formulas of the measures for one patent at a time: what whole corpora are checked against."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt


def concentration(weights: Sequence[float] | npt.NDArray[np.float64]) -> float:
    """Return the Herfindahl index of the shares, sum of s_j^2 in (0, 1]; NaN where there is no weight."""
    values = np.asarray(weights, dtype=np.float64)
    total = float(values.sum())
    return float(np.square(values / total).sum()) if total > 0 else float("nan")


def originality(class_counts: Sequence[float] | npt.NDArray[np.float64], *, corrected: bool = False) -> float:
    """Return backward originality from the number of citations per class.

    1 - sum of s_j^2 (Trajtenberg, Henderson and Jaffe 1997); with ``corrected`` times N / (N - 1) (Hall 2005). 0 where
    all citations go to one class. NaN where there are no citations or, corrected, fewer than two.

    Five citations, three of them to one class and two to another: 1 - (3/5)^2 - (2/5)^2 = 0.48, corrected 0.48 x 5/4.

    >>> originality([3, 2])
    0.48
    >>> round(originality([3, 2], corrected=True), 12)
    0.6
    """
    total = float(np.sum(np.asarray(class_counts, dtype=np.float64)))
    spread = 1.0 - concentration(class_counts)
    if not corrected:
        return spread
    return spread * total / (total - 1.0) if total > 1.0 else float("nan")


def generality(class_counts: Sequence[float] | npt.NDArray[np.float64], *, corrected: bool = False) -> float:
    """Return forward generality from the number of citing patents per class: the formula of ``originality``."""
    return originality(class_counts, corrected=corrected)


def disruption(only_focal: int, both: int, only_references: int) -> float:
    """Return the disruption index (n_i - n_j) / (n_i + n_j + n_k), in [-1, 1]; NaN where all three are 0.

    Funk and Owen-Smith (2017), in the form of Wu, Wang and Evans (2019). Of the later patents that cite the focal
    patent or what it cites, ``only_focal`` (n_i) cite it alone, ``both`` (n_j) cite it together with something that it
    cites, and ``only_references`` (n_k) cite what it cites but not it.

    Three patents cite the focal one alone, one cites it with a reference, two pass it over: (3 - 1) / 6.

    >>> round(disruption(3, 1, 2), 12)
    0.333333333333
    """
    total = only_focal + both + only_references
    return (only_focal - both) / total if total else float("nan")


def backward_idf(before: int, containing: int) -> float:
    """Return the backward inverse document frequency of a term, log((1 + ``before``) / (1 + ``containing``)), >= 0.

    ``before`` patents are earlier, ``containing`` of them have the term. Kelly, Papanikolaou, Seru and Taddy (2021)
    have log(``before`` / (1 + ``containing``)), which is below 0 for a term that all have.

    >>> round(backward_idf(99, 9), 12) == round(math.log(10), 12)
    True
    """
    return math.log((1 + before) / (1 + containing))


def similarity(a: Mapping[str, int], b: Mapping[str, int], idf: Mapping[str, float]) -> float:
    """Return the cosine of two texts with so many of each term, terms weighted by ``idf``, in [0, 1]; 0 for no weight.

    ``idf`` is that of the earlier of the two (Kelly et al. 2021): a term that was rare then counts much, however common
    it has become since. A term's share of its text's terms gives the same cosine as its number.

    >>> round(similarity({"x": 1, "y": 1}, {"x": 2}, {"x": 1.0, "y": 1.0}), 4)
    0.7071
    """

    def norm(text: Mapping[str, int]) -> float:
        return math.sqrt(sum((count * idf[term]) ** 2 for term, count in text.items()))

    product = sum(count * b.get(term, 0) * idf[term] ** 2 for term, count in a.items())
    length = norm(a) * norm(b)
    return product / length if length > 0 else 0.0
