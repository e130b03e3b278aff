"""Reads what sources send, whatever it is: JSON or XML as one shape, and single values that are there or missing.

Nothing is invented: what cannot be read for sure is missing.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, TypeAlias

from ktop.domain.values.text import UNWRITABLE

#: An element or object: name → text, further elements, or a list of these.
Node: TypeAlias = Mapping[str, Any]

MAX_BYTES = 20 * 1024**2
_MAX_DEPTH = 40
_LONGEST_TEXT = 500
_TAGS = re.compile(r"<[^<>]{1,200}>")
_AMOUNT = re.compile(r"(?P<minus>[-△▲−]?)\s*(?P<digits>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,18})(?:\.0+)?")
_DIGITS_OF_DAY = re.compile(r"([0-9]{4})[-./ ]?([0-9]{1,2})[-./ ]?([0-9]{1,2})\.?(?:[ T][0-9:.+]*)?")
#: Largest amount taken, as in the record.
_MAX_AMOUNT = 1e15


class UnreadableError(Exception):
    """Content that is neither JSON nor XML as its source sends it."""


def read(content: bytes) -> Node:
    """Return the content of an answer; raises ``UnreadableError``. XML gives ``{tag of the root: …}``."""
    text = content.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not text or len(content) > MAX_BYTES:
        raise UnreadableError
    found = _xml(text) if text.startswith(b"<") else _json(text)
    if not isinstance(found, Mapping):
        raise UnreadableError
    return found


def _json(text: bytes) -> Any:
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        raise UnreadableError from None


def _xml(text: bytes) -> Node:
    # A document type could define entities that grow beyond any memory; no source needs one.
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise UnreadableError
    try:
        root = ET.fromstring(text)  # noqa: S314 - no document type, so no entity to expand or to fetch
    except (ET.ParseError, ValueError, LookupError):
        raise UnreadableError from None
    return {_local(root.tag): _element(root, 0)}


def _element(element: ET.Element, depth: int) -> Any:
    if depth > _MAX_DEPTH:
        raise UnreadableError
    attributes = {f"@{_local(name)}": value for name, value in element.attrib.items()}
    if not len(element) and not attributes:
        return (element.text or "").strip()
    found: dict[str, Any] = dict(attributes)
    for child in element:
        name, value = _local(child.tag), _element(child, depth + 1)
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    words = "".join(element.itertext()).strip()
    # Marked words (<span>) are part of a text: the whole is kept beside the parts.
    return {**found, "#text": words} if words else found


def _local(tag: Any) -> str:
    return str(tag).rsplit("}", 1)[-1]


def at(node: Any, *path: str) -> Any:
    """Return what stands at a path, None where it is not there; the first of several."""
    for name in path:
        if isinstance(node, list):
            node = node[0] if node else None
        if not isinstance(node, Mapping):
            return None
        node = node.get(name)
    return node


def entries(node: Any, *path: str) -> list[Node]:
    """Return the objects at a path: one, several or none."""
    found = at(node, *path)
    several = found if isinstance(found, list) else [found]
    return [entry for entry in several if isinstance(entry, Mapping)]


def within(node: Any, name: str, depth: int = 0) -> Iterator[Any]:
    """Give everything of a name, wherever it stands; entries of a list one by one."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == name:
                yield from value if isinstance(value, list) else [value]
            else:
                yield from within(value, name, depth + 1)
    elif isinstance(node, list):
        for value in node:
            yield from within(value, name, depth + 1)


def text(node: Any, *path: str) -> str | None:
    """Return the words at a path without markup, None where there are none."""
    found = at(node, *path)
    if isinstance(found, Mapping):
        found = found.get("#text")
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return None
    words = " ".join(_TAGS.sub("", _plain(found)).split())
    words = UNWRITABLE.sub("", words)[:_LONGEST_TEXT].strip()
    return None if words in ("", "-", "null", "None") else words


def _plain(found: str | int | float) -> str:
    if isinstance(found, str):
        return found
    if isinstance(found, float):
        return str(int(found)) if found.is_integer() and abs(found) < 1e15 else repr(found)
    return str(found) if abs(found) < 10**30 else ""


def day(node: Any, *path: str) -> date | None:
    """Return a day written as 20240131, 2024-01-31, 2024.1.31 or with a time behind it; None for anything else."""
    match = _DIGITS_OF_DAY.fullmatch(text(node, *path) or "")
    if match is None:
        return None
    try:
        found = date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
    return found if 1900 <= found.year <= 2199 else None


def amount(node: Any, *path: str) -> float | None:
    """Return a whole amount as filings write it: ``1,234``, ``-1234``, ``(1,234)``, ``△1,234``; None for others."""
    words = (text(node, *path) or "").replace("원", "").strip()
    bracketed = words.startswith("(") and words.endswith(")")
    match = _AMOUNT.fullmatch(words[1:-1].strip() if bracketed else words)
    if match is None or (bracketed and match["minus"]):
        return None
    found = float(match["digits"].replace(",", ""))
    if found > _MAX_AMOUNT:
        return None
    return -found if (match["minus"] or bracketed) and found else found


def count(node: Any, *path: str, most: int = 10_000_000) -> int | None:
    """Return a whole number from 0 to ``most``; None for anything else."""
    found = amount(node, *path)
    return int(found) if found is not None and 0 <= found <= most else None


def digits(node: Any, *path: str, length: int) -> str | None:
    """Return a number of so many digits, written with or without hyphens; None for anything else."""
    found = re.sub(r"[\s\-]", "", text(node, *path) or "")
    return found if len(found) == length and found.isascii() and found.isdigit() else None
