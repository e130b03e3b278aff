"""Who the synthetic firms are: survey frame, base year, industry, region, age, staff and sales of the base year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ktop.training.reference.draw import Streams, class_quantile
from ktop.training.reference.parameters import Array, linear, parameters


@dataclass(frozen=True, slots=True)
class Firms:
    """The firms' fixed traits, one entry per firm.

    ``industry`` indexes the catalogue's industry table; ``age_years`` is the age at the end of the base year;
    ``variables`` holds what later stages use in their linear predictors (technology level, ln_staff = ln(staff / 20),
    ln_age = ln(age / 10), venture and service as 0/1).
    """

    n: int
    venture: Array
    base_year: Array
    industry: Array
    region: Array
    age_years: Array
    staff_total: Array
    variables: dict[str, Array]

    def industry_values(self, column: str) -> Array:
        """Return a column of the industry table for every firm."""
        return np.array([row[column] for row in parameters("industries")])[self.industry]


def _choice(rng: np.random.Generator, shares: Array, n: int) -> Array:
    return np.searchsorted(np.cumsum(shares) / shares.sum(), rng.random(n), side="right").clip(0, len(shares) - 1)


def draw_firms(streams: Streams) -> Firms:
    """Draw the firms: frame, base year, industry, region, and age and staff with the catalogue's class shares."""
    rng = streams.stage("population")
    n = streams.firms
    venture = rng.random(n) < parameters("frames")["venture"]["share"]
    years = parameters("base_years")
    base_year = np.array(list(years))[_choice(rng, np.array(list(years.values())), n)]
    table = parameters("industries")
    industry = np.where(
        venture,
        _choice(rng, np.array([row["venture"] for row in table]), n),
        _choice(rng, np.array([row["survey"] for row in table]), n),
    )
    regions = parameters("regions")
    region = np.array(list(regions), dtype=object)[_choice(rng, np.array(list(regions.values())), n)]

    rho = parameters("age_staff_correlation")
    older = rng.standard_normal(n)
    larger = rho * older + np.sqrt(1.0 - rho * rho) * rng.standard_normal(n)
    age, staff = np.empty(n), np.empty(n)
    for frame, chosen in (("survey", ~venture), ("venture", venture)):
        age[chosen] = class_quantile(_uniform(older[chosen]), **parameters("age_years")[frame])
        staff[chosen] = np.floor(class_quantile(_uniform(larger[chosen]), **parameters("staff_total")[frame]))
    service = np.array([row["ksic"][0] != "C" for row in table])[industry]
    variables = {
        "technology": np.array([row["technology"] for row in table])[industry],
        "ln_staff": np.log(staff / 20.0),
        "ln_age": np.log(age / 10.0),
        "venture": venture.astype(float),
        "service": service.astype(float),
    }
    return Firms(n, venture, base_year, industry, region, age, staff, variables)


def _uniform(normal: Array) -> Array:
    """Return the ranks of the draws scaled into (0, 1): class shares are then met exactly, whatever the seed."""
    ranks = np.empty(len(normal))
    ranks[np.argsort(normal, kind="stable")] = np.arange(len(normal))
    return (ranks + 0.5) / max(len(normal), 1)


def draw_sales(firms: Firms, streams: Streams, variables: dict[str, Array]) -> Array:
    """Return the sales of the base year in KRW: staff times sales per head of the industry, log-normal around it."""
    rng = streams.stage("sales")
    spec = parameters("sales_per_head")
    deviation = linear(spec["level"], variables) + rng.normal(0.0, spec["noise_sd"], firms.n)
    sales: Array = firms.staff_total * firms.industry_values("per_head") * 1e6 * np.exp(deviation)
    return sales
