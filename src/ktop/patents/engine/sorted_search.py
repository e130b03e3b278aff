"""Places in ascending arrays, found without copying them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt


def first_not_less(ascending: npt.NDArray[Any], wanted: int) -> int:
    """Return the first place whose value is not less than ``wanted``; the length where there is none.

    NumPy's own search first turns an array of another type than the wanted value into a new one: 140 ms for the days of
    eight million patents, where the search itself takes microseconds.
    """
    return int(np.searchsorted(ascending, ascending.dtype.type(wanted)))


def places_not_less(ascending: npt.NDArray[Any], wanted: Sequence[int]) -> npt.NDArray[np.int64]:
    """Return ``first_not_less`` of several values, shape (len(wanted),)."""
    return np.searchsorted(ascending, np.asarray(wanted, dtype=ascending.dtype)).astype(np.int64)


def among(wanted: npt.NDArray[Any], ascending: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Return which of some values, all of which the array's type can hold, stand in it; shape as ``wanted``."""
    if not len(ascending):
        return np.zeros(len(wanted), dtype=np.bool_)
    places = np.minimum(np.searchsorted(ascending, wanted.astype(ascending.dtype, copy=False)), len(ascending) - 1)
    found: npt.NDArray[np.bool_] = ascending[places] == wanted
    return found
