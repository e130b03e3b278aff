"""Finds out who sends a request: the session of a browser's cookie, or a program's key in the Authorization header."""

from __future__ import annotations

import re
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ktop.domain.party.actor import LOCAL_OWNER, VISITOR
from ktop.kernel.errors import InputError, KtopError, SignInError
from ktop.usecases.accounts.interface import Browser, NewSession
from ktop.web.asking import is_secure, known_as, platform

_COOKIE = "ktop_session"
#: Files and states that are the same for everybody; ``/metrics`` has a token of its own.
_FOR_EVERYBODY = re.compile(r"/(static|fonts)/|/(favicon\.ico|healthz|readyz|metrics)$")
#: A key of ours anywhere in an address, however it is called there.
_KEY_IN_ADDRESS = re.compile(rb"ktop_[0-9a-z]+_|access_token=|api_?key=", re.IGNORECASE)
#: Where a program shows its key in another way (OAuth 2).
_TOKEN_ADDRESS = "/api/v1/oauth/token"  # noqa: S105 - an address
_UNSAFE = frozenset(("POST", "PUT", "PATCH", "DELETE"))


class WhoAsks:
    """ASGI middleware: names the actor of each request (``ktop.web.asking``).

    A request with an Authorization header is a program's, whatever cookies come with it; one whose key is wrong is
    refused rather than taken for a visitor's. In ``solo`` everybody who reaches the platform is its owner.
    """

    def __init__(self, app: ASGIApp, refuse: Callable[[Request, KtopError], Response], solo: bool) -> None:
        self.app, self.refuse, self.solo = app, refuse, solo

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or refuse it."""
        if scope["type"] != "http" or _FOR_EVERYBODY.match(scope["path"]):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        known_as(scope, VISITOR)
        try:
            if self.solo:
                known_as(scope, LOCAL_OWNER)
            else:
                await self._find_out(request, scope)
        except KtopError as error:
            await self.refuse(request, error)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    async def _find_out(self, request: Request, scope: Scope) -> None:
        if _KEY_IN_ADDRESS.search(scope["query_string"]):
            raise InputError("access.key_in_address")
        given = request.headers.get("authorization")
        if given is not None and scope["path"] != _TOKEN_ADDRESS:
            kind, _, key = given.partition(" ")
            if kind.lower() != "bearer":
                raise SignInError("access.key_wrong")
            known_as(scope, await run_in_threadpool(platform(request).keys.recognise, VISITOR, key.strip()[:200]))
            return
        token = request.cookies.get(cookie_name(request))
        if token and not _foreign_use_of_the_api(request):
            found = await run_in_threadpool(platform(request).accounts.asker, VISITOR, token)
            if found is not None:
                known_as(scope, found.actor, found)


def _foreign_use_of_the_api(request: Request) -> bool:
    """Whether another site's page may have made a browser ask the API, which has no form token to check.

    A link of theirs must not open a result either: each look is noted, and may be the only one that a consent allows.
    """
    if not request.url.path.startswith("/api/"):
        return False
    site = request.headers.get("sec-fetch-site")
    return site != "same-origin" if request.method in _UNSAFE else site not in ("same-origin", "none", None)


def cookie_name(request: Request) -> str:
    """Return the name of the session's cookie: by https one that no other host of the domain can set."""
    return f"__Host-{_COOKIE}" if is_secure(request) else _COOKIE


def remember(request: Request, response: Response, session: NewSession) -> None:
    """Give the browser the token of its session; the server says when it ends, the browser forgets it when closed."""
    response.set_cookie(
        cookie_name(request), session.token, httponly=True, samesite="lax", secure=is_secure(request), path="/"
    )


def forget(request: Request, response: Response) -> None:
    """Take the token from the browser."""
    response.delete_cookie(cookie_name(request), httponly=True, samesite="lax", secure=is_secure(request), path="/")


def browser(request: Request) -> Browser:
    """Return where a request comes from."""
    return Browser(request.client.host if request.client else "", request.headers.get("user-agent", "")[:200])
