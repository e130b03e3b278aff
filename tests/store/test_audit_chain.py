"""Whatever is done to the audit trail behind the platform's back is found and named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, insert, text

from ktop.domain.party.actor import Actor
from ktop.kernel import merkle
from ktop.store.audit import event_digest
from ktop.store.audit_chain import START, Flaw, Head, Trail, link_hash
from ktop.store.tables import audit_chain, audit_events
from ktop.store.unit_of_work import Store

KIM, LEE = Actor("kim", "ibk"), Actor("lee", "tipa")


@contextmanager
def _without_triggers(engine: Engine) -> Iterator[Connection]:
    """Give what somebody with the database in hands can do: change events that triggers protect."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            for table in ("audit_events", "audit_chain", "audit_heads"):
                for change in ("update", "delete"):
                    connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_{change}"))
        yield connection


def _written(store: Store, count: int) -> None:
    for number in range(count):
        with store.unit(KIM if number % 2 else LEE) as unit:
            unit.tell("rating.made", f"subject-{number}", {"number": number, "한글": 0.1})


def _sealed(store: Store, count: int = 8) -> Trail:
    _written(store, count)
    with store.installation() as work:
        assert work.audit_chain.seal() == count
        found = work.audit_chain.verify()
    assert isinstance(found, Trail)
    return found


def _verified(store: Store, held: Head | None = None) -> Trail | Flaw:
    with store.installation() as work:
        return work.audit_chain.verify(held)


def test_a_sealed_trail_verifies_and_grows(store: Store) -> None:
    first = _sealed(store)
    assert (first.events, first.unsealed) == (8, 0)
    second = _sealed(store, 3)
    assert second.events == 11 and second.root != first.root
    with store.installation() as work:
        assert work.audit_chain.seal() == 0


def test_the_chain_is_what_its_formula_says(store: Store, engine: Engine) -> None:
    trail = _sealed(store, 3)
    with engine.connect() as connection:
        events = connection.execute(audit_events.select().order_by(audit_events.c.number)).all()
        links = connection.execute(audit_chain.select().order_by(audit_chain.c.position)).all()
    before, digests = START, []
    names = ("at", "tenant", "actor", "action", "subject", "details")
    for event, link in zip(events, links, strict=True):
        digest = event_digest(**{name: getattr(event, name) for name in names})
        before = link_hash(before, digest)
        assert (link.digest, link.hash) == (digest, before)
        digests.append(bytes.fromhex(digest))
    assert trail.root == merkle.root(digests).hex()


def test_an_empty_trail_verifies(store: Store) -> None:
    assert _verified(store) == Trail(0, merkle.root([]).hex(), 0)


def test_sealing_in_pieces_gives_the_same_chain(store: Store) -> None:
    _written(store, 9)
    with store.installation() as work:
        assert [work.audit_chain.seal(4), work.audit_chain.seal(4), work.audit_chain.seal(4)] == [4, 4, 1]
    assert isinstance(_verified(store), Trail)


TAMPERING: dict[str, tuple[Callable[[Connection], object], Flaw]] = {
    "who": (
        lambda c: c.execute(text("UPDATE audit_events SET actor = 'park' WHERE number = 4")),
        Flaw("changed", 4, 4),
    ),
    "what": (
        lambda c: c.execute(text("""UPDATE audit_events SET details = '{"number": 99}' WHERE number = 4""")),
        Flaw("changed", 4, 4),
    ),
    "gone": (lambda c: c.execute(text("DELETE FROM audit_events WHERE number = 5")), Flaw("missing", 5, 5)),
    "swapped": (
        lambda c: [
            c.execute(text("UPDATE audit_events SET subject = 'x' WHERE number = 2")),
            c.execute(text("UPDATE audit_events SET subject = 'subject-1' WHERE number = 3")),
            c.execute(text("UPDATE audit_events SET subject = 'subject-2' WHERE number = 2")),
        ],
        Flaw("changed", 2, 2),
    ),
    "place": (lambda c: c.execute(text("DELETE FROM audit_chain WHERE position = 3")), Flaw("missing", None, 3)),
    "hash": (
        lambda c: c.execute(text(f"UPDATE audit_chain SET hash = '{'a' * 64}' WHERE position = 6")),
        Flaw("broken", 6, 6),
    ),
    "changed with its digest": (
        lambda c: [
            c.execute(text("UPDATE audit_events SET actor = 'park' WHERE number = 4")),
            c.execute(text(f"UPDATE audit_chain SET digest = '{'b' * 64}' WHERE position = 4")),
        ],
        Flaw("broken", 4, 4),
    ),
}


@pytest.mark.parametrize("how", sorted(TAMPERING))
def test_tampering_is_found_and_named(store: Store, engine: Engine, how: str) -> None:
    _sealed(store)
    change, flaw = TAMPERING[how]
    with _without_triggers(engine) as connection:
        change(connection)
    assert _verified(store) == flaw


def _head(store: Store) -> Head:
    with store.installation() as work:
        head = work.audit_chain.head_of(datetime.now(UTC).date())
    assert head is not None
    return head


def test_a_tail_cut_off_is_found_by_a_head_that_somebody_holds(store: Store, engine: Engine) -> None:
    _sealed(store)
    held = _head(store)
    assert held.size == 8
    assert isinstance(_verified(store, held), Trail)
    with _without_triggers(engine) as connection:
        connection.execute(text("DELETE FROM audit_chain WHERE position > 6"))
        connection.execute(text("DELETE FROM audit_events WHERE number > 6"))
    assert isinstance(_verified(store), Trail), "nothing inside tells of a tail that is gone altogether"
    assert _verified(store, held) == Flaw("truncated", None, 7)


def test_a_rewritten_history_does_not_pass_through_a_kept_head(store: Store, engine: Engine) -> None:
    _sealed(store)
    with store.installation() as work:
        head = work.audit_chain.head_of(datetime.now(UTC).date())
        assert head is not None
        work.audit_chain.keep_head(head)
        assert work.audit_chain.heads() == [head]
    with _without_triggers(engine) as connection:  # the whole chain made anew over changed events
        connection.execute(text("DELETE FROM audit_chain"))
        connection.execute(text("UPDATE audit_events SET actor = 'park', digest = ''"))
    with store.installation() as work:
        work.audit_chain.seal()
    assert _verified(store) == Flaw("head", 8, 8)
    assert _verified(store, replace(head, size=9)) == Flaw("head", 8, 8)


def test_a_head_ends_with_its_day(store: Store, engine: Engine) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    with engine.begin() as connection:
        event = {"at": yesterday, "tenant": "t", "actor": "a", "action": "x.y", "subject": "s", "details": {}}
        connection.execute(insert(audit_events).values(**event, digest=event_digest(**event)))
    _written(store, 2)
    with store.installation() as work:
        work.audit_chain.seal()
        head = work.audit_chain.head_of(yesterday.date())
        assert head is not None and head.size == 1
        assert work.audit_chain.head_of(yesterday.date() - timedelta(days=1)) is None


def test_an_event_changed_before_it_was_sealed_is_found(store: Store, engine: Engine) -> None:
    _written(store, 2)
    with _without_triggers(engine) as connection:
        connection.execute(text("UPDATE audit_events SET actor = 'park' WHERE number = 2"))
    assert _verified(store) == Flaw("changed", 2, None)
