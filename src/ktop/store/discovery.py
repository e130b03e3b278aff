"""Companies that agreed to be found: their own cards, and what institutions may find of them."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from ktop.domain.party.actor import Actor
from ktop.domain.party.discovery import ALIKE, OptIn, Profile, Wanted, cell, place
from ktop.kernel.errors import ConflictError, NotFoundError
from ktop.store.discovery_text import AskedWords, DiscoveryWords
from ktop.store.tables import discovery_cards as cards
from ktop.store.tables import discovery_contacts as contacts
from ktop.store.tables import discovery_views as views
from ktop.store.tables import organisations
from ktop.store.tables.base import new_id


@dataclass(frozen=True, slots=True)
class Card:
    """One company as it may be found; ``tenant`` is who it is, for the house alone while it is anonymous.

    ``listed`` is since when it is found, ``cell`` what an anonymous one shows, as a digest, ``score`` how well its
    words match what was asked, 0 where no words were.
    """

    id: str
    tenant: str
    anonymous: bool
    rating: str
    until: date
    created: datetime
    profile: Profile
    said: str
    to: frozenset[str]
    listed: datetime
    hidden: frozenset[str]
    cell: str = ""
    score: int = 0


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


#: Kind of institution → the column that says whether it may find a card.
_FINDERS = {
    "bank": cards.c.to_bank,
    "investor": cards.c.to_investor,
    "agency": cards.c.to_agency,
    "operator": cards.c.to_agency,
}


#: Where words alone are asked, so many of the best texts are looked at further: more than anybody reads, few enough
#: that a word of most texts costs no time. With conditions besides, the best may be those that do not fit.
_MOST_READ = 5000


class DiscoveryRepository:
    """What an actor's organisation shows, or finds, within one transaction."""

    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._connection, self._actor = connection, actor

    def own(self) -> Card | None:
        """Return the card of the actor's own company."""
        found = self._connection.execute(select(cards).where(cards.c.tenant == self._actor.organisation)).one_or_none()
        return None if found is None else _card(found)

    def show(self, given: OptIn, profile: Profile, words: Mapping[int, int]) -> None:
        """Put the company's card in the place of the one before; ``words`` are searched where it is named.

        One that was named and stays so keeps its identifier; nobody can follow one that turns anonymous.
        """
        before = self.own()
        self.hide()
        kept = before if before is not None and not (before.anonymous or given.anonymous) else None
        now, number = datetime.now(UTC), secrets.randbits(62)
        ladders = ("business", "growth", "risk")
        self._connection.execute(
            insert(cards).values(
                id=kept.id if kept else new_id(),
                tenant=self._actor.organisation,
                rating=given.rating,
                anonymous=given.anonymous,
                **{f"to_{kind}": kind in given.to for kind in ("bank", "investor", "agency")},
                until=given.until,
                created=kept.created if kept else now,
                listed=kept.listed if kept else now,
                number=number,
                **asdict(profile),
                **{f"{ladder}_place": place(ladder, getattr(profile, ladder)) for ladder in ladders},
                said="" if given.anonymous else given.words,
                cell=cell(profile, given.to) if given.anonymous else "",
                hidden=",".join(sorted(given.hidden)),
            )
        )
        if not given.anonymous:
            DiscoveryWords(self._connection).put(number, self._actor.organisation, given.to, words)

    def hide(self) -> bool:
        """Take the company's card and its words away; return whether there was one."""
        mine = cards.c.tenant == self._actor.organisation
        number = self._connection.execute(select(cards.c.number).where(mine)).scalar_one_or_none()
        if number is None:
            return False
        DiscoveryWords(self._connection).remove(number)
        self._connection.execute(delete(cards).where(mine))
        return True

    def found(
        self,
        wanted: Wanted,
        day: date,
        words: AskedWords | None = None,
        *,
        before: tuple[Any, ...] | None = None,
        limit: int = 50,
    ) -> list[Card]:
        """Return the cards that fit, behind ``before``: the newest first, or those whose words match best.

        ``before`` is (moment listed, identifier), or (score, identifier) where words are asked.
        """
        to = self._finder()
        if to is None:
            return []
        conditions = _conditions(wanted)
        query = select(cards).where(_open(to, day), *conditions)
        if words is None:
            return self._first(query, cards.c.listed, before, limit)
        query = query.where(cards.c.id != wanted.like)
        fit = select(cards.c.number).where(to, *conditions) if conditions else None
        found: list[Card] = []
        most = None if conditions else _MOST_READ
        for hits in DiscoveryWords(self._connection).hits(words, to, fit, most, limit):
            scored = query.add_columns(hits.query.c.score).join(hits.query, hits.query.c.number == cards.c.number)
            found = self._first(scored, hits.query.c.score, before, limit)
            if len(found) == limit and found[-1].score > hits.least:
                break
        return found

    def _first(
        self, query: Select[Any], order: ColumnElement[Any], before: tuple[Any, ...] | None, limit: int
    ) -> list[Card]:
        """Return the first cards of a query behind ``before``, the highest of ``order`` first."""
        if before is not None:
            query = query.where(tuple_(order, cards.c.id) < before)
        query = query.order_by(order.desc(), cards.c.id.desc()).limit(limit)
        return [_card(row) for row in self._connection.execute(query)]

    def words_like(self, card_id: str, day: date) -> tuple[dict[int, int], dict[int, float]]:
        """Return the words of a card that may be found, and how rare those are that others have, too."""
        self.get(card_id, day)
        words, to = DiscoveryWords(self._connection), self._finder()
        own = words.of(card_id)
        return own, {} if to is None else words.rarity(own, to, least=2)

    def get(self, card_id: str, day: date) -> Card:
        """Return a card that the actor's institution may find; raises ``NotFoundError`` where there is none."""
        found = self.of([card_id], day)
        if not found:
            raise NotFoundError("discovery.not_found")
        return found[0]

    def of(self, card_ids: Collection[str], day: date) -> list[Card]:
        """Return those of some cards that the actor's institution may find, newest first."""
        to = self._finder()
        if to is None or not card_ids:
            return []
        query = select(cards).where(cards.c.id.in_(card_ids), _open(to, day)).order_by(cards.c.listed.desc())
        return [_card(row) for row in self._connection.execute(query)]

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
        """Ask a company for contact; raises ``ConflictError`` while an earlier request waits or was accepted.

        Of an anonymous firm only a request to the same card counts: else the refusal would tell who it is.
        """
        same = contacts.c.card == card.id if card.anonymous else contacts.c.named
        open_one = select(contacts.c.id).where(
            same,
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

    def _finder(self) -> Column[bool] | None:
        """Return the column of the cards that the actor's institution may find; None of one that may find nothing."""
        mine = (organisations.c.id == self._actor.organisation, organisations.c.state == "active")
        kind = self._connection.execute(select(organisations.c.kind).where(*mine)).scalar_one_or_none()
        return _FINDERS.get(kind or "")


class BatchClock:
    """The anonymous cards of all companies, put into batches that appear and go together."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def form(self, day: date) -> int:
        """Form batches of those that wait, and of those whose batch has become too small; return how many.

        A batch has exactly as many as have to be alike, each with a new identifier and all with one moment: nothing
        tells who came, who went and who stayed, and what is shown never changes by fewer.
        """
        small = (
            select(cards.c.cell)
            .where(cards.c.batch.is_not(None), cards.c.until >= day)
            .group_by(cards.c.cell, cards.c.batch)
            .having(func.count() < ALIKE)
        )
        waiting = (
            select(cards.c.cell)
            .where(cards.c.anonymous, cards.c.batch.is_(None), cards.c.until >= day)
            .group_by(cards.c.cell)
            .having(func.count() >= ALIKE)
        )
        cells = set(self._connection.execute(small).scalars()) | set(self._connection.execute(waiting).scalars())
        return sum(self._form(one, day) for one in sorted(cells))

    def _form(self, of_cell: str, day: date) -> int:
        mine = (cards.c.cell == of_cell, cards.c.anonymous, cards.c.until >= day)
        rows = self._connection.execute(select(cards.c.number, cards.c.batch).where(*mine).with_for_update()).all()
        sizes = Counter(row.batch for row in rows)
        loose = [row.number for row in rows if row.batch is None or sizes[row.batch] < ALIKE]
        secrets.SystemRandom().shuffle(loose)  # who waits must not tell who came last
        now, whole = datetime.now(UTC), len(loose) // ALIKE
        batches = [new_id() for _ in range(whole)]
        for at, number in enumerate(loose):
            batch = batches[at // ALIKE] if at // ALIKE < whole else None
            values = {"id": new_id(), "batch": batch, "listed": now}
            self._connection.execute(update(cards).where(cards.c.number == number).values(**values))
        return whole


def _open(to: Column[bool], day: date) -> ColumnElement[bool]:
    """What an institution may find: named firms, and anonymous ones while enough of their batch are there."""
    beside = cards.alias()
    there = (
        select(func.count()).where(beside.c.batch == cards.c.batch, beside.c.until >= day).correlate(cards)
    ).scalar_subquery()
    return and_(to, cards.c.until >= day, or_(~cards.c.anonymous, and_(cards.c.batch.is_not(None), there >= ALIKE)))


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    for name in ("business", "growth", "risk"):
        if grade := getattr(wanted, name):
            asked.append(cards.c[f"{name}_place"] <= place(name, grade))
    if wanted.index_score is not None:
        asked.append(cards.c.index_score >= wanted.index_score)
    for name in ("industry", "region", "size", "age_band", "model"):
        if value := getattr(wanted, name):
            asked.append(cards.c[name] == value)
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
        listed=row.listed,
        hidden=frozenset(filter(None, row.hidden.split(","))),
        cell=row.cell,
        score=row.score if "score" in row._fields else 0,
    )


def _contact(row: Row[Any]) -> Contact:
    return Contact(**{field.name: getattr(row, field.name) for field in fields(Contact)})
