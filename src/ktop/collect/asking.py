"""Asks sources over HTTP: within their limits, with a deadline, few retries, and never a key in what is kept."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx

from ktop.catalogue import load
from ktop.collect import korean_portal
from ktop.collect.answer import Answer, Operation, Outcome, normal_form
from ktop.collect.limits import Keeper, Limits, limits_of
from ktop.collect.payload import MAX_BYTES

#: Attempts of one call; only what may be better the next time is tried again.
ATTEMPTS = 3
_FIRST_PAUSE_SECONDS = 0.2
_TRY_AGAIN = frozenset({429, 500, 502, 503, 504})
#: What a key looks like in what is kept.
REDACTED = b"[key]"
#: Longest wait for one's turn among the calls of a second.
_LONGEST_TURN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Access:
    """Where a source is asked, and with which key. ``address`` may lead to a stand-in.

    ``secret`` is the second part of a key that has two (client credentials of the EPO).
    """

    address: str
    key: str
    secret: str = ""

    def __repr__(self) -> str:
        return f"Access({self.address!r}, key withheld)"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What may stand nowhere."""
        return tuple(part for part in (self.key, self.secret) if part)


class Asker:
    """Asks the sources that an installation has keys of.

    Parameters
    ----------
    sources : source → where and with which key.
    keeper : remembers calls and failures.
    limits : source → how often it may be asked.
    transport : how requests travel; None: over the network. Stand-ins give their own.
    patience : the times waited for answers are multiplied by it.
    """

    def __init__(
        self,
        sources: Mapping[str, Access],
        keeper: Keeper,
        transport: httpx.BaseTransport | None = None,
        limits: Callable[[str], Limits] = limits_of,
        sleep: Callable[[float], None] = time.sleep,
        patience: float = 1.0,
    ) -> None:
        self._patience = patience
        self._sources, self._keeper, self._sleep, self._limits = sources, keeper, sleep, limits
        self._token, self._lock = ("", 0.0), threading.Lock()
        for logger in ("httpx", "httpcore"):  # both log addresses, and most keys travel in the address
            logging.getLogger(logger).setLevel(logging.WARNING)
        self._client = httpx.Client(
            transport=transport, trust_env=False, follow_redirects=False, timeout=5.0 * patience
        )

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def has(self, source: str) -> bool:
        """Return whether the installation has access to a source."""
        return source in self._sources

    def ask(self, operation: Operation, parameters: Mapping[str, str], body: Any = None) -> Answer:
        """Ask a source once, and again where it failed; never raises for what the source does.

        ``parameters`` are kept with the answer and hold no key; so is ``body``, which a POST sends.
        """
        asked = normal_form({**parameters, **({} if body is None else {"body": normal_form(body)})})
        access = self._sources.get(operation.source)
        now = datetime.now(UTC)
        if access is None or not access.key:
            return Answer(operation.source, operation.name, asked, now, "not_permitted", "no_key")
        answer = Answer(operation.source, operation.name, asked, now, "broken", "not_asked")
        for attempt in range(ATTEMPTS):
            leave = self._keeper.take(operation.source, self._limits(operation.source), datetime.now(UTC))
            if not leave.given or leave.wait_seconds > _LONGEST_TURN_SECONDS:
                outcome: Outcome = "quota" if leave.why in ("quota", "share") else "broken"
                if attempt and outcome == "broken":
                    return answer
                return Answer(operation.source, operation.name, asked, now, outcome, leave.why, retry_at=leave.until)
            if leave.wait_seconds > 0:
                self._sleep(leave.wait_seconds)
            answer, again = self._once(operation, access, parameters, body, asked)
            self._keeper.note(operation.source, answer.outcome, answer.detail, answer.at)
            if not again:
                break
            if attempt + 1 < ATTEMPTS:
                self._sleep(_FIRST_PAUSE_SECONDS * 2**attempt * (1 + random.random()))  # noqa: S311 - jitter, no secret
        return answer

    def _once(
        self, operation: Operation, access: Access, parameters: Mapping[str, str], body: Any, asked: str
    ) -> tuple[Answer, bool]:
        """Make one call; return its answer, and whether another attempt may do better."""
        status, content, media_type, problem = None, b"", "application/octet-stream", ""
        try:
            status, content, media_type = self._send(operation, access, parameters, body)
        except _TooLateError:
            problem = "too_slow"
        except _TooLargeError:
            problem = "too_large"
        except _NotPermittedError:
            status = 401
        except httpx.TimeoutException:
            problem = "too_slow"
        except httpx.RemoteProtocolError:
            problem = "cut_off"
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError):
            problem = "not_reached"
        # a source that repeats what it was asked repeats the key
        for secret in filter(None, (*access.secrets, self._token[0])):
            for written in {secret, quote(secret, safe=""), quote(secret)}:
                content = content.replace(written.encode(), REDACTED)
        outcome, detail = _turned_out(operation, status, content, problem)
        answer = Answer(
            operation.source,
            operation.name,
            asked,
            datetime.now(UTC),
            outcome,
            detail,
            content,
            media_type,
        )
        return answer, problem in ("too_slow", "cut_off", "not_reached") or (
            status in _TRY_AGAIN and outcome == "broken"
        )

    def _epo_token(self, access: Access) -> str:
        """Return the token of client credentials, asked for where there is none that is still good."""
        with self._lock:
            token, until = self._token
            if time.monotonic() < until:
                return token
            answer = self._client.post(
                f"{access.address.rstrip('/')}/auth/accesstoken",
                auth=(access.key, access.secret),
                data={"grant_type": "client_credentials"},
            )
            try:
                told = answer.json() if answer.status_code == 200 and len(answer.content) < 10_000 else {}
                token, seconds = str(told["access_token"]), float(told["expires_in"])
            except (ValueError, KeyError, TypeError):
                raise _NotPermittedError from None
            self._token = (token, time.monotonic() + seconds - 60)
            return token

    def _send(
        self, operation: Operation, access: Access, parameters: Mapping[str, str], body: Any
    ) -> tuple[int, bytes, str]:
        path, query, headers = operation.path, {**operation.fixed, **parameters}, {"accept": "*/*"}
        for name in [name for name in query if f"{{{name}}}" in path]:
            path = path.replace(f"{{{name}}}", query.pop(name))
        key = access.key if operation.source in ("opendart", "kipris", "ntis") else korean_portal.plain_key(access.key)
        if operation.source == "epo":
            key = f"Bearer {self._epo_token(access)}"
        if operation.key.startswith("header:"):
            headers[operation.key.removeprefix("header:")] = key
        elif operation.key:
            query[operation.key] = key
        seconds = self._patience * float(load("sources")["sources"][operation.source]["seconds"])
        deadline = time.monotonic() + seconds
        sent = {} if body is None else {"json": body}
        url = access.address.rstrip("/") + path
        with self._client.stream(operation.method, url, params=query, headers=headers, **sent) as response:
            content = bytearray()
            for part in response.iter_bytes():
                content += part
                if len(content) > MAX_BYTES:
                    raise _TooLargeError
                if time.monotonic() > deadline:
                    raise _TooLateError
            media_type = response.headers.get("content-type", "application/octet-stream")[:80]
            return response.status_code, bytes(content), media_type


class _NotPermittedError(Exception):
    """The source gave no token for the key."""


class _TooLateError(Exception):
    """The answer was not there within its time."""


class _TooLargeError(Exception):
    """The answer is larger than any that a source gives."""


def _turned_out(operation: Operation, status: int | None, content: bytes, problem: str) -> tuple[Outcome, str]:
    """Return how a call turned out: what the content says comes before the status, which says 200 for anything."""
    if problem:
        return "broken", problem
    verdict = operation.judge(content)
    if status == 200 or verdict.outcome in ("not_permitted", "quota"):
        return verdict.outcome, verdict.detail
    if status in (401, 403):
        return "not_permitted", str(status)
    if status == 404 and verdict.outcome == "no_data":
        return "no_data", verdict.detail
    return ("quota", "429") if status == 429 else ("broken", str(status))
