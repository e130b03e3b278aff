"""Companies that an organisation has collected again by itself, and what was found changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from ktop.domain.party.actor import Actor
from ktop.domain.work.job import rights_of
from ktop.kernel.errors import NotFoundError
from ktop.store.tables import company_changes, followed_companies
from ktop.store.tables.base import new_id


@dataclass(frozen=True, slots=True)
class FollowedRow:
    """A company that is collected again; see ``ktop.store.tables.collection``."""

    id: str
    tenant: str
    business_number: str
    collection: str
    every_days: int
    due: datetime
    job: str | None
    rights: Mapping[str, Any]
    made_by: str

    @property
    def follower(self) -> Actor:
        """Who follows it, with the rights they had when they began."""
        rights = self.rights
        scopes = None if rights["scopes"] is None else frozenset(rights["scopes"])
        return Actor(self.made_by, self.tenant, frozenset(rights["roles"]), scopes, known_by=rights["known_by"])


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """What was found changed: entries with path, before, now and source."""

    id: str
    business_number: str
    company: str | None
    collection: str
    before: str
    found: datetime
    changes: Sequence[Mapping[str, Any]]
    seen: datetime | None


class FollowRepository:
    """What an actor's organisation follows, within one transaction."""

    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._connection, self._actor = connection, actor

    def follow(self, business_number: str, collection: str, every_days: int, due: datetime) -> None:
        """Have a company collected again every so many days, from a day on; it replaces what was said before."""
        self.end(business_number)
        self._connection.execute(
            insert(followed_companies).values(
                id=new_id(),
                tenant=self._actor.organisation,
                business_number=business_number,
                collection=collection,
                every_days=every_days,
                due=due,
                rights=rights_of(self._actor),
                made_by=self._actor.user,
            )
        )

    def end(self, business_number: str) -> None:
        """Follow a company no more."""
        self._connection.execute(delete(followed_companies).where(*self._mine(business_number)))

    def followed(self, business_number: str) -> FollowedRow | None:
        """Return how a company is followed, None where it is not."""
        found = self._connection.execute(select(followed_companies).where(*self._mine(business_number))).one_or_none()
        return None if found is None else _followed(found)

    def change(self, business_number: str, **values: Any) -> None:
        """Change how a company is followed: collection, due, job."""
        self._connection.execute(update(followed_companies).where(*self._mine(business_number)).values(**values))

    def add_changes(
        self,
        business_number: str,
        company: str | None,
        collection: str,
        before: str,
        changes: Sequence[Mapping[str, Any]],
    ) -> ChangeRow:
        """Keep what was found changed between two collections."""
        row = ChangeRow(new_id(), business_number, company, collection, before, datetime.now(UTC), changes, None)
        values = {field.name: getattr(row, field.name) for field in fields(ChangeRow)}
        self._connection.execute(insert(company_changes).values(**values, tenant=self._actor.organisation))
        return row

    def changes(self, limit: int, *, unseen: bool = False) -> list[ChangeRow]:
        """Return what was found changed, the newest first."""
        query = select(company_changes).where(company_changes.c.tenant == self._actor.organisation)
        if unseen:
            query = query.where(company_changes.c.seen.is_(None))
        ordered = query.order_by(company_changes.c.found.desc(), company_changes.c.id).limit(limit)
        names = [field.name for field in fields(ChangeRow)]
        return [ChangeRow(**{name: getattr(row, name) for name in names}) for row in self._connection.execute(ordered)]

    def see(self, change_id: str) -> None:
        """Note that somebody looked at a change; raises ``NotFoundError`` where there is none of that identifier."""
        mine = (company_changes.c.id == change_id, company_changes.c.tenant == self._actor.organisation)
        if self._connection.execute(update(company_changes).where(*mine).values(seen=datetime.now(UTC))).rowcount != 1:
            raise NotFoundError("collect.change_not_found")

    def _mine(self, business_number: str) -> tuple[Any, ...]:
        return (
            followed_companies.c.tenant == self._actor.organisation,
            followed_companies.c.business_number == business_number,
        )


class FollowClock:
    """The companies of all organisations that are due."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def claim(self, now: datetime, later: datetime, limit: int) -> list[FollowedRow]:
        """Return companies that are due, and put them off to ``later``, so that nobody else takes them."""
        query = select(followed_companies).where(followed_companies.c.due <= now)
        chosen = query.order_by(followed_companies.c.due).limit(limit).with_for_update(skip_locked=True)
        rows = [_followed(found) for found in self._connection.execute(chosen)]
        mine = followed_companies.c.id.in_([row.id for row in rows])
        self._connection.execute(update(followed_companies).where(mine).values(due=later))
        return rows

    def end(self, followed_id: str) -> None:
        """Follow a company no more."""
        self._connection.execute(delete(followed_companies).where(followed_companies.c.id == followed_id))


def _followed(found: Any) -> FollowedRow:
    return FollowedRow(**{field.name: getattr(found, field.name) for field in fields(FollowedRow)})
