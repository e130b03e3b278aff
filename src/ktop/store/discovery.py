"""Companies that agreed to be found: their own cards, and what institutions may find of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, false, func, insert, or_, select, tuple_, update

from ktop.domain.party.actor import Actor
from ktop.domain.party.discovery import ALIKE, OptIn, Profile, Wanted, place
from ktop.kernel.errors import ConflictError, NotFoundError
from ktop.store.tables import discovery_cards as cards
from ktop.store.tables import discovery_contacts as contacts
from ktop.store.tables import discovery_views as views
from ktop.store.tables import organisations
from ktop.store.tables.base import new_id


@dataclass(frozen=True, slots=True)
class Card:
    """One company as it may be found; ``tenant`` is who it is, for the house alone while it is anonymous."""

    id: str
    tenant: str
    anonymous: bool
    rating: str
    until: date
    created: datetime
    profile: Profile
    said: str
    to: frozenset[str]


@dataclass(frozen=True, slots=True)
class View:
    """One look: by which institution, when, and whether it opened the card or only found it."""

    number: int
    viewer: str
    way: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Contact:
    """A request for contact; ``named``: whether the asker knew the company; ``state``: asked, accepted, declined."""

    id: str
    tenant: str
    asker: str
    card: str
    named: bool
    message: str
    state: str
    asked: datetime
    answered: datetime | None


#: All that is shown of an anonymous firm: as many firms as ``ALIKE`` share it, or the firm is not found.
_SHOWN = [cards.c[field.name] for field in fields(Profile)]


class DiscoveryRepository:
    """What an actor's organisation shows, or finds, within one transaction."""

    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._connection, self._actor = connection, actor

    def own(self) -> Card | None:
        """Return the card of the actor's own company."""
        found = self._connection.execute(select(cards).where(cards.c.tenant == self._actor.organisation)).one_or_none()
        return None if found is None else _card(found)

    def show(self, given: OptIn, profile: Profile, name: str) -> None:
        """Put the company's card in the place of the one before. ``name`` is searched where it is shown."""
        self.hide()
        words = "" if given.anonymous else f"{name} {given.words}".casefold()
        self._connection.execute(
            insert(cards).values(
                id=new_id(),  # a new one: nobody can follow a firm that turns anonymous
                tenant=self._actor.organisation,
                rating=given.rating,
                anonymous=given.anonymous,
                **{f"to_{kind}": kind in given.to for kind in ("bank", "investor", "agency")},
                until=given.until,
                created=datetime.now(UTC),
                **asdict(profile),
                **{
                    f"{ladder}_place": place(ladder, getattr(profile, ladder))
                    for ladder in ("business", "growth", "risk")
                },
                words=words[:700],
                said="" if given.anonymous else given.words,
            )
        )

    def hide(self) -> bool:
        """Take the company's card away; return whether there was one."""
        gone = self._connection.execute(delete(cards).where(cards.c.tenant == self._actor.organisation))
        return gone.rowcount > 0

    def found(self, wanted: Wanted, day: date, *, before: tuple[Any, ...] | None = None, limit: int = 50) -> list[Card]:
        """Return the cards that fit, newest first, behind ``before`` (moment made, identifier)."""
        query = select(cards).where(self._open(day), *_conditions(wanted))
        if before is not None:
            query = query.where(tuple_(cards.c.created, cards.c.id) < before)
        query = query.order_by(cards.c.created.desc(), cards.c.id.desc()).limit(limit)
        return [_card(row) for row in self._connection.execute(query)]

    def get(self, card_id: str, day: date) -> Card:
        """Return a card that the actor's institution may find; raises ``NotFoundError`` where there is none."""
        found = self._connection.execute(select(cards).where(cards.c.id == card_id, self._open(day))).one_or_none()
        if found is None:
            raise NotFoundError("discovery.not_found")
        return _card(found)

    def look(self, found: Collection[Card], way: str) -> None:
        """Note for the companies that the actor's institution found or opened them."""
        said = {
            "viewer": self._actor.organisation,
            "viewer_user": self._actor.user,
            "way": way,
            "at": datetime.now(UTC),
        }
        if found:
            self._connection.execute(insert(views), [{"tenant": card.tenant, **said} for card in found])

    def views(self, *, before: int | None = None, limit: int = 50) -> list[View]:
        """Return who looked at the actor's own company, newest first."""
        query = select(views).where(views.c.tenant == self._actor.organisation)
        if before is not None:
            query = query.where(views.c.number < before)
        query = query.order_by(views.c.number.desc()).limit(limit)
        return [View(row.number, row.viewer, row.way, row.at) for row in self._connection.execute(query)]

    def ask(self, card: Card, message: str) -> Contact:
        """Ask a company for contact; raises ``ConflictError`` while an earlier request waits or was accepted."""
        open_one = select(contacts.c.id).where(
            contacts.c.tenant == card.tenant,
            contacts.c.asker == self._actor.organisation,
            contacts.c.state.in_(("asked", "accepted")),
        )
        if self._connection.execute(open_one.limit(1)).first() is not None:
            raise ConflictError("discovery.asked_before")
        made = Contact(
            id=new_id(),
            tenant=card.tenant,
            asker=self._actor.organisation,
            card=card.id,
            named=not card.anonymous,
            message=message,
            state="asked",
            asked=datetime.now(UTC),
            answered=None,
        )
        values = {field.name: getattr(made, field.name) for field in fields(Contact)}
        self._connection.execute(insert(contacts).values(**values, asker_user=self._actor.user))
        return made

    def contacts(self, limit: int = 100) -> list[Contact]:
        """Return the requests that the organisation made or received, newest first."""
        query = select(contacts).where(self._mine()).order_by(contacts.c.asked.desc(), contacts.c.id).limit(limit)
        return [_contact(row) for row in self._connection.execute(query)]

    def answer(self, contact_id: str, state: str) -> Contact:
        """Accept or decline a request that the actor's company received.

        Raises ``NotFoundError`` for any other, ``ConflictError`` for one that was answered.
        """
        received = (contacts.c.id == contact_id) & (contacts.c.tenant == self._actor.organisation)
        found = self._connection.execute(select(contacts).where(received).with_for_update()).one_or_none()
        if found is None:
            raise NotFoundError("discovery.no_such_contact")
        if found.state != "asked":
            raise ConflictError("discovery.answered_before")
        values = {"state": state, "answered": datetime.now(UTC)}
        self._connection.execute(update(contacts).where(received).values(**values))
        return _contact(self._connection.execute(select(contacts).where(received)).one())

    def _mine(self) -> ColumnElement[bool]:
        own = self._actor.organisation
        return or_(contacts.c.tenant == own, contacts.c.asker == own)

    def _open(self, day: date) -> ColumnElement[bool]:
        """What the actor's institution may find: named firms, and anonymous ones among enough that look alike."""
        kind = self._connection.execute(
            select(organisations.c.kind).where(
                organisations.c.id == self._actor.organisation, organisations.c.state == "active"
            )
        ).scalar_one_or_none()
        column = {"bank": cards.c.to_bank, "investor": cards.c.to_investor}.get(kind or "")
        if kind in ("agency", "operator"):
            column = cards.c.to_agency
        if column is None:
            return false()
        alike = (
            select(*_SHOWN)
            .where(cards.c.until >= day, column, cards.c.anonymous)
            .group_by(*_SHOWN)
            .having(func.count() >= ALIKE)
            .subquery()
        )
        same = [mine.is_not_distinct_from(alike.c[mine.name]) for mine in _SHOWN]
        among = select(1).select_from(alike).where(*same).exists()
        return and_(column, cards.c.until >= day, or_(~cards.c.anonymous, among))


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    for name in ("business", "growth", "risk"):
        if grade := getattr(wanted, name):
            asked.append(cards.c[f"{name}_place"] <= place(name, grade))
    if wanted.index_score is not None:
        asked.append(cards.c.index_score >= wanted.index_score)
    for name in ("industry", "region", "size", "age_band"):
        if value := getattr(wanted, name):
            asked.append(cards.c[name] == value)
    for word in wanted.words.casefold().split():
        asked.append(cards.c.words.contains(word, autoescape=True))
    return asked


def _card(row: Row[Any]) -> Card:
    return Card(
        id=row.id,
        tenant=row.tenant,
        anonymous=row.anonymous,
        rating=row.rating,
        until=row.until,
        created=row.created,
        profile=Profile(**{field.name: getattr(row, field.name) for field in fields(Profile)}),
        said=row.said,
        to=frozenset(kind for kind in ("bank", "investor", "agency") if getattr(row, f"to_{kind}")),
    )


def _contact(row: Row[Any]) -> Contact:
    return Contact(**{field.name: getattr(row, field.name) for field in fields(Contact)})
