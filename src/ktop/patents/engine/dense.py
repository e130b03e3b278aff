"""Text vectors on disk and search among them: 8 bits a number, list by list, earlier patents first in every list.

Vectors are scaled and rounded to 8 bits (scalar quantisation) and grouped by their nearest coarse centre (an inverted
file, Jegou, Douze and Schmid 2011): a search scans the lists of the nearest centres only. Small corpora have one list,
and their search is exhaustive.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ktop.patents.engine import kernels
from ktop.patents.engine.ranking import best
from ktop.patents.engine.segment import Segment, mapped

#: Patents from which on vectors are grouped, how many groups there are, and how many of them a search scans.
GROUPED_FROM = 200_000
LISTS = 4_096
PROBES = 96
_ROWS_AT_ONCE = 4_096
#: More than a product of two unit vectors of 256 numbers of 32 bits can be off by rounding.
_ROUNDING = 2e-5

Float32 = npt.NDArray[np.float32]
_FILES = ("codes", "scales", "rows", "offsets", "places", "topic")


def save_codes(folder: Path, vectors: Float32, centres: Float32, topics: npt.NDArray[np.int16]) -> None:
    """Write vectors and topics of a segment's patents to ``folder``.

    Parameters
    ----------
    vectors : (rows, d).
    centres : (lists, d), no rows where there is one list.
    topics : (rows,) topic of each patent, -1 for none.
    """
    rows = len(vectors)
    nearest = np.zeros(rows, dtype=np.int64)
    if len(centres):
        nearest = nearest_centres(vectors, centres)
    order = np.argsort(nearest, kind="stable").astype(np.uint32)  # rows ascend within a list
    places = np.empty(rows, dtype=np.uint32)
    places[order] = np.arange(rows, dtype=np.uint32)
    scales = (np.abs(vectors).max(axis=1, initial=0.0) / 127.0).astype(np.float32)
    codes = np.rint(vectors / np.maximum(scales, 1e-9)[:, None]).astype(np.int8)
    lists = max(1, len(centres))
    offsets = np.searchsorted(nearest[order], np.arange(lists + 1)).astype(np.int64)
    for name, array in zip(_FILES, (codes[order], scales[order], order, offsets, places, topics), strict=True):
        np.save(folder / f"{name}.npy", array, allow_pickle=False)


def _closeness(vectors: Float32, centres: Float32) -> Float32:
    """Return (n, lists) numbers that are the larger, the nearer a vector is to a centre."""
    found: Float32 = vectors @ centres.T - _half_squares(centres)
    return found


def _half_squares(centres: Float32) -> Float32:
    found: Float32 = 0.5 * np.einsum("ij,ij->i", centres, centres)
    return found


def nearest_centres(vectors: Float32, centres: Float32) -> npt.NDArray[np.int64]:
    """Return the nearest centre of each vector, shape (n,), the first of equally near ones.

    A product of matrices rounds a row otherwise where it stands elsewhere among others. Where two centres are nearly
    as near, each is therefore reckoned again by itself: a vector's centre does not depend on its neighbours.
    """
    found = np.empty(len(vectors), dtype=np.int64)
    for start in range(0, len(vectors), _ROWS_AT_ONCE):
        part = vectors[start : start + _ROWS_AT_ONCE]
        near = _closeness(part, centres)
        best = np.argmax(near, axis=1)
        every = np.arange(len(part))
        least = near[every, best] - _ROUNDING
        near[every, best] = -np.inf
        doubtful = np.flatnonzero(near.max(axis=1) >= least)
        near[every, best] = np.inf
        rows, columns = np.nonzero(near[doubtful] >= least[doubtful, None])
        pairs = part[doubtful[rows]].astype(np.float64), centres[columns].astype(np.float64)
        exact = np.einsum("ij,ij->i", *pairs) - _half_squares(centres)[columns]
        order = np.lexsort((columns, -exact, rows))
        _, first = np.unique(rows[order], return_index=True)
        best[doubtful] = columns[order[first]]
        found[start : start + _ROWS_AT_ONCE] = best
    return found


@dataclass(frozen=True, slots=True)
class Scan:
    """What is asked of the vectors: the ``limit`` nearest to one (d,), of some lists, whose mask has any ``bits``."""

    vector: Float32
    lists: npt.NDArray[np.int64]
    limit: int
    bits: int = 1


#: Number of a scan, first document of a segment, and rows and scores found there.
_Found = list[tuple[int, int, npt.NDArray[np.int64], Float32]]
#: Lets some work go on beside a block that then asks for its answer.
Beside = Callable[[Callable[[], _Found]], AbstractContextManager[Callable[[], _Found]]]


class _Codes:
    """The vectors of one segment."""

    def __init__(self, segment: Segment, space: str) -> None:
        self.segment, self._folder = segment, segment.folder / space

    def _map(self, name: str) -> Any:
        return mapped(self._folder / f"{name}.npy")

    @cached_property
    def arrays(self) -> tuple[Any, Any, Any, Any]:
        """Codes, their scales and rows, and where each list begins."""
        return self._map("codes"), self._map("scales"), self._map("rows"), self._map("offsets")

    @cached_property
    def places(self) -> Any:
        """(rows,) where each row's code stands."""
        return self._map("places")


class DenseReader:
    """Finds the nearest vectors of all segments."""

    def __init__(self, segments: Sequence[Segment], space: str, centres: Float32, rank: Any) -> None:
        """``space`` names the folder of each segment that has its vectors, ``centres`` are the lists', ``rank`` orders.

        Of equally near documents the one of lower ``rank`` (documents,) comes first (``Tables.rank``).
        """
        self._rank = rank
        self._codes = [_Codes(segment, space) for segment in segments]
        self._starts = np.array([segment.start for segment in segments], dtype=np.int64)
        self._centres = centres

    def search(
        self, vector: Float32, limit: int, before: int | None, mask: npt.NDArray[np.uint8], probes: int = PROBES
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Return documents and cosines, best first.

        Parameters
        ----------
        vector : (d,) of unit length; zeros find nothing.
        before : day number; only patents of earlier days are found.
        mask : (documents,) 0 for those that must not be found, of length 0 where all may be.
        probes : lists that are scanned.
        """
        return self.search_lists(vector, self.lists_near(vector, probes), limit, before, mask)

    def lists_near(self, vector: Float32, probes: int = PROBES) -> npt.NDArray[np.int64]:
        """Return the lists of the centres nearest to a vector, not all zero, that a search scans."""
        if not len(self._centres) or not np.any(vector):
            return np.zeros(1, dtype=np.int64)
        probes = min(probes, len(self._centres))
        near = _closeness((vector / np.linalg.norm(vector))[None, :], self._centres)[0]
        return np.argpartition(-near, probes - 1)[:probes].astype(np.int64)

    def search_lists(
        self,
        vector: Float32,
        lists: npt.NDArray[np.int64],
        limit: int,
        before: int | None,
        mask: npt.NDArray[np.uint8],
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Return what ``search`` does where the lists to scan are known."""
        return self.search_together([Scan(vector, lists, limit)], before, mask)[0]

    def search_together(
        self, scans: Sequence[Scan], before: int | None, mask: npt.NDArray[np.uint8], beside: Beside = nullcontext
    ) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]]:
        """Return the same for several vectors, in one pass; half of the segments are scanned ``beside`` the others."""
        docs: list[list[npt.NDArray[np.int64]]] = [[] for _ in scans]
        scores: list[list[Float32]] = [[] for _ in scans]
        some = [number for number, scan in enumerate(scans) if scan.limit > 0 and np.any(scan.vector)]
        if some:
            asked = [scans[number] for number in some]
            with beside(lambda: self._scanned(asked, before, mask, self._codes[1::2])) as other:
                found = [*self._scanned(asked, before, mask, self._codes[::2]), *other()]
            for number, start, rows, near in found:
                docs[some[number]].append(start + rows)
                scores[some[number]].append(near)
        return [best(docs[n], scores[n], scan.limit, self._rank) for n, scan in enumerate(scans)]

    def _scanned(
        self, scans: Sequence[Scan], before: int | None, mask: npt.NDArray[np.uint8], segments: Sequence[_Codes]
    ) -> _Found:
        """Return what some segments have."""
        lists = np.unique(np.concatenate([scan.lists for scan in scans]))
        asked = np.stack([np.isin(lists, scan.lists) for scan in scans])
        queries = np.stack([scan.vector for scan in scans]).astype(np.float32)
        # a question across languages has a first half alone: what follows its last number adds nothing
        widths = np.array([np.flatnonzero(query)[-1] + 1 for query in queries])
        bits = np.array([scan.bits for scan in scans], dtype=np.uint8)
        wanted = np.array([scan.limit for scan in scans])
        yet = np.full((len(scans), wanted.max()), -np.inf, dtype=np.float32)
        found: _Found = []
        for codes in segments:
            segment = codes.segment
            end = segment.end(before)
            if end:
                part = mask[segment.start : segment.start + segment.rows] if len(mask) else mask
                arrays = kernels.scan_codes(*codes.arrays, lists, asked, queries, widths, bits, wanted, yet, end, part)
                for number, (rows, near, held) in enumerate(zip(*arrays, strict=True)):
                    found.append((number, segment.start, rows[:held], near[:held]))
        return found

    def vectors_of(self, docs: npt.NDArray[np.int64]) -> Float32:
        """Return the vectors of some documents as they are stored, shape (len(docs), d)."""
        width = self._codes[0].arrays[0].shape[1] if self._codes else 0
        found = np.zeros((len(docs), width), dtype=np.float32)
        owner = np.searchsorted(self._starts, docs, side="right") - 1
        for number in np.unique(owner).tolist():
            codes, mine = self._codes[number], np.flatnonzero(owner == number)
            stored, scales = codes.arrays[:2]
            kernels.unpack_codes(stored, scales, codes.places, docs[mine] - codes.segment.start, mine, found)
        return found


def coarse_centres(vectors: Float32, seed: int, lists: int = LISTS, rounds: int = 6) -> Float32:
    """Return (lists, d) centres of a sample of vectors by k-means (Lloyd 1982); deterministic for a seed."""
    random = np.random.default_rng(seed)
    vectors = vectors[vectors.any(axis=1)]
    lists = min(lists, len(vectors))
    centres = vectors[np.sort(random.choice(len(vectors), lists, replace=False))]
    for _ in range(rounds):
        nearest = np.empty(len(vectors), dtype=np.int64)
        for start in range(0, len(vectors), 8_192):
            nearest[start : start + 8_192] = np.argmax(_closeness(vectors[start : start + 8_192], centres), axis=1)
        order = np.argsort(nearest, kind="stable")
        met, first = np.unique(nearest[order], return_index=True)
        sums = np.add.reduceat(vectors[order], first, axis=0)
        sizes = np.diff(np.concatenate([first, [len(vectors)]]))
        centres = centres.copy()
        centres[met] = sums / sizes[:, None]
    return centres
