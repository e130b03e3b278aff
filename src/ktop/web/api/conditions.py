"""Which version of something a program has read, and which it changes: ETag and If-Match (RFC 9110, section 13)."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Header, Response

from ktop.kernel.errors import ChangedError, PreconditionNeededError

_TAG = re.compile(r'"([0-9a-f]{1,16})"')
#: What an operation with a condition may answer besides: 412 changed meanwhile, 428 no condition.
CONDITION_FAILS = (412, 428)
#: The header that answers of one thing carry, for the OpenAPI document.
TAGGED = {
    "headers": {"ETag": {"description": "Its version, for If-Match.", "schema": {"type": "string"}}},
}


def tag(response: Response, version: int | str) -> None:
    """Say in the answer which version it is."""
    response.headers["etag"] = f'"{version}"'


async def _version_asked(
    if_match: Annotated[
        str | None, Header(max_length=100, description="The ETag of the version that is changed; required.")
    ] = None,
) -> str:
    """Return the version that a change is meant for.

    Raises ``PreconditionNeededError`` where none is named, ``ChangedError`` for one that no answer gave.
    """
    if if_match is None:
        raise PreconditionNeededError("repeats.version_missing")
    found = _TAG.fullmatch(if_match.strip())
    if found is None:
        raise ChangedError("repeats.version_changed")
    return found[1]


async def _number_asked(version: Annotated[str, Depends(_version_asked)]) -> int:
    if not version.isdecimal():
        raise ChangedError("repeats.version_changed")
    return int(version[:9])


#: Parameters of an operation that changes something: the version it changes, as text or as a count of edits.
VersionAsked = Annotated[str, Depends(_version_asked)]
EditAsked = Annotated[int, Depends(_number_asked)]
