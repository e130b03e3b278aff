"""Bounds how many requests one key or user may make to the API in a minute."""

from __future__ import annotations

import time
from collections.abc import Callable

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ktop.domain.party.actor import LOCAL_OWNER, VISITOR
from ktop.kernel.errors import KtopError, TooManyRequestsError
from ktop.web.asking import actor


class RateLimits:
    """ASGI middleware: requests to the API are counted by key or user, in a window that slides over a minute.

    Each process counts by itself. The local owner of an installation without accounts is not counted.
    """

    def __init__(self, app: ASGIApp, refuse: Callable[[Request, KtopError], Response], per_minute: int) -> None:
        self.app, self.refuse = app, refuse
        self.limit = RateLimitItemPerMinute(per_minute)
        self.limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

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
        allowed = self.limiter.hit(self.limit, counted)
        window = self.limiter.get_window_stats(self.limit, counted)
        until = max(1, round(window.reset_time - time.time()))
        if not allowed:
            error = TooManyRequestsError("repeats.too_many", retry_after_seconds=until)
            await self.refuse(request, error)(scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["ratelimit-limit"] = str(self.limit.amount)
                headers["ratelimit-remaining"] = str(window.remaining)
                headers["ratelimit-reset"] = str(until)
            await send(message)

        await self.app(scope, receive, told)
