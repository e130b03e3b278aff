"""How much each term of a question counts in a search: by how likely a patent that tells the same has it at all.

Rarity alone takes every word of a question for one that is meant. In a description that leads up to an invention most
are not: a word said once in passing stands in the abstract of one in ten, one said five times in that of every second.
A term weighs rarity + log(chance), what its match tells of a patent that tells the same against any other (Robertson
and Sparck Jones 1976). The chance is a logistic regression on how rare the term is, how often and where it stands,
whether it is a pair, and how many terms there are. Its numbers are data (``catalogue/patents/term_chances.yaml``),
fitted by ``benchmarks/retrieval_steps.py`` to descriptions and abstracts of one half of the families. Measured:
docs/patents.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from ktop import catalogue
from ktop.patents.analysis.terms import UInt32, term_code

#: Rarity and count from which on a term is taken for as likely as one of these: rarer and more frequent ones were few.
MAX_RARITY, MAX_COUNT = 10.0, 20

Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Occurrences:
    """The distinct terms of a question, all arrays of shape (terms,), in the order in which they are met.

    Parameters
    ----------
    codes : of words, then of pairs.
    counts : how often each stands there.
    first, last : where it stands first and last, from 0 for the beginning to 1 for the end.
    """

    codes: UInt32
    counts: Float64
    first: Float64
    last: Float64

    @classmethod
    def of(cls, words: Sequence[str], pairs: Sequence[str]) -> Occurrences:
        """Return those of a text's words and pairs, both in its order."""
        met: dict[str, tuple[int, float, float]] = {}
        for terms in (words, pairs):
            end = max(len(terms) - 1, 1)
            for place, term in enumerate(terms):
                count, first, _ = met.get(term, (0, place / end, 0.0))
                met[term] = (count + 1, first, place / end)
        codes = np.array([term_code(term) for term in met], dtype=np.uint32)
        places = np.array(list(met.values()), dtype=np.float64).reshape(-1, 3)
        return cls(codes, places[:, 0], places[:, 1], places[:, 2])

    def features(self, rarity: Float64) -> Float64:
        """Return what the chance is reckoned from, (terms, as many as ``term_chances.yaml`` has weights).

        Parameters
        ----------
        rarity : (terms,) log(1 + (N - n + 0.5) / (n + 0.5)), N the patents, n those that have the term.
        """
        rare = np.minimum(rarity, MAX_RARITY)
        often = np.log(np.minimum(self.counts, MAX_COUNT))
        pair = (self.codes & 1).astype(np.float64)
        long = np.full(len(self.codes), np.log(max(len(self.codes), 1)))
        first, last = self.first, self.last
        counted = [rare, rare**2, often, often * rare, pair, pair * rare, pair * often]
        placed = [first, first**2, last, last**2]
        return np.stack([*counted, *placed, long, long * often], axis=1)

    def weights(self, rarity: Float64) -> Float64:
        """Return rarity + log(chance), at least 0, (terms,)."""
        constant, weights = _fitted()
        chance = 1.0 / (1.0 + np.exp(-(constant + self.features(rarity) @ weights)))
        found: Float64 = np.maximum(rarity + np.log(chance), 0.0)
        return found


@cache
def _fitted() -> tuple[float, Float64]:
    """Return constant and weights of the regression."""
    stored = catalogue.load("patents/term_chances")
    return float(stored["constant"]), np.array([float(value) for value in stored["weights"].values()])
