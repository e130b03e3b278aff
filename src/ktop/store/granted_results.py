"""Ratings of a company as an institution reads them: only while a consent of that company for it is active.

What a consent covers, and what of a rating it shows, is for the domain to say; this is the wall around it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    exists,
    func,
    not_,
    select,
)

from ktop.domain.party.actor import Actor
from ktop.store.consents import PARTY, Party, party_of
from ktop.store.ratings import is_of_itself
from ktop.store.replica import content_of, replica_of
from ktop.store.tables import consents, organisations, ratings

_AT_ONCE = 100
#: What a title is read from.
_TITLE = (ratings.c.id, ratings.c.created, ratings.c.as_of, ratings.c.kind, ratings.c.technology, ratings.c.brief)


@dataclass(frozen=True, slots=True)
class GrantedRating:
    """A rating of another organisation, without the record it was made of."""

    company: Party
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


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """What one model answered: its grades by name, and its index, None where it gives none."""

    model: str
    grades: Mapping[str, str | None]
    index_score: float | None


@dataclass(frozen=True, slots=True)
class GrantedStanding:
    """A company's newest rating of itself, its grades alone; ``industry``, ``region``, ``closed`` are as in the record.

    ``closed``: whether the business is suspended or closed, None where nothing is stated.
    """

    company: str
    id: str
    created: datetime
    as_of: date
    industry: str | None
    region: str | None
    closed: bool | None
    answers: tuple[ModelAnswer, ...]


class GrantedResults:
    """The ratings that companies let the actor's organisation see, within one transaction."""

    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._connection, self._actor = connection, actor

    def get(self, company: str, rating_id: str, *, of_itself: bool = True) -> GrantedRating | None:
        """Return one rating of a company (of itself, or any that it keeps), None where there is none to be seen."""
        given = {"rating": rating_id, "company": company, "grantee": self._actor.organisation}
        whole = replica_of(self._connection) is None
        found = self._connection.execute(_RATING[of_itself, whole], given).one_or_none()
        if found is None:
            return None
        said = found[len(PARTY) :]
        if not whole:
            content = content_of(self._connection, self._actor, company, rating_id, ratings.c.results)
            if content is None:
                return None
            said = (*said, *content)
        return GrantedRating(party_of(found), *said)

    def newest(self, company: str, limit: int) -> list[GrantedTitle]:
        """Return what there is of a company by itself, the newest first."""
        query = (
            select(*_TITLE)
            .where(_granted(), is_of_itself(bindparam("company")), not_(ratings.c.archived))
            .order_by(ratings.c.created.desc(), ratings.c.id)
            .limit(limit)
        )
        given = {"company": company, "grantee": self._actor.organisation}
        return [_title(row) for row in self._connection.execute(query, given)]

    def newest_of(self, of: Collection[str], limit: int) -> dict[str, list[GrantedTitle]]:
        """Return by company what there is of it by itself, the newest first, ``limit`` of each, in one query."""
        the_company = ratings.c.tenant
        order = func.row_number().over(partition_by=the_company, order_by=(ratings.c.created.desc(), ratings.c.id))
        ranked = (
            select(ratings.c.id, order.label("place"))
            .where(the_company.in_(bindparam("companies", expanding=True)), not_(ratings.c.archived))
            .where(_granted(the_company), is_of_itself(the_company))
            .subquery()
        )
        query = (
            select(the_company, *_TITLE)
            .join(ranked, ranked.c.id == ratings.c.id)
            .where(ranked.c.place <= limit)
            .order_by(ratings.c.created.desc(), ratings.c.id)
        )
        found: dict[str, list[GrantedTitle]] = {}
        for named in _few(of):
            given = {"grantee": self._actor.organisation, "companies": named}
            for company, *row in self._connection.execute(query, given):
                found.setdefault(company, []).append(_title(row))
        return found

    def standings(self, of: Collection[str], until: datetime | None = None) -> dict[str, GrantedStanding]:
        """Return by company its newest rating of itself, made until a moment; companies without one are left out."""
        the_company = ratings.c.tenant
        kinds = ratings.c.kind.in_(("company", "both"))
        made = [] if until is None else [ratings.c.created <= until]
        order = func.row_number().over(partition_by=the_company, order_by=(ratings.c.created.desc(), ratings.c.id))
        ranked = (
            select(ratings.c.id, order.label("place"))
            .where(the_company.in_(bindparam("companies", expanding=True)), kinds, not_(ratings.c.archived), *made)
            .where(_granted(the_company), is_of_itself(the_company))
            .subquery()
        )
        newest = select(ranked.c.id).where(ranked.c.place == 1)
        query = select(the_company, ratings.c.id, ratings.c.created, ratings.c.as_of, ratings.c.brief)
        query = query.where(ratings.c.id.in_(newest))
        found: dict[str, GrantedStanding] = {}
        for named in _few(of):
            given = {"grantee": self._actor.organisation, "companies": named}
            found |= {row[0]: _granted_standing(*row) for row in self._connection.execute(query, given)}
        return found


def _few(companies: Collection[str]) -> Iterator[list[str]]:
    """Give companies so many at a time as one query may name.

    PostgreSQL holds each rating that it finds against each company that is named, one after the other.
    """
    listed = list(companies)
    return (listed[start : start + _AT_ONCE] for start in range(0, len(listed), _AT_ONCE))


def _granted_standing(
    company: str, rating: str, created: datetime, as_of: date, brief: Sequence[Mapping[str, Any]]
) -> GrantedStanding:
    answers = tuple(ModelAnswer(one["model"]["name"], one["grades"], one["scores"].get("index")) for one in brief)
    subject = brief[0]["subject"] if brief else {}
    inputs = [entry for one in brief for entry in one["inputs"] if entry["name"] == "business_suspended"]
    stated = [entry["value"] for entry in inputs if entry["value"] is not None]
    closed = bool(stated[0]) if stated else None
    industry, region = subject.get("industry_group"), subject.get("region")
    return GrantedStanding(company, rating, created, as_of, industry, region, closed, answers)


def _granted(company: ColumnElement[str] | None = None) -> ColumnElement[bool]:
    """Return the condition for ratings of ``company`` (or of any) while a consent of it for ``grantee`` is active."""
    active = exists().where(
        consents.c.tenant == ratings.c.tenant,
        consents.c.grantee == bindparam("grantee"),
        consents.c.state == "active",
    )
    return and_(ratings.c.tenant == (bindparam("company") if company is None else company), active)


def _title(row: Sequence[Any]) -> GrantedTitle:
    rating, created, as_of, kind, technology, brief = row
    return GrantedTitle(rating, created, as_of, kind, technology, tuple(one["model"]["name"] for one in brief))


_KNOWN = [ratings.c[field.name] for field in fields(GrantedRating)[1:]]
_OPENED = (
    select(*PARTY, *_KNOWN)
    .join(organisations, and_(organisations.c.id == ratings.c.tenant, organisations.c.state == "active"))
    .where(ratings.c.id == bindparam("rating"), _granted())
)
#: Whether of the company itself, and whether with its answers → the query of one rating; each look-up asks it.
_RATING = {
    (of_itself, whole): asked if whole else asked.with_only_columns(*PARTY, *_KNOWN[:-1], maintain_column_froms=True)
    for of_itself, asked in ((False, _OPENED), (True, _OPENED.where(is_of_itself(bindparam("company")))))
    for whole in (False, True)
}
