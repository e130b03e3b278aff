"""Calls of support programmes: applications taken, ranked, told, appealed against and announced."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import UploadFile

from ktop.catalogue import message
from ktop.domain.work.job import ENDED
from ktop.kernel.errors import InputError
from ktop.web.asking import actor, ask, platform
from ktop.web.downloads import download
from ktop.web.language import language
from ktop.web.pages.common import identifier, posted, texts
from ktop.web.pages.programme_rows import (
    appeal_row,
    applicant_row,
    application_row,
    call_row,
    facts_shown,
    job_row,
    outcome_row,
    words,
)
from ktop.web.pages.programmes import _TOLD, _number, may, record_of, records_offered
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)
_DECISIONS = ("selected", "reserve", "not_selected", "ask", "refused", "repeated", "unread", "withdrawn")
_FOLLOW_SECONDS = 3


@router.get("/programmes/calls/{call_id}/result.xlsx")
async def result(request: Request, call_id: str) -> Response:
    """Give the newest ranking as a spreadsheet."""
    found = await ask(request, platform(request).seasons.result, identifier(call_id), language(request))
    return download(found.content, found.name, found.media_type)


@router.get("/programmes/calls/{call_id}")
async def call(
    request: Request, call_id: str, after: str | None = None, decision: str | None = None, follow: bool = False
) -> Response:
    """Show one call: to its agency with all applicants, to a company with the form to apply."""
    return await _call(request, identifier(call_id), after=after, decision=decision, follow=follow)


@router.post("/programmes/calls/{call_id}")
async def act(request: Request, call_id: str) -> Response:
    """Close, reopen, rank, tell, announce or take a table in: as the button pressed says."""
    known = identifier(call_id)
    whole = await posted(request, f"/programmes/calls/{known}")
    form, use = texts(whole), platform(request).seasons
    wanted, follow = form.get("do", ""), ""
    try:
        if wanted == "rank":
            await ask(request, use.rank, known)
            follow = "?follow=1"
        elif wanted == "follow":
            await ask(request, platform(request).follow_up.add_selected, known)
            return RedirectResponse("/programmes/projects", status_code=303)
        elif wanted == "cancel":
            found = await ask(request, use.call, known)
            await ask(request, platform(request).jobs.cancel, found.call.job)
        elif wanted == "upload":
            upload = whole.get("table")
            if not isinstance(upload, UploadFile) or not upload.filename:
                raise InputError("web.no_table_chosen")
            told = await ask(request, use.upload, known, await upload.read(), upload.filename)
            said = words(language(request))
            key = "uploaded_before" if told.before else "uploaded"
            return await _call(request, known, said=said(key, rows=f"{told.rows:,}", unread=f"{told.unread:,}"))
        elif wanted == "apply":
            made = await ask(request, use.apply, known, await record_of(request, whole))
            return RedirectResponse(f"/programmes/applications/{made.applicant.id}", status_code=303)
        else:
            await ask(request, use.step, known, wanted, _number(form.get("version")))
    except _TOLD as error:
        return await _call(request, known, problem=message(error, language(request)), status=error.http_status)
    return RedirectResponse(f"/programmes/calls/{known}{follow}", status_code=303)


@router.get("/programmes/applications/{application_id}")
async def application(request: Request, application_id: str) -> Response:
    """Show one application to its agency or its company."""
    return await _application(request, identifier(application_id))


@router.post("/programmes/applications/{application_id}")
async def act_on_application(request: Request, application_id: str) -> Response:
    """Withdraw, appeal, decide on an appeal or declare a conflict: as the button pressed says."""
    known = identifier(application_id)
    whole = await posted(request, f"/programmes/applications/{known}")
    form, use = texts(whole), platform(request).seasons
    wanted, reason = form.get("do", ""), form.get("reason", "")
    try:
        if wanted == "withdraw":
            await ask(request, use.withdraw, known, reason)
        elif wanted == "conflict":
            card = await ask(request, use.application, known)
            await ask(request, use.declare_conflict, known, reason)
            return RedirectResponse(f"/programmes/calls/{card.call.call.id}", status_code=303)
        elif wanted == "appeal":
            corrected = form.get("kept") or form.get("company") or getattr(whole.get("record"), "filename", "")
            record = await record_of(request, whole) if corrected else None
            await ask(request, use.appeal, known, reason, record)
        elif wanted in ("uphold", "reject"):
            await ask(request, use.decide_appeal, identifier(form.get("appeal")), wanted == "uphold", reason)
    except _TOLD as error:
        return await _application(request, known, message(error, language(request)), error.http_status)
    return RedirectResponse(f"/programmes/applications/{known}", status_code=303)


async def _call(
    request: Request,
    call_id: str,
    *,
    after: str | None = None,
    decision: str | None = None,
    follow: bool = False,
    problem: str = "",
    said: str = "",
    status: int = 200,
) -> Response:
    lang, use = language(request), platform(request).seasons
    found = await ask(request, use.call, call_id)
    own = bool(found.actions) or found.call.agency == actor(request).organisation
    chosen = decision if decision in _DECISIONS else None
    lines, job = None, None
    if own:
        lines = await ask(request, use.ranking, call_id, decision=chosen, limit=50, after=after)
        job = await ask(request, platform(request).jobs.job, found.call.job) if found.call.job else None
    applies = not own and may(request, "own:programme:apply")
    follows = follow and job is not None and job.state not in ENDED
    shown = page(
        request,
        "programme_call.html",
        status,
        say=words(lang),
        call=call_row(found, lang),
        own=own,
        manages=own and may(request, "own:programme:manage"),
        applies=applies and found.call.state == "open",
        offered={"kept": (await records_offered(request))["kept"], "companies": []}
        if applies and found.call.state == "open"
        else {"kept": [], "companies": []},
        rows=[applicant_row(one, lang) for one in lines.items] if lines else [],
        after=lines.after if lines else None,
        decision=chosen,
        decisions=[
            (name, words(lang)(f"decision_{name}"), found.decisions[name])
            for name in _DECISIONS
            if found.decisions.get(name)
        ],
        job=job_row(job, lang) if job else None,
        follows=follows,
        problem=problem,
        said=said,
    )
    if follows:
        shown.headers["refresh"] = str(_FOLLOW_SECONDS)
    return shown


async def _application(request: Request, application_id: str, problem: str = "", status: int = 200) -> Response:
    lang = language(request)
    card = await ask(request, platform(request).seasons.application, application_id)
    manages = not card.yours and may(request, "own:programme:manage")
    offers: dict[str, Any] = {"kept": [], "companies": []}
    if card.may_appeal and (card.yours or manages):
        offers |= {"kept": (await records_offered(request))["kept"]}
    return page(
        request,
        "programme_application.html",
        status,
        say=words(lang),
        row=application_row(card, lang),
        call=call_row(card.call, lang),
        yours=card.yours,
        manages=manages,
        facts=facts_shown(card.facts, lang),
        problems=card.problems[lang] if card.problems else "",
        outcomes=[outcome_row(one, lang) for one in card.outcomes],
        appeals=[appeal_row(one, lang) for one in card.appeals],
        may_appeal=card.may_appeal and (card.yours or manages),
        may_withdraw=card.may_withdraw,
        offered=offers,
        problem=problem,
    )
