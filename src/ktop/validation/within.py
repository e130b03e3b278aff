"""Ranking within groups of rows that alone are comparable (a filing year, a field and year), of several scores at once.

A later patent has had less time to be cited, and fields differ in how much they cite; so a score is judged only among
rows of one group (Hall, Jaffe and Trajtenberg 2001 take out year and field effects for the same reason).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ktop.kernel.arrays import Floats, Integers
from ktop.validation.bootstrap import firm_draws, percentile_interval


@dataclass(frozen=True, slots=True)
class Within:
    """One score's figures within groups, each as value, low and high end of its interval (NaN where there is none).

    Parameters
    ----------
    auc : chance that an event stands above a non-event of its group, 0 to 1, ties one half, mean over the events.
    precision : event rate among the top share of every group.
    less : the main score's AUC less this one's, from the same draws; zeros for the main score itself.
    """

    auc: tuple[float, float, float]
    precision: tuple[float, float, float]
    less: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class _Ordered:
    """Rows sorted by group and then by score; ``starts`` are those of groups of ties, ``group`` is that of each tie."""

    order: Integers
    starts: Integers
    group: Integers
    groups: int


def within_groups(
    y: npt.ArrayLike,
    scores: Mapping[str, npt.ArrayLike],
    groups: npt.ArrayLike,
    clusters: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    *,
    share: float = 0.05,
    repeats: int = 400,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, Within]:
    """Return the figures of every score; the first one is the main score that the others are held against.

    Parameters
    ----------
    y : outcomes 0 or 1, shape (n,), all known.
    scores : name → values, shape (n,); a missing value (NaN) stands in the middle of its group.
    groups : the group of each row.
    clusters : rows that belong together (one firm's); whole clusters are drawn with replacement. Each row by itself
        where None.
    weights : what each row stands for in the population (one over its chance of being in the sample); 1 where None.
    share : of every group that the precision looks at.

    Raises ``ValueError`` for shapes that do not fit.
    """
    outcomes = np.asarray(y, dtype=np.float64)
    n = len(outcomes)
    group = np.unique(np.asarray(groups).astype(str), return_inverse=True)[1].astype(np.int64)
    own = np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64)
    columns = {
        name: _middle_for_missing(np.asarray(values, dtype=np.float64), group) for name, values in scores.items()
    }
    if any(
        len(part) != n
        for part in (group, own, *([] if clusters is None else [np.asarray(clusters)]), *columns.values())
    ):
        raise ValueError("outcomes, scores, groups, clusters and weights must have one entry per row")
    ordered = {name: _ordered(values, group) for name, values in columns.items()}
    figures = {name: _figures(outcomes, own, rows, share) for name, rows in ordered.items()}
    drawn: dict[str, list[tuple[float, float]]] = {name: [] for name in scores}
    for times in firm_draws(np.ones(n, dtype=bool), clusters, repeats, seed):
        for name, rows in ordered.items():
            drawn[name].append(_figures(outcomes, own * times, rows, share))
    main = next(iter(scores))
    first = np.array(drawn[main]).reshape(-1, 2)
    results = {}
    for name, (area, precision) in figures.items():
        mine = np.array(drawn[name]).reshape(-1, 2)
        results[name] = Within(
            auc=(area, *percentile_interval(mine[:, 0], level)),
            precision=(precision, *percentile_interval(mine[:, 1], level)),
            less=(figures[main][0] - area, *percentile_interval(first[:, 0] - mine[:, 0], level)),
        )
    return results


def _middle_for_missing(values: Floats, group: Integers) -> Floats:
    """Return the values with missing ones replaced by the median of their group (of all where it has none)."""
    missing = np.isnan(values)
    if not missing.any():
        return values
    filled = values.copy()
    everywhere = float(np.median(values[~missing])) if not missing.all() else 0.0
    for one in np.unique(group[missing]):
        known = values[(group == one) & ~missing]
        filled[(group == one) & missing] = float(np.median(known)) if len(known) else everywhere
    return filled


def _ordered(values: Floats, group: Integers) -> _Ordered:
    order = np.lexsort((values, group))
    g, v = group[order], values[order]
    new = np.ones(len(v), dtype=bool)
    new[1:] = (g[1:] != g[:-1]) | (v[1:] != v[:-1])
    starts = np.flatnonzero(new)
    return _Ordered(order, starts, g[starts], int(group.max()) + 1 if len(group) else 0)


def _figures(y: Floats, weights: Floats, rows: _Ordered, share: float) -> tuple[float, float]:
    """Return AUC and precision at the top ``share`` of the groups, rows counted by ``weights``."""
    if not len(y):
        return float("nan"), float("nan")
    w, event = weights[rows.order], y[rows.order]
    events = np.add.reduceat(w * event, rows.starts)
    others = np.add.reduceat(w * (1.0 - event), rows.starts)
    all_others = np.bincount(rows.group, weights=others, minlength=rows.groups)
    before = np.cumsum(others) - others
    offset = np.concatenate([[0.0], np.cumsum(all_others)[:-1]])
    below = before - offset[rows.group] + 0.5 * others
    comparable = all_others[rows.group] > 0.0
    total = float(events[comparable].sum())
    area = float("nan")
    if total > 0.0:
        area = float((events[comparable] * below[comparable] / all_others[rows.group][comparable]).sum() / total)
    size = events + others
    in_group = np.bincount(rows.group, weights=size, minlength=rows.groups)
    through = np.cumsum(size) - np.concatenate([[0.0], np.cumsum(in_group)[:-1]])[rows.group]
    above = in_group[rows.group] - through  # what stands above each group of ties
    taken = np.clip(share * in_group[rows.group] - above, 0.0, size)
    rate = np.divide(events, size, out=np.zeros_like(size), where=size > 0.0)
    chosen = float(taken.sum())
    return area, float((taken * rate).sum() / chosen) if chosen > 0.0 else float("nan")


def events_needed(area: float, less: float, power: float = 0.8, level: float = 0.95) -> int:
    """Return how many events tell an AUC of ``area`` from one of ``less``, with many non-events to each event.

    Two-sided test of one AUC against a fixed value with the variance of Hanley and McNeil (1982) in the limit of many
    non-events: var = (A / (2 - A) - A^2) / events for the exponential model; ``power`` is the chance to find it.

    Raises ``ValueError`` where both are the same.
    """
    from scipy.stats import norm

    if area == less:
        raise ValueError("equal areas are never told apart")
    spread = [np.sqrt(a / (2.0 - a) - a * a) for a in (less, area)]
    reach = norm.ppf(0.5 + level / 2.0) * spread[0] + norm.ppf(power) * spread[1]
    return int(np.ceil((reach / (area - less)) ** 2))
