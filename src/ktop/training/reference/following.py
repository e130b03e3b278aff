"""The three years that follow the base year: sales, statements, default and exit of each synthetic firm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ktop.domain.company.outcomes import HORIZON_YEARS
from ktop.training.reference.draw import Streams, happens
from ktop.training.reference.growth import expected_growth, growth_shock
from ktop.training.reference.parameters import Array, linear, parameters
from ktop.training.reference.population import Firms
from ktop.training.reference.statements import (
    Book,
    borrowing_rate,
    clip_margin,
    dividends,
    injection,
    margin_shock,
    net_income,
    target_margin,
)


@dataclass(frozen=True, slots=True)
class Following:
    """What became of the firms.

    ``books`` are the statements of f1, f2, f3; ``reported[k]`` says who filed the k-th. ``failed`` is 1 for a default
    within the horizon, 0 for none, NaN where the firm left without a known default.
    """

    books: tuple[Book, ...]
    reported: tuple[Array, ...]
    failed: Array


def follow(firms: Firms, base: Book, v: Mapping[str, Array], streams: Streams) -> Following:
    """Run the firms through the three years after the base year."""
    rng = streams.stage("following")
    growth = parameters("growth")
    failure = parameters("failure")
    n = firms.n
    persistent = rng.normal(0.0, growth["persistent_sd"], n)
    frailty = rng.normal(0.0, failure["frailty_sd"], n)
    last_shock = np.zeros(n)
    failed, left, silent = np.zeros(n, bool), np.zeros(n, bool), np.zeros(n, bool)
    books: list[Book] = []
    reported: list[Array] = []
    book = base
    for step in range(1, HORIZON_YEARS + 1):
        year = firms.base_year + step
        now = {**v, "ln_sales": np.log(np.maximum(book.sales, 1e6) / 4e9)}
        shock = growth_shock(rng, now)
        rate = expected_growth(year, now) + persistent + growth["momentum"] * last_shock + shock
        hazard = default_logit(book, shock, year, now) + frailty
        defaults = happens(rng, hazard) & ~failed & ~left
        low, high = failure["sales_after_default"]
        fall = np.where(defaults, rng.uniform(low, high, n), 1.0)
        # A firm in default stops filing at once with the stated chance; others go on in rehabilitation.
        silent |= defaults & (rng.random(n) < failure["stops_reporting"])
        book = next_book(firms, book, np.clip(rate, growth["least"], growth["most"]), fall, now, rng)
        leaves = happens(rng, linear(parameters("exit")["hazard"], now)) & ~failed & ~defaults & ~left
        failed |= defaults
        left |= leaves
        books.append(book)
        reported.append(~silent & ~left)
        last_shock = shock
    return Following(tuple(books), tuple(reported), np.where(failed, 1.0, np.where(left, np.nan, 0.0)))


def default_logit(book: Book, shock: Array, year: Array, v: Mapping[str, Array]) -> Array:
    """Return the logit of default within the year that follows ``book``.

    Debt, losses, uncovered interest, arrears and a fall of sales raise it; capabilities (saturating), management, size
    and age lower it; a loss hurts most where debt is high. ``shock`` is the year's surprise in log growth.
    """
    spec = parameters("failure")
    debt = np.tanh((book.liabilities / book.assets - 0.55) / 0.30)
    earning = np.tanh(book.operating_margin / 0.08)
    weights = {name: value for name, value in spec["capability"].items() if name != "weight"}
    capability = np.tanh(linear(weights, v))
    calendar = spec["calendar"]
    table = np.array([calendar[key] for key in sorted(calendar)])
    logit: Array = linear(spec["hazard"], v) + spec["capability"]["weight"] * capability
    logit += spec["leverage"] * debt + spec["margin"] * earning
    logit += spec["uncovered_interest"] * (book.operating_profit < book.interest)
    logit += spec["leverage_and_loss"] * np.maximum(debt, 0.0) * np.maximum(-earning, 0.0)
    logit += spec["arrears"] * (v["tax_arrears"] + v["default_record_3y"] + v["business_suspended"])
    logit += spec["sales_fall"] * np.maximum(-shock, 0.0)
    logit += table[np.clip(year - min(calendar), 0, len(table) - 1)]
    return logit


def next_book(
    firms: Firms, book: Book, rate: Array, fall: Array, v: Mapping[str, Array], rng: np.random.Generator
) -> Book:
    """Return the statement one year after ``book``: sales grow by ``exp(rate)`` times ``fall`` (1 but after default).

    Equity = equity before + net income - dividends + new capital.
    """
    spec = parameters("statements")
    sales = book.sales * np.exp(rate) * fall
    persistence = spec["margin_persistence"]
    # Growth faster than usual spreads fixed cost: a little of it shows in the margin.
    margin = clip_margin(
        persistence * book.operating_margin
        + (1.0 - persistence) * target_margin(firms, v)
        + np.sqrt(1.0 - persistence**2) * margin_shock(rng, v)
        + spec["margin"]["rate"] * np.clip(rate - 0.05, -0.5, 0.5)
        + spec["margin"]["default"] * (fall < 1.0)
    )
    turnover = book.turnover * np.exp(rng.normal(0.0, spec["turnover_step_sd"], firms.n))
    rate_paid = borrowing_rate(rng, v)
    interest = book.borrowings * rate_paid
    income = net_income(rng, sales * margin, interest, sales)
    paid = np.where(book.equity + income > 0, dividends(rng, income, v), 0.0)
    equity = book.equity + income - paid + injection(rng, book.assets, v)
    assets = np.maximum(sales / turnover, equity / (1.0 - spec["least_liabilities_share"]))
    # A firm whose liabilities would vanish below its deficit keeps them: creditors are not paid off by shrinking.
    borrowed = np.clip(book.borrowings / np.maximum(book.liabilities, 1.0), 0.0, 1.0)
    new = Book(sales, turnover, margin, income, assets, equity, (assets - equity) * borrowed, interest, paid)
    return replace(new, turnover=sales / assets)
