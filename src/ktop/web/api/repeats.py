"""Lets a program send a request again without its effect happening twice (Idempotency-Key)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ktop.domain.party.actor import VISITOR
from ktop.kernel.errors import InputError, KtopError
from ktop.usecases.repeats.interface import KeptAnswer
from ktop.web.asking import actor, platform

HEADER = "idempotency-key"
_KEY = re.compile(r"[!-~]{8,200}")
#: Headers of an answer that are given again with it.
_KEPT_HEADERS = frozenset(("etag", "location", "content-language"))
#: Longer answers are not kept; what makes such is read only.
_LONGEST_ANSWER = 2_000_000


class Repeats:
    """ASGI middleware: a POST to the API with an Idempotency-Key is worked on once; a repetition gets its answer again.

    The key counts for one organisation and one request: who asks, method, address and body; whoever else of the
    organisation learns of a key is given nobody's answer, which may hold a secret. Answers of 5xx, 409 and 429 are
    forgotten, so that the request can be tried again, unless it has done something already: what it does is noted in
    the transaction that does it, so that a process that dies before it answers leaves no doubt.
    """

    def __init__(self, app: ASGIApp, refuse: Callable[[Request, KtopError], Response]) -> None:
        self.app, self.refuse = app, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or answer it from what is kept."""
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].startswith("/api/"):
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        key = request.headers.get(HEADER)
        if key is None or actor(request) == VISITOR:  # of strangers nothing is kept, least of all for other strangers
            await self.app(scope, receive, send)
            return
        try:
            if not _KEY.fullmatch(key):
                raise InputError("repeats.key_form")
            body = await request.body()
            who, use = actor(request), platform(request).repeats
            digest = hashlib.sha256()
            for part in (who.user.encode(), scope["path"].encode(), scope["query_string"], body):
                digest.update(len(part).to_bytes(8, "big") + part)
            found = await run_in_threadpool(use.begin, who, key, digest.hexdigest())
        except KtopError as error:
            await self.refuse(request, error)(scope, receive, send)
            return
        if isinstance(found, KeptAnswer):
            headers = {**found.headers, "idempotency-replayed": "true"}
            again = Response(found.body, found.status, headers, found.media_type)
            await again(scope, receive, send)
            return
        answer = _Heard(send)
        try:
            with use.working_on(who, found):
                await self.app(scope, _said_again(body, receive), answer)
        finally:
            heard = answer.kept()
            if heard is None:
                await run_in_threadpool(use.give_up, who, found)
            else:
                await run_in_threadpool(use.keep, who, found, heard)
        await answer.end()


def _said_again(body: bytes, receive: Receive) -> Receive:
    """Return a receive that gives a body already read, then whatever comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


class _Heard:
    """Passes an answer on and remembers it; its end is held back until all of it is kept."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._status = 0
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._end: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in message["headers"]}
        elif message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                self._end = message
                return
        await self._send(message)

    async def end(self) -> None:
        """Send what was held back."""
        if self._end is not None:
            await self._send(self._end)

    def kept(self) -> KeptAnswer | None:
        """Return the answer where it is to be given again."""
        if self._end is None or self._status >= 500 or self._status in (401, 403, 409, 413, 429):
            return None
        if len(self._body) > _LONGEST_ANSWER:
            return None
        headers = {name: value for name, value in self._headers.items() if name in _KEPT_HEADERS}
        media_type = self._headers.get("content-type", "application/json")
        return KeptAnswer(self._status, media_type, headers, bytes(self._body))
