"""What a definition of growth changes: rows known, event rate, and labels that differ, on the US listed panel.

Run: PYTHONPATH=src python benchmarks/outcome_definitions.py PANEL.parquet
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import polars as pl

from ktop.domain.company.outcome_definitions import definition_names, first_definition
from ktop.training.panel import Panel, outcome
from ktop.training.scheme import read_scheme

TARGETS: dict[str, dict[str, Any]] = {
    "growth": {"outcome": "sagr", "sales": "net_sales"},
    "sustainable": {
        "outcome": "sgr",
        "sales": "net_sales",
        "net_income": "net_income",
        "total_assets": "total_assets",
        "equity": "total_assets - total_liabilities",
    },
}


def labels(panel: Panel, target: dict[str, Any], definition: str) -> np.ndarray:
    """Return the 0/1 outcome of every row of the panel by one definition, NaN where not known."""
    scheme = {
        "name": "definitions",
        "id": "company_id",
        "year": "fiscal_year",
        "groups": {"g": {}},
        "features": {"net_sales": {"group": "g"}},
        "targets": {"t": {**target, "definition": definition}},
    }
    return outcome(read_scheme(scheme).targets[0], panel, None)


def main(path: str) -> None:
    """Print one table: a line per definition."""
    panel = Panel(pl.read_parquet(path), "company_id", "fiscal_year")
    sales = panel.column("net_sales")
    heads = (
        "definition",
        "rows known",
        "events, %",
        "smallest / largest tenth by sales, %",
        "against the first",
        "share",
    )
    print("| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|")
    for kind, target in TARGETS.items():
        first = labels(panel, target, first_definition(kind))  # type: ignore[arg-type]
        for name in definition_names(kind):  # type: ignore[arg-type]
            y = labels(panel, target, name)
            known = ~np.isnan(y)
            tenth = np.argsort(np.argsort(sales[known])) * 10 // known.sum()
            ends = [100 * y[known][tenth == end].mean() for end in (0, 9)]
            both = known & ~np.isnan(first)
            lost, won = (int(((first == a) & (y == 1 - a) & both).sum()) for a in (1, 0))
            print(
                f"| {name} | {known.sum():,} | {100 * y[known].mean():.1f} | {ends[0]:.1f} / {ends[1]:.1f} "
                f"| {lost:,} events less, {won:,} more; {int((known & np.isnan(first)).sum()):,} rows new "
                f"| {100 * (lost + won) / max(both.sum(), 1):.1f} % |"
            )


if __name__ == "__main__":
    main(sys.argv[1])
