"""Where organisations want to be told of what happens, and the messages on their way there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select, update
from sqlalchemy.engine import Row

from ktop.domain.party.actor import Actor
from ktop.domain.work.webhook import (
    ACTIVE,
    DEAD,
    DELIVERED,
    PAUSED,
    WAITING,
    Delivery,
    Webhook,
    next_attempt,
    wants,
)
from ktop.kernel.errors import ChangedError, ConflictError, NotFoundError
from ktop.store.audit import tell
from ktop.store.tables import organisations, outbox, webhook_deliveries, webhooks
from ktop.store.tables.base import new_id

MOST_WEBHOOKS = 20
#: A delivery under way is left alone for so long; whoever took it may have died.
_UNDER_WAY = timedelta(seconds=60)


class WebhookRepository:
    """The webhooks of an actor's organisation, within one transaction."""

    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._connection, self._actor = connection, actor

    def add(self, webhook_id: str, url: str, secret: str, topics: Sequence[str]) -> Webhook:
        """Keep a webhook whose ``secret`` is sealed for it; raises ``ConflictError`` where there are too many."""
        count = self._connection.scalar(
            select(func.count()).select_from(webhooks).where(webhooks.c.tenant == self._actor.organisation)
        )
        if (count or 0) >= MOST_WEBHOOKS:
            raise ConflictError("webhooks.too_many", most=MOST_WEBHOOKS)
        now = datetime.now(UTC)
        self._connection.execute(
            insert(webhooks).values(
                id=webhook_id,
                tenant=self._actor.organisation,
                url=url,
                secret=secret,
                topics=list(topics),
                state=ACTIVE,
                made_by=self._actor.user,
                created=now,
            )
        )
        tell(self._connection, self._actor, now, "webhook.added", webhook_id, {"topics": list(topics)})
        return self.get(webhook_id)

    def get(self, webhook_id: str) -> Webhook:
        """Return one webhook; raises ``NotFoundError`` where there is none of that identifier."""
        found = self._connection.execute(self._own().where(webhooks.c.id == webhook_id)).one_or_none()
        if found is None:
            raise NotFoundError("webhooks.not_found")
        return _webhook(found)

    def all(self) -> list[Webhook]:
        """Return all webhooks, oldest first."""
        query = self._own().order_by(webhooks.c.created, webhooks.c.id)
        return [_webhook(row) for row in self._connection.execute(query)]

    def change_state(self, webhook_id: str, state: str, version: int | None = None) -> Webhook:
        """Pause a webhook, or let it go on: what waits then is delivered.

        Raises ``ChangedError`` where it has another version than ``version``.
        """
        self._change(webhook_id, version, state=state)
        tell(self._connection, self._actor, datetime.now(UTC), f"webhook.{state}", webhook_id, {})
        return self.get(webhook_id)

    def rotate(self, webhook_id: str, secret: str, until: datetime, version: int | None = None) -> Webhook:
        """Sign by another secret (sealed), and by the former one as well until a moment; raises as ``change_state``."""
        former = self.get(webhook_id).secret
        self._change(webhook_id, version, secret=secret, former_secret=former, former_until=until)
        told = {"until": until.isoformat()}
        tell(self._connection, self._actor, datetime.now(UTC), "webhook.secret_rotated", webhook_id, told)
        return self.get(webhook_id)

    def _change(self, webhook_id: str, version: int | None, **values: Any) -> None:
        present = self.get(webhook_id).version
        mine = (webhooks.c.id == webhook_id, webhooks.c.tenant == self._actor.organisation)
        same = webhooks.c.version == (present if version is None else version)
        changed = update(webhooks).where(*mine, same).values(**values, version=webhooks.c.version + 1)
        if self._connection.execute(changed).rowcount != 1:
            raise ChangedError("repeats.version_changed")

    def remove(self, webhook_id: str, version: int | None = None) -> None:
        """Remove a webhook with all that waits for it; raises as ``change_state``."""
        self._change(webhook_id, version)
        own = webhook_deliveries.c.tenant == self._actor.organisation
        self._connection.execute(delete(webhook_deliveries).where(own, webhook_deliveries.c.webhook == webhook_id))
        mine = (webhooks.c.id == webhook_id, webhooks.c.tenant == self._actor.organisation)
        self._connection.execute(delete(webhooks).where(*mine))
        tell(self._connection, self._actor, datetime.now(UTC), "webhook.removed", webhook_id, {})

    def deliveries(
        self,
        webhook_id: str,
        limit: int = 50,
        *,
        states: Collection[str] = (),
        before: tuple[datetime, str] | None = None,
    ) -> list[Delivery]:
        """Return the newest messages to a webhook first; ``before`` is where the page before ended."""
        self.get(webhook_id)
        table = webhook_deliveries.c
        query = select(webhook_deliveries).where(table.tenant == self._actor.organisation, table.webhook == webhook_id)
        if states:
            query = query.where(table.state.in_(states))
        if before is not None:
            at, last = before
            query = query.where((table.created < at) | ((table.created == at) & (table.id > last)))
        found = self._connection.execute(query.order_by(table.created.desc(), table.id).limit(limit))
        return [_delivery(row) for row in found]

    def send_again(self, delivery_id: str) -> Delivery:
        """Let a message that was given up, or delivered, be sent again from its first attempt.

        Raises ``ConflictError`` for one that is on its way, ``NotFoundError`` where there is none.
        """
        table = webhook_deliveries.c
        mine = (table.id == delivery_id, table.tenant == self._actor.organisation)
        found = self._connection.execute(select(webhook_deliveries).where(*mine)).one_or_none()
        if found is None:
            raise NotFoundError("webhooks.delivery_not_found")
        now = datetime.now(UTC)
        again = self._connection.execute(
            update(webhook_deliveries)
            .where(*mine, table.state != WAITING)
            .values(state=WAITING, attempts=0, next_at=now, problem="", ended=None)
        )
        if again.rowcount == 0:
            raise ConflictError("webhooks.on_its_way")
        tell(self._connection, self._actor, now, "webhook.sent_again", found.webhook, {"delivery": delivery_id})
        return _delivery(self._connection.execute(select(webhook_deliveries).where(*mine)).one())

    def _own(self) -> Select[Any]:
        """Return the query that every other one is made of: the actor's organisation and no other."""
        return select(webhooks).where(webhooks.c.tenant == self._actor.organisation)


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery to be tried now: ``attempts`` counts this one, and fences what is noted of it."""

    id: str
    webhook: str
    url: str
    secret: str
    message: str
    topic: str
    payload: dict[str, Any]
    attempts: int
    created: datetime
    former_secret: str | None = None
    former_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A message that was shared out: its topic, whose doing it tells, and which other organisations it concerns."""

    topic: str
    tenant: str
    others: Sequence[str]


class WebhookDispatch:
    """The outbox and the deliveries of all organisations, within one transaction of the installation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._locks = connection.dialect.name == "postgresql"

    def anything_waits(self, now: datetime) -> bool:
        """Return whether a message is to be shared out, or a delivery due."""
        unsent = select(outbox.c.id).where(outbox.c.sent.is_(None)).limit(1)
        return self._connection.scalar(unsent) is not None or self._connection.scalar(self._due(now, 1)) is not None

    def share_out(self, limit: int, now: datetime) -> list[Told]:
        """Make a delivery of each new message for each webhook that wants it; return the messages."""
        query = select(outbox).where(outbox.c.sent.is_(None)).order_by(outbox.c.at, outbox.c.id).limit(limit)
        if self._locks:
            query = query.with_for_update(skip_locked=True)
        messages = self._connection.execute(query).all()
        if not messages:
            return []
        told = {row.id: {row.tenant, *row.payload.get("others", ())} for row in messages}
        everybody = sorted(set().union(*told.values()))
        listening = self._connection.execute(select(webhooks).where(webhooks.c.tenant.in_(everybody), _OPEN)).all()
        made = [
            {
                "id": new_id(),
                "tenant": webhook.tenant,
                "webhook": webhook.id,
                "message": row.id,
                "topic": row.topic,
                "payload": {
                    "organisation": row.tenant,
                    "at": row.at.isoformat(),
                    "subject": row.payload["subject"],
                    "details": row.payload["details"],
                },
                "state": WAITING,
                "attempts": 0,
                "next_at": now,
                "created": now,
            }
            for row in messages
            for webhook in listening
            if webhook.tenant in told[row.id] and webhook.created <= row.at and wants(webhook.topics, row.topic)
        ]
        if made:
            self._connection.execute(insert(webhook_deliveries), made)
        self._connection.execute(update(outbox).where(outbox.c.id.in_([row.id for row in messages])).values(sent=now))
        return [Told(row.topic, row.tenant, tuple(row.payload.get("others", ()))) for row in messages]

    def take(self, limit: int, now: datetime) -> list[Due]:
        """Return deliveries to try now, which nobody else takes meanwhile."""
        query = self._due(now, limit)
        if self._locks:
            query = query.with_for_update(skip_locked=True, of=webhook_deliveries)
        ids = self._connection.scalars(query).all()
        if not ids:
            return []
        table = webhook_deliveries.c
        self._connection.execute(
            update(webhook_deliveries)
            .where(table.id.in_(ids))
            .values(attempts=table.attempts + 1, next_at=now + _UNDER_WAY)
        )
        columns = (table.id, table.webhook, table.message, table.topic, table.payload, table.attempts, table.created)
        found = self._connection.execute(
            select(*columns, *(webhooks.c[name] for name in ("url", "secret", "former_secret", "former_until")))
            .join(webhooks, webhooks.c.id == table.webhook)
            .where(table.id.in_(ids))
            .order_by(table.created, table.id)
        )
        return [Due(**row._mapping) for row in found]

    def delivered(self, due: Due, now: datetime) -> None:
        """Note that a message arrived."""
        self._note(due, state=DELIVERED, ended=now, problem="")

    def refused(self, due: Due, problem: str, now: datetime, *, gone: bool = False) -> None:
        """Note that an attempt failed: it is tried again later, or given up after the last one.

        ``gone``: the receiver says that it wants nothing any more (410): its webhook is paused.
        """
        again = None if gone else next_attempt(due.attempts, now)
        if again is None:
            self._note(due, state=DEAD, ended=now, problem=problem[:500])
        else:
            self._note(due, next_at=again, problem=problem[:500])
        if gone:
            self._connection.execute(update(webhooks).where(webhooks.c.id == due.webhook).values(state=PAUSED))

    def _note(self, due: Due, **values: Any) -> None:
        table = webhook_deliveries.c
        self._connection.execute(
            update(webhook_deliveries)
            .where(table.id == due.id, table.state == WAITING, table.attempts == due.attempts)
            .values(**values)
        )

    def _due(self, now: datetime, limit: int) -> Select[Any]:
        table = webhook_deliveries.c
        return (
            select(table.id)
            .join(webhooks, webhooks.c.id == table.webhook)
            .where(table.state == WAITING, table.next_at <= now, webhooks.c.state == ACTIVE, _OPEN)
            .order_by(table.next_at, table.id)
            .limit(limit)
        )


#: An organisation that is suspended or merged is told of nothing, by its webhooks either; what waited waits on.
_OPEN = webhooks.c.tenant.not_in(select(organisations.c.id).where(organisations.c.state != "active"))


def _webhook(row: Row[Any]) -> Webhook:
    values = {field.name: getattr(row, field.name) for field in fields(Webhook) if field.name != "organisation"}
    return Webhook(organisation=row.tenant, **(values | {"topics": tuple(row.topics)}))


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(**{field.name: getattr(row, field.name) for field in fields(Delivery)})
