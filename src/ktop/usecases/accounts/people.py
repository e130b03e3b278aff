"""What the calls of accounts have in common: who counts as a person, and how a session begins."""

from __future__ import annotations

import re
import secrets
import unicodedata
from datetime import datetime, timedelta

from ktop.domain.party.actor import Actor
from ktop.domain.party.organisation import ACTIVE, needs_second_factor
from ktop.kernel.errors import ForbiddenError, InputError, SignInError
from ktop.store.identity import OrganisationRow
from ktop.store.unit_of_work import InstallationWork
from ktop.usecases.accounts.interface import NewSession

#: A session ends after this long without use, and this long after sign-in whatever happens (NIST SP 800-63B-4, AAL2:
#: one hour and one day at most).
IDLE, LONGEST = timedelta(minutes=30), timedelta(hours=12)
_LOGIN = re.compile(r"[\w.@+-]{3,100}")


def require_person(actor: Actor) -> None:
    """Raise ``ForbiddenError`` unless somebody has signed in by a browser."""
    if not actor.session:
        raise ForbiddenError("access.person_only")


def require_whole_person(actor: Actor) -> None:
    """Raise ``ForbiddenError`` unless somebody has signed in with all the factors that are asked of them."""
    require_person(actor)
    if actor.second_factor_missing:
        raise ForbiddenError("access.second_factor")


def folded(login: str) -> str:
    """Return a login in the one form it is kept and found by."""
    return unicodedata.normalize("NFKC", login).strip().casefold()


def read_login(given: str) -> str:
    """Return a new login, folded; raises ``InputError`` for one of another form."""
    login = folded(given)
    if not _LOGIN.fullmatch(login):
        raise InputError("accounts.login_form")
    return login


def read_name(given: str) -> str:
    """Return a name of a person or organisation; raises ``InputError`` for none, or one that is too long."""
    name = " ".join(given.split())
    if not 1 <= len(name) <= 200 or not name.isprintable():
        raise InputError("accounts.name_form")
    return name


def open_organisations(
    organisations: list[tuple[OrganisationRow, frozenset[str]]],
) -> list[tuple[OrganisationRow, frozenset[str]]]:
    """Return those that somebody can act for at this moment."""
    return [(row, roles) for row, roles in organisations if row.state == ACTIVE]


def asks_second_factor(organisations: list[tuple[OrganisationRow, frozenset[str]]]) -> bool:
    """Whether any of somebody's organisations demands a second factor."""
    return any(needs_second_factor(row.kind) for row, _ in organisations)


def renew_session(
    work: InstallationWork,
    actor: Actor,
    *,
    now: datetime,
    organisation: str | None = None,
    strength: int | None = None,
    known_by: str | None = None,
) -> NewSession:
    """Put a new session in the place of the actor's, for another organisation or by more factors.

    It ends when the former one would have. Raises ``SignInError`` where that has ended.
    """
    session = next((row for row in work.sessions.of(actor.user) if row.public_id == actor.session), None)
    if session is None or not work.sessions.end(actor.user, actor.session):  # ended since the request came in
        raise SignInError("access.sign_in")
    began, _ = begin_session(
        work,
        user=actor.user,
        organisation=organisation or session.organisation or "",
        strength=strength or session.strength,
        known_by=known_by or actor.known_by,
        agent=session.agent,
        now=now,
        until=session.expires,
    )
    return began


def begin_session(
    work: InstallationWork,
    *,
    user: str,
    organisation: str,
    strength: int,
    known_by: str,
    agent: str,
    now: datetime,
    until: datetime | None = None,
) -> tuple[NewSession, str]:
    """Begin a session with a token of 256 random bits; return it, and what it is listed and ended by.

    ``until`` keeps the end of the session that this one takes the place of.
    """
    token = secrets.token_urlsafe(32)
    expires = until or now + LONGEST
    public = work.sessions.add(
        token,
        user=user,
        organisation=organisation,
        strength=strength,
        agent=agent,
        now=now,
        expires=expires,
        data={"known_by": known_by},
    )
    return NewSession(token, expires), public
