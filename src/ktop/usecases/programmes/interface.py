"""What can be done with support programmes: see and check their rules, screen applicants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from ktop.catalogue import Lang, LocalText
from ktop.domain.party.actor import Actor
from ktop.kernel.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class ClauseCount:
    """How many applicants a clause lets pass, refuses, and asks; and how many fail by it alone."""

    clause: str
    label: LocalText
    passed: int
    failed: int
    unknown: int
    failed_alone: int


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """A rule that is understood, and what it would do: ``decisions`` and ``clauses`` are empty without applicants.

    ``changed`` counts applicants whose decision differs from that of the rule compared with: (before, now) → how many.
    """

    rule: str
    clause_count: int
    criterion_count: int
    rows: int
    decisions: Mapping[str, int]
    clauses: Sequence[ClauseCount]
    changed: Mapping[tuple[str, str], int]
    remarks: Sequence[str]


@dataclass(frozen=True, slots=True)
class ScreeningReport:
    """What became of all rows of a table of applicants. ``done_before``: the same result was there already."""

    rule: str
    rows: int
    decisions: Mapping[str, int]
    remarks: Sequence[str]
    done_before: bool = False


class Programmes(Protocol):
    """Support programmes. Calls block and are thread-safe.

    Raises ``ForbiddenError`` where the actor may not, ``NotFoundError`` for a programme or year there are no rules of,
    ``InputError`` for rules or a table that cannot be understood.
    """

    def programmes(self, actor: Actor) -> Sequence[Mapping[str, Any]]:
        """Return every rule: ``programme``, ``name``, ``kind``, ``agency``, ``year``, ``version``, ``uses``, ``note``,
        ``capacity``."""
        ...

    def programme(self, actor: Actor, programme: str, year: int | None = None) -> Mapping[str, Any]:
        """Return one rule whole, the newest year's where none is named."""
        ...

    def check(
        self,
        actor: Actor,
        rules: Path,
        applicants: Path | None = None,
        against: Path | None = None,
        as_of: date | None = None,
        lang: Lang = "ko",
        progress: Progress = silent,
    ) -> RuleCheck:
        """Understand a file of rules, and try it on a table of applicants; nothing is kept."""
        ...

    def screen(
        self,
        actor: Actor,
        applicants: Path,
        out: Path,
        *,
        programme: str,
        year: int | None = None,
        rules: Path | None = None,
        as_of: date | None = None,
        resume: bool = False,
        lang: Lang = "ko",
        progress: Progress = silent,
    ) -> ScreeningReport:
        """Screen a table of applicants and write the result: every row once, in order, with decision and reasons.

        ``rules`` is a file of the agency's own for the programme. The result is there whole or not at all; with
        ``resume`` one that is there already for the same applicants, rules, day and models is left as it is.
        """
        ...

    def screen_record(self, actor: Actor, record: Mapping[str, Any], as_of: date | None) -> Sequence[Mapping[str, Any]]:
        """Return, for every programme, whether a company could apply and which clause stands in its way.

        ``{"programme", "name", "rule", "decision", "points", "most", "clauses": [{"id", "label", "outcome",
        "reason"}]}``; places and ranks are not looked at.
        """
        ...

    def effect(
        self,
        actor: Actor,
        panel: Path,
        outcome: str,
        covariates: Sequence[str],
        out: Path,
        lang: Lang = "ko",
        *,
        by: Sequence[str] = (),
        score: str | None = None,
    ) -> Mapping[str, Any]:
        """Estimate what a programme has brought about from a panel of firms and years, and write the report.

        The panel has ``firm_id``, ``year``, ``treated_from`` (year or empty), the outcome, covariates, columns whose
        values are told apart (``by``) and what firms were chosen by (``score``). Writes ``effect.json``,
        ``report.html``, ``report.pdf`` and ``report.xlsx`` to the folder ``out``; returns what ``effect.json`` holds,
        with ``refused`` saying why where no effect can be told. Raises ``UnavailableError`` where the package for it is
        not installed.
        """
        ...
