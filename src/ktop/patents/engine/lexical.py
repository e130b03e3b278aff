"""Search by words: BM25 over the postings of the segments, patents of later days and filtered ones passed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ktop.patents.analysis.terms import term_code
from ktop.patents.engine import kernels
from ktop.patents.engine.dense import best
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
        terms = [(term, weight, i) for i, group in enumerate(groups) for term, weight in group.items() if weight > 0]
        if not terms or limit <= 0:
            return np.empty(0, dtype=np.int64), np.empty(0)
        codes = np.array([term_code(term) for term, _, _ in terms], dtype=np.uint32)
        given = np.array([weight for _, weight, _ in terms], dtype=np.float64)
        group = np.array([i for _, _, i in terms], dtype=np.int64)
        field = np.where(codes & 1, PAIR_WEIGHT, 1.0)
        return self._found(codes, given * self._rarity(codes) * field, group, limit, before, mask)

    def search_by_chances(
        self, terms: Occurrences, limit: int, before: int | None, mask: npt.NDArray[np.uint8]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Return the same for a question's own terms, weighted by how likely a patent that tells the same has them.

        Those of ``MAX_LIKELY_TERMS`` that weigh most are asked for. The first, and at least ``FIRST``, are then put in
        order by what they have of these terms, long patents less preferred than the lists prefer them.
        """
        field = np.where(terms.codes & 1, PAIR_WEIGHT, 1.0)
        weights = terms.weights(self._rarity(terms.codes)) * field
        most = np.sort(np.argsort(-weights, kind="stable")[:MAX_LIKELY_TERMS])
        most = most[weights[most] > 0]
        if not len(most) or limit <= 0:
            return np.empty(0, dtype=np.int64), np.empty(0)
        codes, asked = terms.codes[most], weights[most]
        docs, _ = self._found(codes, asked, np.arange(len(most)), max(limit, FIRST), before, mask)
        scores = self._saturated(docs, codes, asked)
        order = np.lexsort((self._tables.rank[docs], -scores))[:limit]
        return docs[order], scores[order]

    def _saturated(
        self, docs: npt.NDArray[np.int64], codes: npt.NDArray[np.uint32], weights: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """Return the scores of some documents by BM25 with ``CHANCES_K1`` and ``CHANCES_B``."""
        ascending = np.argsort(codes, kind="stable")
        known, given = codes[ascending], weights[ascending]
        found = np.zeros(len(docs), dtype=np.float64)
        for segment in self._segments:
            mine = np.flatnonzero((docs >= segment.start) & (docs < segment.start + segment.rows))
            rows = docs[mine] - segment.start
            lengths = segment.lengths[rows] / self._average_length
            found[mine] = kernels.saturated_sums(rows, *segment.forward, lengths, known, given, CHANCES_K1, CHANCES_B)
        return found

    def _found(
        self,
        codes: npt.NDArray[np.uint32],
        weights: npt.NDArray[np.float64],
        group: npt.NDArray[np.int64],
        limit: int,
        before: int | None,
        mask: npt.NDArray[np.uint8],
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Search with what a full match of each code adds to the score."""
        scaled = (weights * (MAX_IMPACT / 255.0)).astype(np.float32)
        docs: list[npt.NDArray[np.int64]] = []
        scores: list[npt.NDArray[np.float32]] = []
        least = 0.0
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
            if len(rows) >= limit:  # what a later segment finds must beat the last of these
                least = max(least, float(np.nextafter(score.min(), np.float32(0.0))))
        return best(docs, scores, limit, self._tables.rank)

    def _rarity(self, codes: npt.NDArray[np.uint32]) -> npt.NDArray[np.float64]:
        """Return log(1 + (N - df + 0.5) / (df + 0.5)) over the whole corpus."""
        patents = max(float(self._tables.about["patents"]), 1.0)
        df = np.minimum(self._tables.totals_of(codes).astype(np.float64), patents)
        found: npt.NDArray[np.float64] = np.log(1.0 + (patents - df + 0.5) / (df + 0.5))
        return found
