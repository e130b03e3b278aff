"""Who sent a request, the platform it asks, and asking without holding up other requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from ktop.domain.party.actor import LOCAL_OWNER, Actor
from ktop.usecases.platform import Platform

P = ParamSpec("P")
T = TypeVar("T")


def platform(request: Request) -> Platform:
    """Return the platform this application was made with."""
    found: Platform = request.app.state.platform
    return found


def actor(request: Request) -> Actor:
    """Return who asks: without accounts, the owner of this installation."""
    return LOCAL_OWNER


async def ask(request: Request, use: Callable[Concatenate[Actor, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a use case on behalf of who sent the request; it blocks, so in a worker thread."""
    return await run_in_threadpool(use, actor(request), *args, **kwargs)
