"""Staggered difference-in-differences: the effect by year, whether trends were the same before, and how far it holds.

The estimator is that of Callaway and Sant'Anna (Journal of Econometrics 225, 2021), doubly robust, by the package
diff-diff. Two tests look at the years before support. One asks whether any of them differs (Wald); its statistic is
read as Hotelling's T², the small-sample correction of Pustejovsky and Tipton (Journal of Business & Economic Statistics
36, 2018): read as a chi-square it refuses 7 to 9 of 100 analyses where nothing differs. The other asks whether the two
groups drift apart year by year, which is the difference that later looks like an effect: one degree of freedom, so that
it finds at the 1 % level what the first finds at 5 %.

How far the result holds where trends differ after all is told by the bounds of Rambachan and Roth (Review of Economic
Studies 90, 2023).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ktop.kernel.arrays import Floats, Integers
from ktop.validation.panel import Interval, Panel

#: How large a departure after support may be, in terms of the largest from one year to the next before it.
RELATIVE = (0.5, 1.0, 2.0)
_MOST_RELATIVE = 10.0


@dataclass(frozen=True, slots=True)
class EventYear:
    """The effect so many years after support began (negative: before, where there should be none)."""

    year: int
    effect: Interval


@dataclass(frozen=True, slots=True)
class Pretrend:
    """How the years before support differ.

    ``p`` is the probability of such differences by chance (all years at once), ``drift`` by how much the supported move
    away from the others in a year, ``drift_p`` the probability of such a drift by chance.
    """

    p: float
    drift: Interval
    drift_p: float

    def differs(self, level: float) -> bool:
        """Whether one of the two tests says so at a level."""
        return min(self.p, self.drift_p) < level


@dataclass(frozen=True, slots=True)
class Bound:
    """The 95 % interval of the mean effect if trends depart by up to ``times`` the largest departure before support."""

    times: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How far a result holds.

    ``relative`` are bounds by size of the departure, ``straight`` is the interval if a drift of the years before went
    on in a straight line, ``holds_to`` the largest ``times`` at which the interval still does not hold zero: None where
    it holds it already without any departure, at most 10.
    """

    relative: tuple[Bound, ...]
    straight: tuple[float, float] | None
    holds_to: float | None


@dataclass(frozen=True, slots=True)
class EventStudy:
    """What the estimator found; ``notes`` are keys of sentences."""

    att: Interval
    by_year: tuple[EventYear, ...]
    pretrend: Pretrend | None
    sensitivity: Sensitivity | None
    notes: tuple[str, ...] = field(default=())


def event_study(panel: Panel) -> EventStudy:
    """Estimate the effect against firms never supported; intervals are those of t with as many degrees of freedom as
    the smaller group has firms, less one."""
    from scipy import stats  # with diff-diff an extra of 60 MB that only this needs (requirements/effect.txt)

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        fitted = _fitted(panel, "varying")
        events = fitted.aggregate("event_study")
        sensitivity = _sensitivity(_fitted(panel, "universal").aggregate("event_study"))
    supported = int(panel.supported.sum())
    freedom = min(supported, panel.firms - supported) - 1
    reach = float(stats.t.ppf(0.975, freedom))

    def interval(value: float, error: float) -> Interval:
        return Interval(value, value - reach * error, value + reach * error)

    effects, errors = (np.asarray(of, dtype=np.float64) for of in (events.att, events.se))
    times = np.asarray(events.event_time, dtype=np.int64)
    known = np.isfinite(effects) & np.isfinite(errors)
    return EventStudy(
        att=interval(float(fitted.overall_att), float(fitted.overall_se)),
        by_year=tuple(
            EventYear(int(time), interval(float(value), float(error)))
            for time, value, error in zip(times[known], effects[known], errors[known], strict=True)
        ),
        pretrend=_pretrend(times[known], effects[known], events, freedom, stats),
        sensitivity=sensitivity,
        notes=tuple(sorted({"overlap" for warning in said if "ropensity" in str(warning.message)})),
    )


def _fitted(panel: Panel, base: str) -> Any:
    """Return the fitted estimator; base "varying" compares each year with the one before, "universal" with the last
    before support, which is what the bounds are defined for."""
    import pandas as pd  # see event_study
    from diff_diff import CallawaySantAnna

    years = len(panel.years)
    rows: dict[str, npt.NDArray[Any]] = {
        "firm": np.repeat(np.arange(panel.firms), years),
        "year": np.tile(panel.years, panel.firms),
        "from": np.repeat(panel.treated_from, years),
        "outcome": panel.outcome.ravel(),
    }
    # What a firm was like before support: later values may themselves be effects.
    first = {f"x_{name}": np.repeat(values[:, 0], years) for name, values in panel.covariates.items()}
    estimator = CallawaySantAnna(estimation_method="dr", control_group="never_treated", cband=False, base_period=base)
    return estimator.fit(
        pd.DataFrame({**rows, **first}),
        outcome="outcome",
        unit="firm",
        time="year",
        first_treat="from",
        covariates=list(first) or None,
    )


def _pretrend(times: Integers, effects: Floats, events: Any, freedom: int, stats: Any) -> Pretrend | None:
    if events.vcov is None or events.vcov_index is None:
        return None
    place = {int(time): k for k, time in enumerate(events.vcov_index)}
    before = [k for k, time in enumerate(times) if time < 0 and int(time) in place]
    if not before or freedom <= len(before):
        return None
    columns = [place[int(times[k])] for k in before]
    values = effects[before]
    inverse = np.linalg.pinv(np.asarray(events.vcov, dtype=np.float64)[np.ix_(columns, columns)])
    count = len(before)
    left = freedom - count + 1
    p = float(stats.f.sf(values @ inverse @ values * left / (freedom * count), count, left))
    # Each effect before support is a change over one year: a drift shows in all of them alike.
    weights = inverse.sum(axis=0)
    information = float(weights.sum())
    if not information > 0:
        return None
    drift, error = float(weights @ values) / information, information**-0.5
    reach = float(stats.t.ppf(0.975, freedom)) * error
    return Pretrend(
        p, Interval(drift, drift - reach, drift + reach), float(2 * stats.t.sf(abs(drift) / error, freedom))
    )


def _sensitivity(events: Any) -> Sensitivity | None:
    from diff_diff.honest_did import HonestDiD

    method = HonestDiD(method="relative_magnitude")
    try:
        none, once = (method.fit(events, M=times) for times in (0.0, 1.0))
    except ValueError:  # too few years before support to measure departures by
        return None
    # The bounds open in proportion to the departure, so that two of them tell all.
    low, high = float(none.ci_lb), float(none.ci_ub)
    falls, rises = low - float(once.ci_lb), float(once.ci_ub) - high
    bounds = tuple(Bound(times, low - times * falls, high + times * rises) for times in RELATIVE)
    holds_to: float | None = None
    if low > 0 or high < 0:
        room, opens = (low, falls) if low > 0 else (-high, rises)
        holds_to = min(room / opens, _MOST_RELATIVE) if opens > 0 else _MOST_RELATIVE
    try:
        found = HonestDiD(method="smoothness").fit(events, M=0.0)
        straight = (float(found.ci_lb), float(found.ci_ub))
    except ValueError:  # one year before support has no line to go on
        return Sensitivity(bounds, None, holds_to)
    return Sensitivity(bounds, straight if np.all(np.isfinite(straight)) else None, holds_to)
