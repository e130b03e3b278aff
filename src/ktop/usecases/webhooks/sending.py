"""Sends a message to an address of somebody else's choosing, and nowhere else.

Where the address leads is found once, checked, and connected to: a name that leads elsewhere at the second look (DNS
rebinding) is never looked up a second time. Redirects are not followed, proxies of the environment not used, answers
not read beyond their status, and all of it has one deadline.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import SplitResult, urlsplit

import httpx

from ktop.kernel.errors import InputError

T = TypeVar("T")

#: An attempt may take so long from looking the name up to the status of the answer.
SECONDS = 10.0
_LONGEST_URL = 2_000
#: Of IPv6 only what is given out for the public (RFC 4291), without what carries an IPv4 address or leads nowhere.
_PUBLIC_IPV6 = ipaddress.ip_network("2000::/3")
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(block) for block in ("2001::/23", "2002::/16", "3fff::/20", "192.0.0.0/24", "192.88.99.0/24")
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt went: the status answered, or the key of the sentence on why there was none."""

    status: int | None
    problem: str = ""

    @property
    def arrived(self) -> bool:
        """Whether the receiver took the message."""
        return self.status is not None and 200 <= self.status < 300


def is_public(address: str) -> bool:
    """Return whether an IP address is one of the public internet: no private, loopback, link-local or special one."""
    try:
        ip = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if ip not in _PUBLIC_IPV6:
            return False
    special = ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback or ip.is_link_local
    return ip.is_global and not special and not any(ip in block for block in _NOT_PUBLIC if block.version == ip.version)


def checked_url(url: str, *, anywhere: bool) -> SplitResult:
    """Return the parts of an address that may be sent to; ``anywhere`` allows http, too.

    Raises ``InputError`` for anything else. Where its name leads is for ``resolved`` to check, at each attempt.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InputError("webhooks.no_url") from None
    printable = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
    if len(url) > _LONGEST_URL or not printable or not parts.hostname or port == 0:
        raise InputError("webhooks.no_url")
    if parts.scheme not in (("https", "http") if anywhere else ("https",)):
        raise InputError("webhooks.not_https")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise InputError("webhooks.password_in_url")
    return parts


async def resolved(host: str, port: int, *, anywhere: bool) -> str:
    """Return an address that a name leads to, after all of them were found public (unless ``anywhere``).

    A host written as a number (``2130706433``, ``0x7f.1``) is looked up like any other, so it is judged by where it
    leads. Raises ``InputError("webhooks.not_public")``, or ``OSError`` where the name leads nowhere.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host.rstrip("."), port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses:
        raise OSError("no address")
    if not anywhere and not all(is_public(address) for address in addresses):
        raise InputError("webhooks.not_public")
    return addresses[0]


def in_own_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, in a thread of its own: the caller's may have a loop already."""
    with ThreadPoolExecutor(1) as alone:
        return alone.submit(asyncio.run, work).result()


async def send(
    url: str, content: bytes, headers: Mapping[str, str], *, anywhere: bool = False, seconds: float = SECONDS
) -> Outcome:
    """Post a message and return how that went; never raises for what the receiver does."""
    try:
        async with asyncio.timeout(seconds):
            return await _send(url, content, headers, anywhere)
    except InputError as error:
        return Outcome(None, error.key)
    except (TimeoutError, httpx.TimeoutException):
        return Outcome(None, "webhooks.too_slow")
    except ssl.SSLError:
        return Outcome(None, "webhooks.no_certificate")
    except (OSError, httpx.HTTPError, httpx.InvalidURL, UnicodeError, ValueError) as error:
        certificate = "CERTIFICATE" in str(error).upper()
        return Outcome(None, "webhooks.no_certificate" if certificate else "webhooks.not_reached")


async def _send(url: str, content: bytes, headers: Mapping[str, str], anywhere: bool) -> Outcome:
    parts = checked_url(url, anywhere=anywhere)
    assert parts.hostname is not None, "checked"
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = await resolved(parts.hostname, port, anywhere=anywhere)
    named = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    sent = {**headers, "host": named if parts.port is None else f"{named}:{port}", "content-type": "application/json"}
    target = f"{parts.scheme}://{f'[{address}]' if ':' in address else address}:{port}{parts.path or '/'}"
    target += f"?{parts.query}" if parts.query else ""
    async with (
        httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=None) as client,  # noqa: S113 - one deadline above
        client.stream(
            "POST", target, content=content, headers=sent, extensions={"sni_hostname": parts.hostname}
        ) as answer,
    ):
        return Outcome(answer.status_code)
