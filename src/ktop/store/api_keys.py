"""Keys of programs, and the tokens they got for them; found by public prefix or by hash, never by what is secret."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, exists, func, insert, not_, select, update

from ktop.domain.party.actor import Actor
from ktop.kernel.errors import ChangedError, NotFoundError
from ktop.store.tables import access_tokens, api_keys, memberships, organisations

#: Asked for each request of a program.
_KEY_IN_USE = (
    select(api_keys, organisations.c.kind, organisations.c.state)
    .join(organisations, organisations.c.id == api_keys.c.tenant)
    .where(api_keys.c.id == bindparam("key"))
)
#: Who knows the secret of a key.
_knower = func.coalesce(api_keys.c.told_to, api_keys.c.made_by)
_WAS_MEMBER = and_(memberships.c.user == _knower, memberships.c.organisation == api_keys.c.tenant)
#: Whoever knows a key's secret was of its organisation and is no more.
_LEFT = and_(exists().where(_WAS_MEMBER), not_(exists().where(_WAS_MEMBER, memberships.c.ended.is_(None))))


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key. ``id`` is the prefix it is shown by, ``secret`` the SHA-256 of the rest.

    ``told_to`` is who was told the secret, None for who made the key.
    """

    id: str
    tenant: str
    name: str
    secret: str
    scopes: Sequence[str]
    made_by: str
    created: datetime
    expires: datetime
    revoked: datetime | None = None
    used: datetime | None = None
    version: int = 1
    told_to: str | None = None


@dataclass(frozen=True, slots=True)
class KeyInUse:
    """A key with the kind and state of its organisation; of a token, with the token's own scopes and end."""

    key: KeyRow
    kind: str
    state: str
    scopes: Sequence[str]
    expires: datetime


class ApiKeyRepository:
    """The keys of an actor's organisation, within one transaction."""

    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._connection, self._actor = connection, actor

    def all(self) -> list[KeyRow]:
        """Return the organisation's keys, newest first, revoked ones included."""
        query = select(api_keys).where(api_keys.c.tenant == self._actor.organisation)
        rows = self._connection.execute(query.order_by(api_keys.c.created.desc(), api_keys.c.id))
        return [KeyRow(**row._mapping) for row in rows]

    def left_behind(self) -> set[str]:
        """Return the keys whose secret is known to somebody who has left the organisation."""
        query = select(api_keys.c.id).where(api_keys.c.tenant == self._actor.organisation, _LEFT)
        return set(self._connection.scalars(query))

    def get(self, key_id: str) -> KeyRow:
        """Return one key; raises ``NotFoundError`` where the organisation has none of that prefix."""
        found = self._connection.execute(select(api_keys).where(self._own(key_id))).first()
        if found is None:
            raise NotFoundError("keys.not_found")
        return KeyRow(**found._mapping)

    def add(self, row: KeyRow) -> None:
        """Enter a key of the actor's organisation."""
        values = {name: getattr(row, name) for name in KeyRow.__slots__}
        self._connection.execute(
            insert(api_keys).values(**values | {"tenant": self._actor.organisation, "scopes": list(row.scopes)})
        )

    def replace_secret(self, key_id: str, version: int, secret: str, expires: datetime) -> None:
        """Put another secret in the place of a key's former one.

        Raises ``ChangedError`` where somebody else has changed the key since ``version``.
        """
        self._change(key_id, version, secret=secret, expires=expires, told_to=self._actor.user)

    def revoke(self, key_id: str, version: int, now: datetime) -> None:
        """Revoke a key for good; raises as ``replace_secret``."""
        self._change(key_id, version, revoked=now)

    def _change(self, key_id: str, version: int, **values: Any) -> None:
        own = and_(self._own(key_id), api_keys.c.version == version)
        changed = self._connection.execute(update(api_keys).where(own).values(**values, version=version + 1))
        if changed.rowcount != 1:
            raise ChangedError("repeats.version_changed")

    def _own(self, key_id: str) -> ColumnElement[bool]:
        return and_(api_keys.c.tenant == self._actor.organisation, api_keys.c.id == key_id)


class KeyDoor:
    """Keys and tokens as they are presented, before it is known whose they are; of the installation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def key(self, key_id: str, *, held: bool = False) -> KeyInUse | None:
        """Return a key by its prefix, None where there is none; ``held``: nobody changes it in this transaction."""
        query = _KEY_IN_USE.with_for_update(of=api_keys) if held else _KEY_IN_USE
        found = self._connection.execute(query, {"key": key_id}).first()
        if found is None:
            return None
        values = dict(found._mapping)
        kind, state = values.pop("kind"), values.pop("state")
        return KeyInUse(KeyRow(**values), kind, state, found.scopes, found.expires)

    def token(self, token_hash: str) -> KeyInUse | None:
        """Return what a token stands for by its hash, None where there is none."""
        found = self._connection.execute(select(access_tokens).where(access_tokens.c.id == token_hash)).first()
        key = self.key(found.key) if found is not None else None
        if found is None or key is None:
            return None
        return KeyInUse(key.key, key.kind, key.state, found.scopes, min(found.expires, key.expires))

    def makers(self, users: Collection[str]) -> dict[str, str]:
        """Return who made the keys of the programs among some users, whatever their organisation: program → person.

        What a key did, its maker did, where two persons are asked for.
        """
        keys = [user.removeprefix("key:") for user in users if user.startswith("key:")]
        if not keys:
            return {}
        query = select(api_keys.c.id, api_keys.c.made_by).where(api_keys.c.id.in_(keys))
        return {f"key:{row.id}": row.made_by for row in self._connection.execute(query)}

    def in_use_known_to(self, user: str, organisation: str, now: datetime) -> list[str]:
        """Return the keys of an organisation that count at a moment and whose secret somebody knows."""
        counts = and_(api_keys.c.revoked.is_(None), api_keys.c.expires > now)
        query = select(api_keys.c.id).where(api_keys.c.tenant == organisation, _knower == user, counts)
        return list(self._connection.scalars(query.order_by(api_keys.c.created, api_keys.c.id)))

    def revoke_made_by(self, user: str, now: datetime) -> None:
        """Revoke the keys that somebody made, whatever their organisation."""
        own = and_(api_keys.c.made_by == user, api_keys.c.revoked.is_(None))
        self._connection.execute(update(api_keys).where(own).values(revoked=now, version=api_keys.c.version + 1))

    def add_token(self, token_hash: str, key_id: str, scopes: Sequence[str], now: datetime, expires: datetime) -> None:
        """Keep a token; those that are over go."""
        self._connection.execute(delete(access_tokens).where(access_tokens.c.expires < now))
        values = {"id": token_hash, "key": key_id, "scopes": list(scopes), "created": now, "expires": expires}
        self._connection.execute(insert(access_tokens).values(**values))

    def end_tokens(self, key_id: str) -> None:
        """End the tokens of a key."""
        self._connection.execute(delete(access_tokens).where(access_tokens.c.key == key_id))

    def use(self, key_id: str, now: datetime) -> None:
        """Note that a key was used."""
        self._connection.execute(update(api_keys).where(api_keys.c.id == key_id).values(used=now))
