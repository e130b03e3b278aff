"""Bounds how many requests one key or user may make to the API in a minute."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ktop.domain.party.actor import LOCAL_OWNER, VISITOR
from ktop.kernel.errors import KtopError, TooManyRequestsError
from ktop.web.asking import actor, platform

_MINUTE = 60
#: How often processes tell each other what they counted.
_TELL_SECONDS = 1.0


class RequestCounts:
    """Requests by whose they are, in this minute and the last one: those of this process, and what others told.

    The window slides: of the last minute counts the share that lies within sixty seconds from now. (A thread for each
    request that forgets it a minute later, as a kept library has it, cost more than the request.)
    """

    def __init__(self, limit: int, now: Callable[[], float] = time.time) -> None:
        self.limit, self._now = limit, now
        self._own: dict[int, Counter[str]] = {}
        self._others: dict[int, Counter[str]] = {}

    def count(self, whose: str) -> tuple[bool, int, int]:
        """Count a request unless there are too many: whether there is room, for how many more, seconds until then."""
        minute, second = divmod(self._now(), _MINUTE)
        present = int(minute)
        if present not in self._own:
            self._own = {at: counts for at, counts in self._own.items() if at == present - 1} | {present: Counter()}
        last = (self._of(present - 1, whose)) * (1 - second / _MINUTE)
        used = int(last) + self._of(present, whose)
        allowed = used < self.limit
        if allowed:
            self._own[present][whose] += 1
        return allowed, max(0, self.limit - used - allowed), max(1, round(_MINUTE - second))

    def own(self) -> dict[tuple[int, str], int]:
        """Return what this process counted, by minute and whose."""
        return {(minute, whose): count for minute, counts in self._own.items() for whose, count in counts.items()}

    def take_over(self, others: Mapping[tuple[int, str], int]) -> None:
        """Take over what the other processes counted."""
        told: dict[int, Counter[str]] = {}
        for (minute, whose), count in others.items():
            told.setdefault(minute, Counter())[whose] = count
        self._others = told

    def _of(self, minute: int, whose: str) -> int:
        return sum(counts[minute][whose] for counts in (self._own, self._others) if minute in counts)


class RateLimits:
    """ASGI middleware: requests to the API are counted by key or user, in a window that slides over a minute.

    Where ``shared``, processes tell each other their counts once a second by the database, so that a limit is one limit
    over all of them, but for what comes within that second. The local owner of an installation without accounts is not
    counted.
    """

    def __init__(
        self,
        app: ASGIApp,
        refuse: Callable[[Request, KtopError], Response],
        per_minute: int,
        shared: bool = False,
    ) -> None:
        self.app, self.refuse, self.shared = app, refuse, shared
        self.counts = RequestCounts(per_minute)
        self._process = secrets.token_hex(8)
        self._told = time.monotonic()
        self._telling: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or refuse it until its window has room again."""
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        who = actor(request)
        if who == LOCAL_OWNER:
            await self.app(scope, receive, send)
            return
        counted = f"{who.organisation}/{who.user}"
        if who == VISITOR:  # strangers share no window
            counted += f"/{request.client.host if request.client else ''}"
        allowed, remaining, until = self.counts.count(hashlib.sha256(counted.encode()).hexdigest()[:32])
        if self.shared and self._telling is None and time.monotonic() - self._told >= _TELL_SECONDS:
            self._telling = asyncio.create_task(self._tell(request))
        if not allowed:
            error = TooManyRequestsError("repeats.too_many", retry_after_seconds=until)
            await self.refuse(request, error)(scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["ratelimit-limit"] = str(self.counts.limit)
                headers["ratelimit-remaining"] = str(remaining)
                headers["ratelimit-reset"] = str(until)
            await send(message)

        await self.app(scope, receive, told)

    async def _tell(self, request: Request) -> None:
        try:
            share = platform(request).operations.share_request_counts
            self.counts.take_over(await run_in_threadpool(share, LOCAL_OWNER, self._process, self.counts.own()))
        except KtopError:
            pass  # the database is away: until it is back, each process counts for itself
        finally:
            self._told = time.monotonic()
            self._telling = None
