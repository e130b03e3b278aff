"""From a table of firms and years to a report, or to the one sentence that says what is wrong with the table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ktop.catalogue import LANGS, message
from ktop.domain.party.actor import LOCAL_OWNER, Actor
from ktop.kernel.errors import ForbiddenError, InputError
from ktop.models.registry import ModelRegistry
from ktop.usecases.programmes.service import ProgrammeService


def _frame(firms: int = 200) -> pl.DataFrame:
    rng = np.random.default_rng(5)
    years = np.arange(2016, 2022)
    supported = rng.random(firms) < 0.5
    base = rng.normal(size=firms)
    rows = []
    for firm in range(firms):
        for year in years:
            after = supported[firm] and year >= 2019
            sales = base[firm] + 0.1 * (year - 2016) + rng.normal(0, 0.2) + (0.5 if after else 0.0)
            rows.append((f"F{firm:03}", int(year), 2019 if supported[firm] else None, sales, base[firm]))
    return pl.DataFrame(rows, ["firm_id", "year", "treated_from", "sales", "size"], orient="row")


@pytest.fixture
def programmes(tmp_path: Path) -> ProgrammeService:
    return ProgrammeService(ModelRegistry(tmp_path / "models"))


def test_a_report_is_written_whole(programmes: ProgrammeService, tmp_path: Path) -> None:
    _frame().write_csv(tmp_path / "panel.csv")
    out = tmp_path / "out"
    found = programmes.effect(LOCAL_OWNER, tmp_path / "panel.csv", "sales", ["size"], out, "ko")
    assert json.loads((out / "effect.json").read_text("utf-8")) == found
    assert found["refused"] is None and abs(found["att"]["value"] - 0.5) < 0.1
    assert {"value", "low", "high"} == set(found["att"]) and found["pretrend"]["p"] > 0.05
    assert "지원사업 효과 분석" in (out / "report.html").read_text("utf-8")
    assert (out / "report.pdf").read_bytes().startswith(b"%PDF-")


def test_a_refusal_is_a_report_too(programmes: ProgrammeService, tmp_path: Path) -> None:
    _frame(40).write_parquet(tmp_path / "panel.parquet")
    found = programmes.effect(LOCAL_OWNER, tmp_path / "panel.parquet", "sales", [], tmp_path / "out", "en")
    assert found["att"] is None and all(found["refused"][lang] for lang in LANGS)
    assert found["refused"]["en"] in (tmp_path / "out" / "report.html").read_text("utf-8")


WRONG = {
    "no_column": _frame(5).drop("treated_from"),
    "no_number": _frame(5).with_columns(pl.lit("many").alias("sales")),
    "twice": pl.concat([_frame(5), _frame(5).head(1)]),
    "two_starts": _frame(5).with_columns(pl.col("year").alias("treated_from")),
    "few_years": _frame(5).filter(pl.col("year") < 2018),
    "no_year": _frame(5).with_columns(pl.col("year") + 0.5),
    "no_key": _frame(5).with_columns(pl.lit(None, pl.String).alias("firm_id")),
}


@pytest.mark.parametrize("why", sorted(WRONG))
def test_a_table_that_is_no_panel_is_refused_in_one_sentence(
    programmes: ProgrammeService, tmp_path: Path, why: str
) -> None:
    WRONG[why].write_parquet(tmp_path / "panel.parquet")
    with pytest.raises(InputError) as caught:
        programmes.effect(LOCAL_OWNER, tmp_path / "panel.parquet", "sales", [], tmp_path / "out", "en")
    assert caught.value.key == f"effect.{why}" and message(caught.value, "ko")
    assert not (tmp_path / "out").exists()


def test_who_may_not_gets_no_report(programmes: ProgrammeService, tmp_path: Path) -> None:
    with pytest.raises(ForbiddenError):
        bank = Actor("kim", "ibk", frozenset({"bank_officer"}))
        programmes.effect(bank, tmp_path / "panel.parquet", "sales", [], tmp_path / "out")
