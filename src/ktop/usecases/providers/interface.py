"""What can be done with a sign-in provider (OpenID Connect): begin, come back, join one's account to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ktop.domain.party.actor import Actor
from ktop.usecases.accounts.interface import Browser, NewSession


@dataclass(frozen=True, slots=True)
class Departure:
    """Where the browser goes, and what it keeps until it is back: sealed, so that nobody reads or makes it."""

    address: str
    kept: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """Back from the provider: a session for who signed in, None where a signed-in person joined an account to it."""

    session: NewSession | None
    onward: str


@dataclass(frozen=True, slots=True)
class JoinedAccount:
    """A provider's account that somebody signs in by."""

    id: str
    provider: str
    joined: datetime
    used: datetime | None


class Providers(Protocol):
    """The sign-in provider of this installation, where it has one. Calls wait for it, ten seconds at most."""

    def available(self, actor: Actor) -> bool:
        """Whether this installation has a provider."""
        ...

    def depart(self, actor: Actor, back_to: str, onward: str = "") -> Departure:
        """Begin: authorisation code with PKCE, state and nonce.

        A visitor signs in; a person who has signed in joins the provider's account to their own. Raises
        ``NotFoundError`` without a provider, ``UnavailableError`` where it does not answer.
        """
        ...

    def arrive(self, actor: Actor, kept: str, state: str, code: str, back_to: str, browser: Browser) -> Arrival:
        """Come back with the provider's code.

        Raises ``SignInError`` where anything does not hold (state, nonce, issuer, audience, signature, time), where
        nobody here has joined that account, and where it began as another actor; ``UnavailableError`` where the
        provider does not answer.
        """
        ...

    def joined(self, actor: Actor) -> Sequence[JoinedAccount]:
        """Return the provider's accounts that the actor has joined, oldest first."""
        ...

    def leave(self, actor: Actor, account: str) -> None:
        """Let the actor sign in by a provider's account no more.

        Raises ``NotFoundError`` for none of the actor's, ``ConflictError`` where nothing would be left to sign in by.
        """
        ...
