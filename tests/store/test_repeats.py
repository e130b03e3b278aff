"""A request with an Idempotency-Key is noted once, for one organisation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ktop.domain.party.actor import Actor
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
        unit.repeats.keep("key-0001", ANSWER)
    with store.unit(KIM) as unit:
        found = unit.repeats.get("key-0001")
        assert found is not None and found.answer == ANSWER


def test_organisations_have_keys_of_their_own(store: Store) -> None:
    for who in (KIM, LEE):
        with store.unit(who) as unit:
            assert unit.repeats.note("key-0001", who.user, NOW)
    with store.unit(LEE) as unit:
        unit.repeats.forget("key-0001")
        assert unit.repeats.get("key-0001") is None
    with store.unit(KIM) as unit:
        assert unit.repeats.get("key-0001") is not None


def test_old_keys_are_forgotten(store: Store) -> None:
    with store.unit(KIM) as unit:
        unit.repeats.note("key-0001", "x", NOW - timedelta(hours=25))
        unit.repeats.note("key-0002", "x", NOW)
        unit.repeats.forget_before(NOW - timedelta(hours=24))
        assert unit.repeats.get("key-0001") is None and unit.repeats.get("key-0002") is not None
