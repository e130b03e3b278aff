"""Ratings of a company as an institution reads them: only while a consent of that company for it is active.

What a consent covers, and what of a rating it shows, is for the domain to say; this is the wall around it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, not_, or_, select

from ktop.domain.party.actor import Actor
from ktop.store.tables import companies, consents, organisations, ratings

#: How many models answer together at most.
_MODELS = 4


@dataclass(frozen=True, slots=True)
class GrantedRating:
    """A rating of another organisation, without the record it was made of."""

    id: str
    created: datetime
    as_of: date
    kind: str
    technology: str | None
    results: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class GrantedTitle:
    """What a list says of such a rating: ``models`` are the names of those that answered."""

    id: str
    created: datetime
    as_of: date
    kind: str
    technology: str | None
    models: tuple[str, ...]


class GrantedResults:
    """The ratings that companies let the actor's organisation see, within one transaction."""

    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._connection, self._actor = connection, actor

    def owner(self, rating_id: str) -> str | None:
        """Return the company that keeps a rating, None where no active consent lets the actor's organisation know."""
        query = select(ratings.c.tenant).where(ratings.c.id == rating_id, self._granted())
        return self._connection.execute(query).scalar_one_or_none()

    def get(self, company: str, rating_id: str, *, of_itself: bool = True) -> GrantedRating | None:
        """Return one rating of a company (of itself, or any that it keeps), None where there is none to be seen."""
        columns = [ratings.c[field.name] for field in fields(GrantedRating)]
        query = select(*columns).where(ratings.c.id == rating_id, *self._kept_by(company))
        if of_itself:
            query = query.where(_of_itself(company))
        found = self._connection.execute(query).one_or_none()
        return None if found is None else GrantedRating(*found)

    def newest(self, company: str, limit: int) -> list[GrantedTitle]:
        """Return what there is of a company by itself, the newest first."""
        names = [ratings.c.results[(place, "model", "name")].as_string() for place in range(_MODELS)]
        known = (ratings.c.id, ratings.c.created, ratings.c.as_of, ratings.c.kind, ratings.c.technology)
        query = (
            select(*known, *names)
            .where(*self._kept_by(company), _of_itself(company), not_(ratings.c.archived))
            .order_by(ratings.c.created.desc(), ratings.c.id)
            .limit(limit)
        )
        return [
            GrantedTitle(row.id, row.created, row.as_of, row.kind, row.technology, _given(row[len(known) :]))
            for row in self._connection.execute(query)
        ]

    def _kept_by(self, company: str) -> tuple[ColumnElement[bool], ...]:
        return ratings.c.tenant == company, self._granted()

    def _granted(self) -> ColumnElement[bool]:
        return exists().where(
            consents.c.tenant == ratings.c.tenant,
            consents.c.grantee == self._actor.organisation,
            consents.c.state == "active",
        )


def _given(names: Sequence[str | None]) -> tuple[str, ...]:
    return tuple(name for name in names if name)


def _of_itself(company: str) -> ColumnElement[bool]:
    """Return the condition for ratings of the company itself: what it tried with others' records concerns nobody.

    A rating is of the company by the business number in its record, by the company it keeps under that number where the
    record names none, or because it is of a technology alone.
    """
    number = select(organisations.c.business_number).where(organisations.c.id == company).scalar_subquery()
    own = select(companies.c.id).where(companies.c.tenant == company, companies.c.business_number == number)
    unnumbered = or_(ratings.c.subject_key.is_(None), not_(ratings.c.subject_key.startswith("business_number:")))
    return or_(
        ratings.c.kind == "technology",
        ratings.c.subject_key == "business_number:" + number,
        and_(unnumbered, ratings.c.company.in_(own)),
    )
