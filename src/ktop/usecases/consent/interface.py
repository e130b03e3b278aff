"""What can be done with consents: ask for one, give, reject, narrow, revoke it, and read who saw what by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from ktop.catalogue import LocalText
from ktop.domain.party.actor import Actor
from ktop.domain.party.consent import Consent, State, Terms
from ktop.kernel.paging import Page


@dataclass(frozen=True, slots=True)
class PartyCard:
    """An organisation as the other side sees it; ``kind`` is company, agency, bank, investor or operator."""

    id: str
    kind: str
    name: LocalText
    business_number: str | None = None


@dataclass(frozen=True, slots=True)
class ConsentChange:
    """A change of a consent's state."""

    state: State
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class ConsentCard:
    """A consent with both sides; ``changes`` (oldest first) only where one consent was asked for.

    A consent whose last day is over says ``expired``, whether that was noted already or not. ``yours`` is whether the
    reader's organisation is the company that gives it.
    """

    consent: Consent
    company: PartyCard
    grantee: PartyCard
    yours: bool
    changes: Sequence[ConsentChange] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """The text that a company reads before it consents; ``hash`` is the SHA-256 of version and text."""

    version: str
    text: LocalText
    hash: str


@dataclass(frozen=True, slots=True)
class AccessEntry:
    """Who saw what of a company, when, why and by which consent.

    ``seen`` is ``{"models", "inputs"}`` of one rating, or ``{"listed"}`` (``rating`` is empty then); ``way`` is page,
    program or sent.
    """

    number: int
    at: datetime
    reader: PartyCard
    reader_user: str
    consent: str
    rating: str
    seen: Mapping[str, Any]
    purpose: str
    way: str


class Consents(Protocol):
    """Consents of companies for institutions. Calls block and are thread-safe.

    Raises ``ForbiddenError`` where the actor may not, ``NotFoundError`` for a consent of others, ``InputError`` for
    terms that cannot be, ``ConflictError`` for what cannot follow the present state.
    """

    def institutions(self, actor: Actor) -> Sequence[PartyCard]:
        """Return the institutions that a consent can be given to."""
        ...

    def notice(self, actor: Actor) -> Notice:
        """Return the text that is shown before a consent is given now."""
        ...

    def notices(self, actor: Actor) -> Sequence[Notice]:
        """Return every version of the text that companies were shown, the newest last."""
        ...

    def request(self, actor: Actor, business_number: str, terms: Terms, reason: str) -> ConsentCard:
        """Ask the company of a business number for a consent, on behalf of the actor's institution."""
        ...

    def give(self, actor: Actor, institution: str, terms: Terms, reason: str) -> ConsentCard:
        """Give an institution a consent that it did not ask for."""
        ...

    def grant(self, actor: Actor, consent_id: str, terms: Terms | None, reason: str) -> ConsentCard:
        """Give a consent that was asked for, or by narrower ``terms`` a part of it; return what is in force."""
        ...

    def reject(self, actor: Actor, consent_id: str, reason: str) -> ConsentCard:
        """Refuse a consent that was asked for."""
        ...

    def narrow(self, actor: Actor, consent_id: str, terms: Terms, reason: str) -> ConsentCard:
        """End a consent and put one of narrower terms in its place; return that one."""
        ...

    def revoke(self, actor: Actor, consent_id: str, reason: str) -> ConsentCard:
        """End a consent: nobody reads by it from this moment on."""
        ...

    def consents(
        self, actor: Actor, *, state: State | None = None, limit: int | None = None, after: str | None = None
    ) -> Page[ConsentCard]:
        """Return the consents that the actor's organisation gave or was given, newest first."""
        ...

    def consent(self, actor: Actor, consent_id: str) -> ConsentCard:
        """Return one consent with all its changes."""
        ...

    def receipt(self, actor: Actor, consent_id: str) -> Mapping[str, Any]:
        """Return the receipt of a consent as it stands: JSON types, fields of ISO/IEC TS 27560."""
        ...

    def tend(self, actor: Actor) -> int:
        """Note, and tell both sides, which consents have run out; return how many. Only for the installation itself."""
        ...

    def ledger(
        self, actor: Actor, *, consent_id: str | None = None, limit: int | None = None, after: str | None = None
    ) -> Page[AccessEntry]:
        """Return who saw what of the actor's company, newest first."""
        ...
