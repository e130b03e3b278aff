"""Turns one company of a COR&DIP-like panel into a company record: what the panel knows, and nothing else.

The panel (columns company_id, company_name, ctry_code, nace2, year, rd, ns, op, emp, patKR; money in million EUR) is
not part of this project. Usage:

    python examples/rd_investors_company.py PANEL.parquet --country KR --out company.yaml
    ./run rate company company.yaml --as-of 2019-03-31

Amounts become won at the European Central Bank's average reference rate of their year. What the panel does not hold
(chief executive, technical staff, certifications, the checklist ...) is left out: missing, never zero. Patent counts
are those of one office; years without a matched portfolio stay unknown.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import polars as pl
import yaml

#: KRW per EUR, yearly averages of the European Central Bank's euro reference rates.
KRW_PER_EUR = {2015: 1256.54, 2016: 1284.18, 2017: 1276.74, 2018: 1299.07}
SOURCE = "EC-JRC/OECD COR&DIP 2021"
#: Sales that move by a larger factor within the panel's four years are taken for wrong units (its README says so).
LARGEST_SALES_RATIO = 20
#: The record's names of the panel's amounts.
AMOUNTS = {"sales": "ns", "operating_profit": "op", "rnd_expense": "rd"}


def company_record(panel: pl.DataFrame, company: str) -> dict[str, Any]:
    """Return the record of one company; raises ``ValueError`` where the panel has none of that id."""
    rows = panel.filter(pl.col("company_id").cast(pl.String) == company).sort("year").to_dicts()
    if not rows:
        raise ValueError(f"the panel has no company {company!r}")
    newest = rows[-1]
    statements = []
    for row in rows:
        rate = KRW_PER_EUR[row["year"]] * 1e6
        amounts = {name: round(row[column] * rate) for name, column in AMOUNTS.items() if row[column] is not None}
        statements.append({"year": row["year"], **amounts})
    record: dict[str, Any] = {
        "company_id": str(newest["company_id"]),
        "name": newest["company_name"].title(),
        "industry": f"{newest['nace2']:02}" if isinstance(newest["nace2"], int) else str(newest["nace2"]),
        "statements": statements,
        "source": SOURCE,
        "source_date": f"{newest['year']}-12-31",
    }
    staff = [{"date": f"{row['year']}-12-31", "total": round(row["emp"])} for row in rows if row["emp"] is not None]
    if staff:  # an empty list would say that the company has no staff
        record["staff"] = staff
    if newest["ctry_code"] != "KR":
        record |= {"region": "foreign", "country": newest["ctry_code"]}
    filed = [row["patKR"] for row in rows[-3:]]
    if len(filed) == 3 and None not in filed:
        record["facts"] = {"patents_filed_3y": round(sum(filed))}
    return record


def main() -> None:
    """Write the record of the first company of a country, or of the one named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("panel", type=Path)
    parser.add_argument("--country", default="KR", help="country of headquarters (default KR)")
    parser.add_argument("--company", help="company_id; without it the smallest by sales whose head-count is known")
    parser.add_argument("--out", type=Path, help="file to write; without it, standard output")
    given = parser.parse_args()
    panel = pl.read_parquet(given.panel)
    company = given.company
    if company is None:
        sales = pl.col("ns")
        steady = sales.max().over("company_id") < LARGEST_SALES_RATIO * sales.min().over("company_id")
        newest = pl.col("year") == pl.col("year").max()
        here = panel.filter((pl.col("ctry_code") == given.country) & steady & newest & (pl.col("emp").is_not_null()))
        if here.is_empty():
            sys.exit(f"The panel has no company of {given.country}.")
        company = str(here.sort("ns", nulls_last=True).item(0, "company_id"))
    text = yaml.safe_dump(company_record(panel, company), allow_unicode=True, sort_keys=False)
    if given.out is None:
        print(text, end="")
    else:
        given.out.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
