"""The compiled loops over ascending lists of document numbers: joined, compared, counted by day."""

from __future__ import annotations

from typing import Any

import numpy as np

from ktop.patents.engine.kernels import compiled, first_at_least

#: Numbers whose marks are set at a time, and how many of them are sooner looked up one by one.
_MARKED, _FEW_MARKED = 1 << 15, 100


@compiled
def union(one: Any, other: Any) -> Any:
    """Return the union of two ascending arrays of distinct numbers, ascending."""
    found = np.empty(len(one) + len(other), dtype=one.dtype)
    i, j, n = 0, 0, 0
    while i < len(one) and j < len(other):  # without a branch: which is the next cannot be foreseen
        a, b = one[i], other[j]
        found[n] = min(a, b)
        i += a <= b
        j += b <= a
        n += 1
    end = n + len(one) - i
    found[n:end] = one[i:]
    last = end + len(other) - j
    found[end:last] = other[j:]
    return found[:last].copy()


@compiled
def _ones(word: Any) -> Any:
    """Return how many bits of a word are set (Warren 2012, figure 5-2; processors that count them are told to)."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@compiled
def common_counts(docs: Any, offsets: Any) -> Any:
    """Return how many numbers each two of several ascending arrays have in common, shape (n, n).

    ``docs`` holds the arrays one after the other, ``offsets`` (n + 1,) where each begins. Range by range of the
    numbers, small enough for a core's own cache, each array is marked bit by bit; two are compared word by word, or the
    numbers of the shorter one by one where they are few.
    """
    n = len(offsets) - 1
    found = np.zeros((n, n), dtype=np.int64)
    marks = np.zeros((n, _MARKED >> 6), dtype=np.uint64)
    begin, end = offsets[:-1].copy(), offsets[:-1].copy()
    one = np.uint64(1)
    for first in range(0, docs.max() + 1 if len(docs) else 0, _MARKED):
        for t in range(n):
            begin[t], i = end[t], end[t]
            while i < offsets[t + 1] and docs[i] < first + _MARKED:
                marks[t, (docs[i] - first) >> 6] |= one << np.uint64((docs[i] - first) & 63)
                i += 1
            end[t] = i
        for t in range(n):
            for u in range(t):
                few, many = (t, u) if end[t] - begin[t] <= end[u] - begin[u] else (u, t)
                common = np.int64(0)
                if end[few] - begin[few] < _FEW_MARKED:
                    for i in range(begin[few], end[few]):
                        place = docs[i] - first
                        common += np.int64((marks[many, place >> 6] >> np.uint64(place & 63)) & one)
                else:
                    for w in range(_MARKED >> 6):
                        common += _ones(marks[t, w] & marks[u, w])
                found[t, u] += common
        for t in range(n):
            if end[t] > begin[t]:
                marks[t, :] = np.uint64(0)
    for t in range(n):
        found[t, t] = offsets[t + 1] - offsets[t]
        for u in range(t):
            found[u, t] = found[t, u]
    return found


@compiled
def counts_between(docs: Any, day: Any, firsts: Any, edges: Any) -> Any:
    """Return how many documents have a day in each interval ``edges[i] <= day < edges[i + 1]``, shape (edges - 1,).

    Parameters
    ----------
    docs : document numbers, ascending.
    day : (documents,) day numbers, ascending within each segment: found by bisection, not counted one by one.
    firsts : (segments + 1,) the first document of each segment, and the number of documents.
    edges : ascending.
    """
    found = np.zeros(max(len(edges) - 1, 0), dtype=np.int64)
    start = 0
    for s in range(len(firsts) - 1):
        stop = first_at_least(docs, start, len(docs), firsts[s + 1])
        if stop > start:
            place = first_at_least(docs, start, stop, first_at_least(day, firsts[s], firsts[s + 1], edges[0]))
            for i in range(len(found)):
                end = first_at_least(docs, place, stop, first_at_least(day, firsts[s], firsts[s + 1], edges[i + 1]))
                found[i] += end - place
                place = end
        start = stop
    return found


@compiled
def earliest(docs: Any, day: Any, firsts: Any) -> int:
    """Return the least day of some documents, at least one; parameters as in ``counts_between``."""
    least: int = day[docs[0]]
    start = 0
    for s in range(len(firsts) - 1):
        stop = first_at_least(docs, start, len(docs), firsts[s + 1])
        if stop > start:
            least = min(least, day[docs[start]])
        start = stop
    return least
