"""European Patent Office (OPS): applications by an applicant's name, and rights abroad that claim an own priority."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from ktop.catalogue import load
from ktop.collect.answer import Operation, Verdict
from ktop.collect.payload import Node, UnreadableError, at, count, day, entries, read, text, within
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


PAGE_ROWS = 100
SEARCH = Operation(
    "epo",
    "search",
    "/rest-services/published-data/search/biblio",
    "header:Authorization",
    judge,
    {"Range": f"1-{PAGE_ROWS}"},
)


def query(name: str) -> dict[str, str]:
    """Return the parameters that ask for the applications of an applicant."""
    quoted = name.replace('"', " ")
    return {"q": f'pa="{quoted}"'}


FAMILY = Operation(
    "epo", "family", "/rest-services/family/application/docdb/{number}/legal", "header:Authorization", judge, {}
)


def family_of(application: str) -> dict[str, str] | None:
    """Return the parameters that ask for the family of a Korean patent application; None for another kind of right."""
    if len(application) != 13 or not application.startswith("10"):
        return None
    return {"number": f"KR.{application[2:]}.A"}


def page(number: int) -> dict[str, str]:
    """Return the parameters of a further page of a search."""
    return {"Range": f"{(number - 1) * PAGE_ROWS + 1}-{number * PAGE_ROWS}"}


def total(content: bytes) -> int | None:
    """Return how many publications a search found in all."""
    try:
        found = next(within(read(content), "@total-result-count"), None)
    except UnreadableError:
        return None
    return count({"n": found}, "n")


def right_key(country: str, application: str) -> str:
    """Return the name of a right abroad, the same whichever office names it: US numbers with and without a year."""
    plain = "".join(sign for sign in application if sign.isalnum())
    return f"{country}{plain[-8:] if country == 'US' and plain.isdigit() else plain}"


def _documents(answer: Node) -> list[Node]:
    found = [one for one in within(answer, "exchange-document") if isinstance(one, Mapping)]
    return found + [one for one in within(answer, "family-member") if isinstance(one, Mapping)]


def search(content: bytes, asked: Mapping[str, str], identity: Identity) -> Sequence[Value]:
    """Return the applications outside Korea with one of the company's names as applicant; none of them is sure."""
    try:
        answer = read(content)
    except UnreadableError:
        return []
    values: list[Value] = []
    for document in _documents(answer):
        biblio = at(document, "bibliographic-data")
        applicants = [text(one, "name") for one in within(biblio, "applicant-name") if isinstance(one, Mapping)]
        if any(identity.named(name) for name in applicants):
            own = {"country": text(document, "@country"), "number": text(document, "@doc-number")}
            published = _docdb(biblio, "publication-reference") or {**own, "kind": text(document, "@kind")}
            title = text(biblio, "invention-title")
            values += _values(published, _docdb(biblio, "application-reference"), title, (), sure=False)
    return values


def family(content: bytes, asked: Mapping[str, str], identity: Identity) -> Sequence[Value]:
    """Return the rights abroad that claim the priority of the company's own application that was asked for.

    They are joined by its number, so they are sure. A publication of a grant says that and when a right was granted; an
    event that ends the whole right (``legal_ends`` of the catalogue) that it did. A lapse in one state ends nothing.
    """
    try:
        answer = read(content)
    except UnreadableError:
        return []
    number = asked.get("number", "").split(".")[1:2]
    values: list[Value] = []
    for member in _documents(answer):
        claimed = [
            text(one, "doc-number")
            for claim in within(member, "priority-claim")
            for one in entries(claim, "document-id")
            if text(one, "country") == "KR"
        ]
        if number and number[0] in claimed:
            published = _docdb(member, "publication-reference")
            events = [one for one in within(member, "legal") if isinstance(one, Mapping)]
            values += _values(published, _docdb(member, "application-reference"), None, events, sure=True)
    return values


def _docdb(node: Node | None, name: str) -> dict[str, str | None]:
    """Return country, number, kind and day of a reference in the office's own numbers."""
    for reference in entries(node, name):
        for one in entries(reference, "document-id"):
            if text(one, "@document-id-type") == "docdb" and text(one, "doc-number"):
                return {
                    "country": text(one, "country"),
                    "number": text(one, "doc-number"),
                    "kind": text(one, "kind"),
                    "date": text(one, "date"),
                }
    return {}


def _values(
    published: Mapping[str, str | None],
    applied: Mapping[str, str | None],
    title: str | None,
    events: Sequence[Node],
    *,
    sure: bool,
) -> list[Value]:
    country, number, kind = (published.get(name) or "" for name in ("country", "number", "kind"))
    if country in ("", "KR", "WO") or not (country.isascii() and country.isalpha()) or not number:
        return []
    granted = day(published, "date") if kind.startswith("B") else None
    ended, how = _end(country, events)
    told = {
        "kind": "patent",
        "status": how or ("registered" if granted else "pending"),
        "number": f"{country}{number}{kind}"[:40],
        "title": title,
        "filed": day(applied, "date"),
        "registered": granted,
        "ended": ended,
    }
    key = right_key(country, applied.get("number") or number)
    order = published.get("date") or ""  # of two publications of one application the later one holds
    return [Value(f"ip.{key}.{n}", v, order=order, sure=sure) for n, v in told.items() if v is not None]


def _end(country: str, events: Sequence[Node]) -> tuple[date | None, str | None]:
    """Return when the right as a whole ended, and whether it lapsed or was refused."""
    ends: Mapping[str, str] = load("sources")["legal_ends"].get(country, {})
    found = [
        (on, ends[code])
        for event in events
        if (code := (text(event, "@code") or "")) in ends and (on := day(event, "L007EP"))
    ]
    return max(found, default=(None, None))
