"""The synthetic firms' statements of the base year and the two years before, and their credit record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ktop.training.reference.draw import Streams, happens, student, zero_inflated
from ktop.training.reference.growth import expected_growth, growth_shock
from ktop.training.reference.parameters import Array, linear, parameters
from ktop.training.reference.population import Firms


@dataclass(frozen=True, slots=True)
class Book:
    """One year's statement of every firm, KRW (``turnover`` is sales over total assets, a ratio).

    Identities: assets = equity + liabilities, liabilities >= borrowings >= 0, assets > 0.
    """

    sales: Array
    turnover: Array
    operating_margin: Array
    net_income: Array
    assets: Array
    equity: Array
    borrowings: Array
    interest: Array
    dividends: Array

    @property
    def liabilities(self) -> Array:
        """Total liabilities, KRW."""
        value: Array = self.assets - self.equity
        return value

    @property
    def operating_profit(self) -> Array:
        """Operating profit, KRW."""
        value: Array = self.sales * self.operating_margin
        return value


def draw_soundness(v: Mapping[str, Array], streams: Streams) -> Array:
    """Return the firms' unobserved financial health, a latent of variance about 1."""
    weights = dict(parameters("statements")["soundness"])
    noise = weights.pop("noise")
    rng = streams.stage("soundness")
    soundness: Array = linear(weights, v) + noise * rng.standard_normal(len(v["management"]))
    return soundness


def target_margin(firms: Firms, v: Mapping[str, Array]) -> Array:
    """Return the operating margin (share of sales) a firm tends to."""
    margin: Array = firms.industry_values("margin") + linear(_without(parameters("statements")["margin"]), v)
    return margin


def margin_shock(rng: np.random.Generator, v: Mapping[str, Array]) -> Array:
    """Return a year's surprise in the margin: heavy-tailed, wider for smaller firms."""
    spec = parameters("statements")["margin"]
    spread = spec["sd"] * np.exp(spec["sd_size"] * v["ln_staff"])
    shock: Array = spread * student(rng, spec["tail_df"], len(v["ln_staff"]))
    return shock


def clip_margin(margin: Array) -> Array:
    """Keep an operating margin within what statements show."""
    spec = parameters("statements")["margin"]
    clipped: Array = np.clip(margin, spec["least"], spec["most"])
    return clipped


def net_income(rng: np.random.Generator, operating: Array, interest: Array, sales: Array) -> Array:
    """Return operating profit less interest and tax plus other income (KRW); losses are not taxed."""
    spec = parameters("statements")
    before_tax = operating - interest + sales * rng.normal(0.0, spec["other_income_sd"], sales.shape)
    value: Array = np.where(before_tax > 0, before_tax * (1.0 - spec["tax_rate"]), before_tax)
    return value


def dividends(rng: np.random.Generator, income: Array, v: Mapping[str, Array]) -> Array:
    """Return the dividends paid out of a year's net income (KRW); none from a loss."""
    spec = parameters("statements")
    pays = happens(rng, linear(spec["dividend_payers"], v)) & (income > 0)
    payout = rng.beta(spec["payout"]["alpha"], spec["payout"]["beta"], income.shape)
    return np.where(pays, income * payout, 0.0)


def borrowed_share(rng: np.random.Generator, v: Mapping[str, Array]) -> Array:
    """Return the part of liabilities that is borrowed, in (0, 1); the rest is trade credit and provisions."""
    spec = parameters("statements")["borrowed_share"]
    logit = linear(_without(spec), v) + rng.normal(0.0, spec["sd"], len(v["soundness"]))
    value: Array = 1.0 / (1.0 + np.exp(-logit))
    return value


def borrowing_rate(rng: np.random.Generator, v: Mapping[str, Array]) -> Array:
    """Return the interest rate a firm pays, a share a year."""
    spec = parameters("statements")["borrowing_rate"]
    rate = linear(_without(spec), v) + rng.normal(0.0, spec["sd"], len(v["soundness"]))
    floored: Array = np.maximum(rate, spec["least"])
    return floored


def base_year_book(firms: Firms, sales: Array, v: Mapping[str, Array], streams: Streams) -> Book:
    """Draw the statement of the base year (t0) around the firm's sales."""
    rng = streams.stage("base_year")
    spec = parameters("statements")
    n = firms.n
    noise = rng.normal(0.0, spec["turnover"]["sd"], n)
    turnover = firms.industry_values("turnover") * np.exp(spec["turnover"]["output"] * v["output"] + noise)
    assets = sales / turnover
    ratio = spec["equity_ratio"]
    share = linear(_without(ratio), v) + rng.normal(0.0, ratio["sd"], n)
    equity = assets * np.clip(share, ratio["least"], ratio["most"])
    borrowings = (assets - equity) * borrowed_share(rng, v)
    interest = borrowings * borrowing_rate(rng, v)
    margin = clip_margin(target_margin(firms, v) + margin_shock(rng, v))
    income = net_income(rng, sales * margin, interest, sales)
    paid = np.where(equity > 0, dividends(rng, income, v), 0.0)
    return Book(sales, turnover, margin, income, assets, equity, borrowings, interest, paid)


def book_before(firms: Firms, book: Book, year: Array, v: Mapping[str, Array], streams: Streams, stage: str) -> Book:
    """Draw the statement one year before ``book`` so that the two agree.

    Equity then = equity now - net income + dividends - new capital, so the year's accounts add up. ``year`` is the
    calendar year of ``book``.
    """
    rng = streams.stage(stage)
    spec = parameters("statements")
    growth = expected_growth(year, v, parameters("growth")["past_effect"]) + growth_shock(rng, v)
    sales = book.sales * np.exp(-np.clip(growth, parameters("growth")["least"], parameters("growth")["most"]))
    turnover = book.turnover * np.exp(rng.normal(0.0, spec["turnover_step_sd"], firms.n))
    equity = book.equity - book.net_income + book.dividends - injection(rng, book.assets, v)
    assets = np.maximum(sales / turnover, equity / (1.0 - spec["least_liabilities_share"]))
    borrowings = (assets - equity) * book.borrowings / book.liabilities
    interest = borrowings * borrowing_rate(rng, v)
    persistence = spec["margin_persistence"]
    margin = clip_margin(
        persistence * book.operating_margin
        + (1.0 - persistence) * target_margin(firms, v)
        + np.sqrt(1.0 - persistence**2) * margin_shock(rng, v)
    )
    income = net_income(rng, sales * margin, interest, sales)
    return Book(sales, sales / assets, margin, income, assets, equity, borrowings, interest, dividends(rng, income, v))


def injection(rng: np.random.Generator, assets: Array, v: Mapping[str, Array]) -> Array:
    """Return new capital paid in during a year (KRW), mostly by young venture firms."""
    spec = parameters("statements")
    paid_in = happens(rng, linear(spec["injection"], v))
    return np.where(paid_in, assets * spec["injection_size"] * rng.exponential(1.0, assets.shape), 0.0)


def statement_facts(
    now: Book, before: Book, earlier: Book, v: Mapping[str, Array], streams: Streams
) -> dict[str, Array]:
    """Return the statement facts of t0, t1 and t2 (KRW), spending on staff, customers and R&D included."""
    rng = streams.stage("spending")
    spec = parameters("spending")
    n = len(now.sales)
    rnd_share = zero_inflated(rng, spec["rnd_ratio"], v)
    year_before = np.exp(rng.normal(0.0, spec["rnd_ratio_year_sd"], n))
    return {
        "sales_krw_t0": now.sales,
        "sales_krw_t1": before.sales,
        "sales_krw_t2": earlier.sales,
        "operating_profit_krw_t0": now.operating_profit,
        "operating_profit_krw_t1": before.operating_profit,
        "operating_profit_krw_t2": earlier.operating_profit,
        "net_income_krw_t0": now.net_income,
        "net_income_krw_t1": before.net_income,
        "net_income_krw_t2": earlier.net_income,
        "total_assets_krw_t0": now.assets,
        "total_assets_krw_t1": before.assets,
        "capital_stock_krw_t0": capital_stock(now, v, streams),
        "equity_krw_t0": now.equity,
        "equity_krw_t1": before.equity,
        "intangible_assets_krw_t0": now.assets * zero_inflated(rng, spec["intangible_share"], v),
        "rnd_expense_krw_t0": now.sales * rnd_share,
        "rnd_expense_krw_t1": before.sales * np.minimum(rnd_share * year_before, spec["rnd_ratio"]["most"]),
        "training_expense_krw_t0": v["staff_total"] * zero_inflated(rng, spec["training_per_head"], v),
        "marketing_expense_krw_t0": now.sales * zero_inflated(rng, spec["marketing_ratio"], v),
        "interest_expense_krw_t0": now.interest,
        "interest_expense_krw_t1": before.interest,
        "interest_expense_krw_t2": earlier.interest,
        "dividends_krw_t0": now.dividends,
        "borrowings_krw_t0": now.borrowings,
    }


def capital_stock(now: Book, v: Mapping[str, Array], streams: Streams) -> Array:
    """Return the paid-in capital (KRW): a share of the assets that is larger in young firms and venture firms.

    It is drawn whatever the equity is, so equity lies below it (impaired capital) where losses have eaten into it.
    """
    rng = streams.stage("capital_stock")
    spec = parameters("statements")["capital_stock"]
    share = np.exp(linear(spec["level"], v) + rng.normal(0.0, spec["sd"], len(now.assets)))
    value: Array = np.maximum(now.assets * share, spec["least_krw"])
    return value


def credit_facts(now: Book, v: Mapping[str, Array], streams: Streams) -> dict[str, Array]:
    """Return existing guarantees (KRW) and the credit events that a guarantor looks up (0/1)."""
    rng = streams.stage("credit")
    spec = parameters("statements")
    guaranteed = happens(rng, linear(spec["guaranteed"], v))
    share = rng.beta(spec["guarantee_share"]["alpha"], spec["guarantee_share"]["beta"], len(now.sales))
    return {
        "guarantee_balance_krw": np.where(guaranteed, now.borrowings * share, 0.0),
        "tax_arrears": happens(rng, linear(spec["tax_arrears"], v)).astype(float),
        "default_record_3y": happens(rng, linear(spec["default_record_3y"], v)).astype(float),
        "business_suspended": happens(rng, linear(spec["business_suspended"], v)).astype(float),
    }


_NOT_COEFFICIENTS = frozenset({"sd", "sd_size", "tail_df", "rate", "default", "least", "most"})


def _without(spec: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in spec.items() if name not in _NOT_COEFFICIENTS}
