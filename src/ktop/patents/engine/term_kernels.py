"""The compiled loops over the terms of some hundred patents: numbered, looked for, weighed.

Unlike the index's inner loops (``kernels``) they reckon as exactly as plain ones do, in their order: what NumPy gives.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

_HALF = 0xFFFF


def _compiled(function: Any) -> Any:
    return numba.njit(cache=True, nogil=True)(function)


@_compiled
def distinct(codes: Any) -> tuple[Any, Any, Any]:
    """Return the different ones of some 32-bit codes, ascending, the place of each code among them, and how many each.

    As ``np.unique`` does, but put in order by one half of their bits and then the other.
    """
    n = len(codes)
    order, moved = np.arange(n), np.empty(n, dtype=np.int64)
    for shift in (0, 16):
        ends = np.zeros(_HALF + 2, dtype=np.int64)
        for code in codes:
            ends[((code >> shift) & _HALF) + 1] += 1
        ends = np.cumsum(ends)
        for i in order:
            half = (codes[i] >> shift) & _HALF
            moved[ends[half]] = i
            ends[half] += 1
        order, moved = moved, order
    found = np.empty(n, dtype=codes.dtype)
    place, times = np.empty(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    met = 0
    for i in order:
        if met == 0 or codes[i] != found[met - 1]:
            found[met] = codes[i]
            met += 1
        place[i] = met - 1
        times[met - 1] += 1
    return found[:met].copy(), place, times[:met].copy()


@_compiled
def mark_having(number: Any, codes: Any, asked: Any, groups: Any, found: Any) -> None:
    """Mark in ``found`` (groups, documents) which documents have any of the terms asked for in each group.

    Parameters
    ----------
    number, codes : how many terms each document has, and the codes of all, ascending within each document.
    asked, groups : (terms,) codes, ascending, and the group of each.
    """
    start = 0
    for doc in range(len(number)):
        place = 0
        for i in range(start, start + number[doc]):
            while place < len(asked) and asked[place] < codes[i]:
                place += 1
            same = place
            while same < len(asked) and asked[same] == codes[i]:
                found[groups[same], doc] = True
                same += 1
        start += number[doc]


@_compiled
def tf_idf_sums(owners: Any, places: Any, weights: Any, idf: Any, own: Any, over: Any, foreign: Any) -> tuple[Any, Any]:
    """Return of each of n texts the sum of its squared tf-idf weights, and of these times those asked, (n,) both.

    Parameters
    ----------
    owners, places, weights : an entry for each term of each text: the text, the place of its term, 1 + log of count.
    idf, own, over : (terms,) rarity, and what is asked of texts of the question's language and of the other one.
    foreign : (n,) which texts are of the other one.
    """
    squares, products = np.zeros(len(foreign)), np.zeros(len(foreign))
    for i in range(len(owners)):
        weight = weights[i] * idf[places[i]]
        asked = over[places[i]] if foreign[owners[i]] else own[places[i]]
        squares[owners[i]] += weight * weight
        products[owners[i]] += weight * asked
    return squares, products


@_compiled
def counts_before(offsets: Any, days: Any, rows: Any, before: int) -> Any:
    """Return how many of the days of some rows, a row's between two offsets, are earlier than a day, (len(rows),)."""
    found = np.zeros(len(rows), dtype=np.int64)
    for i in range(len(rows)):
        for j in range(offsets[rows[i]], offsets[rows[i] + 1]):
            found[i] += days[j] < before
    return found
