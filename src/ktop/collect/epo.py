"""European Patent Office (OPS): published applications of an applicant, by name, so a person confirms them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ktop.collect.answer import Operation, Verdict
from ktop.collect.payload import Node, UnreadableError, at, day, entries, read, text, within
from ktop.collect.value import Identity, Value

_CODES: Mapping[str, Verdict] = {
    "SERVER.EntityNotFound": Verdict("no_data", "EntityNotFound"),
    "CLIENT.InvalidAccessToken": Verdict("not_permitted", "InvalidAccessToken"),
    "CLIENT.RobotDetected": Verdict("quota", "RobotDetected"),
    "CLIENT.QuotaPerHourExceeded": Verdict("quota", "QuotaPerHour"),
    "CLIENT.QuotaPerWeekExceeded": Verdict("quota", "QuotaPerWeek"),
}


def judge(content: bytes) -> Verdict:
    """Tell what kind of answer it is; faults are XML with a code, whatever was asked for."""
    try:
        answer = read(content)
    except UnreadableError:
        return Verdict("broken", "unreadable")
    code = text(answer, "fault", "code")
    if code is not None:
        return _CODES.get(code, Verdict("broken", code))
    if "world-patent-data" not in answer:
        return Verdict("broken", "no_data_element")
    return Verdict("found") if _documents(answer) else Verdict("no_data")


SEARCH = Operation(
    "epo",
    "search",
    "/rest-services/published-data/search/biblio",
    "header:Authorization",
    judge,
    {"Range": "1-100"},
)


def query(name: str) -> dict[str, str]:
    """Return the parameters that ask for the applications of an applicant."""
    quoted = name.replace('"', " ")
    return {"q": f'pa="{quoted}"'}


def _documents(answer: Node) -> list[Node]:
    return [found for found in within(answer, "exchange-document") if isinstance(found, Mapping)]


def search(content: bytes, asked: Mapping[str, str], identity: Identity) -> Sequence[Value]:
    """Return the applications outside Korea with one of the company's names as applicant; none of them is sure."""
    try:
        answer = read(content)
    except UnreadableError:
        return []
    values: list[Value] = []
    for document in _documents(answer):
        country, number, kind = (text(document, f"@{name}") or "" for name in ("country", "doc-number", "kind"))
        biblio = at(document, "bibliographic-data")
        applicants = [text(one, "name") for one in within(biblio, "applicant-name") if isinstance(one, Mapping)]
        if country in ("", "KR") or not number or not any(identity.named(name) for name in applicants):
            continue
        dates = [
            found
            for reference in within(biblio, "application-reference")
            for identifier in entries(reference, "document-id")
            if (found := day(identifier, "date")) is not None
        ]
        told = {
            "kind": "patent",
            "status": "pending",
            "number": f"{country}{number}{kind}"[:40],
            "title": text(biblio, "invention-title"),
            "filed": min(dates, default=None),
        }
        key = "".join(sign for sign in f"{country}{number}" if sign.isalnum())
        values += [Value(f"ip.{key}.{n}", v, sure=False) for n, v in told.items() if v is not None]
    return values
