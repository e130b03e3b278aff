"""Applicants are screened from a file to a file: every row once, in order, the same again after any interruption."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ktop.domain.company.fact_spec import FACTS
from ktop.domain.party.actor import LOCAL_OWNER, Actor
from ktop.kernel.errors import ForbiddenError, InputError, NotFoundError
from ktop.models.registry import ModelRegistry
from ktop.training.reference.build import build_reference
from ktop.usecases.companies.examples import example_records
from ktop.usecases.programmes.service import ProgrammeService

DAY = date(2025, 6, 30)
COMPANY = Actor("kim", "firm", frozenset({"company_owner"}))


@pytest.fixture(scope="module")
def programmes(tmp_path_factory: pytest.TempPathFactory) -> ProgrammeService:
    return ProgrammeService(ModelRegistry(tmp_path_factory.mktemp("models")))


@pytest.fixture(scope="module")
def applicants(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 simulated firms; one stands twice, one row cannot be read."""
    frame = build_reference(300, 7)
    frame = frame.select(name for name in frame.columns if name in FACTS).with_columns(
        pl.Series("business_number", ["2208162517", *[None] * 298, "2208162517"], dtype=pl.String)
    )
    frame = frame.with_columns(
        pl.when(pl.int_range(pl.len()) == 5).then(pl.lit("nonsense")).otherwise(pl.col("region")).alias("region")
    )
    path = tmp_path_factory.mktemp("applicants") / "applicants.parquet"
    frame.write_parquet(path)
    return path


@pytest.mark.parametrize("programme", ["market-response", "leap", "smart-factory"])
def test_every_row_is_answered_once_in_order(
    programmes: ProgrammeService, applicants: Path, tmp_path: Path, programme: str
) -> None:
    out = tmp_path / "out.parquet"
    report = programmes.screen(LOCAL_OWNER, applicants, out, programme=programme, year=2026, as_of=DAY)
    found, given = pl.read_parquet(out), pl.read_parquet(applicants)
    assert found["company_id"].to_list() == given["company_id"].to_list() and report.rows == 300
    assert sum(report.decisions.values()) == 300
    assert all(found["reasons_ko"]) and all(found["reasons_en"])
    assert found["decision"][299] == "repeated" and found["decision"][5] == "unread"
    assert "5" not in found["reasons_en"][299] or "row 1" in found["reasons_en"][299]
    assert set(given.columns) <= {name.removeprefix("given_") for name in found.columns}


def test_the_best_are_selected_and_places_are_not_exceeded(
    programmes: ProgrammeService, applicants: Path, tmp_path: Path
) -> None:
    rules = tmp_path / "few.yaml"
    source = Path("src/ktop/catalogue/programmes/smart-factory.yaml").read_text("utf-8")
    rules.write_text(source.replace("capacity: 500", "capacity: 20").replace("reserve: 50", "reserve: 5"), "utf-8")
    programmes.screen(
        LOCAL_OWNER, applicants, tmp_path / "o.parquet", programme="smart-factory", rules=rules, as_of=DAY
    )
    found = pl.read_parquet(tmp_path / "o.parquet")
    by = {
        decision: found.filter(pl.col("decision") == decision) for decision in ("selected", "reserve", "not_selected")
    }
    assert by["selected"].height == 20 and by["reserve"].height == 5 and by["not_selected"].height > 0
    capital = by["selected"].filter(pl.col("region").is_in(["KR-11", "KR-28", "KR-41"]))
    rest = by["not_selected"].filter(pl.col("region").is_in(["KR-11", "KR-28", "KR-41"]))
    assert capital.height <= 12 and capital["points"].min() >= rest["points"].max()


def test_the_same_comes_out_again_and_is_recognised(
    programmes: ProgrammeService, applicants: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.csv"

    def run(resume: bool = True) -> str:
        programmes.screen(LOCAL_OWNER, applicants, out, programme="leap", as_of=DAY, resume=resume)
        return hashlib.sha256(out.read_bytes()).hexdigest()

    first = run()
    for _ in range(3):  # killed before the result was in place: nothing of it is there
        out.unlink(missing_ok=True)
        with monkeypatch.context() as broken:
            broken.setattr("ktop.usecases.programmes.service.write_table", _killed)
            with pytest.raises(KeyboardInterrupt):
                run()
        assert not out.exists()
    assert run(resume=False) == first
    report = programmes.screen(LOCAL_OWNER, applicants, out, programme="leap", as_of=DAY, resume=True)
    assert report.done_before and sum(report.decisions.values()) == 300
    other = programmes.screen(LOCAL_OWNER, applicants, out, programme="leap", as_of=date(2025, 6, 29), resume=True)
    assert not other.done_before, "another day is another screening"


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_rule_of_one_s_own_is_tried_before_it_is_used(
    programmes: ProgrammeService, applicants: Path, tmp_path: Path
) -> None:
    before, after = tmp_path / "before.yaml", tmp_path / "after.yaml"
    source = Path("src/ktop/catalogue/programmes/market-response.yaml").read_text("utf-8")
    before.write_text(source, "utf-8")
    after.write_text(source.replace("tech_index_index >= 45", "tech_index_index >= 60"), "utf-8")
    assert programmes.check(LOCAL_OWNER, after).decisions == {}
    found = programmes.check(LOCAL_OWNER, after, applicants, before, as_of=DAY)
    index = next(one for one in found.clauses if one.clause == "index")
    assert index.passed + index.failed + index.unknown == 299 and index.failed >= index.failed_alone > 0
    assert all(now == "refused" for _, now in found.changed) and sum(found.changed.values()) > 0
    assert sum(found.decisions.values()) == 300


def test_what_there_is_not_is_told(programmes: ProgrammeService, applicants: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        programmes.screen(LOCAL_OWNER, applicants, tmp_path / "o.csv", programme="none")
    with pytest.raises(NotFoundError):
        programmes.programme(LOCAL_OWNER, "leap", 1999)
    with pytest.raises(InputError):
        programmes.check(LOCAL_OWNER, tmp_path / "absent.yaml")
    with pytest.raises(InputError):
        programmes.screen(LOCAL_OWNER, applicants, tmp_path / "o.docx", programme="leap")
    with pytest.raises(ForbiddenError):
        programmes.screen(COMPANY, applicants, tmp_path / "o.csv", programme="leap")


def test_a_company_sees_which_programmes_it_could_apply_to(programmes: ProgrammeService) -> None:
    for record in example_records().values():
        found = programmes.screen_record(COMPANY, record, None)
        assert len(found) == 13
        for one in found:
            outcomes = {clause["outcome"] for clause in one["clauses"]}
            expected = "refused" if "failed" in outcomes else "ask" if "unknown" in outcomes else "eligible"
            assert one["decision"] == expected
            assert all((clause["reason"] is None) == (clause["outcome"] == "passed") for clause in one["clauses"])
