"""Web processes and workers killed at random moments under load: what was acknowledged is there, once and whole.

Clients rate companies, look results up, have results signed and give batches, while one of two web processes and two
workers after the other is killed (SIGKILL) and started again.
"""

from __future__ import annotations

import http.client
import io
import json
import random
import threading
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import killed_work
import polars as pl
import pytest
from databases import BACK_ENDS, database_url
from killing import KILLS, LONG_SECONDS
from several_processes import OWNER, Several, several
from sqlalchemy import func, select

from ktop.domain.party.actor import INSTALLATION, LOCAL_OWNER, VISITOR
from ktop.domain.work.job import DONE, LEASE_SECONDS
from ktop.models.registry import ModelRegistry
from ktop.store.tables import access_ledger, audit_events, documents, issued_results, job_items, jobs, outbox, ratings
from ktop.training.reference import build_reference
from ktop.usecases.batches.rating import ANSWER
from ktop.usecases.companies.batch import rate_frame
from ktop.usecases.companies.examples import example_record

CLIENTS, ROWS, PART_ROWS = 4, 40, 10
DAY = date(2021, 12, 31)


class Load:
    """Clients that go on asking, at whichever web process answers, and remember what was acknowledged to them."""

    def __init__(self, processes: Several, table: bytes) -> None:
        self.processes, self.table = processes, table
        self.ratings: dict[str, Any] = {}
        self.results: set[str] = set()
        self.looks = 0
        self.jobs: list[str] = []
        self.unanswered = 0
        self.refused: list[Any] = []
        self._ending = threading.Event()
        self._noting = threading.Lock()
        self._clients = [threading.Thread(target=self._ask_on, args=(number,)) for number in range(CLIENTS)]

    def __enter__(self) -> Load:
        for client in self._clients:
            client.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        for client in self._clients:
            client.join(LONG_SECONDS)

    def acknowledged(self) -> int:
        return len(self.ratings) + len(self.results) + self.looks + len(self.jobs)

    def _ask_on(self, number: int) -> None:
        chance = random.Random(number)
        while not self._ending.is_set():
            try:
                self._one(chance, chance.randrange(2))
            except (OSError, http.client.HTTPException, ValueError):
                with self._noting:
                    self.unanswered += 1
                time.sleep(0.02)  # a process is being started again

    def _one(self, chance: random.Random, at: int) -> None:
        ask, key = self.processes.ask, self.processes.company_key
        kind = chance.choices(("rate", "look", "sign", "batch"), (4, 4, 2, 0.3 if len(self.jobs) < 6 else 0))[0]
        if kind == "look":
            status, found = ask(at, "GET", f"/api/v1/lookups/{self.processes.rating}", self.processes.bank_key)
            self._note(status, 200, found, lambda: setattr(self, "looks", self.looks + 1))
        elif kind == "sign":
            status, found = ask(at, "POST", f"/api/v1/ratings/{self.processes.rating}/results", key, {})
            self._note(status, 201, found, lambda: self.results.add(found["id"]))
        elif kind == "batch":
            batch = self.processes.house.batches.give(
                LOCAL_OWNER, self.table, "firms.parquet", as_of=DAY, ending="parquet"
            )
            self._note(202, 202, batch, lambda: self.jobs.append(batch.job.id))
        else:
            record = example_record("hanbit-motion") | {"name": f"Hanbit {chance.random()}"}
            body = {"record": record, "as_of": "2026-06-30"}
            status, found = ask(at, "POST", "/api/v1/ratings/company", key, body)
            self._note(status, 201, found, lambda: self.ratings.update({found["id"]: found}))

    def _note(self, status: int, wanted: int, found: Any, note: Any) -> None:
        with self._noting:
            if status == wanted:
                note()
            else:
                self.refused.append((status, found))


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_nothing_acknowledged_is_lost_under_load(tmp_path: Path, back_end: str) -> None:
    chance = random.Random(38)
    firms = build_reference(100, 7).head(ROWS)
    expected, _ = rate_frame(firms, as_of=DAY, registry=ModelRegistry())
    table = io.BytesIO()
    firms.write_parquet(table)
    with several(database_url(back_end, tmp_path), tmp_path) as processes:
        with Load(processes, table.getvalue()) as load:
            for number in range(KILLS):
                before, until = load.acknowledged(), time.monotonic() + LONG_SECONDS
                while load.acknowledged() < before + 3 and time.monotonic() < until:
                    time.sleep(0.005)
                assert load.acknowledged() > before, (number, load.refused[-3:])
                time.sleep(chance.uniform(0.0, 0.3))
                place = chance.randrange(2)
                if chance.random() < 0.6:
                    processes.web[place].kill()
                    processes.web[place].join(LONG_SECONDS)
                    processes.start_web(place)
                else:
                    processes.workers[place].kill()
                    processes.workers[place].join(LONG_SECONDS)
                    with processes.house._store().installation() as work:  # its leases end now, not in a minute
                        work.jobs.requeue_lost(datetime.now(UTC) + timedelta(seconds=2 * LEASE_SECONDS))
                    processes.start_worker(place, PART_ROWS)
        for process in (*processes.web, *processes.workers):
            process.kill()
            process.join(LONG_SECONDS)
        assert not load.refused, load.refused[:3]
        require_whole(processes, load, expected)
        print(
            f"{back_end}: {KILLS} kills, {len(load.ratings)} ratings, {load.looks} looks, {len(load.results)} signed "
            f"results, {len(load.jobs)} batches acknowledged, {load.unanswered} requests unanswered"
        )


def require_whole(processes: Several, load: Load, expected: Any) -> None:
    """Assert that all acknowledged is there, nothing is there in part or twice, and trail and signatures hold."""
    house = processes.house
    finish(processes)
    with house._store().installation(reading=True) as work:
        connection = work.connection
        told = Counter(connection.scalars(select(audit_events.c.action)))
        count = {
            one: connection.scalar(select(func.count()).select_from(one))
            for one in (ratings, issued_results, access_ledger, audit_events, outbox, jobs, job_items)
        }
        given = set(connection.scalars(select(jobs.c.id)))
        rated = Counter(
            connection.scalars(select(audit_events.c.subject).where(audit_events.c.action == "batch.rated"))
        )
        answers = Counter(connection.scalars(select(documents.c.subject).where(documents.c.kind == ANSWER)))
    for key, content in load.ratings.items():
        kept = house.ratings.rating(OWNER, key)
        assert json.loads(json.dumps(kept.ratings)) == content["ratings"]
    for result in load.results:
        house.results.verify_result(VISITOR, house.results.result_file(OWNER, result, ()))
    # Each effect has its event, its message and its ledger entry, and nothing more has happened than was asked for.
    assert told["rating.made"] == count[ratings] and count[outbox] == count[audit_events]
    assert told["result.seen"] == count[access_ledger] and told["result.issued"] == count[issued_results]
    for happened, acknowledged in (
        (count[ratings] - 1, len(load.ratings)),
        (count[access_ledger], load.looks),
        (count[issued_results], len(load.results)),
        (len(given), len(load.jobs)),
    ):
        assert acknowledged <= happened <= acknowledged + load.unanswered
    assert set(load.jobs) <= given and rated == answers == Counter(given)
    assert count[job_items] == len(given) * ROWS // PART_ROWS
    for job in given:
        assert house.jobs.job(LOCAL_OWNER, job).state == DONE
        assert pl.read_parquet(io.BytesIO(house.batches.answer(LOCAL_OWNER, job).content)).equals(expected)
    house.audit.seal(LOCAL_OWNER)
    assert house.audit.verify(LOCAL_OWNER).unsealed == 0


def finish(processes: Several) -> None:
    """Do what the killed workers left."""
    killed_work.rating.PART_ROWS = PART_ROWS
    store = processes.house._store()
    for _ in range(20):
        later = datetime.now(UTC) + timedelta(hours=1)
        with store.installation() as work:
            work.jobs.requeue_lost(later)
            taken = work.jobs.claim("last", 50, at_once=99, now=later)
        for job in taken:
            processes.house.work.do(INSTALLATION, job, lambda: None)
