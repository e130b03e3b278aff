"""What an administrator can do with the members of an organisation, and what the link they hand over does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from ktop.catalogue import Lang, LocalText
from ktop.domain.party.actor import Actor
from ktop.usecases.accounts.interface import Browser, NewSession


@dataclass(frozen=True, slots=True)
class Member:
    """A user with a role in the organisation."""

    user: str
    login: str
    name: str
    role: str
    since: datetime


@dataclass(frozen=True, slots=True)
class MemberCard:
    """A member with all roles in the organisation; ``version`` is another one whenever these are."""

    user: str
    login: str
    name: str
    roles: Sequence[str]
    version: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link that can still be used; its token is told once, when it is made."""

    id: str
    purpose: Literal["join", "reset"]
    role: str | None
    expires: datetime


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link just made: the token that its address ends with. ``mailed``: whether a letter with it is on its way."""

    token: str
    expires: datetime
    mailed: bool = False


@dataclass(frozen=True, slots=True)
class LinkTold:
    """What a link is for, as whoever follows it is told."""

    purpose: Literal["join", "reset"]
    organisation: LocalText
    role: str | None
    login: str | None


@dataclass(frozen=True, slots=True)
class Joining:
    """What somebody gives who joins by a link."""

    login: str
    name: str
    password: str
    lang: Lang = "ko"


class Members(Protocol):
    """Members of the actor's organisation. Calls block and are thread-safe.

    Raises ``ForbiddenError`` where the actor may not.
    """

    def members(self, actor: Actor) -> Sequence[Member]:
        """Return the present members by name."""
        ...

    def organisation_name(self, actor: Actor) -> LocalText:
        """Return the names of the actor's organisation; without an English one, its Korean name stands for both."""
        ...

    def name_in_english(self, actor: Actor, name: str) -> LocalText:
        """Set the English name of the actor's organisation and return both; empty takes it away.

        Raises ``InputError`` for what is no name, ``ChangedError`` where somebody else changed it just now.
        """
        ...

    def roles(self, actor: Actor) -> Sequence[str]:
        """Return the roles that the actor can give."""
        ...

    def links(self, actor: Actor) -> Sequence[Link]:
        """Return the links that can still be used, newest first."""
        ...

    def invite(self, actor: Actor, role: str, *, email: str | None = None, origin: str = "") -> NewLink:
        """Make a link by which one person joins with a role, within seven days.

        Where this installation sends mail, the link goes to ``email`` as well; ``origin`` is what addresses begin with.
        Raises ``InputError`` for a role that the actor cannot give, and for an address that is none.
        """
        ...

    def withdraw(self, actor: Actor, link: str) -> None:
        """Withdraw a link; raises ``NotFoundError`` where the organisation has none of that identifier."""
        ...

    def member(self, actor: Actor, user: str) -> MemberCard:
        """Return one member with all roles; raises ``NotFoundError`` for none."""
        ...

    def change_roles(self, actor: Actor, user: str, roles: Sequence[str], *, version: str | None = None) -> MemberCard:
        """Give a member these roles in the place of the present ones.

        Raises ``NotFoundError`` for no member, ``InputError`` for no role or one that the actor cannot give,
        ``ConflictError`` where nobody would be left to manage members, ``ChangedError`` where ``version`` is not the
        present one (None leaves that unasked).
        """
        ...

    def end(self, actor: Actor, user: str, *, version: str | None = None) -> None:
        """End a member's roles in the organisation.

        The links that the member made are withdrawn. Raises ``NotFoundError`` for none, ``ConflictError`` where nobody
        would be left to manage members, or the member runs the installation and the actor does not, ``ChangedError`` as
        ``change_roles``.
        """
        ...

    def reset(self, actor: Actor, user: str, *, second_factor: bool = False, origin: str = "") -> NewLink:
        """Make a link by which a member sets a new password within a day; where asked, forget the second factor, too.

        It goes by mail as ``invite`` says, to a member whose address is known.

        Raises ``NotFoundError`` for no member, ``ConflictError`` where the person is of other organisations as well
        (one's administrator must not open another's door), runs the installation where the actor does not, or is the
        actor: who found a browser open is not to get past the present password.
        """
        ...

    def read_link(self, actor: Actor, token: str) -> LinkTold:
        """Return what a link is for; raises ``NotFoundError`` for one that is used, over, withdrawn or none."""
        ...

    def join(self, actor: Actor, token: str, given: Joining, browser: Browser) -> NewSession:
        """Join by a link with a new account, and begin a session.

        Raises as ``read_link``, ``InputError`` for what cannot be used, ``ConflictError`` for a login that is taken.
        """
        ...

    def join_as(self, actor: Actor, token: str) -> NewSession:
        """Join by a link as who has signed in already; the session goes on for the other organisation."""
        ...

    def set_password(self, actor: Actor, token: str, password: str) -> None:
        """Set a new password by a link; all of the person's sessions end.

        Raises as ``read_link``, and so where the person has left or joined another organisation since it was made.
        """
        ...
