"""The meanings of "high growth" and "sustainable growth" as versioned definitions (``catalogue/outcomes.yaml``).

A trained model keeps the names of the definitions it was trained by; where none is named, the default of the catalogue
is meant (why it is the default: docs/decisions/0010).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ktop.catalogue import load
from ktop.domain.company.outcomes import (
    SIZE_FACTOR_V1,
    Column,
    Retention,
    SizeFactor,
    agr,
    as_floats,
    mean_of_years,
    mean_sgr,
    positive,
)

#: The kinds of outcomes that have definitions.
Kind = Literal["growth", "sustainable"]


@dataclass(frozen=True, slots=True)
class GrowthDefinition:
    """One meaning of "growth per year over the horizon"; see ``catalogue/outcomes.yaml`` for its parts."""

    name: str
    mean: Literal["arithmetic", "compound"]
    fallen_to_zero: Literal["unknown", "counts"]
    scaled: Literal["all", "rises", "none"]
    factor: SizeFactor = SIZE_FACTOR_V1


@dataclass(frozen=True, slots=True)
class SustainableDefinition:
    """One meaning of "sustainable growth over the horizon"; see ``catalogue/outcomes.yaml`` for its parts."""

    name: str
    used_up: Literal["unknown", "not_reached"]
    retention: Literal["within_income", "as_paid"]
    thin_equity: float


def definition_names(kind: Kind) -> tuple[str, ...]:
    """Return the names of all definitions of a kind of outcome."""
    return tuple(load("outcomes")[kind]["definitions"])


def default_definition(kind: Kind) -> str:
    """Return the definition meant where none is named."""
    return str(load("outcomes")[kind]["default"])


def first_definition(kind: Kind) -> str:
    """Return the definition that models were trained by before definitions had names."""
    return str(load("outcomes")[kind]["first"])


@functools.cache
def growth_definition(name: str | None = None) -> GrowthDefinition:
    """Return a definition of growth by name, the default one for None. Raises ``KeyError`` for an unknown name."""
    chosen = name or default_definition("growth")
    entry = load("outcomes")["growth"]["definitions"][chosen]
    return GrowthDefinition(chosen, entry["mean"], entry["fallen_to_zero"], entry["scaled"])


@functools.cache
def sustainable_definition(name: str | None = None) -> SustainableDefinition:
    """Return a definition of sustainable growth by name; see ``growth_definition``."""
    chosen = name or default_definition("sustainable")
    entry = load("outcomes")["sustainable"]["definitions"][chosen]
    return SustainableDefinition(chosen, entry["used_up"], entry["retention"], float(entry["thin_equity"]))


def growth_per_year(sales: npt.ArrayLike, reference_medians: npt.ArrayLike, definition: GrowthDefinition) -> Column:
    """Return the scale-adjusted growth per year over the horizon, by a definition.

    Parameters
    ----------
    sales, reference_medians : as for ``mean_sagr``.

    Missing where sales of a year it rests on are missing (compound: of the first or last year) or the base year had
    none. Sales that fell to nothing are a fall of 100 %, and a year that starts from nothing adds no growth, unless the
    definition leaves such firms out.
    """
    figures = as_floats(sales)
    if definition.fallen_to_zero == "unknown":
        rates = agr(figures[:, 1:], figures[:, :-1])
        return mean_of_years(_scaled(rates, definition.factor(figures[:, :-1], reference_medians), definition))
    figures = np.maximum(figures, 0.0)
    base = positive(figures[:, :1])
    medians = np.broadcast_to(as_floats(reference_medians), (len(figures), figures.shape[1] - 1))
    if definition.mean == "compound":
        rates = (figures[:, -1:] / base) ** (1.0 / (figures.shape[1] - 1)) - 1
        return mean_of_years(_scaled(rates, definition.factor(figures[:, :1], medians[:, :1]), definition))
    from_nothing = figures[:, :-1] == 0
    rates = np.where(from_nothing, 0.0, agr(figures[:, 1:], figures[:, :-1]))
    rates = np.where(np.isnan(base) | np.isnan(figures[:, 1:]), np.nan, rates)
    factors = np.where(from_nothing, 1.0, definition.factor(figures[:, :-1], medians))
    return mean_of_years(_scaled(rates, factors, definition))


def _scaled(rates: Column, factors: Column, definition: GrowthDefinition) -> Column:
    if definition.scaled == "none":
        return rates
    if definition.scaled == "all":
        return rates * factors
    return np.where(rates > 0, rates * factors, rates)


def sustainable_growth_per_year(
    net_income: npt.ArrayLike,
    sales: npt.ArrayLike,
    total_assets: npt.ArrayLike,
    equity: npt.ArrayLike,
    dividends: npt.ArrayLike | None,
    definition: SustainableDefinition,
) -> Column:
    """Return the mean sustainable growth rate over the horizon on opening equity, by a definition.

    Parameters
    ----------
    net_income, sales, total_assets, dividends, equity : as for ``mean_sgr``; dividends None: everything is retained.

    Missing where any figure is. Where equity was used up at the start of any year, -1 (or missing, if the definition
    leaves such firms out).
    """
    if definition.used_up == "unknown":
        retention: Retention = "full" if dividends is None else "dividends"
        return mean_sgr(net_income, sales, total_assets, equity, dividends, retention)
    income, assets, opening = as_floats(net_income), as_floats(total_assets), as_floats(equity)[:, :-1]
    paid = np.zeros_like(income) if dividends is None else as_floats(dividends)
    # Margin x retention x turnover x leverage with nothing to divide by but equity: sales may have fallen to nothing.
    rates = (income - paid) / positive(opening)
    rates = np.where(opening <= definition.thin_equity * assets, np.minimum(rates, 0.0), rates)
    known = ~np.isnan(income + paid + assets + as_floats(sales) + opening).any(axis=1)
    used_up = (opening <= 0).any(axis=1)
    return np.where(known, np.where(used_up, -1.0, mean_of_years(rates)), np.nan)
