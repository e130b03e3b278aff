"""API operations of support programmes: rules, calls, applicants, appeals, supported projects, effects."""

from __future__ import annotations

import datetime
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from ktop.catalogue import LANGS, LocalText, text
from ktop.domain.company.field_types import Day
from ktop.kernel.clock import today
from ktop.usecases.effects.interface import EffectReport, Ending, Reader
from ktop.usecases.seasons.interface import Appeal, Applicant, ApplicationCard, CallCard, Outcome, RuleCard, RulePreview
from ktop.web.api.bodies import BodyRoute
from ktop.web.api.jobs import JobShown, shown
from ktop.web.api.portfolio import RecordGiven
from ktop.web.api.schemas import error_answers
from ktop.web.api.v1 import Acting, Language, Uses
from ktop.web.downloads import download

Words = dict[Literal["ko", "en"], str]
Decision = Literal["selected", "reserve", "not_selected", "ask", "refused", "repeated", "unread", "withdrawn"]
Limit = Annotated[int | None, Query(description="How many, 1 to 200; without it 50.")]
After = Annotated[str | None, Query(description="Cursor: the `after` of the page before.", max_length=400)]
_ID = "^[0-9A-Za-z_-]{1,64}$"
RuleId = Annotated[str, Path(description="Identifier of a rule.", pattern=_ID)]
CallId = Annotated[str, Path(description="Identifier of a call.", pattern=_ID)]
ApplicationId = Annotated[str, Path(description="Identifier of an application.", pattern=_ID)]
AppealId = Annotated[str, Path(description="Identifier of an appeal.", pattern=_ID)]
ReportId = Annotated[str, Path(description="Identifier of a report.", pattern=_ID)]
FileName = Annotated[
    str,
    Query(
        description="The file's name; its ending tells .xlsx, .csv, .jsonl or .parquet.",
        max_length=200,
        examples=["firms.xlsx"],
    ),
]
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file itself.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}

router = APIRouter(prefix="/api/v1", route_class=BodyRoute)


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


# --- rules ------------------------------------------------------------------------------------------------------------


@router.get("/programmes/rules", tags=["programmes"], responses={**error_answers(422)})
def rules(use: Uses, who: Acting, lang: Language = None) -> RulesShown:
    """List the agency's rules."""
    return RulesShown(items=[_rule(one) for one in use.seasons.rules(who)])


@router.post("/programmes/rules", status_code=201, tags=["programmes"], responses={**error_answers(400, 404, 422)})
def draft_rule(body: DraftGiven, use: Uses, who: Acting, lang: Language = None) -> RuleShown:
    """Begin a draft."""
    return _rule(use.seasons.draft(who, example=body.example, like=body.like))


@router.get("/programmes/rules/{rule_id}", tags=["programmes"], responses={**error_answers(404, 422)})
def rule(rule_id: RuleId, use: Uses, who: Acting, lang: Language = None) -> RuleShown:
    """Fetch one rule: one's own, or a published one."""
    return _rule(use.seasons.rule(who, rule_id))


@router.put("/programmes/rules/{rule_id}", tags=["programmes"], responses={**error_answers(400, 404, 409, 422)})
def save_rule(rule_id: RuleId, body: SourceGiven, use: Uses, who: Acting, lang: Language = None) -> RuleShown:
    """Keep what a draft says now, understood or not."""
    return _rule(use.seasons.save(who, rule_id, body.version, body.source))


@router.delete(
    "/programmes/rules/{rule_id}", status_code=204, tags=["programmes"], responses={**error_answers(404, 409, 422)}
)
def remove_rule(rule_id: RuleId, use: Uses, who: Acting, lang: Language = None) -> Response:
    """Remove a draft."""
    use.seasons.remove(who, rule_id)
    return Response(status_code=204)


@router.post(
    "/programmes/rules/{rule_id}/publish", tags=["programmes"], responses={**error_answers(400, 404, 409, 422)}
)
def publish_rule(rule_id: RuleId, body: VersionGiven, use: Uses, who: Acting, lang: Language = None) -> RuleShown:
    """Publish a draft: from then on it never changes."""
    return _rule(use.seasons.publish(who, rule_id, body.version))


@router.post(
    "/programmes/rules/{rule_id}/preview",
    tags=["programmes"],
    responses={**error_answers(400, 404, 413, 422, 503)},
    openapi_extra=_FILE,
)
async def preview_rule(
    request: Request, rule_id: RuleId, use: Uses, who: Acting, name: FileName, lang: Language = None
) -> PreviewShown:
    """Try a rule on a table of applicants (the body); nothing is kept."""
    content = await request.body()
    return _preview(await run_in_threadpool(use.seasons.preview, who, rule_id, table=(content, name)))


# --- calls ------------------------------------------------------------------------------------------------------------


@router.get("/programmes/calls", tags=["programmes"], responses={**error_answers(422)})
def calls(use: Uses, who: Acting, limit: Limit = None, after: After = None, lang: Language = None) -> CallsShown:
    """List the agency's calls."""
    page = use.seasons.calls(who, limit=limit, after=after)
    return CallsShown(items=[_call(one) for one in page.items], after=page.after)


@router.post("/programmes/calls", status_code=201, tags=["programmes"], responses={**error_answers(400, 404, 409, 422)})
def open_call(body: CallGiven, use: Uses, who: Acting, lang: Language = None) -> CallShown:
    """Open a call under a published rule."""
    made = use.seasons.open_call(
        who, body.rule, opens=body.opens, closes=body.closes, as_of=body.as_of, blind=body.blind
    )
    return _call(made)


@router.get("/programmes/open-calls", tags=["programmes"], responses={**error_answers(422)})
def open_calls(use: Uses, who: Acting, lang: Language = None) -> CallsShown:
    """List the calls of all agencies that can be applied to today."""
    return CallsShown(items=[_call(one) for one in use.seasons.open_calls(who)], after=None)


@router.get("/programmes/calls/{call_id}", tags=["programmes"], responses={**error_answers(404, 422)})
def call(call_id: CallId, use: Uses, who: Acting, lang: Language = None) -> CallShown:
    """Fetch one call."""
    return _call(use.seasons.call(who, call_id))


@router.post("/programmes/calls/{call_id}/step", tags=["programmes"], responses={**error_answers(404, 409, 422)})
def step_call(call_id: CallId, body: StepAsked, use: Uses, who: Acting, lang: Language = None) -> CallShown:
    """Close, reopen, tell the preliminary result or announce the final one."""
    return _call(use.seasons.step(who, call_id, body.action, body.version))


@router.post(
    "/programmes/calls/{call_id}/applicants",
    status_code=201,
    tags=["programmes"],
    responses={**error_answers(400, 404, 409, 413, 422, 503)},
    openapi_extra=_FILE,
)
async def upload_applicants(
    request: Request, call_id: CallId, use: Uses, who: Acting, name: FileName, lang: Language = None
) -> UploadShown:
    """Take a table of applicants in, one company a row (the body); unread rows are kept with their reasons."""
    content = await request.body()
    taken = await run_in_threadpool(use.seasons.upload, who, call_id, content, name)
    return UploadShown(rows=taken.rows, unread=taken.unread, before=taken.before)


@router.post(
    "/programmes/calls/{call_id}/rank",
    status_code=202,
    tags=["programmes"],
    responses={**error_answers(404, 409, 422)},
)
def rank_applicants(call_id: CallId, use: Uses, who: Acting, lang: Language = None) -> JobShown:
    """Have all applicants rated and ranked in the background; what is rated already is kept."""
    return shown(use.seasons.rank(who, call_id))


@router.get("/programmes/calls/{call_id}/applicants", tags=["programmes"], responses={**error_answers(404, 422)})
def applicants(
    call_id: CallId,
    use: Uses,
    who: Acting,
    decision: Annotated[Decision | None, Query(description="Only applicants of this decision.")] = None,
    limit: Limit = None,
    after: After = None,
    lang: Language = None,
) -> ApplicantsShown:
    """List applicants by rank, with points and reasons."""
    page = use.seasons.ranking(who, call_id, decision=decision, limit=limit, after=after)
    return ApplicantsShown(items=[_applicant(one) for one in page.items], after=page.after)


@router.get(
    "/programmes/calls/{call_id}/result",
    tags=["programmes"],
    response_class=Response,
    responses={
        200: {"description": "The ranking as .xlsx.", "content": {"application/octet-stream": {}}},
        **error_answers(404, 409, 422),
    },
)
def result(call_id: CallId, use: Uses, who: Acting, lang: Language = None) -> Response:
    """Download the newest ranking."""
    found = use.seasons.result(who, call_id, "en" if lang == "en" else "ko")
    return download(found.content, found.name, found.media_type)


# --- applications and appeals -----------------------------------------------------------------------------------------


@router.post("/programmes/check", tags=["programmes"], responses={**error_answers(400, 422)})
def check_standings(
    body: RecordGiven,
    use: Uses,
    who: Acting,
    as_of: Annotated[Day, Query(description="Day of the ratings (ISO 8601); without it, today.")] = None,
    lang: Language = None,
) -> StandingsShown:
    """Tell where a company stands with open calls and example programmes; nothing is kept."""
    found = use.seasons.standings(who, body.record, as_of or today())
    return StandingsShown(items=[StandingShown.model_validate(asdict(one)) for one in found])


@router.post(
    "/programmes/calls/{call_id}/apply",
    status_code=201,
    tags=["programmes"],
    responses={**error_answers(400, 404, 409, 422)},
)
def apply(
    call_id: CallId, body: RecordGiven, use: Uses, who: Acting, lang: Language = None
) -> ProgrammeApplicationShown:
    """Apply with the company's record, which is a consent that this agency uses it for this call."""
    return _application(use.seasons.apply(who, call_id, body.record))


@router.get("/programmes/applications", tags=["programmes"], responses={**error_answers(422)})
def applications(use: Uses, who: Acting, lang: Language = None) -> ApplicationsShown:
    """List the applications that the company made."""
    return ApplicationsShown(items=[_application(one) for one in use.seasons.applications(who)])


@router.get("/programmes/applications/{application_id}", tags=["programmes"], responses={**error_answers(404, 422)})
def application(
    application_id: ApplicationId, use: Uses, who: Acting, lang: Language = None
) -> ProgrammeApplicationShown:
    """Fetch one application, as its agency or as the applicant."""
    return _application(use.seasons.application(who, application_id))


@router.post(
    "/programmes/applications/{application_id}/withdraw",
    tags=["programmes"],
    responses={**error_answers(400, 404, 409, 422)},
)
def withdraw(
    application_id: ApplicationId, body: ReasonGiven, use: Uses, who: Acting, lang: Language = None
) -> ProgrammeApplicationShown:
    """Withdraw an application, and with it the consent."""
    return _application(use.seasons.withdraw(who, application_id, body.reason))


@router.post(
    "/programmes/applications/{application_id}/conflict",
    status_code=204,
    tags=["programmes"],
    responses={**error_answers(400, 404, 422)},
)
def declare_conflict(
    application_id: ApplicationId, body: ReasonGiven, use: Uses, who: Acting, lang: Language = None
) -> Response:
    """Declare a conflict of interest: you neither see nor decide on the application from then on."""
    use.seasons.declare_conflict(who, application_id, body.reason)
    return Response(status_code=204)


@router.post(
    "/programmes/applications/{application_id}/appeals",
    status_code=201,
    tags=["programmes"],
    responses={**error_answers(400, 404, 409, 422)},
)
def appeal(
    application_id: ApplicationId, body: AppealGiven, use: Uses, who: Acting, lang: Language = None
) -> AppealShown:
    """Object to a preliminary result; corrected data are rated at once."""
    return _appeal(use.seasons.appeal(who, application_id, body.reason, body.record))


@router.post(
    "/programmes/appeals/{appeal_id}/decision",
    tags=["programmes"],
    responses={**error_answers(400, 404, 409, 422)},
)
def decide_appeal(
    appeal_id: AppealId, body: DecidedGiven, use: Uses, who: Acting, lang: Language = None
) -> AppealShown:
    """Uphold or reject an appeal; corrected data count from the next ranking on."""
    return _appeal(use.seasons.decide_appeal(who, appeal_id, body.upheld, body.reason))


# --- supported projects and effects -----------------------------------------------------------------------------------


@router.get("/programmes/projects", tags=["programmes"], responses={**error_answers(422)})
def projects(
    use: Uses,
    who: Acting,
    year: Annotated[
        int | None, Query(description="By the end of this year; without it, of the last one.", ge=1980, le=2100)
    ] = None,
    lang: Language = None,
) -> FollowedShown:
    """Fetch figures by programme, overlap, and the projects that warn early."""
    found = use.follow_up.followed(who, year)
    return FollowedShown(
        programmes=[ProgrammeShown.model_validate(asdict(one)) for one in found.programmes],
        firms=found.firms,
        several=found.several,
        most=found.most,
        warned=[
            WarnedShown(
                project=one.id,
                programme=one.programme,
                year=one.year,
                firm=one.firm,
                name=one.name,
                reasons=[_words(sign.reason) for sign in signs],
            )
            for one, signs in found.warned
        ],
    )


@router.post(
    "/programmes/projects",
    status_code=201,
    tags=["programmes"],
    responses={**error_answers(400, 413, 422, 503)},
    openapi_extra=_FILE,
)
async def add_projects(request: Request, use: Uses, who: Acting, name: FileName, lang: Language = None) -> TakenShown:
    """Take a table of supported projects in (the body)."""
    content = await request.body()
    return TakenShown(rows=await run_in_threadpool(use.follow_up.add_projects, who, content, name))


@router.post(
    "/programmes/outcomes",
    status_code=201,
    tags=["programmes"],
    responses={**error_answers(400, 413, 422, 503)},
    openapi_extra=_FILE,
)
async def add_outcomes(request: Request, use: Uses, who: Acting, name: FileName, lang: Language = None) -> TakenShown:
    """Take outcomes of projects in, one project and year a row (the body)."""
    content = await request.body()
    return TakenShown(rows=await run_in_threadpool(use.follow_up.add_outcomes, who, content, name))


@router.post(
    "/programmes/calls/{call_id}/follow",
    status_code=201,
    tags=["programmes"],
    responses={**error_answers(404, 409, 422)},
)
def follow_selected(call_id: CallId, use: Uses, who: Acting, lang: Language = None) -> TakenShown:
    """Follow those selected in an announced call."""
    return TakenShown(rows=use.follow_up.add_selected(who, call_id))


@router.get("/programmes/effects", tags=["programmes"], responses={**error_answers(422)})
def effects(use: Uses, who: Acting, limit: Limit = None, after: After = None, lang: Language = None) -> ReportsShown:
    """List the reports on effects."""
    page = use.effects.reports(who, limit=limit, after=after)
    return ReportsShown(items=[_report(one) for one in page.items], after=page.after)


@router.post(
    "/programmes/effects",
    status_code=202,
    tags=["programmes"],
    responses={**error_answers(400, 413, 422, 503)},
    openapi_extra=_FILE,
)
async def give_effect(
    request: Request,
    use: Uses,
    who: Acting,
    name: FileName,
    outcome: Annotated[str, Query(description="Column of the outcome.", max_length=60, examples=["sales"])],
    covariates: Annotated[
        list[str] | None, Query(description="Columns that firms are compared by.", max_length=20)
    ] = None,
    by: Annotated[list[str] | None, Query(description="Columns whose values are told apart.", max_length=20)] = None,
    score: Annotated[str | None, Query(description="Column that firms were chosen by.", max_length=60)] = None,
    lang: Language = None,
) -> ReportShown:
    """Have an effect estimated in the background from a table of firms and years (the body)."""
    content = await request.body()

    def give() -> EffectReport:
        return use.effects.give(
            who, content, name, outcome=outcome, covariates=covariates or (), by=by or (), score=score
        )

    return _report(await run_in_threadpool(give))


@router.get("/programmes/effects/{report_id}", tags=["programmes"], responses={**error_answers(404, 422)})
def effect(report_id: ReportId, use: Uses, who: Acting, lang: Language = None) -> ReportShown:
    """Fetch one report, with what was found once it is ready."""
    card = use.effects.report(who, report_id)
    found = dict(use.effects.found(who, report_id)) if card.ready else None
    return _report(card).model_copy(update={"found": found})


@router.get(
    "/programmes/effects/{report_id}/file",
    tags=["programmes"],
    response_class=Response,
    responses={
        200: {"description": "The report.", "content": {"application/octet-stream": {}}},
        **error_answers(404, 422),
    },
)
def effect_file(
    report_id: ReportId,
    use: Uses,
    who: Acting,
    ending: Annotated[Ending, Query(description="Ending of the file.")] = "pdf",
    reader: Annotated[Reader, Query(description="Whom it is for.")] = "officer",
    lang: Language = None,
) -> Response:
    """Download a report."""
    found = use.effects.file(who, report_id, ending, reader, "en" if lang == "en" else "ko")
    return download(found.content, found.name, found.media_type)


# --- as the API gives it ----------------------------------------------------------------------------------------------


def _words(of: LocalText) -> Words:
    return {lang: of[lang] for lang in LANGS}


def _rule(card: RuleCard) -> RuleShown:
    problem = card.problem
    return RuleShown(
        **{name: getattr(card, name) for name in ("id", "programme", "year", "rule_version", "source", "version")},
        name=_words(card.name),
        state="draft" if card.state == "draft" else "published",
        changed=card.changed,
        problem=None if problem is None else {lang: text(problem.key, lang, **problem.params) for lang in LANGS},
    )


def _preview(found: RulePreview) -> PreviewShown:
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


def _call(card: CallCard) -> CallShown:
    of = card.call
    return CallShown(
        id=of.id,
        rule=of.rule,
        programme=of.programme,
        year=of.year,
        name=_words(card.name),
        agency=of.agency,
        agency_name=_words(card.agency),
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


def _outcome(of: Outcome) -> OutcomeShown:
    return OutcomeShown.model_validate(asdict(of))


def _applicant(of: Applicant) -> ApplicantShown:
    return ApplicantShown.model_validate(asdict(of))


def _appeal(of: Appeal) -> AppealShown:
    return AppealShown.model_validate(asdict(of))


def _application(card: ApplicationCard) -> ProgrammeApplicationShown:
    return ProgrammeApplicationShown(
        applicant=_applicant(card.applicant),
        call=_call(card.call),
        yours=card.yours,
        facts=dict(card.facts),
        problems=None if card.problems is None else _words(card.problems),
        outcomes=[_outcome(one) for one in card.outcomes],
        appeals=[_appeal(one) for one in card.appeals],
        may_appeal=card.may_appeal,
        may_withdraw=card.may_withdraw,
        created=card.created,
    )


def _report(card: EffectReport) -> ReportShown:
    return ReportShown(
        job=shown(card.job),
        file=card.file,
        outcome=card.outcome,
        covariates=list(card.covariates),
        by=list(card.by),
        score=card.score,
        ready=card.ready,
    )
