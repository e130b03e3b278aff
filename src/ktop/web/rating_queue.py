"""Requests that rate wait in one short queue, without a thread, so that reading kept results stays quick."""

from __future__ import annotations

import json
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ktop.kernel.errors import BusyError, InputError, KtopError
from ktop.web.admission import Admission

#: Questions of a GET that rate again, and endings of addresses that do.
_RATING_QUERIES = (b"suggest=1", b"recompute=1")
_RATING_ENDINGS = ("/suggestions", "/recomputed")
#: Beginnings of addresses whose forms are about people: nobody waits behind ratings to sign in.
_OF_PEOPLE = ("/sign-", "/account", "/join/", "/organisation/", "/institutions", "/api/v1/oauth/")
#: Where files are uploaded that are larger than a form. Nothing is rated there: a job does that.
UPLOADS = ("/batches", "/api/v1/batches", "/finance/documents", "/api/v1/finance/documents")


class RatingQueue:
    """ASGI middleware: a request that rates gets a place of ``ratings`` once its body is whole, or is refused.

    The body is read before a place is asked for, so that a slow sender holds none. An upload asks for a place of
    ``uploads`` before its body is read, so that only so many large files are in memory.
    """

    def __init__(
        self,
        app: ASGIApp,
        refuse: Callable[[Request, KtopError], Response],
        ratings: Admission,
        uploads: Admission,
    ) -> None:
        self.app, self.refuse, self.ratings, self.uploads = app, refuse, ratings, uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, after others where it rates."""
        if scope["type"] != "http" or not _rates(scope):
            await self.app(scope, receive, send)
            return
        try:
            if scope["path"] in UPLOADS:
                async with self.uploads.place():
                    await self.app(scope, receive, send)
                return
            body = await _whole_body(receive)
            if body is None:
                return  # the sender has left
            _require_whole_characters(scope, body)
            async with self.ratings.place():
                await self.app(scope, _said_again(body, receive), send)
        except (BusyError, InputError) as error:
            await self.refuse(Request(scope), error)(scope, receive, send)


async def _whole_body(receive: Receive) -> bytearray | None:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return body


def _said_again(body: bytearray, receive: Receive) -> Receive:
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    return again


def _rates(scope: Scope) -> bool:
    if scope["method"] not in ("GET", "HEAD"):
        return not scope["path"].startswith(_OF_PEOPLE)
    return scope["path"].endswith(_RATING_ENDINGS) or any(q in scope["query_string"] for q in _RATING_QUERIES)


def _require_whole_characters(scope: Scope, body: bytearray) -> None:
    """Raise ``InputError`` where JSON writes half a character as an escape: no answer or database can carry it."""
    if b"\\ud" not in body.lower() or b"json" not in dict(scope["headers"]).get(b"content-type", b"").lower():
        return
    try:
        content = json.loads(body)
        if isinstance(content, dict):
            content.pop("record", None)  # whoever reads a company record names the field
        json.dumps(content, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InputError("web.not_text") from None
    except (ValueError, RecursionError):
        return  # whoever parses it says what is wrong
