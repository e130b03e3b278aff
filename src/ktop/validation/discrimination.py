"""Discrimination: how well predictions tell firms with the event from others (AUC, AR, KS, precision at the top)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ktop.kernel.arrays import Floats
from ktop.validation._arrays import known_pairs
from ktop.validation.bootstrap import firm_draws, percentile_interval

#: A statistic of the weights of events and of non-events in each group of equal predictions, lowest first.
Statistic = Callable[[Floats, Floats], float]


@dataclass(frozen=True, slots=True)
class Ranked:
    """Rows sorted by prediction, lowest first, with the groups of equal predictions found once.

    ``starts`` is where each group of ties begins; ``order`` sorts the caller's rows.
    """

    y: Floats
    p: Floats
    order: npt.NDArray[np.intp]
    starts: npt.NDArray[np.intp]

    def sums(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return the weight of events and of non-events in each group of ties; empty without rows."""
        if not len(self.y):
            return np.empty(0), np.empty(0)
        events = np.add.reduceat(weights * self.y, self.starts)
        return events, np.add.reduceat(weights, self.starts) - events

    @property
    def counts(self) -> tuple[Floats, Floats]:
        """The number of events and of non-events in each group of ties."""
        return self.sums(np.ones(len(self.y)))


def ranked(y: npt.ArrayLike, p: npt.ArrayLike) -> Ranked:
    """Sort the rows with known outcome and prediction; see ``known_pairs`` for shapes and errors."""
    outcomes, predictions, _ = known_pairs(y, p)
    order = np.argsort(predictions, kind="stable")
    ordered = predictions[order]
    new = np.ones(len(ordered), dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    return Ranked(outcomes[order], ordered, order, np.flatnonzero(new))


def auc(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Return the area under the ROC curve, 0-1: P(prediction of an event > of a non-event), a tie counting one half.

    Mann-Whitney form (Hanley and McNeil 1982). NaN where either class is absent.
    """
    return auc_of_counts(*ranked(y, p).counts)


def accuracy_ratio(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Return the accuracy ratio AR = 2 AUC - 1, -1 to 1 (Engelmann, Hayden and Tasche 2003); NaN as for ``auc``."""
    return 2.0 * auc(y, p) - 1.0


def ks(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Return the Kolmogorov-Smirnov statistic, 0-1: the largest gap between the two classes' distributions.

    NaN where either class is absent.
    """
    return _ks(*ranked(y, p).counts)


def precision_at(y: npt.ArrayLike, p: npt.ArrayLike, share: float) -> float:
    """Return the event rate among the ``share`` of rows with the highest predictions.

    The number of rows chosen is ``share * n`` rounded, at least one. Where the last ones chosen tie with others, every
    choice among them is equally likely, so the tie's event rate counts for them. NaN where there are no rows.
    """
    if not 0.0 < share <= 1.0:
        raise ValueError(f"share {share} must lie above 0 and at most at 1")
    return _precision(*ranked(y, p).counts, share)


def roc_curve(y: npt.ArrayLike, p: npt.ArrayLike, points: int | None = None) -> tuple[Floats, Floats]:
    """Return false and true positive rates from the strictest threshold to the loosest, (0, 0) and (1, 1) included.

    ``points`` thins the curve to at most that many, evenly along the false positive rate. Empty where a class is
    absent.
    """
    events, others = ranked(y, p).counts
    if not events.sum() or not others.sum():
        return np.empty(0), np.empty(0)
    true = np.concatenate(([0.0], np.cumsum(events[::-1]) / events.sum()))
    false = np.concatenate(([0.0], np.cumsum(others[::-1]) / others.sum()))
    if points is not None and len(false) > points:
        shown = np.unique(np.searchsorted(false, np.linspace(0.0, 1.0, points), side="left"))
        shown = np.union1d(shown, [0, len(false) - 1])
        true, false = true[shown], false[shown]
    return false, true


def auc_of_counts(events: Floats, others: Floats) -> float:
    """Return the AUC from the weights of events and non-events in each group of ties, lowest predictions first."""
    total = events.sum() * others.sum()
    if not total:
        return float("nan")
    below = np.cumsum(others) - others
    return float((events * (below + 0.5 * others)).sum() / total)


def _ks(events: Floats, others: Floats) -> float:
    if not events.sum() or not others.sum():
        return float("nan")
    return float(np.abs(np.cumsum(events) / events.sum() - np.cumsum(others) / others.sum()).max())


def _precision(events: Floats, others: Floats, share: float) -> float:
    size = (events + others)[::-1]
    if not size.sum():
        return float("nan")
    wanted = max(round(share * size.sum()), 1)
    taken = np.clip(wanted - (np.cumsum(size) - size), 0.0, size)
    rate = np.divide(events[::-1], size, out=np.zeros_like(size), where=size > 0)
    return float((taken * rate).sum() / wanted)


def clustered_bootstrap(
    y: npt.ArrayLike,
    p: npt.ArrayLike,
    firm_ids: npt.ArrayLike | None = None,
    *,
    repeats: int = 400,
    level: float = 0.95,
    seed: int = 0,
    top_share: float = 0.1,
) -> dict[str, tuple[float, float]]:
    """Return percentile intervals of ``auc``, ``accuracy_ratio``, ``ks`` and ``precision_at_top``.

    Whole firms are drawn (``firm_draws``). A draw without one of the classes gives no figure and is left out. Same
    seed, same intervals.

    Parameters
    ----------
    level : share of draws inside the interval.
    top_share : of ``precision_at``.
    """
    outcomes, predictions, known = known_pairs(y, p)
    rows = ranked(outcomes, predictions)
    statistics: Mapping[str, Statistic] = {
        "auc": auc_of_counts,
        "ks": _ks,
        "precision_at_top": lambda events, others: _precision(events, others, top_share),
    }
    drawn: dict[str, list[float]] = {name: [] for name in statistics}
    for times in firm_draws(known, firm_ids, repeats, seed):
        events, others = rows.sums(times[rows.order])
        for name, statistic in statistics.items():
            drawn[name].append(statistic(events, others))
    intervals = {name: percentile_interval(values, level) for name, values in drawn.items()}
    intervals["accuracy_ratio"] = (2.0 * intervals["auc"][0] - 1.0, 2.0 * intervals["auc"][1] - 1.0)
    return intervals
