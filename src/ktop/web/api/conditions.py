"""Which version of something a program has read, and which it changes: ETag and If-Match."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Header

from ktop.kernel.errors import ChangedError, PreconditionNeededError

_TAG = re.compile(r'(?:W/)?"([0-9]{1,15})"')


def etag(version: int) -> str:
    """Return the ETag of a version."""
    return f'"{version}"'


async def _version_asked(
    if_match: Annotated[str | None, Header(description="The ETag of the version that is changed.")] = None,
) -> int:
    """Return the version that a change is meant for.

    Raises ``PreconditionNeededError`` where none is named, ``ChangedError`` for one that no answer gave.
    """
    if if_match is None:
        raise PreconditionNeededError("repeats.version_missing")
    found = _TAG.fullmatch(if_match.strip())
    if found is None:
        raise ChangedError("repeats.version_changed")
    return int(found[1])


#: A parameter of an operation that changes something: the version it changes.
VersionAsked = Annotated[int, Depends(_version_asked)]
