"""Who sent a request, the platform it asks, and asking without holding up other requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.types import Scope

from ktop.domain.party.actor import VISITOR, Actor
from ktop.usecases.accounts.interface import Asker
from ktop.usecases.platform import Platform

P = ParamSpec("P")
T = TypeVar("T")


def platform(request: Request) -> Platform:
    """Return the platform this application was made with."""
    found: Platform = request.app.state.platform
    return found


def known_as(scope: Scope, actor: Actor, asker: Asker | None = None) -> None:
    """Note for the rest of a request who sent it; ``ktop.web.who_asks`` finds out."""
    scope.setdefault("state", {}).update(actor=actor, asker=asker)


def actor(request: Request) -> Actor:
    """Return who asks: the user of a session, the program of a key, the local owner (solo), or a visitor."""
    found: Actor = getattr(request.state, "actor", VISITOR)
    return found


def asker(request: Request) -> Asker | None:
    """Return the person whose session a request is part of, None for programs, visitors and the local owner."""
    found: Asker | None = getattr(request.state, "asker", None)
    return found


def is_secure(request: Request) -> bool:
    """Whether the browser reaches the platform by https, itself or through a proxy that ends it."""
    behind_tls: bool = request.app.state.behind_tls
    return behind_tls or request.url.scheme == "https"


def origin(request: Request) -> str:
    """Return the address that people reach the platform by, without a slash at its end."""
    public: str = request.app.state.public_url
    return public.rstrip("/") or f"{request.url.scheme}://{request.url.netloc}"


async def ask(request: Request, use: Callable[Concatenate[Actor, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a use case on behalf of who sent the request; it blocks, so in a worker thread."""
    return await run_in_threadpool(use, actor(request), *args, **kwargs)
