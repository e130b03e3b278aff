"""Comments on ratings and overrides of their grades, of one organisation."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.engine import Row

from ktop.domain.party.actor import Actor
from ktop.kernel.errors import ConflictError, NotFoundError
from ktop.store.tables import rating_reviews as reviews


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One comment (no ``grade``) or override.

    Parameters
    ----------
    model, grade, given, wanted : the model, the name of its grade, what it gave, what the reviewer would give.
    state : ``said`` (a comment), ``proposed``, ``confirmed`` or ``refused``.
    decision : what the second person said.
    """

    id: str
    rating_id: str
    kind: str
    model: str
    grade: str
    given: str
    wanted: str
    reason: str
    state: str
    made_by: str
    created: datetime
    decided_by: str | None = None
    decided: datetime | None = None
    decision: str = ""


class ReviewRepository:
    """The reviews of an actor's organisation, within one transaction."""

    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._connection, self._actor = connection, actor

    def add(self, row: ReviewRow) -> None:
        """Keep a new review."""
        values = {field.name: getattr(row, field.name) for field in fields(ReviewRow)}
        self._connection.execute(insert(reviews).values(**values, tenant=self._actor.organisation))

    def get(self, review_id: str) -> ReviewRow:
        """Return one; raises ``NotFoundError`` where the organisation has none of that identifier."""
        mine = (reviews.c.tenant == self._actor.organisation, reviews.c.id == review_id)
        found = self._connection.execute(select(reviews).where(*mine)).one_or_none()
        if found is None:
            raise NotFoundError("reviews.not_found")
        return _row(found)

    def of(self, rating_id: str) -> list[ReviewRow]:
        """Return what is said of a rating, oldest first."""
        return self._listed(reviews.c.rating_id == rating_id)

    def waiting(self) -> list[ReviewRow]:
        """Return the overrides that wait for a second person, oldest first."""
        return self._listed(reviews.c.state == "proposed")

    def decide(self, review_id: str, state: str, decision: str, now: datetime) -> None:
        """Write the second person's word; raises ``ConflictError`` where it has been said already."""
        mine = (reviews.c.tenant == self._actor.organisation, reviews.c.id == review_id, reviews.c.state == "proposed")
        values = {"state": state, "decision": decision, "decided_by": self._actor.user, "decided": now}
        if self._connection.execute(update(reviews).where(*mine).values(**values)).rowcount != 1:
            raise ConflictError("reviews.decided_already")

    def _listed(self, condition: Any) -> list[ReviewRow]:
        query = select(reviews).where(reviews.c.tenant == self._actor.organisation, condition)
        return [_row(row) for row in self._connection.execute(query.order_by(reviews.c.created, reviews.c.id))]


def _row(row: Row[Any]) -> ReviewRow:
    return ReviewRow(**{field.name: getattr(row, field.name) for field in fields(ReviewRow)})
