"""Reads what the statements of a batch cover, and brings the amounts of short periods to a year; see ``periods``."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ktop.catalogue import LANGS, text
from ktop.domain.company.field_types import MOST_MONTHS
from ktop.domain.company.headings import folded
from ktop.domain.company.periods import (
    FEWEST_MONTHS,
    FLOWS,
    YEAR_MONTHS,
    months_between,
)
from ktop.domain.company.row_problems import RowProblems
from ktop.domain.rating.rating import Warning
from ktop.domain.values.count import Count
from ktop.domain.values.day import DAY
from ktop.domain.values.kind import RefusedValueError, ValueKind
from ktop.kernel.errors import InputError

if TYPE_CHECKING:
    import polars as pl

#: (what a column says, years back) → its name.
PeriodColumns = Mapping[tuple[str, int], str]
_MONTHS = Count(1, MOST_MONTHS)


#: How the years of a batch are called, the newest first.
YEARS_BACK: Mapping[int, tuple[str, str]] = {
    0: ("최근", "latest year"),
    1: ("1년 전", "one year before"),
    2: ("2년 전", "two years before"),
}


@functools.cache
def _words() -> Mapping[str, tuple[str, int]]:
    """Return every heading of a column of periods, folded → what it says and how many years back."""
    found = {}
    for back, (ko, en) in YEARS_BACK.items():
        for word in (f"statement_months_t{back}", f"결산 개월 수({ko})", f"Months covered ({en})"):
            found[folded(word)] = ("months", back)
        for word in (f"year_end_t{back}", f"결산일({ko})", f"Year end ({en})"):
            found[folded(word)] = ("year_end", back)
    return found


def period_columns(names: Sequence[str]) -> PeriodColumns:
    """Return the columns of a batch that say what its statements cover. Raises ``InputError`` for two that mean one."""
    found: dict[tuple[str, int], str] = {}
    for name in names:
        meant = _words().get(folded(name))
        if meant is not None:
            if meant in found:
                raise InputError("facts.column_twice", first=found[meant], second=name, name=name)
            found[meant] = name
    return found


def bring_to_a_year(
    frame: pl.DataFrame, given: PeriodColumns, columns: dict[str, npt.NDArray[Any]], problems: RowProblems
) -> None:
    """Bring the amounts of other periods than a year to twelve months, in place; rows are told in ``problems``."""
    if not given:
        return
    ends = {back: _read(frame, given, ("year_end", back), DAY, problems) for back in YEARS_BACK}
    nothing = [None] * frame.height
    for back in YEARS_BACK:
        stated = np.array(_read(frame, given, ("months", back), _MONTHS, problems), dtype=np.float64)
        apart = _apart(ends.get(back + 1, nothing), ends[back])
        changed = np.where((apart > 0) & (apart < YEAR_MONTHS), apart, np.nan)
        months = np.where(np.isnan(stated), changed, stated)
        other = ~np.isnan(months) & (months != YEAR_MONTHS)
        if not other.any():
            continue
        short = other & (months < FEWEST_MONTHS)
        factor = np.where(other, np.where(short, np.nan, YEAR_MONTHS / np.where(other, months, 1)), 1.0)
        for name in columns:
            stem, _, place = name.partition("_krw_t")
            if stem in FLOWS and place == str(back):
                columns[name] = columns[name] * factor
        for row in np.flatnonzero(other).tolist():
            code = "period_set_aside" if short[row] else "period_annualised"
            year = {lang: text(f"facts.year_t{back}", lang) for lang in LANGS}
            words = {lang: text(f"facts.{code}", lang, year=year[lang], months=int(months[row])) for lang in LANGS}
            problems.notes.setdefault(row, []).append(Warning(code=code, text=words))


def _read(
    frame: pl.DataFrame, given: PeriodColumns, meant: tuple[str, int], kind: ValueKind[Any], problems: RowProblems
) -> list[Any]:
    """Return the values of one column, None where there is none; a cell that cannot be read refuses its row."""
    if meant not in given:
        return [None] * frame.height
    column = given[meant]
    found = []
    for row, cell in enumerate(frame[column].to_list()):
        try:
            found.append(kind.parse(None if isinstance(cell, float) and np.isnan(cell) else cell))
        except RefusedValueError as refusal:
            problems.refuse_at(row, dict.fromkeys(LANGS, column), refusal)
            found.append(None)
    return found


def _apart(before: Sequence[Any], ends: Sequence[Any]) -> npt.NDArray[np.float64]:
    """Return the months between two year ends, NaN where one of them is not known."""
    pairs = zip(before, ends, strict=True)
    return np.array([np.nan if None in pair else months_between(*pair) for pair in pairs], dtype=np.float64)
