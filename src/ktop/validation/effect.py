"""What a support programme has brought about: staggered difference-in-differences, and a second opinion by matching.

The main figure is the doubly robust estimator of Callaway and Sant'Anna (Journal of Econometrics 225, 2021), by the
package diff-diff, against firms that were never supported. The second opinion pairs each supported firm with the
nearest unsupported one by the propensity score of the first year (Rosenbaum and Rubin, Biometrika 70, 1983) and
compares how both changed. Where firms are too few, not comparable, or moved apart before support began, there is no
figure.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from ktop.kernel.arrays import Floats, Integers
from ktop.validation.logistic import NoMaximumError, fit_logistic

#: Fewest supported firms, and fewest never supported ones, that an effect is estimated for.
FEWEST_FIRMS = 30
#: Supported firms whose like is hardly found among others may be at most this share.
MOST_WITHOUT_LIKE = 0.2
_LIKE_RANGE = (0.02, 0.98)
#: Below this probability of chance the years before support are taken to differ.
PRETREND_P = 0.05

Refusal: TypeAlias = Literal["few_supported", "few_others", "no_years_before", "not_comparable", "pretrend"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class EventYear:
    """The effect so many years after support began (negative: before, where there should be none)."""

    year: int
    effect: Interval


@dataclass(frozen=True, slots=True)
class Balance:
    """How far apart supported and other firms stand in one covariate, in standard deviations (Austin 2009)."""

    covariate: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Panel:
    """Firms by year, every firm in every year.

    Parameters
    ----------
    firms : how many.
    years : shape ``(T,)``, rising.
    treated_from : shape ``(firms,)``, first year of support; 0 never.
    outcome : shape ``(firms, T)``.
    covariates : name → shape ``(firms, T)``.
    """

    firms: int
    years: Integers
    treated_from: Integers
    outcome: Floats
    covariates: dict[str, Floats]


@dataclass(frozen=True, slots=True)
class Effect:
    """What was found; ``att`` is None where ``refused`` says why there is no figure.

    ``naive`` is the mean change of supported firms from before to after, without any comparison.
    """

    att: Interval | None
    by_event_time: tuple[EventYear, ...]
    pretrend_p: float | None
    matched: Interval | None
    balance: tuple[Balance, ...]
    naive: Interval | None
    supported: int
    others: int
    refused: Refusal | None
    notes: tuple[str, ...] = field(default=())


def estimate_effect(panel: Panel) -> Effect:
    """Estimate the effect of support on the outcome, in the outcome's own unit."""
    supported = panel.treated_from > 0
    with_support, without = int(supported.sum()), int((~supported).sum())
    nothing = Effect(None, (), None, None, (), _naive(panel), with_support, without, None)
    if with_support < FEWEST_FIRMS:
        return _refused(nothing, "few_supported")
    if without < FEWEST_FIRMS:
        return _refused(nothing, "few_others")
    if not np.any(panel.treated_from[supported] > panel.years[1]):
        return _refused(nothing, "no_years_before")
    score = _propensity(panel)
    without_like = float(np.mean((score[supported] < _LIKE_RANGE[0]) | (score[supported] > _LIKE_RANGE[1])))
    matched, balance = _matched(panel, score)
    known = dataclasses.replace(nothing, matched=matched, balance=balance)
    if without_like > MOST_WITHOUT_LIKE:
        return _refused(known, "not_comparable")
    att, by_year, pretrend, notes = _callaway_santanna(panel)
    found = dataclasses.replace(known, att=att, by_event_time=by_year, pretrend_p=pretrend, notes=notes)
    return _refused(found, "pretrend") if pretrend is not None and pretrend < PRETREND_P else found


def _refused(effect: Effect, why: Refusal) -> Effect:
    return dataclasses.replace(effect, att=None, refused=why)


def _callaway_santanna(panel: Panel) -> tuple[Interval, tuple[EventYear, ...], float | None, tuple[str, ...]]:
    import pandas as pd  # with diff-diff an extra of 60 MB that only this needs (requirements/effect.txt)
    from diff_diff import CallawaySantAnna
    from scipy import stats

    years = len(panel.years)
    rows: dict[str, npt.NDArray[Any]] = {
        "firm": np.repeat(np.arange(panel.firms), years),
        "year": np.tile(panel.years, panel.firms),
        "from": np.repeat(panel.treated_from, years),
        "outcome": panel.outcome.ravel(),
    }
    # What a firm was like before support: later values may themselves be effects.
    first = {name: np.repeat(values[:, 0], years) for name, values in panel.covariates.items()}
    frame = pd.DataFrame({**rows, **{f"x_{name}": values for name, values in first.items()}})
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        estimator = CallawaySantAnna(estimation_method="dr", control_group="never_treated", cband=False)
        fitted = estimator.fit(
            frame,
            outcome="outcome",
            unit="firm",
            time="year",
            first_treat="from",
            covariates=[f"x_{name}" for name in first] or None,
        )
        events = fitted.aggregate("event_study")
    low, high = fitted.overall_conf_int
    shown = events.to_dataframe()
    effects = np.asarray(events.att, dtype=np.float64)
    times = np.asarray(events.event_time, dtype=np.int64)
    assert len(shown) == len(times)
    by_year = tuple(
        EventYear(int(time), Interval(float(value), float(lower), float(upper)))
        for time, value, lower, upper in zip(times, effects, events.conf_int_lower, events.conf_int_upper, strict=True)
        if np.isfinite(value) and np.isfinite(lower)
    )
    covariance = None if events.vcov is None else np.asarray(events.vcov, dtype=np.float64)
    index = [] if events.vcov_index is None else list(events.vcov_index)
    pretrend = _pretrend(times, effects, covariance, index, stats)
    notes = tuple(sorted({"overlap" for warning in said if "ropensity" in str(warning.message)}))
    return Interval(float(fitted.overall_att), float(low), float(high)), by_year, pretrend, notes


def _pretrend(
    times: Integers, effects: Floats, covariance: Floats | None, index: Sequence[Any], stats: Any
) -> float | None:
    """Return the probability of such differences before support if there are none (Wald test, joint over years)."""
    if covariance is None:
        return None
    known = {int(time): place for place, time in enumerate(index)}
    before = [int(time) for time, value in zip(times, effects, strict=True) if time < 0 and np.isfinite(value)]
    before = [time for time in before if time in known]
    if not before:
        return None
    place = [known[time] for time in before]
    values = np.array([effects[list(times).index(time)] for time in before])
    part = covariance[np.ix_(place, place)]
    statistic = float(values @ np.linalg.pinv(part) @ values)
    return float(stats.chi2.sf(statistic, len(before)))


def _naive(panel: Panel) -> Interval | None:
    """Return the mean change of supported firms from the years before to those after, whatever became of others."""
    changes = []
    for firm in np.flatnonzero(panel.treated_from > 0):
        after = panel.years >= panel.treated_from[firm]
        if after.any() and (~after).any():
            changes.append(panel.outcome[firm, after].mean() - panel.outcome[firm, ~after].mean())
    return _mean(np.array(changes)) if len(changes) > 1 else None


def _mean(values: Floats) -> Interval:
    centre, error = float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))
    return Interval(centre, centre - 1.96 * error, centre + 1.96 * error)


def _features(panel: Panel) -> Floats:
    """Return what firms are compared by, of the first year, each centred and scaled; shape ``(firms, 1 + k)``."""
    columns = [panel.outcome[:, 0], *(values[:, 0] for values in panel.covariates.values())]
    stacked = np.stack(columns, axis=1)
    spread = stacked.std(axis=0)
    return np.asarray((stacked - stacked.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def _propensity(panel: Panel) -> Floats:
    """Return each firm's probability of being supported, by a logistic regression on ``_features``."""
    features = _features(panel)
    design = np.column_stack([np.ones(panel.firms), features])
    try:
        weights, _ = fit_logistic(design, (panel.treated_from > 0).astype(np.float64))
    except NoMaximumError:  # the two groups do not overlap at all
        return (panel.treated_from > 0).astype(np.float64)
    return np.asarray(1.0 / (1.0 + np.exp(-design @ weights)))


def _matched(panel: Panel, score: Floats) -> tuple[Interval | None, tuple[Balance, ...]]:
    """Return the mean difference in change between supported firms and their nearest others, and how alike they are."""
    supported, others = np.flatnonzero(panel.treated_from > 0), np.flatnonzero(panel.treated_from == 0)
    order = others[np.argsort(score[others], kind="stable")]
    place = np.clip(np.searchsorted(score[order], score[supported]), 1, len(order) - 1)
    below, above = order[place - 1], order[place]
    nearer = np.abs(score[below] - score[supported]) <= np.abs(score[above] - score[supported])
    partner = np.where(nearer, below, above)
    differences = []
    for firm, other in zip(supported, partner, strict=True):
        after = panel.years >= panel.treated_from[firm]
        if after.any() and (~after).any():
            own = panel.outcome[firm, after].mean() - panel.outcome[firm, ~after].mean()
            like = panel.outcome[other, after].mean() - panel.outcome[other, ~after].mean()
            differences.append(own - like)
    names = ("outcome", *panel.covariates)
    features = _features(panel)
    balance = tuple(
        Balance(
            name,
            _apart(features[supported, k], features[others, k]),
            _apart(features[supported, k], features[partner, k]),
        )
        for k, name in enumerate(names)
    )
    return (_mean(np.array(differences)) if len(differences) > 1 else None), balance


def _apart(a: Floats, b: Floats) -> float:
    spread = np.sqrt((a.var() + b.var()) / 2)
    return float((a.mean() - b.mean()) / spread) if spread > 0 else 0.0
