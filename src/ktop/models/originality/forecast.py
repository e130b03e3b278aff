"""How many similar patents will be filed in the next years: a damped trend with the band it deserves.

The share of similar patents among all filings of a year is the thing that trends; filings as such rise and fall with
the corpus, and young years are incomplete for all patents alike. The log of that share has a level and a slope, fitted
by Poisson regression with all filings of the year as exposure (Cameron and Trivedi 2013), a prior that pulls the slope
towards none, and older years counting less. Ahead, the slope is damped (Gardner and McKenzie 1985). The band joins the
uncertainty of both parameters, a walk of the level from year to year, and negative binomial noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ktop.kernel.arrays import Floats

#: Share of future years that the band is meant to hold.
LEVEL = 0.80
HORIZON = 3
#: Years that a trend is read from, and the fewest with any filings at all.
WINDOW = 12
FEWEST_YEARS = 5
FEWEST_PATENTS = 15
#: Standard deviation of the slope of the log share before anything is seen, per year.
SLOPE_PRIOR = 0.06
#: Each year back counts this much less; each year ahead keeps this much of the slope.
DISCOUNT = 0.85
DAMPING = 0.6
#: Standard deviation of the yearly step of the log share; chosen with the three above by a backtest (see the docs).
WALK = 0.05
_DRAWS = 4000
_SEED = 20241103
_ROUNDS = 50
_RIDGE = 1e-6


@dataclass(frozen=True, slots=True)
class Forecast:
    """Expected filings a year with the band; arrays of length ``HORIZON``.

    Parameters
    ----------
    years : the years ahead, the first after the last complete one.
    mean, low, high : filings, >= 0; ``low`` to ``high`` holds ``LEVEL`` of what may come.
    slope : yearly growth of the share now, as a rate (0.1 = 10 % a year).
    exposure : all filings of a year that the counts are for: the mean of the last three complete years.
    """

    years: tuple[int, ...]
    mean: Floats
    low: Floats
    high: Floats
    slope: float
    exposure: float

    def to_json(self) -> dict[str, Any]:
        """Return JSON types."""
        years = zip(self.years, self.mean, self.low, self.high, strict=True)
        return {
            "level": LEVEL,
            "growth": self.slope,
            "all_patents": self.exposure,
            "years": [
                {"year": year, "count": float(mean), "low": int(low), "high": int(high)}
                for year, mean, low, high in years
            ],
        }


def forecast(years: Floats, counts: Floats, exposure: Floats, ahead: Floats | None = None) -> Forecast | None:
    """Return the forecast from complete years, None where there is too little to tell.

    Parameters
    ----------
    years, counts, exposure : consecutive complete years, similar filings and all filings of each.
    ahead : all filings of the coming years where they are known (for testing); by default the mean of the last three.
    """
    used = slice(max(0, len(years) - WINDOW), None)
    year, y, n = years[used].astype(float), counts[used].astype(float), exposure[used].astype(float)
    filled = n > 0
    if np.count_nonzero(filled) < FEWEST_YEARS or y.sum() < FEWEST_PATENTS or not filled[-1]:
        return None
    coming = np.full(HORIZON, n[-3:].mean()) if ahead is None else ahead
    x = np.column_stack([np.ones(len(year)), year - year[-1]])[filled]
    weight = DISCOUNT ** (year[-1] - year[filled])
    beta, covariance, dispersion = _fit(x, y[filled], n[filled], weight)
    generator = np.random.default_rng(_SEED)
    drawn = generator.multivariate_normal(beta, covariance, _DRAWS, method="cholesky")
    steps = np.cumsum(DAMPING ** np.arange(1, HORIZON + 1))
    walk = np.cumsum(generator.normal(0.0, WALK, (_DRAWS, HORIZON)), axis=1)
    rate = np.exp(np.clip(drawn[:, :1] + drawn[:, 1:] * steps + walk, -40.0, 5.0)) * coming
    if dispersion > 1.0:  # gamma mixture of Poissons with variance dispersion x mean
        scale = dispersion - 1.0
        rate = generator.gamma(np.maximum(rate / scale, 1e-12), scale)
    outcome = generator.poisson(np.minimum(rate, 1e9))
    low, high = np.quantile(outcome, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0, method="nearest")
    return Forecast(
        years=tuple(int(year[-1]) + h for h in range(1, HORIZON + 1)),
        mean=np.exp(beta[0] + beta[1] * steps) * coming,
        low=low,
        high=high,
        slope=float(np.expm1(beta[1])),
        exposure=float(coming.mean()),
    )


def _fit(x: Floats, y: Floats, n: Floats, weight: Floats) -> tuple[Floats, Floats, float]:
    """Return level and slope at the last year, their covariance, and the dispersion (variance over mean, 1 or more)."""
    beta = np.array([np.log((y.sum() + 0.5) / n.sum()), 0.0])
    prior = np.diag([_RIDGE, SLOPE_PRIOR**-2])
    for _ in range(_ROUNDS):
        mean = np.exp(x @ beta) * n
        information = x.T @ (x * (weight * mean)[:, None]) + prior
        step = np.linalg.solve(information, x.T @ (weight * (y - mean)) - prior @ beta)
        beta = beta + np.clip(step, -2.0, 2.0)
        if float(np.abs(step).max()) < 1e-10:
            break
    mean = np.exp(x @ beta) * n
    freedom = max(float(weight.sum()) - 2.0, 1.0)
    dispersion = max(1.0, float((weight * (y - mean) ** 2 / np.maximum(mean, 0.1)).sum()) / freedom)
    information = x.T @ (x * (weight * mean)[:, None])
    return beta, np.linalg.inv(information / dispersion + prior), dispersion
