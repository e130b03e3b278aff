"""API operations of support programmes: rules, calls, applicants, appeals, supported projects, effects."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from ktop.domain.company.field_types import Day
from ktop.kernel.clock import today
from ktop.usecases.effects.interface import EffectReport, Ending, Reader
from ktop.web.api.bodies import BodyRoute
from ktop.web.api.jobs import JobShown, shown
from ktop.web.api.portfolio import RecordGiven
from ktop.web.api.programme_answers import (
    AppealGiven,
    AppealShown,
    ApplicantsShown,
    ApplicationsShown,
    CallGiven,
    CallShown,
    CallsShown,
    DecidedGiven,
    Decision,
    DraftGiven,
    FollowedShown,
    PreviewShown,
    ProgrammeApplicationShown,
    ProgrammeShown,
    ReasonGiven,
    ReportShown,
    ReportsShown,
    RuleShown,
    RulesShown,
    SourceGiven,
    StandingShown,
    StandingsShown,
    StepAsked,
    TakenShown,
    UploadShown,
    VersionGiven,
    WarnedShown,
    appeal_shown,
    applicant_shown,
    application_shown,
    call_shown,
    preview_shown,
    report_shown,
    rule_shown,
    words_of,
)
from ktop.web.api.schemas import error_answers
from ktop.web.api.v1 import Acting, Language, Uses
from ktop.web.downloads import download

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


# --- rules ------------------------------------------------------------------------------------------------------------


@router.get("/programmes/rules", tags=["programmes"], responses={**error_answers(422)})
def rules(use: Uses, who: Acting, lang: Language = None) -> RulesShown:
    """List the agency's rules."""
    return RulesShown(items=[rule_shown(one) for one in use.seasons.rules(who)])


@router.post("/programmes/rules", status_code=201, tags=["programmes"], responses={**error_answers(400, 404, 422)})
def draft_rule(body: DraftGiven, use: Uses, who: Acting, lang: Language = None) -> RuleShown:
    """Begin a draft."""
    return rule_shown(use.seasons.draft(who, example=body.example, like=body.like))


@router.get("/programmes/rules/{rule_id}", tags=["programmes"], responses={**error_answers(404, 422)})
def rule(rule_id: RuleId, use: Uses, who: Acting, lang: Language = None) -> RuleShown:
    """Fetch one rule: one's own, or a published one."""
    return rule_shown(use.seasons.rule(who, rule_id))


@router.put("/programmes/rules/{rule_id}", tags=["programmes"], responses={**error_answers(400, 404, 409, 422)})
def save_rule(rule_id: RuleId, body: SourceGiven, use: Uses, who: Acting, lang: Language = None) -> RuleShown:
    """Keep what a draft says now, understood or not."""
    return rule_shown(use.seasons.save(who, rule_id, body.version, body.source))


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
    return rule_shown(use.seasons.publish(who, rule_id, body.version))


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
    return preview_shown(await run_in_threadpool(use.seasons.preview, who, rule_id, table=(content, name)))


# --- calls ------------------------------------------------------------------------------------------------------------


@router.get("/programmes/calls", tags=["programmes"], responses={**error_answers(422)})
def calls(use: Uses, who: Acting, limit: Limit = None, after: After = None, lang: Language = None) -> CallsShown:
    """List the agency's calls."""
    page = use.seasons.calls(who, limit=limit, after=after)
    return CallsShown(items=[call_shown(one) for one in page.items], after=page.after)


@router.post("/programmes/calls", status_code=201, tags=["programmes"], responses={**error_answers(400, 404, 409, 422)})
def open_call(body: CallGiven, use: Uses, who: Acting, lang: Language = None) -> CallShown:
    """Open a call under a published rule."""
    made = use.seasons.open_call(
        who, body.rule, opens=body.opens, closes=body.closes, as_of=body.as_of, blind=body.blind
    )
    return call_shown(made)


@router.get("/programmes/open-calls", tags=["programmes"], responses={**error_answers(422)})
def open_calls(use: Uses, who: Acting, lang: Language = None) -> CallsShown:
    """List the calls of all agencies that can be applied to today."""
    return CallsShown(items=[call_shown(one) for one in use.seasons.open_calls(who)], after=None)


@router.get("/programmes/calls/{call_id}", tags=["programmes"], responses={**error_answers(404, 422)})
def call(call_id: CallId, use: Uses, who: Acting, lang: Language = None) -> CallShown:
    """Fetch one call."""
    return call_shown(use.seasons.call(who, call_id))


@router.post("/programmes/calls/{call_id}/step", tags=["programmes"], responses={**error_answers(404, 409, 422)})
def step_call(call_id: CallId, body: StepAsked, use: Uses, who: Acting, lang: Language = None) -> CallShown:
    """Close, reopen, tell the preliminary result or announce the final one."""
    return call_shown(use.seasons.step(who, call_id, body.action, body.version))


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
    return ApplicantsShown(items=[applicant_shown(one) for one in page.items], after=page.after)


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
    return application_shown(use.seasons.apply(who, call_id, body.record))


@router.get("/programmes/applications", tags=["programmes"], responses={**error_answers(422)})
def applications(use: Uses, who: Acting, lang: Language = None) -> ApplicationsShown:
    """List the applications that the company made."""
    return ApplicationsShown(items=[application_shown(one) for one in use.seasons.applications(who)])


@router.get("/programmes/applications/{application_id}", tags=["programmes"], responses={**error_answers(404, 422)})
def application(
    application_id: ApplicationId, use: Uses, who: Acting, lang: Language = None
) -> ProgrammeApplicationShown:
    """Fetch one application, as its agency or as the applicant."""
    return application_shown(use.seasons.application(who, application_id))


@router.post(
    "/programmes/applications/{application_id}/withdraw",
    tags=["programmes"],
    responses={**error_answers(400, 404, 409, 422)},
)
def withdraw(
    application_id: ApplicationId, body: ReasonGiven, use: Uses, who: Acting, lang: Language = None
) -> ProgrammeApplicationShown:
    """Withdraw an application, and with it the consent."""
    return application_shown(use.seasons.withdraw(who, application_id, body.reason))


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
    return appeal_shown(use.seasons.appeal(who, application_id, body.reason, body.record))


@router.post(
    "/programmes/appeals/{appeal_id}/decision",
    tags=["programmes"],
    responses={**error_answers(400, 404, 409, 422)},
)
def decide_appeal(
    appeal_id: AppealId, body: DecidedGiven, use: Uses, who: Acting, lang: Language = None
) -> AppealShown:
    """Uphold or reject an appeal; corrected data count from the next ranking on."""
    return appeal_shown(use.seasons.decide_appeal(who, appeal_id, body.upheld, body.reason))


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
                reasons=[words_of(sign.reason) for sign in signs],
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
    return ReportsShown(items=[report_shown(one) for one in page.items], after=page.after)


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

    return report_shown(await run_in_threadpool(give))


@router.get("/programmes/effects/{report_id}", tags=["programmes"], responses={**error_answers(404, 422)})
def effect(report_id: ReportId, use: Uses, who: Acting, lang: Language = None) -> ReportShown:
    """Fetch one report, with what was found once it is ready."""
    card = use.effects.report(who, report_id)
    found = dict(use.effects.found(who, report_id)) if card.ready else None
    return report_shown(card).model_copy(update={"found": found})


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
