"""Makes and recognises keys of programs."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from ktop.domain.party.actor import Actor
from ktop.domain.party.organisation import ACTIVE
from ktop.domain.party.permission import givable_roles, require
from ktop.domain.party.program import possible_scopes, role_of_program
from ktop.kernel.errors import ConflictError, InputError, SignInError
from ktop.store.api_keys import KeyInUse, KeyRow
from ktop.store.sessions import hash_of
from ktop.store.unit_of_work import Store
from ktop.usecases.keys.interface import AccessToken, KeyCard, NewKey

_KEY = re.compile(r"ktop_([0-9a-f]{12})_([0-9A-Za-z_-]{43})")
_TOKEN = re.compile(r"ktop_at_[0-9A-Za-z_-]{43}")
_TOKEN_LASTS = timedelta(hours=1)
_LONGEST_DAYS = 365
#: A key's use is noted no more often than this.
_USED_EVERY = timedelta(minutes=5)


def _now() -> datetime:
    return datetime.now(UTC)


class KeyService:
    """See ``ktop.usecases.keys.interface.Keys``. ``now`` tells the time."""

    def __init__(self, store: Callable[[], Store], now: Callable[[], datetime] = _now) -> None:
        self._store, self._now = store, now

    def possible_scopes(self, actor: Actor) -> Sequence[str]:
        require(actor, "own:key:manage")
        kind = self._kind(actor)
        return possible_scopes(kind, givable_roles(actor, kind))

    def keys(self, actor: Actor) -> Sequence[KeyCard]:
        require(actor, "own:key:manage")
        now = self._now()
        with self._store().reading(actor) as unit:
            left = unit.api_keys.left_behind()
            return [_card(row, now, left) for row in unit.api_keys.all()]

    def key(self, actor: Actor, key_id: str) -> KeyCard:
        require(actor, "own:key:manage")
        with self._store().reading(actor) as unit:
            return _card(unit.api_keys.get(key_id), self._now(), unit.api_keys.left_behind())

    def make(self, actor: Actor, name: str, scopes: Sequence[str], days: int = 365) -> NewKey:
        require(actor, "own:key:manage")
        now = self._now()
        named = " ".join(name.split())
        if not 1 <= len(named) <= 200 or not named.isprintable():
            raise InputError("keys.name_form")
        wanted = sorted(set(scopes))
        self._require_givable(actor, wanted)
        key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        row = KeyRow(key_id, actor.organisation, named, hash_of(secret), wanted, actor.user, now, _end(now, days))
        with self._store().unit(actor) as unit:
            unit.api_keys.add(row)
            unit.tell("key.made", key_id, {"scopes": wanted, "days": days})
        return NewKey(_card(row, now), f"ktop_{key_id}_{secret}")

    def rotate(self, actor: Actor, key_id: str, days: int = 365, *, version: int | None = None) -> NewKey:
        require(actor, "own:key:manage")
        now, secret = self._now(), secrets.token_urlsafe(32)
        self._require_givable(actor, self.key(actor, key_id).scopes)
        with self._store().unit(actor) as unit:
            present = unit.api_keys.get(key_id)
            if present.revoked is not None:
                raise ConflictError("keys.revoked_already")
            known = present.version if version is None else version
            unit.api_keys.replace_secret(key_id, known, hash_of(secret), _end(now, days))
            unit.tell("key.rotated", key_id, {"days": days})
            row = unit.api_keys.get(key_id)
        self._end_tokens(key_id)
        return NewKey(_card(row, now), f"ktop_{key_id}_{secret}")

    def revoke(self, actor: Actor, key_id: str, *, version: int | None = None) -> None:
        require(actor, "own:key:manage")
        with self._store().unit(actor) as unit:
            present = unit.api_keys.get(key_id)
            unit.api_keys.revoke(key_id, present.version if version is None else version, self._now())
            unit.tell("key.revoked", key_id, {})
        self._end_tokens(key_id)

    def recognise(self, actor: Actor, presented: str) -> Actor:
        now = self._now()
        if _TOKEN.fullmatch(presented):
            with self._store().installation(reading=True) as work:
                found = work.keys.token(hash_of(presented))
            return self._actor(found, now, "token")
        return self._actor(self._proven(presented), now, "key")

    def token(
        self, actor: Actor, client_id: str, client_secret: str, scopes: Sequence[str] | None = None
    ) -> AccessToken:
        now = self._now()
        found = self._proven(client_secret)
        self._actor(found, now, "key")
        if found is None or not hmac.compare_digest(found.key.id.encode(), client_id.encode()):
            raise SignInError("access.key_wrong")
        given = sorted(set(scopes)) if scopes else list(found.scopes)
        if not set(given) <= set(found.scopes):
            raise InputError("keys.scope_not_of_key")
        token = f"ktop_at_{secrets.token_urlsafe(32)}"
        expires = min(now + _TOKEN_LASTS, found.expires)
        with self._store().installation() as work:
            still = work.keys.key(found.key.id, held=True)
            if still is None or still.key.revoked is not None or still.key.secret != found.key.secret:
                raise SignInError("access.key_wrong")  # a token of a secret of before would outlive its end
            work.keys.add_token(hash_of(token), found.key.id, given, now, expires)
            work.tell(_program(found, "key"), "key.token_given", found.key.id, {"scopes": given})
        return AccessToken(token, int((expires - now).total_seconds()), given)

    def _proven(self, presented: str) -> KeyInUse | None:
        """Return the key whose secret was presented, None where it is no key of ours."""
        parts = _KEY.fullmatch(presented)
        if parts is None:
            return None
        with self._store().installation(reading=True) as work:
            found = work.keys.key(parts[1])
        right = hmac.compare_digest(hash_of(parts[2]), found.key.secret if found else "")
        return found if right else None

    def _actor(self, found: KeyInUse | None, now: datetime, known_by: str) -> Actor:
        if found is None or found.key.revoked is not None or found.expires <= now or found.state != ACTIVE:
            raise SignInError("access.key_wrong")
        if found.key.used is None or found.key.used + _USED_EVERY <= now:
            with self._store().installation() as work:
                work.keys.use(found.key.id, now)
        return _program(found, known_by)

    def _require_givable(self, actor: Actor, scopes: Sequence[str]) -> None:
        """Raise ``InputError`` for scopes of a role that the actor could not give to a person either."""
        kind = self._kind(actor)
        if role_of_program(kind, scopes) not in givable_roles(actor, kind):
            raise InputError("keys.above_own")

    def _kind(self, actor: Actor) -> str:
        with self._store().installation(reading=True) as work:
            return work.identity.organisation(actor.organisation).kind

    def _end_tokens(self, key_id: str) -> None:
        with self._store().installation() as work:
            work.keys.end_tokens(key_id)


def _program(found: KeyInUse, known_by: str) -> Actor:
    """Return the program of a key: the one role that joins the key's scopes, narrowed to them."""
    role = role_of_program(found.kind, found.key.scopes)
    scopes = frozenset(found.scopes)
    return Actor(f"key:{found.key.id}", found.key.tenant, frozenset({role}), scopes, known_by=known_by)


def _end(now: datetime, days: int) -> datetime:
    if not 1 <= days <= _LONGEST_DAYS:
        raise InputError("keys.days", most=_LONGEST_DAYS)
    return now + timedelta(days=days)


def _card(row: KeyRow, now: datetime, left: Collection[str] = ()) -> KeyCard:
    state: Literal["active", "expired", "revoked"] = "active"
    if row.revoked is not None:
        state = "revoked"
    elif row.expires <= now:
        state = "expired"
    moments = (row.created, row.expires, row.used)
    return KeyCard(
        row.id, row.name, row.scopes, row.made_by, *moments, state, row.version, state == "active" and row.id in left
    )
