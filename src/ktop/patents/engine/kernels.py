"""The inner loops of the index, compiled: postings summed block by block, code vectors scanned, days counted.

Everything here works on plain arrays that may be mapped from disk, in one thread. Compiled code is kept between runs
(numba's cache), so that only the first run on a machine compiles.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

#: Rows of a block: the low 16 bits of a row stand within it. Its sums (256 KB) stay in a core's own cache.
BLOCK = 65_536
_CHUNK = 64

UInt8 = npt.NDArray[np.uint8]


def _compiled(function: Any) -> Any:
    return numba.njit(cache=True, fastmath={"nnan", "ninf", "nsz", "arcp", "contract", "reassoc"}, nogil=True)(function)


@_compiled
def _first_at_least(values: UInt8, start: int, stop: int, wanted: int) -> int:
    """Return the first place in ``values[start:stop]``, ascending, that is not less than ``wanted``."""
    while start < stop:
        middle = (start + stop) >> 1
        if values[middle] < wanted:
            start = middle + 1
        else:
            stop = middle
    return start


@_compiled
def _prefix_end(low: Any, block: UInt8, start: int, stop: int, end_row: int) -> int:
    """Return the end of the postings ``start:stop`` whose row is less than ``end_row``."""
    last, rest = end_row >> 16, end_row & 0xFFFF
    here = _first_at_least(block, start, stop, last)
    above = _first_at_least(block, here, stop, last + 1)
    end: int = _first_at_least(low, here, above, rest)
    return end


@_compiled
def _kept(rows: Any, scores: Any, held: int, wanted: int) -> tuple[int, float]:
    """Keep the best ``wanted`` of ``held`` candidates, in place; return how many stay and the score to reach.

    Among equal scores the lower rows stay.
    """
    if held <= wanted:
        return held, -np.inf
    limit = np.partition(scores[:held], held - wanted)[held - wanted]
    above, tied = 0, 0
    for i in range(held):
        above += scores[i] > limit
        tied += scores[i] == limit
    last = rows[:held].max()
    if above + tied > wanted:
        last = np.partition(rows[:held][scores[:held] == limit], wanted - above - 1)[wanted - above - 1]
    kept = 0
    for i in range(held):
        if scores[i] > limit or (scores[i] == limit and rows[i] <= last):
            rows[kept], scores[kept] = rows[i], scores[i]
            kept += 1
    return kept, limit


@_compiled
def sum_postings(
    starts: Any,
    stops: Any,
    weights: Any,
    groups: Any,
    low: Any,
    block: UInt8,
    impact: UInt8,
    end_row: int,
    mask: UInt8,
    wanted: int,
    least: float,
) -> tuple[Any, Any]:
    """Return rows and scores of the best ``wanted`` rows below ``end_row``, unsorted, all scoring over ``least``.

    A row's score is the sum over groups of the largest ``weight x impact`` of the group's terms that it has.

    Parameters
    ----------
    starts, stops, weights : (terms,) where each term's postings lie, and its weight, > 0.
    groups : (terms,) ascending group numbers: terms of one group stand for each other.
    low, block, impact : all postings of the segment, a term's in the order of its rows: row = block x 65,536 + low.
    mask : (rows,) 0 for rows that must not be found; of length 0 where all may be.
    """
    terms = len(starts)
    cursor, stop = starts.copy(), stops.copy()
    for t in range(terms):
        stop[t] = _prefix_end(low, block, starts[t], stops[t], end_row)
    sums = np.zeros(BLOCK, dtype=np.float32)
    group_best = np.zeros(BLOCK, dtype=np.float32)
    room = max(4 * wanted, wanted + BLOCK // 16)
    rows = np.empty(room, dtype=np.int64)
    scores = np.empty(room, dtype=np.float32)
    held, limit = 0, np.float32(least)
    masked = len(mask) > 0
    for number in range((end_row + BLOCK - 1) // BLOCK):
        found = False
        t = 0
        while t < terms:
            last = t + 1
            while last < terms and groups[last] == groups[t]:
                last += 1
            alone = last == t + 1
            for u in range(t, last):
                begin = cursor[u]
                end = _first_at_least(block, begin, stop[u], number + 1)
                weight = np.float32(weights[u])
                if alone:
                    for i in range(begin, end):
                        sums[low[i]] += weight * np.float32(impact[i])
                    cursor[u] = end
                else:
                    for i in range(begin, end):
                        value = weight * np.float32(impact[i])
                        if value > group_best[low[i]]:
                            group_best[low[i]] = value
                found = found or end > begin
            if not alone:
                for u in range(t, last):
                    begin = cursor[u]
                    end = _first_at_least(block, begin, stop[u], number + 1)
                    for i in range(begin, end):
                        sums[low[i]] += group_best[low[i]]
                        group_best[low[i]] = np.float32(0.0)
                    cursor[u] = end
            t = last
        if not found:
            continue
        first = number * BLOCK
        for chunk in range(0, min(BLOCK, end_row - first), _CHUNK):
            over = 0
            for i in range(chunk, chunk + _CHUNK):  # counted, because a greatest one is not found many at once
                over += sums[i] > limit
            if over:
                for i in range(chunk, chunk + _CHUNK):
                    if sums[i] > limit and (not masked or mask[first + i] != 0):
                        rows[held], scores[held] = first + i, sums[i]
                        held += 1
                if held > room - _CHUNK:
                    held, least_kept = _kept(rows, scores, held, wanted)
                    limit = max(limit, np.float32(least_kept))
            sums[chunk : chunk + _CHUNK] = np.float32(0.0)
    held, _ = _kept(rows, scores, held, wanted)
    return rows[:held].copy(), scores[:held].copy()


@_compiled
def scan_codes(
    codes: Any,
    scales: Any,
    rows_of: Any,
    offsets: Any,
    lists: Any,
    asked: Any,
    queries: Any,
    widths: Any,
    bits: UInt8,
    wanted: Any,
    end_row: int,
    mask: UInt8,
) -> tuple[Any, Any, Any]:
    """Return for several queries rows and scores of the best code vectors of some lists, and how many each has.

    Shapes (q, more than the most wanted) twice, unsorted, and (q,). In one pass, because most of the time goes by until
    a vector is at hand.

    Parameters
    ----------
    codes : (n, d) int8, list by list; within a list in the order of their rows.
    scales : (n,) what a step of each code stands for.
    rows_of : (n,) the row of each code vector.
    offsets : (lists + 1,) where each list begins.
    lists : (l,) numbers of the lists to scan; ``asked`` (q, l) whether for each query.
    queries : (q, d) float32; the score is the dot product with code times scale over the first ``widths`` (q,) numbers.
    bits : (q,) a row is passed over whose ``mask`` (rows,) has none of the query's bits; none where its length is 0.
    wanted : (q,) how many rows of each query are kept.
    """
    number = len(queries)
    room = 4 * wanted.max() + 1024
    rows = np.empty((number, room), dtype=np.int64)
    scores = np.empty((number, room), dtype=np.float32)
    held = np.zeros(number, dtype=np.int64)
    limit = np.full(number, -np.inf, dtype=np.float32)
    asking = np.empty(number, dtype=np.int64)
    masked = len(mask) > 0
    for k in range(len(lists)):
        some = 0
        for q in range(number):
            if asked[q, k]:
                asking[some] = q
                some += 1
        begin, stop = offsets[lists[k]], offsets[lists[k] + 1]
        stop = _first_at_least(rows_of, begin, stop, end_row)
        for i in range(begin, stop):
            row = np.int64(rows_of[i])
            for a in range(some):
                q = asking[a]
                if masked and mask[row] & bits[q] == 0:
                    continue
                score = np.float32(0.0)
                for j in range(widths[q]):
                    score += queries[q, j] * np.float32(codes[i, j])
                score *= scales[i]
                if (
                    score >= limit[q]
                ):  # lists do not follow one another in the order of their rows: an equal one may win
                    rows[q, held[q]], scores[q, held[q]] = row, score
                    held[q] += 1
                    if held[q] == room:
                        held[q], over = _kept(rows[q], scores[q], room, wanted[q])
                        limit[q] = max(limit[q], np.float32(over))
    for q in range(number):
        held[q], _ = _kept(rows[q], scores[q], held[q], wanted[q])
    return rows, scores, held


@_compiled
def frequencies(starts: Any, stops: Any, low: Any, block: UInt8, end_row: int) -> Any:
    """Return for each term how many of its postings have a row below ``end_row``, shape (terms,)."""
    found = np.empty(len(starts), dtype=np.int64)
    for t in range(len(starts)):
        found[t] = _prefix_end(low, block, starts[t], stops[t], end_row) - starts[t]
    return found


@_compiled
def weighted_sums(offsets: Any, terms: Any, counts: UInt8, known: Any, weights: Any, table: Any) -> tuple[Any, Any]:
    """Return per row the sum of its terms' vectors, and the sum of their weights, shapes (rows, d) and (rows,).

    A term weighs ``weights x (1 + log of its count)``.

    Parameters
    ----------
    offsets, terms, counts : the rows' terms (codes) and counts, a row's between two offsets; the first offset is where
        ``terms`` begins.
    known : (vocabulary,) codes, ascending; ``weights`` (vocabulary,) and ``table`` (vocabulary, d) belong to them.
    """
    rows, width = len(offsets) - 1, table.shape[1]
    sums = np.zeros((rows, width), dtype=np.float32)
    total = np.zeros(rows, dtype=np.float32)
    logs = np.empty(256, dtype=np.float32)
    logs[0] = 0.0
    for n in range(1, 256):
        logs[n] = 1.0 + np.log(n)
    size = len(known)
    for row in range(rows):
        for i in range(offsets[row] - offsets[0], offsets[row + 1] - offsets[0]):
            place = _first_at_least(known, 0, size, terms[i])
            if place < size and known[place] == terms[i] and weights[place] > 0:
                weight = weights[place] * logs[counts[i]]
                total[row] += weight
                for j in range(width):
                    sums[row, j] += weight * table[place, j]
    return sums, total


@_compiled
def saturated_sums(
    rows: Any, offsets: Any, terms: Any, counts: UInt8, lengths: Any, known: Any, weights: Any, k1: float, b: float
) -> Any:
    """Return the BM25 sums of some rows, (len(rows),), reckoned from the terms that each row has.

    A term adds ``weight x count (k1 + 1) / (count + k1 (1 - b + b length))``.

    Parameters
    ----------
    offsets, terms, counts : terms (codes) and counts of all rows, a row's between two offsets.
    lengths : (len(rows),) the chosen rows' lengths as multiples of the mean.
    known, weights : (vocabulary,) codes, ascending, and their weights.
    """
    found = np.zeros(len(rows), dtype=np.float64)
    size = len(known)
    for i in range(len(rows)):
        norm = k1 * (1.0 - b + b * lengths[i])
        for j in range(offsets[rows[i]], offsets[rows[i] + 1]):
            place = _first_at_least(known, 0, size, terms[j])
            if place < size and known[place] == terms[j]:
                found[i] += weights[place] * counts[j] * (k1 + 1.0) / (counts[j] + norm)
    return found


@_compiled
def sparse_dot(offsets: Any, columns: Any, values: Any, dense: Any) -> Any:
    """Return the product of a sparse (rows, n) and a dense (n, d) matrix, float32."""
    rows, width = len(offsets) - 1, dense.shape[1]
    product = np.zeros((rows, width), dtype=np.float32)
    for row in range(rows):
        for i in range(offsets[row], offsets[row + 1]):
            value, column = values[i], columns[i]
            for j in range(width):
                product[row, j] += value * dense[column, j]
    return product


@_compiled
def sparse_transposed_dot(offsets: Any, columns: Any, values: Any, dense: Any, n: int) -> Any:
    """Return the product of the transpose of a sparse (rows, n) and a dense (rows, d) matrix, float32."""
    width = dense.shape[1]
    product = np.zeros((n, width), dtype=np.float32)
    for row in range(len(offsets) - 1):
        for i in range(offsets[row], offsets[row + 1]):
            value, column = values[i], columns[i]
            for j in range(width):
                product[column, j] += value * dense[row, j]
    return product


@_compiled
def union(one: Any, other: Any) -> Any:
    """Return the union of two ascending arrays of distinct numbers, ascending."""
    found = np.empty(len(one) + len(other), dtype=np.int64)
    i, j, n = 0, 0, 0
    while i < len(one) and j < len(other):
        if one[i] <= other[j]:
            found[n] = one[i]
            j += one[i] == other[j]
            i += 1
        else:
            found[n] = other[j]
            j += 1
        n += 1
    while i < len(one):
        found[n] = one[i]
        i += 1
        n += 1
    while j < len(other):
        found[n] = other[j]
        j += 1
        n += 1
    return found[:n].copy()


@_compiled
def common_counts(docs: Any, offsets: Any) -> Any:
    """Return how many numbers each two of several ascending arrays have in common, shape (n, n).

    ``docs`` holds the arrays one after the other, ``offsets`` (n + 1,) where each begins. Each in turn, the longest
    first, is marked bit by bit, and the shorter ones are held against the marks.
    """
    n = len(offsets) - 1
    found = np.zeros((n, n), dtype=np.int64)
    order = np.argsort(offsets[:-1] - offsets[1:])
    marks = np.zeros((docs.max() >> 6) + 1 if len(docs) else 0, dtype=np.uint64)
    one = np.uint64(1)
    for place in range(n):
        t = order[place]
        found[t, t] = offsets[t + 1] - offsets[t]
        for i in range(offsets[t], offsets[t + 1]):
            marks[docs[i] >> 6] |= one << np.uint64(docs[i] & 63)
        for u in order[place + 1 :]:
            common = np.int64(0)
            for i in range(offsets[u], offsets[u + 1]):
                common += np.int64((marks[docs[i] >> 6] >> np.uint64(docs[i] & 63)) & one)
            found[t, u] = found[u, t] = common
        for i in range(offsets[t], offsets[t + 1]):
            marks[docs[i] >> 6] = np.uint64(0)
    return found


@_compiled
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
        stop = _first_at_least(docs, start, len(docs), firsts[s + 1])
        if stop > start:
            place = _first_at_least(docs, start, stop, _first_at_least(day, firsts[s], firsts[s + 1], edges[0]))
            for i in range(len(found)):
                end = _first_at_least(docs, place, stop, _first_at_least(day, firsts[s], firsts[s + 1], edges[i + 1]))
                found[i] += end - place
                place = end
        start = stop
    return found


@_compiled
def earliest(docs: Any, day: Any, firsts: Any) -> int:
    """Return the least day of some documents, at least one; parameters as in ``counts_between``."""
    least: int = day[docs[0]]
    start = 0
    for s in range(len(firsts) - 1):
        stop = _first_at_least(docs, start, len(docs), firsts[s + 1])
        if stop > start:
            least = min(least, day[docs[start]])
        start = stop
    return least


@_compiled
def rows_of(terms: Any, offsets: Any, low: Any, block: UInt8, code: int, end_row: int) -> Any:
    """Return the rows below ``end_row`` that have a term, ascending; none where the segment does not know the code.

    Parameters
    ----------
    terms : the segment's term codes, ascending; ``offsets`` (terms + 1,) say where the postings of each begin.
    low, block : as in ``sum_postings``.
    """
    place = _first_at_least(terms, 0, len(terms), code)
    if place == len(terms) or terms[place] != code:
        return np.empty(0, dtype=np.int64)
    start = np.int64(offsets[place])
    stop = _prefix_end(low, block, start, np.int64(offsets[place + 1]), end_row)
    rows = np.empty(stop - start, dtype=np.int64)
    for i in range(start, stop):
        rows[i - start] = (np.int64(block[i]) << 16) | np.int64(low[i])
    return rows
