"""Inputs that can be shown or withheld one by one: the signed part holds a salted digest of each (RFC 9901, 4.2).

A digest tells nothing of its input without the salt (128 random bits), and no digest is ever the same twice, so that
two results of one company cannot be told to rest on the same figure, nor an input be moved from one to the other.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ktop.signing import base64url
from ktop.signing.errors import NotAuthenticError

DIGEST = "sha-256"
MAX_DISCLOSURES = 2_000
#: A technology summary has 20,000 characters: 60,000 bytes in Korean, 80,000 characters in base64.
_MAX_CHARACTERS = 120_000
_SALT_BYTES = 16


def disclosure(name: str, value: Mapping[str, Any]) -> str:
    """Return one input in the form it is shown in: base64url of ``[salt, name, value]``."""
    content = json.dumps([secrets.token_urlsafe(_SALT_BYTES), name, value], ensure_ascii=False, allow_nan=False)
    return base64url.encode(content.encode())


def digest(disclosed: str) -> str:
    """Return the digest that stands for it in the signed part, 43 characters."""
    return base64url.encode(hashlib.sha256(disclosed.encode("ascii")).digest())


def digests(disclosed: Iterable[str]) -> list[str]:
    """Return the digests in an order that says nothing of the inputs'."""
    return sorted(map(digest, disclosed))


def name_of(disclosed: str) -> str:
    """Return the name of an input that this installation wrote."""
    name: str = json.loads(base64url.decode(disclosed))[1]
    return name


def verified(disclosed: Sequence[str], signed: Iterable[str]) -> dict[str, Any]:
    """Return the inputs shown, name → value.

    Raises ``NotAuthenticError`` for one that is none of the ``signed`` digests', whose form is another, or that is
    shown twice.
    """
    expected = set(signed)
    found: dict[str, Any] = {}
    if len(disclosed) > MAX_DISCLOSURES:
        raise NotAuthenticError("signing.too_large")
    for text in disclosed:
        if len(text) > _MAX_CHARACTERS:
            raise NotAuthenticError("signing.too_large")
        try:
            own = digest(text)
            salt, name, value = json.loads(base64url.decode(text))
        except (ValueError, TypeError, RecursionError) as error:
            raise NotAuthenticError("signing.foreign_input") from error
        if own not in expected or not isinstance(salt, str) or not isinstance(name, str) or name in found:
            raise NotAuthenticError("signing.foreign_input")
        expected.remove(own)
        found[name] = value
    return found
