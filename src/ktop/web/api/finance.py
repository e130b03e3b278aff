"""API operations of guarantee and loan cases: apply, hand in documents, take steps, follow."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from ktop.catalogue import Lang, load
from ktop.domain.finance.case import Application
from ktop.domain.finance.loan_rule import read_rule, terms
from ktop.domain.finance.process import process
from ktop.kernel.errors import NotFoundError
from ktop.usecases.finance.interface import CaseCard, LoanRuleCard
from ktop.web.api.bodies import BodyRoute
from ktop.web.api.consents import Party, party
from ktop.web.api.schemas import error_answers
from ktop.web.api.v1 import Acting, Language, Uses
from ktop.web.downloads import download

Side = Literal["company", "guarantor", "bank", "rule"]
CaseId = Annotated[str, Path(description="Identifier of a case.", pattern="^[0-9a-f]{32}$")]
DocumentId = Annotated[str, Path(description="Identifier of a document.", pattern="^[0-9a-f]{32}$")]
Limit = Annotated[int | None, Query(description="How many, 1 to 200; without it 50.")]
After = Annotated[str | None, Query(description="Cursor: the `after` of the page before.", max_length=400)]

router = APIRouter(prefix="/api/v1", route_class=BodyRoute)


class ApplicationGiven(BaseModel):
    """What a company applies for; the words are those of `/api/v1/finance/process`."""

    model_config = ConfigDict(extra="forbid")

    rating: str = Field(max_length=64, description="Identifier of the kept rating it stands on.")
    guarantor: str = Field(max_length=64, examples=["kotec"])
    bank: str = Field(max_length=64, examples=["ibk"])
    purpose: str = Field(max_length=40, examples=["research"])
    amount_krw: int = Field(description="The loan wished for, in won.", examples=[100_000_000])
    months: int = Field(description="Its term.", examples=[36])
    words: str = Field("", max_length=1000, description="What for, in the company's words.")
    inputs: list[str] = Field(
        default_factory=list, max_length=50, description="Groups of inputs that guarantor and bank see besides."
    )

    def application(self) -> Application:
        """Return it in the words of the house."""
        return Application(
            self.rating, self.purpose, self.amount_krw, self.months, self.words, tuple(sorted(set(self.inputs)))
        )


class StepGiven(BaseModel):
    """A step to take."""

    model_config = ConfigDict(extra="forbid")

    action: str = Field(max_length=40, examples=["submit"])
    reason: str = Field("", max_length=1100)
    figures: dict[str, float | int | str] = Field(
        default_factory=dict,
        max_length=10,
        description="What the step needs said; money in won, rates in per cent.",
        examples=[{"loan_krw": 100_000_000, "interest_percent": 4.2, "months": 36}],
    )
    key: str | None = Field(
        None,
        min_length=1,
        max_length=50,
        description="The caller's own name of this step: sent again, it is done once.",
    )
    version: int | None = Field(None, description="Version of the case that the caller saw; another one is refused.")


class StepShown(BaseModel):
    """One step that was taken; `by` is empty for people of another side. A rule's `reason` is in `lang`."""

    number: int
    action: str
    before: str
    after: str
    side: Side
    by: str
    at: datetime.datetime
    reason: str
    figures: dict[str, float]


class DocumentShown(BaseModel):
    """A file of a case."""

    id: str
    kind: str
    name: str
    media_type: str
    bytes: int
    sha256: str
    created: datetime.datetime


class ApplicationShown(BaseModel):
    """What the company applies for."""

    rating: str
    purpose: str
    amount_krw: int
    months: int
    words: str
    inputs: list[str]


class CaseShown(BaseModel):
    """A case; steps, documents and possible actions only where one was asked for."""

    id: str
    company: Party
    guarantor: Party
    bank: Party
    you: Side
    application: ApplicationShown
    state: str
    guarantee: str
    loan: str
    figures: dict[str, float]
    since: datetime.datetime
    due: datetime.date | None
    version: int
    created: datetime.datetime
    steps: list[StepShown]
    documents: list[DocumentShown]
    actions: list[str]


class CasesShown(BaseModel):
    """Cases, newest first; `after` is the cursor of the next page, null on the last."""

    items: list[CaseShown]
    after: str | None


class StateShown(BaseModel):
    """One state of a case."""

    label: dict[str, str]
    waits_for: Side | None
    days: int | None


class ActionShown(BaseModel):
    """One step: who takes it, from which states, and what follows."""

    label: dict[str, str]
    by: Side
    before: list[str]
    to: str
    second: str | None
    figures: list[str]
    reason: bool


class ProcessShown(BaseModel):
    """The process in force: states, steps, and the words that an application can say."""

    version: str
    states: dict[str, StateShown]
    actions: dict[str, ActionShown]
    purposes: dict[str, dict[str, str]]
    documents: dict[str, dict[str, Any]]
    guarantee_rule: dict[str, Any]


class LoanRuleGiven(BaseModel):
    """A bank's own rule on the terms of its loans."""

    model_config = ConfigDict(extra="forbid")

    most_krw: int = Field(description="Largest loan, in won.", examples=[500_000_000])
    most_months: int = Field(description="Longest term in months.", examples=[60])
    interest_percent: dict[str, float] = Field(
        max_length=20,
        description="Interest a year in per cent by letters of the business grade; no terms for a grade without one.",
        examples=[{"AAA": 3.6, "AA": 3.8, "A": 4.1, "BBB": 4.6}],
    )


class LoanRuleShown(LoanRuleGiven):
    """The rule in force."""

    version: int = Field(description="Counts the changes from 1.")
    made: datetime.datetime


class LoanRuleTried(BaseModel):
    """A loan to try a rule on."""

    model_config = ConfigDict(extra="forbid")

    rule: LoanRuleGiven
    grade: str = Field(max_length=8, description="Technology-business grade.", examples=["BBB"])
    amount_krw: int = Field(ge=1, le=10_000_000_000, description="Loan asked for, in won.", examples=[300_000_000])
    months: int = Field(ge=1, le=180, description="Term asked for.", examples=[36])


class LoanTermsShown(BaseModel):
    """What a rule gives: terms, or null and why."""

    loan_krw: int | None
    months: int | None
    interest_percent: float | None
    reason: dict[str, str] | None


@router.get("/finance/process", tags=["finance"], responses={**error_answers(422)})
def finance_process(lang: Language = None) -> ProcessShown:
    """Describe the process in force: its states, who may do what, by when."""
    found, rules = process(), load("finance")
    return ProcessShown(
        version=found.version,
        states={
            name: StateShown(label=dict(state.label), waits_for=state.waits_for, days=state.days)
            for name, state in found.states.items()
        },
        actions={
            name: ActionShown(
                label=dict(action.label),
                by=action.by,
                before=sorted(action.before),
                to=action.to,
                second=action.second,
                figures=list(action.figures),
                reason=action.reason,
            )
            for name, action in found.actions.items()
        },
        purposes=rules["purposes"],
        documents=rules["documents"],
        guarantee_rule=rules["guarantee_rule"],
    )


@router.get("/finance/loan-rule", tags=["finance"], responses={**error_answers(403, 404, 422)})
def loan_rule(use: Uses, who: Acting, lang: Language = None) -> LoanRuleShown:
    """Fetch the bank's own loan rule in force."""
    found = use.finance.loan_rule(who)
    if found is None:
        raise NotFoundError("finance.rule_none")
    return _rule(found)


@router.put("/finance/loan-rule", tags=["finance"], responses={**error_answers(400, 403, 409, 422)})
def set_loan_rule(body: LoanRuleGiven, use: Uses, who: Acting, lang: Language = None) -> LoanRuleShown:
    """Put a new version of the bank's own loan rule in force."""
    return _rule(use.finance.set_loan_rule(who, read_rule(body.model_dump())))


@router.post("/finance/loan-rule/try", tags=["finance"], responses={**error_answers(400, 422)})
def try_loan_rule(body: LoanRuleTried, lang: Language = None) -> LoanTermsShown:
    """Tell what a rule would give for a loan; nothing is kept."""
    found = terms(read_rule(body.rule.model_dump()), body.grade, body.amount_krw, body.months)
    return LoanTermsShown(
        loan_krw=found.loan_krw,
        months=found.months,
        interest_percent=found.interest_percent,
        reason=None if found.reason is None else dict(found.reason),
    )


def _rule(card: LoanRuleCard) -> LoanRuleShown:
    return LoanRuleShown(version=card.version, made=card.made, **card.rule.to_json())


@router.get("/finance/cases", tags=["finance"], responses={**error_answers(422)})
def finance_cases(
    use: Uses,
    who: Acting,
    state: Annotated[list[str] | None, Query(description="Only cases in these states.", max_length=30)] = None,
    limit: Limit = None,
    after: After = None,
    lang: Language = None,
) -> CasesShown:
    """List the guarantee and loan cases of the organisation."""
    page = use.finance.cases(who, states=state or (), limit=limit, after=after)
    return CasesShown(items=[shown(card, lang) for card in page.items], after=page.after)


@router.post("/finance/cases", status_code=201, tags=["finance"], responses={**error_answers(400, 403, 404, 422)})
def apply_for_finance(body: ApplicationGiven, use: Uses, who: Acting, lang: Language = None) -> CaseShown:
    """Begin a case as a draft; the step `submit` hands it in."""
    return shown(use.finance.apply(who, body.application(), guarantor=body.guarantor, bank=body.bank), lang)


@router.get("/finance/cases/{case_id}", tags=["finance"], responses={**error_answers(404, 422)})
def finance_case(case_id: CaseId, use: Uses, who: Acting, lang: Language = None) -> CaseShown:
    """Fetch one case with its steps, documents and what can be done."""
    return shown(use.finance.case(who, case_id), lang)


@router.put("/finance/cases/{case_id}", tags=["finance"], responses={**error_answers(400, 403, 404, 409, 422)})
def revise_application(
    case_id: CaseId, body: ApplicationGiven, use: Uses, who: Acting, lang: Language = None
) -> CaseShown:
    """Change a draft, or what was returned for correction."""
    return shown(use.finance.revise(who, case_id, body.application(), guarantor=body.guarantor, bank=body.bank), lang)


@router.post("/finance/cases/{case_id}/steps", tags=["finance"], responses={**error_answers(400, 403, 404, 409, 422)})
def take_step(case_id: CaseId, body: StepGiven, use: Uses, who: Acting, lang: Language = None) -> CaseShown:
    """Take a step of a case; what rules do next is done at once."""
    return shown(
        use.finance.act(
            who, case_id, body.action, reason=body.reason, figures=body.figures, key=body.key, version=body.version
        ),
        lang,
    )


@router.post(
    "/finance/documents",
    status_code=201,
    tags=["finance"],
    responses={**error_answers(400, 403, 404, 409, 413, 422)},
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The file itself: PDF, PNG, JPEG or .xlsx.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def add_document(
    request: Request,
    use: Uses,
    who: Acting,
    case: Annotated[str, Query(description="Identifier of the case.", pattern="^[0-9a-f]{32}$")],
    kind: Annotated[str, Query(description="Kind of document.", max_length=40, examples=["statements"])],
    name: Annotated[str, Query(description="The file's name.", max_length=200, examples=["statements.pdf"])],
    lang: Language = None,
) -> CaseShown:
    """Add a file to a case; the body is the file."""
    content = await request.body()
    return shown(await run_in_threadpool(use.finance.add_document, who, case, kind, name, content), lang)


@router.get(
    "/finance/cases/{case_id}/documents/{document_id}",
    tags=["finance"],
    response_class=Response,
    responses={
        200: {"description": "The file.", "content": {"application/octet-stream": {}}},
        **error_answers(404, 422),
    },
)
def case_document(case_id: CaseId, document_id: DocumentId, use: Uses, who: Acting, lang: Language = None) -> Response:
    """Download a file of a case."""
    document, content = use.finance.document(who, case_id, document_id)
    return download(content, document.name, document.media_type)


def shown(card: CaseCard, asked: str | None) -> CaseShown:
    """Return a case as the API gives it, the reasons of rules in the language asked for, else in Korean."""
    lang: Lang = "en" if asked == "en" else "ko"
    application = card.application
    return CaseShown(
        id=card.id,
        company=party(card.company),
        guarantor=party(card.guarantor),
        bank=party(card.bank),
        you=card.you,
        application=ApplicationShown(
            rating=application.rating,
            purpose=application.purpose,
            amount_krw=application.amount_krw,
            months=application.months,
            words=application.words,
            inputs=list(application.inputs),
        ),
        state=card.state,
        guarantee=card.guarantee,
        loan=card.loan,
        figures=dict(card.figures),
        since=card.since,
        due=card.due,
        version=card.version,
        created=card.created,
        steps=[
            StepShown(
                number=step.number,
                action=step.action,
                before=step.before,
                after=step.after,
                side=step.side,
                by=step.by,
                at=step.at,
                reason=step.reason_in(lang),
                figures=dict(step.figures),
            )
            for step in card.steps
        ],
        documents=[
            DocumentShown(
                id=one.id,
                kind=one.kind,
                name=one.name,
                media_type=one.media_type,
                bytes=one.bytes,
                sha256=one.sha256,
                created=one.created,
            )
            for one in card.documents
        ],
        actions=list(card.actions),
    )
