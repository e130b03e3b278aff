"""How often amounts are told of in vain, and how many slips of unit are found: one table over synthetic and real firms.

Run: PYTHONPATH=src python benchmarks/amounts_in_another_unit.py FOLDER-WITH-PANELS
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from ktop.domain.company.amount_check import decimals, odd_amounts
from ktop.domain.company.amount_warnings import usual_amounts
from ktop.training.reference import build_reference

Logs = npt.NDArray[np.float64]
#: Won for a million of the panel's currency, roughly: a factor of two is nothing here.
MILLION_USD, MILLION_EUR = 1.3e9, 1.4e9


def logs_of(frame: pl.DataFrame, names: Mapping[str, str], unit: float) -> Logs:
    """Return the decimals of a panel's amounts in the order of the ranges; ``names``: fact → column."""
    found = np.full((frame.height, len(usual_amounts().names)), np.nan)
    for fact, column in names.items():
        figures = frame[column].cast(pl.Float64).fill_null(np.nan).to_numpy()
        found[:, usual_amounts().names.index(fact)] = figures * unit
    return decimals(found)


def heads_of(frame: pl.DataFrame, column: str) -> Logs:
    """Return the decimals of a head-count."""
    return decimals(frame[column].cast(pl.Float64).fill_null(np.nan).to_numpy())


def told(logs: Logs, heads: Logs) -> float:
    """Return the share of firms told of, in per cent."""
    return 100 * float(odd_amounts(logs, usual_amounts(), heads).any.mean())


def main(folder: Path) -> None:
    """Print two tables: firms as they are, and slips of unit on the synthetic ones."""
    ranges = usual_amounts()
    fresh = build_reference(16_183, 77)
    logs, heads = logs_of(fresh, {name: name for name in ranges.names}, 1.0), heads_of(fresh, "staff_total")
    nobody = np.full(len(heads), np.nan)
    investors = pl.read_parquet(folder / "rd_investors_panel.parquet").filter(pl.col("emp") > 0)
    own = {"sales_krw_t0": "ns", "rnd_expense_krw_t0": "rd", "operating_profit_krw_t0": "op"}
    listed = pl.read_parquet(folder / "us_listed_panel.parquet")
    items = {"sales_krw_t0": "net_sales", "total_assets_krw_t0": "total_assets", "net_income_krw_t0": "net_income",
             "operating_profit_krw_t0": "ebit", "borrowings_krw_t0": "total_long_term_debt"}  # fmt: skip
    running = listed.filter((pl.col("net_sales") > 1) & (pl.col("total_assets") > 1))
    print("| firms as they are | rows | told of, % |\n|---|---|---|")
    for label, given, size in (
        ("synthetic, fresh", logs, heads),
        ("the same without a head-count", logs, nobody),
        ("R&D investors", logs_of(investors, own, MILLION_EUR), heads_of(investors, "emp")),
        ("US listed, no head-count", logs_of(listed, items, MILLION_USD), np.full(listed.height, np.nan)),
        ("… sales and assets above a million", logs_of(running, items, MILLION_USD), np.full(running.height, np.nan)),
    ):
        print(f"| {label} | {len(given):,} | {told(given, size):.2f} |")
    print("\n| slip | ÷ 1,000 | ÷ 1,000,000 | × 1,000 |\n|---|---|---|---|")
    for label, size in (("all amounts", heads), ("all amounts, no head-count", nobody)):
        cells = [100 * float((odd_amounts(logs + s, ranges, size).whole == s).mean()) for s in (-3, -6)]
        print(f"| {label} | {cells[0]:.1f} | {cells[1]:.1f} | – |")
    for place, name in enumerate(ranges.names):
        known = ~np.isnan(logs[:, place])
        cells = []
        for step in (-3, -6, 3):
            slipped = logs.copy()
            slipped[:, place] += step
            cells.append(100 * float((odd_amounts(slipped, ranges, heads).amounts[known, place] == step).mean()))
        print(f"| {name} | " + " | ".join(f"{cell:.1f}" for cell in cells) + " |")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
