"""Long lists in pages: what stands on one, and where the next begins."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from ktop.kernel.errors import InputError

T = TypeVar("T")

#: How many rows a page has where nobody says, and at most.
PAGE_ROWS, MOST_ROWS = 50, 200
_LONGEST_CURSOR = 400


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows in order, and the cursor behind which the next page begins; None on the last page."""

    items: Sequence[T]
    after: str | None


def rows_asked(limit: int | None) -> int:
    """Return how many rows a page shall have; raises ``InputError`` outside 1 to 200."""
    asked = PAGE_ROWS if limit is None else limit
    if not 1 <= asked <= MOST_ROWS:
        raise InputError("paging.limit", most=MOST_ROWS)
    return asked


def page_of(rows: Sequence[T], limit: int, key: Callable[[T], tuple[datetime | str | int, ...]]) -> Page[T]:
    """Return the page of a query that was asked for one row more than ``limit``.

    ``key`` gives what the rows are ordered by, unique for each row.
    """
    shown = rows[:limit]
    return Page(shown, _cursor(key(shown[-1])) if len(rows) > limit else None)


def _cursor(key: tuple[datetime | str | int, ...]) -> str:
    parts = [part.astimezone(UTC).isoformat() if isinstance(part, datetime) else part for part in key]
    return base64.urlsafe_b64encode(json.dumps(parts, ensure_ascii=False).encode()).decode().rstrip("=")


def read_cursor(cursor: str, *kinds: type) -> tuple[datetime | str | int, ...]:
    """Return the key that a cursor stands for, as long and of such kinds as ``kinds`` (datetime, str, int).

    Raises ``InputError`` for one that no page gave.
    """
    try:
        if len(cursor) > _LONGEST_CURSOR:
            raise ValueError
        parts = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        if not isinstance(parts, list) or len(parts) != len(kinds):
            raise ValueError
        return tuple(_part(part, kind) for part, kind in zip(parts, kinds, strict=True))
    except (ValueError, binascii.Error, RecursionError):
        raise InputError("paging.cursor") from None


def _part(part: object, kind: type) -> datetime | str | int:
    if kind is datetime and isinstance(part, str):
        moment = datetime.fromisoformat(part)
        if moment.tzinfo is None:
            raise ValueError
        return moment
    if kind is int and isinstance(part, int) and not isinstance(part, bool) and abs(part) < 2**62:
        return part
    if kind is str and isinstance(part, str):
        part.encode()  # half a character is in no key
        return part
    raise ValueError
