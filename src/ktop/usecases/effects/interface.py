"""What can be done with reports on effects: ask for one, follow it, read it, keep it as a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from ktop.catalogue import Lang
from ktop.domain.party.actor import Actor
from ktop.domain.work.job import Job
from ktop.kernel.paging import Page

#: Kind of the files that hold a panel given for an effect.
GIVEN = "effect.given"

#: officer: everything; ministry: what was found, for whom, how far it holds.
Reader: TypeAlias = Literal["officer", "ministry"]
Ending: TypeAlias = Literal["pdf", "xlsx", "html", "json"]


@dataclass(frozen=True, slots=True)
class EffectReport:
    """A report asked for; ``ready`` says whether it can be read."""

    job: Job
    file: str
    outcome: str
    covariates: Sequence[str]
    by: Sequence[str]
    score: str | None
    ready: bool


@dataclass(frozen=True, slots=True)
class Download:
    """A file to be kept."""

    content: bytes
    name: str
    media_type: str


class Effects(Protocol):
    """Reports on what programmes have brought about. Calls block and are thread-safe.

    Raises ``ForbiddenError`` where the actor may not, ``NotFoundError`` for another's report or one that is not ready,
    ``InputError`` for a panel that is none, ``UnavailableError`` where the packages for effects are not installed.
    """

    def give(
        self,
        actor: Actor,
        content: bytes,
        name: str,
        *,
        outcome: str,
        covariates: Sequence[str] = (),
        by: Sequence[str] = (),
        score: str | None = None,
    ) -> EffectReport:
        """Have the effect estimated from a panel of firms and years, as a job.

        The columns are those of ``ktop programmes effect``; the panel is read at once, so that what is wrong with it is
        said at once.
        """
        ...

    def reports(self, actor: Actor, *, limit: int | None = None, after: str | None = None) -> Page[EffectReport]:
        """Return the agency's reports, newest first."""
        ...

    def report(self, actor: Actor, report_id: str) -> EffectReport:
        """Return one report."""
        ...

    def found(self, actor: Actor, report_id: str) -> Mapping[str, Any]:
        """Return what a report found, as ``effect.json`` holds it."""
        ...

    def file(self, actor: Actor, report_id: str, ending: Ending, reader: Reader, lang: Lang) -> Download:
        """Return a report as a file."""
        ...
