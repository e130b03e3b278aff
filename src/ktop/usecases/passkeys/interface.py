"""What can be done with passkeys (W3C Web Authentication): register, sign in, show as a second factor, remove.

A passkey is asked to make sure itself who holds it (by a finger, a face or a PIN), so that it counts as two factors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ktop.domain.party.actor import Actor
from ktop.usecases.accounts.interface import Browser, NewSession


@dataclass(frozen=True, slots=True)
class PasskeyCard:
    """A passkey as its owner sees it."""

    id: str
    name: str
    created: datetime
    used: datetime | None


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a browser asks an authenticator: the options, as JSON, and what it brings back beside the answer, sealed."""

    options: str
    kept: str


class Passkeys(Protocol):
    """Passkeys of people. ``origin`` is the address that people reach the platform by, which a passkey is bound to.

    Calls block and are thread-safe. Raises ``ForbiddenError`` where the actor is no person who has signed in, or has a
    second factor and has not shown it, unless said otherwise.
    """

    def possible(self, actor: Actor, origin: str) -> bool:
        """Whether passkeys can be used at an address: it must have a name, not a number."""
        ...

    def passkeys(self, actor: Actor) -> Sequence[PasskeyCard]:
        """Return the actor's passkeys, oldest first."""
        ...

    def begin(self, actor: Actor, origin: str) -> Challenge:
        """Return what a new passkey is made with; raises ``ConflictError`` where there are too many already."""
        ...

    def register(self, actor: Actor, kept: str, answer: str, name: str, origin: str) -> NewSession:
        """Keep a passkey; the session goes on in another one that has shown it.

        Raises ``InputError`` where the answer does not hold, ``ConflictError`` for a passkey that is known already.
        """
        ...

    def ask(self, actor: Actor, origin: str) -> Challenge:
        """Return what a passkey is asked: a visitor's any, a person's one of their own. Open to everybody."""
        ...

    def sign_in(self, actor: Actor, kept: str, answer: str, origin: str, browser: Browser) -> NewSession:
        """Begin a session by a passkey alone.

        Raises ``SignInError``, the same for whatever does not hold (challenge, origin, signature, a passkey that is not
        known, one used before by this answer), ``TooManyRequestsError`` after several, ``ForbiddenError`` where the
        person is of no active organisation. Open to everybody.
        """
        ...

    def prove(self, actor: Actor, kept: str, answer: str, origin: str) -> NewSession:
        """Show a passkey as the second factor; the session goes on in another one.

        Raises ``InputError`` where it does not hold or is another person's, ``TooManyRequestsError`` after several.
        """
        ...

    def remove(self, actor: Actor, passkey: str) -> None:
        """Remove a passkey.

        Raises ``NotFoundError`` for none of the actor's, ``ConflictError`` where it is the last second factor and an
        organisation demands one, or the last way to sign in.
        """
        ...
