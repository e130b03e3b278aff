"""Notices that a client has left before its answer, so that work for it can stop (``ktop.kernel.waiting``)."""

from __future__ import annotations

import asyncio
import threading

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ktop.kernel.waiting import until


class Watch:
    """Once a request's body is read, the next thing a client can say is that it has gone: that is listened for."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        left = threading.Event()
        listening: asyncio.Task[Message] | None = None

        async def listen() -> Message:
            message = await receive()
            if message["type"] == "http.disconnect":
                left.set()
            return message

        async def received() -> Message:
            nonlocal listening
            if listening is not None:
                return await asyncio.shield(listening)
            message = await listen()
            if message["type"] == "http.request" and not message.get("more_body", False):
                listening = asyncio.create_task(listen())
            return message

        try:
            with until(left):
                await self.app(scope, received, send)
        finally:
            if listening is not None:
                listening.cancel()
