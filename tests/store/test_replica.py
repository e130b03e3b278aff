"""What a streaming standby may answer: the content of what the primary has just allowed, and nothing else.

That the standby answered is seen by changing, while it stands still, what in truth never changes on the primary.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from consenting import BANK, COMPANY, GAON, OTHER_BANK, OTHER_COMPANY, add_organisations, add_rating, terms
from databases import Streaming, database_url

from ktop.domain.party.actor import Actor
from ktop.kernel.errors import NotFoundError, UnavailableError
from ktop.kernel.settings import Settings
from ktop.models.registry import ModelRegistry
from ktop.store import replica as module
from ktop.store.database import connect
from ktop.store.replica import Replica, replica_of
from ktop.store.tables import ratings
from ktop.store.unit_of_work import Store
from ktop.usecases.consent.service import ConsentService
from ktop.usecases.lookup.service import LookupService
from ktop.usecases.operations.doctor import Doctor


class Pair:
    """A primary with a company's rating and file that a bank may see, and its standby."""

    def __init__(self) -> None:
        self.servers = Streaming()
        self.alone = Store.open(self.servers.primary)
        add_organisations(self.alone)
        self.servers.catch_up()
        self.store = Store.open(self.servers.primary, self.servers.replica)
        self.consents, self.lookups = ConsentService(lambda: self.store), LookupService(lambda: self.store)

    def rate(self) -> str:
        """Keep a rating of the company."""
        return add_rating(self.store, COMPANY, GAON, "ktrs-fm-1.3.0-hanbit-motion")

    @contextlib.contextmanager
    def standing_still(self) -> Iterator[None]:
        """Let the standby have all that is there, and nothing of what is written within the block."""
        self.servers.catch_up()
        self._ask(self.servers.replica, "SELECT pg_wal_replay_pause()")
        while self._ask(self.servers.replica, "SELECT pg_get_wal_replay_pause_state()") != "paused":
            pass
        try:
            yield
        finally:
            self._ask(self.servers.replica, "SELECT pg_wal_replay_resume()")
            self.servers.catch_up()

    def change(self, statement: str, *given: object) -> None:
        """Change the primary behind the platform's back."""
        self._ask(self.servers.primary, statement, *given)

    def blank(self, rating: str) -> None:
        """Take the answers out of a rating on the primary."""
        self.change("UPDATE ratings SET results = '[]' WHERE id = %s", rating)

    def own(self, rating: str) -> list[Any]:
        """Return the answers that the company reads of its own rating."""
        with self.store.reading(COMPANY) as unit:
            return list(unit.ratings.get(rating).results)

    @property
    def replica(self) -> Replica:
        """The standby as the store asks it."""
        found = replica_of(self.store.engine)
        assert found is not None
        return found

    def kept(self, organisation: str, rating: str, replica: Replica | None = None) -> bool:
        """Return whether the standby shows the company's rating to an organisation."""
        return (replica or self.replica).read(organisation, "gaon", rating, ratings.c.results) is not None

    def close(self) -> None:
        """End connections and servers."""
        self.replica.close()
        for store in (self.alone, self.store):
            store.engine.dispose()
        self.servers.stop()

    @staticmethod
    def _ask(url: str, statement: str, *given: object) -> Any:
        with psycopg.connect(url, autocommit=True) as connection:
            answered = connection.execute(statement, given)
            return (answered.fetchone() or [None])[0] if answered.description else None


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    made = Pair()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no slow machine pass for a standby that fails: only tests of a failure make the limits short."""
    monkeypatch.setattr(module, "_STATEMENT_SECONDS", 60.0)
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0.0)


@pytest.fixture
def rating(pair: Pair) -> Iterator[str]:
    """A rating that the bank may see."""
    made = pair.rate()
    consent = pair.consents.give(COMPANY, "ibk", terms(), "")
    yield made
    with contextlib.suppress(Exception):  # where a test has revoked it
        pair.consents.revoke(COMPANY, consent.consent.id, "")


def test_content_comes_from_the_standby_and_is_the_same(pair: Pair, rating: str) -> None:
    with pair.store.unit(COMPANY) as unit:
        file = unit.documents.add(
            kind="report", name="보고서.pdf", media_type="x", subject=rating, content=b"\x00report"
        )
    seen = {}
    for name, store in (("alone", pair.alone), ("with", pair.store)):
        pair.servers.catch_up()
        with store.reading(COMPANY) as unit:
            seen[name] = (
                unit.ratings.get(rating),
                unit.ratings.get(rating, of_itself=True),
                unit.documents.content(file.id),
            )
        with store.reading(BANK) as unit:
            seen[name] += (
                unit.granted_results.get("gaon", rating),
                unit.granted_results.get("gaon", rating, of_itself=False),
            )
    assert seen["alone"] == seen["with"] and seen["with"][2] == b"\x00report"
    with pair.standing_still():
        pair.change("UPDATE ratings SET results = '[]', inputs = '{}' WHERE id = %s", rating)
        pair.change("UPDATE documents SET content = '' WHERE id = %s", file.id)
        with pair.store.reading(COMPANY) as unit:
            assert (unit.ratings.get(rating), unit.documents.content(file.id)) == (seen["alone"][0], b"\x00report")
        assert pair.lookups.open(BANK, rating, "program").ratings
        with pair.alone.reading(COMPANY) as unit:
            assert (unit.ratings.get(rating).results, unit.documents.content(file.id)) == ([], b"")


def test_what_may_change_comes_from_the_primary(pair: Pair, rating: str) -> None:
    with pair.standing_still():
        with pair.store.unit(COMPANY) as unit:
            unit.ratings.describe(rating, title="새 이름", note="", archived=True)
        with pair.store.reading(COMPANY) as unit:
            found = unit.ratings.get(rating)
        assert (found.title, found.archived) == ("새 이름", True)


def test_a_revocation_holds_at_the_next_request(pair: Pair) -> None:
    rating = pair.rate()
    consent = pair.consents.give(COMPANY, "ibk", terms(), "").consent.id
    with pair.standing_still():
        assert pair.lookups.open(BANK, rating, "program").ratings
        pair.consents.revoke(COMPANY, consent, "")
        assert pair.kept("ibk", rating)  # the standby would still let the bank see it
        with pytest.raises(NotFoundError):
            pair.lookups.open(BANK, rating, "program")
        with pair.store.reading(BANK) as unit:
            assert unit.granted_results.get("gaon", rating) is None


def test_a_consent_and_a_result_that_the_standby_does_not_know_yet_count(pair: Pair) -> None:
    with pair.standing_still():
        rating = pair.rate()
        consent = pair.consents.give(COMPANY, "ibk", terms(), "").consent.id
        assert not pair.kept("gaon", rating)
        assert pair.own(rating) and pair.lookups.open(BANK, rating, "program").ratings
        pair.consents.revoke(COMPANY, consent, "")


def test_what_the_primary_has_erased_is_gone(pair: Pair, rating: str) -> None:
    with pair.store.unit(COMPANY) as unit:
        file = unit.documents.add(kind="table", name="x", media_type="x", subject="s", content=b"x")
    with pair.standing_still():
        with pair.store.unit(COMPANY) as unit:
            unit.documents.remove("s", "table")
        pair.change("DELETE FROM ratings WHERE id = %s", rating)
        assert pair.kept("gaon", rating)
        with pair.store.reading(COMPANY) as unit:
            for read, what in ((unit.ratings.get, rating), (unit.documents.content, file.id)):
                with pytest.raises(NotFoundError):
                    read(what)
        with pytest.raises(NotFoundError):
            pair.lookups.open(BANK, rating, "program")


def test_the_standby_keeps_organisations_apart(pair: Pair, rating: str) -> None:
    pair.servers.catch_up()
    everybody = ("gaon", "ibk", "shinhan", "nuri", "")
    assert [who for who in everybody if pair.kept(who, rating)] == ["gaon", "ibk"]
    assert pair.replica.read("gaon", "nuri", rating, ratings.c.results) is None  # another's than the primary has said
    with pair.store.reading(OTHER_COMPANY) as unit, pytest.raises(NotFoundError):
        unit.ratings.get(rating)
    with pytest.raises(NotFoundError):
        pair.lookups.open(OTHER_BANK, rating, "program")


def test_a_rule_reads_the_company_it_speaks_for(pair: Pair, rating: str) -> None:
    pair.servers.catch_up()
    with pair.store.unit(Actor("officer", "shinhan")) as unit, unit.for_company("gaon") as company:
        assert company.ratings.get(rating).id == rating


def test_a_standby_that_is_killed_is_not_missed(pair: Pair, rating: str) -> None:
    wanted = pair.lookups.open(BANK, rating, "program").ratings
    answers: list[Any] = []
    killed = threading.Event()

    def look() -> None:
        after = 0
        while after < 5:
            after += killed.is_set()
            answers.append(pair.lookups.open(BANK, rating, "program").ratings)

    clients = [threading.Thread(target=look) for _ in range(3)]
    for client in clients:
        client.start()
    pair.servers.signal(signal.SIGKILL)
    killed.set()
    for client in clients:
        client.join()
    try:
        assert len(answers) >= 15 and all(answer == wanted for answer in answers)
        store = Store.open(pair.servers.primary, pair.servers.replica)  # starts without it
        with store.reading(COMPANY) as unit:
            assert unit.ratings.get(rating).results
        found = Doctor(Settings(), lambda: store, ModelRegistry(), lambda: True)._database()
        assert (found.state, found.key) == ("warning", "operations.database_replica")
        store.engine.dispose()
    finally:
        pair.servers.start()
    with pair.standing_still():
        pair.blank(rating)
        assert pair.own(rating)  # it is asked again


def test_a_standby_that_hangs_is_left_alone_for_a_while(
    pair: Pair, rating: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pair.standing_still():
        assert pair.own(rating)
        pair.blank(rating)
        assert pair.own(rating)
        monkeypatch.setattr(module, "_STATEMENT_SECONDS", 0.2)
        monkeypatch.setattr(module, "_PAUSE_SECONDS", 3600.0)
        pair.servers.signal(signal.SIGSTOP)
        try:
            assert pair.own(rating) == []  # the primary's
        finally:
            pair.servers.signal(signal.SIGCONT)
        monkeypatch.setattr(module, "_STATEMENT_SECONDS", 60.0)
        assert pair.own(rating) == []  # the pause is not over
        monkeypatch.setattr(pair.replica, "_again_at", 1.0)
        assert pair.own(rating)


def test_after_a_pause_one_request_tries(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 3600.0)
    monkeypatch.setattr(pair.replica, "_again_at", 1.0)
    assert [pair.replica._may_try() for _ in range(3)] == [True, False, False]


def test_one_whose_tables_have_another_form_waits(pair: Pair, rating: str) -> None:
    now = pair._ask(pair.servers.primary, "SELECT version_num FROM alembic_version")
    primary = connect(pair.servers.primary)
    pair.change("UPDATE alembic_version SET version_num = '0001'")
    with pair.standing_still():
        pair.change("UPDATE alembic_version SET version_num = %s", now)
        behind = Replica(primary, pair.servers.replica)
        assert not pair.kept("gaon", rating, behind)
    assert pair.kept("gaon", rating, behind)
    behind.close()
    primary.dispose()


def test_anything_but_a_standby_of_this_database_is_refused(pair: Pair, tmp_path: Path) -> None:
    sqlite = database_url("sqlite", tmp_path)
    pair.change("CREATE DATABASE another")
    another = pair.servers.primary.replace("/postgres?", "/another?")
    pair.servers.catch_up()
    for url, replica_url, key in (
        (sqlite, pair.servers.replica, "address_wrong"),
        (pair.servers.primary, sqlite, "address_wrong"),
        (pair.servers.primary, "replica.example", "address_wrong"),
        (pair.servers.primary, pair.servers.primary, "no_standby"),
        (another, pair.servers.replica, "of_another"),
    ):
        with pytest.raises(UnavailableError) as refused:
            Store.open(url, replica_url)
        assert refused.value.key == f"store.replica_{key}"


def test_without_one_nothing_changes(tmp_path: Path) -> None:
    store = Store.open(database_url("sqlite", tmp_path), "")
    assert replica_of(store.engine) is None
    with store.unit(COMPANY) as unit:
        row = unit.ratings.add(kind="company", subject="x", as_of=date(2026, 1, 1), inputs={"a": 1}, results=[])
        assert unit.ratings.get(row.id) == row
    store.engine.dispose()
