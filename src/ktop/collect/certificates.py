"""Certificates on data.go.kr (odcloud): the list of venture firms (벤처기업명단) with the days they are valid for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from ktop.collect import korean_portal
from ktop.collect.answer import Operation, Verdict
from ktop.collect.payload import Node, UnreadableError, count, day, digits, entries, read, text
from ktop.collect.value import Identity, Plain, Value

_CODES: Mapping[str, Verdict] = {
    **{code: Verdict("not_permitted", code) for code in ("-4", "-401")},
    "-10": Verdict("quota", "-10"),
}


def judge(content: bytes) -> Verdict:
    """Tell what kind of answer it is."""
    try:
        answer = read(content)
    except UnreadableError:
        return Verdict("broken", "unreadable")
    if "data" in answer and isinstance(answer["data"], list):
        return Verdict("found") if entries(answer, "data") else Verdict("no_data")
    code = text(answer, "code")
    if code is not None:
        return _CODES.get(code, Verdict("broken", code))
    portal = korean_portal.judge(content)
    return portal if portal.outcome in ("not_permitted", "quota", "no_data") else Verdict("broken", "no_rows")


PAGE_ROWS = 100


def page(number: int) -> dict[str, str]:
    """Return the parameters of a further page of a list."""
    return {"page": str(number)}


def total(content: bytes) -> int | None:
    """Return how many entries of a list fit the question."""
    try:
        return count(read(content), "matchCount") or count(read(content), "totalCount")
    except UnreadableError:
        return None


#: The list's edition is part of its address, and changes with every edition.
VENTURES = Operation(
    "certificates", "ventures", "/15084581/v1/{edition}", "serviceKey", judge, {"page": "1", "perPage": "100"}
)
EDITION = "uddi:47b202c9-f0bb-43b4-949c-ebe9ef56ef02"


#: Firms with a certificate of start-up (창업기업확인서); asked where an installation names the list's edition.
STARTUPS = Operation(
    "certificates", "startups", "/15125362/v1/{edition}", "serviceKey", judge, {"page": "1", "perPage": "100"}
)


def startup_until(content: bytes, identity: Identity) -> date | None:
    """Return until when the company's certificate of start-up holds; None without its business number in the list.

    It certifies the firm's age, not a technology, so it is no certification of the record; a person is told of it.
    """
    try:
        answer = read(content)
    except UnreadableError:
        return None
    ends = [
        until
        for row in entries(answer, "data")
        if digits(row, "사업자등록번호", length=10) == identity.business_number
        and (until := day(row, "유효기간종료일") or day(row, "유효종료일")) is not None
    ]
    return max(ends, default=None)


def ventures(content: bytes, asked: Mapping[str, str], identity: Identity) -> Sequence[Value]:
    """Return the venture certificates of the company; those of a list without business numbers are not sure."""
    try:
        answer = read(content)
    except UnreadableError:
        return []
    values: list[Value] = []
    for row in entries(answer, "data"):
        own = digits(row, "사업자등록번호", length=10)
        sure = own == identity.business_number
        issued, expires = _valid(row)
        if issued is None or not (sure or (own is None and identity.named(text(row, "업체명") or text(row, "기업명")))):
            continue
        told: dict[str, Plain | None] = {
            "kind": "venture",
            "issued": issued,
            "expires": expires,
            "title": text(row, "벤처확인유형"),
        }
        values += [Value(f"certifications.venture{issued}.{n}", v, sure=sure) for n, v in told.items() if v is not None]
    return values


def _valid(row: Node) -> tuple[date | None, date | None]:
    return day(row, "벤처유효시작일"), day(row, "벤처유효종료일")
