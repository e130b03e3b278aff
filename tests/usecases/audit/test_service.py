"""The audit trail as those see it who may: their own organisation's, the operator all of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from databases import BACK_ENDS, database_url
from sqlalchemy import insert, text

from ktop.domain.party.actor import LOCAL_OWNER, Actor
from ktop.kernel import merkle
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from ktop.kernel.progress import silent
from ktop.store.audit import event_digest
from ktop.store.identity import OrganisationRow
from ktop.store.tables import audit_events
from ktop.store.unit_of_work import Store
from ktop.usecases.audit.service import AuditService

ADMINISTRATOR = Actor("kim", "ibk", frozenset({"institution_administrator"}))
OFFICER = Actor("park", "ibk", frozenset({"bank_officer"}))
OPERATOR = Actor("choi", "kotec", frozenset({"operator"}))

NOW = datetime(2026, 6, 30, tzinfo=UTC)


@pytest.fixture(params=BACK_ENDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return Store.open(database_url(request.param, tmp_path))


def _service(store: Store) -> AuditService:
    return AuditService(lambda: store, lambda head: f"signed {head['size']}")


def _happened(store: Store, actor: Actor, count: int, action: str = "rating.made") -> None:
    for number in range(count):
        with store.unit(actor) as unit:
            unit.tell(action, f"{actor.user}-{number}", {})


def test_an_organisation_reads_its_own_events_in_pages(store: Store) -> None:
    _happened(store, OFFICER, 5)
    _happened(store, LOCAL_OWNER, 3)
    audit = _service(store)
    first = audit.events(ADMINISTRATOR, limit=3)
    rest = audit.events(ADMINISTRATOR, limit=3, after=first.after)
    assert [event.subject for event in (*first.items, *rest.items)] == [f"park-{n}" for n in (4, 3, 2, 1, 0)]
    assert rest.after is None and {event.organisation for event in first.items} == {"ibk"}


def test_events_name_the_organisations_that_they_speak_of(store: Store) -> None:
    with store.installation() as work:
        for one in ("ibk", "gaon", "nuri"):
            work.identity.add_organisation(OrganisationRow(one, "bank", f"{one} 기관", f"{one} Ltd", "active", NOW))
    with store.unit(OFFICER) as unit:
        unit.tell("consent.requested", "gaon", {"grantee": "ibk", "purpose": "nuri", "company": "unknown"})
    for found in (_service(store).events(ADMINISTRATOR), _service(store).events(OPERATOR, everywhere=True)):
        assert found.items[0].names == {one: {"ko": f"{one} 기관", "en": f"{one} Ltd"} for one in ("ibk", "gaon")}


def test_only_the_operator_reads_everybody_s(store: Store) -> None:
    _happened(store, OFFICER, 2)
    _happened(store, LOCAL_OWNER, 3, "consent.granted")
    audit = _service(store)
    assert len(audit.events(OPERATOR, everywhere=True).items) == 5
    assert len(audit.events(OPERATOR, everywhere=True, action="consent").items) == 3
    assert len(audit.events(OPERATOR, everywhere=True, action="consent.granted").items) == 3
    assert audit.events(OPERATOR, everywhere=True, action="consent.gran").items == []
    assert [event.subject for event in audit.events(OPERATOR, everywhere=True, subject="park-1").items] == ["park-1"]
    for who in (ADMINISTRATOR, OFFICER):
        with pytest.raises(ForbiddenError):
            audit.events(who, everywhere=True)
        with pytest.raises(ForbiddenError):
            audit.verify(who)
    with pytest.raises(ForbiddenError):
        audit.events(OFFICER)
    with pytest.raises(InputError):
        audit.events(OPERATOR, everywhere=True, after="nonsense")


def test_a_refusal_is_noted_once_a_minute_for_each_person_and_place(store: Store) -> None:
    audit = _service(store)
    for _ in range(3):
        audit.refused(OFFICER, "POST /institutions", "permission.role")
    audit.refused(OFFICER, "GET /audit", "permission.role")
    found = audit.events(ADMINISTRATOR, action="access.refused").items
    assert [(event.actor, event.subject, event.details) for event in found] == [
        ("park", place, {"reason": "permission.role"}) for place in ("GET /audit", "POST /institutions")
    ]


def test_sealing_takes_all_that_waits_and_keeps_each_day_s_head_once(store: Store) -> None:
    audit = _service(store)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    event = {"at": yesterday, "tenant": "ibk", "actor": "a", "action": "x.y", "subject": "s", "details": {}}
    with store.engine.begin() as connection:
        connection.execute(insert(audit_events).values(**event, digest=event_digest(**event)))
    _happened(store, OFFICER, 2)
    assert audit.seal(OPERATOR) == 3 and audit.seal(OPERATOR) == 0
    (head,) = audit.heads(OPERATOR)
    assert (head.day, head.size, head.signed) == (yesterday.date(), 1, "signed 1")
    assert audit.verify(OPERATOR).events == 3


def test_a_head_that_an_outsider_holds_tells_a_shortened_trail(store: Store, tmp_path: Path) -> None:
    audit = _service(store)
    with pytest.raises(NotFoundError):
        audit.head_to_hold(OPERATOR)
    _happened(store, OFFICER, 3)
    held = tmp_path / "head.json"
    held.write_text(json.dumps(asdict(audit.head_to_hold(OPERATOR)), default=str), "utf-8")
    assert audit.verify(OPERATOR, held).events == 3
    with store.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            connection.execute(text("DROP TRIGGER audit_chain_no_delete"))
        connection.execute(text("DELETE FROM audit_chain WHERE position = 3"))
    with pytest.raises(ConflictError) as caught:
        audit.verify(OPERATOR, held)
    assert caught.value.key == "audit.truncated" and caught.value.params["position"] == 3


@pytest.mark.parametrize("said", ["", "[]", "{}", '{"size": 0}', '{"size": 1, "root": "zz", "hash": ""}', "[" * 50_000])
def test_a_file_without_a_head_is_refused(store: Store, tmp_path: Path, said: str) -> None:
    held = tmp_path / "head.json"
    held.write_text(said, "utf-8")
    with pytest.raises(InputError) as caught:
        _service(store).verify(OPERATOR, held)
    assert caught.value.key == "audit.no_head"


def test_an_export_can_be_verified_without_us(store: Store, tmp_path: Path) -> None:
    _happened(store, OFFICER, 4)
    audit = _service(store)
    assert audit.export(OPERATOR, tmp_path / "trail.jsonl", silent) == 4
    lines = [json.loads(line) for line in (tmp_path / "trail.jsonl").read_text("utf-8").splitlines()]
    root = merkle.root(bytes.fromhex(line["digest"]) for line in lines).hex()
    assert root == audit.verify(OPERATOR).root and [line["position"] for line in lines] == [1, 2, 3, 4]
