"""Requests that carried an Idempotency-Key, and the answers they got; each organisation has keys of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import ColumnElement, Connection, and_, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ktop.domain.party.actor import Actor
from ktop.store.tables import idempotency_keys as kept

#: Status, media type, headers and body of an answer.
Answer: TypeAlias = tuple[int, str, Mapping[str, str], bytes]


@dataclass(frozen=True, slots=True)
class KeptRequest:
    """A request by its digest; ``answer`` is None while it is worked on."""

    request: str
    created: datetime
    answer: Answer | None


class RepeatRepository:
    """The repeated requests of an actor's organisation, within one transaction."""

    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._connection, self._actor = connection, actor

    def note(self, key: str, request: str, now: datetime) -> bool:
        """Note a request; return whether it is the first of its key."""
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        statement = (
            dialect.insert(kept)
            .values(tenant=self._actor.organisation, key=key, request=request, created=now)
            .on_conflict_do_nothing()
            .returning(kept.c.key)
        )
        return self._connection.execute(statement).first() is not None

    def note_again(self, key: str, now: datetime) -> None:
        """Note that an abandoned request is worked on again."""
        self._connection.execute(update(kept).where(self._own(key)).values(created=now))

    def get(self, key: str) -> KeptRequest | None:
        """Return what is kept under a key; a second sender of the same moment waits for the first."""
        query = select(kept).where(self._own(key)).with_for_update()
        row = self._connection.execute(query).one_or_none()
        if row is None:
            return None
        answer = None if row.status is None else (row.status, row.media_type, row.headers, row.body)
        return KeptRequest(row.request, row.created, answer)

    def keep(self, key: str, answer: Answer) -> None:
        """Keep the answer of a noted request."""
        status, media_type, headers, body = answer
        values = {"status": status, "media_type": media_type, "headers": dict(headers), "body": body}
        self._connection.execute(update(kept).where(self._own(key)).values(**values))

    def forget(self, key: str) -> None:
        """Forget one request."""
        self._connection.execute(delete(kept).where(self._own(key)))

    def forget_before(self, moment: datetime) -> None:
        """Forget what is older than a moment."""
        mine = kept.c.tenant == self._actor.organisation
        self._connection.execute(delete(kept).where(and_(mine, kept.c.created < moment)))

    def _own(self, key: str) -> ColumnElement[bool]:
        return and_(kept.c.tenant == self._actor.organisation, kept.c.key == key)
