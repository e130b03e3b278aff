"""How the client asks: a key in the header, a repeated request done once, answers as JSON, refusals as exceptions."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Literal, TypeVar
from urllib.parse import quote

import httpx

C = TypeVar("C", bound="Connection")

#: What may pass by itself: too many requests, a server that is busy or being started again.
_PASSING = frozenset((429, 502, 503, 504))
#: The first attempt of this very request is still worked on, or its process has just died (its claim ends in a minute).
_IN_PROGRESS = "repeats.in_progress"
_LONGEST_PAUSE_SECONDS = 30.0
#: Versions of what was read are remembered for so many addresses.
_VERSIONS = 10_000


class ApiError(Exception):
    """An answer that is a refusal.

    Parameters
    ----------
    status : HTTP status.
    code : stays the same over time, for programs to compare (``"consent.not_found"``).
    sentence : what is wrong and what to do, for people, in the client's language.
    retry_after : seconds after which to ask again, None where the server says none.
    """

    def __init__(self, status: int, code: str, sentence: str, retry_after: float | None = None) -> None:
        super().__init__(f"{status} {code}: {sentence}")
        self.status, self.code, self.sentence, self.retry_after = status, code, sentence, retry_after


class RefusedError(ApiError):
    """Something in the request is wrong (400, 413, 415, 422)."""


class NotSignedInError(ApiError):
    """No key, or one that is wrong, expired or revoked (401)."""


class ForbiddenError(ApiError):
    """The key may not do this (403)."""


class NotFoundError(ApiError):
    """There is nothing of this name that the key may know of (404)."""


class ConflictError(ApiError):
    """What there is does not allow it (409)."""


class ChangedError(ConflictError):
    """Somebody else was faster, or the version to change was not named (412, 428): read it again."""


class TooManyRequestsError(ApiError):
    """More requests than the key may make in a minute (429)."""


class ServerFailedError(ApiError):
    """The server failed or is busy (5xx)."""


class UnreachableError(Exception):
    """No answer came at all."""


_KINDS: Mapping[int, type[ApiError]] = {
    401: NotSignedInError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    412: ChangedError,
    428: ChangedError,
    429: TooManyRequestsError,
}


class Connection:
    """A connection to one installation, kept open between requests. Close it, or use it in a ``with`` block.

    Parameters
    ----------
    address : address of the installation (``"https://ktop.example"``).
    key : API key or access token; None for what is open to everybody.
    lang : language of sentences, ``"ko"`` or ``"en"``.
    timeout : seconds to wait for an answer.
    retries : how often what failed in passing (no connection, 429, 502, 503, 504) is asked again, after a pause. A POST
        carries an ``Idempotency-Key``, made up where none is given, so that it happens once all the same.
    http : what sends the requests, in the place of a client made here (proxies, certificates, tests).
    pause : waits so many seconds.
    """

    def __init__(
        self,
        address: str,
        key: str | None = None,
        *,
        lang: Literal["ko", "en"] = "ko",
        timeout: float = 60.0,
        retries: int = 2,
        http: httpx.Client | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http = http or httpx.Client(timeout=timeout)
        self._address, self._lang, self._retries, self._pause = address.rstrip("/"), lang, retries, pause
        self._headers = {} if key is None else {"authorization": f"Bearer {key}"}
        self._versions: dict[str, str] = {}

    def __enter__(self: C) -> C:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: object = None,
        content: bytes | None = None,
        form: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        version: str | None = None,
        changes: bool = False,
    ) -> httpx.Response:
        """Send one request and return its answer; raises the ``ApiError`` of a refusal, or ``UnreachableError``.

        ``changes`` says that the request names a version by If-Match: ``version``, else the one read last.
        """
        headers = dict(self._headers)
        if method == "POST":
            headers["idempotency-key"] = idempotency_key or str(uuid.uuid4())
        of = self._with_version(path) if changes else path
        known = version or self._versions.get(of) if changes else None
        if known is not None:
            headers["if-match"] = known if known.startswith('"') else f'"{known}"'
        if content is not None:
            headers["content-type"] = "application/octet-stream"
        asked = {name: _written(value) for name, value in (query or {}).items() if value is not None}
        request = self._http.build_request(
            method,
            self._address + path,
            params={**asked, "lang": self._lang},
            headers=headers,
            json=body,
            content=content,
            data=dict(form) if form is not None else None,
        )
        answer = self._sent(request, self._retries if method != "PATCH" else 0)
        if "etag" in answer.headers:
            while len(self._versions) >= _VERSIONS:
                self._versions.pop(next(iter(self._versions)))
            self._versions[of] = answer.headers["etag"]
        return answer

    def _sent(self, request: httpx.Request, retries: int) -> httpx.Response:
        tried = 0
        while True:
            try:
                answer = self._http.send(request)
            except httpx.TransportError as error:
                if tried >= retries:
                    raise UnreachableError(f"{request.url.host}: {type(error).__name__}") from error
                wait = 0.5 * 2**tried
            else:
                if answer.is_success:
                    return answer
                refusal = refused(answer)
                passing = answer.status_code in _PASSING or refusal.code == _IN_PROGRESS
                wait = refusal.retry_after or 0.5 * 2**tried
                if not passing or tried >= retries or wait > _LONGEST_PAUSE_SECONDS:
                    raise refusal
            self._pause(wait)
            tried += 1

    def _with_version(self, path: str) -> str:
        """Return the address, or the nearest one above it, of which a version was read; else the address itself."""
        above = path
        while above.count("/") > 3:  # what is above is a list
            if above in self._versions:
                return above
            above = above.rpartition("/")[0]
        return path

    def pages(self, asked: Callable[[str | None], Any]) -> Iterator[Any]:
        """Give the items of all pages; ``asked`` fetches the page behind a cursor."""
        after: str | None = None
        while True:
            page = asked(after)
            yield from page["items"]
            after = page["after"]
            if after is None:
                return


def refused(answer: httpx.Response) -> ApiError:
    """Return the exception of an answer that is a refusal (problem details, RFC 9457)."""
    try:
        said = answer.json()
    except ValueError:
        said = {}
    said = said if isinstance(said, dict) else {}
    kind = _KINDS.get(answer.status_code, ServerFailedError if answer.status_code >= 500 else RefusedError)
    code = said.get("code") or said.get("error") or "unknown"
    sentence = said.get("detail") or said.get("error_description") or answer.reason_phrase
    after = answer.headers.get("retry-after", "")
    return kind(answer.status_code, str(code), str(sentence), float(after) if after.isdigit() else None)


def part(value: str) -> str:
    """Return a value as a part of an address."""
    return quote(value, safe="")


def _written(value: Any) -> str | list[str]:
    if isinstance(value, list):
        return [str(one) for one in value]
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
