"""Industry codes, regions and the peer cells (industry group, size, age band) a company is compared in."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from ktop.catalogue import Lang, load

FOREIGN = "foreign"
#: Days of a mean year, for the part of a year since the last month begun.
DAYS_PER_YEAR = 365.25
_CODE = re.compile(r"^[A-Ua-u]?[\s.\-]?(\d{2,5})$")


def industry_digits(code: str) -> str | None:
    """Return the digits of an industry code (``C29271`` → ``29271``); None where it is not one.

    A section letter and the dots of ISIC and NACE (``26.11``) are passed over; two to five digits must remain.
    """
    match = _CODE.match(code.strip().replace(".", ""))
    return match[1] if match else None


def _entry(digits: str, foreign: bool) -> Mapping[str, Any] | None:
    catalogue = load("industries")
    for length in range(min(len(digits), 3), 1, -1):
        prefix = digits[:length]
        for scheme in ("isic", "ksic") if foreign else ("ksic",):
            entry: Mapping[str, Any] | None = catalogue[scheme].get(prefix)
            if entry:
                return entry
    return None


@functools.lru_cache(maxsize=8192)
def industry_group(code: str, foreign: bool = False) -> str | None:
    """Return the industry group of a code, None where its division does not exist.

    ``foreign`` reads the code as ISIC Rev. 4 (or NACE Rev. 2), else as KSIC Rev. 10.
    """
    digits = industry_digits(code)
    entry = _entry(digits, foreign) if digits else None
    return str(entry["group"]) if entry else None


@functools.lru_cache(maxsize=8192)
def section_fits(code: str, foreign: bool = False) -> bool:
    """Return whether a section letter written before the digits is the one their division belongs to."""
    digits = industry_digits(code)
    letter = code.strip()[:1].upper()
    entry = _entry(digits, foreign) if digits else None
    return entry is None or not letter.isalpha() or entry["section"] == letter


def industry_label(code: str, foreign: bool = False) -> Mapping[Lang, str] | None:
    """Return the Korean and English name of a code's division, None where it does not exist."""
    digits = industry_digits(code)
    entry = _entry(digits, foreign) if digits else None
    return entry["label"] if entry else None


@functools.cache
def regions() -> Mapping[str, Mapping[Lang, str]]:
    """Return region code → words: the 17 provinces of Korea (ISO 3166-2) and ``foreign``."""
    found: Mapping[str, Mapping[Lang, str]] = load("regions")["regions"]
    return found


@functools.cache
def _region_spellings() -> Mapping[str, str]:
    spellings = dict(load("regions")["aliases"])
    for code, words in regions().items():
        spellings |= {code.casefold(): code, code.removeprefix("KR-").casefold(): code}
        spellings |= {word.casefold(): code for word in words.values()}
    return spellings


def region_code(text: str) -> str | None:
    """Return the region code written as code, Korean or English name (``서울`` → ``KR-11``); None where unknown."""
    return _region_spellings().get(text.strip().casefold())


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
