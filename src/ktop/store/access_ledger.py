"""The ledger of who saw what of a company, when, why and by which consent; only added to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, insert, select

from ktop.domain.party.actor import Actor
from ktop.store.tables import access_ledger

#: No number comes back: nobody asks for it here.
_ADD = insert(access_ledger).inline()


@dataclass(frozen=True, slots=True)
class Access:
    """One look of an institution at what a company consented to.

    Parameters
    ----------
    company : whose results were seen.
    reader, reader_user : the institution, and which of its users or programs.
    rating : identifier of the rating; empty where only the list of results was seen.
    seen : ``{"models": [...], "inputs": [groups]}``, or ``{"listed": [ratings]}``.
    way : ``page``, ``program`` or ``sent`` (from the inbox).
    """

    number: int
    at: datetime
    company: str
    reader: str
    reader_user: str
    consent: str
    rating: str
    seen: Mapping[str, Any]
    purpose: str
    way: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What the actor sees of a company at a moment; see ``Access``."""

    company: str
    at: datetime
    consent: str
    rating: str
    seen: Mapping[str, Any]
    purpose: str
    way: str


class AccessLedger:
    """What others saw of the actor's organisation, and what the actor's organisation saw of others."""

    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._connection, self._actor = connection, actor

    def add(self, *seen: Seen) -> None:
        """Note what the actor sees of companies, in one statement however many they are."""
        reader = {"reader": self._actor.organisation, "reader_user": self._actor.user}
        rows = [
            {
                **reader,
                "at": one.at,
                "tenant": one.company,
                "consent": one.consent,
                "rating": one.rating,
                "seen": dict(one.seen),
                "purpose": one.purpose,
                "way": one.way,
            }
            for one in seen
        ]
        if rows:
            self._connection.execute(_ADD, rows)

    def noted(self, way: str, since: datetime) -> set[tuple[str, str]]:
        """Return consent and rating of what the actor has seen in a way since a moment."""
        query = select(access_ledger.c.consent, access_ledger.c.rating).where(
            access_ledger.c.reader == self._actor.organisation,
            access_ledger.c.reader_user == self._actor.user,
            access_ledger.c.way == way,
            access_ledger.c.at >= since,
        )
        return {(row.consent, row.rating) for row in self._connection.execute(query)}

    def of_company(self, *, consent: str | None = None, before: object = None, limit: int = 50) -> list[Access]:
        """Return who saw what of the actor's own organisation, newest first, with numbers below ``before``."""
        query = (
            select(access_ledger)
            .where(access_ledger.c.tenant == self._actor.organisation)
            .order_by(access_ledger.c.number.desc())
            .limit(limit)
        )
        if consent is not None:
            query = query.where(access_ledger.c.consent == consent)
        if before is not None:
            query = query.where(access_ledger.c.number < before)
        return self._read(query)

    def of_reader(self, *, before: object = None, limit: int = 50) -> list[Access]:
        """Return what the actor's own organisation saw of companies, newest first, with numbers below ``before``."""
        query = (
            select(access_ledger)
            .where(access_ledger.c.reader == self._actor.organisation)
            .order_by(access_ledger.c.number.desc())
            .limit(limit)
        )
        return self._read(query if before is None else query.where(access_ledger.c.number < before))

    def _read(self, query: Select[Any]) -> list[Access]:
        own = [field.name for field in fields(Access) if field.name != "company"]
        return [
            Access(company=row.tenant, **{name: getattr(row, name) for name in own})
            for row in self._connection.execute(query)
        ]
