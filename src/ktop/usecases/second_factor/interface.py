"""What people can do with second factors: set one up, prove that they have it, remove it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ktop.domain.party.actor import Actor
from ktop.usecases.accounts.interface import NewSession


@dataclass(frozen=True, slots=True)
class Factors:
    """What somebody has set up: an authenticator app (since when, last used), how many recovery codes and passkeys."""

    app_since: datetime | None
    app_used: datetime | None
    recovery_codes: int
    passkeys: int = 0


@dataclass(frozen=True, slots=True)
class AppOffer:
    """What an authenticator app is set up with: the seed in Base32, and the address that its picture holds."""

    seed: str
    address: str


@dataclass(frozen=True, slots=True)
class NewFactor:
    """A factor just set up: the session that takes the place of the former one, recovery codes told once."""

    session: NewSession
    recovery_codes: Sequence[str]


class SecondFactors(Protocol):
    """Second factors of people. Calls block and are thread-safe.

    Raises ``ForbiddenError`` where the actor is no person who has signed in, and, except by ``prove``, where somebody
    has a second factor and has not shown it in this session.
    """

    def factors(self, actor: Actor) -> Factors:
        """Return what the actor has set up."""
        ...

    def offer_app(self, actor: Actor) -> AppOffer:
        """Return what to set an authenticator app up with; it counts once ``confirm_app`` has its first code.

        Raises ``ConflictError`` where there is one already.
        """
        ...

    def confirm_app(self, actor: Actor, code: str) -> NewFactor:
        """Keep the app that was offered in this session, and make ten recovery codes.

        Raises ``InputError`` for a wrong code, ``ConflictError`` where none was offered.
        """
        ...

    def prove(self, actor: Actor, code: str) -> NewSession:
        """Show a code of the app (each counts once), or a recovery code; the session goes on in another one.

        Raises ``InputError`` for a wrong or used code, ``TooManyRequestsError`` after several.
        """
        ...

    def remove_app(self, actor: Actor, code: str) -> None:
        """Remove the app and its recovery codes, by a code of it.

        Raises ``ConflictError`` where an organisation of the actor's demands a second factor and there is no passkey,
        ``InputError`` and
        ``TooManyRequestsError`` as ``prove``.
        """
        ...
