"""Writes what has been done beside what was done, in one transaction: an audit event and a message to send."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from ktop.domain.party.actor import Actor
from ktop.store.tables import audit_events, outbox


def tell(
    connection: Connection, actor: Actor, at: datetime, action: str, subject: str, details: Mapping[str, Any]
) -> None:
    """Write the event and the message of one change.

    Parameters
    ----------
    action : what was done, ``kind.verb`` (``"rating.made"``).
    subject : identifier of what it was done to.
    details : JSON types, never personal data or inputs: events are kept when a person is erased.
    """
    said = {"action": action, "subject": subject, "details": dict(details)}
    connection.execute(insert(audit_events).values(at=at, tenant=actor.organisation, actor=actor.user, **said))
    connection.execute(
        insert(outbox).values(id=secrets.token_hex(16), at=at, tenant=actor.organisation, topic=action, payload=said)
    )
