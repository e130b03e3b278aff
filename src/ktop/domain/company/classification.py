"""The peer cells (size, age band) a company is compared in, and their words."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import date

import numpy as np
import numpy.typing as npt

from ktop.catalogue import Lang, load

#: Days of a mean year, for the part of a year since the last month begun.
DAYS_PER_YEAR = 365.25


@functools.cache
def cell_labels(kind: str) -> Mapping[str, Mapping[Lang, str]]:
    """Return code → words of ``industry_group``, ``size`` or ``age_band``."""
    found: Mapping[str, Mapping[Lang, str]] = load("facts")["facts"][kind]["choices"]
    return found


def size_of(staff_total: npt.NDArray[np.float64]) -> npt.NDArray[np.object_]:
    """Return "micro", "small" or "medium" by head-count, None where it is missing; shape ``(n,)``."""
    bounds = load("facts")["size_bounds"]
    return _bands(staff_total, [bounds["small"], bounds["medium"]], ["micro", "small", "medium"], right=False)


def age_band_of(age_years: npt.NDArray[np.float64]) -> npt.NDArray[np.object_]:
    """Return "startup", "growth" or "mature" by age in years, None where it is missing; shape ``(n,)``."""
    bounds = load("facts")["age_bounds"]
    return _bands(age_years, [bounds["startup"], bounds["growth"]], ["startup", "growth", "mature"], right=True)


def age_years(founded: npt.NDArray[np.datetime64], as_of: date) -> npt.NDArray[np.float64]:
    """Return ages in years, NaN where the founding date is missing; a whole number on each anniversary.

    Dividing days by a mean year would make a firm three years and a bit on its third birthday, and no start-up.
    """
    day = np.datetime64(as_of, "D")
    born = founded.astype("datetime64[D]")
    month = born.astype("datetime64[M]")
    day_of_month = (born - month).astype(np.float64)
    this_month = day.astype("datetime64[M]")
    months = (this_month - month).astype(np.float64)
    months -= (day - this_month.astype("datetime64[D]")).astype(np.float64) < day_of_month
    months = np.where(np.isnat(born), np.nan, months)
    whole = np.where(np.isnan(months), 0, months).astype(np.int64)
    last = (month + whole).astype("datetime64[D]").astype(np.float64) + day_of_month
    rest = np.maximum(day.astype(np.float64) - last, 0.0)
    return np.where(np.isnan(months), np.nan, months / 12 + rest / DAYS_PER_YEAR)


def _bands(
    values: npt.NDArray[np.float64], bounds: list[float], names: list[str], right: bool
) -> npt.NDArray[np.object_]:
    missing = np.isnan(values)
    index = np.digitize(np.where(missing, 0.0, values), bounds, right=right)
    bands = np.array(names, dtype=object)[index]
    bands[missing] = None
    return bands
