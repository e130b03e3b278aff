"""What can be done with results that are sent: send, receive, open and withdraw them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from ktop.domain.party.actor import Actor
from ktop.kernel.paging import Page
from ktop.usecases.consent.interface import PartyCard
from ktop.usecases.lookup.interface import OpenedResult


@dataclass(frozen=True, slots=True)
class SentResult:
    """A result that a company sent to an institution.

    Parameters
    ----------
    consent : by which the institution opens it; ``consent_made`` where it was given by sending, for this result alone.
    signed : whether a signed file goes with it.
    received : when it first stood in the receiver's inbox; ``read`` when it was first opened.
    """

    id: str
    sender: PartyCard
    receiver: PartyCard
    rating: str
    consent: str
    consent_made: bool
    message: str
    signed: bool
    sent: datetime
    received: datetime | None
    read: datetime | None
    withdrawn: datetime | None


class Transmissions(Protocol):
    """Results that are sent. Calls block and are thread-safe.

    Raises ``ForbiddenError`` where the actor may not, ``NotFoundError`` for what others sent to others.
    """

    def send(
        self,
        actor: Actor,
        rating_id: str,
        institution: str,
        *,
        purpose: str,
        inputs: Collection[str] = (),
        message: str = "",
        signed: bool = False,
    ) -> SentResult:
        """Send a kept result to an institution, with the groups of ``inputs`` named.

        Where no consent in force covers all of it, one is given: for this result alone, for a year. ``signed`` signs it
        and lets the signed file go with it, with those inputs. Raises ``InputError`` for words that a consent cannot
        have and for a message that is too long.
        """
        ...

    def sent(self, actor: Actor, *, limit: int | None = None, after: str | None = None) -> Page[SentResult]:
        """Return what the actor's company sent, newest first."""
        ...

    def inbox(self, actor: Actor, *, limit: int | None = None, after: str | None = None) -> Page[SentResult]:
        """Return what the actor's organisation received, newest first, and mark it as arrived."""
        ...

    def transmission(self, actor: Actor, transmission_id: str) -> SentResult:
        """Return one that the actor's organisation sent or received."""
        ...

    def open_received(self, actor: Actor, transmission_id: str) -> OpenedResult:
        """Return a result received, as far as the consent shows it, and mark it as read.

        Raises ``ConflictError`` where it was withdrawn, ``NotFoundError`` where its consent has ended.
        """
        ...

    def received_file(self, actor: Actor, transmission_id: str) -> tuple[str, bytes]:
        """Return name and content of the signed file of a result received; raises as ``open_received`` does."""
        ...

    def withdraw(self, actor: Actor, transmission_id: str) -> SentResult:
        """Take a result back: it cannot be opened from the inbox any more.

        A consent that was given for it alone is revoked, too; one that covers more stays.
        """
        ...

    def transmission_receipt(self, actor: Actor, transmission_id: str) -> Mapping[str, Any]:
        """Return the receipt of a transmission as it stands, JSON types."""
        ...
