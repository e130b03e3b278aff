"""Which version of something a program has read, and which it changes: ETag and If-Match (RFC 9110, section 13)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Response

from ktop.kernel.errors import ChangedError, PreconditionNeededError

_TAG = re.compile(r'"([0-9a-f]{1,16})"')
_COUNT = re.compile(r"[0-9]{1,9}")
#: What an operation with a condition may answer besides: 412 changed meanwhile, 428 no condition.
CONDITION_FAILS = (412, 428)
#: The header that answers of one thing carry, for the OpenAPI document.
TAGGED = {
    "headers": {"ETag": {"description": "Its version, for If-Match.", "schema": {"type": "string"}}},
}


def tag(response: Response, version: int | str) -> None:
    """Say in the answer which version it is."""
    response.headers["etag"] = f'"{version}"'


@dataclass(frozen=True, slots=True)
class Condition:
    """The version that a change is meant for, judged once the rest of the request is known to be well formed."""

    given: str | None

    def version(self) -> str:
        """Return the version named.

        Raises ``PreconditionNeededError`` where none is, ``ChangedError`` for one that no answer gave.
        """
        if self.given is None:
            raise PreconditionNeededError("repeats.version_missing")
        found = _TAG.fullmatch(self.given.strip())
        if found is None:
            raise ChangedError("repeats.version_changed")
        return found[1]

    def edit(self) -> int:
        """Return the version of what counts its edits; raises as ``version``."""
        found = _COUNT.fullmatch(self.version())
        if found is None:
            raise ChangedError("repeats.version_changed")
        return int(found[0])


async def _condition(
    if_match: Annotated[
        str | None, Header(max_length=100, description="The ETag of the version that is changed; required.")
    ] = None,
) -> Condition:
    return Condition(if_match)


#: A parameter of an operation that changes something.
IfMatch = Annotated[Condition, Depends(_condition)]
