"""What can be done with keys of programs (OAuth 2 clients): make, rotate, revoke, exchange for a token, recognise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from ktop.domain.party.actor import Actor


@dataclass(frozen=True, slots=True)
class KeyCard:
    """A key as it is listed, by its prefix; what is secret is shown once, when it is made. ``version`` counts edits.

    ``left_behind``: it is in use, and who made it, or gave it another secret since, has left the organisation.
    """

    id: str
    name: str
    scopes: Sequence[str]
    made_by: str
    created: datetime
    expires: datetime
    used: datetime | None
    state: Literal["active", "expired", "revoked"]
    version: int
    left_behind: bool


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made: the whole of it, told once. ``card.id`` is also the client id of OAuth 2, ``key`` its secret."""

    card: KeyCard
    key: str


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token for a key, told once; it counts for ``seconds``."""

    token: str
    seconds: int
    scopes: Sequence[str]


class Keys(Protocol):
    """Keys of an organisation's programs. Calls block and are thread-safe.

    Raises ``ForbiddenError`` where the actor may not.
    """

    def possible_scopes(self, actor: Actor) -> Sequence[str]:
        """Return the permissions that a key of the actor's organisation can have."""
        ...

    def keys(self, actor: Actor) -> Sequence[KeyCard]:
        """Return the organisation's keys, newest first."""
        ...

    def key(self, actor: Actor, key_id: str) -> KeyCard:
        """Return one key; raises ``NotFoundError`` for a key of nobody or of another organisation."""
        ...

    def make(self, actor: Actor, name: str, scopes: Sequence[str], days: int = 365) -> NewKey:
        """Make a key of 256 random bits with some permissions, for 1 to 365 days.

        Raises ``InputError`` for a name or period that cannot be used, for no scope, for one that programs or the
        organisation cannot have, for several that no single role joins (a key is never more than a person is), and for
        those of a role that the actor could not give to a person.
        """
        ...

    def rotate(self, actor: Actor, key_id: str, days: int = 365, *, version: int | None = None) -> NewKey:
        """Give a key another secret; the former one and its tokens count no more.

        Raises ``NotFoundError`` for a key of nobody or of another organisation, ``ConflictError`` for a revoked one,
        ``InputError`` for one whose role the actor could not give,
        ``ChangedError`` where ``version`` is not the present one (None leaves that unasked).
        """
        ...

    def revoke(self, actor: Actor, key_id: str, *, version: int | None = None) -> None:
        """Revoke a key with its tokens, for good; raises ``NotFoundError`` and ``ChangedError`` as above."""
        ...

    def recognise(self, actor: Actor, presented: str) -> Actor:
        """Return the actor that a key or token stands for.

        Raises ``SignInError``, the same for unknown, wrong, expired and revoked ones.
        """
        ...

    def token(
        self, actor: Actor, client_id: str, client_secret: str, scopes: Sequence[str] | None = None
    ) -> AccessToken:
        """Return a token for a key (OAuth 2 client credentials), with all of its scopes or some.

        Raises ``SignInError`` where the key does not hold, ``InputError`` for a scope that it has not.
        """
        ...
