"""A table of companies becomes a job, its answer a file: the same as rated at once, whatever happens in between."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from databases import BACK_ENDS, database_url

from ktop.bootstrap import House
from ktop.catalogue import LANGS, load, message, text
from ktop.domain.party.actor import INSTALLATION, LOCAL_OWNER, Actor
from ktop.domain.work.job import Stop
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, NotFoundError, TooLargeError
from ktop.kernel.settings import Settings
from ktop.models.registry import ModelRegistry
from ktop.store.unit_of_work import Store
from ktop.training.reference import build_reference
from ktop.usecases.batches import rating
from ktop.usecases.batches.interface import GIVEN, Batch, Ending
from ktop.usecases.companies.batch import rate_frame

DAY = date(2021, 12, 31)


@pytest.fixture(scope="module")
def firms() -> pl.DataFrame:
    return build_reference(230, 5)


@pytest.fixture(params=BACK_ENDS)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> House:
    return House(Settings(data=tmp_path, database_url=database_url(request.param, tmp_path), upload_mb=1))


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rating, "PART_ROWS", 50)


def parquet(frame: pl.DataFrame) -> bytes:
    written = io.BytesIO()
    frame.write_parquet(written)
    return written.getvalue()


def work_once(house: House, asked: Callable[[], Stop | None] = lambda: None) -> None:
    for job in house.work.take(INSTALLATION, "w", 5):
        house.work.do(INSTALLATION, job, asked)


def after(parts: int) -> Callable[[], Stop | None]:
    """Ask to give back once so many parts are done; it is looked at before the first one, too."""
    looked = iter([None] * parts)
    return lambda: next(looked, "give_back")


def test_a_batch_answers_as_if_rated_at_once(house: House, firms: pl.DataFrame) -> None:
    batch = house.batches.give(LOCAL_OWNER, parquet(firms), "firms.parquet", as_of=DAY, ending="parquet")
    assert (batch.job.state, batch.ready, batch.file, batch.answer) == (
        "waiting",
        False,
        "firms.parquet",
        "firms-rated.parquet",
    )
    with pytest.raises(NotFoundError):
        house.batches.answer(LOCAL_OWNER, batch.job.id)
    work_once(house)
    done = house.batches.batch(LOCAL_OWNER, batch.job.id)
    assert (done.job.state, done.job.done, done.job.of) == ("done", 230, 230)
    expected, report = rate_frame(firms, as_of=DAY, registry=ModelRegistry())
    assert pl.read_parquet(io.BytesIO(house.batches.answer(LOCAL_OWNER, batch.job.id).content)).equals(expected)
    assert (done.rows, done.rated, done.refused, done.remarks) == (
        report.rows,
        report.rated,
        report.refused,
        report.remarks,
    )


def test_what_is_finished_of_a_batch_is_not_rated_again(
    house: House, firms: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    rated: list[tuple[int, int]] = []
    former = rating.TableRating.rows

    def counted(self: rating.TableRating, start: int, stop: int, *more: object) -> pl.DataFrame:
        rated.append((start, stop))
        return former(self, start, stop)

    monkeypatch.setattr(rating.TableRating, "rows", counted)
    batch = house.batches.give(LOCAL_OWNER, parquet(firms), "firms.parquet", as_of=DAY, ending="parquet")
    work_once(house, after(2))
    paused = house.jobs.job(LOCAL_OWNER, batch.job.id)
    assert (paused.state, paused.done, paused.of, paused.attempts) == ("waiting", 100, 230, 0)
    work_once(house, after(1))
    work_once(house)
    assert house.jobs.job(LOCAL_OWNER, batch.job.id).state == "done"
    assert rated == [(0, 50), (50, 100), (100, 150), (150, 200), (200, 230)]
    expected, _ = rate_frame(firms, as_of=DAY, registry=ModelRegistry())
    assert pl.read_parquet(io.BytesIO(house.batches.answer(LOCAL_OWNER, batch.job.id).content)).equals(expected)


def test_a_cancelled_batch_stops_at_its_next_part(house: House, firms: pl.DataFrame) -> None:
    batch = house.batches.give(LOCAL_OWNER, parquet(firms), "firms.parquet", as_of=DAY)
    looked = 0

    def cancel_midway() -> Stop | None:
        nonlocal looked
        looked += 1
        if looked == 2:
            house.jobs.cancel(LOCAL_OWNER, batch.job.id)
        return None

    work_once(house, cancel_midway)
    ended = house.jobs.job(LOCAL_OWNER, batch.job.id)
    assert ended.state == "cancelled" and 0 < ended.done < 230
    with pytest.raises(NotFoundError):
        house.batches.answer(LOCAL_OWNER, batch.job.id)


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_answers_are_files_that_offices_open(house: House, firms: pl.DataFrame, tmp_path: Path, ending: Ending) -> None:
    from ktop.usecases.uploads import read_table

    batch = house.batches.give(LOCAL_OWNER, parquet(firms.head(7)), "기업.parquet", as_of=DAY, ending=ending)
    work_once(house)
    found = house.batches.answer(LOCAL_OWNER, batch.job.id)
    assert found.name == f"기업-rated.{ending}"
    path = tmp_path / f"a.{ending}"
    path.write_bytes(found.content)
    assert read_table(path).height >= 7


def test_a_table_that_cannot_be_read_fails_with_one_sentence(house: House) -> None:
    batch = house.batches.give(LOCAL_OWNER, b"PK not a workbook", "firms.xlsx")
    work_once(house)
    failed = house.jobs.job(LOCAL_OWNER, batch.job.id)
    assert failed.state == "failed" and failed.problem is not None
    told = {text(failed.problem["key"], lang, **failed.problem["params"]) for lang in LANGS}
    assert len(told) == 2 and all("firms.xlsx" in sentence for sentence in told)
    assert house.work.take(INSTALLATION, "w", 5) == [], "what is wrong with the input is not tried again"


def _give(house: House, actor: Actor = LOCAL_OWNER, content: bytes = b"name\nA\n", name: str = "a.csv") -> Batch:
    return house.batches.give(actor, content, name, as_of=DAY)


@pytest.mark.parametrize(
    ("content", "name", "error"),
    [
        (b"", "a.csv", InputError),
        (b"x" * 1_000_001, "a.csv", TooLargeError),
        (b"name\nA\n", "a.exe", InputError),
        (b"name\nA\n", "csv", InputError),
        (b"name\nA\n", "../../etc/passwd", InputError),
    ],
)
def test_what_is_not_taken_is_refused_at_once(house: House, content: bytes, name: str, error: type[InputError]) -> None:
    with pytest.raises(error) as refused:
        _give(house, content=content, name=name)
    assert len({message(refused.value, lang) for lang in LANGS}) == 2
    assert house.batches.batches(LOCAL_OWNER).items == []


def test_a_name_keeps_no_path(house: House) -> None:
    assert _give(house, name="..\\..\\windows\\a\x00b\n.csv").file == "ab.csv"


def test_a_batch_given_again_under_its_key_is_the_same(house: House) -> None:
    first = house.batches.give(LOCAL_OWNER, b"name\nA\n", "a.csv", as_of=DAY, key="k")
    assert house.batches.give(LOCAL_OWNER, b"name\nA\n", "a.csv", as_of=DAY, key="k").job.id == first.job.id
    with pytest.raises(ConflictError):
        house.batches.give(LOCAL_OWNER, b"name\nB\n", "a.csv", as_of=DAY, key="k")
    assert len(house.batches.batches(LOCAL_OWNER).items) == 1


def test_nobody_sees_another_organisation_s_batches_or_files(house: House) -> None:
    bank = Actor("kim", "bank-1", frozenset({"bank_officer"}))
    agency = Actor("lee", "agency-1", frozenset({"agency_manager"}))
    batch = _give(house, bank)
    assert house.batches.batches(agency).items == []
    for look in (house.batches.batch, house.batches.answer, house.jobs.job, house.jobs.cancel):
        with pytest.raises(NotFoundError):
            look(agency, batch.job.id)
    with house._store().reading(agency) as unit:
        assert unit.documents.of([batch.job.id], rating.GIVEN) == []
    with house._store().reading(bank) as unit:
        (kept,) = unit.documents.of([batch.job.id], rating.GIVEN)
        assert unit.documents.get(kept.id) == kept and unit.documents.content(kept.id) == b"name\nA\n"
    with house._store().reading(agency) as unit, pytest.raises(NotFoundError):
        unit.documents.content(kept.id)


def test_who_may_not_run_batches_is_told_so(house: House) -> None:
    company = Actor("choi", "company-1", frozenset({"company_owner"}))
    with pytest.raises(ForbiddenError):
        _give(house, company)


def test_the_job_of_somebody_without_rights_any_more_is_not_done(house: House) -> None:
    bank = Actor("kim", "bank-1", frozenset({"bank_officer"}))  # no such account
    batch = _give(house, bank)
    work_once(house)
    failed = house.jobs.job(bank, batch.job.id)
    assert (failed.state, (failed.problem or {})["key"]) == ("failed", "jobs.maker_gone")


def test_two_houses_on_one_database_do_a_batch_once(house: House, firms: pl.DataFrame) -> None:
    other = House(house._settings)
    batch = house.batches.give(LOCAL_OWNER, parquet(firms.head(60)), "firms.parquet", as_of=DAY, ending="parquet")
    assert [job.id for job in other.work.take(INSTALLATION, "two", 1)] == [batch.job.id]
    assert house.work.take(INSTALLATION, "one", 1) == []
    assert isinstance(other._store(), Store)


def test_companies_are_ranked_by_grade_and_one_is_kept_as_the_table_said(house: House, firms: pl.DataFrame) -> None:
    some = firms.head(60).with_columns(pl.Series("name", [f"기업 {place}" for place in range(60)]))
    broken = some.with_columns(
        pl.when(pl.int_range(pl.len()) == 7).then(-5.0).otherwise("staff_total").alias("staff_total")
    )
    batch = house.batches.give(LOCAL_OWNER, parquet(broken), "firms.parquet", as_of=DAY, ending="parquet")
    with pytest.raises(NotFoundError):
        house.batches.ranking(LOCAL_OWNER, batch.job.id)
    work_once(house)
    answer = pl.read_parquet(io.BytesIO(house.batches.answer(LOCAL_OWNER, batch.job.id).content))
    ranking = house.batches.ranking(LOCAL_OWNER, batch.job.id)
    assert sorted(one.row for one in ranking) == list(range(1, 61))
    symbols = load("grades")["ladders"]["business"]["symbols"]
    rated = [one for one in ranking if one.rank is not None]
    keys = [(symbols.index(one.business), -(one.index or 0)) for one in rated if one.business]
    assert keys == sorted(keys) and [one.rank for one in rated] == sorted(one.rank or 0 for one in rated)
    assert ranking[-1].row == 8 and ranking[-1].rank is None and ranking[-1].problems
    notches = {
        one.row: max(
            abs(
                load("grades")["ladders"][grade]["symbols"].index(row[f"ktrs_fm_track_ai_{grade}"])
                - load("grades")["ladders"][grade]["symbols"].index(row[f"ktrs_fm_track_statistics_{grade}"])
            )
            for grade in ("growth", "risk")
        )
        for one in rated
        if (row := answer.row(one.row - 1, named=True))["ktrs_fm_track_ai_growth"]
    }
    assert notches and {one.row: one.apart for one in ranking if one.apart is not None} == notches
    best = ranking[0]
    said = answer.row(best.row - 1, named=True)
    assert (best.name, best.index) == (f"기업 {best.row - 1}", said["tech_index_index"])
    kept = house.batches.keep(LOCAL_OWNER, batch.job.id, best.row)
    assert kept.as_of == DAY
    made = {rating["model"]["name"]: rating for rating in kept.ratings}
    assert made["tech-index"]["scores"]["index"] == pytest.approx(best.index, abs=1e-9)
    grades = made.get("ktrs-fm", made.get("start-up"))
    assert grades is not None and grades["grades"]["business"] == best.business
    for row in (0, 61):
        with pytest.raises(NotFoundError):
            house.batches.keep(LOCAL_OWNER, batch.job.id, row)
    with pytest.raises(InputError):
        house.batches.keep(LOCAL_OWNER, batch.job.id, 8)
    with pytest.raises((ForbiddenError, NotFoundError)):
        house.batches.keep(Actor("lee", "tipa", frozenset({"agency_evaluator"})), batch.job.id, 1)
    with house._store().unit(LOCAL_OWNER) as unit:
        assert unit.documents.remove(batch.job.id, GIVEN), "as the clock does when the time for keeping it is over"
    with pytest.raises(NotFoundError, match="table_forgotten"):
        house.batches.keep(LOCAL_OWNER, batch.job.id, best.row)
    assert house.batches.answer(LOCAL_OWNER, batch.job.id).content, "what came of the table stays"
