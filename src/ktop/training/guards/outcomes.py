"""Outcomes that do not say what they seem to: event years that are none, marks made afterwards, changed definitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ktop.kernel.arrays import Floats
from ktop.kernel.errors import InputError
from ktop.training.panel import Panel, event_years
from ktop.training.scheme import Scheme, Target

#: An outcome is a mark put on whole companies where this many of them bear it in all of three or more years.
_FEWEST_MARKED, _YEARS_MARKED = 10, 3
#: Event rates of single years are compared where they have this many rows.
_FEWEST_ROWS = 50
#: A year whose event odds are this many times those of the median year (or a fraction) was counted in another way.
_JUMP = 8.0

Found = Iterator[tuple[str, dict[str, Any]]]


def check_outcomes(plan: Scheme, data: Panel, outcomes: Mapping[str, Floats], years: tuple[int, int]) -> Found:
    """Yield warnings; refuse event years outside ``years`` and outcomes that are the same in all of a firm's years."""
    for target in plan.targets:
        event = target.columns.get("event_year")
        if isinstance(event, str):
            yield from _event_years(event, data, years)
        if target.outcome == "column" and target.years > 0:
            _refuse_firm_marks(target, data, outcomes[target.name])
        yield from _rate_jumps(target, data, outcomes[target.name])


def _event_years(name: str, data: Panel, years: tuple[int, int]) -> Found:
    values = data.column(name)
    known = ~np.isnan(values)
    wrong = known & ((values < years[0]) | (values > years[1]) | (values != np.floor(values)))
    if wrong.any():
        raise InputError(
            "guards.not_an_event_year", column=name, count=int(wrong.sum()), first=f"{values[wrong][0]:.15g}"
        )
    if data.year is None:
        return
    late = event_years(name, data) < data.year
    if late.any():
        row = int(np.flatnonzero(late)[0])
        first = f"{data.frame[data.id][row]} {int(data.year[row])}"
        yield "guards.rows_after_event", {"column": name, "count": int(late.sum()), "first": first}


def _refuse_firm_marks(target: Target, data: Panel, outcome: Floats) -> None:
    """Refuse an outcome that is 1 in all years of every company that has it: an "ever failed" flag.

    Years long before the event then count as events, and the model learns who was written to, not what comes.
    """
    if data.year is None:
        return
    rows = ~np.isnan(outcome)
    firm = np.unique(data.firm[rows], return_inverse=True)[1]
    count, events = np.bincount(firm), np.bincount(firm, weights=outcome[rows])
    long = count >= _YEARS_MARKED
    marked = long & (events == count)
    mixed = (events > 0) & (events < count)
    if marked.sum() >= _FEWEST_MARKED and not mixed.any() and (events == 0).any():
        raise InputError("guards.outcome_is_firm_mark", target=target.name, firms=int(marked.sum()))


def _rate_jumps(target: Target, data: Panel, outcome: Floats) -> Found:
    if data.year is None:
        return
    odds: dict[int, float] = {}
    rate: dict[int, float] = {}
    for year in np.unique(data.year):
        y = outcome[(data.year == year) & ~np.isnan(outcome)]
        if len(y) >= _FEWEST_ROWS:
            rate[int(year)] = float(y.mean())
            odds[int(year)] = float((y.sum() + 1) / (len(y) - y.sum() + 1))
    if len(odds) < 3:
        return
    middle = float(np.median(list(odds.values())))
    usual = float(np.median(list(rate.values())))
    for year, value in odds.items():
        if value > _JUMP * middle or value < middle / _JUMP:
            told = {"year": year, "rate": f"{100 * rate[year]:.1f}", "usual": f"{100 * usual:.1f}"}
            yield "guards.rate_jumps", {"target": target.name, **told}
