"""A worker fills its hands, makes room for what is more urgent, and ends without losing a job."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from ktop.domain.party.actor import Actor
from ktop.domain.work.job import FOR_A_PERSON, FOR_A_TABLE, Job, Stop
from ktop.kernel.errors import UnavailableError
from ktop.worker import loop
from ktop.worker.loop import Worker

PATIENCE = 30.0


class Invented:
    """Work whose jobs go on until they are stopped or let go."""

    def __init__(self, *priorities: int) -> None:
        now = datetime.now(UTC)
        self.waiting = [
            Job(str(n), "local", "local-owner", {}, "k", priority, "waiting", {}, now, now)
            for n, priority in enumerate(priorities)
        ]
        self.begun: list[str] = []
        self.stopped: dict[str, Stop | None] = {}
        self.let_go: set[str] = set()
        self.cancelled: set[str] = set()
        self.changed = threading.Condition()
        self.away = 0
        self.delivered = 0

    def anything_waits(self, actor: Actor, more_urgent_than: int | None = None) -> bool:
        if self.away:
            self.away -= 1
            raise UnavailableError("store.database_failed")
        return any(more_urgent_than is None or job.priority < more_urgent_than for job in self.waiting)

    def take(self, actor: Actor, worker: str, count: int) -> Sequence[Job]:
        self.waiting.sort(key=lambda job: job.priority)
        taken, self.waiting = self.waiting[:count], self.waiting[count:]
        return taken

    def hold(self, actor: Actor, held: Mapping[str, str]) -> Mapping[str, bool]:
        return {job: job in self.cancelled for job in held}

    def do(self, actor: Actor, job: Job, asked: Callable[[], Stop | None]) -> None:
        with self.changed:
            self.begun.append(job.id)
            self.changed.notify_all()
            why = None
            while job.id not in self.let_go and (why := asked()) is None:
                self.changed.wait(0.01)
            self.stopped[job.id] = why
            if why == "give_back":
                self.waiting.append(job)
            self.changed.notify_all()

    def tend(self, actor: Actor) -> None: ...

    def deliver(self, actor: Actor) -> int:
        with self.changed:
            self.delivered += 1
            self.changed.notify_all()
        return 0

    def until(self, happened: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(happened, PATIENCE)


@pytest.fixture
def running() -> Any:
    begun: list[tuple[Worker, threading.Thread]] = []

    def begin(work: Invented, **more: Any) -> Worker:
        worker = Worker(work, poll_seconds=0.01, **more)
        thread = threading.Thread(target=worker.run)
        thread.start()
        begun.append((worker, thread))
        return worker

    yield begin
    for worker, thread in begun:
        worker.end()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_it_does_so_many_at_once_and_one_more_when_one_ends(running: Any) -> None:
    work = Invented(*[FOR_A_TABLE] * 3)
    running(work, at_once=2)
    work.until(lambda: len(work.begun) == 2)
    work.let_go.add("0")
    work.until(lambda: len(work.begun) == 3)
    work.let_go |= {"1", "2"}
    work.until(lambda: len(work.stopped) == 3)
    assert set(work.stopped.values()) == {None}


def test_a_table_makes_room_for_a_person_and_goes_on_afterwards(running: Any) -> None:
    work = Invented(FOR_A_TABLE)
    running(work)
    work.until(lambda: work.begun == ["0"])
    now = datetime.now(UTC)
    work.waiting.append(Job("person", "local", "local-owner", {}, "k", FOR_A_PERSON, "waiting", {}, now, now))
    work.until(lambda: work.begun == ["0", "person"])
    assert work.stopped == {"0": "give_back"}
    work.let_go |= {"person", "0"}
    work.until(lambda: work.begun == ["0", "person", "0"])


def test_what_it_holds_is_given_back_when_it_ends(running: Any) -> None:
    work = Invented(FOR_A_TABLE)
    worker = running(work)
    work.until(lambda: work.begun == ["0"])
    worker.end()
    work.until(lambda: work.stopped == {"0": "give_back"})


def test_a_job_cancelled_elsewhere_is_stopped(running: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "_RENEW_SECONDS", 0.0)
    work = Invented(FOR_A_TABLE)
    running(work)
    work.until(lambda: work.begun == ["0"])
    work.cancelled.add("0")
    work.until(lambda: work.stopped == {"0": "cancelled"})


def test_it_outlives_a_database_that_is_away(running: Any) -> None:
    work = Invented(FOR_A_TABLE)
    work.away = 3
    running(work)
    work.until(lambda: work.begun == ["0"])


def test_messages_are_delivered_while_jobs_are_done(running: Any) -> None:
    work = Invented(FOR_A_TABLE)
    running(work)
    work.until(lambda: work.begun == ["0"] and work.delivered >= 2)
