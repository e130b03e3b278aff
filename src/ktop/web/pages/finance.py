"""Guarantee and loan in one process: apply, hand in documents, decide, and follow the one state that all sides see."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData, UploadFile

from ktop.catalogue import Lang, load, message, text
from ktop.domain.decision.guarantee import money
from ktop.domain.finance.case import Application, Step
from ktop.domain.finance.process import Action, process
from ktop.domain.party.permission import Allowed, check
from ktop.domain.values.kind import RefusedValueError
from ktop.domain.values.money import Money
from ktop.domain.values.number import Number
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from ktop.report import labels, numbers
from ktop.report.picture import can_be_drawn, drawn_anew
from ktop.usecases.finance.interface import CaseCard
from ktop.usecases.rate.interface import KeptResult
from ktop.web import tables
from ktop.web.asking import actor, ask, platform
from ktop.web.downloads import download, picture
from ktop.web.language import language
from ktop.web.pages.common import blocking, identifier, posted, texts, version_typed
from ktop.web.pages.consents import words
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)
#: The way of a case that goes well, as the page draws it.
_WAY = ("submitted", "documents", "guarantee_review", "bank_review", "contract", "disbursed", "closed")
_PLACES = {
    "draft": -1,
    "returned": 1,
    "guarantee_second": 2,
    "guarantee_appealed": 2,
    "approved": 2,
    "bank_second": 3,
    "loan_appealed": 3,
    "signed": 4,
    "monitored": 5,
    "overdue": 5,
    "defaulted": 5,
    "claimed": 5,
    "claim_second": 5,
}
_VERBS = {"company": "apply", "guarantor": "decide", "bank": "decide"}
#: States after which a company can apply anew, as nothing of the case is in force.
_AGAIN = ("ineligible", "refused", "lapsed", "withdrawn", "expired", "closed")
_TONES = {"closed": "good", "ineligible": "bad", "refused": "bad", "lapsed": "bad", "expired": "bad"}
_TONES |= {
    "overdue": "warn",
    **dict.fromkeys(("defaulted", "claimed", "claim_second", "subrogated", "written_off"), "bad"),
}


@router.get("/finance")
async def cases(request: Request, rating: str = "", again: str = "") -> Response:
    """List cases, and to a company offer to apply: on a rating, or again as an earlier case did."""
    try:
        given = await _as_before(request, again) if again else await _prefilled(request, rating) if rating else {}
    except InputError as error:  # the rating is another firm's, of which nothing is shown
        return await _list(request, {}, message(error, language(request)), error.http_status)
    return await _list(request, given)


@router.post("/finance")
async def apply(request: Request) -> Response:
    """Begin a case as a draft."""
    form = await posted(request)
    fields = texts(form)
    try:
        application = _application(form, language(request))
        card = await ask(
            request,
            platform(request).finance.apply,
            application,
            guarantor=fields.get("guarantor", ""),
            bank=fields.get("bank", ""),
        )
    except (InputError, NotFoundError) as error:
        return await _list(request, fields, message(error, language(request)), error.http_status)
    return _to(card.id)


@router.post("/finance/documents")
async def add_document(request: Request) -> Response:
    """Add a file to a case."""
    form = await posted(request, "/finance")
    case_id, upload = identifier(str(form.get("case", ""))), form.get("file")
    request.state.get_path = f"/finance/{case_id}"
    try:
        if not isinstance(upload, UploadFile) or not upload.filename:
            raise InputError("finance.no_file")
        kind = str(form.get("kind", ""))
        content = await upload.read()
        await ask(request, platform(request).finance.add_document, case_id, kind, upload.filename, content)
    except (InputError, ConflictError) as error:
        return await _one(request, case_id, message(error, language(request)), error.http_status)
    return _to(case_id)


@router.get("/finance/{case_id}")
async def case(request: Request, case_id: str) -> Response:
    """Show one case with what can be done."""
    return await _one(request, identifier(case_id))


@router.get("/finance/{case_id}/documents/{document_id}")
async def document(request: Request, case_id: str, document_id: str) -> Response:
    """Give a file of a case, to be kept: nothing of it is shown within a page."""
    found = platform(request).finance.document
    known, content = await ask(request, found, identifier(case_id), identifier(document_id))
    return download(content, known.name, known.media_type)


@router.get("/finance/{case_id}/documents/{document_id}/picture")
async def document_picture(request: Request, case_id: str, document_id: str) -> Response:
    """Show a picture of a case drawn anew, never the file itself."""
    found = platform(request).finance.document
    known, content = await ask(request, found, identifier(case_id), identifier(document_id))
    if not can_be_drawn(known.media_type):
        raise NotFoundError("store.document_not_found")
    return picture(await blocking(drawn_anew, content, known.media_type))


@router.post("/finance/{case_id}/application")
async def revise(request: Request, case_id: str) -> Response:
    """Change a draft, or what was returned for correction."""
    form = await posted(request, f"/finance/{identifier(case_id)}")
    fields = texts(form) | {"action": "revise"}
    try:
        application = _application(form, language(request))
        change = platform(request).finance.revise
        partners = {side: fields.get(side, "") for side in ("guarantor", "bank")}
        await ask(request, change, case_id, application, **partners)
    except (InputError, NotFoundError, ConflictError) as error:
        return await _one(request, case_id, message(error, language(request)), error.http_status, fields)
    return _to(case_id)


@router.post("/finance/{case_id}/steps")
async def step(request: Request, case_id: str) -> Response:
    """Take a step."""
    form = await posted(request, f"/finance/{identifier(case_id)}")
    fields = texts(form)
    action = process().actions.get(fields.get("action", ""))
    try:
        await ask(
            request,
            platform(request).finance.act,
            case_id,
            fields.get("action", ""),
            reason=fields.get("reason", ""),
            figures={name: fields.get(name, "") for name in (action.figures if action else ())},
            version=version_typed(fields.get("version")),
        )
    except (InputError, ConflictError, ForbiddenError) as error:
        return await _one(request, case_id, message(error, language(request)), error.http_status, fields)
    return _to(case_id)


async def _prefilled(request: Request, rating: str) -> dict[str, str]:
    """Return what an application on a rating begins with: the amount is what its decision allows."""
    stored = await ask(request, platform(request).ratings.rating, identifier(rating), of_itself=True)
    decided = [one["details"]["guarantee"] for one in stored.ratings if "guarantee" in one["details"]]
    amount = int(decided[0]["amount_krw"]) if decided else 0
    return {"rating": rating, **({"amount_krw": f"{amount:,}"} if amount else {})}


async def _as_before(request: Request, case_id: str) -> dict[str, Any]:
    """Return the application of an earlier case, its amount no more than the decision of its rating allows."""
    card = await ask(request, platform(request).finance.case, identifier(case_id))
    if card.you != "company":
        raise NotFoundError("finance.not_found")
    before, allowed = _typed(card), await _prefilled(request, card.application.rating)
    least = min((before, before | allowed), key=lambda given: int(given["amount_krw"].replace(",", "")))
    return before | {"amount_krw": least["amount_krw"]}


def _application(form: FormData, lang: Lang) -> Application:
    fields = texts(form)
    amount = _number(fields.get("amount_krw"), Money(0, 1e13, worded=True), text("finance.field_amount", lang))
    months = _number(fields.get("months"), Number(0, 1000), text("finance.field_months", lang))
    inputs = tuple(sorted(value for value in form.getlist("inputs") if isinstance(value, str)))
    return Application(
        rating=identifier(fields.get("rating") or None),
        purpose=fields.get("purpose", ""),
        amount_krw=int(amount),
        months=int(months),
        words=fields.get("words", ""),
        inputs=inputs,
    )


def _number(given: str | None, kind: Number, where: str) -> float:
    try:
        return kind.parse(given) or 0
    except RefusedValueError as refusal:
        raise refusal.at(where) from None


def _to(case_id: str) -> RedirectResponse:
    return RedirectResponse(f"/finance/{case_id}", status_code=303)


def _say(lang: Lang) -> Any:
    def said(key: str, **params: Any) -> str:
        return text(f"finance.{key}", lang, **params)

    return said


async def _list(
    request: Request,
    given: Mapping[str, Any],
    problem: str = "",
    status: int = 200,
) -> Response:
    lang, use = language(request), platform(request)
    found = await ask(request, tables.window, use.finance.cases, tables.after_of(request))
    table = tables.listed(request, "cases", _say(lang)("list_title"), _columns(lang), found)
    if file := tables.file_of(request, table):
        return file
    may_apply = isinstance(check(actor(request), "own:finance:apply"), Allowed)
    return page(
        request,
        "finance.html",
        status,
        say=_say(lang),
        table=table,
        may_apply=may_apply,
        given=given,
        problem=problem,
        **(await _choices(request, lang, given.get("rating", "")) if may_apply else {}),
    )


async def _choices(request: Request, lang: Lang, rating: str) -> dict[str, Any]:
    """Return what the form of an application lets choose from; the rating it stands on is there however old."""
    use = platform(request)
    partners = await ask(request, use.finance.partners)
    kept = [
        (one.id, one.title or labels.company(one.name, language(request), one.name_en), one.as_of)
        for one in await _company_results(request)
    ]
    if rating and rating not in {one[0] for one in kept}:
        try:
            stored = await ask(request, use.ratings.rating, identifier(rating), of_itself=True)
        except (NotFoundError, InputError):  # what was typed is told as wrong, not found once more
            pass
        else:
            record = stored.record or {}
            name = labels.company(str(record.get("name", "")), language(request), str(record.get("name_en") or ""))
            kept.insert(0, (stored.id, name, stored.as_of))
    return {
        "guarantors": partners["guarantors"],
        "banks": partners["banks"],
        "ratings": [(one, f"{name} ({numbers.day(day, lang)})") for one, name, day in kept],
        "purposes": {name: label[lang] for name, label in load("finance")["purposes"].items()},
        "inputs": words(lang)["inputs"],
    }


async def _company_results(request: Request) -> Sequence[KeptResult]:
    return (await ask(request, platform(request).ratings.results, kind="company", of_itself=True, limit=50)).items


def _columns(lang: Lang) -> list[tables.Column[CaseCard]]:
    column, said = tables.Column[CaseCard], _say(lang)

    def waits(card: CaseCard) -> str:
        row = _row(card, lang)
        return str(said("your_turn") if row["yours"] else row["waits"])

    return [
        column(
            "company",
            said("column_company"),
            lambda card: card.company.name[lang],
            href=lambda card: f"/finance/{card.id}",
        ),
        column("guarantor", said("column_guarantor"), lambda card: card.guarantor.name[lang], "choice"),
        column("bank", said("column_bank"), lambda card: card.bank.name[lang], "choice"),
        column(
            "amount",
            said("column_amount"),
            lambda card: card.application.amount_krw,
            "number",
            shown=lambda amount: money(amount, lang),
        ),
        column(
            "state",
            said("column_state"),
            lambda card: process().states[card.state].label[lang],
            "choice",
            tone=lambda card: _TONES.get(card.state, ""),
        ),
        column("waits", said("column_waits"), waits, "choice"),
        column("due", said("column_due"), lambda card: card.due, "day"),
    ]


async def _one(
    request: Request, case_id: str, problem: str = "", status: int = 200, given: Mapping[str, str] | None = None
) -> Response:
    lang = language(request)
    card = await ask(request, platform(request).finance.case, case_id)
    rules = load("finance")
    may_act = isinstance(check(actor(request), f"own:finance:{_VERBS[card.you]}"), Allowed)
    may_revise = may_act and card.you == "company" and card.state in ("draft", "returned")
    revising = {**_typed(card), **(given if given and given.get("action") == "revise" else {})} if may_revise else None
    choices = await _choices(request, lang, card.application.rating) if may_revise else {}
    place = _place(card.state)
    if place < 0:  # it has left the way: how far it came stays to be seen
        place = max((_place(step.after) for step in card.steps), default=-1)
    return page(
        request,
        "finance_case.html",
        status,
        say=_say(lang),
        card=card,
        row=_row(card, lang),
        way=[(process().states[name].label[lang], at <= place) for at, name in enumerate(_WAY)],
        stopped=_stopped(card),
        facts=_facts(card, lang),
        figures=[
            (rules["figures"][name]["label"][lang], _figure(name, value, lang)) for name, value in card.figures.items()
        ],
        steps=[_step(one, lang) for one in card.steps],
        documents=[
            {
                "address": f"/finance/{card.id}/documents/{one.id}",
                "kind": rules["documents"][one.kind][lang],
                "name": one.name,
                "size": numbers.figure(math.ceil(one.bytes / 1000), lang, 0),
                "created": numbers.moment(one.created, lang),
                "sha256": one.sha256,
                "picture": can_be_drawn(one.media_type),
            }
            for one in card.documents
        ],
        forms=_forms(card.actions, lang),
        may_add=may_act and card.you == "company" and card.state in ("draft", "returned", "documents"),
        kinds={name: (about[lang], about["needed"]) for name, about in rules["documents"].items()},
        given=(given or {}) if revising is None else revising,
        revising=revising is not None,
        fixed_partners=card.state == "returned",
        begins=_begins(card),
        withheld=_withheld(card, may_act=may_act),
        again=card.you == "company" and may_act and card.state in _AGAIN,
        may_look=isinstance(check(actor(request), "granted:result:read"), Allowed),
        terms_rule=rules["guarantee_rule"]["version"],
        loan_rule=int(card.figures["loan_rule"]) if "rule_loan_krw" in card.figures else None,
        problem=problem,
        **choices,
    )


def _place(state: str) -> int:
    """Return how far along the way a state is; -1 where it has not begun, or leads off the way."""
    return _WAY.index(state) if state in _WAY else _PLACES.get(state, -1)


def _stopped(card: CaseCard) -> str:
    """Return the key of what is said of a case that does not go on as it should; empty where it does."""
    if card.state in ("guarantee_refused", "loan_refused"):
        appealed = any(step.action == f"appeal_{card.state.partition('_')[0]}" for step in card.steps)
        return "refused_again" if appealed else "refused_open"
    if card.state in ("returned", "overdue", "defaulted"):
        return f"now_{card.state}"
    return "" if card.state in _WAY or card.state in _PLACES else "stopped"


def _withheld(card: CaseCard, *, may_act: bool) -> str:
    """Return the key of why somebody is not offered what stands open for their side; empty where they are."""
    held = [one for one in process().possible(card.state, card.you) if one.name not in card.actions]
    if held and not may_act:
        return "actions_role"
    return "actions_other_person" if any(one.another_person for one in held) else ""


def _begins(card: CaseCard) -> dict[str, str]:
    """Return what the figures of a step begin with: what the guarantor's rule gives, what was applied for."""
    known, application = card.figures, card.application
    begins = {"loan_krw": f"{application.amount_krw:,}", "months": str(application.months)}
    if "rule_loan_krw" in known:
        begins["loan_krw"] = f"{int(known['rule_loan_krw']):,}"
        begins["months"] = f"{int(known['rule_months'])}"
        begins["interest_percent"] = f"{known['rule_interest_percent']:g}"
    if "share_percent" in known:
        begins["guaranteed_krw"] = f"{int(application.amount_krw * known['share_percent'] / 100):,}"
    if "rule_fee_percent" in known:
        begins["fee_percent"] = f"{known['rule_fee_percent']:g}"
    if "guaranteed_krw" in known:
        begins["claimed_krw"] = f"{int(known['guaranteed_krw']):,}"
    if "claimed_krw" in known:
        begins["paid_krw"] = f"{int(known['claimed_krw']):,}"
    return begins


def _typed(card: CaseCard) -> dict[str, Any]:
    """Return an application as the form shows it."""
    application = card.application
    return {
        "rating": application.rating,
        "guarantor": card.guarantor.id,
        "bank": card.bank.id,
        "purpose": application.purpose,
        "amount_krw": f"{application.amount_krw:,}",
        "months": str(application.months),
        "words": application.words,
        "inputs": application.inputs,
    }


def _row(card: CaseCard, lang: Lang) -> dict[str, Any]:
    state = process().states[card.state]
    waits = load("finance")["sides"][state.waits_for][lang] if state.waits_for else ""
    return {
        "id": card.id,
        "company": card.company.name[lang],
        "guarantor": card.guarantor.name[lang],
        "bank": card.bank.name[lang],
        "amount": money(card.application.amount_krw, lang),
        "state": state.label[lang],
        "tone": _TONES.get(card.state, ""),
        "waits": waits,
        "yours": state.waits_for == card.you,
        "due": numbers.day(card.due, lang) if card.due else "",
    }


def _facts(card: CaseCard, lang: Lang) -> list[tuple[str, str]]:
    application, say = card.application, _say(lang)
    return [
        (say("field_amount"), money(application.amount_krw, lang)),
        (say("field_months"), numbers.figure(application.months, lang)),
        (say("field_purpose"), load("finance")["purposes"][application.purpose][lang]),
        (say("part_guarantee"), say(f"guarantee_{card.guarantee}")),
        (say("part_loan"), say(f"loan_{card.loan}")),
        *([(say("field_words"), application.words)] if application.words else []),
    ]


def _figure(name: str, value: float, lang: Lang) -> str:
    return (
        money(int(value), lang) if load("finance")["figures"][name]["kind"] == "money" else numbers.figure(value, lang)
    )


def _step(one: Step, lang: Lang) -> dict[str, Any]:
    action, rules = process().actions[one.action], load("finance")
    said = [
        f"{rules['figures'][name]['label'][lang]} {_figure(name, value, lang)}" for name, value in one.figures.items()
    ]
    return {
        "at": numbers.moment(one.at, lang),
        "side": rules["sides"][one.side][lang] + (f" ({one.by})" if one.side == "rule" else ""),
        "action": action.label[lang],
        "state": process().states[one.after].label[lang],
        "reason": " · ".join(filter(None, [one.reason_in(lang), *said])),
    }


#: What a step that is no way on leads to.
_GRAVE = frozenset(
    ("withdrawn", "refused", "guarantee_refused", "loan_refused", "lapsed", "overdue", "defaulted", "written_off")
)


def _forms(actions: Sequence[str], lang: Lang) -> list[dict[str, Any]]:
    """Return a form for each step, the main one first: the last, in the order of the process, that is a way on."""
    known = [process().actions[name] for name in actions]
    main = next((one for one in reversed(known) if one.to not in _GRAVE), None)
    ordered = sorted(known, key=lambda one: one is not main)
    return [_form(one, lang) | {"main": one is main} for one in ordered]


def _form(action: Action, lang: Lang) -> dict[str, Any]:
    about = load("finance")["figures"]
    return {
        "action": action.name,
        "label": action.label[lang],
        "reason": action.reason,
        "figures": [(name, about[name]["label"][lang], about[name]["kind"]) for name in action.figures],
    }
