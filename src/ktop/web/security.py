"""What every answer and every form is guarded by: headers, a limit on what is read, a token against foreign forms."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import re
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

from starlette.datastructures import FormData, MutableHeaders
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ktop.kernel.errors import InputError, KtopError, TooLargeError
from ktop.kernel.sealing import make_private_file
from ktop.web.asking import actor, is_secure

#: A company record may have 2 MB, a technology summary 20,000 characters; a form has both and its own overhead.
BODY_LIMIT_BYTES = 2_600_000
_FIELD_LIMIT_BYTES = 200_000
_FIELDS_LIMIT = 200
_VISIT_COOKIE = "ktop_visit"
TOKEN_FIELD = "csrf"  # noqa: S105 - the name of a form field

HEADERS = {
    # No inline script or style anywhere; pictures are inline SVG whose colours are attributes and classes.
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


#: Where people reach the platform by https, browsers come by nothing else for a year: a first request without it could
#: be led elsewhere. Other names of the domain are not ours to decide on.
STRICT_TRANSPORT = {"strict-transport-security": "max-age=31536000"}


class ForeignFormError(KtopError):
    """A form that did not come from a page of ours, or from one that was open for too long."""

    http_status = 403


class ForeignHostError(KtopError):
    """A request to this machine under the name of another: a foreign website may have led its own name here."""

    http_status = 421


class TooSlowError(KtopError):
    """A request whose body did not arrive in time."""

    http_status = 408


def is_of_this_machine(name: str) -> bool:
    """Whether a name or address leads to this very machine."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class Guard:
    """ASGI middleware: security headers on every answer, HEAD answered like GET, no body over ``limit`` bytes read
    (another limit for the paths of ``uploads``) nor waited for longer than ``seconds``, every failure answered here so
    that the kept connection stays usable.

    ``refuse`` makes the answer to a request that is not taken: its body is, or turns out to be, too large, or it came
    to this machine's own address under another name than localhost or one of ``hosts``; ``failed`` makes that to an
    error nobody foresaw. ``https``: whether people reach the platform by it alone.
    """

    def __init__(
        self,
        app: ASGIApp,
        refuse: Callable[[Request, KtopError], Response],
        failed: Callable[[Request, Exception], Response],
        limit: int = BODY_LIMIT_BYTES,
        uploads: Mapping[str, int] | None = None,
        hosts: Collection[str] = (),
        seconds: float = 30.0,
        https: bool = False,
    ) -> None:
        self.headers = HEADERS | STRICT_TRANSPORT if https else HEADERS
        self.failed = failed
        self.seconds = seconds
        self.hosts = frozenset(hosts)
        self.app = app
        self.refuse = refuse
        self.limit, self.uploads = limit, dict(uploads or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.uploads.get(scope["path"], self.limit) if scope["method"] == "POST" else self.limit
        error: KtopError = TooLargeError("web.body_too_large", limit_mb=round(limit / 1e6, 1))
        read = 0
        refused = started = whole = False
        deadline = asyncio.get_running_loop().time() + self.seconds
        only_head = scope["method"] == "HEAD"
        if only_head:  # what GET would answer, without its body
            scope = {**scope, "method": "GET"}

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                if isinstance(error, TooSlowError):
                    headers["connection"] = "close"  # what is left of the body is not waited for
                # Results are the company's own: neither a shared computer nor a proxy may keep them.
                headers.setdefault("cache-control", "no-store")
            elif only_head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        async def limited() -> Message:
            nonlocal error, read, refused, whole
            if whole:  # nothing but the reader's leaving is waited for
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                message = {"type": "http.disconnect"}
                error = TooSlowError("web.body_too_slow", seconds=round(self.seconds))
            read += len(message.get("body", b""))
            whole = message["type"] == "http.request" and not message.get("more_body", False)
            if (read > limit or isinstance(error, TooSlowError)) and not refused and not started:
                # Whoever reads the body may turn the error into an answer of its own: ours is sent first.
                refused = True
                await self.refuse(Request(scope), error)(scope, receive, guarded)
            if refused:
                raise error
            return message

        async def answered(message: Message) -> None:
            if not refused:
                await guarded(message)

        if not self._meant_for_us(scope):
            await self.refuse(Request(scope), ForeignHostError("web.foreign_host"))(scope, receive, guarded)
            return
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if length.isdigit() and int(length) > limit:
            await self.refuse(Request(scope), error)(scope, receive, guarded)
            return
        try:
            await self.app(scope, limited, answered)
        except Exception as failure:
            if refused:
                return
            answer_to_failure = self.failed(Request(scope), failure)
            if started:  # half an answer is out: only closing the connection tells so
                raise RuntimeError("an answer broke off; see the failure logged before") from None
            await answer_to_failure(scope, receive, guarded)

    def _meant_for_us(self, scope: Scope) -> bool:
        reached = (scope.get("server") or ("",))[0]
        if not is_of_this_machine(reached):
            return True
        given = dict(scope["headers"]).get(b"host", b"").decode("latin-1").strip().lower()
        name = re.sub(r":\d*$", "", given).strip("[]").rstrip(".")
        return is_of_this_machine(name) or name in self.hosts


def require_text(parts: Iterable[str]) -> None:
    """Raise ``InputError`` where a text holds half a character, which no answer, file or database can carry."""
    try:
        for part in parts:
            part.encode()
    except UnicodeEncodeError:
        raise InputError("web.not_text") from None


class FormTokens:
    """Tokens that tie a form to the browser that fetched it.

    A browser gets a random visit cookie (SameSite, not readable by scripts); each form carries the HMAC of it and of
    the session under a secret of this installation. A foreign site can neither read the cookie nor make the token.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    @classmethod
    def stored(cls, folder: Path) -> FormTokens:
        """Use the secret kept in ``folder``, made at first use, so that open forms outlive a restart.

        Where the folder cannot be written, the secret lives as long as the process.
        """
        path = folder / "form-secret"
        try:
            if not path.is_file():
                make_private_file(path, secrets.token_bytes(32))  # of several processes one makes it
            secret = path.read_bytes()
        except OSError:
            secret = b""
        return cls(secret if len(secret) == 32 else secrets.token_bytes(32))

    def token(self, request: Request) -> str:
        """Return the token for forms of this request's page, starting a visit where there is none."""
        visit = request.cookies.get(_visit_cookie(request)) or getattr(request.state, "new_visit", None)
        if not visit:
            visit = request.state.new_visit = secrets.token_hex(16)
        return self._sign(visit, request)

    def remember(self, request: Request, response: Response) -> None:
        """Give the browser its visit cookie where one was started."""
        visit = getattr(request.state, "new_visit", None)
        if visit:
            name, secure = _visit_cookie(request), is_secure(request)
            response.set_cookie(name, visit, httponly=True, samesite="lax", secure=secure)

    async def form(self, request: Request, files: int = 1) -> FormData:
        """Read and check a posted form.

        Raises ``InputError`` for one that is no form, ``ForeignFormError`` for
        a missing or wrong token.
        """
        try:
            form = await request.form(max_files=files, max_fields=_FIELDS_LIMIT, max_part_size=_FIELD_LIMIT_BYTES)
        except MultiPartException:
            raise InputError("web.broken_form") from None
        except Exception as error:  # starlette wraps parser errors in an HTTPException when it knows the app
            if isinstance(error, KtopError):
                raise
            raise InputError("web.broken_form") from error
        require_text([part for item in form.multi_items() for part in item if isinstance(part, str)])
        require_text([part.filename or "" for part in form.values() if not isinstance(part, str)])
        visit = request.cookies.get(_visit_cookie(request), "")
        given = form.get(TOKEN_FIELD)
        expected = self._sign(visit, request).encode()
        if not visit or not isinstance(given, str) or not hmac.compare_digest(given.encode(), expected):
            raise ForeignFormError("web.foreign_form")
        return form

    def _sign(self, visit: str, request: Request) -> str:
        """Return the token of a visit, another one for each session and for nobody: none made before sign-in counts."""
        said = f"{visit}|{actor(request).session}"
        return hmac.new(self._secret, said.encode(), hashlib.sha256).hexdigest()


def _visit_cookie(request: Request) -> str:
    """Return the name of the visit's cookie: by https one that no other host of the domain can set."""
    return f"__Host-{_VISIT_COOKIE}" if is_secure(request) else _VISIT_COOKIE
