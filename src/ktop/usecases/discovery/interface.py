"""What can be done to be found and to find: opt in, search, open, ask for contact, answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

from ktop.domain.party.actor import Actor
from ktop.domain.party.discovery import OptIn, Profile, Wanted
from ktop.kernel.paging import Page
from ktop.usecases.consent.interface import PartyCard


@dataclass(frozen=True, slots=True)
class FoundFirm:
    """A company as an institution finds it; ``company``, ``said`` and ``until`` only of one that is named.

    An anonymous one could be followed by its last day when all else of it is mixed anew.

    ``near``: it was found by some of the words that were asked or by their meaning, and not by all of the words.
    """

    id: str
    company: PartyCard | None
    profile: Profile
    said: str
    until: date | None
    created: datetime
    near: bool = False


@dataclass(frozen=True, slots=True)
class OwnCard:
    """What a company lets be found of itself, as it stands."""

    opt_in: OptIn
    profile: Profile
    created: datetime


@dataclass(frozen=True, slots=True)
class Look:
    """Which institution found or opened the company, and when."""

    number: int
    viewer: PartyCard
    way: Literal["found", "opened"]
    at: datetime


@dataclass(frozen=True, slots=True)
class ContactCard:
    """A request for contact. ``company`` is None to the asker while an anonymous company has not accepted."""

    id: str
    asker: PartyCard
    company: PartyCard | None
    yours: bool
    message: str
    state: Literal["asked", "accepted", "declined"]
    asked: datetime
    answered: datetime | None


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A search that an institution keeps. ``new``: how many firms it found since those were last looked at."""

    id: str
    name: str
    wanted: Wanted
    created: datetime
    looked: datetime
    new: int


class Discovery(Protocol):
    """Being found and finding. Calls block and are thread-safe.

    Raises ``ForbiddenError`` where the actor may not, ``NotFoundError`` for what cannot be found (any more).
    """

    def own_card(self, actor: Actor) -> OwnCard | None:
        """Return what the actor's company lets be found of itself; None, as from the beginning, for nothing."""
        ...

    def opt_in(self, actor: Actor, given: OptIn) -> OwnCard:
        """Let the company be found; what was shown before is gone.

        Raises ``InputError`` for what nobody can act on and for a rating of another firm.
        """
        ...

    def opt_out(self, actor: Actor) -> None:
        """Take the company out: the next search does not find it."""
        ...

    def search(
        self, actor: Actor, wanted: Wanted, *, limit: int | None = None, after: str | None = None
    ) -> Page[FoundFirm]:
        """Find companies, the newest first or those whose words match best; each of them is told.

        Anonymous ones are found only in batches of five or more that are alike in all that is shown of them, and never
        by words. Words find those that say all of them first, then those that are near. Raises ``InputError`` for
        ``like`` of a firm that says nothing of itself.
        """
        ...

    def save_search(self, actor: Actor, name: str, wanted: Wanted) -> SavedSearch:
        """Keep a search: its institution is told, once a day, of firms that say all its words and are new to it.

        Raises ``ConflictError`` where there are too many, ``InputError`` for one without a name or ``like`` a firm.
        """
        ...

    def saved_searches(self, actor: Actor) -> Sequence[SavedSearch]:
        """Return the searches that the actor's institution keeps, newest first."""
        ...

    def new_finds(self, actor: Actor, search_id: str) -> Sequence[FoundFirm]:
        """Return the firms that a search found since this was last asked and that can be found now, newest first."""
        ...

    def forget_search(self, actor: Actor, search_id: str) -> None:
        """Keep a search no more."""
        ...

    def tend(self, actor: Actor) -> int:
        """Form batches of anonymous firms and run the searches that are due; return how many. For the installation."""
        ...

    def open_found(self, actor: Actor, card_id: str) -> FoundFirm:
        """Open one company that was found; it is told."""
        ...

    def ask_contact(self, actor: Actor, card_id: str, message: str) -> ContactCard:
        """Ask a company that was found for contact. Raises ``ConflictError`` while a request waits or was accepted."""
        ...

    def answer_contact(self, actor: Actor, contact_id: str, *, accept: bool) -> ContactCard:
        """Accept a request, which tells the asker who the company is, or decline it."""
        ...

    def contacts(self, actor: Actor) -> Sequence[ContactCard]:
        """Return the requests that the actor's organisation made or received, newest first, 100 at most."""
        ...

    def looks(self, actor: Actor, *, limit: int | None = None, after: str | None = None) -> Page[Look]:
        """Return who found or opened the actor's company, newest first."""
        ...
