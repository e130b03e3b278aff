"""Batches: every row is answered, a refused row says why, and a row rates exactly as it would alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.warnings import credit_warnings
from ktop.domain.party.actor import LOCAL_OWNER
from ktop.kernel.tables import Table
from ktop.models.registry import ModelRegistry
from ktop.training.reference import build_reference
from ktop.usecases.companies.batch import TableRating, rate_frame
from ktop.usecases.companies.rating import company_models
from ktop.usecases.companies.service import CompanyService
from ktop.usecases.uploads import read_table

RELEASED = ModelRegistry(None)
DAY = date(2021, 12, 31)
EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="module")
def firms() -> pl.DataFrame:
    return build_reference(300, 3)


def test_every_row_is_answered_in_order(firms: pl.DataFrame) -> None:
    rated, report = rate_frame(firms, as_of=DAY, registry=RELEASED)
    assert rated["company_id"].to_list() == firms["company_id"].to_list()
    assert report.rows == 300
    assert report.rated + report.refused == 300
    assert report.rated >= 299
    ok = rated.filter("rated")
    assert ok["tech_index_index"].is_between(0, 100).all()
    assert ok["problems"].is_null().all() or set(ok["problems"].to_list()) <= {None, ""}
    assert set(ok["tech_index_trained_on"]) == {"synthetic"}


def test_a_wrong_row_gets_its_reason_and_stops_nobody(firms: pl.DataFrame) -> None:
    wrong = firms.head(5).with_columns(
        staff_total=pl.when(pl.int_range(pl.len()) == 2).then(-4).otherwise("staff_total")
    )
    rated, report = rate_frame(wrong, as_of=DAY, lang="en", registry=RELEASED)
    assert report.refused == 1
    assert rated["rated"].to_list() == [True, True, False, True, True]
    row = rated.row(2, named=True)
    assert "-4" in row["problems"]
    assert row["tech_index_index"] is None
    assert row["ktrs_fm_grade_business"] is None
    assert row["tech_index_indicators_missing"] is None


@pytest.mark.parametrize("ending", ["xlsx", "csv", "parquet"])
def test_files_give_the_same_ratings(firms: pl.DataFrame, tmp_path: Path, ending: str) -> None:
    expected, _ = rate_frame(firms.head(20), as_of=DAY, registry=RELEASED)
    source = tmp_path / f"firms.{ending}"
    frame = firms.head(20)
    if ending == "parquet":
        frame.write_parquet(source)
    elif ending == "csv":
        frame.write_csv(source)
    else:
        from ktop.usecases.uploads import write_table

        write_table(frame, source)
    report = CompanyService(RELEASED).rate_table(LOCAL_OWNER, source, tmp_path / "out.parquet", as_of=DAY)
    assert report.rated == 20
    found = read_table(tmp_path / "out.parquet")
    assert found["tech_index_index"].to_list() == pytest.approx(expected["tech_index_index"].to_list(), abs=1e-9)
    assert found["ktrs_fm_grade_business"].to_list() == expected["ktrs_fm_grade_business"].to_list()


def test_the_example_batch_file_rates(tmp_path: Path) -> None:
    report = CompanyService(RELEASED).rate_table(
        LOCAL_OWNER, EXAMPLES / "companies" / "batch.csv", tmp_path / "out.xlsx", as_of=date(2026, 6, 30)
    )
    assert report.rows == report.rated + report.refused
    assert report.rated > 0
    assert (tmp_path / "out.xlsx").stat().st_size > 0


def test_a_row_is_told_what_no_score_counts_as_a_single_rating_is(firms: pl.DataFrame) -> None:
    said = firms.head(4).with_columns(
        tax_arrears=pl.Series([True, False, None, False]), default_record_3y=pl.Series([False, False, None, True])
    )
    rated, _ = rate_frame(said, as_of=DAY, lang="en", registry=RELEASED)
    told = [warning or "" for warning in rated["warnings"]]
    for row, items in ((0, FACTS["tax_arrears"].label["en"]), (3, FACTS["default_record_3y"].label["en"])):
        single = credit_warnings({"tax_arrears": row == 0, "default_record_3y": row == 3})
        assert items in told[row] and single[0].text["en"] in told[row]
    assert not any("do not count this" in told[row] for row in (1, 2))


def test_an_unknown_company_alone_is_not_rated() -> None:
    rated, report = rate_frame(pl.DataFrame({"name": ["가상"]}), as_of=DAY, lang="en", registry=RELEASED)
    assert report.refused == 1
    assert rated.row(0, named=True)["problems"]


def test_parts_together_are_the_whole_answer(firms: pl.DataFrame) -> None:
    wrong = firms.with_columns(
        staff_total=pl.when(pl.int_range(pl.len()) == 102).then(-4).otherwise("staff_total"),
        name=pl.when(pl.int_range(pl.len()) > 40).then("name"),  # a first part without any name
    )
    whole, report = rate_frame(wrong, as_of=DAY, registry=RELEASED)
    rating = TableRating(Table(wrong), company_models(None, RELEASED), as_of=DAY)
    parts = [rating.rows(start, min(start + 41, 300)) for start in range(0, 300, 41)]
    together = pl.concat(parts, how="vertical_relaxed")
    assert together.columns == whole.columns
    assert together.equals(whole)
    assert rating.report(int(together["rated"].sum())) == report
