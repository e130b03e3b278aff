"""Seals audit events into a chain, finds what was done to it, and gives the heads that outsiders can hold.

Place n of the chain holds SHA-256(hash of place n-1, digest of its event). Events are sealed in batches by the
installation: a chain written with each event would make all writers wait for one another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select

from ktop.kernel import merkle
from ktop.store.audit import event_digest
from ktop.store.tables import audit_chain, audit_events, audit_heads

#: The hash before the first place.
START = "0" * 64
#: Any number that only sealing uses: one process seals at a time.
_LOCK = 7078
#: Numbers are given when an event is written, not when it is acknowledged: one may appear this many places late.
_LATE = 100_000
_ROWS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Flaw:
    """The first thing wrong with the trail. ``kind``: changed, missing, swapped, broken, truncated, unsealed, head.

    ``event`` is the number of the event, None where none is left to name; ``position`` its place in the chain.
    """

    kind: str
    event: int | None
    position: int | None


@dataclass(frozen=True, slots=True)
class Trail:
    """What a verified trail is: how many events are sealed, and the Merkle root over their digests."""

    events: int
    root: str
    unsealed: int


@dataclass(frozen=True, slots=True)
class Head:
    """The state of the chain at the end of a day (UTC); ``signed`` is empty where no key signed it."""

    day: date
    size: int
    root: str
    hash: str
    signed: str = ""


class AuditChain:
    """The chain of an installation, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def seal(self, at_most: int = 5_000, *, all_missing: bool = False) -> int:
        """Give up to ``at_most`` events their places, in the order of their numbers; return how many.

        ``all_missing`` looks for unsealed events through the whole trail, instead of its last 100,000 places.
        """
        if self._connection.dialect.name == "postgresql":
            self._connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        last = self._connection.execute(
            select(audit_chain.c.position, audit_chain.c.hash).order_by(audit_chain.c.position.desc()).limit(1)
        ).one_or_none()
        position, before = (last.position, last.hash) if last else (0, START)
        newest = self._connection.execute(select(func.max(audit_chain.c.event))).scalar() or 0
        since = 0 if all_missing else newest - _LATE
        unsealed = (
            select(audit_events)
            .outerjoin(audit_chain, audit_chain.c.event == audit_events.c.number)
            .where(audit_chain.c.event.is_(None), audit_events.c.number > since)
            .order_by(audit_events.c.number)
            .limit(at_most)
        )
        links = []
        for event in self._connection.execute(unsealed):
            digest = event.digest or _digest_of(event)  # events from before the chain have none of their own
            position, before = position + 1, link_hash(before, digest)
            links.append({"position": position, "event": event.number, "digest": digest, "hash": before})
        if links:
            self._connection.execute(insert(audit_chain), links)
        return len(links)

    def verify(self, held: Head | None = None) -> Trail | Flaw:
        """Go through the whole trail; return what it is, or the first thing wrong with it.

        ``held`` is a head that somebody kept: the chain must still pass through it. The installation's own daily heads
        are always checked.
        """
        heads = [*self.heads(), *([held] if held else [])]
        wanted: dict[int, list[Head]] = {}
        for head in heads:
            wanted.setdefault(head.size, []).append(head)
        tree = merkle.Roots()
        before, expected = START, 1
        for link in self.links():
            flaw = _flaw_of(link, expected, before)
            if flaw:
                return flaw
            tree.add(bytes.fromhex(link.digest))
            for head in wanted.pop(expected, ()):
                if (head.root, head.hash) != (tree.root().hex(), link.hash):
                    return Flaw("head", link.event, expected)
            before, expected = link.hash, expected + 1
        size = expected - 1
        short = [head for many in wanted.values() for head in many if head.size > size]
        if short:
            return Flaw("truncated", None, size + 1)
        return self._unsealed(size, tree.root().hex())

    def _unsealed(self, size: int, root: str) -> Trail | Flaw:
        """Return the trail, unless an event without a place was changed, or has waited for one for over an hour."""
        rows = self._connection.execute(
            select(audit_events)
            .outerjoin(audit_chain, audit_chain.c.event == audit_events.c.number)
            .where(audit_chain.c.event.is_(None))
            .order_by(audit_events.c.number)
        ).all()
        for event in rows:
            if event.digest and event.digest != _digest_of(event):
                return Flaw("changed", event.number, None)
        long_ago = datetime.now(UTC) - timedelta(hours=1)
        late = [event for event in rows if event.at < long_ago and event.number <= self._newest_sealed()]
        if late:
            return Flaw("unsealed", late[0].number, None)
        return Trail(size, root, len(rows))

    def _newest_sealed(self) -> int:
        return self._connection.execute(select(func.max(audit_chain.c.event))).scalar() or 0

    def links(self) -> Iterator[Any]:
        """Give every place of the chain with its event, in order."""
        behind = 0
        while True:
            rows = self._connection.execute(
                select(
                    audit_chain.c.position,
                    audit_chain.c.event,
                    audit_chain.c.digest,
                    audit_chain.c.hash,
                    audit_events.c.number,
                    audit_events.c.at,
                    audit_events.c.tenant,
                    audit_events.c.actor,
                    audit_events.c.action,
                    audit_events.c.subject,
                    audit_events.c.details,
                )
                .outerjoin(audit_events, audit_events.c.number == audit_chain.c.event)
                .where(audit_chain.c.position > behind)
                .order_by(audit_chain.c.position)
                .limit(_ROWS_AT_ONCE)
            ).all()
            if not rows:
                return
            yield from rows
            behind = rows[-1].position

    def heads(self) -> list[Head]:
        """Return the heads of all days that have one, oldest first."""
        rows = self._connection.execute(select(audit_heads).order_by(audit_heads.c.day))
        return [Head(row.day, row.size, row.root, row.hash, row.signed) for row in rows]

    def unsealed(self) -> int:
        """Return how many of the newest events wait for a place."""
        return self._connection.scalar(select(func.count()).select_from(self._waiting().subquery())) or 0

    def oldest_unsealed(self) -> datetime | None:
        """Return when the oldest of the newest events without a place happened."""
        found: datetime | None = self._connection.scalar(select(func.min(self._waiting().subquery().c.at)))
        return found

    def _waiting(self) -> Select[Any]:
        behind = max(0, self._newest_sealed() - _LATE)
        return (
            select(audit_events.c.number, audit_events.c.at)
            .outerjoin(audit_chain, audit_chain.c.event == audit_events.c.number)
            .where(audit_chain.c.event.is_(None), audit_events.c.number > behind)
        )

    def newest_head(self) -> Head | None:
        """Return the head of the newest day that has one."""
        row = self._connection.execute(select(audit_heads).order_by(audit_heads.c.day.desc()).limit(1)).one_or_none()
        return Head(row.day, row.size, row.root, row.hash, row.signed) if row else None

    def head_of(self, day: date) -> Head | None:
        """Return the state of the chain at a day's end, unsigned; None where no event is that old.

        The day ends at the first place whose event is of a later day; later places may hold events that were written
        before midnight and acknowledged after it.
        """
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
        first_later = self._connection.execute(
            select(func.min(audit_chain.c.position))
            .join(audit_events, audit_events.c.number == audit_chain.c.event)
            .where(audit_events.c.at >= midnight)
        ).scalar()
        last = self._connection.execute(select(func.max(audit_chain.c.position))).scalar() or 0
        size = last if first_later is None else first_later - 1
        if size == 0:
            return None
        digests = self._connection.execute(
            select(audit_chain.c.digest).where(audit_chain.c.position <= size).order_by(audit_chain.c.position)
        ).scalars()
        root = merkle.root(bytes.fromhex(digest) for digest in digests).hex()
        at_end = self._connection.execute(select(audit_chain.c.hash).where(audit_chain.c.position == size)).scalar_one()
        return Head(day, size, root, at_end)

    def keep_head(self, head: Head) -> None:
        """Keep a day's head for good."""
        values = {"day": head.day, "size": head.size, "root": head.root, "hash": head.hash, "signed": head.signed}
        self._connection.execute(insert(audit_heads).values(**values, at=datetime.now(UTC)))


def link_hash(before: str, digest: str) -> str:
    """Return the hash of a place of the chain, 64 hexadecimal digits, from that before it and its event's digest."""
    return hashlib.sha256(bytes.fromhex(before) + bytes.fromhex(digest)).hexdigest()


def _digest_of(event: Row[Any]) -> str:
    return event_digest(
        at=event.at,
        tenant=event.tenant,
        actor=event.actor,
        action=event.action,
        subject=event.subject,
        details=event.details,
    )


def _flaw_of(link: Row[Any], expected: int, before: str) -> Flaw | None:
    """Return what is wrong with one place of the chain, None where nothing is."""
    if link.position != expected:
        return Flaw("missing", None, expected)  # a place was taken out
    if link.number is None:
        return Flaw("missing", link.event, expected)  # its event is gone
    if link_hash(before, link.digest) != link.hash:
        return Flaw("broken", link.event, expected)  # the place itself was rewritten, or two were swapped
    if _digest_of(link) != link.digest:
        return Flaw("changed", link.event, expected)
    return None
