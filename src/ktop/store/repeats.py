"""Requests that carried an Idempotency-Key, and the answers they got; each organisation has keys of its own.

What such a request does is noted beside its key in the transaction that does it (``note_effect``, with every audit
event): whoever finds the key without an answer, because a process was killed, knows whether anything happened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import ColumnElement, Connection, and_, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ktop.domain.party.actor import Actor
from ktop.kernel.errors import ConflictError
from ktop.store.tables import idempotency_keys as kept

#: Status, media type, headers and body of an answer.
Answer: TypeAlias = tuple[int, str, Mapping[str, str], bytes]


@dataclass(frozen=True, slots=True)
class KeptRequest:
    """A request by its digest, its answer (None while it is worked on) and what it did: action → subject."""

    request: str
    created: datetime
    answer: Answer | None
    effects: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on the request of a key, since a moment; whoever takes it over later has another moment.

    ``effects`` is what an earlier attempt at the same request did before its process died: action → subject.
    """

    tenant: str
    key: str
    since: datetime
    effects: Mapping[str, str] = field(default_factory=dict)


_WORKED_ON: ContextVar[Claim | None] = ContextVar("ktop_repeat", default=None)


@contextmanager
def working_on(claim: Claim) -> Iterator[None]:
    """Note what is done within the block, by threads that take over its context as well, as done by a request."""
    token = _WORKED_ON.set(claim)
    try:
        yield
    finally:
        _WORKED_ON.reset(token)


def note_effect(connection: Connection, tenant: str, action: str, subject: str) -> None:
    """Note what the request that is worked on, if any, does in this transaction.

    Raises ``ConflictError``, so that the transaction leaves nothing, where somebody else has taken the request over.
    """
    claim = _WORKED_ON.get()
    if claim is None or claim.tenant != tenant or claim.effects.get(action) == subject:
        return
    own = and_(kept.c.tenant == tenant, kept.c.key == claim.key, kept.c.created == claim.since)
    line = func.coalesce(kept.c.effects, "") + f"{action} {subject}\n"
    if connection.execute(update(kept).where(own).values(effects=line)).rowcount != 1:
        raise ConflictError("repeats.in_progress")


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
        effects = dict(line.split(" ", 1) for line in (row.effects or "").splitlines())
        return KeptRequest(row.request, row.created, answer, effects)

    def made_before(self, action: str) -> str | None:
        """Return what an earlier attempt at the request that is worked on did by an action, None if nothing."""
        claim = _WORKED_ON.get()
        return None if claim is None or claim.tenant != self._actor.organisation else claim.effects.get(action)

    def keep(self, claim: Claim, answer: Answer) -> None:
        """Keep the answer of a request, unless somebody else has taken it over."""
        status, media_type, headers, body = answer
        values = {"status": status, "media_type": media_type, "headers": dict(headers), "body": body}
        self._connection.execute(update(kept).where(self._held(claim)).values(**values))

    def give_up(self, claim: Claim, long_ago: datetime) -> None:
        """Forget a request that did nothing; one that did something counts as left alone since ``long_ago``."""
        held = self._held(claim)
        self._connection.execute(delete(kept).where(held, kept.c.effects.is_(None)))
        self._connection.execute(update(kept).where(held).values(created=long_ago))

    def forget_before(self, moment: datetime) -> None:
        """Forget what is older than a moment."""
        mine = kept.c.tenant == self._actor.organisation
        self._connection.execute(delete(kept).where(and_(mine, kept.c.created < moment)))

    def _held(self, claim: Claim) -> ColumnElement[bool]:
        return and_(self._own(claim.key), kept.c.created == claim.since)

    def _own(self, key: str) -> ColumnElement[bool]:
        return and_(kept.c.tenant == self._actor.organisation, kept.c.key == key)
