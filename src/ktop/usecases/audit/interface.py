"""What can be done with the audit trail: read it, verify it, seal it, and hand its heads to outsiders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

from ktop.catalogue import LocalText
from ktop.domain.party.actor import Actor
from ktop.kernel.paging import Page
from ktop.kernel.progress import Progress


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """Who did what to what. ``action`` is ``kind.verb``; ``details`` hold no personal data and no inputs.

    ``names`` are those of the organisations that it speaks of, by their identifiers.
    """

    number: int
    at: datetime
    organisation: str
    actor: str
    action: str
    subject: str
    details: Mapping[str, Any]
    names: Mapping[str, LocalText]


@dataclass(frozen=True, slots=True)
class TrailState:
    """A trail that holds: how many events are sealed, the Merkle root (RFC 9162) over them, how many wait."""

    events: int
    root: str
    unsealed: int


@dataclass(frozen=True, slots=True)
class DayHead:
    """The sealed trail at a day's end (UTC), which anybody can hold: its size, Merkle root and chain hash."""

    day: date
    size: int
    root: str
    hash: str
    signed: str


class Audit(Protocol):
    """The audit trail. Calls block and are thread-safe. Raises ``ForbiddenError`` where the actor may not."""

    def events(
        self,
        actor: Actor,
        *,
        everywhere: bool = False,
        action: str | None = None,
        subject: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[AuditEvent]:
        """Return events of the actor's organisation, or of all (``everywhere``, operator only), newest first.

        ``action`` may be a whole action or its kind (``"rating"``). Raises ``InputError`` for a wrong limit or cursor.
        """
        ...

    def refused(self, actor: Actor, place: str, reason: str) -> None:
        """Note that somebody known was not let do something: at which route, for which reason (a key of texts).

        The same refusal of the same person counts once a minute, so that nobody fills the trail.
        """
        ...

    def verify(self, actor: Actor, head: Path | None = None) -> TrailState:
        """Go through the whole trail and return its state.

        ``head`` is a file with a head that somebody kept (``head_to_hold``): the trail must pass through it. Raises
        ``ConflictError`` with the first thing wrong, ``InputError`` for a file that holds no head.
        """
        ...

    def seal(self, actor: Actor) -> int:
        """Give new events their places in the chain, and each day that has ended its head; return how many events."""
        ...

    def heads(self, actor: Actor) -> Sequence[DayHead]:
        """Return the heads of all days, oldest first."""
        ...

    def head_to_hold(self, actor: Actor) -> DayHead:
        """Seal, and return the head of this moment, for an outsider to hold.

        Raises ``NotFoundError`` where nothing has happened yet.
        """
        ...

    def export(self, actor: Actor, out: Path, progress: Progress) -> int:
        """Write every sealed event with its place, digest and hash as JSON lines; return how many."""
        ...
