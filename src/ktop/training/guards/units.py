"""Mixed units: amounts that jump a thousand- or millionfold between years, or stand apart by that within a row.

Real firms grow and shrink without landing on exact thousandfold steps, so a heap at ×1,000 or ×1,000,000 beside an
empty stretch is a change of unit (won and thousand won, thousand and million), not business.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ktop.kernel.arrays import Floats
from ktop.kernel.errors import InputError
from ktop.training.panel import Panel

#: Decimal steps between usual units.
STEPS = (3, 6)
#: A whole year off by this many decimals against the firms' own year before (growth of all firms is never ×100).
_YEAR_OFF = 2.0
#: Half width, in decimals, of what counts as "about ×1,000" for a firm's step and for a row against its neighbours.
_BAND = 0.25
_WIDE_BAND = 0.75
#: From this many rows on (or this share) mixed units are refused; fewer are warned of.
_FEWEST_REFUSED = 5
_SHARE_REFUSED = 0.001
_FEWEST_PAIRS = 20
#: An amount's middle 90 % span at least this factor, or its median is as large as this; ratios and marks hardly do so.
_LEAST_SPAN, _LARGE = 30.0, 1000.0
#: Two amounts are judged side by side where the densest 40 % of their ratios span at most this many decimals.
_WIDEST_RATIO = 0.7
_FEWEST_APART = 10
_MOST_APART = 0.05
_SAMPLE = 5_000


def check_units(columns: Mapping[str, Floats], data: Panel) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield warnings for single rows; raise ``InputError`` for a column, a year or many rows in another unit."""
    logs = {name: _log(values) for name, values in columns.items() if is_amount(values)}
    if data.year is not None:
        for name, log in logs.items():
            _refuse_shifted_years(name, log, data)
        for name, log in logs.items():
            yield from _jumping_rows(name, log, data)
    yield from _apart_from_companions(logs, data)


def _log(values: Floats) -> Floats:
    size = np.abs(values)
    return np.log10(np.where(size > 0, size, np.nan))


def is_amount(values: Floats) -> bool:
    """Return whether a column holds amounts, which ratios, shares and marks hardly span as they do."""
    size = np.abs(values[~np.isnan(values) & (values != 0)])
    if len(size) < _FEWEST_PAIRS:
        return False
    low, middle, high = np.quantile(size, [0.05, 0.5, 0.95])
    return bool(high >= _LEAST_SPAN * low or middle >= _LARGE)


def _before(log: Floats, data: Panel, back: int = 1) -> Floats:
    """Return each row's step from the same firm's value ``back`` years before, NaN where there is none."""
    assert data.year is not None
    key = data.firm * 100_000 + data.year
    order = np.argsort(key, kind="stable")
    place = np.minimum(np.searchsorted(key[order], key - back), len(key) - 1)
    found = key[order][place] == key - back
    return np.where(found, log - log[order[place]], np.nan)


def _refuse_shifted_years(name: str, log: Floats, data: Panel) -> None:
    assert data.year is not None
    step = _before(log, data)
    years = np.unique(data.year)
    for before, year in itertools.pairwise(years):
        now = step[data.year == year]
        now = now[~np.isnan(now)]
        if len(now) >= _FEWEST_PAIRS:
            shift = float(np.median(now))
        else:  # other firms every year: their usual size must still be comparable
            both = [log[data.year == y] for y in (before, year)]
            both = [values[~np.isnan(values)] for values in both]
            if min(len(values) for values in both) < _FEWEST_PAIRS:
                continue
            shift = float(np.median(both[1]) - np.median(both[0]))
        if abs(shift) >= _YEAR_OFF:
            raise InputError("guards.unit_changes_by_year", column=name, year=int(year), factor=_factor(shift))


def _jumping_rows(name: str, log: Floats, data: Panel) -> Iterator[tuple[str, dict[str, Any]]]:
    """Find rows whose value jumps by a unit step against the year before and does not belong to a natural tail."""
    step = _before(log, data)
    known = step[~np.isnan(step)]
    if len(known) < _FEWEST_PAIRS:
        return
    for unit in STEPS:
        close = np.abs(np.abs(step) - unit) <= _BAND
        # Tails of real changes thin out: there are more of them just below the step than at it.
        below = int((np.abs(np.abs(known) - (unit - 3 * _BAND)) <= _BAND).sum())
        excess = int(close.sum()) - 2 * below
        if excess <= 0:
            continue
        row = int(np.flatnonzero(close)[0])
        assert data.year is not None
        told = {
            "column": name,
            "count": int(close.sum()),
            "first": f"{_firm(data, row)} {int(data.year[row])}",
            "factor": _factor(unit),
        }
        if excess >= max(_FEWEST_REFUSED, _SHARE_REFUSED * len(known)):
            raise InputError("guards.unit_jumps", **told)
        if excess > 1:
            yield "guards.unit_jumps_few", told


def _apart_from_companions(logs: Mapping[str, Floats], data: Panel) -> Iterator[tuple[str, dict[str, Any]]]:
    """Find columns part of whose rows stand a unit step away from the row's other amounts, with nothing in between.

    A column is held against every amount whose ratio to it is narrow (sales against total assets, say), and named where
    it stands apart from more than half of these: the one that is off, not the ones it is held against.
    """
    names = list(logs)
    # An even sample finds what is there; only the rows of a pair that is told of are counted in full.
    sample = slice(None, None, max(1, data.n // _SAMPLE))
    partners: dict[str, int] = dict.fromkeys(names, 0)
    apart: dict[str, list[tuple[str, float, float]]] = {name: [] for name in names}
    for k, name in enumerate(names):
        for other in names[k + 1 :]:
            ratio = logs[name][sample] - logs[other][sample]
            known = ratio[~np.isnan(ratio)]
            if len(known) < _FEWEST_PAIRS:
                continue
            width, middle = _densest(known)
            if width > _WIDEST_RATIO:
                continue
            partners[name] += 1
            partners[other] += 1
            for shift in (*STEPS, *(-unit for unit in STEPS)):
                near = int((np.abs(known - middle - shift) <= _WIDE_BAND).sum())
                between = int((np.abs(known - middle - shift / 2) <= _WIDE_BAND / 2).sum())
                if near >= max(_FEWEST_APART, 0.005 * len(known)) and near > 4 * between:
                    apart[name].append((other, middle, shift))
                    apart[other].append((name, -middle, -shift))
    named: set[str] = set()
    for name in names:
        found = [entry for entry in apart[name] if entry[0] not in named]
        if not found or 2 * len(apart[name]) <= partners[name]:
            continue
        named.add(name)
        other, centre, away = found[0]
        near_rows = np.abs(logs[name] - logs[other] - centre - away) <= _WIDE_BAND
        told = {
            "column": name,
            "other": other,
            "count": int(near_rows.sum()),
            "first": _firm(data, int(np.flatnonzero(near_rows)[0])),
            "factor": _factor(away),
        }
        if near_rows.sum() > _MOST_APART * data.n:
            raise InputError("guards.unit_differs", **told)
        yield "guards.unit_differs_some", told


def _densest(values: Floats) -> tuple[float, float]:
    """Return width and middle of the shortest interval that holds 40 % of the values: unmoved by a third of strays."""
    ordered = np.sort(values)
    many = max(1, int(0.4 * len(ordered)))
    widths = ordered[many:] - ordered[:-many]
    at = int(np.argmin(widths))
    return float(widths[at]), float(ordered[at] + widths[at] / 2)


def _firm(data: Panel, row: int) -> str:
    return str(data.frame[data.id][row])


def _factor(decimals: float) -> str:
    """Say a shift in decimals as the power of ten it is nearest to."""
    power = 10 ** abs(round(decimals))
    return f"{power:,}" if decimals >= 0 else f"1/{power:,}"
