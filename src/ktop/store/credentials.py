"""What proves who somebody is: password hashes, sealed seeds, passkeys, subjects of sign-in providers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from ktop.store.tables import credentials
from ktop.store.tables.base import new_id


@dataclass(frozen=True, slots=True)
class CredentialRow:
    """One proof. ``kind``: password, totp, recovery, passkey, oidc; see the table for the rest."""

    id: str
    user: str
    kind: str
    name: str
    secret: str
    data: Mapping[str, Any]
    created: datetime
    used: datetime | None


class CredentialRepository:
    """The credentials of users, within one transaction of the installation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, user: str, *kinds: str) -> list[CredentialRow]:
        """Return a user's credentials of some kinds, oldest first."""
        query = select(credentials).where(credentials.c.user == user, credentials.c.kind.in_(kinds))
        rows = self._connection.execute(query.order_by(credentials.c.created, credentials.c.id))
        return [CredentialRow(**row._mapping) for row in rows]

    def named(self, kind: str, name: str) -> CredentialRow | None:
        """Return the credential that is known by a name (a passkey's id, a provider's subject), None for none."""
        query = select(credentials).where(credentials.c.kind == kind, credentials.c.name == name)
        found = self._connection.execute(query).first()
        return None if found is None else CredentialRow(**found._mapping)

    def add(
        self, user: str, kind: str, *, name: str, secret: str, now: datetime, data: Mapping[str, Any] | None = None
    ) -> str:
        """Enter a credential; return its identifier."""
        made = new_id()
        values = {"id": made, "user": user, "kind": kind, "name": name, "secret": secret, "data": dict(data or {})}
        self._connection.execute(insert(credentials).values(created=now, **values))
        return made

    def set_password(self, user: str, hashed: str, now: datetime) -> None:
        """Put a password in the place of the former one."""
        self.remove(user, "password")
        self.add(user, "password", name="password", secret=hashed, now=now)

    def rehash(self, credential: str, hashed: str) -> None:
        """Keep a password's hash of newer strength."""
        self._connection.execute(update(credentials).where(credentials.c.id == credential).values(secret=hashed))

    def use(
        self, credential: str, now: datetime, counter: int | None = None, more: Mapping[str, Any] | None = None
    ) -> bool:
        """Note that a credential was used; return False where ``counter`` was used already (a code sent again).

        Two uses of one code at a time: the database lets through one. ``more`` is kept beside the counter.
        """
        own = credentials.c.id == credential
        values: dict[str, Any] = {"used": now}
        if counter is not None:
            last = credentials.c.data["counter"].as_float()  # exact up to 2**53; milliseconds are no integer of 32 bits
            own = and_(own, or_(last.is_(None), last < counter))
            values["data"] = {**(more or {}), "counter": counter}
        return self._connection.execute(update(credentials).where(own).values(**values)).rowcount == 1

    def remove(self, user: str, kind: str, credential: str | None = None) -> int:
        """Remove a user's credentials of a kind, or one of them; return how many."""
        own = and_(credentials.c.user == user, credentials.c.kind == kind)
        if credential is not None:
            own = and_(own, credentials.c.id == credential)
        return self._connection.execute(delete(credentials).where(own)).rowcount

    def take(self, credential: str) -> bool:
        """Remove a credential that counts once (a recovery code); return False where another took it first."""
        return self._connection.execute(delete(credentials).where(credentials.c.id == credential)).rowcount == 1
