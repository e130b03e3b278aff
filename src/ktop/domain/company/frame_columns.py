"""Reads one column of a batch file: text, numbers, choices, dates and identity numbers, whole columns at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ktop.domain.company.classification import FOREIGN, industry_group, region_code, section_fits
from ktop.domain.company.fact_spec import FactSpec
from ktop.domain.company.row_problems import RowProblems, shown
from ktop.domain.values.registration_numbers import BusinessNumber, CorporateNumber

Array = npt.NDArray[Any]

#: What people write where a value is not known.
MISSING_WORDS = ("", "na", "n/a", "#n/a", "nan", "null", "none", "-", "미상", "해당없음")
_THOUSANDS = r"^[-+]?\d{1,3}(,\d{3})+(\.\d+)?$"
# Accounting signs for a negative amount: (1,234) △1,234 ▲1,234 −1,234.
_NEGATIVE = r"^(?:\(([^()]+)\)|[△▲−]\s*(.+))$"
_SEPARATORS = r"[\s\-‐-―－.]"
_DATE_PARTS = r"^(\d{4})\s*[.\-/]\s*(\d{1,2})\s*[.\-/]\s*(\d{1,2})\s*\.?(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$"
_COMPACT_DATE = r"^(\d{4})(\d{2})(\d{2})$"
#: Excel counts days from here (its 1900 is a leap year, so the first two months of 1900 are off by one).
_EXCEL_EPOCH = np.datetime64("1899-12-30")
_YES = ("예", "네", "yes", "y", "true", "o", "유", "있음")
_NO = ("아니오", "아니요", "no", "n", "false", "x", "무", "없음")


def as_text(series: pl.Series, missing: tuple[str, ...] = MISSING_WORDS) -> pl.Series:
    """Return a column as stripped text with null for missing; whole numbers read as floats lose their ``.0``."""
    if series.dtype.is_float():
        whole = series.is_not_null() & series.is_finite() & (series == series.floor())
        integers = series.set(~whole.fill_null(False), None).cast(pl.Int64, strict=False).cast(pl.String)
        series = integers.fill_null(series.fill_nan(None).cast(pl.String))
    text = series.cast(pl.String, strict=False).str.strip_chars()
    return text.set(text.str.to_lowercase().is_in(missing).fill_null(False), None)


def _words(spec: FactSpec) -> Mapping[str, int]:
    """Return the words (lower case) that stand for a number: a choice's labels, yes and no for a flag."""
    if spec.kind == "flag":
        return dict.fromkeys(_YES, 1) | dict.fromkeys(_NO, 0)
    words: dict[str, int] = {}
    for code, label in spec.choices.items():
        if isinstance(code, int) and spec.group != "checklist":
            words |= {label["ko"].casefold(): code, label["en"].casefold(): code}
    return words


def read_numbers(spec: FactSpec, series: pl.Series, problems: RowProblems) -> npt.NDArray[np.float64]:
    """Return a numeric fact's column, NaN for missing; unreadable, fractional or out-of-range values are refused."""
    if series.dtype.is_numeric() or series.dtype == pl.Boolean:
        written: Any = series
        values = series.cast(pl.Float64).to_numpy().copy()
        unread = np.isinf(values)
    else:
        quick = series.cast(pl.Float64, strict=False)
        written = series
        if quick.null_count() > series.null_count():  # only now the slower readings
            words = _words(spec)
            written = as_text(series, tuple(word for word in MISSING_WORDS if word not in words))
            quick = _numbers_of_text(spec, written, words)
        values = quick.to_numpy().copy()
        unread = (written.is_not_null() & quick.is_null()).to_numpy() | np.isinf(values)
    problems.add(unread, "not_a_number", spec.name, shown(written))
    values[~np.isfinite(values)] = np.nan
    if spec.kind != "number":
        fraction = ~np.isnan(values) & (values != np.floor(values))
        problems.add(fraction, "not_whole", spec.name, lambda row: {"value": f"{values[row]:,}"})
        values[fraction] = np.nan
    if spec.choices:
        outside = ~np.isnan(values) & ~np.isin(values, [float(code) for code in spec.choices])
        choices = ", ".join(str(code) for code in spec.choices)
        problems.add(outside, "not_a_choice", spec.name, lambda row: {"value": f"{values[row]:g}", "choices": choices})
    elif spec.minimum is not None and spec.maximum is not None:
        outside = (values < spec.minimum) | (values > spec.maximum)
        limits = {"minimum": f"{spec.minimum:,.0f}", "maximum": f"{spec.maximum:,.0f}"}
        problems.add(outside, "out_of_range", spec.name, lambda row: {"value": f"{values[row]:,g}", **limits})
    else:
        return values
    return np.where(outside, np.nan, values)


def _numbers_of_text(spec: FactSpec, text: pl.Series, words: Mapping[str, int]) -> pl.Series:
    """Return numbers from text with thousands commas, accounting signs or the words of a choice; null where unread."""
    plain = text
    if spec.minimum is not None and spec.minimum < 0:
        plain = plain.str.replace(_NEGATIVE, "-${1}${2}")
    commas = plain.str.contains(_THOUSANDS).fill_null(False)
    plain = plain.str.replace_all(",", "", literal=True).zip_with(commas, plain)
    numbers = plain.cast(pl.Float64, strict=False)
    if words:
        worded = text.str.to_lowercase().replace_strict(words, default=None, return_dtype=pl.Float64)
        numbers = numbers.fill_null(worded)
    return numbers


def with_numbers(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a table read as text with numbers where a column holds nothing else.

    Thousands commas and accounting signs are understood, ``MISSING_WORDS`` are missing. Whole numbers become Int64,
    others Float64, true and false Boolean; every other column stays text, stripped. So does one with leading zeros:
    these are codes, and 007 is not 7.
    """
    columns = []
    for series in frame:
        if series.dtype != pl.String:
            columns.append(series)
            continue
        text = as_text(series)
        plain = text.str.replace(_NEGATIVE, "-${1}${2}")
        commas = plain.str.contains(_THOUSANDS).fill_null(False)
        plain = plain.str.replace_all(",", "", literal=True).zip_with(commas, plain)
        if text.str.contains(r"^0\d").any():
            columns.append(text)
            continue
        truth = text.str.to_lowercase().replace_strict(
            {"true": True, "false": False}, default=None, return_dtype=pl.Boolean
        )
        if truth.null_count() == text.null_count() < len(text):
            columns.append(truth)
            continue
        for kind in (pl.Int64, pl.Float64):
            numbers = plain.cast(kind, strict=False)
            if numbers.null_count() == text.null_count():
                text = numbers
                break
        columns.append(text)
    return pl.DataFrame(columns)


def read_choice(spec: FactSpec, series: pl.Series, problems: RowProblems) -> Array:
    """Return a column of codes such as ``machinery``; code or word is taken, anything else refused."""
    spellings: dict[str, str] = {}
    for code, label in spec.choices.items():
        spellings |= {str(code): str(code), label["ko"].casefold(): str(code), label["en"].casefold(): str(code)}
    text = as_text(series)
    codes = text.str.to_lowercase().replace_strict(spellings, default=None, return_dtype=pl.String)
    unknown = (text.is_not_null() & codes.is_null()).to_numpy()
    choices = ", ".join(str(code) for code in spec.choices)
    problems.add(unknown, "not_a_choice", spec.name, lambda row: {"value": str(text[row])[:40], "choices": choices})
    return objects(codes)


def read_dates(spec: FactSpec, series: pl.Series, problems: RowProblems) -> Array:
    """Return a date column (datetime64[D], NaT missing) from dates, ISO or dotted text, 20140312 or Excel numbers."""
    if series.dtype == pl.Date or isinstance(series.dtype, pl.Datetime):
        return series.cast(pl.Date).to_numpy().astype("datetime64[D]")
    text = as_text(series)
    parts = text.str.extract_groups(_DATE_PARTS)
    compact = text.str.extract_groups(_COMPACT_DATE)
    iso = [
        parts.struct.field(name).fill_null(compact.struct.field(name)).str.zfill(4 if name == "1" else 2)
        for name in ("1", "2", "3")
    ]
    days = (iso[0] + "-" + iso[1] + "-" + iso[2]).str.to_date("%Y-%m-%d", strict=False)
    found = days.to_numpy().astype("datetime64[D]")
    serial = text.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()
    counted = np.isnat(found) & (serial > 1) & (serial < 100_000)  # days counted by Excel, up to the year 2173
    found[counted] = _EXCEL_EPOCH + np.floor(serial[counted]).astype("timedelta64[D]")
    problems.add(text.is_not_null().to_numpy() & np.isnat(found), "not_a_date", spec.name, shown(text))
    return found


def read_business_numbers(spec: FactSpec, series: pl.Series, problems: RowProblems) -> Array:
    """Return business registration numbers as ``123-45-67890``; a wrong length or check digit is refused."""
    written = as_text(series)
    digits = _digits(written, BusinessNumber.LENGTH)
    problems.add(
        (written.is_not_null() & digits.is_null()).to_numpy(), f"{spec.name}_digits", spec.name, shown(written)
    )
    rows = np.flatnonzero(digits.is_not_null().to_numpy())
    wrong = np.zeros(len(written), dtype=bool)
    wrong[rows] = ~BusinessNumber.valid(_digit_matrix(digits, BusinessNumber.LENGTH))
    problems.add(wrong, f"{spec.name}_check_digit", spec.name, shown(written))
    return objects(digits.str.slice(0, 3) + "-" + digits.str.slice(3, 2) + "-" + digits.str.slice(5))


def read_corporate_numbers(spec: FactSpec, series: pl.Series, problems: RowProblems) -> tuple[Array, Array]:
    """Return corporate registration numbers as ``110111-1234567`` and the mask of those off the check digit rule."""
    written = as_text(series)
    digits = _digits(written, CorporateNumber.LENGTH)
    problems.add(
        (written.is_not_null() & digits.is_null()).to_numpy(), f"{spec.name}_digits", spec.name, shown(written)
    )
    matrix = _digit_matrix(digits, CorporateNumber.LENGTH)
    off = np.zeros(len(written), dtype=bool)
    expected = (10 - matrix[:, :12] @ np.array(CorporateNumber.WEIGHTS) % 10) % 10
    off[np.flatnonzero(digits.is_not_null().to_numpy())] = expected != matrix[:, 12]
    return objects(digits.str.slice(0, 6) + "-" + digits.str.slice(6)), off


def _digits(written: pl.Series, length: int) -> pl.Series:
    plain = written.str.replace_all(_SEPARATORS, "")
    fits = plain.str.contains(rf"^[0-9]{{{length}}}$").fill_null(False)
    return plain.set(~fits, None)


def _digit_matrix(digits: pl.Series, length: int) -> npt.NDArray[np.int64]:
    joined = "".join(digits.drop_nulls().to_list()).encode("ascii")
    return (np.frombuffer(joined, dtype=np.uint8).astype(np.int64) - ord("0")).reshape(-1, length)


def read_regions(spec: FactSpec, series: pl.Series, problems: RowProblems) -> Array:
    """Return region codes from codes or names; an unknown one is refused."""
    written = as_text(series)
    known = {value: region_code(value) for value in written.drop_nulls().unique().to_list()}
    codes = np.array([known.get(value) for value in written.to_list()], dtype=object)
    unknown = np.array([code is None for code in codes], dtype=bool) & written.is_not_null().to_numpy()
    problems.add(unknown, f"{spec.name}_unknown", spec.name, shown(written))
    return codes


def read_industries(spec: FactSpec, series: pl.Series, region: Array, problems: RowProblems) -> Array:
    """Return industry codes in capitals; one whose division does not exist or whose letter does not fit is refused."""
    written = as_text(series).str.to_uppercase()
    codes = objects(written)
    abroad = region == FOREIGN
    pairs = list(zip(codes.tolist(), abroad.tolist(), strict=True))
    verdicts = {
        (code, foreign): (industry_group(code, foreign) is None, not section_fits(code, foreign))
        for code, foreign in set(pairs)
        if code is not None
    }
    verdict = np.array([verdicts.get(pair, (False, False)) for pair in pairs], dtype=bool).reshape(-1, 2)
    unknown, misfit = verdict[:, 0], verdict[:, 1] & ~verdict[:, 0]
    problems.add(unknown, f"{spec.name}_unknown", spec.name, shown(written))
    problems.add(misfit, f"{spec.name}_section", spec.name, shown(written))
    return codes


def objects(series: pl.Series) -> Array:
    """Return text as an object array with None for missing."""
    array = np.empty(len(series), dtype=object)
    array[:] = series.to_list()
    return array
