"""Institutions: everybody in an organisation reads the list, the operator changes it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from ktop.catalogue import Lang, message, text
from ktop.domain.party.organisation import INSTITUTIONS
from ktop.domain.party.permission import Allowed, check
from ktop.kernel.errors import ConflictError, InputError, KtopError
from ktop.report import numbers
from ktop.usecases.institutions.interface import CompanyOnPlatform, InstitutionCard
from ktop.web import tables
from ktop.web.asking import actor, ask, platform
from ktop.web.language import language
from ktop.web.pages.common import posted, texts
from ktop.web.pages.my_companies import number_shown
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/institutions")
async def institutions(request: Request) -> Response:
    """List the institutions."""
    return await _institutions(request)


@router.post("/institutions")
async def create(request: Request) -> Response:
    """Enter an institution."""
    form = texts(await posted(request, "/institutions"))
    given = [form.get(name, "") for name in ("id", "kind", "name_ko", "name_en")]
    return await _answered(request, lambda: ask(request, platform(request).institutions.create, *given))


@router.post("/institutions/{institution}/state")
async def change_state(request: Request, institution: str) -> Response:
    """Suspend, reopen or merge an institution."""
    form = texts(await posted(request, "/institutions"))
    use = platform(request).institutions
    if form.get("to") == "merged":
        return await _answered(request, lambda: ask(request, use.merge, institution[:64], form.get("into", "")[:64]))
    act = use.reopen if form.get("to") == "active" else use.suspend
    return await _answered(request, lambda: ask(request, act, institution[:64]))


@router.get("/joined-companies")
async def joined_companies(request: Request) -> Response:
    """List the companies that joined, those whose number nobody has verified first."""
    return await _companies(request)


@router.post("/joined-companies/{company}")
async def verify_number(request: Request, company: str) -> Response:
    """Note that a company's business number is its own."""
    form = texts(await posted(request, "/joined-companies"))
    try:
        use = platform(request).institutions
        await ask(request, use.verify_number, company[:64], form.get("evidence", ""))
    except (InputError, ConflictError) as error:
        return await _companies(request, error)
    return RedirectResponse("/joined-companies", status_code=303)


async def _companies(request: Request, error: KtopError | None = None) -> Response:
    lang, use = language(request), platform(request).institutions
    everybody = tables.switch(request, "all", text("institutions.all_joined", lang))
    found = await ask(request, tables.window, use.companies, tables.after_of(request), unverified=not everybody.on)
    column = tables.Column[CompanyOnPlatform]
    columns = [
        column("name", text("institutions.name", lang), lambda one: _named(one, lang), long=True),
        column("number", text("accounts.business_number", lang), lambda one: one.business_number, shown=number_shown),
        column(
            "verified",
            text("institutions.verified", lang),
            lambda one: one.verified and one.verified.astimezone(numbers.KOREA).date(),
            "day",
            note=lambda one: one.evidence,
        ),
        column("kept", text("institutions.kept", lang), lambda one: one.kept_bytes / 1e6, "number", shown=_megabytes),
    ]
    title = text("institutions.joined", lang)
    table = tables.listed(request, "joined", title, columns, found, switches=(everybody,))
    if file := tables.file_of(request, table):
        return file
    problem, status = (message(error, lang), error.http_status) if error else ("", 200)
    return page(request, "joined_companies.html", status, table=table, problem=problem)


def _named(one: CompanyOnPlatform | InstitutionCard, lang: Lang) -> str:
    return f"{one.name[lang]} ({text('institutions.demo', lang)})" if one.demo else one.name[lang]


def _megabytes(size: float) -> str:
    return f"{size:,.1f}"


async def _answered(request: Request, act: Any) -> Response:
    try:
        await act()
    except (InputError, ConflictError) as error:
        return await _institutions(request, error)
    return RedirectResponse("/institutions", status_code=303)


async def _institutions(request: Request, error: KtopError | None = None) -> Response:
    lang, use = language(request), platform(request).institutions
    found = await ask(request, tables.window, use.institutions, tables.after_of(request))
    column = tables.Column[InstitutionCard]
    columns = [
        column("name", text("institutions.name", lang), lambda one: _named(one, lang), long=True),
        column("id", text("institutions.identifier", lang), lambda one: one.id),
        column(
            "kind",
            text("institutions.kind", lang),
            lambda one: one.kind,
            "choice",
            shown=lambda kind: text(f"institutions.kind_{kind}", lang),
        ),
        column(
            "state",
            text("institutions.state", lang),
            lambda one: one.state,
            "choice",
            shown=lambda state: text(f"institutions.list_{state}", lang),
            note=lambda one: f"→ {one.merged_into}" if one.merged_into else "",
            tone=lambda one: "" if one.state == "active" else "warn",
        ),
    ]
    manages = isinstance(check(actor(request), "platform:institution:manage"), Allowed)
    if manages:
        label = text("institutions.kept", lang)
        columns.append(column("kept", label, lambda one: (one.kept_bytes or 0) / 1e6, "number", shown=_megabytes))
    table = tables.listed(request, "institutions", text("institutions.title", lang), columns, found)
    if file := tables.file_of(request, table):
        return file
    values: dict[str, Any] = {
        "table": table,
        "kinds": INSTITUTIONS,
        "manages": manages,
        "own": actor(request).organisation,
        "problem": message(error, lang) if error else "",
    }
    return page(request, "institutions.html", error.http_status if error else 200, **values)
