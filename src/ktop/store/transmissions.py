"""Results that companies sent to institutions: each is of two organisations, the sender and the receiver."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, tuple_, update

from ktop.domain.party.actor import Actor
from ktop.kernel.errors import NotFoundError
from ktop.store.tables import documents, transmissions


@dataclass(frozen=True, slots=True)
class Transmission:
    """One result on its way, or arrived. ``document`` is a signed file that goes with it."""

    id: str
    tenant: str
    receiver: str
    rating: str
    document: str | None
    consent: str
    message: str
    sent: datetime
    sent_by: str
    received: datetime | None = None
    read: datetime | None = None
    read_by: str | None = None
    withdrawn: datetime | None = None


_COLUMNS = [field.name for field in fields(Transmission)]


class TransmissionRepository:
    """What an actor's organisation sent and received, within one transaction."""

    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._connection, self._actor = connection, actor

    def add(self, made: Transmission) -> None:
        """Keep what the actor's organisation sends."""
        if made.tenant != self._actor.organisation:
            raise NotFoundError("transmission.not_found")
        self._connection.execute(insert(transmissions).values(**{name: getattr(made, name) for name in _COLUMNS}))

    def get(self, transmission_id: str, *, to_change: bool = False) -> Transmission:
        """Return one that the actor's organisation sent or received; raises ``NotFoundError`` where there is none."""
        own = self._actor.organisation
        query = select(transmissions).where(
            transmissions.c.id == transmission_id,
            or_(transmissions.c.tenant == own, transmissions.c.receiver == own),
        )
        if to_change:
            query = query.with_for_update()
        found = self._connection.execute(query).one_or_none()
        if found is None:
            raise NotFoundError("transmission.not_found")
        return _transmission(found)

    def needs(self, consent: str) -> bool:
        """Return whether the organisation sent a result by a consent and has not withdrawn it."""
        query = select(transmissions.c.id).where(
            transmissions.c.tenant == self._actor.organisation,
            transmissions.c.consent == consent,
            transmissions.c.withdrawn.is_(None),
        )
        return self._connection.execute(query.limit(1)).first() is not None

    def newest(self, *, received: bool, before: tuple[Any, ...] | None = None, limit: int = 50) -> list[Transmission]:
        """Return what the organisation received, or sent, newest first, behind ``before`` (moment sent, identifier)."""
        mine = transmissions.c.receiver if received else transmissions.c.tenant
        query = select(transmissions).where(mine == self._actor.organisation)
        if before is not None:
            query = query.where(tuple_(transmissions.c.sent, transmissions.c.id) < before)
        query = query.order_by(transmissions.c.sent.desc(), transmissions.c.id.desc()).limit(limit)
        return [_transmission(row) for row in self._connection.execute(query)]

    def mark(self, changed: Transmission) -> None:
        """Keep when one arrived, was read, and by whom, or was withdrawn."""
        own = self._actor.organisation
        marks = {name: getattr(changed, name) for name in ("received", "read", "read_by", "withdrawn")}
        self._connection.execute(
            update(transmissions)
            .where(
                transmissions.c.id == changed.id,
                or_(transmissions.c.tenant == own, transmissions.c.receiver == own),
            )
            .values(**marks)
        )

    def open_by(self, consent_id: str) -> int:
        """Return how many results sent by a consent have not been withdrawn; two are enough to know."""
        query = select(transmissions.c.id).where(
            transmissions.c.tenant == self._actor.organisation,
            transmissions.c.consent == consent_id,
            transmissions.c.withdrawn.is_(None),
        )
        return len(self._connection.execute(query.limit(2)).all())

    def document(self, transmission: Transmission) -> tuple[str, bytes] | None:
        """Return name and content of the file that goes with what the organisation received and may still open."""
        found = self._connection.execute(
            select(documents.c.name, documents.c.content)
            .join(transmissions, transmissions.c.document == documents.c.id)
            .where(
                transmissions.c.id == transmission.id,
                transmissions.c.receiver == self._actor.organisation,
                transmissions.c.withdrawn.is_(None),
            )
        ).one_or_none()
        return None if found is None else (found.name, bytes(found.content))


def _transmission(row: Row[Any]) -> Transmission:
    return Transmission(**{name: getattr(row, name) for name in _COLUMNS})
