"""How the server holds connections: so many, each given so long for a request's head; and how it ends in time."""

from __future__ import annotations

import asyncio
import os
import threading
from types import FrameType
from typing import Any

from starlette.types import ASGIApp
from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol

from ktop.kernel.settings import Settings

#: What h11 holds of a head that is not whole yet, in bytes.
_HEAD_BYTES = 32_768
_KEPT_SECONDS = 15
#: So long a client may leave an answer unread that no buffer holds any more; it may be a large file on a slow line.
_UNREAD_SECONDS = 120.0
#: After the grace period, so long until the process ends although a thread is still at work.
_LAST_SECONDS = 2.0
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 20\r\n"
    b"retry-after: 5\r\nconnection: close\r\n\r\nToo many connections"
)


class BoundedConnection(H11Protocol):
    """HTTP/1.1 connection that is closed where a request's head (or what is left of a body) is too slow to arrive,
    or an answer is not read.

    uvicorn itself only ends connections that are idle after an answer. Between requests one timer runs from the
    first moment on, and data that trickle in do not set it back. A body under way is the ``Guard``'s to time.
    """

    header_seconds: float
    unread_seconds: float
    most: int

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_timer: asyncio.TimerHandle | None = None
        self._unread_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        """Take a connection, or say that there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self.most:
            transport.write(_FULL)
            transport.close()
            return
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers."""
        self._stop()
        self._read_on()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the connection is being closed."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Wait for the next request: uvicorn's timer runs until its first byte."""
        self._stop()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Wait for a client that does not read, so that one that never does holds no connection for good."""
        super().pause_writing()
        self._unread_timer = self.loop.call_later(self.unread_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Write on: the client reads."""
        self._read_on()
        super().resume_writing()

    def _read_on(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def _watch(self) -> None:
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering or self.timeout_keep_alive_task is not None:
            self._stop()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(self.header_seconds, self.transport.abort)

    def _stop(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


class EndingServer(Server):
    """Server that ends within its grace period, whatever threads are still at work on: none of it is half-written."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end at a signal."""
        if not self.should_exit:
            grace = self.config.timeout_graceful_shutdown or 0
            last = threading.Timer(grace + _LAST_SECONDS, os._exit, args=(128 + sig,))
            last.daemon = True
            last.start()
        super().handle_exit(sig, frame)


def server(app: ASGIApp, settings: Settings, host: str, port: int) -> Server:
    """Return the server of ``app``, ready to run."""
    protocol = type(
        "Connection",
        (BoundedConnection,),
        {
            "header_seconds": settings.header_seconds,
            "unread_seconds": _UNREAD_SECONDS,
            "most": settings.connections,
        },
    )
    return EndingServer(
        Config(
            app,
            host=host,
            port=port,
            http=protocol,
            ws="none",
            log_level="warning",
            server_header=False,
            # Where a request comes from is believed of the proxy alone, and of nobody where there is none.
            proxy_headers=bool(settings.public_url),
            forwarded_allow_ips=settings.proxy,
            timeout_keep_alive=_KEPT_SECONDS,
            timeout_graceful_shutdown=settings.grace_seconds,
            h11_max_incomplete_event_size=_HEAD_BYTES,
        )
    )
