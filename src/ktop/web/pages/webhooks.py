"""Webhooks: addresses are registered, what was sent to them is seen, and what was given up is sent again."""

from __future__ import annotations

import functools
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from ktop.catalogue import Lang, message, text
from ktop.domain.work.webhook import topic_kinds
from ktop.kernel.errors import InputError
from ktop.report import numbers
from ktop.usecases.webhooks.service import problem_sentence
from ktop.web import tables
from ktop.web.asking import ask, platform
from ktop.web.language import language
from ktop.web.pages.common import identifier, posted, texts
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/webhooks")
async def webhooks(request: Request) -> Response:
    """List the registered addresses, and ask for another."""
    return await _list(request)


@router.post("/webhooks")
async def add(request: Request) -> Response:
    """Register an address and show its secret, this once."""
    form = await posted(request)
    chosen = [value for value in form.getlist("topic") if isinstance(value, str)]
    try:
        made = await ask(request, platform(request).webhooks.add, texts(form).get("url", "").strip(), chosen)
    except InputError as error:
        return await _list(request, status=error.http_status, problem=message(error, language(request)))
    return await _list(request, secret=made.secret)


@router.get("/webhooks/{webhook_id}")
async def webhook(request: Request, webhook_id: str, after: str | None = None) -> Response:
    """Show one address and what was sent to it."""
    lang, use = language(request), platform(request).webhooks
    found = await ask(request, use.webhook, identifier(webhook_id))
    sent = await ask(request, use.deliveries, found.id, limit=50, after=after)
    rows = [
        {
            "id": delivery.id,
            "topic": delivery.topic,
            "state": delivery.state,
            "state_words": text(f"webhooks.state_{delivery.state}", lang),
            "attempts": delivery.attempts,
            "problem": problem_sentence(delivery.problem, lang),
            "created": numbers.moment(delivery.created, lang),
        }
        for delivery in sent.items
    ]
    return page(request, "webhook.html", say=_words(lang), webhook=_row(found, lang), rows=rows, after=sent.after)


@router.post("/webhooks/{webhook_id}")
async def change(request: Request, webhook_id: str) -> Response:
    """Pause an address, let it go on, remove it, or send a message again: as the button pressed says."""
    known = identifier(webhook_id)
    form = texts(await posted(request, f"/webhooks/{known}"))
    use, wanted = platform(request).webhooks, form.get("do")
    if wanted == "remove":
        await ask(request, use.remove, known)
        return RedirectResponse("/webhooks", status_code=303)
    if wanted == "rotate":
        made = await ask(request, use.rotate_secret, known)
        return await _list(request, secret=made.secret)
    if wanted == "again":
        await ask(request, use.send_again, identifier(form.get("delivery")))
    else:
        state: Literal["active", "paused"] = "active" if wanted == "resume" else "paused"
        await ask(request, use.change_state, known, state)
    return RedirectResponse(f"/webhooks/{known}", status_code=303)


async def _list(request: Request, status: int = 200, problem: str = "", secret: str | None = None) -> Response:
    lang = language(request)
    column = tables.Column[Any]
    columns = [
        column("url", _say("column_url", lang=lang), lambda one: one.url, href=lambda one: f"/webhooks/{one.id}"),
        column("topics", _say("column_topics", lang=lang), lambda one: _topics(one, lang), long=True),
        column(
            "state",
            _say("column_state", lang=lang),
            lambda one: one.state,
            "choice",
            shown=lambda state: text(f"webhooks.state_{state}", lang),
            tone=lambda one: "" if one.state == "active" else "warn",
        ),
        column("created", _say("column_created", lang=lang), lambda one: one.created, "moment"),
    ]
    found = await ask(request, platform(request).webhooks.webhooks)
    table = tables.listed(request, "webhooks", _say("list_title", lang=lang), columns, found)
    return tables.file_of(request, table) or page(
        request,
        "webhooks.html",
        status,
        say=_words(lang),
        table=table,
        kinds=[(name, words[lang]) for name, words in topic_kinds().items()],
        problem=problem,
        secret=secret,
    )


def _topics(webhook: Any, lang: Lang) -> str:
    return ", ".join(topic_kinds()[topic][lang] if topic in topic_kinds() else topic for topic in webhook.topics)


def _row(webhook: Any, lang: Lang) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "topics": _topics(webhook, lang),
        "active": webhook.state == "active",
        "state_words": text(f"webhooks.state_{webhook.state}", lang),
        "created": numbers.moment(webhook.created, lang),
    }


def _words(lang: Lang) -> Any:
    return functools.partial(_say, lang=lang)


def _say(key: str, *, lang: Lang) -> str:
    return text(f"webhooks.{key}", lang)
