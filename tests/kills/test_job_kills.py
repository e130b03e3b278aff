"""Workers killed at random moments: every batch is answered once, no part of one is there twice, none is lost."""

from __future__ import annotations

import io
import os
import random
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import killed_work
import polars as pl
import pytest
from databases import BACK_ENDS, database_url
from killing import KILLS, LONG_SECONDS, started
from sqlalchemy import func, select

from ktop.bootstrap import House
from ktop.collect.limits import Limits
from ktop.domain.party.actor import INSTALLATION, LOCAL_OWNER
from ktop.domain.work.job import LEASE_SECONDS
from ktop.kernel.settings import Settings
from ktop.models.registry import ModelRegistry
from ktop.store.tables import audit_events, documents, job_items
from ktop.store.unit_of_work import Store
from ktop.training.reference import build_reference
from ktop.usecases.batches.rating import ANSWER, PART
from ktop.usecases.collect.keeper import MOST_AT_ONCE, StoreKeeper
from ktop.usecases.companies.batch import rate_frame

ROWS, PART_ROWS = 150, 10
DAY = date(2021, 12, 31)
#: `KTOP_QUOTA=1000 ./test tests/kills/test_job_kills.py` takes a whole month's calls of KIPRIS Plus.
QUOTA = int(os.environ.get("KTOP_QUOTA", "40"))
TAKERS = 3 if QUOTA > 100 else 2
JUNE, JULY = datetime(2026, 6, 30, 3, tzinfo=UTC), datetime(2026, 6, 30, 15, tzinfo=UTC)  # months of Korea


def lose_leases(store: Store) -> None:
    """Let the leases of all workers end now, of the living ones, too: what those write is refused from then on."""
    with store.installation() as work:
        work.jobs.requeue_lost(datetime.now(UTC) + timedelta(seconds=2 * LEASE_SECONDS))


def require_whole(store: Store) -> int:
    """Assert that every part kept belongs to just one finished item and the other way round; return how many."""
    with store.installation(reading=True) as work:
        connection = work.connection
        kept = connection.execute(select(documents.c.subject, documents.c.name).where(documents.c.kind == PART)).all()
        finished = connection.execute(select(job_items.c.job, job_items.c.number)).all()
        ended = set(connection.scalars(select(documents.c.subject).where(documents.c.kind == ANSWER)))
    parts = Counter((row.subject, int(row.name)) for row in kept)
    assert set(parts.values()) <= {1}, "a part is there twice"
    assert set(parts) == {(row.job, row.number) for row in finished if row.job not in ended}
    return len(finished)


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_killed_workers_lose_nothing_and_do_nothing_twice(tmp_path: Path, back_end: str) -> None:
    chance = random.Random(37)
    url = database_url(back_end, tmp_path)
    house = House(Settings(data=tmp_path, corpus=None, database_url=url))
    store = house._store()
    firms = build_reference(ROWS, 7)
    expected, _ = rate_frame(firms, as_of=DAY, registry=ModelRegistry())
    written = io.BytesIO()
    firms.write_parquet(written)
    given: list[str] = []
    finished = 0
    for _ in range(KILLS):
        for _ in range(1 if given else 2):
            batch = house.batches.give(LOCAL_OWNER, written.getvalue(), "firms.parquet", as_of=DAY, ending="parquet")
            given.append(batch.job.id)
        workers = [started(killed_work.working, url, tmp_path, PART_ROWS) for _ in range(2)]
        stop = time.monotonic() + LONG_SECONDS
        while require_whole(store) == finished and time.monotonic() < stop:
            time.sleep(0.01)  # until one of them is at work
        time.sleep(chance.uniform(0.0, 0.4))
        workers[0].kill()
        lose_leases(store)
        time.sleep(chance.uniform(0.0, 0.3))
        workers[1].kill()
        for worker in workers:
            worker.join(LONG_SECONDS)
        finished = require_whole(store)
        lose_leases(store)
    assert finished > 0, "no worker got anywhere"
    killed_work.rating.PART_ROWS = PART_ROWS
    for _ in given:  # those that rest after a failure are not waited for
        with store.installation() as work:
            taken = work.jobs.claim("last", len(given), at_once=99, now=datetime.now(UTC) + timedelta(hours=1))
        for job in taken:
            house.work.do(INSTALLATION, job, lambda: None)
    for job_id in given:
        assert house.jobs.job(LOCAL_OWNER, job_id).state == "done"
        assert pl.read_parquet(io.BytesIO(house.batches.answer(LOCAL_OWNER, job_id).content)).equals(expected)
    with store.engine.connect() as connection:
        told = Counter(connection.scalars(select(audit_events.c.subject).where(audit_events.c.action == "batch.rated")))
        answers = Counter(connection.scalars(select(documents.c.subject).where(documents.c.kind == ANSWER)))
        items = connection.scalar(select(func.count()).select_from(job_items))
    assert told == answers == Counter(given)
    assert items == len(given) * ROWS // PART_ROWS


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_a_quota_is_never_exceeded_by_processes_that_are_killed(tmp_path: Path, back_end: str) -> None:
    chance, url, made = random.Random(15), database_url(back_end, tmp_path), tmp_path / "calls"
    made.touch()
    kills = max(1, QUOTA // 100)
    running = [started(killed_work.taking_calls, url, made, QUOTA, JUNE) for _ in range(TAKERS)]
    deadline, killed = time.monotonic() + LONG_SECONDS, 0
    while any(process.is_alive() for process in running) and time.monotonic() < deadline:
        # a kill each time another part of the quota is taken: the worker begins again
        if killed < kills and made.stat().st_size > QUOTA * (killed + 1) / (kills + 2):
            place = chance.randrange(len(running))
            running[place].kill()
            running[place].join(LONG_SECONDS)
            running[place] = started(killed_work.taking_calls, url, made, QUOTA, JUNE)
            killed += 1
        time.sleep(0.005)
    assert not any(process.is_alive() for process in running)
    calls = made.stat().st_size
    assert calls <= QUOTA, "never more than the quota"
    assert calls >= QUOTA - killed * (MOST_AT_ONCE + 1), "only what a killed worker held is lost"
    assert killed, "workers were killed in the midst of it"
    store = Store.open(url)
    keeper = StoreKeeper(lambda: store, {"kipris": "kipris:test"})
    refused = keeper.take("kipris", Limits(month=QUOTA), JUNE)
    assert not refused.given and (refused.why, refused.until) == ("quota", JULY)
    assert keeper.take("kipris", Limits(month=QUOTA), JULY).given, "a new month begins by Korean time"
    keeper.close()
    store.engine.dispose()
