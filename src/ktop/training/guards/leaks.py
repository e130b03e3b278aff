"""Leaks: inputs that know the outcome. Measured out of sample, so that small tables do not raise false alarms."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ktop.kernel.arrays import Floats
from ktop.kernel.errors import InputError
from ktop.training.guards.identity import same_order
from ktop.training.panel import Panel, sources
from ktop.training.scheme import Scheme, Target
from ktop.validation.discrimination import auc

#: One input alone never orders real outcomes this well (best single ratio on five real panels: .93).
REFUSED_AUC = 0.975
WARNED_AUC = 0.945
#: A mark that stays the same over all years of a firm and orders outcomes this well was written down afterwards.
FIRM_MARK_AUC = 0.90
#: A mark with two values that orders outcomes this well agrees with them in nine rows of ten.
WARNED_MARK_AUC = 0.85
#: All inputs together never tell real outcomes this well (best of five real panels: .965).
WARNED_JOINT_AUC = 0.975
_JOINT_ROWS = 20_000
#: A column tracks a later year where it stays this close to it (in logs), and five times closer than the present does.
_CLOSE, _CLOSER = 0.05, 5.0
_SAME_GROWTH = 0.98
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
        for column in plan.comparison.cells if plan.comparison is not None else ():
            if column in telling:
                raise InputError("guards.outcome_as_label", column=column, target=target.name)


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
    _refuse_later_years(plan, data, values)
    yield from _late_columns(plan, data)
    labels = {} if plan.comparison is None else data.labels(plan.comparison.cells)
    for target, outcome in outcomes.items():
        rows = ~np.isnan(outcome)
        y, firm = outcome[rows], data.firm[rows]
        if y.sum() == 0 or y.sum() == len(y):
            continue
        strongest = 0.5
        for j, feature in enumerate(plan.features):
            x = values[rows, j]
            strength = crossfit_auc(x, y, firm)
            strongest = max(strongest, strength)
            told = {"feature": feature.name, "target": target, "auc": f"{strength:.3f}"}
            if strength >= REFUSED_AUC:
                raise InputError("guards.determines_outcome", **told)
            if strength >= FIRM_MARK_AUC and data.year is not None and _is_firm_mark(x, firm):
                raise InputError("guards.firm_mark", **told)
            if strength >= (WARNED_MARK_AUC if len(np.unique(x[~np.isnan(x)])) <= 2 else WARNED_AUC):
                yield "guards.nearly_determines", told
        for name, texts in labels.items():
            codes = np.unique(np.array([str(text) for text in texts[rows]]), return_inverse=True)[1]
            strength = _crossfit(codes, y, firm)
            told = {"column": name, "target": target, "auc": f"{strength:.3f}"}
            if strength >= REFUSED_AUC:
                raise InputError("guards.label_determines_outcome", **told)
            if strength >= WARNED_AUC:
                yield "guards.label_nearly_determines", told
        if strongest < WARNED_AUC:
            strength, telling = _joint_auc(values[rows], y, firm)
            if strength >= WARNED_JOINT_AUC:
                named = ", ".join(plan.features[j].name for j in telling)
                yield "guards.jointly_determine", {"features": named, "target": target, "auc": f"{strength:.3f}"}


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
    return _crossfit(code, y, firm)


def _crossfit(code: npt.NDArray[np.int64], y: Floats, firm: npt.NDArray[np.int64]) -> float:
    """Return the AUC of the codes' event rates, each half of the firms ordered by the rates of the other."""
    half = _half(firm)
    size = int(code.max(initial=0)) + 1
    found = []
    for fitted, judged in ((half, ~half), (~half, half)):
        events = np.bincount(code[fitted], weights=y[fitted], minlength=size)
        count = np.bincount(code[fitted], minlength=size)
        rate = float(events.sum() / max(count.sum(), 1))
        order = ((events + 2 * rate) / (count + 2))[code[judged]]
        found.append(_strength(order, y[judged]))
    return float(np.mean(found))


def _half(firm: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    halves: npt.NDArray[np.bool_] = np.unique(firm, return_inverse=True)[1] % 2 == 0
    return halves


def _joint_auc(values: Floats, y: Floats, firm: npt.NDArray[np.int64]) -> tuple[float, list[int]]:
    """Return how well all inputs together order the outcome of firms they were not fitted on, and the strongest three.

    The better of a short run of trees (two inputs that tell only together) and a plane through the inputs (their sum).
    """
    take = np.arange(len(y))[:: max(1, len(y) // _JOINT_ROWS)]
    X, y, firm = values[take], y[take], firm[take]
    half = _half(firm)
    if any(not 0 < y[part].sum() < part.sum() for part in (half, ~half)):
        return 0.5, []
    tried = [_plane(X, y, half)]
    try:
        tried.append(_trees(importlib.import_module("lightgbm"), X, y, half))
    except ImportError:  # a scorecard alone trains without it
        pass
    strength, weights = max(tried, key=lambda one: one[0])
    return strength, [int(j) for j in np.argsort(-weights, kind="stable")[:3] if weights[j] > 0]


def _plane(X: Floats, y: Floats, half: npt.NDArray[np.bool_]) -> tuple[float, Floats]:
    known = ~np.isnan(X)
    size = np.maximum(known.sum(axis=0), 1)
    middle = np.where(known, X, 0).sum(axis=0) / size
    with np.errstate(over="ignore", invalid="ignore"):
        centred = np.where(known, X - middle, 0.0)
        spread = np.sqrt((centred**2).sum(axis=0) / size)
        usable = np.isfinite(spread) & (spread > 0)
    scaled = np.where(usable, centred / np.where(usable, spread, 1.0), 0.0)
    table = np.column_stack([np.ones(len(y)), scaled])
    ridge = 1e-6 * len(y) * np.eye(table.shape[1])
    found, weights = [], np.zeros(X.shape[1])
    for fitted, judged in ((half, ~half), (~half, half)):
        slopes = np.linalg.solve(table[fitted].T @ table[fitted] + ridge, table[fitted].T @ y[fitted])
        found.append(_strength(table[judged] @ slopes, y[judged]))
        weights += np.abs(slopes[1:])
    return float(np.mean(found)), weights


def _trees(lightgbm: Any, X: Floats, y: Floats, half: npt.NDArray[np.bool_]) -> tuple[float, Floats]:
    settings = {
        "objective": "binary", "num_leaves": 12, "learning_rate": 0.3, "min_data_in_leaf": 10, "num_threads": 1,
        "deterministic": True, "force_row_wise": True, "verbosity": -1, "seed": 1, "max_bin": 63,
    }  # fmt: skip
    found, weights = [], np.zeros(X.shape[1])
    for fitted, judged in ((half, ~half), (~half, half)):
        grown = lightgbm.train(settings, lightgbm.Dataset(X[fitted], y[fitted]), num_boost_round=20)
        found.append(_strength(np.asarray(grown.predict(X[judged])), y[judged]))
        weights += grown.feature_importance("gain")
    return float(np.mean(found)), weights


def _strength(score: Floats, y: Floats) -> float:
    """Return the AUC of a score, one half where the outcomes are all alike."""
    found = auc(y, score)
    return 0.5 if np.isnan(found) else found


def _is_firm_mark(x: Floats, firm: npt.NDArray[np.int64]) -> bool:
    """Return whether an input never changes within a firm, among firms seen in several years."""
    order = np.argsort(firm, kind="stable")
    same_firm = np.diff(firm[order]) == 0
    value = np.nan_to_num(x[order], nan=-1.2345e300)
    return bool(same_firm.sum() >= _FEWEST_PAIRS and not (np.diff(value) != 0)[same_firm].any())


def _refuse_later_years(plan: Scheme, data: Panel, values: Floats) -> None:
    """Refuse what says a later year of a figure that an outcome is made of: the same, scaled, or the growth to it."""
    if data.year is None:
        return
    used = sorted({name for feature in plan.features for name in feature.expression.names})
    for target in plan.targets:
        roles = {c for c in target.columns.values() if isinstance(c, str)}
        for role in sorted(roles - _outcome_only(target)):
            now = data.column(role)
            for step in range(1, target.years + 1):
                later = data.at(role, step)
                for name in used:
                    if _equals(data.column(name), later, now) or _tracks(data.column(name), later, now):
                        raise InputError("guards.later_year", column=name, other=role, years=step)
                with np.errstate(all="ignore"):
                    growth = np.where((now > 0) & (later > 0), later / now, np.nan)
                for j, feature in enumerate(plan.features):
                    if same_order(values[:, j], growth, _SAME_GROWTH):
                        raise InputError("guards.later_growth", feature=feature.name, other=role, years=step)


def _equals(x: Floats, later: Floats, now: Floats) -> bool:
    rows = ~np.isnan(later) & (later != now) & ~np.isnan(x)
    if rows.sum() < _FEWEST_PAIRS:
        return False
    gap = np.abs(x[rows] - later[rows])
    return bool(np.mean(gap <= 1e-9 * np.abs(later[rows])) >= _SAME_SHARE)


def _tracks(x: Floats, later: Floats, now: Floats) -> bool:
    """Return whether a column stays close to a later year's figure, in any unit, and far closer than this year's."""
    with np.errstate(invalid="ignore"):
        rows = (x > 0) & (later > 0) & (now > 0)
    if rows.sum() < _FEWEST_PAIRS:
        return False
    spread = [float(np.ptp(np.quantile(np.log(a[rows] / later[rows]), [0.05, 0.95]))) / 2 for a in (x, now)]
    return spread[0] <= _CLOSE and spread[1] > _CLOSER * spread[0]


def _late_columns(plan: Scheme, data: Panel) -> Iterator[tuple[str, dict[str, Any]]]:
    """Warn of columns that hold another column's next year and are empty where that year is not in the table."""
    if data.year is None:
        return
    names = {
        c for f in plan.features for n in f.expression.names for c, _ in sources(n, data.frame.columns, plan.columns)
    }
    followed = ~np.isnan(data.at(str(plan.year), 1))
    columns = {name: data.column(name) for name in sorted(names)}
    for name, x in columns.items():
        known = ~np.isnan(x)
        if not followed.any() or followed.all() or known[~followed].mean() > 0.05 or known[followed].mean() < 0.5:
            continue
        for other, now in columns.items():
            if other != name and _equals(x, data.at(other, 1), now):
                yield "guards.may_be_later", {"column": name, "other": other}
                break
