"""Financial Services Commission (금융위원회) on data.go.kr: outlines of corporations and their summary statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ktop.catalogue import load
from ktop.collect import korean_portal
from ktop.collect.addresses import region_of
from ktop.collect.answer import Operation
from ktop.collect.payload import Node, UnreadableError, amount, count, day, digits, read, text
from ktop.collect.value import Identity, Scope, Value

_ROWS = {"resultType": "json", "numOfRows": "100", "pageNo": "1"}
OUTLINE = Operation(
    "fsc",
    "outline",
    "/GetCorpBasicInfoService_V2/getCorpOutline_V2",
    "serviceKey",
    korean_portal.judge,
    _ROWS,
)
SUMMARY = Operation(
    "fsc",
    "summary",
    "/GetFinaStatInfoService_V2/getSummFinaStat_V2",
    "serviceKey",
    korean_portal.judge,
    _ROWS,
)
BALANCE = Operation("fsc", "balance", "/GetFinaStatInfoService_V2/getBs_V2", "serviceKey", korean_portal.judge, _ROWS)
INCOME = Operation(
    "fsc", "income", "/GetFinaStatInfoService_V2/getIncoStat_V2", "serviceKey", korean_portal.judge, _ROWS
)


SUBSIDIARIES = Operation(
    "fsc",
    "subsidiaries",
    "/GetCorpBasicInfoService_V2/getConsSubsComp_V2",
    "serviceKey",
    korean_portal.judge,
    _ROWS,
)


def subsidiaries(content: bytes, identity: Identity) -> list[str]:
    """Return the names of the companies that the company consolidates; their accounts, rights and people are theirs."""
    try:
        found = korean_portal.items(read(content))
    except UnreadableError:
        return []
    names = [
        text(row, "sbrdEnpNm")
        for row in found
        if identity.corporate_number is not None and digits(row, "crno", length=13) == identity.corporate_number
    ]
    return list(dict.fromkeys(name for name in names if name and not identity.named(name)))


def rows(content: bytes, identity: Identity) -> list[Node]:
    """Return the outlines that are the company's, the newest snapshot last.

    Whether the service selects by business number is not settled, so every row is held against the number itself.
    """
    try:
        found = korean_portal.items(read(content))
    except UnreadableError:
        return []
    own = [row for row in found if _is_company(row, identity)]
    return sorted(own, key=lambda row: str(day(row, "lastOpegDt") or ""))


def _is_company(row: Node, identity: Identity) -> bool:
    number, registered = digits(row, "bzno", length=10), digits(row, "crno", length=13)
    if number is not None and number != identity.business_number:
        return False
    if number is None:
        return registered is not None and registered == identity.corporate_number
    return identity.corporate_number is None or registered in (None, identity.corporate_number)


def outline(content: bytes, asked: Mapping[str, str], identity: Identity) -> Sequence[Value]:
    """Return what the newest outline of the company states.

    A head-count of 0 stands where the service has none, and is missing here.
    """
    own = rows(content, identity)
    if not own:
        return []
    row = own[-1]
    seen = day(row, "lastOpegDt")
    found: dict[str, Any] = {
        "name": text(row, "corpNm"),
        "name_en": text(row, "corpEnsnNm"),
        "business_number": digits(row, "bzno", length=10),
        "corporate_number": digits(row, "crno", length=13),
        "founded": day(row, "enpEstbDt"),
        "region": region_of(text(row, "enpBsadr")),
    }
    if seen is not None:
        found[f"staff.{seen}.total"] = count(row, "enpEmpeCnt") or None
    return [Value(path, value, seen) for path, value in found.items() if value is not None]


def summary(content: bytes, asked: Mapping[str, str], identity: Identity) -> Sequence[Value]:
    """Return the amounts of summary statements, in won; rows in another currency are left out."""
    try:
        found = korean_portal.items(read(content))
    except UnreadableError:
        return []
    values = []
    for row in found:
        year, scope = text(row, "bizYear") or "", _scope(row)
        registered = digits(row, "crno", length=13)
        if registered is not None and registered != identity.corporate_number:
            continue
        if not (len(year) == 4 and year.isascii() and year.isdigit()) or (text(row, "curCd") or "KRW") != "KRW":
            continue
        ended = day(row, "basDt")
        for name, item in load("sources")["summary_items"].items():
            stated = amount(row, name)
            if stated is not None:
                path = f"statements.{year}.{item}"
                values.append(Value(path, stated, ended, scope, str(ended or "")))
        if ended is not None and ended.year in (int(year), int(year) + 1):
            values.append(Value(f"statements.{year}.year_end", ended, ended, scope, str(ended)))
    return values


def foreign_currencies(content: bytes) -> set[str]:
    """Return the currencies other than won that summary statements are written in; no amount is taken from these."""
    try:
        rows = korean_portal.items(read(content))
    except UnreadableError:
        return set()
    return {found for row in rows if (found := text(row, "curCd")) and found != "KRW"}


def _scope(row: Node) -> Scope:
    """Return whose accounts a row holds, by its words, else by its code (110 the group's, 120 the company's own)."""
    words = text(row, "fnclDcdNm")
    if words is not None:
        return "consolidated" if "연결" in words else "separate"
    return "consolidated" if text(row, "fnclDcd") == "110" else "separate"
