"""Who is who: ids that hide one company behind two names, and inputs that are the company's number or its follow-up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ktop.kernel.arrays import Floats
from ktop.kernel.errors import InputError
from ktop.training.panel import Panel, sources
from ktop.training.scheme import Scheme

_FEWEST_PAIRS = 30
#: Share of rows in which an input agrees with what it is suspected of.
_SAME_SHARE = 0.95
#: An input tells how long a company was followed where its ranks agree with the years left this well.
_SAME_ORDER = 0.995
_SAMPLE = 4_000
#: Rows in which two companies' inputs are compared are those with at least this many values that few others have.
_TELLING_INPUTS = 4
#: ... or such that chance would make less than exp(-this) pairs alike; inputs that go together call for a wide margin.
_SURPRISE = 20.0
#: Figures of one company entered twice agree to this share, rounded or not; looked for among so many neighbours.
_NEAR, _NEIGHBOURS = 1e-3, 5
#: From this share of copied rows on, calibration on "unseen" firms would be on seen ones.
MOST_COPIES = 0.05

Found = Iterator[tuple[str, dict[str, Any]]]


def check_identity(plan: Scheme, data: Panel, values: Floats) -> Found:
    """Yield warnings, and refuse inputs that are the id or say how long a company is observed."""
    for feature in plan.features:
        names = {c for name in feature.expression.names for c, _ in sources(name, data.frame.columns, plan.columns)}
        if plan.id in names:
            raise InputError("guards.id_as_input", feature=feature.name, column=plan.id)
        if plan.year is not None and names == {plan.year}:
            yield "guards.year_as_input", {"feature": feature.name, "column": plan.year}
    if plan.comparison is not None and plan.id in plan.comparison.cells:
        raise InputError("guards.id_as_label", column=plan.id)
    yield from _spelled_twice(plan, data)
    digits = data.frame[plan.id].cast(pl.String).str.replace_all(r"\D", "").cast(pl.Float64, strict=False)
    number = digits.fill_null(float("nan")).to_numpy()
    left, total = _follow_up(data)
    for j, feature in enumerate(plan.features):
        x = values[:, j]
        known = ~np.isnan(x) & ~np.isnan(number)
        if known.sum() >= _FEWEST_PAIRS and np.mean(x[known] == number[known]) >= _SAME_SHARE:
            raise InputError("guards.id_as_input", feature=feature.name, column=plan.id)
        if data.year is None:
            continue
        if _numbers_firms(x, data.firm):
            yield "guards.firm_number", {"feature": feature.name}
        if any(same_order(x, follow) for follow in (left, total)):
            raise InputError("guards.follow_up", feature=feature.name)


def _follow_up(data: Panel) -> tuple[Floats, Floats]:
    """Return how many years each row's company is still observed, and in how many it is altogether."""
    if data.year is None:
        return np.zeros(data.n), np.zeros(data.n)
    last = np.zeros(int(data.firm.max(initial=0)) + 1)
    np.maximum.at(last, data.firm, data.year)
    return last[data.firm] - data.year, np.bincount(data.firm)[data.firm].astype(np.float64)


def same_order(x: Floats, other: Floats, share: float = _SAME_ORDER) -> bool:
    """Return whether two figures order the rows alike, or the other way round (Spearman correlation of the known)."""
    known = np.flatnonzero(~np.isnan(x) & ~np.isnan(other))
    if len(known) < _FEWEST_PAIRS:
        return False
    known = known[:: max(1, len(known) // _SAMPLE)]
    a, b = x[known], other[known]
    if len(np.unique(a)) < 3 or len(np.unique(b)) < 3:
        return False
    ranks = [_ranks(values) for values in (a, b)]
    return bool(abs(np.corrcoef(ranks[0], ranks[1])[0, 1]) >= share)


def _ranks(values: Floats) -> Floats:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(count) - (count - 1) / 2)[place], dtype=np.float64)


def _numbers_firms(x: Floats, firm: npt.NDArray[np.int64]) -> bool:
    """Return whether an input is a whole number that never changes within a firm and no two firms share."""
    known = ~np.isnan(x)
    if not known.all() or not bool((x == np.floor(x)).all()):
        return False
    firms, first = np.unique(firm, return_index=True)
    order = np.argsort(firm, kind="stable")
    again = np.diff(firm[order]) == 0
    same = bool((np.diff(x[order])[again] == 0).all()) and int(again.sum()) >= _FEWEST_PAIRS
    return same and len(np.unique(x[first])) == len(firms)


def _spelled_twice(plan: Scheme, data: Panel) -> Found:
    """Find ids that differ only in capitals or blanks: one company would count as two, and lose its earlier years."""
    names = data.frame[plan.id]
    if names.dtype != pl.String:
        return
    distinct = names.unique(maintain_order=True)
    folded = distinct.str.to_lowercase().str.replace_all(r"\s+", "")
    pairs = pl.DataFrame({"name": distinct, "folded": folded}).group_by("folded", maintain_order=True).agg("name")
    twice = pairs.filter(pl.col("name").list.len() > 1)
    if twice.height:
        first, other = twice["name"][0].to_list()[:2]
        yield "guards.id_spelled_twice", {"id": plan.id, "count": twice.height, "first": first, "other": other}


def check_copies(plan: Scheme, data: Panel, values: Floats) -> Found:
    """Look for rows of different firms (in the same year) that agree in every input, exactly or to a thousandth."""
    if values.shape[1] < 2:
        return
    rows, rarest = _telling(values)
    for key, many, found in (
        ("copied_rows", "many_copies", _equal_rows),
        ("near_copies", "many_near_copies", _near_rows),
    ):
        pairs = found(data, values, rows, rarest)
        if not pairs:
            continue
        names = data.frame[plan.id]
        row = min(pairs)
        told = {"count": len(pairs), "first": str(names[row]), "other": str(names[pairs[row]])}
        if len(pairs) > MOST_COPIES * len(values):
            raise InputError(f"guards.{many}", **told)
        yield f"guards.{key}", told
        return


def _telling(values: Floats) -> tuple[npt.NDArray[np.int64], int]:
    """Return the rows that hardly agree with another by chance, and the input with the most different values.

    A row is telling where several of its values are had by few others, or where so many common ones come together that
    no second row would have them all: n times n times the product of their shares is next to nothing.
    """
    rare = np.zeros(len(values), dtype=np.int64)
    surprise = np.zeros(len(values))
    variety = []
    for j in range(values.shape[1]):
        distinct, place, count = np.unique(values[:, j], return_inverse=True, return_counts=True)
        rare += (count[place] <= max(2, len(values) // 500)) & ~np.isnan(distinct[place])
        surprise -= np.log(count[place] / len(values))
        variety.append(len(distinct))
    telling = (rare >= min(_TELLING_INPUTS, values.shape[1])) | (surprise >= 2 * np.log(len(values)) + _SURPRISE)
    return np.flatnonzero(telling), int(np.argmax(variety))


def _years(data: Panel, rows: npt.NDArray[np.int64]) -> Floats:
    return np.zeros(len(rows)) if data.year is None else data.year[rows].astype(np.float64)


def _equal_rows(data: Panel, values: Floats, rows: npt.NDArray[np.int64], _rarest: int) -> dict[int, int]:
    """Return the rows that equal an earlier row of the same year, each with that row."""
    filled = np.nan_to_num(values[rows], nan=np.finfo(np.float64).max)
    table = np.ascontiguousarray(np.column_stack([_years(data, rows), filled]))
    if len(rows) == 0:
        return {}
    whole = table.view(np.dtype((np.void, table.dtype.itemsize * table.shape[1]))).ravel()
    _, first, place = np.unique(whole, return_index=True, return_inverse=True)
    copies = np.flatnonzero(first[place] != np.arange(len(rows)))
    return {int(rows[row]): int(rows[first[place[row]]]) for row in copies}


def _near_rows(data: Panel, values: Floats, rows: npt.NDArray[np.int64], rarest: int) -> dict[int, int]:
    """Return the rows that agree to ``_NEAR`` with a row of their year, of those nearest by the most varied input."""
    rows = rows[~np.isnan(values[rows, rarest])]
    year = _years(data, rows)
    order = np.lexsort((values[rows, rarest], year))
    rows, year = rows[order], year[order]
    found: dict[int, int] = {}
    for step in range(1, _NEIGHBOURS + 1):
        a, b = values[rows[:-step]], values[rows[step:]]
        with np.errstate(invalid="ignore"):
            alike = (np.abs(a - b) <= _NEAR * np.maximum(np.abs(a), np.abs(b))) | (np.isnan(a) & np.isnan(b))
        same = np.flatnonzero(alike.all(axis=1) & (year[step:] == year[:-step]))
        for k in same:
            one, other = sorted((int(rows[k]), int(rows[k + step])))
            found.setdefault(other, one)
    return found


def check_twins(plan: Scheme, values: Floats) -> Found:
    """Find features of one group that say the same: what one of them is credited with then hangs on chance."""
    seen: dict[tuple[str, bytes], str] = {}
    for j, feature in enumerate(plan.features):
        x = values[:, j]
        known = x[~np.isnan(x)]
        if len(known) == 0 or known.min() == known.max():
            continue
        ranks = np.unique(np.round(x, 12), return_inverse=True)[1].astype(np.int32)
        key = (feature.group, ranks.tobytes())
        if key in seen:
            yield "guards.twin_inputs", {"feature": feature.name, "other": seen[key]}
        seen.setdefault(key, feature.name)


def new_labels(cells: Sequence[str], data: Panel, years: int) -> Found:
    """Warn of comparison labels that first occur in the newest ``years``: no earlier company was rated by them."""
    if data.year is None:
        return
    new = data.year > data.year.max() - max(years, 1)
    if new.all() or not new.any():
        return
    for name, labels in data.labels(cells).items():
        before = {label for label in labels[~new] if label is not None}
        late = [label for label in labels[new] if label is not None and label not in before]
        if late:
            shown = ", ".join(sorted(set(late))[:5])
            first = int(data.year[new].min())
            yield "guards.new_label", {"column": name, "rows": len(late), "labels": shown, "year": first}
