"""What the platform has rated becomes a table to learn from: facts of then, outcomes of later, no names."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from consenting import BANK, COMPANY, GAON, NURI, add_organisations

from ktop.bootstrap import House
from ktop.domain.party.actor import LOCAL_OWNER
from ktop.kernel.errors import ForbiddenError
from ktop.kernel.settings import Settings
from ktop.usecases.companies.examples import example_record
from ktop.usecases.training.retrain import appraisals


def _record(number: str, sales: Mapping[int, float], **changes: Any) -> dict[str, Any]:
    base = example_record("hanbit-motion")
    statements = [
        {"year": year, "sales": amount, "net_income": amount * 0.1, "total_assets": amount, "equity": amount * 0.4}
        | {"dividends": 0}
        for year, amount in sales.items()
    ]
    return {**base, "business_number": number, "statements": statements, "founded": "2012-03-02", **changes}


def test_facts_of_then_meet_outcomes_of_later(tmp_path: Path) -> None:
    house = House(Settings(data=tmp_path))
    add_organisations(house._store())
    grown = {2019: 1e9, 2020: 1.5e9, 2021: 2.2e9, 2022: 3.2e9}
    for who, number, day, sales, more in (
        (COMPANY, GAON, date(2022, 6, 30), {2021: 7e9}, {}),  # kept by the firm: none of the bank's
        (BANK, GAON, date(2020, 6, 30), {2019: 1e9}, {}),
        (BANK, GAON, date(2023, 9, 30), grown, {}),
        (BANK, NURI, date(2021, 6, 30), {2020: 2e9}, {}),
        (BANK, NURI, date(2023, 6, 30), {2020: 2e9, 2021: 1e9}, {"credit": {"business_suspended": True}}),
    ):
        house.ratings.rate_company(who, _record(number, sales, **more), day)
    with pytest.raises(ForbiddenError):
        house.training.collect_appraisals(BANK, tmp_path / "no.parquet")
    operator = dataclasses.replace(LOCAL_OWNER, organisation="ibk")
    out = tmp_path / "appraisals.parquet"
    told = house.training.collect_appraisals(operator, out)
    assert told == {"rows": 4, "firms": 2, "high_growth": 2, "sustainable_growth": 2, "failure_3y": 2}

    frame = pl.read_parquet(out).sort("as_of")
    first = frame.row(0, named=True)
    assert (first["sales_krw_t0"], first["high_growth"], first["sustainable_growth"]) == (1e9, 1, 1)
    assert first["failure_3y"] == 0, "rated again more than three years later"
    suspended = frame.filter(pl.col("as_of") == date(2021, 6, 30)).row(0, named=True)
    assert (suspended["failure_3y"], suspended["high_growth"]) == (1, 0), "failed, so it did not grow"
    newest = frame.filter(pl.col("as_of") == date(2023, 9, 30)).row(0, named=True)
    assert newest["failure_3y"] is None and newest["high_growth"] is None, "nobody knows yet"
    content = out.read_bytes()
    assert GAON.encode() not in content and "한빛".encode() not in content
    assert appraisals(out).height == 4, "retraining reads it"
    house.training.collect_appraisals(operator, tmp_path / "again.parquet")
    assert pl.read_parquet(tmp_path / "again.parquet").equals(pl.read_parquet(out)), "pseudonyms stay"
