"""Leaks: inputs that know the outcome. Measured out of sample, so that small tables do not raise false alarms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ktop.errors import InputError
from ktop.models.glass_box import Floats
from ktop.models.panel import Panel, sources
from ktop.models.scheme import Scheme, Target

#: One input alone never orders real outcomes this well (best single ratio on five real panels: .93).
REFUSED_AUC = 0.975
WARNED_AUC = 0.945
#: A mark that stays the same over all years of a firm and orders outcomes this well was written down afterwards.
FIRM_MARK_AUC = 0.90
#: An input is another year's figure where this share of its values is equal to it.
_SAME_SHARE = 0.95
_FEWEST_PAIRS = 30


def refuse_outcome_columns(plan: Scheme, data: Panel) -> None:
    """Refuse a scheme whose features read the very columns that tell an outcome."""
    for target in plan.targets:
        telling = _outcome_only(target)
        for feature in plan.features:
            for name in sorted(feature.expression.names):
                for column, back in sources(name, data.frame.columns, plan.columns):
                    # What an outcome column said its whole horizon ago was known by now; an event year never is.
                    known_by_now = target.outcome == "column" and back >= max(target.years, 1)
                    if column in telling and not known_by_now:
                        raise InputError(
                            "guards.outcome_as_input", feature=feature.name, column=column, target=target.name
                        )


def _outcome_only(target: Target) -> set[str]:
    found = {
        c for role, c in target.columns.items() if role in ("event_year", "failed", "column") and isinstance(c, str)
    }
    for columns in target.columns.values():
        if isinstance(columns, tuple):
            # sagr and equity start in the base year, whose figure may be an input; the years after may not.
            found |= set(columns[1:] if len(columns) == target.years + 1 else columns)
    return found


def check_leaks(
    plan: Scheme, data: Panel, values: Floats, outcomes: Mapping[str, Floats]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield warnings; raise ``InputError`` for an input that equals a later year or nearly determines an outcome."""
    _refuse_later_years(plan, data)
    for target, outcome in outcomes.items():
        rows = ~np.isnan(outcome)
        y, firm = outcome[rows], data.firm[rows]
        if y.sum() == 0 or y.sum() == len(y):
            continue
        for j, feature in enumerate(plan.features):
            x = values[rows, j]
            strength = crossfit_auc(x, y, firm)
            told = {"feature": feature.name, "target": target, "auc": f"{strength:.3f}"}
            if strength >= REFUSED_AUC:
                raise InputError("guards.determines_outcome", **told)
            if strength >= FIRM_MARK_AUC and data.year is not None and _is_firm_mark(x, firm):
                raise InputError("guards.firm_mark", **told)
            if strength >= WARNED_AUC:
                yield "guards.nearly_determines", told


def crossfit_auc(x: Floats, y: Floats, firm: npt.NDArray[np.int64], bins: int = 40) -> float:
    """Return how well one input alone orders an outcome, in whatever shape: AUC of bin event rates, .5 to 1.

    Values are cut into quantile bins (closer at the ends) and a bin for missing; the bins' event rates come from one
    half of the firms and order the other half, and the other way round. An input that carries nothing gets about .5.
    """
    known = ~np.isnan(x)
    cuts = np.zeros(0)
    if known.any():
        steps = np.union1d(np.linspace(0, 1, bins + 1)[1:-1], [0.002, 0.005, 0.01, 0.015, 0.985, 0.99, 0.995, 0.998])
        cuts = np.unique(np.quantile(x[known], steps, method="inverted_cdf"))
        cuts = cuts[cuts < x[known].max()]
    code = np.where(known, np.searchsorted(cuts, x, side="left"), len(cuts) + 1)
    half = np.unique(firm, return_inverse=True)[1] % 2 == 0
    found = []
    for fitted, judged in ((half, ~half), (~half, half)):
        size = len(cuts) + 2
        events = np.bincount(code[fitted], weights=y[fitted], minlength=size)
        count = np.bincount(code[fitted], minlength=size)
        rate = float(events.sum() / max(count.sum(), 1))
        order = ((events + 2 * rate) / (count + 2))[code[judged]]
        found.append(_auc(order, y[judged]))
    return float(np.mean(found))


def _auc(score: Floats, y: Floats) -> float:
    events = float(y.sum())
    others = len(y) - events
    if not events or not others:
        return 0.5
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - (count - 1) / 2
    return float((middle[place][y == 1].sum() - events * (events + 1) / 2) / (events * others))


def _is_firm_mark(x: Floats, firm: npt.NDArray[np.int64]) -> bool:
    """Return whether an input never changes within a firm, among firms seen in several years."""
    order = np.argsort(firm, kind="stable")
    same_firm = np.diff(firm[order]) == 0
    value = np.nan_to_num(x[order], nan=-1.2345e300)
    return bool(same_firm.sum() >= _FEWEST_PAIRS and not (np.diff(value) != 0)[same_firm].any())


def _refuse_later_years(plan: Scheme, data: Panel) -> None:
    """Refuse a column whose values are another column's values of a later year."""
    if data.year is None:
        return
    used = sorted({name for feature in plan.features for name in feature.expression.names})
    for target in plan.targets:
        roles = {c for c in target.columns.values() if isinstance(c, str) and c in data.frame.columns}
        for role in sorted(roles - _outcome_only(target)):
            for step in range(1, target.years + 1):
                later, now = data.at(role, step), data.column(role)
                telling = ~np.isnan(later) & (later != now)
                for name in used:
                    rows = telling & ~np.isnan(data.column(name))
                    if rows.sum() < _FEWEST_PAIRS:
                        continue
                    gap = np.abs(data.column(name)[rows] - later[rows])
                    if np.mean(gap <= 1e-9 * np.abs(later[rows])) >= _SAME_SHARE:
                        raise InputError("guards.later_year", column=name, other=role, years=step)
