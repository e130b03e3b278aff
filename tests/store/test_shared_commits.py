"""Units of work that share a commit on SQLite: in the order they came, each kept or undone by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, Table, event, select, text

from ktop.domain.party.actor import Actor
from ktop.kernel.errors import UnavailableError
from ktop.store.database import open_database
from ktop.store.shared_commits import _ProcessQueue
from ktop.store.tables import audit_events, job_items
from ktop.store.unit_of_work import Store

BANK = Actor("kim", "bank-1")


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_database(f"sqlite:///{tmp_path / 'ktop.sqlite3'}")


class Commits:
    """Counts what reaches the disk."""

    def __init__(self, engine: Engine) -> None:
        self.count = 0
        event.listen(engine, "commit", self._one)

    def _one(self, _connection: object) -> None:
        self.count += 1


def told(engine: Engine, of: Table = audit_events) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(select(of.c.subject).order_by(of.c.number)))


def side_by_side(store: Store, works: list[Callable[[Store], None]]) -> list[BaseException | None]:
    """Let works queue up, in order, behind a unit that is open; return what that one and each of them raised."""
    raised: list[BaseException | None] = [None] * (1 + len(works))

    def run(number: int) -> None:
        try:
            works[number](store)
        except Exception as error:
            raised[number + 1] = error

    assert store._commits is not None
    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(works))]
    try:
        with store.unit(BANK) as unit:
            unit.tell("kind.first", "first", {})
            for number, thread in enumerate(threads, 1):
                thread.start()
                while store._commits._turns.waiting() < number:
                    time.sleep(0.001)
    except UnavailableError as error:
        raised[0] = error
    for thread in threads:
        thread.join(30)
    return raised


def tells(subject: str, problem: Exception | None = None) -> Callable[[Store], None]:
    def work(store: Store) -> None:
        with store.unit(BANK) as unit:
            unit.tell("kind.verb", subject, {})
            if problem is not None:
                raise problem

    return work


def test_those_who_wait_share_commits_in_their_order(engine: Engine) -> None:
    commits = Commits(engine)
    assert side_by_side(Store(engine), [tells(str(number)) for number in range(6)]) == [None] * 7
    assert told(engine) == ["first", *map(str, range(6))]
    assert commits.count <= 2, "one for all, or one more where the first waited long"


def test_a_unit_that_fails_takes_nobody_with_it(engine: Engine) -> None:
    problem = RuntimeError("no")
    assert side_by_side(Store(engine), [tells("a"), tells("b", problem), tells("c")]) == [None, None, problem, None]
    assert told(engine) == ["first", "a", "c"]


def test_none_is_acknowledged_where_the_commit_fails(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ktop.store.shared_commits._LONGEST_SECONDS", 60.0)

    def breaks_at_the_commit(store: Store) -> None:
        with store.unit(BANK) as unit:
            unit.connection.execute(text("PRAGMA defer_foreign_keys=ON"))
            unit.connection.execute(job_items.insert().values(job="none", number=1, tenant="bank-1", result={}))

    store = Store(engine)
    raised = side_by_side(store, [tells("a"), breaks_at_the_commit, tells("c")])
    assert [type(error) for error in raised] == [UnavailableError] * 4
    assert told(engine) == []
    tells("later")(store)
    assert told(engine) == ["later"]


def test_a_process_that_waits_is_not_overtaken(tmp_path: Path) -> None:
    one, other = (_ProcessQueue(tmp_path / "ktop.sqlite3") for _ in range(2))
    order: list[str] = []
    one.enter()

    def second() -> None:
        other.enter()
        order.append("other")
        other.leave()

    waiting = threading.Thread(target=second)
    waiting.start()
    while not (tmp_path / "ktop.sqlite3-next").exists():
        time.sleep(0.001)
    time.sleep(0.05)
    order.append("one")
    one.leave()
    one.enter()
    order.append("one again")
    one.leave()
    waiting.join(30)
    assert order == ["one", "other", "one again"]
