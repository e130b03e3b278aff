"""A change, its audit event and its message happen together or not at all, and no organisation sees another's."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from databases import BACK_ENDS, empty_postgresql, migrated_postgresql
from sqlalchemy import JSON, Connection, Date, DateTime, Engine, column, insert, select, table, text
from sqlalchemy.exc import DBAPIError

from ktop.domain.party.actor import LOCAL_OWNER, Actor
from ktop.kernel.errors import NotFoundError, UnavailableError
from ktop.store.audit import event_digest
from ktop.store.database import MIGRATIONS, connect, open_database
from ktop.store.ratings import RatingRepository, in_brief
from ktop.store.tables import audit_chain, audit_events, outbox, ratings
from ktop.store.unit_of_work import Store

BANK, AGENCY = Actor("kim", "bank-1"), Actor("lee", "agency-1")
ANSWER = {"model": {"name": "tech-index", "version": "1.0.0"}, "scores": {"index": 70.1}, "warnings": []}
RESULT = {"model": {"name": "ktrs-fm", "version": "1.0.0"}, "scores": {"growth": 61.5}}


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


def test_the_database_refuses_to_change_ledger_and_chain(engine: Engine) -> None:
    link = {"position": 1, "event": 1, "digest": "a" * 64, "hash": "b" * 64}
    with engine.begin() as connection:
        connection.execute(insert(audit_chain).values(**link))
    for change in ("UPDATE audit_chain SET hash = 'x'", "DELETE FROM audit_chain"):
        with pytest.raises(DBAPIError, match="only added to"), engine.begin() as connection:
            connection.execute(text(change))


def test_a_unit_that_reads_changes_nothing(engine: Engine) -> None:
    store = Store(engine)
    with pytest.raises(UnavailableError), store.reading(BANK) as unit:
        _add(unit)
    assert _rows(engine, ratings) == []
    with store.unit(BANK) as unit:  # and the connection writes again
        _add(unit)


def test_an_event_s_digest_is_of_its_content(engine: Engine) -> None:
    with Store(engine).unit(BANK) as unit:
        _add(unit)
    (event,) = _rows(engine, audit_events)
    content = {name: getattr(event, name) for name in ("at", "tenant", "actor", "action", "subject", "details")}
    assert event.digest == event_digest(**content)
    assert event.digest != event_digest(**(content | {"actor": "lee"}))


@pytest.fixture
def two_organisations() -> Engine:
    engine = open_database(migrated_postgresql())
    for actor in (BANK, AGENCY):
        with Store(engine).unit(actor) as unit:
            _add(unit, actor.user)
    return engine


def test_postgresql_itself_keeps_organisations_apart(two_organisations: Engine) -> None:
    store = Store(two_organisations)
    with store.unit(BANK) as unit:  # statements of every kind, none with a condition
        seen = unit.connection.execute(text("SELECT subject FROM ratings")).scalars().all()
        assert seen == ["kim"]
        assert unit.connection.execute(text("UPDATE ratings SET note = 'x'")).rowcount == 1
        assert unit.connection.execute(text("DELETE FROM outbox")).rowcount == 1
    with pytest.raises(UnavailableError), store.unit(BANK) as unit:
        unit.connection.execute(text("UPDATE ratings SET tenant = 'agency-1'"))
    with pytest.raises(UnavailableError), store.unit(BANK) as unit:
        unit.connection.execute(
            insert(outbox).values(id="1", at=datetime.now(UTC), tenant="agency-1", topic="x", payload={})
        )
    with store.installation() as work:
        assert work.connection.execute(text("SELECT count(*) FROM ratings")).scalar() == 2
        assert work.connection.execute(text("SELECT count(*) FROM ratings WHERE note = 'x'")).scalar() == 1


def test_the_role_of_the_application_owns_nothing_and_bypasses_nothing(two_organisations: Engine) -> None:
    with Store(two_organisations).unit(BANK) as unit:
        role = unit.connection.execute(
            text("SELECT rolname, rolsuper, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname = current_user")
        ).one()
        owned = unit.connection.execute(text("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")).scalar()
        unbound = unit.connection.execute(
            text(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
                "AND NOT (relrowsecurity AND relforcerowsecurity)"
            )
        ).scalars()
        assert tuple(role) == ("ktop_application", False, False, False) and owned == 0
        assert set(unbound) == {"alembic_version", "memberships", "organisations", "users"}
        for table_of_installation in ("persons", "credentials", "sessions"):
            assert unit.connection.execute(text(f"SELECT count(*) FROM {table_of_installation}")).scalar() == 0


def test_a_pooled_connection_keeps_nobody_s_rights(two_organisations: Engine) -> None:
    with Store(two_organisations).unit(BANK):
        pass
    with two_organisations.connect() as connection:
        assert connection.execute(text("SELECT current_setting('ktop.organisation', true)")).scalar() == ""
        assert connection.execute(text("SELECT current_user")).scalar() == "postgres"


def _config(**attributes: Any) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes.update(attributes)
    return config


def _keep_companies(connection: Connection, made: datetime, names: Mapping[str, Sequence[str]]) -> None:
    """Keep companies as before their English names stood beside them: company → name in each version of its record."""
    instants = [column(name, DateTime(timezone=True)) for name in ("created", "changed", "known_at")]
    kept = table("companies", *(column(name) for name in ("id", "tenant", "name", "version")), *instants[:2])
    plain = (column(name) for name in ("id", "tenant", "company", "number", "given_by"))
    versions = table("record_versions", *plain, instants[2], column("record", JSON))
    own = {"tenant": LOCAL_OWNER.organisation}
    about = own | {"name": "한빛", "version": 1, "created": made, "changed": made}
    connection.execute(insert(kept), [about | {"id": company} for company in names])
    for company, said in names.items():
        told = own | {"company": company, "given_by": "kim", "known_at": made}
        rows = [told | {"id": f"{company}{n}", "number": n, "record": {"name_en": name}} for n, name in enumerate(said)]
        connection.execute(insert(versions), rows)


#: More ratings than a migration reads at a time.
_KEPT = 102


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_ratings_of_the_former_schema_become_the_local_owner_s(tmp_path: Path, back_end: str) -> None:
    url = empty_postgresql() if back_end == "postgresql" else f"sqlite:///{tmp_path / 'former.sqlite3'}"
    former = table(
        "ratings",
        *(column(name) for name in ("id", "kind", "subject")),
        column("created", DateTime(timezone=True)),
        column("as_of", Date),
        column("inputs", JSON),
        column("results", JSON),
    )
    engine = connect(url)
    with engine.begin() as connection:
        command.upgrade(_config(connection=connection), "0001")
        made = datetime(2025, 6, 30, 1, 2, 3, tzinfo=UTC)
        values = {"created": made, "as_of": date(2025, 6, 30), "kind": "company", "subject": "한빛"}
        stored = values | {"inputs": {"record": {"name": "한빛"}}, "results": [ANSWER]}
        connection.execute(insert(former), [stored | {"id": f"{n:032x}"} for n in range(_KEPT)])
        command.upgrade(_config(connection=connection), "0018_brief")
        _keep_companies(connection, made, {"named": ["", "Hanbit"], "drafted": ["Nuri"], "unnamed": ["Gaon", ""]})
    engine.dispose()
    store = Store.open(url)
    with store.unit(LOCAL_OWNER) as unit:
        kept, listed = unit.ratings.recent(_KEPT), unit.ratings.found(limit=_KEPT)
    assert [row.id for row in kept] == [f"{n:032x}" for n in range(_KEPT)]
    assert [row.results for row in listed] == [in_brief([ANSWER])] * _KEPT
    with store.unit(LOCAL_OWNER) as unit:
        named = {row.id: row.name_en for row in unit.portfolio.companies(["named", "drafted", "unnamed"])}
    assert named == {"named": "Hanbit", "drafted": "Nuri", "unnamed": None}
    assert kept[0].created == made and kept[0].subject_key is None
    assert kept[0].inputs == {"record": {"name": "한빛"}} and kept[0].results == [ANSWER]
    with store.unit(BANK) as unit:
        assert unit.ratings.recent() == []


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_events_from_before_the_chain_stay_and_still_cannot_be_changed(tmp_path: Path, back_end: str) -> None:
    url = empty_postgresql() if back_end == "postgresql" else f"sqlite:///{tmp_path / 'former.sqlite3'}"
    engine = connect(url)
    with engine.begin() as connection:
        command.upgrade(_config(connection=connection), "0002")
        connection.execute(
            text(
                "INSERT INTO audit_events (at, tenant, actor, action, subject, details) "
                "VALUES ('2025-06-30 01:02:03+00', 'local', 'local-owner', 'rating.made', 'x', '{}')"
            )
        )
    engine.dispose()
    engine = open_database(url)
    with pytest.raises(DBAPIError, match="never changed"), engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_events"))
    with Store(engine).unit(LOCAL_OWNER) as unit:
        _add(unit)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT digest = '' FROM audit_events ORDER BY number")).scalars().all() == [
            1,
            0,
        ]
