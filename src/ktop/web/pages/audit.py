"""The audit trail on a page: read it, verify that it holds, and take along the root for an outsider to keep."""

from __future__ import annotations

import json
from dataclasses import asdict

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ktop.catalogue import message, text
from ktop.domain.party.actor import INSTALLATION
from ktop.domain.party.permission import Allowed, check
from ktop.kernel.errors import ConflictError, NotFoundError
from ktop.report import numbers
from ktop.usecases.audit.interface import AuditEvent
from ktop.web import tables
from ktop.web.asking import actor, ask, platform
from ktop.web.downloads import download
from ktop.web.language import language
from ktop.web.pages.audit_words import action_words, begun, detail_words, kind_words
from ktop.web.pages.common import posted
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)
_HEADS_SHOWN = 10


@router.get("/audit")
async def trail(request: Request) -> Response:
    """List what was done by one's organisation, to the operator by all."""
    return await _page(request)


@router.post("/audit/verify")
async def verify(request: Request) -> Response:
    """Go through the whole trail and say whether it holds."""
    await posted(request, "/audit")
    lang = language(request)
    try:
        found = await ask(request, platform(request).audit.verify)
    except ConflictError as error:
        return await _page(request, problem=message(error, lang), status=error.http_status)
    return await _page(request, holds=text("audit.verified", lang, events=f"{found.events:,}", root=found.root))


@router.post("/audit/head")
async def head(request: Request) -> Response:
    """Seal, and give the head of this moment as the file that ``ktop audit verify --head`` reads."""
    await posted(request, "/audit")
    try:
        found = await ask(request, platform(request).audit.head_to_hold)
    except NotFoundError as error:
        return await _page(request, problem=message(error, language(request)), status=error.http_status)
    written = {name: str(value) if name == "day" else value for name, value in asdict(found).items()}
    content = json.dumps(written, ensure_ascii=False, indent=2).encode()
    return download(content, f"k-top-audit-head-{found.day}.json", "application/json")


async def _page(request: Request, *, holds: str = "", problem: str = "", status: int = 200) -> Response:
    lang, use = language(request), platform(request).audit
    everywhere = isinstance(check(actor(request), "platform:audit:read"), Allowed)
    found = await ask(request, tables.window, use.events, tables.after_of(request), everywhere=everywhere)
    names = {INSTALLATION.organisation: text("audit.installation", lang)}
    names |= {one: name[lang] for event in found.items for one, name in event.names.items()}
    column = tables.Column[AuditEvent]
    columns = [
        column("number", text("audit.column_number", lang), lambda one: one.number, "number"),
        column("at", text("audit.column_at", lang), lambda one: one.at, "moment"),
        *(
            [
                column(
                    "organisation",
                    text("audit.column_organisation", lang),
                    lambda one: one.organisation,
                    "choice",
                    shown=lambda one: names.get(one, one),
                )
            ]
            if everywhere
            else []
        ),
        column(
            "kind",
            text("audit.column_kind", lang),
            lambda one: one.action.partition(".")[0],
            "choice",
            shown=lambda kind: kind_words(kind, lang),
        ),
        column(
            "action",
            text("audit.column_action", lang),
            lambda one: one.action,  # files hold the name that programs and webhooks know
            shown=lambda action: action_words(action, lang),
        ),
        column(
            "actor",
            text("audit.column_actor", lang),
            lambda one: one.actor,
            shown=lambda one: names.get(one) or begun(one),
        ),
        column(
            "subject",
            text("audit.column_subject", lang),
            lambda one: one.subject,
            shown=lambda one: names.get(one) or begun(one),
        ),
        column(
            "details",
            text("audit.column_details", lang),
            lambda one: detail_words(one.action, one.details, lang, names),
            long=True,
        ),
    ]
    table = tables.listed(request, "audit", text("audit.page_title", lang), columns, found)
    if file := tables.file_of(request, table):
        return file
    heads = (await ask(request, use.heads))[-_HEADS_SHOWN:] if everywhere else ()
    return page(
        request,
        "audit.html",
        status,
        table=table,
        everywhere=everywhere,
        heads=[(numbers.day(one.day, lang), f"{one.size:,}", one.root) for one in reversed(heads)],
        holds=holds,
        problem=problem,
    )
