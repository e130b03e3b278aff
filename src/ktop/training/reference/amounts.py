"""Learns from the reference population what amounts are usual of a company (``catalogue/amount_ranges.yaml``)."""

from __future__ import annotations

import numpy as np
import polars as pl

from ktop.domain.company.amount_check import AmountRanges, decimals
from ktop.domain.company.fact_spec import FACTS

#: The population the catalogue's ranges were learned from.
FIRMS, SEED = 80_000, 20241103
#: Facts the population gained later: ratings were warned of amounts without them, and go on being so.
NOT_LEARNED = frozenset(
    {"operating_profit_krw_t1", "operating_profit_krw_t2", "net_income_krw_t2", "capital_stock_krw_t0"}
    | {"interest_expense_krw_t1", "interest_expense_krw_t2"}
    | {"exports_krw_t0", "exports_krw_t1", "exports_krw_t2", "overseas_marketing_krw_t0"}
)
#: Real firms have small loans beside large amounts (5 % of listed companies' long-term debt is below 1/100 of what is
#: usual), synthetic ones do not: the ends of these ranges are set by hand, so that the side is not judged.
SET_LOW = {"borrowings_krw_t0": -3.0, "interest_expense_krw_t0": -3.0}


def learn_amount_ranges(reference: pl.DataFrame) -> AmountRanges:
    """Return the ranges of all facts in won that a reference population has, per head."""
    names = [
        name
        for name, spec in FACTS.items()
        if spec.unit == "krw" and name in reference.columns and name not in NOT_LEARNED
    ]

    def column(name: str) -> np.ndarray:
        return decimals(reference[name].cast(pl.Float64).fill_null(np.nan).to_numpy())

    found = AmountRanges.fit(np.column_stack([column(name) for name in names]), names, column("staff_total"))
    low = np.array([SET_LOW.get(name, end) for name, end in zip(found.names, found.low, strict=True)])
    return AmountRanges(found.names, found.centres, low, found.high, found.size)
