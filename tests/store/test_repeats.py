"""A request with an Idempotency-Key is noted once, for one organisation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ktop.domain.party.actor import Actor
from ktop.kernel.errors import ConflictError
from ktop.store.repeats import Claim, working_on
from ktop.store.unit_of_work import Store

KIM, LEE = Actor("kim", "ibk"), Actor("lee", "tipa")
NOW = datetime(2026, 5, 1, tzinfo=UTC)
ANSWER = (201, "application/json", {"etag": '"1"'}, b'{"id": "\xed\x95\x9c"}')


def test_a_key_is_noted_once_and_its_answer_comes_back(store: Store) -> None:
    with store.unit(KIM) as unit:
        assert unit.repeats.note("key-0001", "a" * 64, NOW)
        assert not unit.repeats.note("key-0001", "b" * 64, NOW)
        found = unit.repeats.get("key-0001")
        assert found is not None and found.request == "a" * 64 and found.answer is None
        unit.repeats.keep(Claim("ibk", "key-0001", NOW), ANSWER)
    with store.unit(KIM) as unit:
        found = unit.repeats.get("key-0001")
        assert found is not None and found.answer == ANSWER


def test_organisations_have_keys_of_their_own(store: Store) -> None:
    for who in (KIM, LEE):
        with store.unit(who) as unit:
            assert unit.repeats.note("key-0001", who.user, NOW)
    with store.unit(LEE) as unit:
        unit.repeats.give_up(Claim("tipa", "key-0001", NOW), NOW)
        assert unit.repeats.get("key-0001") is None
    with store.unit(KIM) as unit:
        assert unit.repeats.get("key-0001") is not None


def test_old_keys_are_forgotten(store: Store) -> None:
    with store.unit(KIM) as unit:
        unit.repeats.note("key-0001", "x", NOW - timedelta(hours=25))
        unit.repeats.note("key-0002", "x", NOW)
        unit.repeats.forget_before(NOW - timedelta(hours=24))
        assert unit.repeats.get("key-0001") is None and unit.repeats.get("key-0002") is not None


def test_what_a_request_does_stands_beside_its_key_and_goes_with_what_failed(store: Store) -> None:
    claim = Claim("ibk", "key-0001", NOW)
    with store.unit(KIM) as unit:
        unit.repeats.note("key-0001", "x", NOW)
    with working_on(claim):
        with pytest.raises(ZeroDivisionError), store.unit(KIM) as unit:
            unit.tell("thing.made", "lost", {})
            raise ZeroDivisionError
        with store.unit(KIM) as unit:
            unit.tell("thing.made", "1", {})
            unit.tell("thing.sent", "2", {})
        with store.unit(LEE) as unit:  # nothing of this organisation's request
            unit.tell("thing.seen", "3", {})
    with store.unit(KIM) as unit:
        unit.tell("thing.other", "4", {})  # outside of any request
        found = unit.repeats.get("key-0001")
        assert found is not None and found.effects == {"thing.made": "1", "thing.sent": "2"}
        unit.repeats.give_up(claim, NOW - timedelta(minutes=9))
        found = unit.repeats.get("key-0001")
        assert found is not None and found.created == NOW - timedelta(minutes=9), "what did something is not forgotten"


def test_who_lost_a_request_leaves_nothing(store: Store) -> None:
    with store.unit(KIM) as unit:
        unit.repeats.note("key-0001", "x", NOW)
        unit.repeats.note_again("key-0001", NOW + timedelta(minutes=2))
    with working_on(Claim("ibk", "key-0001", NOW)), pytest.raises(ConflictError), store.unit(KIM) as unit:
        unit.tell("thing.made", "1", {})
    with store.unit(KIM) as unit:
        unit.repeats.keep(Claim("ibk", "key-0001", NOW), ANSWER)
        found = unit.repeats.get("key-0001")
        assert found is not None and found.answer is None and found.effects == {}
        assert not unit.audit_events.newest()
