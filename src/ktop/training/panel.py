"""A panel of companies and years as arrays: features of a row, its earlier years, and its later outcomes.

The panel is cut at the last known year before anything is worked out, so no value, median or outcome of a later year
can reach the training. The outcome of a row of year t is known at t + ``years``; where that lies beyond the last known
year, or the firm is no longer observed, the outcome is missing and the row is left out of that target's training.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from ktop.domain.company import outcomes
from ktop.domain.company.outcome_definitions import (
    growth_definition,
    growth_per_year,
    sustainable_definition,
    sustainable_growth_per_year,
)
from ktop.domain.expression import Expression, compile_expression, ordinary
from ktop.domain.values.kind import shown
from ktop.domain.values.year import Year
from ktop.kernel.arrays import Floats
from ktop.kernel.errors import InputError
from ktop.training.scheme import Scheme, Target

_LAG = re.compile(r"^(?P<column>.+)_lag(?P<years>[1-9])$")
_WINDOW = re.compile(r"^(?P<column>.+)_(?P<what>mean|min|max|sd)(?P<years>[2-9])$")
#: A spread over years needs this many known ones.
_FEWEST_FOR_SPREAD = 3
#: Years outside these are a typing error or another calendar.
YEARS = (1900, 2100)
_TEXT_YEAR = Year(*YEARS)


def _spread(values: Floats) -> Floats:
    enough = (~np.isnan(values)).sum(axis=0) >= _FEWEST_FOR_SPREAD
    found = np.full(values.shape[1], np.nan)
    found[enough] = np.nanstd(values[:, enough], axis=0)
    return found


def _of_known(summary: Callable[..., Floats]) -> Callable[[Floats], Floats]:
    def over(values: Floats) -> Floats:
        any_known = (~np.isnan(values)).any(axis=0)
        found = np.full(values.shape[1], np.nan)
        found[any_known] = summary(values[:, any_known], axis=0)
        return found

    return over


#: What can be said of a company's last years; years that are not known are left out.
_WINDOWS: Mapping[str, Callable[[Floats], Floats]] = {
    "mean": _of_known(np.nanmean),
    "min": _of_known(np.nanmin),
    "max": _of_known(np.nanmax),
    "sd": _spread,
}


def plain_panel(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a table with ``ordinary`` column names and categories as the words they stand for.

    Columns that would then share a name keep theirs: ``Panel`` refuses them where they are used.
    """
    names = [ordinary(name) for name in frame.columns]
    frame = frame.rename(
        {old: new for old, new in zip(frame.columns, names, strict=True) if old != new and names.count(new) == 1}
    )
    words = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Categorical | pl.Enum)]
    return frame.with_columns(pl.col(words).cast(pl.String)) if words else frame


def column_of(frame: pl.DataFrame, name: str) -> pl.Series:
    """Return one column of a ``plain_panel`` by name.

    Raises ``InputError`` where there is none, where two columns have that name but for the width or composition of its
    letters, or where its cells hold lists, structures, durations or bytes instead of one text or number each.
    """
    name = ordinary(name)
    alike = [column for column in frame.columns if ordinary(column) == name]
    if not alike:
        raise InputError("models.no_column", column=name)
    if len(alike) > 1:
        raise InputError("models.column_written_twice", name=name, count=len(alike))
    series = frame[alike[0]]
    if series.dtype.is_nested() or series.dtype in (pl.Duration, pl.Time, pl.Binary, pl.Object):
        kind = str(series.dtype.base_type()).lower()
        raise InputError("models.column_type", column=name, kind=_CELL_KINDS.get(kind, {"ko": kind, "en": kind}))
    return series


#: What a user calls the contents of cells that are neither text nor number.
_CELL_KINDS: Mapping[str, Mapping[str, str]] = {
    "list": {"ko": "목록", "en": "lists"},
    "array": {"ko": "배열", "en": "arrays"},
    "struct": {"ko": "여러 항목의 묶음", "en": "structures"},
    "duration": {"ko": "기간(길이)", "en": "durations"},
    "time": {"ko": "시각", "en": "times of day"},
    "binary": {"ko": "이진 데이터", "en": "bytes"},
    "object": {"ko": "개체", "en": "objects"},
}


def refuse_empty(frame: pl.DataFrame, id: str, year: str | None) -> None:
    """Refuse a table without the id or year column, or with empty cells there, however they are written."""
    for name in filter(None, (id, year)):
        series = column_of(frame, name)
        empty = series.is_null()
        if series.dtype.is_float():
            empty |= series.is_nan()
        if series.dtype == pl.String:
            empty |= series.str.strip_chars() == ""
        if count := int(empty.sum()):
            raise InputError("models.empty_cells", column=name, rows=count)


def whole_years(series: pl.Series, name: str) -> npt.NDArray[np.int64]:
    """Return a column of years, numbers or texts (2019, 2019년); refuses dates and figures outside ``YEARS``."""
    if series.dtype.is_temporal() or series.dtype == pl.Boolean:
        raise InputError("guards.year_is_date", column=name, first=str(series.drop_nulls()[0]))
    values = _text_years(series, name) if not series.dtype.is_numeric() else series.cast(pl.Float64).to_numpy()
    wrong = ~np.isfinite(values) | (values != np.floor(values)) | (values < YEARS[0]) | (values > YEARS[1])
    if wrong.any():
        raise InputError("guards.not_a_year", column=name, count=int(wrong.sum()), first=f"{values[wrong][0]:g}")
    return np.asarray(values, dtype=np.int64)


def _text_years(series: pl.Series, name: str) -> Floats:
    """Return texts as years, NaN for empty cells; each different text is read once."""
    texts = series.cast(pl.String)
    read: dict[str | None, float] = {None: np.nan}
    for text in texts.unique(maintain_order=True).drop_nulls().to_list():
        try:
            year = _TEXT_YEAR.parse(text)
        except InputError:
            raise InputError("guards.year_is_date", column=name, first=shown(text)) from None
        read[text] = np.nan if year is None else float(year)
    return np.array([read[text] for text in texts.to_list()], dtype=np.float64)


def _strange(series: pl.Series) -> str:
    """Return the first value of a column that is no number, to be shown to whoever must mend it."""
    if series.dtype == pl.String:
        text = series.drop_nulls()
        series = text.filter(text.cast(pl.Float64, strict=False).is_null())
    return " ".join(str(series.drop_nulls()[0]).split())[:40]


class Panel:
    """Rows of ``(id, year)`` with numeric columns.

    Parameters
    ----------
    frame : the table; numbers become float64 with NaN for missing, texts stay texts (labels of cells).
    id, year : names of the id and year columns; ``year`` None for a table with one row per company.
    derived : further columns by name, as formulas over the table's columns and over each other.

    A name ending in ``_lag1`` … ``_lag9`` is the same company's value that many years before; one ending in ``_mean3``,
    ``_min3``, ``_max3`` or ``_sd3`` (2 to 9) says so much of its last three years, this one included, as far as they
    are known. Raises ``InputError`` for a missing column, an empty id or year, or two rows of one company and year.
    """

    def __init__(
        self, frame: pl.DataFrame, id: str, year: str | None, derived: Mapping[str, Expression] | None = None
    ) -> None:
        frame = plain_panel(frame)
        self.frame = frame
        self.derived = {ordinary(name): formula for name, formula in (derived or {}).items()}
        self.id = ordinary(id)
        self.n = frame.height
        refuse_empty(frame, id, year)
        codes = column_of(frame, id).cast(pl.String).rank("dense")
        self.firm: npt.NDArray[np.int64] = codes.to_numpy().astype(np.int64) - 1 if self.n else np.zeros(0, np.int64)
        self.year: npt.NDArray[np.int64] | None = None
        if year is not None:
            self.year = whole_years(column_of(frame, year), year)
            self._key = self.firm * 100_000 + self.year
            self._order = np.argsort(self._key, kind="stable")
            self._sorted = self._key[self._order]
            if self.n > 1 and bool((np.diff(self._sorted) == 0).any()):
                raise InputError("models.duplicate_rows", id=id, year=year)
        self._columns: dict[str, Floats] = {}
        self._given = {ordinary(name) for name in frame.columns}

    def column(self, name: str) -> Floats:
        """Return a numeric column, an earlier year of one, or a formula over columns; ``InputError`` for none."""
        name = ordinary(name)
        if name not in self._columns:
            self._columns[name] = self._read(name)
        return self._columns[name]

    def _read(self, name: str) -> Floats:
        lag, window = _LAG.match(name), _WINDOW.match(name)
        if name in self._given:
            series = column_of(self.frame, name)
            if series.dtype == pl.String:
                figures = series.str.strip_chars().cast(pl.Float64, strict=False)
                series = figures if figures.null_count() == series.null_count() else series
            if not (series.dtype.is_numeric() or series.dtype == pl.Boolean or series.null_count() == self.n):
                raise InputError("models.not_numeric", column=name, first=_strange(series))
            values = series.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy().astype(np.float64)
            return np.where(np.isfinite(values), values, np.nan)
        if name in self.derived:
            formula = self.derived[name]
            return formula.evaluate(self.columns(sorted(formula.names)))
        if lag and self.year is not None:
            return self.at(lag["column"], -int(lag["years"]))
        if window and self.year is not None:
            years = [self.at(window["column"], -back) for back in range(int(window["years"]))]
            return _WINDOWS[window["what"]](np.stack(years))
        if not name.isidentifier():
            formula = compile_expression(name)
            return formula.evaluate(self.columns(sorted(formula.names)))
        raise InputError("models.no_column", column=name)

    def columns(self, names: Sequence[str]) -> dict[str, Floats]:
        """Return several columns by name."""
        return {name: self.column(name) for name in names}

    def labels(self, names: Sequence[str]) -> dict[str, npt.NDArray[np.object_]]:
        """Return label columns as texts, None for missing."""
        return {name: np.array(column_of(self.frame, name).cast(pl.String).to_list(), dtype=object) for name in names}

    def at(self, name: str, years: int) -> Floats:
        """Return each row's value of ``name`` that many years later (earlier if negative), NaN where not observed."""
        if self.year is None:
            raise InputError("models.no_year", column=name)
        values = self.column(name)
        place = np.minimum(np.searchsorted(self._sorted, self._key + years), self.n - 1)
        found = self._sorted[place] == self._key + years
        return np.where(found, values[self._order[place]], np.nan)


def sources(name: str, columns: Sequence[str], derived: Mapping[str, Expression]) -> Iterator[tuple[str, int]]:
    """Yield the columns of the table that a name rests on, each with the fewest years back it is read from."""
    lag, window = _LAG.match(name), _WINDOW.match(name)
    if name in columns:
        yield name, 0
    elif name in derived:
        for part in sorted(derived[name].names):
            yield from sources(part, columns, derived)
    elif lag:
        for column, back in sources(lag["column"], columns, derived):
            yield column, back + int(lag["years"])
    elif window:
        yield from sources(window["column"], columns, derived)
    elif not name.isidentifier():
        for part in sorted(compile_expression(name).names):
            yield from sources(part, columns, derived)


def looks_back(name: str, columns: Sequence[str], derived: Mapping[str, Expression]) -> bool:
    """Return whether a name rests on earlier years: ends in a lag or a window, or is a formula over one that does."""
    if name in columns:
        return False
    if name in derived:
        return any(looks_back(part, columns, derived) for part in derived[name].names)
    return _LAG.match(name) is not None or _WINDOW.match(name) is not None


def features(scheme: Scheme, panel: Panel) -> Floats:
    """Return the scheme's inputs, shape ``(n, features)``, NaN for missing."""
    names = sorted({name for feature in scheme.features for name in feature.expression.names})
    columns = panel.columns(names)
    values = np.full((panel.n, len(scheme.features)), np.nan)
    for j, feature in enumerate(scheme.features):
        values[:, j] = feature.expression.evaluate(columns)
    return values


def outcome(target: Target, panel: Panel, until: int | None) -> Floats:
    """Return the target's 0/1 outcome of every row, NaN where it is not known by the end of ``until``."""
    match target.outcome:
        case "sagr":
            found = _sagr(target, panel, until)
        case "sgr":
            found = _sgr(target, panel, until)
        case "failure":
            found = _failed(target, panel, until)
        case _:
            name = _single(target, "column")
            found = panel.column(name).copy()
            if bool((~np.isnan(found) & (found != 0) & (found != 1)).any()):
                raise InputError("models.not_zero_one", column=name)
    known = np.ones(panel.n, dtype=bool)
    if panel.year is not None:
        last = until if until is not None else int(panel.year.max(initial=0))
        # Columns of later years stand in the row itself where the table has them; otherwise time decides what is known.
        if until is not None or not _is_wide(target):
            known &= panel.year + target.years <= last
        known &= panel.year >= target.options.get("from_year", -np.inf)
    return np.where(known, found, np.nan)


def _is_wide(target: Target) -> bool:
    return target.outcome == "column" or any(isinstance(columns, tuple) for columns in target.columns.values())


def _single(target: Target, role: str) -> str:
    name = target.columns[role]
    if not isinstance(name, str):
        raise InputError("models.scheme_value", place=f"targets.{target.name}.{role}", given=str(list(name)))
    return name


def _years(target: Target, panel: Panel, role: str, first: int = 0) -> Floats:
    """Return a role's values of years ``first`` … ``years``, one column a year, from the panel or named columns."""
    names, count = target.columns[role], target.years + 1 - first
    if isinstance(names, str):
        return np.column_stack([panel.at(names, step) for step in range(first, target.years + 1)])
    if len(names) != count:
        raise InputError("models.scheme_years", place=f"targets.{target.name}.{role}", expected=count, given=len(names))
    return np.column_stack([panel.column(name) for name in names])


def _reached(measure: Floats, target: Target, panel: Panel, until: int | None) -> Floats:
    threshold = 0.0 if target.threshold is None else target.threshold
    found = outcomes.reached(measure, threshold)
    # A firm that failed did not grow; leaving it out would flatter the risky.
    if "failed" in target.columns:
        return np.where(np.isnan(found) & (panel.column(_single(target, "failed")) == 1), 0.0, found)
    if "event_year" in target.columns:
        return np.where(np.isnan(found) & (_failed(target, panel, until) == 1), 0.0, found)
    return found


def _medians(sales: Floats, panel: Panel) -> Floats:
    """Return the median sales of each row's cohort in year 0 … h - 1: the reference of the size factor."""
    groups = panel.year if panel.year is not None else np.zeros(panel.n, dtype=np.int64)
    medians = np.full((panel.n, sales.shape[1] - 1), np.nan)
    for step in range(medians.shape[1]):
        for year in np.unique(groups):
            column = sales[groups == year, step]
            column = column[column > 0]
            medians[groups == year, step] = np.median(column) if len(column) else np.nan
    return medians


def _panel_medians(name: str, panel: Panel, years: int) -> Floats:
    """Return the median sales of all rows of year t, t + 1 … of the panel, shape ``(n, years)``."""
    assert panel.year is not None
    values = panel.column(name)
    usual = {
        int(y): float(np.median(v)) for y in np.unique(panel.year) if len(v := values[(panel.year == y) & (values > 0)])
    }
    return np.column_stack([[usual.get(int(y) + step, np.nan) for y in panel.year] for step in range(years)])


def _sagr(target: Target, panel: Panel, until: int | None) -> Floats:
    sales, role = _years(target, panel, "sales"), target.columns["sales"]
    medians = _panel_medians(role, panel, target.years) if isinstance(role, str) else _medians(sales, panel)
    base = target.options.get("base_at_least", 0.0)
    growth = growth_per_year(sales, medians, growth_definition(target.definition))
    return _reached(np.where(sales[:, 0] >= base, growth, np.nan), target, panel, until)


def _sgr(target: Target, panel: Panel, until: int | None) -> Floats:
    measure = sustainable_growth_per_year(
        net_income=_years(target, panel, "net_income", 1),
        sales=_years(target, panel, "sales", 1),
        total_assets=_years(target, panel, "total_assets", 1),
        equity=_years(target, panel, "equity"),
        dividends=_years(target, panel, "dividends", 1) if "dividends" in target.columns else None,
        definition=sustainable_definition(target.definition),
    )
    return _reached(measure, target, panel, until)


def event_years(name: str, panel: Panel) -> Floats:
    """Return the year of each row's company's event, NaN where it has none.

    Often it stands in one row of the company only, the last or that of the event; it holds for all of them. Raises
    ``InputError("guards.event_years_differ")`` where a company's rows name different years.
    """
    values = panel.column(name)
    known = ~np.isnan(values)
    first = np.full(int(panel.firm.max(initial=0)) + 1, np.inf)
    last = np.full(len(first), -np.inf)
    np.minimum.at(first, panel.firm[known], values[known])
    np.maximum.at(last, panel.firm[known], values[known])
    differ = last > first
    if differ.any():
        row = int(np.flatnonzero(differ[panel.firm] & known)[0])
        firm = str(panel.frame[panel.id][row])
        told = {"count": int(differ.sum()), "firm": firm, "first": f"{first[panel.firm[row]]:g}"}
        raise InputError("guards.event_years_differ", column=name, second=f"{last[panel.firm[row]]:g}", **told)
    return np.where(np.isfinite(last), last, np.nan)[panel.firm]


def _failed(target: Target, panel: Panel, until: int | None) -> Floats:
    """1: the event came within ``years``; 0: no such event and still observed then; otherwise not known."""
    if panel.year is None:
        raise InputError("models.no_year", column=_single(target, "event_year"))
    event = event_years(_single(target, "event_year"), panel)
    if until is not None:
        event = np.where(event > until, np.nan, event)
    last = np.zeros(int(panel.firm.max(initial=0)) + 1)
    np.maximum.at(last, panel.firm, panel.year)
    return outcomes.failure_within(panel.year, event, last[panel.firm], target.years)
