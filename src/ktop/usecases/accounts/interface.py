"""What people can do with accounts: sign in and up, see and end their sessions, choose whom they act for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from ktop.catalogue import Lang, LocalText
from ktop.domain.party.actor import Actor


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a request to sign in comes from: the network address, and what the browser calls itself."""

    address: str
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Asker:
    """Whoever a session is of.

    ``second_factor`` is what the actor still has to do for a second one: ``"prove"`` that they have it, ``"enrol"`` one
    because the organisation demands it, or nothing. ``demo`` accounts are excused from it.
    """

    actor: Actor
    name: str
    organisation: LocalText
    kind: str
    demo: bool
    second_factor: Literal["", "prove", "enrol"]


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session just begun: the token that the browser keeps, told once, and until when it counts at most."""

    token: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class SignUp:
    """What the owner of a company gives to make an account together with the company."""

    login: str
    name: str
    password: str
    company: str
    company_en: str
    business_number: str
    lang: Lang = "ko"


@dataclass(frozen=True, slots=True)
class OrganisationChoice:
    """An organisation that somebody is of. ``open`` is false while it is suspended."""

    id: str
    kind: str
    name: LocalText
    roles: Sequence[str]
    open: bool
    acting: bool


@dataclass(frozen=True, slots=True)
class SessionCard:
    """A signed-in browser as its owner sees it."""

    id: str
    agent: str
    created: datetime
    seen: datetime
    here: bool


@dataclass(frozen=True, slots=True)
class Account:
    """A person's own account."""

    login: str
    name: str
    demo: bool
    organisations: Sequence[OrganisationChoice]
    sessions: Sequence[SessionCard]
    email: str | None = None
    notices: bool = True


class Accounts(Protocol):
    """Accounts of people. Calls block and are thread-safe.

    All but signing in and up raise ``ForbiddenError`` where the actor is not a person who has signed in.
    """

    def sign_in(self, actor: Actor, login: str, password: str, browser: Browser) -> NewSession:
        """Begin a session, acting for the first organisation by name that is open.

        Raises ``SignInError``, the same for an unknown login, a wrong password and a suspended user, after the same
        work; ``TooManyRequestsError`` after several failures from one address, for this login or many;
        ``ForbiddenError`` where the person is of no active organisation; ``BusyError`` where too many sign in.
        """
        ...

    def sign_up(self, actor: Actor, given: SignUp, browser: Browser) -> NewSession:
        """Make a company with its owner's account, and begin a session.

        Raises ``InputError`` for what cannot be used, ``ConflictError`` where login or company is known already,
        ``TooManyRequestsError`` where one address makes many.
        """
        ...

    def asker(self, actor: Actor, token: str) -> Asker | None:
        """Return whose session a token is, None where it has ended; notes that it was used."""
        ...

    def sign_out(self, actor: Actor) -> None:
        """End the session that the actor uses."""
        ...

    def switch(self, actor: Actor, organisation: str) -> NewSession:
        """Act for another organisation, in a new session that takes the place of this one.

        Raises ``ForbiddenError`` where the person is not of it.
        """
        ...

    def account(self, actor: Actor) -> Account:
        """Return the actor's own account."""
        ...

    def end_session(self, actor: Actor, session: str) -> None:
        """End one of the actor's own sessions; raises ``NotFoundError`` for any other."""
        ...

    def end_other_sessions(self, actor: Actor) -> int:
        """End all of the actor's sessions but the one in use; return how many."""
        ...

    def change_password(self, actor: Actor, present: str, new: str) -> None:
        """Change the actor's password and end all other sessions.

        Raises ``InputError`` where the present one is wrong or the new one may not be chosen,
        ``TooManyRequestsError`` after several wrong ones.
        """
        ...

    def change_email(self, actor: Actor, email: str, password: str, *, notices: bool = True) -> None:
        """Keep the address that notices to the actor go to, or forget it where empty; confirmed by the password.

        ``notices`` says whether letters of consents and results go there, too; those on the account itself always do.
        Raises as ``change_password``, and ``InputError`` for what is no address.
        """
        ...
