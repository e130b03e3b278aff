"""What can be done with the model registry: see what there is, put versions in force and take them out again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ktop.domain.party.actor import Actor


class Models(Protocol):
    """The versions of every model of one installation. Calls block and are thread-safe.

    ``by`` is who decided, where that is not the actor; it stands in the log beside ``why``. Raises ``NotFoundError``
    for a model or version there is none of, ``InputError`` for a change that is not allowed, ``UnavailableError``
    where the log cannot be read or written. Every change is told to the audit trail too.
    """

    def model_cards(self, actor: Actor) -> Sequence[Mapping[str, Any]]:
        """Return the card of every version, with ``champion`` (in force) and ``origin``, JSON-ready.

        Those of the originality model are its formulas, which come with the program: they are told, not put in force.
        """
        ...

    def model_card(self, actor: Actor, name: str, version: str | None = None) -> Mapping[str, Any]:
        """Return one version's card with its history, the champion's where no version is named."""
        ...

    def model_history(self, actor: Actor, name: str | None = None) -> Sequence[Mapping[str, Any]]:
        """Return who entered, promoted or rolled back which version, when and why, oldest first."""
        ...

    def torn_log_line(self, actor: Actor) -> int | None:
        """Return the number of the log's last line where it was never finished, else None."""
        ...

    def drift_reports(self, actor: Actor) -> Sequence[Mapping[str, Any]]:
        """Return the newest drift report of every version that has one, with the earlier ones in short as ``past``."""
        ...

    def promote(
        self,
        actor: Actor,
        name: str,
        version: str,
        *,
        why: str,
        by: str | None = None,
        evidence: bytes | None = None,
        anyway: bool = False,
    ) -> Mapping[str, Any]:
        """Put a version in force and return the line of the log that says so.

        ``evidence`` is what ``ktop models compare`` wrote; a version that it found worse is put in force only
        ``anyway``.
        """
        ...

    def rollback(
        self, actor: Actor, name: str, *, why: str, by: str | None = None, expected: str | None = None
    ) -> Mapping[str, Any]:
        """Put the version in force again that was before the last promotion; return the line of the log.

        Raises ``ConflictError`` where ``expected`` is named and another version is in force by now.
        """
        ...

    def register(
        self,
        actor: Actor,
        source: str,
        *,
        version: str,
        why: str,
        by: str | None = None,
        name: str | None = None,
    ) -> str:
        """Enter a model that ``ktop models train`` wrote as a version; return ``NAME@VERSION``."""
        ...
