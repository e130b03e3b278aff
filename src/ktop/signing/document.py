"""The signed result as a file: the token, and the inputs that are shown with it; and checking one, offline."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from ktop.signing import credential, disclosures, status_list, tokens
from ktop.signing.credential import Claims
from ktop.signing.errors import NotAuthenticError
from ktop.signing.strict_json import read_object

FORMAT = "ktop-signed-result/1"
MEDIA_TYPE = "application/json"
MAX_BYTES = 1_000_000
_MEMBERS = frozenset({"format", "credential", "disclosures"})


@dataclass(frozen=True, slots=True)
class SignedResult:
    """One signed result: its compact token, and those of its inputs that its holder shows."""

    token: str
    disclosed: Sequence[str] = ()

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Read a file. Raises ``NotAuthenticError`` for another form: unsigned words beside the token included."""
        try:
            found = read_object(content, MAX_BYTES)
        except ValueError as error:
            key = "signing.too_large" if len(content) > MAX_BYTES else "signing.no_signed_result"
            raise NotAuthenticError(key) from error
        shown = found.get("disclosures")
        if found.keys() != _MEMBERS or found["format"] != FORMAT or not isinstance(found["credential"], str):
            raise NotAuthenticError("signing.no_signed_result")
        if not isinstance(shown, list) or not all(isinstance(one, str) for one in shown):
            raise NotAuthenticError("signing.no_signed_result")
        return cls(found["credential"], shown)

    def to_bytes(self) -> bytes:
        """Return the file."""
        content = {"format": FORMAT, "credential": self.token, "disclosures": list(self.disclosed)}
        return (json.dumps(content, indent=1) + "\n").encode()

    def names(self) -> list[str]:
        """Return the names of the inputs shown, of a result that this installation wrote."""
        return [disclosures.name_of(one) for one in self.disclosed]

    def showing(self, names: Collection[str]) -> Self:
        """Return the same result with only these of its inputs shown; the signature holds as before."""
        return replace(self, disclosed=[one for one in self.disclosed if disclosures.name_of(one) in names])


@dataclass(frozen=True, slots=True)
class Verified:
    """A signed result that is authentic.

    Parameters
    ----------
    inputs : those shown, name → ``{"value", "source", "date"}``; ``withheld`` counts the others.
    """

    claims: Claims
    key_id: str
    inputs: Mapping[str, Any]
    withheld: int


def verify(result: SignedResult, keys: tokens.PublicKeys, now: datetime) -> Verified:
    """Return what a signed result says, of a key among ``keys``; raises ``NotAuthenticError`` where it is not so."""
    payload, key_id = tokens.verify(result.token, keys)
    claims = credential.read(payload, now)
    shown = disclosures.verified(result.disclosed, claims.digests)
    return Verified(claims, key_id, shown, len(claims.digests) - len(shown))


def withdrawn(verified: Verified, listed: str, keys: tokens.PublicKeys, now: datetime) -> bool:
    """Return whether a signed status list says that the result was withdrawn."""
    payload, _ = tokens.verify(listed, keys)
    return status_list.withdrawn(payload, verified.claims.status, now)
