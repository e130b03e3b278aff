"""What a monitor asks a server: whether it lives, whether it is ready, and its figures; and a log of requests.

Neither figures nor log hold an address with an identifier, a name or anything entered: a request is known by its
route, its answer's status, how long it took, and a number that also stands in the answer.
"""

from __future__ import annotations

import hmac
import logging
import os
import re
import secrets
import time

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.process_collector import ProcessCollector
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ktop.domain.party.actor import LOCAL_OWNER
from ktop.kernel.errors import KtopError, NotFoundError
from ktop.web.asking import platform
from ktop.web.processes import FIGURES

LOG = logging.getLogger("ktop.web.requests")
REQUEST_NUMBER = "x-request-id"
_NUMBER = re.compile(r"[0-9A-Za-z._-]{8,64}")
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"))
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

router = APIRouter(include_in_schema=False)


class Figures:
    """The figures of this process; of several, each can tell those of all (``whole``)."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        labels = ("method", "route", "status")
        self.requests = Counter("ktop_requests", "Requests answered.", labels, registry=self.registry)
        self.seconds = Histogram(
            "ktop_request_seconds",
            "Seconds until an answer was whole.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.working = Gauge(
            "ktop_requests_in_progress",
            "Requests being worked on.",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self._installation: dict[str, Gauge] = {}

    def of_installation(self, found: dict[str, float]) -> None:
        """Take over the figures that the database knows."""
        for name, value in found.items():
            if name not in self._installation:
                words = f"{name.replace('_', ' ').capitalize()}, in the whole installation."
                self._installation[name] = Gauge(
                    f"ktop_{name}", words, registry=self.registry, multiprocess_mode="mostrecent"
                )
            self._installation[name].set(value)

    def whole(self) -> CollectorRegistry:
        """Return the figures of all processes that answer on this port, without what the system knows of each."""
        if not os.environ.get(FIGURES):
            return self.registry
        whole = CollectorRegistry()
        MultiProcessCollector(whole)
        return whole


class Monitor:
    """ASGI middleware: counts, times and logs each request, and gives it a number."""

    def __init__(self, app: ASGIApp, figures: Figures) -> None:
        self.app, self.figures = app, figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        number = given if _NUMBER.fullmatch(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_number"] = number
        status = 0

        async def numbered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_NUMBER] = number
            await send(message)

        began = time.perf_counter()
        self.figures.working.inc()
        try:
            await self.app(scope, receive, numbered)
        finally:
            took = time.perf_counter() - began
            self.figures.working.dec()
            route = getattr(scope.get("route"), "path", "unknown")
            method = (
                scope["method"] if scope["method"] in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD") else "other"
            )
            self.figures.requests.labels(method, route, str(status)).inc()
            self.figures.seconds.labels(method, route).observe(took)
            level = logging.WARNING if status >= 500 else logging.INFO
            LOG.log(
                level,
                "request",
                extra={
                    "method": method,
                    "route": route,
                    "status": status,
                    "ms": round(took * 1000, 1),
                    "number": number,
                },
            )


@router.get("/healthz")
async def alive() -> Response:
    """Say that this process answers."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
async def ready(request: Request) -> Response:
    """Say whether this process can do its work: 503 where database or models are missing.

    A corpus that is still being made does not count: companies can be rated without it.
    """
    found = await run_in_threadpool(platform(request).operations.ready, LOCAL_OWNER)
    enough = found["database"] and found["models"]
    return JSONResponse({"ready": enough, **found}, 200 if enough else 503)


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Give the figures in the form of Prometheus, to who has the token, or without one to this machine alone."""
    if not _may_read(request):
        raise NotFoundError("web.page_not_found")
    figures: Figures = request.app.state.figures
    try:
        figures.of_installation(dict(await run_in_threadpool(platform(request).operations.figures, LOCAL_OWNER)))
    except KtopError:
        pass  # the database's own figures are missing then, and readyz says why
    return Response(generate_latest(figures.whole()), media_type=CONTENT_TYPE_LATEST)


def _may_read(request: Request) -> bool:
    token: str | None = request.app.state.metrics_token
    if token:
        given = request.headers.get("authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    near = request.client is not None and request.client.host in ("127.0.0.1", "::1", "testclient")
    forwarded = any(name in request.headers for name in ("forwarded", "x-forwarded-for", "x-real-ip"))
    return near and not forwarded
