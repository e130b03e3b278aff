"""What several pages do alike: read a posted form, find the company that a form means."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from ktop.catalogue import message, messages
from ktop.domain.party.actor import LOCAL_OWNER, Actor
from ktop.domain.party.permission import Allowed, check
from ktop.domain.values.day import DAY
from ktop.domain.values.kind import RefusedValueError
from ktop.kernel.errors import InputError, KtopError, NotFoundError, TooManyRequestsError, UnavailableError
from ktop.usecases.rate.interface import StoredRating
from ktop.web.asking import ask, platform
from ktop.web.language import language
from ktop.web.rendering import page
from ktop.web.security import TOKEN_FIELD

P = ParamSpec("P")
T = TypeVar("T")
#: Sent by the language switch of a page with a form: the form is shown again as typed, and nothing else is done.
KEEP = "keep"
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


async def blocking(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call what takes long, in a worker thread."""
    return await run_in_threadpool(function, *args, **kwargs)


async def posted(request: Request, get_path: str | None = None, files: int = 1) -> FormData:
    """Return a checked form with up to so many ``files``.

    ``get_path`` is the page to lead to when the reader changes the language of the answer.
    """
    request.state.get_path = get_path or request.url.path
    form: FormData = await request.app.state.tokens.form(request, files)
    return form


def texts(form: FormData) -> dict[str, str]:
    """Return the text fields of a form."""
    return {name: value for name, value in form.items() if isinstance(value, str)}


def identifier(given: str | None) -> str:
    """Return an identifier that may be looked up; raises ``NotFoundError`` for anything that cannot be one."""
    if given is None or not _ID.fullmatch(given):
        raise NotFoundError("web.rating_not_found")
    return given


def version_typed(given: str | None) -> int | None:
    """Return the version that a form is an edit of, None for what is none: longer numbers fit no database."""
    return int(given) if given and re.fullmatch(r"[0-9]{1,9}", given) else None


def day(given: str | None) -> date | None:
    """Return the day typed into a form, None for a blank field."""
    try:
        return DAY.parse(given)
    except RefusedValueError as refusal:
        raise refusal.at(messages()["web.as_of"]) from None


async def chosen_record(request: Request, form: FormData) -> Mapping[str, Any]:
    """Return the company record a form means: an uploaded file where there is one, else a demonstration company."""
    upload = form.get("record")
    if isinstance(upload, UploadFile) and upload.filename:
        return await ask(request, platform(request).companies.parse_record, await upload.read())
    company = form.get("company")
    if isinstance(company, str) and company:
        return await ask(request, platform(request).companies.example_record, company)
    raise InputError("web.no_company_chosen")


def rated_as_of(form: Mapping[str, Any], record: Mapping[str, Any]) -> date | None:
    """Return the day to rate a chosen company as of: the day typed, None for today.

    A demonstration company is rated as of the day its record was written, so that it stays what it is shown for: a
    start-up of the catalogue does not grow out of its model as the years pass.
    """
    typed = form.get("as_of")
    upload = form.get("record")
    chosen = bool(form.get("company")) and not (isinstance(upload, UploadFile) and upload.filename)
    return day(typed if isinstance(typed, str) else None) or (day_written(record) if chosen else None)


def day_written(record: Mapping[str, Any]) -> date | None:
    """Return the day a record was written, None where it does not say."""
    return DAY.parse(str(record["source_date"])) if record.get("source_date") else None


def may_send(who: Actor) -> bool:
    """Whether somebody may send results to institutions: the owner of an installation without accounts has none."""
    return who != LOCAL_OWNER and isinstance(check(who, "own:result:send"), Allowed)


def may_apply(who: Actor) -> bool:
    """Whether somebody may apply for guarantee and loan: an owner without accounts is no company."""
    return who != LOCAL_OWNER and isinstance(check(who, "own:finance:apply"), Allowed)


def to_rating(stored: StoredRating) -> RedirectResponse:
    """Lead to the page of a result just made."""
    return RedirectResponse(f"/ratings/{stored.id}", status_code=303)


def waits(request: Request, address: str, form: Mapping[str, str], error: UnavailableError) -> Response:
    """Return the page on which a rating waits for what is not ready, with how far that is and what was typed.

    Raises ``error`` where it is of another kind: then waiting would not help.
    """
    if error.key != "platform.corpus_preparing":
        raise error
    lang = language(request)
    kept = {name: value for name, value in form.items() if name != TOKEN_FIELD}
    answer = page(
        request,
        "waiting.html",
        error.http_status,
        address=address,
        kept=kept,
        percent=int(error.params["percent"]),
        sentence=message(error, lang),
    )
    answer.headers["retry-after"] = "10"
    return answer


def told(answer: Response, error: KtopError) -> Response:
    """Return a page that tells an error, saying to programs, too, when to come again."""
    if isinstance(error, TooManyRequestsError):
        answer.headers["retry-after"] = str(error.retry_after_seconds)
    return answer


def ours(address: str) -> str:
    """Return an address to lead on to where it is one of this site, else nothing: a link must not lead elsewhere."""
    parts = urlsplit(address)
    plain = address.isascii() and address.isprintable() and "\\" not in address
    if plain and address.startswith("/") and not address.startswith("//") and not parts.netloc and not parts.scheme:
        return address
    return ""
