"""What a generation of an index holds, in an order that its content alone decides.

All statistics of a generation are taken from here: how the patents came in, in which pieces and in which order, shows
nowhere in them, and so equal content answers equally to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ktop.patents.analysis.terms import UInt32
from ktop.patents.engine.layout import IndexManifest, Layout
from ktop.patents.engine.lsa import SparseRows
from ktop.patents.engine.segment import Segment


@dataclass(frozen=True, slots=True)
class TermCounts:
    """Term codes, ascending, and how many patents have each, both (terms,)."""

    codes: UInt32
    totals: npt.NDArray[np.uint32]

    def of(self, wanted: UInt32) -> npt.NDArray[np.int64]:
        """Return how many patents have each of some terms, shape (len(wanted),)."""
        return looked_up(self.codes, self.totals, wanted)


class Content:
    """The patents that an index has and that count: replaced and removed ones are left out."""

    def __init__(self, layout: Layout, manifest: IndexManifest) -> None:
        self.segments = layout.open_segments(manifest)
        self.rows = manifest.rows
        self.dead = layout.dead(manifest)

    def column(self, name: str) -> npt.NDArray[np.generic]:
        """Return a per-patent column by document number, replaced and removed patents included, shape (rows,)."""
        return np.concatenate([segment.column(name) for segment in self.segments])

    @cached_property
    def alive(self) -> npt.NDArray[np.bool_]:
        """(rows,) False for replaced and removed patents."""
        alive = np.ones(self.rows, dtype=bool)
        alive[self.dead] = False
        return alive

    @cached_property
    def id_order(self) -> npt.NDArray[np.uint32]:
        """(rows,) document numbers in the order of their ids."""
        return np.argsort(self.column("id"), kind="stable").astype(np.uint32)

    @cached_property
    def _in_order(self) -> npt.NDArray[np.uint32]:
        """(rows,) document numbers in the order of their days, of one day in that of their ids."""
        days = self.column("day")[self.id_order]
        return self.id_order[np.argsort(days, kind="stable")]

    @cached_property
    def rank(self) -> npt.NDArray[np.uint32]:
        """(rows,) place of each document in the order of days and ids: of equal scores the lower one comes first."""
        found = np.empty(self.rows, dtype=np.uint32)
        found[self._in_order] = np.arange(self.rows, dtype=np.uint32)
        return found

    @cached_property
    def docs(self) -> npt.NDArray[np.int64]:
        """(patents,) document numbers of the patents that count, in the order of their days and ids."""
        order = self._in_order.astype(np.int64)
        return order[self.alive[order]]

    def __len__(self) -> int:
        return self.rows - len(self.dead)

    @cached_property
    def average_length(self) -> float:
        """Mean length of the patents that count (``Segment.length``), at least 1."""
        lengths = self.column("length")[self.alive].astype(np.int64)
        return max(int(lengths.sum()) / max(len(lengths), 1), 1.0)

    @cached_property
    def term_counts(self) -> TermCounts:
        """How many of the patents that count have each term."""
        codes, totals = np.empty(0, dtype=np.uint32), np.empty(0, dtype=np.int32)
        for segment in self.segments:
            codes, totals = _added(codes, totals, *segment.term_totals())
        gone = self.terms_of(self.dead).codes
        codes, totals = _added(codes, totals, *(np.unique(gone, return_counts=True)), sign=-1)
        return TermCounts(codes[totals > 0], totals[totals > 0].astype(np.uint32))

    def even_sample(self, size: int) -> npt.NDArray[np.int64]:
        """Return about ``size`` document numbers, evenly over the order of days and ids; at most ``size``."""
        return self.docs[:: max(1, math.ceil(len(self) / size))]

    def terms_of(self, docs: npt.NDArray[np.int64]) -> SparseRows:
        """Return the terms of some documents, in the order given."""
        starts = np.array([segment.start for segment in self.segments], dtype=np.int64)
        owners = np.searchsorted(starts, docs, side="right") - 1
        pieces = [self._segment_terms(int(owner), int(doc)) for owner, doc in zip(owners, docs, strict=True)]
        offsets = np.concatenate([[0], np.cumsum([len(codes) for codes, _ in pieces])]).astype(np.int64)
        return SparseRows(
            offsets,
            np.concatenate([np.empty(0, dtype=np.uint32), *(codes for codes, _ in pieces)]),
            np.concatenate([np.empty(0, dtype=np.uint8), *(counts for _, counts in pieces)]),
        )

    def _segment_terms(self, owner: int, doc: int) -> tuple[UInt32, npt.NDArray[np.uint8]]:
        segment: Segment = self.segments[owner]
        return segment.terms_of(doc - segment.start)


def looked_up(
    known: npt.NDArray[np.uint32], totals: npt.NDArray[np.generic], wanted: Sequence[int] | UInt32
) -> npt.NDArray[np.int64]:
    """Return the total of each wanted code, 0 for one that is not ``known`` (ascending), shape (len(wanted),)."""
    asked = np.asarray(wanted, dtype=np.uint32)
    if not len(known):
        return np.zeros(len(asked), dtype=np.int64)
    at = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    return np.where(known[at] == asked, totals[at], 0).astype(np.int64)


def _added(
    codes: UInt32, totals: npt.NDArray[np.int32], more: UInt32, counts: npt.NDArray[np.int64], sign: int = 1
) -> tuple[UInt32, npt.NDArray[np.int32]]:
    """Return two countings of terms, each with ascending codes, as one."""
    together = np.concatenate([codes, more])
    order = np.argsort(together, kind="stable")
    together = together[order]
    first = np.flatnonzero(np.concatenate([[True], together[1:] != together[:-1]])) if len(together) else order
    sums = np.concatenate([totals, sign * counts.astype(np.int32)])[order]
    return together[first], np.add.reduceat(sums, first, dtype=np.int32) if len(first) else sums
