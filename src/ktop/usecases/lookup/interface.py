"""What an institution can look up of companies that consented."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, Protocol

from ktop.domain.party.actor import Actor
from ktop.domain.party.consent import Terms
from ktop.kernel.paging import Page
from ktop.usecases.consent.interface import ConsentCard, PartyCard

#: How somebody looked: on a page, by a program, or at what was sent to the inbox.
Way = Literal["page", "program", "sent", "watch"]


@dataclass(frozen=True, slots=True)
class FoundResult:
    """A result that may be opened, without anything of what it says."""

    id: str
    created: datetime
    as_of: date
    kind: str
    models: Sequence[str]


@dataclass(frozen=True, slots=True)
class Found:
    """What an institution may see of a company today: by which consents, which results."""

    company: PartyCard
    consents: Sequence[ConsentCard]
    results: Sequence[FoundResult]


@dataclass(frozen=True, slots=True)
class OpenedResult:
    """A result as far as a consent shows it.

    Parameters
    ----------
    ratings : of the shape of ``Rating.to_json()``; what the consent does not name is left out.
    withheld : models that answered, too, but that the consent does not name.
    inputs : groups of inputs that were shown.
    limits : what the consent allows, until when and for what.
    consent : by which it was opened; ``used_up`` where this look was its only one.
    """

    id: str
    company: PartyCard
    created: datetime
    as_of: date
    kind: str
    ratings: Sequence[Mapping[str, Any]]
    withheld: Sequence[str]
    inputs: Sequence[str]
    consent: str
    purpose: str
    used_up: bool
    limits: Terms


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """The newest state of a company's result: shown by a consent within ``limits``, or withdrawn."""

    number: int
    at: datetime
    state: Literal["shown", "withdrawn"]
    rating: str
    company: PartyCard
    models: Sequence[str]
    created: datetime | None
    as_of: date | None
    consent: str
    limits: Terms | None


@dataclass(frozen=True, slots=True)
class FeedPage:
    """What changed behind a place of the feed; the next page begins behind ``after``."""

    items: Sequence[FeedEntry]
    after: int
    more: bool


@dataclass(frozen=True, slots=True)
class OwnLook:
    """What somebody of the actor's institution saw of a company, when, why and by which consent.

    ``seen`` and ``way`` are as in ``ktop.usecases.consent.interface.AccessEntry``.
    """

    number: int
    at: datetime
    company: PartyCard
    consent: str
    rating: str
    seen: Mapping[str, Any]
    purpose: str
    way: str


class Lookups(Protocol):
    """Results of companies by consent. Calls block and are thread-safe.

    Whether a consent covers something is decided in the transaction that notes the look in the company's ledger. Raises
    ``NotFoundError``, with the same sentence, where there is nothing and where there is something that no consent
    covers.
    """

    def find(self, actor: Actor, business_number: str, way: Way) -> Found:
        """Return what may be seen of the company of a business number; the newest results first, 50 at most."""
        ...

    def open(self, actor: Actor, rating_id: str, way: Way, consent_id: str | None = None) -> OpenedResult:
        """Return a result by one consent: ``consent_id``, else the one that shows most of it.

        A consent for one look is used up by it, and chosen only where no other covers anything.
        """
        ...

    def feed(self, actor: Actor, after: int = 0, limit: int | None = None) -> FeedPage:
        """Return what has changed, behind a place of the feed, in what consents show the actor's institution.

        Each result stands once, by its newest state; nothing is passed over, whichever order others commit in. Consents
        for one look are not in it. Raises ``InputError`` for a place below 0 or a wrong limit.
        """
        ...

    def looked_at(self, actor: Actor, *, limit: int | None = None, after: str | None = None) -> Page[OwnLook]:
        """Return what the actor's institution has looked at, newest first: the entries that the companies see, too.

        Raises ``InputError`` for a wrong limit or cursor.
        """
        ...
