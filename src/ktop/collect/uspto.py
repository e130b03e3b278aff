"""USPTO (Open Data Portal): applications of an applicant, by name, so a person confirms them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ktop.collect.answer import Operation, Verdict
from ktop.collect.epo import right_key
from ktop.collect.payload import UnreadableError, at, count, day, entries, read, text
from ktop.collect.value import Identity, Value

_CODES: Mapping[str, Verdict] = {
    "404": Verdict("no_data", "404"),
    "401": Verdict("not_permitted", "401"),
    "403": Verdict("not_permitted", "403"),
    "429": Verdict("quota", "429"),
}


def judge(content: bytes) -> Verdict:
    """Tell what kind of answer it is."""
    try:
        answer = read(content)
    except UnreadableError:
        return Verdict("broken", "unreadable")
    rows = answer.get("patentFileWrapperDataBag")
    if isinstance(rows, list):
        return Verdict("found") if entries(answer, "patentFileWrapperDataBag") else Verdict("no_data")
    code = text(answer, "code") or text(answer, "status") or ("403" if text(answer, "message") == "Forbidden" else "")
    return _CODES.get(code, Verdict("broken", code or "no_rows"))


SEARCH = Operation("uspto", "search", "/patent/applications/search", "header:X-API-KEY", judge, {"limit": "100"})


PAGE_ROWS = 100


def page(number: int) -> dict[str, str]:
    """Return the parameters of a further page of a search."""
    return {"offset": str((number - 1) * PAGE_ROWS)}


def total(content: bytes) -> int | None:
    """Return how many applications a search found in all."""
    try:
        return count(read(content), "count")
    except UnreadableError:
        return None


def query(name: str) -> dict[str, str]:
    """Return the parameters that ask for the applications of an applicant."""
    quoted = name.replace('"', " ")
    return {"q": f'applicationMetaData.firstApplicantName:"{quoted}"'}


def search(content: bytes, asked: Mapping[str, str], identity: Identity) -> Sequence[Value]:
    """Return the applications with one of the company's names as first applicant; none of them is sure."""
    try:
        answer = read(content)
    except UnreadableError:
        return []
    values: list[Value] = []
    for row in entries(answer, "patentFileWrapperDataBag"):
        number, meta = text(row, "applicationNumberText") or "", at(row, "applicationMetaData")
        if not (number.isascii() and number.isalnum()) or not identity.named(text(meta, "firstApplicantName")):
            continue
        granted = day(meta, "grantDate")
        key = right_key("US", number)
        told = {
            "kind": "patent",
            "status": "registered" if granted else "pending",
            "number": f"US{number}"[:40],
            "title": text(meta, "inventionTitle"),
            "filed": day(meta, "filingDate"),
            "registered": granted,
        }
        values += [Value(f"ip.{key}.{n}", v, sure=False) for n, v in told.items() if v is not None]
    return values
