"""Institutions: everybody in an organisation reads the list, the operator changes it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from ktop.catalogue import message
from ktop.domain.party.organisation import INSTITUTIONS
from ktop.domain.party.permission import Allowed, check
from ktop.kernel.errors import ConflictError, InputError, KtopError
from ktop.web.asking import actor, ask, platform
from ktop.web.language import language
from ktop.web.pages.common import posted, texts
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/institutions")
async def institutions(request: Request) -> Response:
    """List the institutions."""
    return await _institutions(request)


@router.post("/institutions")
async def create(request: Request) -> Response:
    """Enter an institution."""
    form = texts(await posted(request))
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
    use, after = platform(request).institutions, request.query_params.get("after")
    everybody = request.query_params.get("all") == "1"
    found = await ask(request, use.companies, unverified=not everybody, limit=50, after=after)
    problem = message(error, language(request)) if error else ""
    values: dict[str, Any] = {"companies": found.items, "after": found.after, "everybody": everybody}
    return page(request, "joined_companies.html", error.http_status if error else 200, problem=problem, **values)


async def _answered(request: Request, act: Any) -> Response:
    try:
        await act()
    except (InputError, ConflictError) as error:
        return await _institutions(request, error)
    return RedirectResponse("/institutions", status_code=303)


async def _institutions(request: Request, error: KtopError | None = None) -> Response:
    found = await ask(request, platform(request).institutions.institutions, limit=200)
    values: dict[str, Any] = {
        "institutions": found.items,
        "kinds": INSTITUTIONS,
        "manages": isinstance(check(actor(request), "platform:institution:manage"), Allowed),
        "own": actor(request).organisation,
        "problem": message(error, language(request)) if error else "",
    }
    return page(request, "institutions.html", error.http_status if error else 200, **values)
