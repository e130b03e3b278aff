"""What the services of data.go.kr have in common: their envelope, their errors in XML, and their keys."""

from __future__ import annotations

import re
from urllib.parse import unquote

from ktop.collect.answer import Verdict
from ktop.collect.payload import Node, UnreadableError, at, entries, read, text, within

#: Codes of the portal (openAPI.go.kr error codes) by what they mean; "03" is its word for no data.
_NO_DATA = frozenset({"3"})
_NOT_PERMITTED = frozenset({"20", "30", "31", "32", "33", "12"})
_QUOTA = frozenset({"21", "22", "23"})
#: Too many calls in a second: over in a moment.
TOO_FAST = "23"


def plain_key(key: str) -> str:
    """Return a key as it was issued: the portal shows it encoded, too, and encoding it twice makes it another key."""
    return unquote(key) if re.search(r"%[0-9A-Fa-f]{2}", key) else key


def judge(content: bytes) -> Verdict:
    """Tell what kind of answer it is by ``response/header/resultCode``; errors come in XML to any request."""
    try:
        answer = read(content)
    except UnreadableError:
        return Verdict("broken", "unreadable")
    code = _code(answer)
    if code is None:
        return Verdict("broken", "no_code")
    if code.strip("0") == "" or code in ("NORMAL_CODE", "INFO-000"):
        return Verdict("found") if items(answer) else Verdict("no_data")
    short = code.lstrip("0")
    if short in _NO_DATA:
        return Verdict("no_data", code)
    if short in _NOT_PERMITTED:
        return Verdict("not_permitted", code)
    return Verdict("quota" if short in _QUOTA else "broken", short if short == TOO_FAST else code)


def _code(answer: Node) -> str | None:
    header = at(answer, "response", "header") or at(answer, "header")
    for node, name in ((header, "resultCode"), (header, "resultCd")):
        found = text(node, name)
        if found is not None:
            return found
    for name in ("returnReasonCode", "resultCode"):
        for found in within(answer, name):
            if isinstance(found, str) and found.strip():
                return found.strip()
    return None


def items(answer: Node) -> list[Node]:
    """Return the entries of an answer."""
    body = at(answer, "response", "body") or at(answer, "body")
    return entries(body, "items", "item")
