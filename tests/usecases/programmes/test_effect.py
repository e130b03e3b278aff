"""From a table of firms and years to a report, or to the one sentence that says what is wrong with the table."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ktop.catalogue import LANGS, message
from ktop.domain.party.actor import LOCAL_OWNER, Actor
from ktop.kernel.errors import ForbiddenError, InputError
from ktop.models.registry import ModelRegistry
from ktop.report.effect import effect_page, effect_pdf
from ktop.usecases.programmes.service import ProgrammeService


def _frame(firms: int = 200) -> pl.DataFrame:
    rng = np.random.default_rng(5)
    years = np.arange(2016, 2022)
    supported = rng.random(firms) < 0.5
    base = rng.normal(size=firms)
    region = rng.choice(["KR-11", "KR-26", ""], firms, p=[0.5, 0.45, 0.05])
    rows = []
    for firm in range(firms):
        for year in years:
            after = supported[firm] and year >= 2019
            sales = base[firm] + 0.1 * (year - 2016) + rng.normal(0, 0.2) + (0.5 if after else 0.0)
            rows.append((f"F{firm:03}", int(year), 2019 if supported[firm] else None, sales, base[firm], region[firm]))
    return pl.DataFrame(rows, ["firm_id", "year", "treated_from", "sales", "size", "region"], orient="row")


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
    assert (out / "report.xlsx").read_bytes().startswith(b"PK")


def test_parts_are_told_apart_and_few_firms_are_told_nothing(programmes: ProgrammeService, tmp_path: Path) -> None:
    frame = _frame(400).with_columns(
        pl.when(pl.col("treated_from").is_not_null()).then(pl.lit("leap")).alias("programme"),
        (50 + 10 * pl.col("size")).alias("points"),
    )
    frame.write_parquet(tmp_path / "panel.parquet")
    out, by = tmp_path / "out", ["programme", "region"]
    panel = tmp_path / "panel.parquet"
    found = programmes.effect(LOCAL_OWNER, panel, "sales", ["size"], out, "ko", by=by, score="points")
    (leap,) = found["by"]["programme"]
    assert leap["att"] == found["att"] and leap["others"] == found["firms"]["others"]
    regions = {one["value"]: one for one in found["by"]["region"]}
    assert set(regions) == {"KR-11", "KR-26"}, "firms of no known region belong to none"
    assert all(abs(one["att"]["value"] - 0.5) < 0.15 for one in regions.values())
    assert sum(one["supported"] for one in regions.values()) <= found["firms"]["supported"]
    ways = {one["way"] for one in found["selection"]["selections"]}
    assert ways == {"actual", "lot", "score", "growth", "effect"} and found["selection"]["score"] == "points"
    shown = (out / "report.html").read_text("utf-8")
    assert "서울" in shown and "다르게 선정했다면" in shown and "Rambachan" in shown
    for reader in ("officer", "ministry"):
        for lang in LANGS:
            assert effect_pdf(found, lang, date(2026, 1, 1), reader).startswith(b"%PDF-")
    officer, ministry = (effect_page(found, "en", reader) for reader in ("officer", "ministry"))
    assert "Austin" in officer and "Austin" not in ministry and "Had others been chosen" in ministry


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
