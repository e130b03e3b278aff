"""Looking up results by consent, the inbox of results received, and sending a result.

Opening is a posted form: each look is noted, and may be the only one that a consent allows, so that no foreign page can
cause one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from ktop.catalogue import Lang, load, message, text
from ktop.kernel.errors import ConflictError, InputError, NotFoundError
from ktop.report import numbers
from ktop.report.present import report_view
from ktop.report.receipt import purpose_label
from ktop.usecases.lookup.interface import Found, OpenedResult, OwnLook
from ktop.usecases.transmissions.interface import SentResult
from ktop.web import tables
from ktop.web.asking import ask, platform
from ktop.web.downloads import download
from ktop.web.language import language
from ktop.web.pages.common import blocking, identifier, posted, texts
from ktop.web.pages.consents import say, seen_words, words
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/lookup")
async def lookup(request: Request) -> Response:
    """Ask for a company's business number, and list what the institution has looked at."""
    return await _lookup_page(request)


@router.post("/lookup")
async def look_up(request: Request) -> Response:
    """List what may be seen of a company."""
    number = texts(await posted(request)).get("business_number", "")
    lang = language(request)
    found, rows, problem, status = None, [], "", 200
    try:
        found = await ask(request, platform(request).lookups.find, number, "page")
        labels = words(lang)["results"]
        rows = [
            {
                "id": one.id,
                "models": ", ".join(labels[model] for model in one.models),
                "day": numbers.day(one.as_of, lang),
                "made": numbers.moment(one.created, lang),
            }
            for one in found.results
        ]
    except (InputError, NotFoundError) as error:
        problem, status = message(error, lang), error.http_status
    return await _lookup_page(request, status, found=found, rows=rows, number=number[:40], problem=problem)


@router.post("/lookup/{rating_id}")
async def open_result(request: Request, rating_id: str) -> Response:
    """Open a result by consent."""
    await posted(request, "/lookup")
    return await _opened(
        request, await ask(request, platform(request).lookups.open, identifier(rating_id), "page"), "/lookup"
    )


@router.get("/inbox")
async def inbox(request: Request) -> Response:
    """List the results received."""
    return await _transmissions(request, received=True)


@router.post("/inbox/{transmission_id}")
async def open_received(request: Request, transmission_id: str) -> Response:
    """Open a result received."""
    await posted(request, "/inbox")
    return await _opened(
        request,
        await ask(request, platform(request).transmissions.open_received, identifier(transmission_id)),
        "/inbox",
    )


@router.post("/inbox/{transmission_id}/file")
async def received_file(request: Request, transmission_id: str) -> Response:
    """Download the signed file of a result received."""
    await posted(request, "/inbox")
    name, content = await ask(request, platform(request).transmissions.received_file, identifier(transmission_id))
    return download(content, name, "application/json")


@router.get("/sent")
async def sent(request: Request) -> Response:
    """List the results sent."""
    return await _transmissions(request, received=False)


@router.post("/sent/{transmission_id}/withdraw")
async def withdraw(request: Request, transmission_id: str) -> Response:
    """Take a result back."""
    await posted(request, "/sent")
    await ask(request, platform(request).transmissions.withdraw, identifier(transmission_id))
    return RedirectResponse("/sent", status_code=303)


@router.get("/send/{rating_id}")
async def ask_whom(request: Request, rating_id: str) -> Response:
    """Ask whom a result is sent to."""
    return await _send_page(request, rating_id)


@router.post("/send/{rating_id}")
async def send(request: Request, rating_id: str) -> Response:
    """Send a result."""
    form = await posted(request)
    fields = texts(form)
    try:
        await ask(
            request,
            platform(request).transmissions.send,
            identifier(rating_id),
            fields.get("institution", ""),
            purpose=fields.get("purpose", ""),
            inputs=[value for value in form.getlist("inputs") if isinstance(value, str)],
            message=fields.get("message", ""),
            signed="signed" in fields,
        )
    except (InputError, NotFoundError, ConflictError) as error:
        return await _send_page(request, rating_id, message(error, language(request)), error.http_status)
    return RedirectResponse("/sent", status_code=303)


async def _lookup_page(
    request: Request,
    status: int = 200,
    *,
    found: Found | None = None,
    rows: Sequence[Mapping[str, Any]] = (),
    number: str = "",
    problem: str = "",
) -> Response:
    lang, said = language(request), say(language(request))
    looks = await ask(request, tables.window, platform(request).lookups.looked_at, tables.after_of(request))
    column = tables.Column[OwnLook]
    columns = [
        column("at", said("column_when"), lambda one: one.at, "moment"),
        column("company", said("column_company"), lambda one: one.company.name[lang]),
        column("seen", said("column_looked"), lambda one: seen_words(one.seen, lang), long=True),
        column("purpose", said("column_purpose"), lambda one: purpose_label(one.purpose, lang), "choice"),
        column("way", said("column_way"), lambda one: text(f"consent.way_{one.way}", lang), "choice"),
        column(
            "consent", said("column_consent"), lambda one: one.consent[:8], href=lambda one: f"/consents/{one.consent}"
        ),
    ]
    table = tables.listed(request, "lookups", said("looks_title"), columns, looks)
    return tables.file_of(request, table) or page(
        request, "lookup.html", status, say=said, found=found, rows=rows, number=number, problem=problem, table=table
    )


async def _send_page(request: Request, rating_id: str, problem: str = "", status: int = 200) -> Response:
    lang, use = language(request), platform(request)
    stored = await ask(request, use.ratings.rating, identifier(rating_id))
    view = await blocking(report_view, stored.ratings, lang, medium="page")
    return page(
        request,
        "send.html",
        status,
        say=say(lang),
        words=words(lang),
        stored=stored,
        view=view,
        institutions=await ask(request, use.consents.institutions),
        notice=(await ask(request, use.consents.notice)).text[lang],
        problem=problem,
    )


async def _opened(request: Request, opened: OpenedResult, back: str) -> Response:
    lang, labels = language(request), load("consent")
    view = await blocking(report_view, opened.ratings, lang, medium="page")
    inputs = ", ".join(labels["inputs"][name][lang] for name in opened.inputs)
    return page(
        request,
        "opened.html",
        say=say(lang),
        opened=opened,
        view=view,
        company=opened.company.name[lang],
        purpose=purpose_label(opened.purpose, lang),
        inputs=inputs or say(lang)("no_inputs"),
        withheld=", ".join(labels["results"][name][lang] for name in opened.withheld),
        explained=any(rating["contributions"] for rating in opened.ratings),
        until=numbers.day(opened.limits.valid_until, lang),
        back=back,
    )


async def _transmissions(request: Request, *, received: bool) -> Response:
    use, said = platform(request).transmissions, say(language(request))
    read = use.inbox if received else use.sent
    found = await ask(request, tables.window, read, tables.after_of(request))
    title = said("inbox_title" if received else "sent_title")
    columns = _sent_columns(language(request), received=received)
    table = tables.listed(request, "inbox" if received else "sent", title, columns, found)
    return tables.file_of(request, table) or page(request, "inbox.html", say=said, table=table, received=received)


def _sent_columns(lang: Lang, *, received: bool) -> list[tables.Column[SentResult]]:
    column, said = tables.Column[SentResult], say(lang)

    def state(one: SentResult) -> str:
        return "withdrawn" if one.withdrawn else "read" if one.read else "arrived" if one.received else "sent"

    other = (
        column("sender", said("column_sender"), lambda one: one.sender.name[lang])
        if received
        else column(
            "receiver",
            said("column_receiver"),
            lambda one: one.receiver.name[lang],
            href=lambda one: f"/ratings/{one.rating}",
        )
    )
    return [
        other,
        column("message", said("column_message"), lambda one: one.message, long=True),
        column(
            "state",
            said("column_state"),
            state,
            "choice",
            shown=lambda name: said(f"sent_state_{name}"),
            note=lambda one: numbers.moment(one.withdrawn, lang) if one.withdrawn else "",
            tone=lambda one: "bad" if one.withdrawn else "good" if one.read else "warn",
        ),
        column("sent", said("column_sent"), lambda one: one.sent, "moment"),
        column("read", said("column_read"), lambda one: one.read, "moment"),
        column(
            "consent", said("column_consent"), lambda one: one.consent[:8], href=lambda one: f"/consents/{one.consent}"
        ),
    ]
