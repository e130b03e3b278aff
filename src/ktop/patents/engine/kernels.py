"""The inner loops of the index, compiled: postings summed block by block, code vectors scanned, terms looked up.

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
_CHUNK = 128
#: Bytes that come from memory together.
_LINE = 64
#: Lower bits of a term's code that do not say in which slot it lies (``slots_of``).
_SLOT_BITS = 19

UInt8 = npt.NDArray[np.uint8]


def compiled(function: Any) -> Any:
    return numba.njit(cache=True, fastmath={"nnan", "ninf", "nsz", "arcp", "contract", "reassoc"}, nogil=True)(function)


@compiled
def first_at_least(values: UInt8, start: int, stop: int, wanted: int) -> int:
    """Return the first place in ``values[start:stop]``, ascending, that is not less than ``wanted``."""
    while start < stop:
        middle = (start + stop) >> 1
        if values[middle] < wanted:
            start = middle + 1
        else:
            stop = middle
    return start


@compiled
def _prefix_end(low: Any, block: UInt8, start: int, stop: int, end_row: int) -> int:
    """Return the end of the postings ``start:stop`` whose row is less than ``end_row``."""
    if start == stop or ((np.int64(block[stop - 1]) << 16) | np.int64(low[stop - 1])) < end_row:
        return stop
    last, rest = end_row >> 16, end_row & 0xFFFF
    here = first_at_least(block, start, stop, last)
    above = first_at_least(block, here, stop, last + 1)
    end: int = first_at_least(low, here, above, rest)
    return end


@compiled
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


@compiled
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
    cursor, stop, ends = starts.copy(), stops.copy(), starts.copy()
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
                ends[u] = end = first_at_least(block, begin, stop[u], number + 1)
                weight = np.float32(weights[u])
                if alone:
                    for i in range(begin, end):
                        sums[low[i]] += weight * np.float32(impact[i])
                    cursor[u] = end
                elif u == t:
                    for i in range(begin, end):
                        group_best[low[i]] = weight * np.float32(impact[i])
                else:
                    for i in range(begin, end):
                        value = weight * np.float32(impact[i])
                        if value > group_best[low[i]]:
                            group_best[low[i]] = value
                found = found or end > begin
            if not alone:
                for u in range(t, last):
                    begin, end = cursor[u], ends[u]
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


@compiled
def raise_least(best: Any, scores: Any) -> float:
    """Put scores among the ``best`` so far, (k,), in place; return the least of them, -inf while there are fewer.

    Before anything was found ``best`` holds -inf.
    """
    if not len(scores):
        return float(best[0])
    both = np.concatenate((best, scores))
    best[:] = np.partition(both, len(scores))[len(scores) :]
    return float(best[0])


@compiled
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
    best: Any,
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
    best : (q, the most wanted) the best scores of each query in the segments before (``raise_least``), of these
        ``wanted``, the last ones; brought up to date. What is below the least of them is not returned.
    """
    number = len(queries)
    room = 4 * wanted.max() + 1024
    rows = np.empty((number, room), dtype=np.int64)
    scores = np.empty((number, room), dtype=np.float32)
    held = np.zeros(number, dtype=np.int64)
    limit = np.empty(number, dtype=np.float32)
    for q in range(number):
        limit[q] = best[q, best.shape[1] - wanted[q]]
    longest = np.int64(0)
    for k in range(len(lists)):
        longest = max(longest, offsets[lists[k] + 1] - offsets[lists[k]])
    passed = np.full(longest, 255, dtype=np.uint8)
    near = np.zeros(1, dtype=np.int64)
    for k in range(len(lists)):
        begin, stop = offsets[lists[k]], offsets[lists[k] + 1]
        stop = first_at_least(rows_of, begin, stop, end_row)
        width = (widths * asked[:, k]).max()
        for i in range(begin, stop):
            for j in range(0, width, _LINE):  # brought near all at once: one after the other, each is waited for
                near[0] += codes[i, j]
            if len(mask):
                passed[i - begin] = mask[rows_of[i]]
        for q in range(number):
            if not asked[q, k]:
                continue
            for i in range(begin, stop):
                if passed[i - begin] & bits[q] == 0:
                    continue
                score = np.float32(0.0)
                for j in range(widths[q]):
                    score += queries[q, j] * np.float32(codes[i, j])
                score *= scales[i]
                if (
                    score >= limit[q]
                ):  # lists do not follow one another in the order of their rows: an equal one may win
                    rows[q, held[q]], scores[q, held[q]] = rows_of[i], score
                    held[q] += 1
                    if held[q] == room:
                        held[q], over = _kept(rows[q], scores[q], room, wanted[q])
                        limit[q] = max(limit[q], np.float32(over))
    for q in range(number):
        held[q], _ = _kept(rows[q], scores[q], held[q], wanted[q])
        raise_least(best[q, best.shape[1] - wanted[q] :], scores[q, : held[q]])
    return rows, scores, held


@compiled
def unpack_codes(codes: Any, scales: Any, places: Any, rows: Any, into: Any, vectors: Any) -> None:
    """Write the vectors of some rows to the rows ``into`` (len(rows),) of ``vectors`` (n, d).

    ``codes`` and ``scales`` are those of ``scan_codes``; ``places`` (rows of the segment,) says where each row's are.
    """
    for n in range(len(rows)):
        place = places[rows[n]]
        for j in range(codes.shape[1]):
            vectors[into[n], j] = np.float32(codes[place, j]) * scales[place]


@compiled
def frequencies(starts: Any, stops: Any, low: Any, block: UInt8, end_row: int) -> Any:
    """Return for each term how many of its postings have a row below ``end_row``, shape (terms,)."""
    found = np.empty(len(starts), dtype=np.int64)
    for t in range(len(starts)):
        found[t] = _prefix_end(low, block, starts[t], stops[t], end_row) - starts[t]
    return found


@compiled
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
            place = first_at_least(known, 0, size, terms[i])
            if place < size and known[place] == terms[i] and weights[place] > 0:
                weight = weights[place] * logs[counts[i]]
                total[row] += weight
                for j in range(width):
                    sums[row, j] += weight * table[place, j]
    return sums, total


@compiled
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
            place = first_at_least(known, 0, size, terms[j])
            if place < size and known[place] == terms[j]:
                found[i] += weights[place] * counts[j] * (k1 + 1.0) / (counts[j] + norm)
    return found


@compiled
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


@compiled
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


@compiled
def places_of(terms: Any, slots: Any, offsets: Any, codes: Any) -> tuple[Any, Any]:
    """Return where the postings of some terms begin and end, both (codes,); equal where there are none.

    Parameters
    ----------
    terms : the segment's term codes, ascending; ``offsets`` (terms + 1,) say where the postings of each begin.
    slots : (2 ** 13 + 1,) where the codes of each upper 13 bits begin (``slots_of``).
    """
    starts, stops = np.zeros(len(codes), dtype=np.int64), np.zeros(len(codes), dtype=np.int64)
    for t in range(len(codes)):
        slot = codes[t] >> _SLOT_BITS
        place = first_at_least(terms, slots[slot], slots[slot + 1], codes[t])
        if place < slots[slot + 1] and terms[place] == codes[t]:
            starts[t], stops[t] = offsets[place], offsets[place + 1]
    return starts, stops


def slots_of(terms: npt.NDArray[np.uint32]) -> npt.NDArray[np.int32]:
    """Return where, among ascending 32-bit codes, those of each upper 13 bits begin, (2 ** 13 + 1,).

    Codes are spread evenly (``term_code``): of half a million, 64 are left to look through, which lie together.
    """
    firsts = (np.arange(1 << 32 - _SLOT_BITS) << _SLOT_BITS).astype(np.uint32)
    return np.append(np.searchsorted(terms, firsts), len(terms)).astype(np.int32)


@compiled
def rows_between(starts: Any, stops: Any, low: Any, block: UInt8, end_row: int) -> tuple[Any, Any]:
    """Return the rows below ``end_row`` of some terms, one term's after the other's and each ascending.

    And where each term's rows begin, (terms + 1,). Parameters are as in ``sum_postings``.
    """
    ends, bounds = stops.copy(), np.zeros(len(starts) + 1, dtype=np.int64)
    for t in range(len(starts)):
        ends[t] = _prefix_end(low, block, starts[t], stops[t], end_row)
        bounds[t + 1] = bounds[t] + ends[t] - starts[t]
    rows = np.empty(bounds[-1], dtype=np.int32)
    for t in range(len(starts)):
        shift = bounds[t] - starts[t]
        for i in range(starts[t], ends[t]):
            rows[i + shift] = (np.int32(block[i]) << 16) | np.int32(low[i])
    return rows, bounds
