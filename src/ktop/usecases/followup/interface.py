"""What can be done with supported projects: bring them in, add outcomes, see what warns and what it cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from ktop.catalogue import Lang
from ktop.domain.party.actor import Actor
from ktop.domain.season.project import Project, Warned


@dataclass(frozen=True, slots=True)
class ProgrammeFigures:
    """Figures of one programme's projects.

    ``decided`` counts projects with targets whose outcomes are known, ``met`` those that reached all; ``cost_krw`` is
    the budget of decided projects per success, None without one or with a budget that is not known; ``budget_krw`` is
    None, too, where that of any project is not known.
    """

    programme: str
    projects: int
    firms: int
    budget_krw: int | None
    decided: int
    met: int
    cost_krw: float | None
    warned: int


@dataclass(frozen=True, slots=True)
class Followed:
    """All projects of an agency. ``several`` firms were supported more than once, one of them ``most`` times."""

    programmes: Sequence[ProgrammeFigures]
    firms: int
    several: int
    most: int
    warned: Sequence[tuple[Project, Sequence[Warned]]]


@dataclass(frozen=True, slots=True)
class FlowCount:
    """How many go from a place of a stage to a place of the next: 0 applying to decided, 1 decided to followed, 2
    followed to outcome."""

    stage: int
    source: str
    target: str
    count: int


@dataclass(frozen=True, slots=True)
class GroupSelection:
    """How many of a group applied and were selected; ``impact`` against the group selected most often, None of few."""

    group: str
    applied: int
    selected: int
    impact: float | None


@dataclass(frozen=True, slots=True)
class Overview:
    """An agency's programmes from application to outcome.

    ``regions`` region → supported projects; ``fairness`` dimension → groups; ``calls`` counts the ranked calls told of.
    """

    followed: Followed
    calls: int
    flow: Sequence[FlowCount]
    regions: Mapping[str, int]
    fairness: Mapping[str, Sequence[GroupSelection]]


@dataclass(frozen=True, slots=True)
class Download:
    """A file to be kept."""

    content: bytes
    name: str
    media_type: str


class FollowUp(Protocol):
    """Supported projects. Calls block and are thread-safe.

    Raises ``ForbiddenError`` where the actor may not, ``InputError`` for a table that cannot be understood: nothing of
    it is kept then.
    """

    def add_projects(self, actor: Actor, content: bytes, name: str) -> int:
        """Take a table of projects in, one a row; return how many. One that is there already is replaced."""
        ...

    def add_selected(self, actor: Actor, call_id: str) -> int:
        """Follow those selected in an announced call; return how many."""
        ...

    def add_outcomes(self, actor: Actor, content: bytes, name: str) -> int:
        """Take outcomes in, one project and year a row; return how many."""
        ...

    def overview(self, actor: Actor) -> Overview:
        """Return the agency's programmes from application to outcome, with its newest ranked calls."""
        ...

    def report(self, actor: Actor, ending: Literal["pdf", "xlsx", "html"], lang: Lang) -> Download:
        """Return the overview as a file, for whoever reports to the ministry."""
        ...

    def followed(self, actor: Actor, year: int | None = None) -> Followed:
        """Return figures by programme, overlap, and the projects that warn by the end of a year (default: last)."""
        ...
