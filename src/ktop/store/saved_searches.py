"""Searches that institutions keep, and which cards each has found already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from ktop.domain.party.actor import Actor
from ktop.kernel.errors import ConflictError, NotFoundError
from ktop.store.tables import discovery_cards, discovery_finds, discovery_searches
from ktop.store.tables.base import new_id

#: Searches of one organisation.
MOST = 50


@dataclass(frozen=True, slots=True)
class SavedRow:
    """One kept search. ``looked`` is when it was last run, ``opened`` when its new finds were last looked at."""

    id: str
    tenant: str
    name: str
    wanted: Mapping[str, Any]
    created: datetime
    looked: datetime
    opened: datetime


class SavedSearches:
    """The searches of the actor's organisation, within one transaction."""

    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._connection, self._actor = connection, actor

    def add(self, name: str, wanted: Mapping[str, Any], due: datetime) -> SavedRow:
        """Keep a search; raises ``ConflictError`` where there are too many."""
        if len(self.all()) >= MOST:
            raise ConflictError("discovery.too_many_searches", most=MOST)
        now = datetime.now(UTC)
        made = SavedRow(new_id(), self._actor.organisation, name, dict(wanted), now, now, now)
        values = {field.name: getattr(made, field.name) for field in fields(SavedRow)}
        self._connection.execute(insert(discovery_searches).values(**values, due=due, made_by=self._actor.user))
        return made

    def all(self) -> list[SavedRow]:
        """Return the searches of the organisation, newest first."""
        own = discovery_searches.c.tenant == self._actor.organisation
        query = select(discovery_searches).where(own).order_by(discovery_searches.c.created.desc())
        return [_saved(row) for row in self._connection.execute(query)]

    def get(self, search_id: str) -> SavedRow:
        """Return one search; raises ``NotFoundError`` where there is none."""
        mine = (discovery_searches.c.id == search_id, discovery_searches.c.tenant == self._actor.organisation)
        found = self._connection.execute(select(discovery_searches).where(*mine)).one_or_none()
        if found is None:
            raise NotFoundError("discovery.no_such_search")
        return _saved(found)

    def remove(self, search_id: str) -> None:
        """Forget a search; raises ``NotFoundError`` where there is none."""
        self.get(search_id)
        self._connection.execute(delete(discovery_finds).where(discovery_finds.c.search == search_id))
        self._connection.execute(delete(discovery_searches).where(discovery_searches.c.id == search_id))

    def note(self, search_id: str, found: Mapping[str, str]) -> list[str]:
        """Note that a search found some cards; return those that are new. Named cards that are gone are forgotten.

        An anonymous card takes the place of a gone one that showed the same: a batch formed anew is no new find.

        Parameters
        ----------
        found : identifier of a card, found in the same transaction → its cell, empty of a named firm.
        """
        mine, now = discovery_finds.c.search == search_id, datetime.now(UTC)
        gone = discovery_finds.c.card.not_in(select(discovery_cards.c.id))
        self._connection.execute(delete(discovery_finds).where(mine, gone, discovery_finds.c.cell == ""))
        known = set(self._connection.execute(select(discovery_finds.c.card).where(mine)).scalars())
        fresh = [card for card in found if card not in known]
        places: defaultdict[str, list[str]] = defaultdict(list)
        alike = select(discovery_finds.c.card, discovery_finds.c.cell).where(mine, gone)
        for row in self._connection.execute(alike.where(discovery_finds.c.cell.in_({*found.values()} - {""}))):
            places[row.cell].append(row.card)
        for card in [card for card in fresh if places.get(found[card])]:
            place = (mine, discovery_finds.c.card == places[found[card]].pop())
            self._connection.execute(update(discovery_finds).where(*place).values(card=card))
            fresh.remove(card)
        if fresh:
            values = {"search": search_id, "tenant": self._actor.organisation, "found": now}
            added = [{"card": card, "cell": found[card], **values} for card in fresh]
            self._connection.execute(insert(discovery_finds), added)
        looked = update(discovery_searches).where(discovery_searches.c.id == search_id).values(looked=now)
        self._connection.execute(looked)
        return fresh

    def new(self, search_id: str) -> list[str]:
        """Return the cards that a search found since its finds were last opened, newest first."""
        search = self.get(search_id)
        mine = (discovery_finds.c.search == search_id, discovery_finds.c.found > search.opened)
        query = select(discovery_finds.c.card).where(*mine).order_by(discovery_finds.c.found.desc())
        return list(self._connection.execute(query).scalars())

    def count_new(self) -> dict[str, int]:
        """Return search → how many of its new finds still have a card."""
        query = (
            select(discovery_finds.c.search, func.count().label("new"))
            .join(discovery_searches, discovery_searches.c.id == discovery_finds.c.search)
            .join(discovery_cards, discovery_cards.c.id == discovery_finds.c.card)
            .where(
                discovery_searches.c.tenant == self._actor.organisation,
                discovery_finds.c.found > discovery_searches.c.opened,
            )
            .group_by(discovery_finds.c.search)
        )
        return {row.search: row.new for row in self._connection.execute(query)}

    def open(self, search_id: str) -> None:
        """Note that the new finds of a search were looked at."""
        self.get(search_id)
        opened = update(discovery_searches).where(discovery_searches.c.id == search_id)
        self._connection.execute(opened.values(opened=datetime.now(UTC)))


class SearchClock:
    """The kept searches of all organisations that are due."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def claim(self, now: datetime, later: datetime, limit: int) -> list[SavedRow]:
        """Return searches that are due, and put them off to ``later``, so that nobody else takes them."""
        query = select(discovery_searches).where(discovery_searches.c.due <= now).order_by(discovery_searches.c.due)
        rows = [_saved(row) for row in self._connection.execute(query.limit(limit).with_for_update(skip_locked=True))]
        mine = discovery_searches.c.id.in_([row.id for row in rows])
        self._connection.execute(update(discovery_searches).where(mine).values(due=later))
        return rows


def _saved(row: Row[Any]) -> SavedRow:
    return SavedRow(row.id, row.tenant, row.name, row.wanted, row.created, row.looked, row.opened)
