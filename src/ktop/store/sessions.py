"""Signed-in browsers, and failures to sign in; both by the hashes of what is presented."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, exists, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ktop.store.tables import credentials, memberships, organisations, persons, sessions, sign_in_failures, users
from ktop.store.tables.base import new_id


def hash_of(token: str) -> str:
    """Return what a random token is kept and found by (SHA-256, hexadecimal)."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session with who it is of: the person, the organisation acted for and the roles there at this moment."""

    public_id: str
    user: str
    organisation: str | None
    strength: int
    created: datetime
    seen: datetime
    expires: datetime
    data: Mapping[str, Any]
    user_state: str
    demo: bool
    name: str
    kind: str | None
    name_ko: str | None
    name_en: str | None
    organisation_state: str | None
    roles: frozenset[str]
    has_second_factor: bool


class SessionRepository:
    """Sessions, within one transaction of the installation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        token: str,
        *,
        user: str,
        organisation: str | None,
        strength: int,
        agent: str,
        now: datetime,
        expires: datetime,
        data: Mapping[str, Any] | None = None,
    ) -> str:
        """Keep a session under the hash of its token; return what it is listed and ended by."""
        public = new_id()
        moments = {"created": now, "seen": now, "expires": expires}
        values = {"user": user, "organisation": organisation, "strength": strength, "agent": agent[:200]}
        row = {"id": hash_of(token), "public_id": public, "data": dict(data or {}), **moments, **values}
        self._connection.execute(insert(sessions).values(**row))
        return public

    def find(self, token: str) -> SessionRow | None:
        """Return the session of a token with who it is of, None where there is none; whether it still counts is not
        judged here."""
        present = and_(
            memberships.c.user == sessions.c.user,
            memberships.c.organisation == sessions.c.organisation,
            memberships.c.ended.is_(None),
        )
        second = exists().where(credentials.c.user == sessions.c.user, credentials.c.kind.in_(("totp", "passkey")))
        kept = ("public_id", "user", "organisation", "strength", "created", "seen", "expires", "data")
        query = (
            select(
                *(sessions.c[name] for name in kept),
                users.c.state.label("user_state"),
                users.c.demo,
                persons.c.name,
                organisations.c.kind,
                organisations.c.name_ko,
                organisations.c.name_en,
                organisations.c.state.label("organisation_state"),
                memberships.c.role,
                second.label("has_second_factor"),
            )
            .join(users, users.c.id == sessions.c.user)
            .join(persons, persons.c.user == sessions.c.user)
            .outerjoin(organisations, organisations.c.id == sessions.c.organisation)
            .outerjoin(memberships, present)
            .where(sessions.c.id == hash_of(token))
        )
        rows = self._connection.execute(query).all()
        if not rows:
            return None
        values = dict(rows[0]._mapping)
        del values["role"]
        return SessionRow(**values, roles=frozenset(row.role for row in rows if row.role is not None))

    def see(self, public_id: str, now: datetime) -> None:
        """Note that a session was used."""
        self._connection.execute(update(sessions).where(sessions.c.public_id == public_id).values(seen=now))

    def keep_data(self, public_id: str, data: Mapping[str, Any]) -> None:
        """Keep what a session waits for (a challenge)."""
        self._connection.execute(update(sessions).where(sessions.c.public_id == public_id).values(data=dict(data)))

    def of(self, user: str) -> Sequence[Any]:
        """Return a user's sessions, newest first."""
        query = select(sessions).where(sessions.c.user == user).order_by(sessions.c.created.desc())
        return self._connection.execute(query).all()

    def end(self, user: str, public_id: str) -> bool:
        """End one session of a user; return whether there was one."""
        own = and_(sessions.c.user == user, sessions.c.public_id == public_id)
        return self._connection.execute(delete(sessions).where(own)).rowcount == 1

    def end_all(self, user: str, but: str | None = None) -> int:
        """End the sessions of a user, one excepted; return how many."""
        own = sessions.c.user == user
        if but is not None:
            own = and_(own, sessions.c.public_id != but)
        return self._connection.execute(delete(sessions).where(own)).rowcount

    def end_of_organisation(self, organisation: str) -> int:
        """End all sessions that act for an organisation."""
        return self._connection.execute(delete(sessions).where(sessions.c.organisation == organisation)).rowcount

    def forget_expired(self, now: datetime) -> None:
        """Forget sessions whose time is over."""
        self._connection.execute(delete(sessions).where(sessions.c.expires < now))


class FailureRepository:
    """Failures to sign in, within one transaction of the installation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def until(self, keys: Sequence[str]) -> datetime | None:
        """Return until when none of some keys may try again, None where all may."""
        query = select(sign_in_failures.c.until).where(sign_in_failures.c.key.in_([hash_of(key) for key in keys]))
        return max((row.until for row in self._connection.execute(query) if row.until is not None), default=None)

    def note(self, key: str, now: datetime, *, free: int, kept: timedelta, longest: timedelta) -> datetime | None:
        """Count a failure; beyond ``free`` ones each doubles the wait, from 15 seconds to ``longest``.

        Failures count for ``kept`` from the first one on. Returns until when the key was to wait before this one, which
        of several at one time all but the first are told.
        """
        self._connection.execute(delete(sign_in_failures).where(sign_in_failures.c.since < now - kept))
        own = sign_in_failures.c.key == hash_of(key)
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        first = dialect.insert(sign_in_failures).values(key=hash_of(key), count=1, since=now)
        again = {"count": sign_in_failures.c.count + 1}
        counted = first.on_conflict_do_update(index_elements=["key"], set_=again).returning(
            sign_in_failures.c.count, sign_in_failures.c.until
        )
        count, until = self._connection.execute(counted).one()
        before: datetime | None = until
        if count > free:
            wait = min(longest, timedelta(seconds=15) * 2 ** min(count - free - 1, 20))
            self._connection.execute(update(sign_in_failures).where(own).values(until=now + wait))
        return before

    def take_back(self, key: str) -> None:
        """Count one failure less, and let the key try again."""
        own = sign_in_failures.c.key == hash_of(key)
        self._connection.execute(
            update(sign_in_failures).where(own).values(count=sign_in_failures.c.count - 1, until=None)
        )

    def forget(self, key: str) -> None:
        """Forget the failures under a key."""
        self._connection.execute(delete(sign_in_failures).where(sign_in_failures.c.key == hash_of(key)))
