"""Errors become one sentence: a page for people, one JSON shape for programs; each status is set here only."""

from __future__ import annotations

import logging
import secrets
import traceback
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from ktop.catalogue import LANGS, Lang, message, text
from ktop.domain.company.errors import OWN_ERROR
from ktop.domain.party.actor import VISITOR
from ktop.domain.values.kind import shown
from ktop.kernel.errors import BusyError, ForbiddenError, InputError, KtopError, SignInError, TooManyRequestsError
from ktop.web.asking import actor, ask, platform
from ktop.web.language import language
from ktop.web.rendering import page

_LOG = logging.getLogger("ktop.web")
_CAUSES_LOGGED, _PLACES_LOGGED = 5, 12


class _HttpError(KtopError):
    """What the framework itself refuses (no such page, wrong method ...), told in our words."""

    def __init__(self, status: int) -> None:
        super().__init__({404: "web.page_not_found", 405: "web.wrong_method"}.get(status, "web.refused"), status=status)
        self.http_status = status


class _UnexpectedError(KtopError):
    """A defect of ours; the reader is told no detail of it."""

    http_status = 500


def for_program(request: Request) -> bool:
    """Whether the answer goes to a program."""
    path = request.url.path
    return path.startswith("/api/") or path.endswith(".json")


def answer(request: Request, error: KtopError) -> Response:
    """Return the answer to an error in the reader's language."""
    if for_program(request):
        given: Response = JSONResponse(
            problem(error, language(request)), error.http_status, media_type="application/problem+json"
        )
        if isinstance(error, SignInError):
            given.headers["www-authenticate"] = "Bearer"
    elif error.key in _LEADS_TO:
        given = _to_sign_in(request, _LEADS_TO[error.key])
    else:
        sentence = _sentence(error, language(request))
        given = page(request, "error.html", status=error.http_status, sentence=sentence, status_code=error.http_status)
    if isinstance(error, BusyError | TooManyRequestsError):
        given.headers["retry-after"] = str(error.retry_after_seconds)
    return given


#: Errors of pages that lead somewhere instead, and from there back.
_LEADS_TO = {"access.sign_in": "/sign-in", "access.second_factor": "/account/second-factor"}


def _to_sign_in(request: Request, where: str) -> Response:
    """Lead somebody to where they prove who they are, and from there back: to the page, or to that of the form sent."""
    path = request.url.path if request.method == "GET" else str(getattr(request.state, "get_path", "/"))
    query = f"?{request.url.query}" if request.method == "GET" and request.url.query else ""
    address = f"{where}?{urlencode({'next': path + query})}"
    if "hx-request" in request.headers:  # a part of a page: the whole page is led there
        return Response(status_code=401, headers={"hx-redirect": address})
    return RedirectResponse(address, status_code=303)


def problem(error: KtopError, lang: Lang) -> dict[str, Any]:
    """Return the problem details (RFC 9457) of an error: ``detail`` in the reader's language, both in ``details``.

    ``code`` stays the same over time; ``type`` names it as a URN.
    """
    return {
        "type": f"urn:ktop:problem:{error.key}",
        "title": HTTPStatus(error.http_status).phrase,
        "status": error.http_status,
        "detail": _sentence(error, lang),
        "code": error.key,
        "details": {each: _sentence(error, each) for each in LANGS},
    }


def _sentence(error: KtopError, lang: Lang) -> str:
    return message(error, lang).encode("utf-8", "replace").decode()  # no answer can carry half a character


def first_problem(error: RequestValidationError) -> InputError:
    """Return the first thing wrong with a request as our kind of error."""
    found = error.errors()[0]
    place = ".".join(str(part) for part in found["loc"] if part not in ("body", "query", "path"))
    if found["type"] in ("json_invalid", "model_attributes_type") or not place:
        return InputError("web.body_not_json")
    if found["type"] == OWN_ERROR:  # a kind of value has said what is wrong
        said = found["ctx"]
        return InputError(said["key"], **{"where": place, "more": "", **said["params"]})
    return InputError("web.bad_field", field=shown(place), reason=_reason(found["type"]))


#: What a field is refused for, by the beginning of the validator's name for it; the first that fits counts.
_REASONS = (
    ("missing", "missing"),
    ("extra_forbidden", "unknown"),
    ("string_too", "length"),
    ("too_", "length"),
    ("string", "text"),
    ("date", "date"),
    ("bool", "flag"),
    ("int", "number"),
    ("float", "number"),
    ("greater", "range"),
    ("less", "range"),
    ("list", "list"),
    ("dict", "object"),
    ("model", "object"),
)


def _reason(kind: str) -> dict[Lang, str]:
    """Return in both languages why a field was refused."""
    name = next((name for start, name in _REASONS if kind.startswith(start)), "other")
    return {lang: text(f"web.field_{name}", lang) for lang in LANGS}


def unexpected(request: Request, error: Exception) -> Response:
    """Return the answer to a failure of ours; its reference number stands in the log beside what failed where.

    The log names kinds of errors and places in the program only: what an error says may hold a company's record
    (a database quotes the values it could not store), and an address may be that of a result.
    """
    reference = secrets.token_hex(4)
    shown: BaseException | None = error
    lines: list[str] = []
    while shown is not None and len(lines) < _CAUSES_LOGGED:
        places = traceback.extract_tb(shown.__traceback__)[: -_PLACES_LOGGED - 1 : -1]
        lines.append(" < ".join([type(shown).__name__, *(f"{p.filename}:{p.lineno}" for p in places)]))
        shown = shown.__cause__ or shown.__context__
    route = getattr(request.scope.get("route"), "path", "?")
    _LOG.error("failure %s of %s %s: %s", reference, request.method, route, "; after ".join(lines))
    return answer(request, _UnexpectedError("web.unexpected", reference=reference))


async def _note_refusal(request: Request, error: ForbiddenError) -> None:
    """Let the audit trail say that somebody known was refused; the route is named, never an address with its ids."""
    route = getattr(request.scope.get("route"), "path", "?")
    try:
        await ask(request, platform(request).audit.refused, f"{request.method} {route}", error.key)
    except KtopError as failed:  # the refusal stands also where the trail cannot be written
        _LOG.warning("a refusal was not noted: %s", failed.key)


def add_handlers(app: FastAPI) -> None:
    """Let ``app`` answer every error."""

    async def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, KtopError)
        if isinstance(error, ForbiddenError) and actor(request) != VISITOR:
            await _note_refusal(request, error)
        return answer(request, error)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return answer(request, first_problem(error))

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        unread = error.status_code == 400 and for_program(request)  # a body that no parser got through
        given = answer(request, InputError("web.body_not_json") if unread else _HttpError(error.status_code))
        given.headers.update(error.headers or {})
        return given

    app.add_exception_handler(KtopError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
