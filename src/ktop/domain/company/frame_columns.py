"""Reads one column of a batch file: what is written plainly as a whole column at once, the rest by its kind of value.

The quick ways take only what the kind reads as the same value (a test proves it); every other cell is handed to
``ValueKind.parse``, each different one once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ktop.domain.company.fact_spec import FactSpec
from ktop.domain.company.kinds import fact_kind
from ktop.domain.company.row_problems import RowProblems
from ktop.domain.values.day import DAY, PLACEHOLDERS, SEOUL_MIDNIGHT, day_of_moment
from ktop.domain.values.industry import INDUSTRY, may_have_lost_a_zero, of_revision
from ktop.domain.values.kind import MAX_CHARACTERS, MISSING_WORDS, RefusedValueError, ValueKind
from ktop.domain.values.money import Money
from ktop.domain.values.number import figure_of
from ktop.domain.values.region import FOREIGN
from ktop.domain.values.registration_numbers import BusinessNumber, CorporateNumber
from ktop.domain.values.text import MAX_TEXT, TEXT

Array = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]

_PLAIN_NUMBER = r"^-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,20})?$"
_GROUPED_NUMBER = r"^-?[1-9][0-9]{0,2}(?:,[0-9]{3}){1,8}(?:\.[0-9]{1,9})?$"
_BUSINESS_NUMBER = r"^[0-9]{3}-?[0-9]{2}-?[0-9]{5}$"
_CORPORATE_NUMBER = r"^[0-9]{6}-?[0-9]{7}$"
#: What only fills the place of a number: the kind of value tells it apart.
_ONE_DIGIT = "^(?:" + "|".join(f"{digit}{{9,13}}[0-9]?" for digit in range(10)) + ")$"
_ISO_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
#: Texts that ``ValueKind.parse`` takes as they stand: none of its letters is put together, left out or refused.
PLAIN_TEXT = r"^[ -~가-힣一-鿿㈜]*$"
#: An amount that names its unit.
_NAMES_UNIT = r"(?i)[가-힣₩]|krw|won"
#: What may be the error or the guarded text of a spreadsheet.
_ODD_START = r"^(?:[#=]|[Ee][Rr][Rr]:)"
#: Excel counts days from here (its 1900 is a leap year, so the first two months of 1900 are off by one).
_EXCEL_EPOCH = np.datetime64("1899-12-30")
#: Numbers of a spreadsheet taken for its count of days: 1927 to 2173. Smaller ones may be years, larger ones dates.
_EXCEL_DAYS = (10_000, 100_000)
#: Days between the two beginnings that spreadsheets count from.
_DAYS_TO_1904 = 1462
#: Days that a spreadsheet makes of a bare year (1800 to 2199) in a cell formatted as a date.
_YEARS_AS_DAYS = (np.datetime64("1904-12-04"), np.datetime64("1906-01-08"))

#: What stands for a missing value in a column of each kind of array.
_MISSING: Mapping[str, Any] = {"f": np.nan, "M": np.datetime64("NaT"), "O": None}


def read_column(spec: FactSpec, series: pl.Series, problems: RowProblems, unit_krw: int | None = None) -> Array:
    """Return a fact's column: float64 with NaN, datetime64[D] with NaT or objects with None for missing.

    A cell that its kind refuses becomes a problem of its row and is missing. ``unit_krw`` is the unit stated for a
    column of money; beside it a cell may not name another.
    """
    if spec.numeric:
        return _read_numbers(spec, series, problems, unit_krw)
    if spec.kind == "date":
        return read_dates(spec, series, problems)
    if spec.name in ("business_number", "corporate_number"):
        return _read_registration_numbers(spec, as_text(series), problems)
    if fact_kind(spec.name) is TEXT or spec.name == "company_id":
        return _read_texts(spec, as_text(series), problems)
    numbers = spec.name == "industry" and series.dtype.is_numeric()  # a number has lost its first zero, a text has not
    text = series.cast(pl.Float64).fill_nan(None) if numbers else as_text(series)
    return _finish(spec, text, np.full(len(text), None, dtype=object), text.is_null().to_numpy(), problems)


def as_text(series: pl.Series) -> pl.Series:
    """Return a column as text; whole numbers read as floats lose their ``.0``, NaN is null."""
    if series.dtype.is_float():
        whole = series.is_not_null() & series.is_finite() & (series == series.floor()) & (series.abs() < 1e18)
        integers = series.set(~whole.fill_null(False), None).cast(pl.Int64, strict=False).cast(pl.String)
        series = integers.fill_null(series.fill_nan(None).cast(pl.String))
    return series.cast(pl.String, strict=False)


def _finish(
    spec: FactSpec,
    cells: pl.Series,
    values: Array,
    done: Mask,
    problems: RowProblems,
    kind: ValueKind[Any] | None = None,
) -> Array:
    """Fill in, in place, the rows that no quick way has read; each different cell is parsed once."""
    rest = np.flatnonzero(~done)
    if not len(rest):
        return values
    kind = kind or fact_kind(spec.name)
    given = cells.gather(rest)
    distinct = given.unique(maintain_order=True)
    numbered = pl.DataFrame({"cell": distinct, "number": np.arange(len(distinct))})
    order = (
        given.alias("cell").to_frame().join(numbered, on="cell", how="left", nulls_equal=True, maintain_order="left")
    )
    number = order["number"].to_numpy()
    answers = values[:1].repeat(len(distinct))
    answers[:] = _MISSING[values.dtype.kind]
    refused: dict[int, RefusedValueError] = {}
    for place, cell in enumerate(distinct.to_list()):
        try:
            answer = kind.parse(cell)
        except RefusedValueError as refusal:
            refused[place] = refusal
        else:
            if answer is not None:
                answers[place] = answer
    values[rest] = answers[number]
    if isinstance(kind, Money) and kind.worded:
        _tell_worded(spec, distinct, number, answers, problems)
    if refused:
        for at in np.flatnonzero(np.isin(number, list(refused))).tolist():
            problems.add_refusal(int(rest[at]), spec.name, refused[int(number[at])])
    return values


def _tell_worded(spec: FactSpec, distinct: pl.Series, number: Array, answers: Array, problems: RowProblems) -> None:
    """Note how many cells of a column of money name their unit themselves."""
    if distinct.dtype != pl.String:
        return
    named = (distinct.str.contains(_NAMES_UNIT).fill_null(False)).to_numpy() & ~np.isnan(answers)
    if named.any():
        first = int(np.flatnonzero(named)[0])
        example = f"{str(distinct[first]).strip()[:30]} = {answers[first]:,.0f}"
        problems.worded[spec.name] = (int(named[number].sum()), example)


def _read_numbers(
    spec: FactSpec, series: pl.Series, problems: RowProblems, unit_krw: int | None
) -> npt.NDArray[np.float64]:
    """Return numbers, counts, flags and choices coded as numbers."""
    if series.dtype == pl.Boolean or (series.dtype.is_numeric() and spec.kind != "date"):
        cells = series
        quick = series.cast(pl.Float64, strict=False) if series.dtype != pl.Boolean or spec.kind == "flag" else None
    else:
        cells = series.cast(pl.String, strict=False)
        quick = _figures(cells)
        if quick.null_count() > cells.null_count():
            grouped = cells.set(~cells.str.contains(_GROUPED_NUMBER).fill_null(False), None)
            quick = quick.fill_null(grouped.str.replace_all(",", "", literal=True).cast(pl.Float64, strict=False))
    found = np.full(len(cells), np.nan) if quick is None else quick.fill_null(np.nan).to_numpy()
    kind = fact_kind(spec.name)
    if unit_krw is not None and isinstance(kind, Money):
        kind = replace(kind, unit_krw=unit_krw, worded=False)
        if unit_krw != 1:  # whole numbers are exact; decimals are left to the kind, which multiplies them exactly
            found = np.where((found == np.floor(found)) & (np.abs(found) <= 1e15), found * unit_krw, np.nan)
    fits = _fits(spec, found)
    done = fits | cells.is_null().to_numpy()
    if cells.dtype.is_float():
        done |= cells.is_nan().fill_null(True).to_numpy()
    values = np.where(fits, found + 0.0, np.nan)
    numbers: npt.NDArray[np.float64] = _finish(spec, cells, values, done, problems, kind)
    return numbers


def _figures(cells: pl.Series) -> pl.Series:
    """Return what Polars reads as a number, without what the kind of value refuses: long texts and 1e-999 for zero."""
    figures = cells.cast(pl.Float64, strict=False)
    length = cells.str.len_bytes()
    return figures.set(((length > MAX_CHARACTERS) | ((figures == 0) & (length > 5))).fill_null(False), None)


def _fits(spec: FactSpec, values: npt.NDArray[np.float64]) -> Mask:
    """Return which numbers are values of the fact."""
    if spec.choices:
        return np.isin(values, [float(code) for code in spec.choices])
    low = -np.inf if spec.minimum is None else spec.minimum
    high = np.inf if spec.maximum is None else spec.maximum
    fits: Mask = (values >= low) & (values <= high) & np.isfinite(values)
    return fits & (values == np.floor(values)) if spec.kind == "integer" else fits


def read_dates(spec: FactSpec, series: pl.Series, problems: RowProblems) -> Array:
    """Return a date column (datetime64[D], NaT missing); a column of numbers may hold Excel's count of days."""
    days = np.full(len(series), np.datetime64("NaT"), dtype="datetime64[D]")
    earliest, latest = np.datetime64(DAY.earliest), np.datetime64(DAY.latest)
    placeholders = np.array(sorted(PLACEHOLDERS), dtype="datetime64[D]")
    if series.dtype == pl.Date or isinstance(series.dtype, pl.Datetime):
        if isinstance(series.dtype, pl.Datetime) and (
            series.dtype.time_zone is not None or (series.dt.time() == SEOUL_MIDNIGHT).any()
        ):
            series = _days_of_moments(spec, series, problems)
        cells = series.cast(pl.Date)
        quick = cells.to_numpy().astype("datetime64[D]")
        from_year = (quick >= _YEARS_AS_DAYS[0]) & (quick <= _YEARS_AS_DAYS[1])
        for row in np.flatnonzero(from_year).tolist():
            problems.add_refusal(row, spec.name, RefusedValueError("year_in_date_cell", str(quick[row])))
        quick = np.where(from_year, np.datetime64("NaT"), quick)
        cells = cells.set(pl.Series(from_year), None)
    elif series.dtype.is_numeric():
        cells = as_text(series)
        serial = series.cast(pl.Float64).fill_null(np.nan).to_numpy()
        counted = (serial >= _EXCEL_DAYS[0]) & (serial < _EXCEL_DAYS[1])
        days[counted] = _EXCEL_EPOCH + np.floor(serial[counted]).astype("timedelta64[D]")
        for row in np.flatnonzero(counted & (serial == np.floor(serial))).tolist():
            written = _six_digits(int(serial[row]))
            if written is not None:
                given = {"counted": str(days[row]), "written": written}
                problems.add_refusal(row, spec.name, RefusedValueError("day_or_count", f"{serial[row]:.0f}", **given))
                days[row] = np.datetime64("NaT")
        return _finish(spec, cells, days, counted | cells.is_null().to_numpy(), problems)
    else:
        cells = series.cast(pl.String, strict=False)
        iso = cells.set(~cells.str.contains(_ISO_DATE).fill_null(False), None)
        quick = iso.str.to_date("%Y-%m-%d", strict=False).to_numpy().astype("datetime64[D]")
    fits = (quick >= earliest) & (quick <= latest) & ~np.isin(quick, placeholders)
    days[fits] = quick[fits]
    return _finish(spec, cells, days, fits | cells.is_null().to_numpy(), problems)


def counted_from_1904(series: pl.Series) -> pl.Series:
    """Return a column of numbers that count days from 1904 as one that counts them as other workbooks do."""
    return series + _DAYS_TO_1904 if series.dtype.is_numeric() else series


def _six_digits(number: int) -> str | None:
    """Return the day that a number may be in six digits (010312, whose zero is gone) as an ISO date, None for none."""
    year, month, day = number // 10_000, number // 100 % 100, number % 100
    try:
        return str(date(2000 + year, month, day))
    except ValueError:
        return None


def _days_of_moments(spec: FactSpec, series: pl.Series, problems: RowProblems) -> pl.Series:
    """Return the days of moments in a zone as ``day_of_moment`` tells them; refused ones are null."""
    found: dict[datetime, date | RefusedValueError] = {}
    for moment in series.drop_nulls().unique().to_list():
        try:
            found[moment] = day_of_moment(moment)
        except RefusedValueError as refused:
            found[moment] = refused
    days: list[date | None] = []
    for row, moment in enumerate(series.to_list()):
        day = None if moment is None else found[moment]
        if isinstance(day, RefusedValueError):
            problems.add_refusal(row, spec.name, day)
            day = None
        days.append(day)
    return pl.Series(days, dtype=pl.Date)


def _read_texts(spec: FactSpec, text: pl.Series, problems: RowProblems) -> Array:
    stripped = text.str.strip_chars()
    quick = (
        stripped.str.len_bytes().is_between(1, MAX_TEXT)
        & ~stripped.str.to_lowercase().is_in(TEXT.missing)
        & stripped.str.contains(PLAIN_TEXT)
        & ~stripped.str.contains(_ODD_START)
    ).fill_null(False)
    values = objects(stripped.set(~quick, None))
    return _finish(spec, text, values, quick.to_numpy() | text.is_null().to_numpy(), problems)


def _read_registration_numbers(spec: FactSpec, text: pl.Series, problems: RowProblems) -> Array:
    """Return business or corporate registration numbers with their hyphens."""
    business = spec.name == "business_number"
    length, head = (BusinessNumber.LENGTH, (3, 2)) if business else (CorporateNumber.LENGTH, (6,))
    plain = text.str.contains(_BUSINESS_NUMBER if business else _CORPORATE_NUMBER)
    digits = text.str.replace_all("-", "", literal=True)
    digits = digits.set(~plain.fill_null(False), None)
    digits = digits.set(digits.str.contains(_ONE_DIGIT).fill_null(False), None)
    quick = digits.is_not_null().to_numpy().copy()
    if business:
        quick[quick] = BusinessNumber.valid(_digit_matrix(digits, length))
    written = digits.str.slice(0, head[0]) + "-"
    if business:
        written = written + digits.str.slice(3, 2) + "-"
    values = objects((written + digits.str.slice(sum(head))).set(pl.Series(~quick), None))
    return _finish(spec, text, values, quick | text.is_null().to_numpy(), problems)


def off_the_check_digit(numbers: Array) -> Mask:
    """Return which corporate registration numbers (``110111-1234567``, None missing) do not follow their rule."""
    off = np.zeros(len(numbers), dtype=bool)
    rows = np.flatnonzero([number is not None for number in numbers])
    digits = pl.Series([number.replace("-", "") for number in numbers[rows]], dtype=pl.String)
    matrix = _digit_matrix(digits, CorporateNumber.LENGTH)
    off[rows] = (10 - matrix[:, :12] @ np.array(CorporateNumber.WEIGHTS) % 10) % 10 != matrix[:, 12]
    return off


def _digit_matrix(digits: pl.Series, length: int) -> npt.NDArray[np.int64]:
    joined = "".join(digits.drop_nulls().to_list()).encode("ascii")
    return (np.frombuffer(joined, dtype=np.uint8).astype(np.int64) - ord("0")).reshape(-1, length)


def zeros_for_numbers(series: pl.Series) -> int:
    """Return how many cells of registration numbers are nothing but zeros."""
    return int(as_text(series).str.contains(r"^[\s\-.]*0[0\s\-.]*$").sum())


def take_from_revision(codes: Array, revision: int, problems: RowProblems) -> None:
    """Read codes, in place, as ones of a revision of KSIC; raises nothing, rows of another revision are refused."""
    for row, code in enumerate(codes.tolist()):
        if code is not None:
            try:
                codes[row] = of_revision(code, revision)
            except RefusedValueError as refusal:
                problems.add_refusal(row, "industry", refusal)
                codes[row] = None


def refuse_lost_zeros(codes: Array, series: pl.Series, typed: frozenset[int], problems: RowProblems) -> list[str]:
    """Refuse codes that have lost their first zero on the way here, and return those that may have.

    A number has lost it wherever it can (``IndustryCode``); a text has where the column's other codes are whole classes
    of five digits and none begins with zero, as a file saved by a spreadsheet shows. Elsewhere it stays as written.
    """
    if series.dtype.is_numeric():
        return []
    bare = {code for code in set(codes.tolist()) if code is not None and code.isdigit()}
    short = {code for code in bare if may_have_lost_a_zero(code)}
    if not short:
        return []
    whole = any(len(code) == 5 for code in bare) and not any(code.startswith("0") for code in bare)
    unsure = set[str]()
    for row, code in enumerate(codes.tolist()):
        if code in short:
            if whole or row in typed:
                problems.add_refusal(row, "industry", RefusedValueError("industry_zero_lost", code))
                codes[row] = None
            elif not any(other.startswith("0") for other in bare):
                unsure.add(code)
    return sorted(unsure)


def refuse_industries(codes: Array, region: Array, problems: RowProblems) -> None:
    """Refuse rows whose industry code has no division in its country, or a letter of another section."""
    verdicts: dict[tuple[str, bool], RefusedValueError | None] = {}
    for row, pair in enumerate(zip(codes.tolist(), (region == FOREIGN).tolist(), strict=True)):
        if pair[0] is None:
            continue
        if pair not in verdicts:
            try:
                INDUSTRY.existing(*pair)
                verdicts[pair] = None
            except RefusedValueError as refusal:
                verdicts[pair] = refusal
        refused = verdicts[pair]
        if refused is not None:
            problems.add_refusal(row, "industry", refused)


def objects(series: pl.Series) -> Array:
    """Return text as an object array with None for missing."""
    array = np.empty(len(series), dtype=object)
    array[:] = series.to_list()
    return array


def with_numbers(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a table read as text with numbers where a column holds nothing else.

    Numbers are read as ``ktop.domain.values.number`` says, ``MISSING_WORDS`` are missing. Whole numbers become Int64,
    others Float64, true and false Boolean; every other column stays text, stripped. So does one with leading zeros:
    these are codes, and 007 is not 7.
    """
    columns = []
    for series in frame:
        if series.dtype != pl.String:
            columns.append(series)
            continue
        text = series.str.strip_chars()
        text = text.set(text.str.to_lowercase().is_in(MISSING_WORDS).fill_null(False), None)
        truth = text.str.to_lowercase().replace_strict(
            {"true": True, "false": False}, default=None, return_dtype=pl.Boolean
        )
        if truth.null_count() == text.null_count() < len(text):
            text = truth
        elif not text.str.contains(r"^0\d").any():
            text = _as_numbers(text)
        columns.append(text)
    return pl.DataFrame(columns)


def _as_numbers(text: pl.Series) -> pl.Series:
    """Return a column of numbers, or the text itself where a cell is none."""
    grouped = text.str.contains(_GROUPED_NUMBER).fill_null(False)
    figures = text.str.replace_all(",", "", literal=True).zip_with(grouped, text)
    odd = text.filter(~(grouped | text.str.contains(_PLAIN_NUMBER)).fill_null(True)).unique().to_list()
    try:
        plain = {cell: figure_of(cell) for cell in odd}
    except RefusedValueError:
        return text
    figures = figures.replace(plain) if plain else figures
    for kind in (pl.Int64, pl.Float64):
        numbers = figures.cast(kind, strict=False)
        if numbers.null_count() == text.null_count():
            return numbers
    return text
