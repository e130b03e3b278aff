"""What can be done in a season: write rules, open a call, apply, rank, appeal, announce."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from ktop.catalogue import Lang, LocalText
from ktop.domain.party.actor import Actor
from ktop.domain.season.call import Call
from ktop.domain.work.job import Job
from ktop.kernel.paging import Page
from ktop.usecases.programmes.interface import ClauseCount


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a draft: the key of the sentence and its values, with the line."""

    key: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ClauseText:
    """A clause as a form shows it.

    Parameters
    ----------
    kind : "holds" (a formula), "one_of" (codes of a fact) or "grade_at_least".
    looks_at : the fact or grade that a list or a least grade is about; empty for a formula.
    condition : the formula, the codes split by commas, or the least grade.
    missing : "ask" or "refuse" where it cannot be checked.
    """

    id: str
    label: LocalText
    kind: str
    looks_at: str
    condition: str
    reason: LocalText
    missing: str


@dataclass(frozen=True, slots=True)
class RuleCard:
    """A rule of an agency: a draft that may change, or a published version that never does.

    ``problem`` says why a draft cannot be understood yet; ``version`` counts edits.
    """

    id: str
    programme: str
    year: int
    rule_version: int
    name: LocalText
    state: str
    source: str
    version: int
    changed: datetime
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class Changed:
    """An applicant whose decision differs between two rules; ``applicant`` is how it is named on the page."""

    applicant: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class RulePreview:
    """What a rule would have done with applicants of before: nothing of it is kept.

    ``changed`` names at most a hundred applicants, ``changed_count`` counts all, (before, now) → how many.
    """

    rows: int
    decisions: Mapping[str, int]
    clauses: Sequence[ClauseCount]
    changed: Sequence[Changed]
    changed_count: Mapping[tuple[str, str], int]
    compared_with: str | None


@dataclass(frozen=True, slots=True)
class CallCard:
    """A call with the names of its programme and agency, and what can be done with it now."""

    call: Call
    name: LocalText
    agency: LocalText
    capacity: int | None
    applications: int
    decisions: Mapping[str, int]
    appeals_open: int
    actions: Sequence[str]


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What became of an uploaded table; ``before``: the same table was uploaded already, nothing was added."""

    rows: int
    unread: int
    before: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an application in a round."""

    round: int
    decision: str
    points: float | None
    rank: int | None
    reasons: LocalText
    figures: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Appeal:
    """An appeal, with the result of the corrected data (``second``) beside the first."""

    id: str
    application: str
    reason: str
    corrected: bool
    first: Mapping[str, Any]
    second: Mapping[str, Any] | None
    state: str
    created: datetime
    decided_reason: str | None


@dataclass(frozen=True, slots=True)
class Applicant:
    """One line of a ranked list. ``name`` and ``business_number`` are None where the reader is not to know them."""

    id: str
    number: int
    name: str | None
    business_number: str | None
    state: str
    outcome: Outcome | None
    conflict: bool
    appealed: bool


@dataclass(frozen=True, slots=True)
class ApplicationCard:
    """One application with its results, round by round, and its appeals, as agency or applicant sees it."""

    applicant: Applicant
    call: CallCard
    yours: bool
    facts: Mapping[str, Any]
    problems: LocalText | None
    outcomes: Sequence[Outcome]
    appeals: Sequence[Appeal]
    may_appeal: bool
    may_withdraw: bool
    created: datetime


@dataclass(frozen=True, slots=True)
class ClauseStanding:
    """A clause as a company stands with it: passed, failed or unknown; ``remedies`` are what would change a failure."""

    id: str
    label: LocalText
    outcome: str
    reason: LocalText | None
    remedies: Sequence[LocalText]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a company stands with a programme: eligible, refused or ask. ``call`` is None for an example rule."""

    call: str | None
    name: LocalText
    agency: LocalText
    closes: date | None
    decision: str
    points: float | None
    most: float
    clauses: Sequence[ClauseStanding]


@dataclass(frozen=True, slots=True)
class Download:
    """A file to be kept."""

    content: bytes
    name: str
    media_type: str


class Seasons(Protocol):
    """Seasons of support programmes. Calls block and are thread-safe.

    Raises ``ForbiddenError`` where the actor may not, ``NotFoundError`` for what is another's, ``InputError`` for rules
    or data that cannot be understood, ``ConflictError`` for what cannot follow the present state, ``ChangedError``
    where somebody else changed a draft or call meanwhile.
    """

    def rules(self, actor: Actor) -> Sequence[RuleCard]:
        """Return the rules of the actor's agency."""
        ...

    def rule(self, actor: Actor, rule_id: str) -> RuleCard:
        """Return one rule: of one's own, or a published one of others."""
        ...

    def draft(self, actor: Actor, *, example: str | None = None, like: str | None = None) -> RuleCard:
        """Begin a draft from an example of the catalogue, or as the next version of one's own rule ``like``."""
        ...

    def save(self, actor: Actor, rule_id: str, version: int, source: str) -> RuleCard:
        """Keep what a draft says now, understood or not."""
        ...

    def add_clause(self, actor: Actor, rule_id: str, version: int, kind: str, values: Mapping[str, str]) -> RuleCard:
        """Add a common clause to a draft: ``kind`` is a key of catalogue/common_clauses.yaml."""
        ...

    def change_clause(
        self, actor: Actor, rule_id: str, version: int, clause: str, values: Mapping[str, str] | None
    ) -> RuleCard:
        """Change one clause of a draft as a form says it, or take it out where ``values`` is None.

        ``values``: ``condition``, ``label_ko``, ``label_en``, ``reason_ko``, ``reason_en``, ``missing``; what is left
        out stays. Other lines of the text stay as they are.
        """
        ...

    def clauses(self, actor: Actor, rule_id: str) -> Sequence[ClauseText]:
        """Return the clauses of a rule as a form shows them; none of a draft that cannot be understood."""
        ...

    def remove(self, actor: Actor, rule_id: str) -> None:
        """Remove a draft."""
        ...

    def publish(self, actor: Actor, rule_id: str, version: int) -> RuleCard:
        """Publish a draft: from then on it never changes."""
        ...

    def preview(
        self, actor: Actor, rule_id: str, *, call: str | None = None, table: tuple[bytes, str] | None = None
    ) -> RulePreview:
        """Try a rule on the applicants of a former call, or of a table (content, name); nothing is kept.

        Compares with the rule of that call, else with the newest published version of the same programme.
        """
        ...

    def open_call(self, actor: Actor, rule_id: str, *, opens: date, closes: date, as_of: date, blind: bool) -> CallCard:
        """Open a call under a published rule."""
        ...

    def calls(self, actor: Actor, *, limit: int | None = None, after: str | None = None) -> Page[CallCard]:
        """Return the calls of the actor's agency, newest first."""
        ...

    def open_calls(self, actor: Actor) -> Sequence[CallCard]:
        """Return the calls of all agencies that can be applied to today."""
        ...

    def call(self, actor: Actor, call_id: str) -> CallCard:
        """Return one call."""
        ...

    def step(self, actor: Actor, call_id: str, action: str, version: int) -> CallCard:
        """Close, reopen, tell the preliminary result or announce the final one."""
        ...

    def upload(self, actor: Actor, call_id: str, content: bytes, name: str) -> Uploaded:
        """Take a table of applicants in, one company a row; every row is kept, unread ones with their reasons."""
        ...

    def apply(self, actor: Actor, call_id: str, record: Mapping[str, Any]) -> ApplicationCard:
        """Apply with a company's record, which is a consent that this agency uses it for this call."""
        ...

    def withdraw(self, actor: Actor, application_id: str, reason: str) -> ApplicationCard:
        """Withdraw one's application, and with it the consent."""
        ...

    def standings(self, actor: Actor, record: Mapping[str, Any], as_of: date | None = None) -> Sequence[Standing]:
        """Return where a company stands with all open calls and the example programmes; nothing is kept."""
        ...

    def applications(self, actor: Actor) -> Sequence[ApplicationCard]:
        """Return the applications that the actor's company made, newest first."""
        ...

    def application(self, actor: Actor, application_id: str) -> ApplicationCard:
        """Return one application, as the agency or as the applicant."""
        ...

    def rank(self, actor: Actor, call_id: str) -> Job:
        """Have all applicants rated and ranked as a job; ratings that are there already are kept."""
        ...

    def ranking(
        self,
        actor: Actor,
        call_id: str,
        *,
        decision: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[Applicant]:
        """Return applicants as they stand: by rank, then as they came."""
        ...

    def declare_conflict(self, actor: Actor, application_id: str, reason: str) -> None:
        """Declare a conflict of interest: from then on the actor neither sees nor decides on the application."""
        ...

    def appeal(self, actor: Actor, application_id: str, reason: str, record: Mapping[str, Any] | None) -> Appeal:
        """Object to a preliminary result, with corrected data where there are any; they are rated at once."""
        ...

    def decide_appeal(self, actor: Actor, appeal_id: str, upheld: bool, reason: str) -> Appeal:
        """Uphold or reject an appeal; corrected data count from the next ranking on."""
        ...

    def result(self, actor: Actor, call_id: str, lang: Lang = "ko") -> Download:
        """Return the newest ranking as .xlsx, as the ministry gets it."""
        ...
