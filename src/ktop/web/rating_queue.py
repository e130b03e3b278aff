"""Requests that rate, and those that only look something up, wait in short queues of their own, without a thread."""

from __future__ import annotations

import asyncio
import functools
import json
import re
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ktop.kernel.errors import BusyError, InputError, KtopError
from ktop.web.admission import Admission
from ktop.web.route_access import ACCESS

#: Questions of a GET that rate again, and endings of addresses that do.
_RATING_QUERIES = (b"suggest=1", b"recompute=1")
_RATING_ENDINGS = ("/suggestions", "/recomputed")
#: What is sent to a route that needs one of these rates; and to these, reads an uploaded PDF.
_RATING_PERMISSIONS = frozenset(("own:rating:make", "own:batch:run"))
_ALSO_EXPENSIVE = frozenset(("POST /verify", "POST /api/v1/results/verify"))
#: Beginnings of addresses whose forms are about people, and are read field by field.
_OF_PEOPLE = ("/sign-", "/account", "/join/", "/organisation/", "/institutions", "/api/v1/oauth/")
#: What programs look up all day, and each time takes a few milliseconds.
_LOOKS = re.compile("/api/v1/(lookups(/[^/]+)?|ratings/[^/]+|result-feed)")
LOOKS_AT_ONCE = 4
#: Where files are uploaded that are larger than a form. Nothing is rated there: a job does that.
UPLOADS = (
    "/batches",
    "/api/v1/batches",
    "/finance/documents",
    "/api/v1/finance/documents",
    "/imports",
    "/api/v1/imports",
)


class RatingQueue:
    """ASGI middleware: a request that rates gets a place of ``ratings`` once its body is whole, or is refused.

    Any other change goes by: nobody waits behind ratings to sign in or to revoke a consent. The body is read before a
    place is asked for, so that a slow sender holds none. An upload asks for a place of ``uploads`` before its body is
    read, so that only so many large files are in memory.
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
        if scope["type"] != "http" or not (_rates(scope) or _changes(scope)):
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
            if not _rates(scope):
                await self.app(scope, _said_again(body, receive), send)
                return
            async with self.ratings.place():
                await self.app(scope, _said_again(body, receive), send)
        except (BusyError, InputError) as error:
            await self.refuse(Request(scope), error)(scope, receive, send)


class LookQueue:
    """ASGI middleware: of the requests that only look something up, so many are worked on at once; the others wait.

    More threads answer nothing sooner, because each waits for the others after every word of the database: of 20
    clients on PostgreSQL 95 % had their answer within 180 ms, and within 60 ms in places. A place is free again with
    the first byte of its answer: who does not read on holds none. Nobody is refused: connections are few already.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._places = asyncio.Semaphore(LOOKS_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, after others where it looks something up."""
        if scope["type"] != "http" or scope["method"] != "GET" or not _LOOKS.fullmatch(scope["path"]):
            await self.app(scope, receive, send)
            return
        await self._places.acquire()
        holds = True

        def leave() -> None:
            nonlocal holds
            if holds:
                holds = False
                self._places.release()

        async def answered(message: Message) -> None:
            leave()
            await send(message)

        try:
            await self.app(scope, receive, answered)
        finally:
            leave()


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
    if scope["method"] == "POST":
        return rating_addresses().fullmatch(scope["path"]) is not None
    if scope["method"] not in ("GET", "HEAD"):
        return False
    return scope["path"].endswith(_RATING_ENDINGS) or any(q in scope["query_string"] for q in _RATING_QUERIES)


def _changes(scope: Scope) -> bool:
    return scope["method"] not in ("GET", "HEAD") and not scope["path"].startswith(_OF_PEOPLE)


@functools.cache
def rating_addresses() -> re.Pattern[str]:
    """Return the pattern of the addresses that rate what is posted to them."""
    posted = (route for route in ACCESS if route.startswith("POST "))
    rating = [route for route in posted if ACCESS[route] in _RATING_PERMISSIONS or route in _ALSO_EXPENSIVE]
    return re.compile("|".join(re.sub(r"\{\w+\}", "[^/]+", route.removeprefix("POST ")) for route in rating))


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
