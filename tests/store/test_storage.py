"""An organisation keeps so many bytes of files and no more, whoever adds them and how many at a time."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from databases import BACK_ENDS, database_url, empty_postgresql
from sqlalchemy import text

from ktop.domain.party.actor import INSTALLATION, LOCAL_OWNER, Actor
from ktop.kernel.errors import TooLargeError
from ktop.store.database import connect, migrate
from ktop.store.pruning import Forgotten
from ktop.store.unit_of_work import Store, UnitOfWork

KIM, LEE = Actor("kim", "hanbit"), Actor("lee", "saebyeok")
MB = 1_000_000


@pytest.fixture(params=BACK_ENDS)
def limited(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A store in which an organisation may keep 3 MB."""
    return Store.open(database_url(request.param, tmp_path), storage_bytes=3 * MB)


def keep(unit: UnitOfWork, size: int, subject: str = "s") -> str:
    return unit.documents.add(kind="k", name="n", media_type="a/b", subject=subject, content=b"x" * size).id


def kept(store: Store, *organisations: str) -> list[int]:
    with store.installation(reading=True) as work:
        return list(work.bytes_kept(organisations).values())


def test_an_organisation_keeps_files_up_to_its_limit_and_not_a_byte_more(limited: Store) -> None:
    with limited.unit(KIM) as unit:
        keep(unit, 2 * MB)
        keep(unit, MB - 1)
        keep(unit, 1, "last")
    with pytest.raises(TooLargeError) as caught, limited.unit(KIM) as unit:
        keep(unit, 1)
    assert (caught.value.key, caught.value.http_status) == ("store.storage_full", 413)
    assert caught.value.params == {"kept_mb": 3.0, "most_mb": 3}
    with limited.unit(LEE) as unit:
        keep(unit, 3 * MB)
    assert kept(limited, "hanbit", "saebyeok", "nobody") == [3 * MB, 3 * MB, 0]
    with limited.unit(KIM) as unit:
        assert unit.documents.remove("last", "k") == 1
        keep(unit, 1)


def test_files_that_are_forgotten_give_their_room_back(limited: Store) -> None:
    for actor in (KIM, LEE):
        with limited.unit(actor) as unit:
            keep(unit, 2 * MB)
            unit.documents.add(kind="stays", name="n", media_type="a/b", subject="s", content=b"x")
    later = datetime.now(UTC) + timedelta(days=1)
    until = Forgotten(messages=later, answers=later, failures=later, now=later, files={"k": later})
    with limited.installation() as work:
        assert work.pruning.forget(until, 10)["documents"] == 2
    assert kept(limited, "hanbit", "saebyeok") == [1, 1]


def test_whoever_has_the_machine_is_not_limited(limited: Store) -> None:
    for actor in (LOCAL_OWNER, INSTALLATION):
        with limited.unit(actor) as unit:
            keep(unit, 4 * MB)


def test_nobody_is_limited_where_no_limit_is_set(store: Store) -> None:
    with store.unit(KIM) as unit:
        keep(unit, 4 * MB)


def test_many_at_a_time_do_not_pass_the_limit(limited: Store) -> None:
    begin, refused = threading.Barrier(6), []

    def add() -> None:
        begin.wait()
        try:
            with limited.unit(KIM) as unit:
                keep(unit, MB)
        except TooLargeError as error:
            refused.append(error.key)

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (kept(limited, "hanbit"), refused) == ([3 * MB], ["store.storage_full"] * 3)


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_files_kept_before_count(back_end: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'before.sqlite3'}" if back_end == "sqlite" else empty_postgresql()
    engine = connect(url)
    migrate(engine, "0021_told_to")
    with engine.begin() as connection:
        if back_end == "postgresql":
            connection.execute(text("SELECT set_config('ktop.scope', 'installation', true)"))
        words = "id, tenant, content, created, kind, name, media_type, subject, sha256, made_by"
        values = {"id": "d", "tenant": "hanbit", "content": "한빛".encode(), "created": datetime.now(UTC)}
        given = ":id, :tenant, :content, :created, 'k', 'n', 'a/b', 's', '', 'u'"
        connection.execute(text(f"INSERT INTO documents ({words}) VALUES ({given})"), values)
    migrate(engine)
    store = Store(engine)
    assert kept(store, "hanbit") == [6]
    engine.dispose()
