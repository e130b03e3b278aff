"""Consents: asking, giving, narrowing and revoking them, their receipts, and who saw what."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from ktop.catalogue import Lang, load, message, text
from ktop.domain.party.consent import ALL_TECHNOLOGIES, Terms
from ktop.domain.party.permission import Allowed, check
from ktop.kernel.clock import today
from ktop.kernel.errors import ConflictError, InputError, NotFoundError
from ktop.report import numbers
from ktop.report.receipt import (
    consent_receipt_events,
    consent_receipt_pdf,
    consent_receipt_rows,
    purpose_label,
)
from ktop.usecases.consent.interface import AccessEntry, ConsentCard
from ktop.web import tables
from ktop.web.asking import actor, ask, platform
from ktop.web.downloads import download
from ktop.web.language import language
from ktop.web.pages.audit_words import begun
from ktop.web.pages.common import blocking, day, may_send, posted, texts
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)
_TONES = {"active": "good", "requested": "warn", "revoked": "bad", "rejected": "bad"}


@router.get("/consents")
async def consents(request: Request) -> Response:
    """List consents, and offer to give one or to ask for one, of a company whose number the address may name."""
    number = request.query_params.get("business_number")
    return await _list(request, FormData({"business_number": number}) if number else None)


@router.post("/consents")
async def give(request: Request) -> Response:
    """Give an institution a consent."""
    form = await posted(request)
    try:
        institution, reason = str(form.get("institution", "")), str(form.get("reason", ""))
        card = await ask(request, platform(request).consents.give, institution, given_terms(form), reason)
    except (InputError, NotFoundError) as error:
        return await _list(request, form, message(error, language(request)), error.http_status)
    return _to(card)


@router.post("/consents/requests")
async def ask_company(request: Request) -> Response:
    """Ask a company for its consent."""
    form = await posted(request, "/consents")
    try:
        number, reason = str(form.get("business_number", "")), str(form.get("reason", ""))
        card = await ask(request, platform(request).consents.request, number, given_terms(form), reason)
    except (InputError, NotFoundError) as error:
        return await _list(request, form, message(error, language(request)), error.http_status)
    return _to(card)


# These two stand before the page: its address would match theirs too.
@router.get("/consents/{consent_id}/receipt.json")
async def receipt_json(request: Request, consent_id: str) -> Response:
    """Give the receipt as JSON."""
    return JSONResponse(dict(await ask(request, platform(request).consents.receipt, consent_id)))


@router.get("/consents/{consent_id}/receipt.pdf")
async def receipt_pdf(request: Request, consent_id: str) -> Response:
    """Give the receipt as a PDF in the reader's language."""
    receipt, lang = await ask(request, platform(request).consents.receipt, consent_id), language(request)
    content = await blocking(consent_receipt_pdf, receipt, lang)
    return download(content, f"ktop-consent-{consent_id[:8]}-{lang}.pdf", "application/pdf")


@router.get("/consents/{consent_id}")
async def consent(request: Request, consent_id: str) -> Response:
    """Show one consent, with what may be done with it."""
    return await _one(request, consent_id)


@router.post("/consents/{consent_id}/grant")
async def grant(request: Request, consent_id: str) -> Response:
    """Give a consent that was asked for, with what is left checked."""
    use = platform(request).consents
    form = await posted(request, f"/consents/{consent_id}")
    try:
        asked = await ask(request, use.consent, consent_id)
        terms = _fewer(asked.consent.terms, form)
        card = await ask(request, use.grant, consent_id, terms, str(form.get("reason", "")))
    except (InputError, ConflictError) as error:
        return await _one(request, consent_id, message(error, language(request)), error.http_status)
    return _to(card)


@router.post("/consents/{consent_id}/narrow")
async def narrow(request: Request, consent_id: str) -> Response:
    """Narrow a consent to what is left checked."""
    use = platform(request).consents
    form = await posted(request, f"/consents/{consent_id}")
    try:
        given = await ask(request, use.consent, consent_id)
        terms = _fewer(given.consent.terms, form)
        card = await ask(request, use.narrow, consent_id, terms, str(form.get("reason", "")))
    except (InputError, ConflictError) as error:
        return await _one(request, consent_id, message(error, language(request)), error.http_status)
    return _to(card)


@router.post("/consents/{consent_id}/reject")
async def reject(request: Request, consent_id: str) -> Response:
    """Refuse a consent that was asked for."""
    return await _end(request, consent_id, platform(request).consents.reject)


@router.post("/consents/{consent_id}/revoke")
async def revoke(request: Request, consent_id: str) -> Response:
    """Revoke a consent."""
    return await _end(request, consent_id, platform(request).consents.revoke)


@router.get("/ledger")
async def ledger(request: Request) -> Response:
    """Show who saw what of the company."""
    lang, said = language(request), say(language(request))
    found = await ask(request, tables.window, platform(request).consents.ledger, tables.after_of(request))
    column = tables.Column[AccessEntry]
    columns = [
        column("at", said("column_when"), lambda one: one.at, "moment"),
        column("reader", said("column_reader"), lambda one: one.reader.name[lang], "choice"),
        column("seen", said("column_seen"), lambda one: seen_words(one.seen, lang), long=True),
        column("purpose", said("column_purpose"), lambda one: purpose_label(one.purpose, lang), "choice"),
        column("way", said("column_way"), lambda one: text(f"consent.way_{one.way}", lang), "choice"),
        column(
            "consent", said("column_consent"), lambda one: one.consent[:8], href=lambda one: f"/consents/{one.consent}"
        ),
    ]
    table = tables.listed(request, "ledger", said("ledger_title"), columns, found)
    return tables.file_of(request, table) or page(request, "ledger.html", say=said, table=table)


def say(lang: Lang) -> Any:
    """Return what tells a text of ``messages/consent.yaml``."""

    def said(key: str, **params: Any) -> str:
        return text(f"consent.{key}", lang, **params)

    return said


@functools.cache
def words(lang: Lang) -> Mapping[str, Mapping[str, str]]:
    """Return what can be checked in a form: results, inputs and purposes, key → words."""
    found = load("consent")
    return {
        "results": {name: label[lang] for name, label in found["results"].items()},
        "inputs": {name: label[lang] for name, label in found["inputs"].items()},
        "purposes": {name: entry["label"][lang] for name, entry in found["purposes"].items()},
    }


def given_terms(form: FormData) -> Terms:
    """Return the terms that a form says."""
    fields = texts(form)
    first = today()
    last = day(fields.get("valid_until")) or first + timedelta(days=load("consent")["default_days"])
    return Terms(
        purpose=fields.get("purpose", ""),
        results=_checked(form, "results"),
        inputs=_checked(form, "inputs"),
        technologies=frozenset({ALL_TECHNOLOGIES}),
        valid_from=first,
        valid_until=last,
        once="once" in fields,
    )


def _fewer(terms: Terms, form: FormData) -> Terms:
    """Return terms with what was left checked of them."""
    last = day(texts(form).get("valid_until")) or terms.valid_until
    results, inputs = _checked(form, "results"), _checked(form, "inputs")
    return replace(terms, results=results, inputs=inputs, valid_until=last, once=terms.once or "once" in form)


def _checked(form: FormData, name: str) -> frozenset[str]:
    return frozenset(value for value in form.getlist(name) if isinstance(value, str))


def _to(card: ConsentCard) -> RedirectResponse:
    return RedirectResponse(f"/consents/{card.consent.id}", status_code=303)


async def _end(request: Request, consent_id: str, change: Any) -> Response:
    form = await posted(request, f"/consents/{consent_id}")
    try:
        return _to(await ask(request, change, consent_id, str(form.get("reason", ""))))
    except (InputError, ConflictError) as error:
        return await _one(request, consent_id, message(error, language(request)), error.http_status)


async def _list(request: Request, form: FormData | None = None, problem: str = "", status: int = 200) -> Response:
    lang, use, who = language(request), platform(request).consents, actor(request)
    found = await ask(request, tables.window, use.consents, tables.after_of(request))
    table = tables.listed(request, "consents", say(lang)("list_title"), _columns(lang), found)
    if file := tables.file_of(request, table):
        return file
    may_give = isinstance(check(who, "own:consent:give"), Allowed)
    may_ask = isinstance(check(who, "granted:consent:request"), Allowed)
    institutions = await ask(request, use.institutions) if may_give else ()
    return page(
        request,
        "consents.html",
        status,
        say=say(lang),
        words=words(lang),
        table=table,
        institutions=institutions,
        notice=(await ask(request, use.notice)).text[lang],
        may_give=may_give,
        may_ask=may_ask,
        may_send=may_send(who),
        given=texts(form) if form else {},
        checked={name: _checked(form, name) if form else frozenset() for name in ("results", "inputs")},
        problem=problem,
    )


def _columns(lang: Lang) -> list[tables.Column[ConsentCard]]:
    column, said = tables.Column[ConsentCard], say(lang)
    return [
        column(
            "company",
            said("column_company"),
            lambda card: card.company.name[lang],
            href=lambda card: f"/consents/{card.consent.id}",
        ),
        column("grantee", said("column_grantee"), lambda card: card.grantee.name[lang], "choice"),
        column(
            "purpose", said("column_purpose"), lambda card: purpose_label(card.consent.terms.purpose, lang), "choice"
        ),
        column(
            "state",
            said("column_state"),
            lambda card: card.consent.state,
            "choice",
            shown=lambda state: text(f"consent.state_{state}", lang),
            tone=lambda card: _TONES.get(card.consent.state, ""),
        ),
        column("until", said("column_until"), lambda card: card.consent.terms.valid_until, "day"),
    ]


async def _one(request: Request, consent_id: str, problem: str = "", status: int = 200) -> Response:
    lang, use = language(request), platform(request).consents
    card = await ask(request, use.consent, consent_id)
    receipt = await ask(request, use.receipt, consent_id)
    given = receipt["consent_given"]
    shown = {  # the receipt itself holds identifiers to their end
        **receipt,
        "consent_given": given | {"by": given["by"] and begun(given["by"])},
        "events": [event | {"entity_id": begun(event["entity_id"])} for event in receipt["events"]],
    }
    terms = card.consent.terms
    offered = {
        name: {key: label for key, label in words(lang)[name].items() if key in getattr(terms, name)}
        for name in ("results", "inputs")
    }
    return page(
        request,
        "consent.html",
        status,
        say=say(lang),
        card=card,
        row=_row(card, lang),
        rows=consent_receipt_rows(shown, lang),
        events=consent_receipt_events(shown, lang),
        notice=receipt["pii_processing"]["privacy_notice"]["text"][lang],
        offered=offered,
        may_change=card.yours and isinstance(check(actor(request), "own:consent:give"), Allowed),
        problem=problem,
    )


def _row(card: ConsentCard, lang: Lang) -> dict[str, Any]:
    one = card.consent
    return {
        "id": one.id,
        "company": card.company.name[lang],
        "grantee": card.grantee.name[lang],
        "purpose": purpose_label(one.terms.purpose, lang),
        "state": text(f"consent.state_{one.state}", lang),
        "tone": _TONES.get(one.state, ""),
        "until": numbers.day(one.terms.valid_until, lang),
    }


def seen_words(seen: Mapping[str, Any], lang: Lang) -> str:
    """Return what was seen by a look, in words: models and groups of inputs, or that results were listed."""
    labels = load("consent")
    if "listed" in seen:
        return text("consent.seen_list", lang, n=len(seen["listed"]))
    models = [labels["results"][name][lang] for name in seen["models"]]
    return ", ".join(models + [labels["inputs"][name][lang] for name in seen["inputs"]])
