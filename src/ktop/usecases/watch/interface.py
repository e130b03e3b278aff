"""What an institution can do with a portfolio of firms that consented (사후 관리)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from ktop.domain.finance.watch import Concentration, Exceeded, Limits, Migration, Sign, Standing
from ktop.domain.party.actor import Actor
from ktop.usecases.consent.interface import PartyCard


@dataclass(frozen=True, slots=True)
class WatchedFirm:
    """A firm of the portfolio.

    Parameters
    ----------
    covered : whether a consent of the firm covers anything today; without one nothing of it is shown.
    before, now : where it stood on the day compared with, and where it stands.
    signs : early warnings, the weightiest first.
    consent, purpose : by which consent it is seen, and for what that was given.
    until : the last day of the consent that holds longest.
    """

    company: PartyCard
    added: datetime
    covered: bool
    before: Standing | None = None
    now: Standing | None = None
    signs: Sequence[Sign] = ()
    consent: str = ""
    purpose: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Watched:
    """The portfolio: its firms, how they moved since a day, and how they spread over industries and regions.

    ``exceeded`` are shares above ``limits``, the institution's own.
    """

    since: date
    firms: Sequence[WatchedFirm]
    migration: Migration
    industries: Concentration
    regions: Concentration
    limits: Limits
    exceeded: Sequence[Exceeded]


class Watch(Protocol):
    """The portfolio of an actor's institution. Raises ``ForbiddenError`` where the actor may not look up results.

    What is shown of a firm is decided by its consents in the transaction that notes the look in its ledger, once a day
    for each result and reader.
    """

    def add(self, actor: Actor, business_number: str) -> PartyCard:
        """Watch a firm from now on; one watched already stays as it is.

        Raises ``InputError`` for a number that is none, ``NotFoundError`` where no consent covers anything of the firm,
        ``ConflictError`` where the portfolio is full.
        """
        ...

    def add_all(self, actor: Actor) -> int:
        """Watch every firm whose consent holds today; return how many were added."""
        ...

    def remove(self, actor: Actor, company: str) -> None:
        """Watch a firm no more; raises ``NotFoundError`` where it is not watched."""
        ...

    def watched(self, actor: Actor, since: date | None = None) -> Watched:
        """Return the portfolio, compared with a day; without one, with a year ago.

        Raises ``InputError`` for a day that is not past.
        """
        ...

    def limits(self, actor: Actor) -> Limits:
        """Return the institution's own limits; all None where it has set none."""
        ...

    def set_limits(self, actor: Actor, limits: Limits) -> None:
        """Put other limits in force, as a new version; raises ``InputError`` for one that is no share."""
        ...

    def warned(self, actor: Actor) -> int:
        """Return of how many firms the institution was told early warnings that still hold; no result is looked at."""
        ...

    def tend(self, actor: Actor, now: datetime | None = None) -> int:
        """Do what is due: rate firms again whose result is a quarter old and who consented to monitoring, and tell
        institutions of early warnings; return how many firms were looked at. A worker calls it by the clock, as the
        installation.
        """
        ...
