"""Reads JSON that was signed or is about to be checked: one meaning only, of limited size."""

from __future__ import annotations

import json
from typing import Any


def read_object(content: bytes | str, limit: int) -> dict[str, Any]:
    """Return a JSON object.

    Raises ``ValueError`` for anything else, for more than ``limit`` characters or bytes, a name given twice (two
    readers could take different values), figures that are no JSON (NaN), nesting beyond reason, and half characters.
    """
    if len(content) > limit:
        raise ValueError("too long")
    try:
        text = content.decode("utf-8") if isinstance(content, bytes) else content
        text.encode("utf-8")
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_figure)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name twice")
    return found


def _no_figure(name: str) -> Any:
    raise ValueError(f"{name} is no figure of JSON")
