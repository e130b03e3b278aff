"""The firms that an actor's institution watches, and those of all institutions that are due."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from ktop.domain.party.actor import Actor
from ktop.store.tables import watched_companies
from ktop.store.tables.base import new_id


@dataclass(frozen=True, slots=True)
class WatchedRow:
    """A firm that an institution (``tenant``) watches; see ``ktop.store.tables.watch``."""

    id: str
    tenant: str
    company: str
    added: datetime
    told: Sequence[str]
    due: datetime


class WatchRepository:
    """What an actor's institution watches, within one transaction."""

    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._connection, self._actor = connection, actor

    def all(self) -> list[WatchedRow]:
        """Return the firms, the first added first."""
        mine = select(watched_companies).where(watched_companies.c.tenant == self._actor.organisation)
        ordered = mine.order_by(watched_companies.c.added, watched_companies.c.id)
        return [_row(found) for found in self._connection.execute(ordered)]

    def add(self, companies: Collection[str]) -> int:
        """Watch firms from now on; return how many were not watched before."""
        known = {row.company for row in self.all()}
        now = datetime.now(UTC)
        fresh = [
            {"id": new_id(), "tenant": self._actor.organisation, "company": company, "added": now, "due": now}
            for company in dict.fromkeys(companies)
            if company not in known
        ]
        if fresh:
            values = [{**row, "added_by": self._actor.user, "told": []} for row in fresh]
            self._connection.execute(insert(watched_companies), values)
        return len(fresh)

    def remove(self, company: str) -> bool:
        """Watch a firm no more; return whether it was watched."""
        return self._connection.execute(delete(watched_companies).where(*self._mine(company))).rowcount > 0

    def tell(self, company: str, told: Sequence[str]) -> None:
        """Keep which early warnings the institution was told of."""
        self._connection.execute(update(watched_companies).where(*self._mine(company)).values(told=list(told)))

    def _mine(self, company: str) -> tuple[Any, ...]:
        return (watched_companies.c.tenant == self._actor.organisation, watched_companies.c.company == company)


class WatchClock:
    """The firms watched by all institutions that are due."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def claim(self, now: datetime, later: datetime, limit: int) -> list[WatchedRow]:
        """Return firms that are due, and put them off to ``later``, so that nobody else takes them."""
        query = select(watched_companies).where(watched_companies.c.due <= now)
        chosen = query.order_by(watched_companies.c.due).limit(limit).with_for_update(skip_locked=True)
        rows = [_row(found) for found in self._connection.execute(chosen)]
        mine = watched_companies.c.id.in_([row.id for row in rows])
        self._connection.execute(update(watched_companies).where(mine).values(due=later))
        return rows


def _row(found: Any) -> WatchedRow:
    return WatchedRow(**{field.name: getattr(found, field.name) for field in fields(WatchedRow)})
