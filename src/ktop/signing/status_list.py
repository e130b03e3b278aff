"""Which signed results were withdrawn: a list of bits, itself signed (W3C Bitstring Status List 1.0).

A verifier fetches the list of all results at once, so that the issuer never learns which one was looked at. A result's
place in it is drawn by chance, so that neighbours in the list say nothing of when they were issued.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ktop.signing import base64url
from ktop.signing.credential import CLOCK_LEEWAY, CONTEXTS, Issuer
from ktop.signing.errors import NotAuthenticError

#: Places of one list: the least that the standard allows, so that single results hide among many.
LENGTH = 131_072
KIND = "BitstringStatusListCredential"
#: How long a fetched list may be used; a withdrawal reaches everybody within this time.
LASTS = timedelta(days=7)
_FORM = "%Y-%m-%dT%H:%M:%SZ"


def place(status_index: int) -> tuple[int, int]:
    """Return the number of the list, and the place in it, of the installation's result ``status_index``."""
    return divmod(status_index, LENGTH)


def body(issuer: Issuer, number: int, withdrawn: Iterable[int], now: datetime) -> dict[str, Any]:
    """Return list ``number`` as a credential; ``withdrawn`` are the places whose results do not count any more."""
    address = issuer.status_address(number)
    now = now.astimezone(UTC).replace(microsecond=0)
    return {
        "iss": issuer.address,
        "jti": address,
        "iat": int(now.timestamp()),
        "exp": int((now + LASTS).timestamp()),
        "@context": list(CONTEXTS),
        "id": address,
        "type": ["VerifiableCredential", KIND],
        "issuer": {"id": issuer.address, "name": issuer.name},
        "validFrom": now.strftime(_FORM),
        "validUntil": (now + LASTS).strftime(_FORM),
        "credentialSubject": {
            "id": f"{address}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": encode(withdrawn),
        },
    }


def encode(withdrawn: Iterable[int]) -> str:
    """Return the bits, the first place the highest bit of the first byte, as the standard writes them."""
    bits = bytearray(LENGTH // 8)
    for index in withdrawn:
        bits[index // 8] |= 0x80 >> index % 8
    return "u" + base64url.encode(gzip.compress(bytes(bits), 6, mtime=0))


def withdrawn(payload: Mapping[str, Any], status: tuple[str, int], now: datetime) -> bool:
    """Return whether a verified list says that the result at a place was withdrawn.

    ``status`` is the list's address and the place, as the result names them. Raises ``NotAuthenticError`` for another
    list, and for one that is out of date.
    """
    address, index = status
    try:
        subject = payload["credentialSubject"]
        fits = KIND in payload["type"] and (payload["id"], payload["jti"]) == (address, address)
        fits = fits and (subject["type"], subject["statusPurpose"]) == ("BitstringStatusList", "revocation")
        begins, ends = (_moment(payload[name]) for name in ("validFrom", "validUntil"))
        bits = _bits(subject["encodedList"])
    except (KeyError, TypeError, ValueError, AttributeError, zlib.error) as error:
        raise NotAuthenticError("signing.other_status_list") from error
    if not fits or not 0 <= index < LENGTH:
        raise NotAuthenticError("signing.other_status_list")
    if not begins - CLOCK_LEEWAY <= now < ends:
        raise NotAuthenticError("signing.old_status_list", until=payload["validUntil"])
    return bool(bits[index // 8] & 0x80 >> index % 8)


def _bits(encoded: str) -> bytes:
    """Unpack a list; never more than its fixed length, whatever the packed bytes would unfold to."""
    if not encoded.startswith("u"):
        raise ValueError("not base64url")
    reader = zlib.decompressobj(wbits=31)
    bits = reader.decompress(base64url.decode(encoded[1:]), LENGTH // 8 + 1)
    if len(bits) != LENGTH // 8 or not reader.eof:
        raise ValueError("another length")
    return bits


def _moment(given: str) -> datetime:
    return datetime.strptime(given, _FORM).replace(tzinfo=UTC)
