"""What a worker does with what goes wrong: input errors end a job, others let it rest, lost leases write nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest
from databases import BACK_ENDS, database_url

from ktop.domain.party.actor import INSTALLATION, LOCAL_OWNER
from ktop.domain.work.job import LEASE_SECONDS, Job
from ktop.kernel.errors import ForbiddenError, InputError, UnavailableError
from ktop.kernel.settings import Settings
from ktop.patents.corpus.importing import import_paths
from ktop.patents.engine import indexing
from ktop.patents.engine.index import PatentIndex
from ktop.store.unit_of_work import Store
from ktop.usecases.corpora import corpus
from ktop.usecases.corpora.service import CorpusService
from ktop.usecases.jobs.running import Running
from ktop.usecases.jobs.service import JobService
from ktop.usecases.work.kinds import upkeep
from ktop.usecases.work.service import WorkService

Doing = Callable[[Running], None]


@pytest.fixture(params=BACK_ENDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return Store.open(database_url(request.param, tmp_path))


def done_by(store: Store, doing: Doing) -> Job:
    """Give a job, let it be done once and return it."""
    job = JobService(lambda: store).give(LOCAL_OWNER, "models.drift", {})
    work = WorkService(lambda: store, {"models.drift": doing}, 2, lambda: None, lambda: 0)
    (taken,) = work.take(INSTALLATION, "w", 1)
    work.do(INSTALLATION, taken, lambda: None)
    return JobService(lambda: store).job(LOCAL_OWNER, job.id)


def failing(error: Exception) -> Doing:
    def doing(running: Running) -> None:
        raise error

    return doing


@pytest.mark.parametrize(
    ("error", "state", "key"),
    [
        (InputError("jobs.not_found"), "failed", "jobs.not_found"),
        (UnavailableError("store.database_failed"), "waiting", "store.database_failed"),
        (RuntimeError("secret of a company"), "waiting", "jobs.unexpected"),
    ],
)
def test_what_goes_wrong_is_noted(
    store: Store, caplog: pytest.LogCaptureFixture, error: Exception, state: str, key: str
) -> None:
    job = done_by(store, failing(error))
    assert (job.state, (job.problem or {})["key"]) == (state, key)
    assert "secret" not in caplog.text + str(job)
    if state == "waiting":
        assert job.not_before > datetime.now(UTC)


def test_an_effect_and_the_end_of_its_job_come_together(store: Store) -> None:
    def doing(running: Running) -> None:
        with running.end({}) as unit:
            unit.tell("model.registered", "x", {})
            raise InputError("jobs.not_found")

    assert done_by(store, doing).state == "failed"
    with store.installation(reading=True) as work:
        assert [event.action for event in work.audit_events.newest(limit=9)] == ["job.failed", "job.given"]


def test_a_worker_that_was_away_too_long_writes_nothing(store: Store) -> None:
    def doing(running: Running) -> None:
        with store.installation() as work:
            work.jobs.requeue_lost(datetime.now(UTC) + timedelta(seconds=2 * LEASE_SECONDS))
        with running.end({}) as unit:
            unit.tell("model.registered", "x", {})

    job = done_by(store, doing)
    assert (job.state, job.problem) == ("waiting", None)
    with store.installation(reading=True) as work:
        assert [event.action for event in work.audit_events.newest(limit=9)] == ["job.given"]


def test_progress_is_told_in_numbers(store: Store) -> None:
    def doing(running: Running) -> None:
        running.progress(3, 7, "rows")
        running.progress(4, 7, "rows")  # too soon after the first to be written
        with running.end({"models": []}):
            pass

    job = done_by(store, doing)
    assert (job.done, job.of, job.state) == (3, 7, "done")


def test_only_the_installation_works_jobs_off(store: Store) -> None:
    work = WorkService(lambda: store, {}, 2, lambda: None, lambda: 0)
    for call in (
        lambda: work.take(LOCAL_OWNER, "w", 1),
        lambda: work.hold(LOCAL_OWNER, {}),
        lambda: work.anything_waits(LOCAL_OWNER),
        lambda: work.tend(LOCAL_OWNER),
        lambda: work.deliver(LOCAL_OWNER),
    ):
        with pytest.raises(ForbiddenError):
            call()


def test_a_kind_of_a_newer_version_waits_for_a_newer_worker(store: Store) -> None:
    JobService(lambda: store).give(LOCAL_OWNER, "models.drift", {})
    work = WorkService(lambda: store, {}, 2, lambda: None, lambda: 0)
    (taken,) = work.take(INSTALLATION, "w", 1)
    work.do(INSTALLATION, taken, lambda: None)
    assert JobService(lambda: store).job(LOCAL_OWNER, taken.id).state == "waiting"


def test_every_kind_of_the_catalogue_is_done_by_something() -> None:
    from ktop.domain.party.permission import permissions
    from ktop.domain.work.kind import job_kinds

    def unopened() -> None:
        raise AssertionError

    assert {
        *upkeep(unopened, unopened, unopened),
        "rate.batch",
        "rate.technologies",
        "programme.rank",
        "programme.effect",
        "collect.company",
        "collect.refresh",
    } == set(job_kinds())  # type: ignore[arg-type]
    assert {kind.permission for kind in job_kinds().values()} <= set(permissions())


def test_segments_of_an_index_are_jobs_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "SEGMENT_ROWS", 10)
    monkeypatch.setattr(indexing, "BATCH_ROWS", 10)
    monkeypatch.setattr(corpus, "bring_reference_up_to_date", lambda *_, **__: None)
    monkeypatch.setattr(corpus, "bring_equating_up_to_date", lambda *_, **__: None)
    folder, store = tmp_path / "corpus", Store.open(database_url("sqlite", tmp_path))
    lines = [
        json.dumps({"id": f"US{7_000_000 + n}B2", "title": f"Lithium battery {n}", "filed": "2010-01-04"})
        for n in range(25)
    ]
    (tmp_path / "patents.jsonl").write_text("\n".join(lines), encoding="utf-8")
    import_paths(folder, [tmp_path / "patents.jsonl"])
    jobs, corpora = JobService(lambda: store), CorpusService(Settings(data=tmp_path))
    given = jobs.give(LOCAL_OWNER, "patents.index", {"corpus": str(folder)})
    work = WorkService(lambda: store, upkeep(lambda: corpora, Mock(), Mock()), 9, lambda: None, lambda: 0)
    (first,) = work.take(INSTALLATION, "w", 9)
    work.do(INSTALLATION, first, lambda: "give_back")  # it has asked for help, and written nothing
    again, *segments = work.take(INSTALLATION, "w", 9)
    assert [job.kind for job in segments] == ["patents.segment"] * 3
    for job in segments:
        work.do(INSTALLATION, job, lambda: None)
    work.do(INSTALLATION, again, lambda: None)
    assert work.take(INSTALLATION, "w", 9) == [], "help is asked for once"
    ended = {job.id: job for job in jobs.jobs(LOCAL_OWNER).items}
    assert {job.state for job in ended.values()} == {"done"}
    assert [ended[job.id].result for job in segments] == [{"written": True}] * 3
    assert ended[given.id].result is not None and ended[given.id].result["total"] == 25
    assert len(PatentIndex(folder).segments) == 3
