"""Tells of a company's amounts that look as if written in another unit, or as sales of nothing."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from ktop.catalogue import LANGS, Lang, load, text
from ktop.domain.company.amount_check import AmountRanges, OddAmounts, decimals, odd_amounts
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.fact_table import FactTable
from ktop.domain.rating.rating import Warning

#: What tells a company's size in no money.
_HEADS = "staff_total"


@functools.cache
def usual_amounts() -> AmountRanges:
    """Return what is usual of companies' amounts (``catalogue/amount_ranges.yaml``), per head."""
    return AmountRanges.from_mapping(load("amount_ranges"))


def odd_company_amounts(table: FactTable) -> OddAmounts:
    """Find amounts of a table's companies that stand a thousand- or millionfold apart from their other figures."""
    ranges = usual_amounts()
    amounts = np.column_stack([table.columns[name] for name in ranges.names])
    return odd_amounts(decimals(amounts), ranges, decimals(table.columns[_HEADS]))


def amount_warnings(table: FactTable) -> Mapping[int, tuple[Warning, ...]]:
    """Return the warnings about amounts of every row that has any, by its position."""
    odd = odd_company_amounts(table)
    rows = np.flatnonzero(odd.any | (table.columns["sales_krw_t0"] == 0))
    return {int(row): tuple(_of_row(table, odd, int(row))) for row in rows}


def _of_row(table: FactTable, odd: OddAmounts, row: int) -> list[Warning]:
    found = []
    if odd.whole[row]:
        step = int(odd.whole[row])
        found.append(_warning("amounts_all_small" if step < 0 else "amounts_all_large", factor=f"{10 ** abs(step):,}"))
    for step in np.unique(odd.amounts[row]).tolist():
        if step:
            names = [usual_amounts().names[j] for j in np.flatnonzero(odd.amounts[row] == step)]
            items = {lang: ", ".join(FACTS[name].label[lang] for name in names) for lang in LANGS}
            code = "amounts_small" if step < 0 else "amounts_large"
            found.append(_warning(code, items=items, factor=f"{10 ** abs(step):,}"))
    if table.columns["sales_krw_t0"][row] == 0:
        found.append(_warning("sales_zero"))
    return found


def _warning(code: str, **params: Any) -> Warning:
    def told(lang: Lang) -> str:
        words = {name: value[lang] if isinstance(value, dict) else value for name, value in params.items()}
        return text(f"company.warn_{code}", lang, **words)

    return Warning(code=code, text={lang: told(lang) for lang in LANGS})
