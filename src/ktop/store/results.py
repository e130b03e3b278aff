"""Signed results: what was issued of which rating, and what was withdrawn. Never changed but for that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.exc import IntegrityError

from ktop.domain.party.actor import Actor
from ktop.kernel.errors import ConflictError, NotFoundError
from ktop.store.audit import tell
from ktop.store.tables import issued_results


@dataclass(frozen=True, slots=True)
class IssuedRow:
    """One signed result. ``signed`` is the compact token, ``status_index`` its place among all of the installation."""

    id: str
    rating: str
    key_id: str
    status_index: int
    signed: str
    created: datetime
    made_by: str
    revoked: datetime | None = None
    reason: str = ""


class ResultRepository:
    """The signed results of an actor's organisation, within one transaction."""

    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._connection, self._actor = connection, actor

    def add(self, row: IssuedRow) -> bool:
        """Keep a result just signed; False, and nothing is kept, where another one has its place in the status list."""
        values = {field.name: getattr(row, field.name) for field in fields(IssuedRow)}
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(issued_results).values(**values, tenant=self._actor.organisation))
        except IntegrityError:
            return False
        told = {"rating": row.rating, "key": row.key_id}
        tell(self._connection, self._actor, row.created, "result.issued", row.id, told)
        return True

    def get(self, result_id: str) -> IssuedRow:
        """Return one result; raises ``NotFoundError`` where there is none of that identifier."""
        found = self._connection.execute(self._own().where(issued_results.c.id == result_id)).one_or_none()
        if found is None:
            raise NotFoundError("signing.result_not_found")
        return _row(found)

    def of_rating(self, rating_id: str) -> Sequence[IssuedRow]:
        """Return the results signed of one rating, the newest first."""
        query = self._own().where(issued_results.c.rating == rating_id)
        return [_row(found) for found in self._connection.execute(query.order_by(issued_results.c.created.desc()))]

    def revoke(self, result_id: str, reason: str) -> IssuedRow:
        """Withdraw a result for good; raises ``NotFoundError``, and ``ConflictError`` where it was withdrawn before.

        The reason stays with the organisation: neither the audit trail nor the status list holds it.
        """
        row, now = self.get(result_id), datetime.now(UTC)
        changed = self._connection.execute(
            update(issued_results)
            .where(
                issued_results.c.id == result_id,
                issued_results.c.tenant == self._actor.organisation,
                issued_results.c.revoked.is_(None),
            )
            .values(revoked=now, reason=reason)
        )
        if changed.rowcount != 1:
            raise ConflictError("signing.revoked_before")
        tell(self._connection, self._actor, now, "result.revoked", row.id, {"rating": row.rating})
        return self.get(result_id)

    def _own(self) -> Select[Any]:
        """Return the query that every other one is made of: the actor's organisation and no other."""
        return select(issued_results).where(issued_results.c.tenant == self._actor.organisation)


class PublishedResults:
    """What anybody may know of the installation's signed results: those whose identifier they hold, and the list."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, result_id: str) -> IssuedRow | None:
        """Return a result of any organisation, None where there is none of that identifier."""
        query = select(issued_results).where(issued_results.c.id == result_id)
        found = self._connection.execute(query).one_or_none()
        return None if found is None else _row(found)

    def withdrawn(self, first: int, last: int) -> list[int] | None:
        """Return which places from ``first`` to ``last`` were withdrawn; None where no result was ever given one."""
        within = issued_results.c.status_index.between(first, last)
        query = select(issued_results.c.status_index).where(within, issued_results.c.revoked.is_not(None))
        found = list(self._connection.execute(query).scalars())
        if not found and self._connection.execute(select(issued_results.c.id).where(within).limit(1)).first() is None:
            return None
        return found


def _row(found: Row[Any]) -> IssuedRow:
    return IssuedRow(**{field.name: getattr(found, field.name) for field in fields(IssuedRow)})
