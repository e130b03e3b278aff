"""However requests fall together, nothing is seen after a revocation and a consent for one look gives one."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fixtures"))

from consenting import BANK, COMPANY, GAON, add_organisations, add_rating, terms
from databases import BACK_ENDS, database_url
from sqlalchemy import select

from ktop.kernel.errors import KtopError, NotFoundError
from ktop.store.tables import access_ledger, consent_changes
from ktop.store.unit_of_work import Store
from ktop.usecases.consent.service import ConsentService
from ktop.usecases.lookup.service import LookupService

READERS = 2


@pytest.fixture(params=BACK_ENDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store; every use case of these tests has one of its own, as another process would."""
    url = database_url(request.param, tmp_path)
    store = Store.open(url)
    add_organisations(store)
    yield store
    store.engine.dispose()


def test_no_look_begun_after_a_revocation_sees_anything(store: Store) -> None:
    other = Store.open(store.engine.url.render_as_string(hide_password=False))  # another process's own connections
    made = add_rating(store, COMPANY, GAON, "ktrs-fm-1.3.0-hanbit-motion")
    consents, lookups = ConsentService(lambda: store), LookupService(lambda: other)
    for _ in range(3):
        given = consents.give(COMPANY, "ibk", terms(), "").consent
        revoked, seen_first = threading.Event(), threading.Event()

        def read(revoked: threading.Event = revoked, seen_first: threading.Event = seen_first) -> tuple[int, int]:
            seen = seen_after = 0
            while True:
                begun_after = revoked.is_set()
                try:
                    lookups.open(BANK, made, "program")
                except NotFoundError:
                    return seen, seen_after
                seen += 1
                seen_after += begun_after
                seen_first.set()

        with ThreadPoolExecutor(READERS) as pool:
            readers = [pool.submit(read) for _ in range(READERS)]
            assert seen_first.wait(30)
            consents.revoke(COMPANY, given.id, "")
            revoked.set()
            counts = [reader.result(timeout=60) for reader in readers]
        assert sum(seen for seen, _ in counts) > 0 and not any(after for _, after in counts)
        assert _ledger(store, given.id), "there were looks to race with"
        assert max(_ledger(store, given.id)) <= _ended(store, given.id), "the trail itself shows none later"
    other.engine.dispose()


def test_a_consent_for_one_look_gives_one_however_many_ask(store: Store) -> None:
    made = add_rating(store, COMPANY, GAON, "ktrs-fm-1.3.0-hanbit-motion")
    consents, lookups = ConsentService(lambda: store), LookupService(lambda: store)
    for _ in range(3):
        given = consents.give(COMPANY, "ibk", terms(once=True), "").consent
        opened = _together([lambda: lookups.open(BANK, made, "program")] * 4)
        assert [type(one) for one in opened if isinstance(one, Exception)] == [NotFoundError] * 3
        assert len(_ledger(store, given.id)) == 1


def test_of_two_changes_of_one_consent_one_happens(store: Store) -> None:
    consents = ConsentService(lambda: store)
    for _ in range(3):
        asked = consents.request(BANK, GAON, terms(), "").consent
        done = _together(
            [
                lambda asked=asked: consents.grant(COMPANY, asked.id, None, ""),
                lambda asked=asked: consents.reject(COMPANY, asked.id, ""),
            ]
        )
        assert sum(isinstance(one, Exception) for one in done) == 1
        assert len(consents.consent(COMPANY, asked.id).changes) == 2


def _together(calls: list[Callable[[], object]]) -> list[object]:
    """Call all at one moment and return what each answered, errors of the house included."""
    start = threading.Barrier(len(calls))

    def at_once(call: Callable[[], object]) -> object:
        start.wait()
        try:
            return call()
        except KtopError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(at_once, calls))


def _ledger(store: Store, consent_id: str) -> list[datetime]:
    with store.installation() as work:
        query = select(access_ledger.c.at).where(access_ledger.c.consent == consent_id)
        return list(work.connection.execute(query).scalars())


def _ended(store: Store, consent_id: str) -> datetime:
    with store.installation() as work:
        query = select(consent_changes.c.at).where(
            consent_changes.c.consent == consent_id, consent_changes.c.state == "revoked"
        )
        return work.connection.execute(query).scalar_one()
