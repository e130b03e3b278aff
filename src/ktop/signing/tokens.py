"""Signs and strictly verifies one JSON object as a JWS (RFC 7515, ES256, ``typ: vc+jwt``).

A token is verified by a key that the verifier was given, named by the token's ``kid``. Whatever else a header could
say (another algorithm, a key of its own, where to fetch one) refuses the token instead of being followed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from ktop.kernel.errors import InputError
from ktop.signing import base64url
from ktop.signing.errors import NotAuthenticError
from ktop.signing.keys import ALGORITHM, InstalledKey
from ktop.signing.strict_json import read_object

#: Media type of a secured credential ("Securing Verifiable Credentials using JOSE and COSE", W3C 2025).
TYPE = "vc+jwt"
#: A result of ten models with two hundred inputs each has some 30 KB.
MAX_TOKEN_CHARACTERS = 128_000
MAX_KEY_SET_BYTES = 256_000
_MAX_KEYS = 200
_HEADER = frozenset({"alg", "typ", "kid"})
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "k"})

PublicKeys = Mapping[str, ECKey]


def sign(payload: Mapping[str, Any], key: InstalledKey) -> str:
    """Return the compact JWS of a JSON object; ``key`` must have its private part."""
    assert key.signer is not None
    header = {"alg": ALGORITHM, "typ": TYPE, "kid": key.id}
    content = json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return jws.serialize_compact(header, content, key.signer, [ALGORITHM], registry=_registry())


def verify(token: str, keys: PublicKeys) -> tuple[dict[str, Any], str]:
    """Return what a token says, and the id of the key that signed it.

    Raises ``NotAuthenticError`` for a token of another form, algorithm or type, with any further header, by a key that
    is not among ``keys``, and one whose signature does not hold.
    """
    header = _header(token)
    if header.get("alg") != ALGORITHM:
        raise NotAuthenticError("signing.wrong_algorithm")
    if header.get("typ") != TYPE:
        raise NotAuthenticError("signing.wrong_type")
    if header.keys() != _HEADER:
        raise NotAuthenticError("signing.foreign_header")
    key_id = header["kid"]
    key = keys.get(key_id) if isinstance(key_id, str) else None
    if key is None:
        raise NotAuthenticError("signing.unknown_key")
    try:
        found = jws.deserialize_compact(token, key, [ALGORITHM], registry=_registry())
        payload = read_object(found.payload, MAX_TOKEN_CHARACTERS)
    except (JoseError, ValueError) as error:
        raise NotAuthenticError("signing.altered") from error
    return payload, key_id


def read_keys(content: bytes | Mapping[str, Any]) -> PublicKeys:
    """Return the P-256 keys of a JWK set by their ``kid``; keys of other kinds are for other uses and left out.

    Raises ``InputError`` for what is no key set, names a key twice, holds a private key, or has no key of this kind.
    """
    try:
        listed = (read_object(content, MAX_KEY_SET_BYTES) if isinstance(content, bytes) else content)["keys"]
        if not isinstance(listed, list) or len(listed) > _MAX_KEYS or not all(isinstance(key, dict) for key in listed):
            raise ValueError("no list of keys")
        if any(key.keys() & _PRIVATE_MEMBERS for key in listed):
            raise InputError("signing.private_key_in_set")
        fitting = [key for key in listed if _fits(key)]
        found = {
            key["kid"]: ECKey.import_key({name: key[name] for name in ("kty", "crv", "x", "y", "kid")})
            for key in fitting
        }
    except (KeyError, ValueError, TypeError, JoseError) as error:
        raise InputError("signing.no_key_set") from error
    if not found or len(found) < len(fitting):
        raise InputError("signing.no_key_set")
    return found


def _fits(key: Mapping[str, Any]) -> bool:
    return (
        (key.get("kty"), key.get("crv")) == ("EC", "P-256")
        and key.get("use", "sig") == "sig"
        and key.get("alg", ALGORITHM) == ALGORITHM
        and isinstance(key.get("kid"), str)
    )


def _header(token: str) -> dict[str, Any]:
    """Return a token's header; raises ``NotAuthenticError`` for what is not three parts, each in its one spelling."""
    if not isinstance(token, str) or len(token) > MAX_TOKEN_CHARACTERS or token.count(".") != 2:
        raise NotAuthenticError("signing.no_token")
    try:
        header, _, signature = (base64url.decode(part) for part in token.split("."))
        found = read_object(header, 1_000)
    except ValueError as error:
        raise NotAuthenticError("signing.no_token") from error
    if not signature:
        raise NotAuthenticError("signing.wrong_algorithm")
    return found


def _registry() -> jws.JWSRegistry:
    registry = jws.JWSRegistry(algorithms=[ALGORITHM])
    registry.max_payload_length = MAX_TOKEN_CHARACTERS
    return registry
