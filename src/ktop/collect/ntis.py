"""NTIS (국가과학기술지식정보서비스): publicly funded R&D projects by the name of the institution that does them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from ktop.collect.answer import Operation, Verdict
from ktop.collect.payload import Node, UnreadableError, count, day, digits, entries, read, text, within
from ktop.collect.value import Identity, Value

PAGE_ROWS = 100
_NOT_PERMITTED, _QUOTA = ("KEY", "IP", "AUTH", "PERMISSION", "인증", "승인"), ("LIMIT", "QUOTA", "초과")


def judge(content: bytes) -> Verdict:
    """Tell what kind of answer it is; errors come as HTTP 200 with another root or an error code inside."""
    try:
        answer = read(content)
    except UnreadableError:
        return Verdict("broken", "unreadable")
    hits = count(answer, "RESULT", "TOTALHITS")
    if hits is not None:
        return Verdict("found") if hits and list(_projects(answer)) else Verdict("no_data")
    said = " ".join(
        str(part) for name in ("CODE", "ERRORCODE", "ERROR", "MESSAGE", "MSG") for part in _words(answer, name)
    )
    if any(word in said.upper() for word in _QUOTA):
        return Verdict("quota", "limit")
    if any(word in said.upper() for word in _NOT_PERMITTED):
        return Verdict("not_permitted", "key")
    return Verdict("broken", "no_hits")


def _words(answer: Node, name: str) -> list[str]:
    found = []
    for written in (name, name.lower(), name.title(), {"ERRORCODE": "errorCode"}.get(name, name)):
        found += [str(part) for part in within(answer, written) if isinstance(part, str)]
    return found


# Client code disagrees on the names of two parameters (SRWR, displayCnt; query, displayCount): both are sent.
PROJECTS = Operation(
    "ntis",
    "projects",
    "/public_project",
    "apprvKey",
    judge,
    {"collection": "project", "displayCnt": str(PAGE_ROWS), "displayCount": str(PAGE_ROWS)},
)


def query(name: str) -> dict[str, str]:
    """Return the parameters that ask for the projects of an institution."""
    return {"SRWR": name, "query": name, "addQuery": f"PB01={name}", "startPosition": "1"}


def page(number: int) -> dict[str, str]:
    """Return the parameters of a further page of a search."""
    return {"startPosition": str((number - 1) * PAGE_ROWS + 1)}


def _projects(answer: Node) -> list[Node]:
    return [hit for hit in within(answer, "HIT") if isinstance(hit, Mapping)]


def hits(content: bytes) -> int:
    """Return how many projects a search found in all."""
    try:
        return count(read(content), "RESULT", "TOTALHITS") or 0
    except UnreadableError:
        return 0


def projects(content: bytes, asked: Mapping[str, str], identity: Identity) -> Sequence[Value]:
    """Return the projects of institutions with one of the company's names.

    Where the service gives the institution's business number it decides; a project found by the name alone is not sure.
    """
    try:
        found = _projects(read(content))
    except UnreadableError:
        return []
    values: list[Value] = []
    for hit in found:
        number, begins = text(hit, "ProjectNumber"), _period(hit, "Start")
        agency = next(iter(entries(hit, "ResearchAgency")), {})
        own = digits(agency, "BusinessNumber", length=10)
        sure = own == identity.business_number
        if number is None or begins is None or not (sure or (own is None and identity.named(text(agency, "Name")))):
            continue
        told = {
            "title": text(hit, "ProjectTitle", "Korean") or text(hit, "ProjectTitle", "English"),
            "start": begins,
            "end": _period(hit, "End"),
            "funding": "public",
        }
        key = "".join(sign for sign in number if sign.isalnum())
        values += [Value(f"rnd_projects.{key}.{n}", v, sure=sure) for n, v in told.items() if v is not None]
    return values


def _period(hit: Node, which: str) -> date | None:
    return day(hit, "ProjectPeriod", f"Total{which}") or day(hit, "ProjectPeriod", which)
