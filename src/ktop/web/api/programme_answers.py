"""What the API takes and gives of support programmes: bodies, answers, and answers made from what use cases return."""

from __future__ import annotations

import datetime
from dataclasses import asdict
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ktop.catalogue import LANGS, LocalText, text
from ktop.usecases.effects.interface import EffectReport
from ktop.usecases.seasons.interface import Appeal, Applicant, ApplicationCard, CallCard, Outcome, RuleCard, RulePreview
from ktop.web.api.jobs import JobShown, shown

Words = dict[Literal["ko", "en"], str]
Decision = Literal["selected", "reserve", "not_selected", "ask", "refused", "repeated", "unread", "withdrawn"]


class RuleShown(BaseModel):
    """A rule of an agency: a draft, or a published version that never changes."""

    id: str
    programme: str
    year: int
    rule_version: int
    name: Words
    state: Literal["draft", "published"]
    source: str = Field(description="The rule as YAML.")
    version: int = Field(description="Counts edits; an edit names the one it changes.")
    changed: datetime.datetime
    problem: Words | None = Field(description="Why a draft cannot be understood yet, with its line.")


class RulesShown(BaseModel):
    """Rules of the agency."""

    items: list[RuleShown]


class DraftGiven(BaseModel):
    """What a draft begins from: an example of the catalogue, or a rule of one's own."""

    model_config = ConfigDict(extra="forbid")

    example: str | None = Field(None, max_length=40, examples=["leap"])
    like: str | None = Field(None, max_length=64, description="Identifier of the rule whose next version it becomes.")


class SourceGiven(BaseModel):
    """What a draft says now."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(description="The version that is edited; another one is refused.", examples=[1])
    source: str = Field(max_length=400_000, description="The rule as YAML.", examples=["programme: leap\nyear: 2026\n"])


class VersionGiven(BaseModel):
    """Which version is meant."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(description="The version that is meant; another one is refused.", examples=[1])


class ClauseCountShown(BaseModel):
    """How many applicants a clause lets pass, refuses and asks, and how many fail by it alone."""

    clause: str
    label: Words
    passed: int
    failed: int
    unknown: int
    failed_alone: int


class DecisionChangeShown(BaseModel):
    """How many applicants would be decided on differently."""

    before: str
    now: str
    count: int


class PreviewShown(BaseModel):
    """What a rule would do with applicants; nothing of it is kept."""

    rows: int
    decisions: dict[str, int]
    clauses: list[ClauseCountShown]
    changes: list[DecisionChangeShown]
    compared_with: str | None


class CallGiven(BaseModel):
    """A call under a published rule."""

    model_config = ConfigDict(extra="forbid")

    rule: str = Field(max_length=64, description="Identifier of the published rule.")
    opens: datetime.date = Field(examples=["2026-03-02"])
    closes: datetime.date = Field(examples=["2026-03-31"])
    as_of: datetime.date = Field(description="Day of the ratings.", examples=["2026-03-31"])
    blind: bool = Field(False, description="Whether names stay hidden until the announcement.")


class CallShown(BaseModel):
    """A call; counts are there for its own agency only."""

    id: str
    rule: str
    programme: str
    year: int
    name: Words
    agency: str
    agency_name: Words
    state: Literal["open", "closed", "appeals", "announced"]
    opens: datetime.date
    closes: datetime.date
    as_of: datetime.date
    blind: bool
    round: int = Field(description="How often applicants were ranked.")
    capacity: int | None
    applications: int
    decisions: dict[str, int]
    appeals_open: int
    actions: list[str] = Field(description="What may be done with it now.")
    version: int


class CallsShown(BaseModel):
    """Calls, newest first; `after` is the cursor of the next page, null on the last."""

    items: list[CallShown]
    after: str | None


class StepAsked(BaseModel):
    """A step of a call."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["close", "reopen", "tell", "announce"] = Field(examples=["close"])
    version: int = Field(description="The version that is meant; another one is refused.", examples=[1])


class UploadShown(BaseModel):
    """What became of a table of applicants; `before` tells that the same table had come already."""

    rows: int
    unread: int
    before: bool


class OutcomeShown(BaseModel):
    """What became of an application in one ranking."""

    round: int
    decision: str
    points: float | None
    rank: int | None
    reasons: Words
    figures: dict[str, Any]


class ApplicantShown(BaseModel):
    """One line of a ranked list; name and number are null where the reader is not to know them."""

    id: str
    number: int
    name: str | None
    business_number: str | None
    state: str
    conflict: bool = Field(description="Whether you declared a conflict of interest.")
    appealed: bool
    outcome: OutcomeShown | None


class ApplicantsShown(BaseModel):
    """Applicants by rank; `after` is the cursor of the next page, null on the last."""

    items: list[ApplicantShown]
    after: str | None


class AppealShown(BaseModel):
    """An appeal, with the result of the corrected data beside the first."""

    id: str
    application: str
    reason: str
    corrected: bool
    first: dict[str, Any]
    second: dict[str, Any] | None
    state: Literal["open", "upheld", "rejected"]
    created: datetime.datetime
    decided_reason: str | None


class ProgrammeApplicationShown(BaseModel):
    """One application with its results and appeals."""

    applicant: ApplicantShown
    call: CallShown
    yours: bool
    facts: dict[str, Any]
    problems: Words | None
    outcomes: list[OutcomeShown]
    appeals: list[AppealShown]
    may_appeal: bool
    may_withdraw: bool
    created: datetime.datetime


class ApplicationsShown(BaseModel):
    """Applications that your company made."""

    items: list[ProgrammeApplicationShown]


class ReasonGiven(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=2200, examples=["연구개발비가 빠졌습니다."])


class AppealGiven(BaseModel):
    """An objection to a preliminary result, with corrected data where there are any."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=2200, examples=["연구개발비가 빠졌습니다."])
    record: dict[str, Any] | None = Field(
        None, description="The corrected company record; its JSON Schema is at /api/v1/schema/company."
    )


class DecidedGiven(BaseModel):
    """How an appeal is decided."""

    model_config = ConfigDict(extra="forbid")

    upheld: bool
    reason: str = Field(max_length=2200, examples=["자료를 확인했습니다."])


class ClauseShown(BaseModel):
    """A clause as the company stands with it, and what would change a failure."""

    id: str
    label: Words
    outcome: str
    reason: Words | None
    remedies: list[Words]


class StandingShown(BaseModel):
    """Where a company stands with a programme; `call` is null for an example rule."""

    call: str | None
    name: Words
    agency: Words
    closes: datetime.date | None
    decision: Literal["eligible", "refused", "ask"]
    points: float | None
    most: float
    clauses: list[ClauseShown]


class StandingsShown(BaseModel):
    """Open calls first, then example programmes."""

    items: list[StandingShown]


class TakenShown(BaseModel):
    """How many rows were taken in."""

    rows: int


class ProgrammeShown(BaseModel):
    """Figures of one programme's projects; costs are null where a budget is not known."""

    programme: str
    projects: int
    firms: int
    budget_krw: int | None
    decided: int = Field(description="Projects with targets whose outcomes are known.")
    met: int = Field(description="Of those, the ones that reached all targets.")
    cost_krw: float | None = Field(description="Budget of decided projects per success.")
    warned: int


class WarnedShown(BaseModel):
    """A project that needs a look, and why."""

    project: str
    programme: str
    year: int
    firm: str
    name: str
    reasons: list[Words]


class FollowedShown(BaseModel):
    """The agency's supported projects; `several` firms were supported more than once."""

    programmes: list[ProgrammeShown]
    firms: int
    several: int
    most: int
    warned: list[WarnedShown]


class ReportShown(BaseModel):
    """A report on an effect; `found` is what the analysis tells, null until it is ready."""

    job: JobShown
    file: str
    outcome: str
    covariates: list[str]
    by: list[str]
    score: str | None
    ready: bool
    found: dict[str, Any] | None = None


class ReportsShown(BaseModel):
    """Reports, newest first; `after` is the cursor of the next page, null on the last."""

    items: list[ReportShown]
    after: str | None


# --- as the API gives it ----------------------------------------------------------------------------------------------


def words_of(of: LocalText) -> Words:
    return {lang: of[lang] for lang in LANGS}


def rule_shown(card: RuleCard) -> RuleShown:
    problem = card.problem
    return RuleShown(
        **{name: getattr(card, name) for name in ("id", "programme", "year", "rule_version", "source", "version")},
        name=words_of(card.name),
        state="draft" if card.state == "draft" else "published",
        changed=card.changed,
        problem=None if problem is None else {lang: text(problem.key, lang, **problem.params) for lang in LANGS},
    )


def preview_shown(found: RulePreview) -> PreviewShown:
    return PreviewShown(
        rows=found.rows,
        decisions=dict(found.decisions),
        clauses=[ClauseCountShown.model_validate(asdict(one)) for one in found.clauses],
        changes=[
            DecisionChangeShown(before=before, now=now, count=count)
            for (before, now), count in found.changed_count.items()
        ],
        compared_with=found.compared_with,
    )


def call_shown(card: CallCard) -> CallShown:
    of = card.call
    return CallShown(
        id=of.id,
        rule=of.rule,
        programme=of.programme,
        year=of.year,
        name=words_of(card.name),
        agency=of.agency,
        agency_name=words_of(card.agency),
        state=of.state,
        opens=of.opens,
        closes=of.closes,
        as_of=of.as_of,
        blind=of.blind,
        round=of.round,
        capacity=card.capacity,
        applications=card.applications,
        decisions=dict(card.decisions),
        appeals_open=card.appeals_open,
        actions=list(card.actions),
        version=of.version,
    )


def outcome_shown(of: Outcome) -> OutcomeShown:
    return OutcomeShown.model_validate(asdict(of))


def applicant_shown(of: Applicant) -> ApplicantShown:
    return ApplicantShown.model_validate(asdict(of))


def appeal_shown(of: Appeal) -> AppealShown:
    return AppealShown.model_validate(asdict(of))


def application_shown(card: ApplicationCard) -> ProgrammeApplicationShown:
    return ProgrammeApplicationShown(
        applicant=applicant_shown(card.applicant),
        call=call_shown(card.call),
        yours=card.yours,
        facts=dict(card.facts),
        problems=None if card.problems is None else words_of(card.problems),
        outcomes=[outcome_shown(one) for one in card.outcomes],
        appeals=[appeal_shown(one) for one in card.appeals],
        may_appeal=card.may_appeal,
        may_withdraw=card.may_withdraw,
        created=card.created,
    )


def report_shown(card: EffectReport) -> ReportShown:
    return ReportShown(
        job=shown(card.job),
        file=card.file,
        outcome=card.outcome,
        covariates=list(card.covariates),
        by=list(card.by),
        score=card.score,
        ready=card.ready,
    )
