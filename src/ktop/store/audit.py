"""Writes what has been done beside what was done, in one transaction: an audit event and a message to send."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from ktop.catalogue import LocalText
from ktop.domain.party.actor import Actor
from ktop.store.repeats import note_effect
from ktop.store.tables import audit_events, organisations, outbox
from ktop.store.tables.base import new_id

#: Made once, and without asking for the new row's number: every write runs them.
_EVENT, _MESSAGE = insert(audit_events).inline(), insert(outbox).inline()


def tell(
    connection: Connection,
    actor: Actor,
    at: datetime,
    action: str,
    subject: str,
    details: Mapping[str, Any],
    others: Sequence[str] = (),
) -> None:
    """Write the event and the message of one change.

    Parameters
    ----------
    action : what was done, ``kind.verb`` (``"rating.made"``).
    subject : identifier of what it was done to.
    details : JSON types, never personal data or inputs: events are kept when a person is erased.
    others : organisations besides the actor's own that are told of it (an institution that was given a consent).
    """
    said: dict[str, Any] = {"action": action, "subject": subject, "details": dict(details)}
    event: dict[str, Any] = {"at": at, "tenant": actor.organisation, "actor": actor.user, **said}
    connection.execute(_EVENT, event | {"digest": event_digest(**event)})
    message = said | ({"others": list(others)} if others else {})
    told = {"id": new_id(), "at": at, "tenant": actor.organisation, "topic": action, "payload": message}
    connection.execute(_MESSAGE, told)
    note_effect(connection, actor.organisation, action, subject)


class AuditEvents:
    """Audit events, newest first: those of an organisation, or of all where ``organisation`` is None."""

    def __init__(self, connection: Connection, organisation: str | None) -> None:
        self._connection, self._organisation = connection, organisation

    def newest(
        self, *, action: str | None = None, subject: str | None = None, before: object = None, limit: int = 50
    ) -> Sequence[Row[Any]]:
        """Return up to ``limit`` events with numbers below ``before``.

        ``action`` is a whole action (``"rating.made"``) or a kind of them (``"rating"``).
        """
        query = select(audit_events).order_by(audit_events.c.number.desc()).limit(limit)
        if self._organisation is not None:
            query = query.where(audit_events.c.tenant == self._organisation)
        if action:
            own = audit_events.c.action
            query = query.where(own == action if "." in action else own.startswith(f"{action}.", autoescape=True))
        if subject:
            query = query.where(audit_events.c.subject == subject)
        if before is not None:
            query = query.where(audit_events.c.number < before)
        return self._connection.execute(query).all()

    def names(self, identifiers: Collection[str]) -> dict[str, LocalText]:
        """Return the names of the organisations among some identifiers."""
        query = select(organisations).where(organisations.c.id.in_(sorted(identifiers)))
        return {row.id: {"ko": row.name_ko, "en": row.name_en} for row in self._connection.execute(query)}


def event_digest(
    *, at: datetime, tenant: str, actor: str, action: str, subject: str, details: Mapping[str, Any]
) -> str:
    """Return the SHA-256 of an event's content, 64 hexadecimal digits: equal content, equal digest on every database.

    The content is a JSON list with sorted keys and no spaces; ``at`` counts microseconds in UTC.
    """
    content = [at.astimezone(UTC).isoformat(timespec="microseconds"), tenant, actor, action, subject, details]
    written = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(written.encode()).hexdigest()
