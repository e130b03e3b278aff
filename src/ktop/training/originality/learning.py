"""Learns how much each measure counts from what happened later: sign-constrained, additive, in strict order of time.

For each outcome a logistic regression on the measures' signed logits (mid-ranks among patents of the same filing year),
with an intercept a year, coefficients held at or above zero and drawn towards the catalogue's start weights (ridge,
Hoerl and Kennard 1970; the sign constraint keeps every measure's direction, as in monotone scorecards). The outcomes'
coefficients, each set scaled to add up to 1, are averaged with the catalogue's shares of the outcomes. What wordings of
one technology do not agree on then loses weight (``wording.steadied``). The result is one weight per measure: nothing
else is needed to rate, and every part stays exact.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ktop.kernel.arrays import Booleans, Floats, Integers
from ktop.models.originality.definitions import TRAITS, measures, rules
from ktop.models.originality.reference_distribution import bounded_logits
from ktop.models.originality.weights import Weights, released, start
from ktop.training.originality.outcomes import FEWEST_IN_GROUP, OUTCOMES
from ktop.training.originality.ranking import mean_rank
from ktop.training.originality.wording_noise import steadied

#: Strengths of the pull towards the start weights that are tried.
RIDGES = (0.003, 0.01, 0.03, 0.1, 0.3)
#: Sum of the coefficients that the pull leads to; 0.3 foresaw later years better than 1 (docs/methods/originality.md).
_START_SCALE = 0.3
#: Years that the pull is chosen on, each by a fit on the years before it.
_ORIGINS = 3
_STEPS = 300


@dataclass(frozen=True, slots=True)
class Learned:
    """Weights and how they came about.

    Parameters
    ----------
    weights : one per measure.
    events : outcome → patents that reached it, of those learned from.
    ridges : outcome → strength of the pull that did best on later years.
    kept : outcomes whose coefficients are the released ones, for want of events.
    """

    weights: Weights
    events: Mapping[str, int]
    ridges: Mapping[str, float]
    kept: tuple[str, ...]


def signed_logits(values: Floats, years: Integers, drawn: Booleans) -> Floats:
    """Return signed logits of mid-ranks within the filing year, shape as ``values`` (n, m); 0 where missing.

    ``drawn`` are the rows drawn by chance that ranks are counted among. Years with fewer than twenty give zeros.
    """
    signs = np.array([measure.sign for measure in measures()], dtype=np.float64)
    signed = np.zeros(values.shape)
    for year in np.unique(years):
        inside = years == year
        for j in range(values.shape[1]):
            known = inside & ~np.isnan(values[:, j])
            ruler = np.sort(values[known & drawn, j])
            if len(ruler) < FEWEST_IN_GROUP or ruler[0] == ruler[-1]:
                continue
            below = np.searchsorted(ruler, values[known, j], side="left")
            through = np.searchsorted(ruler, values[known, j], side="right")
            level = ((below + through) / 2.0 + 0.5) / (len(ruler) + 1.0)
            signed[known, j] = signs[j] * bounded_logits(level)
    return signed


def learn(
    logits: Floats,
    years: Integers,
    outcomes: Mapping[str, Floats],
    about: Mapping[str, object] | None = None,
    *,
    ridges: Sequence[float] | Mapping[str, float] = RIDGES,
    noise: Floats | None = None,
) -> Learned:
    """Return weights learned from patents of the past.

    Parameters
    ----------
    logits : (n, m) from ``signed_logits``, columns in the catalogue's order.
    years : (n,) filing years.
    outcomes : outcome → (n,) 1, 0 or NaN (unknown); see ``outcomes_of``.
    about : what the weights file says of the data.
    ridges : strengths of the pull to choose from, or the strength for each outcome.
    noise : (m, m) covariance of the logits' error between wordings of one technology; not reckoned with where None.

    An outcome that fewer than ``learning.fewest_events`` patents reached keeps the released weights.
    """
    settings = rules("learning")
    first = np.array([start().shares[measure.name] for measure in measures()])
    fallback = np.array([released().shares[measure.name] for measure in measures()])
    total, held = np.zeros(len(first)), np.zeros(len(first))
    events: dict[str, int] = {}
    chosen: dict[str, float] = {}
    kept_released: list[str] = []
    for name in OUTCOMES:
        y = outcomes[name]
        known = ~np.isnan(y)
        events[name] = int(y[known].sum())
        if events[name] < settings["fewest_events"]:
            kept_released.append(name)
            held += settings["outcomes"][name] * fallback
            continue
        if isinstance(ridges, Mapping):
            chosen[name] = ridges[name]
        else:
            chosen[name] = choose_ridge(logits[known], y[known], years[known], first, ridges)
        coefficients = fit(logits[known], y[known], years[known], chosen[name], first)
        share = coefficients.sum()
        total += settings["outcomes"][name] * (coefficients / share if share > 0.0 else first)
    if noise is not None and total.any():
        spread = np.cov(logits, rowvar=False)
        for trait in TRAITS:  # each by itself, so that no trait stands in for another
            own = np.flatnonzero([measure.trait == trait for measure in measures()])
            square = np.ix_(own, own)
            total[own] = steadied(total[own], spread[square], settings["noise"] * noise[square])
    total = total + held
    shares = {measure.name: float(weight) for measure, weight in zip(measures(), _rounded(total), strict=True)}
    described = dict(about or {}) | {
        "patents": len(logits),
        "years": [int(years.min()), int(years.max())],
        "events": events,
        "ridge": chosen,
        "kept_released": kept_released,
        "fingerprint": fingerprint(logits, years, outcomes),
    }
    return Learned(Weights(shares, described), events, chosen, tuple(kept_released))


def fit(logits: Floats, y: Floats, years: Integers, ridge: float, first: Floats) -> Floats:
    """Return coefficients at or above zero, shape (m,), of a logistic regression with an intercept for each year.

    Minimises mean log loss + ridge x sum of (coefficient - start)^2; ``first`` are the start weights, adding up to 1.
    """
    return fit_with_years(logits, y, years, ridge, first)[0]


def fit_with_years(
    logits: Floats, y: Floats, years: Integers, ridge: float, first: Floats
) -> tuple[Floats, dict[int, float]]:
    """Return what ``fit`` does and each year's intercept."""
    from scipy.optimize import minimize

    m = logits.shape[1]
    known_years, place = np.unique(years, return_inverse=True)
    begin = _START_SCALE * first

    def loss(point: Floats) -> tuple[float, Floats]:
        z = logits @ point[:m] + point[m:][place]
        away = point[:m] - begin
        value = float(np.mean(np.logaddexp(0.0, z) - y * z) + ridge * (away @ away))
        error = (1.0 / (1.0 + np.exp(-z)) - y) / len(y)
        slope = np.concatenate(
            [error @ logits + 2.0 * ridge * away, np.bincount(place, weights=error, minlength=len(known_years))]
        )
        return value, slope

    rate = float(np.clip(y.mean(), 1e-4, 1.0 - 1e-4))
    opening = np.concatenate([begin, np.full(len(known_years), np.log(rate / (1.0 - rate)))])
    # a measure that learning starts from without any weight belongs to former versions
    bounds = [(0.0, None if share > 0.0 else 0.0) for share in first] + [(-15.0, 15.0)] * len(known_years)
    optimum = minimize(loss, opening, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": _STEPS})
    coefficients: Floats = np.asarray(optimum.x[:m], dtype=np.float64)
    return coefficients, dict(zip(known_years.tolist(), optimum.x[m:].tolist(), strict=True))


def choose_ridge(logits: Floats, y: Floats, years: Integers, first: Floats, ridges: Sequence[float]) -> float:
    """Return the strongest pull that ranks later years nearly best: rolling origin, the last three years one by one.

    Nearly is within one standard error of the best (the one-standard-error rule of Breiman, Friedman, Olshen and Stone
    1984), that of a share of the events that there are.
    """
    if len(ridges) == 1:
        return float(ridges[0])
    scores, events = np.zeros(len(ridges)), 0.0
    for year in np.unique(years)[1:][-_ORIGINS:]:
        before, then = years < year, years == year
        if not 0 < y[then].sum() < then.sum() or y[before].sum() < 1:
            continue
        for k, ridge in enumerate(ridges):
            z = logits[then] @ fit(logits[before], y[before], years[before], ridge, first)
            scores[k] += y[then].sum() * mean_rank(y[then], z)
        events += float(y[then].sum())
    best = float(scores.max() / max(events, 1.0))
    error = math.sqrt(best * (1.0 - best) / max(events, 1.0))
    # no evidence at all leaves the start weights alone
    good = np.flatnonzero(scores / max(events, 1.0) >= best - error - 1e-12)
    return float(max(np.asarray(ridges)[good]))


def fingerprint(logits: Floats, years: Integers, outcomes: Mapping[str, Floats]) -> str:
    """Return sixteen hexadecimal digits that name exactly the data learned from."""
    content = hashlib.sha256()
    for part in (logits, years, *(outcomes[name] for name in OUTCOMES)):
        content.update(np.ascontiguousarray(np.nan_to_num(part, nan=-9.0), dtype=np.float64).tobytes())
    return content.hexdigest()[:16]


def _rounded(total: Floats) -> Floats:
    """Return weights with six decimals that add up to 1 exactly: what a file shows is what counts."""
    scaled = np.floor(total / total.sum() * 1e6)
    scaled[int(np.argmax(scaled))] += 1e6 - scaled.sum()
    weights: Floats = scaled / 1e6
    return weights
