"""What an operator can do with an installation as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from ktop.catalogue import LocalText
from ktop.domain.party.actor import Actor
from ktop.kernel.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``key`` names the sentence of it in the catalogue, ``values`` are named in it."""

    name: str
    state: Literal["good", "warning", "bad"]
    key: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SettingInForce:
    """A setting as it is in force. ``value`` is None where it is not set, and for a secret even where it is.

    ``variable`` is the environment variable it is set by, less the prefix that all have; ``about`` says what it means.
    """

    variable: str
    value: str | None
    secret: bool
    set: bool
    changed: bool
    about: LocalText


class Operations(Protocol):
    """Running an installation. Calls block and are thread-safe. Raises ``ForbiddenError`` where the actor may not."""

    def backup(self, actor: Actor, out: Path, progress: Progress = silent) -> Mapping[str, int]:
        """Write a copy of all tables and files of one moment to ``out`` while the installation runs on.

        The copy holds the keys of the installation, so it is readable to its owner alone. Returns rows by table.
        Raises ``UnavailableError`` where the database or the disk fails.
        """
        ...

    def restore(self, actor: Actor, source: Path, progress: Progress = silent) -> Mapping[str, int]:
        """Fill this installation, which must be empty, from a copy; return rows by table.

        Every part is checked against the copy's own digests before anything is written. Raises ``InputError`` for a
        file that is no copy or a damaged one, ``ConflictError`` where the installation is not empty.
        """
        ...

    def ready(self, actor: Actor) -> Mapping[str, bool]:
        """Return what the installation needs to answer requests, and whether it is there: database, models, corpus."""
        ...

    def doctor(self, actor: Actor) -> Sequence[Finding]:
        """Look at the set-up, and return what was found, in the order in which it should be mended."""
        ...

    def share_request_counts(
        self, actor: Actor, process: str, counts: Mapping[tuple[int, str], int]
    ) -> Mapping[tuple[int, str], int]:
        """Tell how many requests a web process counted, by minute (since 1970) and whose; return what others told."""
        ...

    def prune(self, actor: Actor) -> Mapping[str, int]:
        """Forget what has served and is older than the settings say; return rows by table.

        Goes: messages sent and their deliveries, sessions and tokens that are over, answers kept for repeated requests,
        failures to sign in that no longer count. Stays: ratings, files, consents, ledger, audit trail.
        """
        ...

    def settings_in_force(self, actor: Actor) -> Sequence[SettingInForce]:
        """Return every setting of the installation as it is in force; no password, key or token is told."""
        ...

    def figures(self, actor: Actor) -> Mapping[str, float]:
        """Return figures of the installation for monitoring: jobs by state, messages that wait, unsealed events."""
        ...
