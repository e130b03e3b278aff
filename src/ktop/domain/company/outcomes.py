"""What the models predict: scale-adjusted growth (SAGR), sustainable growth (SGR) and failure, and their targets.

The public description names SAGR and SGR and their thresholds but not the size factor, the kind of mean, the retention
used or the treatment of gaps. Each of these is a named parameter here, and ``outcome_definitions`` gathers them into
versioned definitions, so that a figure can always say which one gave it. Rates are fractions (0.2 is 20 %). NaN is a
missing outcome; missing is never "no".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.float64]

#: Years over which an outcome is observed after the base year.
HORIZON_YEARS = 3
#: Mean SAGR from which a firm counts as high growth (public announcement of 2024-11-03).
HIGH_GROWTH_SAGR = 0.20
#: Mean SGR from which growth counts as sustainable (same source).
SUSTAINABLE_GROWTH_SGR = 0.10

#: "dividends": retention = 1 - dividends / net income. "full": everything is retained.
Retention = Literal["dividends", "full"]
#: "opening": equity at the start of the year (Higgins 1977). "closing": equity at its end.
EquityBasis = Literal["opening", "closing"]


@dataclass(frozen=True, slots=True)
class SizeFactor:
    """The firm-size factor that takes the small-base bias out of a growth rate: (sales / median)^exponent, clipped.

    Parameters
    ----------
    name : stated with every result that uses it.
    exponent : 0 leaves growth as it is; larger values mark small firms down more.
    low, high : bounds of the factor.
    """

    name: str
    exponent: float
    low: float
    high: float

    def __call__(self, sales: npt.ArrayLike, reference_median: npt.ArrayLike) -> Column:
        """Return the factor of each firm; see ``size_factor``."""
        return size_factor(sales, reference_median, self.exponent, self.low, self.high)


#: Exponent 0.10 brought the share of high-growth firms in the smallest and largest sales decile of a listed-firm panel
#: from 47 and 7 % to 38 and 16 %. A reconstruction: the factor of the public service is not published.
SIZE_FACTOR_V1 = SizeFactor(name="size-factor-1", exponent=0.10, low=0.6, high=1.6)


def as_floats(values: npt.ArrayLike) -> Column:
    """Return values as float64."""
    return np.asarray(values, dtype=np.float64)


def positive(values: Column) -> Column:
    """Keep values above zero; everything else cannot be a base and becomes missing."""
    return np.where(values > 0, values, np.nan)


def mean_of_years(rates: Column) -> Column:
    """Return the mean of each row's yearly rates, shape ``(n, years)``, missing where one is."""
    means: Column = rates.mean(axis=1)
    return means


def agr(sales: npt.ArrayLike, sales_before: npt.ArrayLike) -> Column:
    """Return the annual sales growth rate, ``sales / sales_before - 1``, at least -1.

    Missing where either year is missing or the earlier sales are not above zero. Shapes broadcast.
    """
    return as_floats(sales) / positive(as_floats(sales_before)) - 1


def size_factor(
    sales: npt.ArrayLike,
    reference_median: npt.ArrayLike,
    exponent: float = SIZE_FACTOR_V1.exponent,
    low: float = SIZE_FACTOR_V1.low,
    high: float = SIZE_FACTOR_V1.high,
) -> Column:
    """Return ``(sales / reference_median) ** exponent`` clipped to ``[low, high]``.

    Parameters
    ----------
    sales : sales of the year growth starts from, any currency.
    reference_median : median sales of the reference firms in that year, same currency.
    """
    ratio = positive(as_floats(sales)) / positive(as_floats(reference_median))
    return np.clip(ratio**exponent, low, high)


def sagr(
    sales: npt.ArrayLike,
    sales_before: npt.ArrayLike,
    reference_median: npt.ArrayLike,
    factor: SizeFactor = SIZE_FACTOR_V1,
) -> Column:
    """Return the scale-adjusted growth rate (규모보정성장률): AGR times the size factor of the earlier year's sales."""
    return agr(sales, sales_before) * factor(sales_before, reference_median)


def mean_sagr(sales: npt.ArrayLike, reference_medians: npt.ArrayLike, factor: SizeFactor = SIZE_FACTOR_V1) -> Column:
    """Return the mean SAGR over consecutive years.

    Parameters
    ----------
    sales : shape ``(n, h + 1)``, base year first, then the h years after it (h is ``HORIZON_YEARS`` for the targets).
    reference_medians : median sales of the reference firms in the first h of these years, shape ``(h,)`` or ``(n, h)``.

    Missing where any of the h growth rates is.
    """
    figures = as_floats(sales)
    return mean_of_years(sagr(figures[:, 1:], figures[:, :-1], reference_medians, factor))


@dataclass(frozen=True, slots=True)
class SgrParts:
    """The four parts whose product is the sustainable growth rate; columns of equal shape."""

    net_margin: Column
    retention: Column
    asset_turnover: Column
    leverage: Column

    @property
    def sgr(self) -> Column:
        """Net margin x retention x asset turnover x financial leverage."""
        return self.net_margin * self.retention * self.asset_turnover * self.leverage


def sgr_parts(
    net_income: npt.ArrayLike,
    sales: npt.ArrayLike,
    total_assets: npt.ArrayLike,
    equity: npt.ArrayLike,
    dividends: npt.ArrayLike | None = None,
    retention: Retention = "dividends",
) -> SgrParts:
    """Return the parts of the sustainable growth rate (지속가능성장률; Higgins 1977).

    Parameters
    ----------
    net_income, sales, dividends : flows of the year.
    total_assets : at the end of the year.
    equity : opening equity for the usual definition, closing equity where a source has nothing else.
    retention : "dividends" is 1 - dividends / net income within [0, 1]; a loss retains everything, so it counts in
        full. Missing dividends are missing. "full" is 1 and needs no dividends.

    A part is missing where its denominator is not above zero: a firm without sales or with its capital used up has no
    sustainable growth rate.
    """
    income = as_floats(net_income)
    if retention == "full":
        kept = np.ones_like(income)
    else:
        if dividends is None:
            raise ValueError("retention 'dividends' needs the dividends column")
        paid = as_floats(dividends)
        kept = np.where(
            income > 0, np.clip(1 - paid / positive(income), 0.0, 1.0), np.where(np.isnan(paid), np.nan, 1.0)
        )
        kept = np.where(np.isnan(income), np.nan, kept)
    return SgrParts(
        net_margin=income / positive(as_floats(sales)),
        retention=kept,
        asset_turnover=as_floats(sales) / positive(as_floats(total_assets)),
        leverage=as_floats(total_assets) / positive(as_floats(equity)),
    )


def sgr(
    net_income: npt.ArrayLike,
    sales: npt.ArrayLike,
    total_assets: npt.ArrayLike,
    equity: npt.ArrayLike,
    dividends: npt.ArrayLike | None = None,
    retention: Retention = "dividends",
) -> Column:
    """Return the sustainable growth rate: net margin x retention x asset turnover x leverage; see ``sgr_parts``."""
    return sgr_parts(net_income, sales, total_assets, equity, dividends, retention).sgr


def mean_sgr(
    net_income: npt.ArrayLike,
    sales: npt.ArrayLike,
    total_assets: npt.ArrayLike,
    equity: npt.ArrayLike,
    dividends: npt.ArrayLike | None = None,
    retention: Retention = "dividends",
    basis: EquityBasis = "opening",
) -> Column:
    """Return the mean SGR over h years.

    Parameters
    ----------
    net_income, sales, total_assets, dividends : shape ``(n, h)``, the h years in order.
    equity : shape ``(n, h + 1)``, the base year before the first of them first.
    basis : which year's equity stands below: "opening" or "closing".

    Missing where any year is.
    """
    stock = as_floats(equity)
    used = stock[:, :-1] if basis == "opening" else stock[:, 1:]
    return mean_of_years(sgr(net_income, sales, total_assets, used, dividends, retention))


def reached(measure: Column, threshold: float) -> Column:
    """Return 1 where a measure is at least ``threshold``, else 0, missing where it is missing."""
    return np.where(np.isnan(measure), np.nan, (measure >= threshold).astype(np.float64))


def high_growth(mean_sagr_3y: npt.ArrayLike, failed: npt.ArrayLike | None = None) -> Column:
    """Return the target high growth: 1 where the mean SAGR of three years is at least 20 %, else 0, missing if unknown.

    ``failed`` (1 where the firm failed within the horizon) turns an unknown outcome of a failed firm into 0: it did not
    grow, and leaving it out would flatter the risky.
    """
    outcome = reached(as_floats(mean_sagr_3y), HIGH_GROWTH_SAGR)
    return outcome if failed is None else np.where(np.isnan(outcome) & (as_floats(failed) == 1), 0.0, outcome)


def sustainable_growth(mean_sgr_3y: npt.ArrayLike, failed: npt.ArrayLike | None = None) -> Column:
    """Return the target sustainable growth: 1 where the mean SGR of three years is at least 10 %.

    ``failed`` as in ``high_growth``.
    """
    outcome = reached(as_floats(mean_sgr_3y), SUSTAINABLE_GROWTH_SGR)
    return outcome if failed is None else np.where(np.isnan(outcome) & (as_floats(failed) == 1), 0.0, outcome)


def failure_within(
    base_year: npt.ArrayLike,
    failure_year: npt.ArrayLike,
    last_observed_year: npt.ArrayLike,
    years: int = HORIZON_YEARS,
) -> Column:
    """Return the target failure (부실): 1 where the firm failed within ``years`` after the base year, else 0.

    Parameters
    ----------
    base_year : year the rating stands on.
    failure_year : year of default, bankruptcy or closure; NaN where none is known.
    last_observed_year : last year the firm is known to have been alive.

    A firm that leaves sight before the horizon without a known failure is censored: missing, neither 0 nor 1. So is a
    firm that had failed by the base year.
    """
    base, event, seen = as_floats(base_year), as_floats(failure_year), as_floats(last_observed_year)
    failed = (event > base) & (event <= base + years)
    survived = np.where(np.isnan(event), seen >= base + years, event > base + years)
    outcome = np.where(failed, 1.0, np.where(survived, 0.0, np.nan))
    return np.where(event <= base, np.nan, outcome)
