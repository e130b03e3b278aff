"""Stored ratings come back as they were given, and the schema grows by migrations."""

from __future__ import annotations

import traceback
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from consenting import BANK, COMPANY, add_organisations
from sqlalchemy import Engine, Inspector, inspect, text

from ktop.domain.party.actor import LOCAL_OWNER
from ktop.kernel.errors import NotFoundError, UnavailableError
from ktop.store.database import migrate, open_database
from ktop.store.ratings import in_brief
from ktop.store.tables import metadata
from ktop.store.tables.base import Instant
from ktop.store.unit_of_work import Store

DAY = date(2025, 1, 1)


def test_a_rating_comes_back_as_given(store: Store) -> None:
    with store.unit(LOCAL_OWNER) as unit:
        row = unit.ratings.add(
            kind="company",
            subject="한빛",
            as_of=date(2025, 6, 30),
            inputs={"record": {"name": "한빛", "staff": None}},
            results=[{"scores": {"index": 70.123456789012345}}],
            subject_key="company_id:A-1",
        )
    with store.unit(LOCAL_OWNER) as unit:
        assert unit.ratings.get(row.id) == row
        assert [r.id for r in unit.ratings.recent()] == [row.id]


def test_lists_read_ratings_in_brief(store: Store) -> None:
    whole = {
        "model": {"name": "ktrs-fm", "version": "1.3.0", "trained_on": "synthetic"},
        "subject": {"name": "한빛", "name_en": "Hanbit", "industry_group": "machinery", "region": None},
        "scores": {"growth": 83.2, "index": None},
        "grades": {"business": "AA-"},
        "inputs": [{"name": "sales_krw_t0", "value": 5, "source": "-"}, {"name": "staff", "value": 7}],
        "contributions": [{"indicator": "x", "value": 1}],
    }
    bare = {"model": {"name": "originality"}}
    brief = {
        "model": {"name": "ktrs-fm", "version": "1.3.0"},
        "subject": {"industry_group": "machinery", "region": None, "name_en": "Hanbit"},
        "scores": {"growth": 83.2, "index": None},
        "grades": {"business": "AA-"},
        "inputs": [{"name": "sales_krw_t0", "value": 5}],
    }
    no_part = {"model": {"name": "originality"}, "subject": {}, "scores": {}, "grades": {}, "inputs": []}
    assert in_brief([whole, {"scores": {}}, bare]) == [brief, no_part]
    with store.unit(LOCAL_OWNER) as unit:
        unit.ratings.add(kind="company", subject="한빛", as_of=DAY, inputs={}, results=[whole, bare])
        (listed,) = unit.ratings.found()
    assert listed.results == [brief, no_part]


def test_all_organisations_are_counted_and_only_ones_own_are_learned_from(store: Store) -> None:
    add_organisations(store)
    for number, who in enumerate((COMPANY, BANK, BANK)):
        with store.unit(who) as unit:
            unit.ratings.add(
                kind="company",
                subject="한빛",
                as_of=DAY + timedelta(days=number),
                inputs={"record": {"name": "한빛"}} if number else {"text": "none"},
                results=[{"number": number}],
                subject_key=f"business_number:{number}" if number else None,
            )
    with store.installation(reading=True) as work:
        assert [one.results[0]["number"] for one in work.figures_of_all.recent_ratings(2)] == [2, 1]
        assert len(list(work.figures_of_all.recent_ratings(9))) == 3
    for who, days in ((COMPANY, []), (BANK, [1, 2])):
        with store.reading(who) as unit:
            assert [(one.as_of - DAY).days for one in unit.ratings.records()] == days


def test_identifiers_differ_and_unknown_ones_are_refused(store: Store) -> None:
    with store.unit(LOCAL_OWNER) as unit:
        ids = {unit.ratings.add(kind="company", subject="a", as_of=DAY, inputs={}, results=[]).id for _ in range(20)}
        assert len(ids) == 20
        for unknown in ("0" * 32, "' OR 1=1 --"):
            with pytest.raises(NotFoundError):
                unit.ratings.get(unknown)


def test_migrations_give_exactly_the_declared_tables_and_can_run_twice(engine: Engine) -> None:
    migrate(engine)
    found = inspect(engine)
    assert set(found.get_table_names()) - {"alembic_version"} == set(metadata.tables)
    for name, table in metadata.tables.items():
        declared = {i.name for i in table.indexes if i.info.get("only", engine.dialect.name) == engine.dialect.name}
        assert {i["name"] for i in found.get_indexes(name)} - _unique(found, name) == declared
        assert {c["name"] for c in found.get_columns(name)} == {c.name for c in table.columns}


def _unique(found: Inspector, table: str) -> set[str]:
    """Return the indexes that PostgreSQL lists because a constraint has made them."""
    return {str(constraint["name"]) for constraint in found.get_unique_constraints(table)}


@pytest.mark.usefixtures("waiting_for_the_disk")
def test_what_is_acknowledged_is_synced(tmp_path: Path) -> None:
    with open_database(f"sqlite:///{tmp_path / 'ktop.sqlite3'}").connect() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2  # FULL


def test_a_failing_database_is_told_without_company_records(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE ratings RENAME TO gone"))
    with pytest.raises(UnavailableError) as caught, Store(engine).unit(LOCAL_OWNER) as unit:
        unit.ratings.add(
            kind="company", subject="비밀기업", as_of=DAY, inputs={"record": {"name": "비밀기업"}}, results=[]
        )
    assert caught.value.key == "store.database_failed" and caught.value.http_status == 503
    told = caplog.text + "".join(traceback.format_exception(caught.value))
    assert "the database failed" in told and "비밀기업" not in told


def test_a_database_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "ktop.sqlite3").write_bytes(b"no database at all, but long enough to look like one" * 40)
    with pytest.raises(UnavailableError):
        open_database(f"sqlite:///{tmp_path / 'ktop.sqlite3'}")


def test_an_address_of_no_known_database_is_told_without_its_password() -> None:
    for url in ("mysql://kim:secret@host/ktop", "not an address"):
        with pytest.raises(UnavailableError) as caught:
            open_database(url)
        assert caught.value.key == "store.address_wrong" and "secret" not in str(caught.value)


def test_a_moment_comes_back_with_its_zone_and_none_without_one_is_kept(store: Store) -> None:
    seoul = timezone(timedelta(hours=9))
    assert Instant().process_bind_param(datetime(2026, 1, 1, 8, tzinfo=seoul), None) == datetime(
        2025, 12, 31, 23, tzinfo=UTC
    )
    with pytest.raises(ValueError, match="zone"):
        Instant().process_bind_param(datetime(2026, 1, 1), None)  # noqa: DTZ001 - a moment without a zone is the case
    with store.unit(LOCAL_OWNER) as unit:
        made = unit.ratings.add(kind="company", subject="a", as_of=DAY, inputs={}, results=[])
    with store.reading(LOCAL_OWNER) as unit:
        assert unit.ratings.get(made.id).created.tzinfo is not None
