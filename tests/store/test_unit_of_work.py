"""A change, its audit event and its message happen together or not at all, and no organisation sees another's."""

from __future__ import annotations

import inspect
import io
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, column, create_engine, insert, select, table, text
from sqlalchemy.exc import DBAPIError

from ktop.domain.party.actor import LOCAL_OWNER, Actor
from ktop.kernel.errors import NotFoundError
from ktop.store.database import MIGRATIONS, open_database
from ktop.store.ratings import RatingRepository
from ktop.store.tables import audit_events, outbox, ratings
from ktop.store.unit_of_work import Store

BANK, AGENCY = Actor("kim", "bank-1"), Actor("lee", "agency-1")
RESULT = {"model": {"name": "ktrs-fm", "version": "1.0.0"}, "scores": {"growth": 61.5}}


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_database(f"sqlite:///{tmp_path / 'ktop.sqlite3'}")


def _add(unit: Any, subject: str = "한빛") -> str:
    given = {"record": {"name": subject}}
    row = unit.ratings.add(kind="company", subject=subject, as_of=date(2026, 6, 30), inputs=given, results=[RESULT])
    return str(row.id)


def _rows(engine: Engine, of: Any) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(of)))


def test_a_change_its_event_and_its_message_come_together(engine: Engine) -> None:
    with Store(engine).unit(BANK) as unit:
        made = _add(unit)
    (event,), (message,) = _rows(engine, audit_events), _rows(engine, outbox)
    assert (event.tenant, event.actor, event.action, event.subject) == ("bank-1", "kim", "rating.made", made)
    assert event.details == {"kind": "company", "models": [RESULT["model"]]}
    assert (message.tenant, message.topic, message.sent) == ("bank-1", "rating.made", None)
    assert "한빛" not in str(event) + str(message), "events outlive a company's erasure"


def test_what_fails_leaves_nothing_behind(engine: Engine) -> None:
    with pytest.raises(RuntimeError), Store(engine).unit(BANK) as unit:
        _add(unit)
        raise RuntimeError
    assert [_rows(engine, of) for of in (ratings, audit_events, outbox)] == [[], [], []]


def test_no_organisation_sees_another_s_ratings(engine: Engine) -> None:
    store = Store(engine)
    with store.unit(BANK) as unit:
        made = _add(unit)
    with store.unit(AGENCY) as unit:
        assert unit.ratings.recent() == []
        with pytest.raises(NotFoundError):
            unit.ratings.get(made)
    with store.unit(BANK) as unit:
        assert unit.ratings.get(made).id == made


def test_a_repository_cannot_be_made_without_an_actor() -> None:
    needed = [p.name for p in inspect.signature(RatingRepository).parameters.values() if p.default is p.empty]
    assert needed == ["connection", "actor"]


@pytest.mark.parametrize("change", ["UPDATE audit_events SET actor = 'x'", "DELETE FROM audit_events"])
def test_the_database_refuses_to_change_audit_events(engine: Engine, change: str) -> None:
    with Store(engine).unit(BANK) as unit:
        _add(unit)
    with pytest.raises(DBAPIError, match="never changed"), engine.begin() as connection:
        connection.execute(text(change))
    assert [event.actor for event in _rows(engine, audit_events)] == ["kim"]


def _config(**attributes: Any) -> Config:
    config = Config(**({"output_buffer": attributes.pop("out")} if "out" in attributes else {}))
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes.update(attributes)
    return config


def test_ratings_of_the_former_schema_become_the_local_owner_s(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'former.sqlite3'}"
    former = table("ratings", *map(column, ("id", "created", "as_of", "kind", "subject", "inputs", "results")))
    engine = create_engine(url)
    with engine.begin() as connection:
        command.upgrade(_config(connection=connection), "0001")
        values = {"created": "2025-06-30 01:02:03.000000", "as_of": "2025-06-30", "kind": "company", "subject": "한빛"}
        stored = values | {"inputs": '{"record": {"name": "한빛"}}', "results": '[{"scores": {"index": 70.1}}]'}
        connection.execute(insert(former), [stored | {"id": f"{n:032x}"} for n in range(3)])
    engine.dispose()
    store = Store.open(url)
    with store.unit(LOCAL_OWNER) as unit:
        kept = unit.ratings.recent()
    assert [row.id for row in kept] == [f"{n:032x}" for n in range(3)]
    assert kept[0].created == datetime(2025, 6, 30, 1, 2, 3, tzinfo=UTC) and kept[0].subject_key is None
    assert kept[0].inputs == {"record": {"name": "한빛"}} and kept[0].results == [{"scores": {"index": 70.1}}]
    with store.unit(BANK) as unit:
        assert unit.ratings.recent() == []


def test_the_migrations_can_be_written_for_postgresql() -> None:
    from alembic.migration import MigrationContext
    from alembic.operations import Operations
    from alembic.script import ScriptDirectory

    out = io.StringIO()
    context = MigrationContext.configure(dialect_name="postgresql", opts={"as_sql": True, "output_buffer": out})
    with Operations.context(context):
        for script in reversed(list(ScriptDirectory.from_config(_config()).walk_revisions())):
            script.module.upgrade()
    said = out.getvalue()
    assert "BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events" in said
    assert "ALTER TABLE ratings ADD COLUMN tenant VARCHAR(64) DEFAULT 'local' NOT NULL" in said
