"""Search by words: BM25 over the postings of the segments, patents of later days and filtered ones passed over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ktop.patents.analysis.terms import term_code
from ktop.patents.engine import kernels
from ktop.patents.engine.ranking import best
from ktop.patents.engine.segment import MAX_IMPACT, Segment
from ktop.patents.engine.tables import Tables
from ktop.patents.engine.term_chances import Occurrences

#: Weight of a pair of words beside a word (measured on known items and in-text citations, docs/patents.md).
PAIR_WEIGHT = 0.6
#: Terms that a search by chances asks for: more find no more, 100 fewer of what a long text cites.
MAX_LIKELY_TERMS = 150
#: Parameters of BM25 by which the first are put in order where terms weigh by chances, and how many these are at least.
#: Their lists hold other ones (``segment.K1``), which neighbours of all released versions are found by.
CHANCES_K1, CHANCES_B = 2.0, 0.9
FIRST = 300


@dataclass(frozen=True, slots=True)
class WeightedTerms:
    """What is asked of the postings: term codes, what a full match of each adds to the score, > 0, and ascending group
    numbers, all (terms,)."""

    codes: npt.NDArray[np.uint32]
    weights: npt.NDArray[np.float64]
    groups: npt.NDArray[np.int64]


def by_chances(
    limit: int,
    rank: npt.NDArray[Any],
    found: Callable[[int], npt.NDArray[np.int64]],
    scored: Callable[[npt.NDArray[np.int64]], npt.NDArray[np.float64]],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the first of a search by chances: of what is ``found``, at least ``FIRST``, the best as ``scored``.

    Long patents are less preferred by these scores than the lists prefer them.
    """
    if limit <= 0:
        return np.empty(0, dtype=np.int64), np.empty(0)
    docs = found(max(limit, FIRST))
    scores = scored(docs)
    order = np.lexsort((rank[docs], -scores))[:limit]
    return docs[order], scores[order]


class LexicalReader:
    """Searches by BM25 (Robertson and Zaragoza 2009). Terms are those of the analyser; a pair carries its mark."""

    def __init__(self, segments: Sequence[Segment], tables: Tables, average_length: float) -> None:
        """``average_length`` is the mean length of the patents (``Manifest.average_length``)."""
        self._segments, self._tables, self._average_length = segments, tables, max(average_length, 1.0)

    def search(
        self, groups: Sequence[Mapping[str, float]], limit: int, before: int | None, mask: npt.NDArray[np.uint8]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Return document numbers and scores, best first.

        Parameters
        ----------
        groups : each is term → weight; of a group only the best match counts (a word and its translations).
        before : day number; only patents of earlier days are found.
        mask : (documents,) 0 for those that must not be found, of length 0 where all may be.
        """
        return self.search_weighted(self.weighted(groups), limit, before, mask)

    def weighted(self, groups: Sequence[Mapping[str, float]]) -> WeightedTerms:
        """Return the terms of ``search``'s groups with what each weighs, by its rarity in the whole corpus."""
        terms = [(term, weight, i) for i, group in enumerate(groups) for term, weight in group.items() if weight > 0]
        codes = np.array([term_code(term) for term, _, _ in terms], dtype=np.uint32)
        given = np.array([weight for _, weight, _ in terms], dtype=np.float64)
        group = np.array([i for _, _, i in terms], dtype=np.int64)
        field = np.where(codes & 1, PAIR_WEIGHT, 1.0)
        return WeightedTerms(codes, given * self._rarity(codes) * field, group)

    def likely(self, terms: Occurrences) -> WeightedTerms:
        """Return a question's own terms, weighted by how likely a patent that tells the same has them.

        Those of ``MAX_LIKELY_TERMS`` that weigh most.
        """
        field = np.where(terms.codes & 1, PAIR_WEIGHT, 1.0)
        weights = terms.weights(self._rarity(terms.codes)) * field
        most = np.sort(np.argsort(-weights, kind="stable")[:MAX_LIKELY_TERMS])
        most = most[weights[most] > 0]
        return WeightedTerms(terms.codes[most], weights[most], np.arange(len(most)))

    def saturated(self, docs: npt.NDArray[np.int64], terms: WeightedTerms) -> npt.NDArray[np.float64]:
        """Return the scores of some documents by BM25 with ``CHANCES_K1`` and ``CHANCES_B``."""
        ascending = np.argsort(terms.codes, kind="stable")
        known, given = terms.codes[ascending], terms.weights[ascending]
        found = np.zeros(len(docs), dtype=np.float64)
        for segment in self._segments:
            mine = np.flatnonzero((docs >= segment.start) & (docs < segment.start + segment.rows))
            rows = docs[mine] - segment.start
            lengths = segment.lengths[rows] / self._average_length
            found[mine] = kernels.saturated_sums(rows, *segment.forward, lengths, known, given, CHANCES_K1, CHANCES_B)
        return found

    def search_by_chances(
        self, terms: Occurrences, limit: int, before: int | None, mask: npt.NDArray[np.uint8]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Return the same as ``search`` for a question's own terms, weighted and put in order by chances."""
        asked = self.likely(terms)
        return by_chances(
            limit,
            self._tables.rank,
            lambda first: self.search_weighted(asked, first, before, mask)[0],
            lambda docs: self.saturated(docs, asked),
        )

    def search_weighted(
        self, terms: WeightedTerms, limit: int, before: int | None, mask: npt.NDArray[np.uint8]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Return what ``search`` does of terms whose weights are known; a score depends on them and its patent only."""
        if not len(terms.codes) or limit <= 0:
            return np.empty(0, dtype=np.int64), np.empty(0)
        codes, group = terms.codes, terms.groups
        scaled = (terms.weights * (MAX_IMPACT / 255.0)).astype(np.float32)
        docs: list[npt.NDArray[np.int64]] = []
        scores: list[npt.NDArray[np.float32]] = []
        least, best_yet = 0.0, np.full(limit, -np.inf, dtype=np.float32)
        for segment in self._segments:
            end = segment.end(before)
            starts, stops = segment.places(codes)
            met = np.flatnonzero(stops > starts)
            if not end or not len(met):
                continue
            part = mask[segment.start : segment.start + segment.rows] if len(mask) else mask
            rows, score = kernels.sum_postings(
                starts[met], stops[met], scaled[met], group[met], *segment.postings, end, part, limit, least
            )
            docs.append(segment.start + rows)
            scores.append(score)
            # what a later segment finds must come up to the last of the best so far
            least = max(least, float(np.nextafter(np.float32(kernels.raise_least(best_yet, score)), np.float32(0.0))))
        return best(docs, scores, limit, self._tables.rank)

    def _rarity(self, codes: npt.NDArray[np.uint32]) -> npt.NDArray[np.float64]:
        """Return log(1 + (N - df + 0.5) / (df + 0.5)) over the whole corpus."""
        patents = max(float(self._tables.about["patents"]), 1.0)
        df = np.minimum(self._tables.totals_of(codes).astype(np.float64), patents)
        found: npt.NDArray[np.float64] = np.log(1.0 + (patents - df + 0.5) / (df + 0.5))
        return found
