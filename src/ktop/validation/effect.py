"""What a support programme has brought about: staggered difference-in-differences, and a second opinion by matching.

The main figure is the doubly robust estimator of Callaway and Sant'Anna (Journal of Econometrics 225, 2021), by the
package diff-diff, against firms that were never supported. The second opinion pairs each supported firm with the
nearest unsupported one by the propensity score of the first year (Rosenbaum and Rubin, Biometrika 70, 1983) and
compares how both changed. Where firms are too few, not comparable, or moved apart before support began, there is no
figure.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from ktop.kernel.arrays import Floats
from ktop.validation.logistic import NoMaximumError, fit_logistic
from ktop.validation.panel import Interval, Panel
from ktop.validation.staggered import EventYear, Pretrend, Sensitivity, event_study

__all__ = ["Balance", "Effect", "Interval", "Panel", "estimate_effect"]

#: Fewest supported firms, and fewest never supported ones, that an effect is estimated for.
FEWEST_FIRMS = 30
#: Supported firms whose like is hardly found among others may be at most this share.
MOST_WITHOUT_LIKE = 0.2
_LIKE_RANGE = (0.02, 0.98)
#: Below this probability of chance, by either test of the years before support, they are taken to differ. Both tests
#: together refuse 1 to 2 of 100 analyses of groups that moved alike, and as many of those that drift apart as one joint
#: test at 5 % (docs/programmes.md): chance passing for a difference is no reason to say nothing.
PRETREND_LEVEL = 0.01
#: Below this one the reader is told that the years before hint at a difference; the bounds stand beside the figure.
HINT_LEVEL = 0.05

Refusal: TypeAlias = Literal["few_supported", "few_others", "no_years_before", "not_comparable", "pretrend"]


@dataclass(frozen=True, slots=True)
class Balance:
    """How far apart supported and other firms stand in one covariate, in standard deviations (Austin 2009)."""

    covariate: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Effect:
    """What was found; ``att`` is None where ``refused`` says why there is no figure.

    ``naive`` is the mean change of supported firms from before to after, without any comparison.
    """

    att: Interval | None
    by_event_time: tuple[EventYear, ...]
    pretrend: Pretrend | None
    sensitivity: Sensitivity | None
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
    nothing = Effect(None, (), None, None, None, (), _naive(panel), with_support, without, None)
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
    study = event_study(panel)
    pretrend = study.pretrend
    found = dataclasses.replace(
        known,
        att=study.att,
        by_event_time=study.by_year,
        pretrend=pretrend,
        sensitivity=study.sensitivity,
        notes=study.notes,
    )
    if pretrend is None:
        return dataclasses.replace(found, notes=(*found.notes, "no_pretrend"))
    if pretrend.differs(PRETREND_LEVEL):
        return _refused(found, "pretrend")
    if pretrend.differs(HINT_LEVEL):
        return dataclasses.replace(found, notes=(*found.notes, "pretrend_hint"))
    return found


def _refused(effect: Effect, why: Refusal) -> Effect:
    return dataclasses.replace(effect, att=None, refused=why)


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
