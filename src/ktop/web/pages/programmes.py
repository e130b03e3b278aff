"""Support programmes: an agency's rules and calls, a company's applications and where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData, UploadFile

from ktop.catalogue import load, message
from ktop.domain.party.permission import Allowed, check
from ktop.kernel.clock import today
from ktop.kernel.errors import ChangedError, ConflictError, InputError, NotFoundError
from ktop.web import tables
from ktop.web.asking import actor, ask, platform
from ktop.web.language import language
from ktop.web.pages.common import chosen_record, day, identifier, posted, texts
from ktop.web.pages.my_companies import name_shown
from ktop.web.pages.programme_rows import (
    application_columns,
    call_columns,
    call_row,
    clause_row,
    preview_view,
    problem_sentence,
    rule_columns,
    rule_row,
    standing_row,
    words,
)
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)
_TOLD = (InputError, ConflictError, ChangedError)


def may(request: Request, permission: str) -> bool:
    """Whether whoever asks has a permission."""
    return isinstance(check(actor(request), permission), Allowed)


@router.get("/programmes")
async def programmes(request: Request) -> Response:
    """Show an agency its calls, a company the open calls and its applications."""
    return await _home(request)


@router.get("/programmes/rules")
async def rules(request: Request) -> Response:
    """Show an agency its rules, and let its manager begin another."""
    return await _rules(request)


@router.post("/programmes/rules")
async def draft(request: Request) -> Response:
    """Begin a draft, from an example or as the next version of a rule."""
    form = texts(await posted(request))
    like = identifier(form["like"]) if form.get("like") else None
    try:
        made = await ask(request, platform(request).seasons.draft, example=form.get("example"), like=like)
    except _TOLD as error:
        return await _rules(request, message(error, language(request)), error.http_status)
    return RedirectResponse(f"/programmes/rules/{made.id}", status_code=303)


@router.get("/programmes/rules/{rule_id}")
async def rule(request: Request, rule_id: str) -> Response:
    """Show one rule: a draft to edit, or a published version to read."""
    return await _rule(request, identifier(rule_id))


@router.post("/programmes/rules/{rule_id}")
async def edit(request: Request, rule_id: str) -> Response:
    """Save, extend, try, publish or remove a draft, or open a call: as the button pressed says."""
    known = identifier(rule_id)
    whole = await posted(request, f"/programmes/rules/{known}")
    form, use, preview = texts(whole), platform(request).seasons, None
    wanted, version = form.get("do", ""), _number(form.get("version"))
    try:
        if wanted == "save":
            await ask(request, use.save, known, version, form.get("source", ""))
        elif wanted == "clause":
            await ask(request, use.add_clause, known, version, form.get("kind", ""), form)
        elif wanted in ("change", "drop"):
            values = form if wanted == "change" else None
            await ask(request, use.change_clause, known, version, form.get("clause", ""), values)
        elif wanted == "publish":
            await ask(request, use.publish, known, version)
        elif wanted == "remove":
            await ask(request, use.remove, known)
            return RedirectResponse("/programmes", status_code=303)
        elif wanted == "call":
            made = await _opened(request, known, form)
            return RedirectResponse(f"/programmes/calls/{made.call.id}", status_code=303)
        elif wanted == "preview":
            preview = await ask(request, use.preview, known, **await _applicants(whole))
            return await _rule(request, known, preview=preview)
    except _TOLD as error:
        return await _rule(request, known, message(error, language(request)), error.http_status, form)
    return RedirectResponse(f"/programmes/rules/{known}", status_code=303)


@router.get("/programmes/check")
async def precheck(request: Request) -> Response:
    """Ask for a company's record to say where it stands with all programmes."""
    return await _precheck(request)


@router.post("/programmes/check")
async def prechecked(request: Request) -> Response:
    """Say which programmes a company could apply to, and what stands in its way elsewhere."""
    form = await posted(request)
    try:
        record = await record_of(request, form)
        found = await ask(request, platform(request).seasons.standings, record)
    except InputError as error:
        return await _precheck(request, message(error, language(request)), error.http_status)
    return await _precheck(request, rows=[standing_row(one, language(request)) for one in found])


async def record_of(request: Request, form: FormData) -> Mapping[str, Any]:
    """Return the record that a form means: a file, a company that the organisation keeps, or a demonstration one."""
    kept = form.get("kept")
    upload = form.get("record")
    if isinstance(kept, str) and kept and not (isinstance(upload, UploadFile) and upload.filename):
        versions = await ask(request, platform(request).portfolio.records_of, identifier(kept))
        whole = [one for one in versions if not one.draft]
        if not whole:
            raise InputError("portfolio.only_a_draft")
        return whole[0].record
    return await chosen_record(request, form)


async def records_offered(request: Request) -> dict[str, Any]:
    """Return the companies that a form offers."""
    kept = (
        await ask(request, platform(request).portfolio.kept_companies, limit=50)
        if may(request, "own:company:read")
        else None
    )
    return {
        "kept": [(one.id, name_shown(one, language(request))) for one in kept.items] if kept else [],
        "companies": await ask(request, platform(request).companies.example_companies),
    }


def _number(given: str | None) -> int:
    return int(given) if given and given.isascii() and given.isdigit() and len(given) < 9 else 0


async def _applicants(form: FormData) -> dict[str, Any]:
    upload, call = form.get("table"), form.get("call")
    if isinstance(upload, UploadFile) and upload.filename:
        return {"table": (await upload.read(), upload.filename)}
    return {"call": identifier(call)} if isinstance(call, str) and call else {}


async def _opened(request: Request, rule_id: str, form: Mapping[str, str]) -> Any:
    first = day(form.get("opens")) or today()
    last = day(form.get("closes")) or first + timedelta(days=30)
    return await ask(
        request,
        platform(request).seasons.open_call,
        rule_id,
        opens=first,
        closes=last,
        as_of=day(form.get("as_of")) or last,
        blind="blind" in form,
    )


async def _home(request: Request, problem: str = "", status: int = 200) -> Response:
    lang, use = language(request), platform(request).seasons
    reviews, applies = may(request, "own:programme:review"), may(request, "own:programme:apply")
    agency = reviews or may(request, "own:programme:manage")
    table = await _listed(request, agency, applies)
    if table and (file := tables.file_of(request, table)):
        return file
    return page(
        request,
        "programmes.html",
        status,
        say=words(lang),
        problem=problem,
        agency=agency,
        manages=may(request, "own:programme:manage"),
        applies=applies,
        checks=may(request, "own:rating:make"),
        table=table,
        open_calls=[call_row(one, lang) for one in await ask(request, use.open_calls)],
    )


async def _rules(request: Request, problem: str = "", status: int = 200) -> Response:
    lang, use, say = language(request), platform(request), words(language(request))
    rules = await ask(request, use.seasons.rules)
    table = tables.listed(request, "rules", say("rules_title"), rule_columns(lang), rules)
    if file := tables.file_of(request, table):
        return file
    return page(
        request,
        "programme_rules.html",
        status,
        say=say,
        problem=problem,
        table=table,
        manages=may(request, "own:programme:manage"),
        examples=[(one["programme"], one["name"][lang]) for one in await ask(request, use.programmes.programmes)],
    )


async def _listed(request: Request, agency: bool, applies: bool) -> tables.Table[Any] | None:
    """Return the list of a page: an agency's calls, or a company's applications."""
    lang, use, say = language(request), platform(request).seasons, words(language(request))
    if agency:
        calls = await ask(request, tables.window, use.calls, tables.after_of(request))
        return tables.listed(request, "calls", say("calls_title"), call_columns(lang), calls)
    if applies:
        applications = await ask(request, use.applications)
        return tables.listed(request, "applications", say("mine_title"), application_columns(lang), applications)
    return None


async def _rule(
    request: Request,
    rule_id: str,
    problem: str = "",
    status: int = 200,
    given: Mapping[str, str] | None = None,
    preview: Any = None,
) -> Response:
    lang, use = language(request), platform(request).seasons
    found = await ask(request, use.rule, rule_id)
    manages = may(request, "own:programme:manage")
    calls = (await ask(request, use.calls, limit=50)).items if manages else ()
    if not manages and found.state != "published":
        raise NotFoundError("programmes_season.no_rule")
    source = (given or {}).get("source", found.source) if found.state == "draft" else found.source
    clauses = [(kind, entry["label"][lang], entry["value"]) for kind, entry in load("common_clauses").items()]
    return page(
        request,
        "programme_rule.html",
        status,
        say=words(lang),
        rule=rule_row(found, lang),
        source=source,
        lines=max(12, min(40, source.count("\n") + 2)),
        wrong=problem_sentence(found.problem, lang),
        problem=problem,
        manages=manages,
        clauses=clauses,
        own_clauses=[clause_row(one, lang, preview) for one in await ask(request, use.clauses, rule_id)],
        calls=[call_row(one, lang) for one in calls],
        preview=preview_view(preview, lang) if preview else None,
        day=today().isoformat(),
        last=(today() + timedelta(days=30)).isoformat(),
    )


async def _precheck(request: Request, problem: str = "", status: int = 200, rows: Any = None) -> Response:
    offered = await records_offered(request)
    return page(
        request, "programme_check.html", status, say=words(language(request)), problem=problem, rows=rows, **offered
    )
