"""Fairness: whether the model serves regions, ages, sizes and industries alike (AUC, calibration gap, selection)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ktop.validation._arrays import known_pairs
from ktop.validation.calibration import jeffreys_interval
from ktop.validation.discrimination import auc

#: Fewer events or non-events than this and a group's AUC says little; it is shown but marked.
FEW_EVENTS = 20


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One group of firms.

    ``gap`` is mean prediction - event rate, with ``gap_low`` and ``gap_high`` from the Jeffreys interval (95 %) of the
    rate: a group whose interval excludes 0 is over- or underrated. ``selected`` is the share of the group among those
    chosen at the common threshold, ``hit_rate`` the share of its events chosen (equal opportunity: Hardt, Price and
    Srebro 2016), ``false_rate`` the share of its non-events chosen, ``impact`` selection against the most chosen group.
    NaN where a figure does not exist.
    """

    group: str
    n: int
    events: int
    rate: float
    predicted: float
    gap: float
    gap_low: float
    gap_high: float
    auc: float
    few: bool
    selected: float
    hit_rate: float
    false_rate: float
    impact: float


def selection_threshold(p: npt.ArrayLike, share: float, highest: bool) -> float:
    """Return the prediction at which the best ``share`` of rows is chosen: the highest ones, or the lowest."""
    values = np.asarray(p, dtype=np.float64)
    values = values[~np.isnan(values)]
    return float(np.quantile(values, 1.0 - share if highest else share)) if len(values) else float("nan")


def group_table(
    y: npt.ArrayLike,
    p: npt.ArrayLike,
    groups: npt.ArrayLike,
    *,
    threshold: float,
    highest: bool = True,
    order: Sequence[str] | None = None,
) -> tuple[GroupRow, ...]:
    """Return one row per group; rows without a group are left out.

    Parameters
    ----------
    threshold, highest : rows with a prediction at or above the threshold are chosen (at or below it where ``highest``
        is False, as for a risk).
    order : groups in the order to show; otherwise sorted. Groups without rows are left out.
    """
    outcomes, predictions, known = known_pairs(y, p)
    given = np.asarray(groups, dtype=object)[known]
    present = {str(value) for value in given if value is not None}
    names = [name for name in order if name in present] if order is not None else sorted(present)
    chosen = predictions >= threshold if highest else predictions <= threshold
    label = given.astype(str)
    rates = {name: float(chosen[label == name].mean()) for name in names}
    most = max(rates.values(), default=0.0)
    rows = []
    for name in names:
        inside = label == name
        own_y, own_chosen = outcomes[inside], chosen[inside]
        n, events = int(inside.sum()), int(own_y.sum())
        low, high = jeffreys_interval(events, n)
        predicted = float(predictions[inside].mean())
        rows.append(
            GroupRow(
                group=name,
                n=n,
                events=events,
                rate=events / n,
                predicted=predicted,
                gap=predicted - events / n,
                gap_low=predicted - high,
                gap_high=predicted - low,
                auc=auc(own_y, predictions[inside]),
                few=min(events, n - events) < FEW_EVENTS,
                selected=rates[name],
                hit_rate=float(own_chosen[own_y == 1].mean()) if events else float("nan"),
                false_rate=float(own_chosen[own_y == 0].mean()) if events < n else float("nan"),
                impact=rates[name] / most if most else float("nan"),
            )
        )
    return tuple(rows)


def spread(rows: Sequence[GroupRow]) -> tuple[float, float]:
    """Return the lowest and highest AUC among groups with events enough to say; NaN where there is none."""
    values = [row.auc for row in rows if not row.few and np.isfinite(row.auc)]
    return (min(values), max(values)) if values else (float("nan"), float("nan"))
