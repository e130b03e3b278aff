"""KIPRIS Plus (특허정보): codes of applicants by their business number, and the rights they filed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ktop.catalogue import load
from ktop.collect import korean_portal
from ktop.collect.answer import Operation, Verdict
from ktop.collect.payload import Node, UnreadableError, at, count, day, digits, read, text, within
from ktop.collect.value import Identity, Value

#: Most rights on a page of the search.
PAGE_ROWS = 500
_NOT_PERMITTED = frozenset({"12", "20", "30", "31", "32"})
_QUOTA = frozenset({"21", "22", "23"})
_APPLICATION = re.compile(r"[1-4][0-9]{12}")
_EVENT = re.compile(r"[A-Z][0-9]{2}")
#: First two digits of an application number.
_KINDS = {"10": "patent", "20": "utility_model", "30": "design", "40": "trademark"}
_RECORDS = (
    *(
        "legalStatusST27Info",
        "corpBsApplicantInfo",
        "corpBsApplicantInfoV2",
        "corpBsApplicantInfoV3",
        "item",
        "PatentUtilityInfo",
    ),
    *("citationInfoV3", "citingInfo", "registrationInfo", "rightHolderInfo", "BasicInfo", "basicInfo"),
)


def judge(content: bytes) -> Verdict:
    """Tell what kind of answer it is. An empty code means success in one family of the service, ``00`` in the other."""
    try:
        answer = read(content)
    except UnreadableError:
        return Verdict("broken", "unreadable")
    if "response" not in answer:
        portal = korean_portal.judge(content)
        return portal if portal.outcome in ("not_permitted", "quota") else Verdict("broken", "no_response")
    code = (text(answer, "response", "header", "resultCode") or "").lstrip("0")
    if code:
        if code in _NOT_PERMITTED:
            return Verdict("not_permitted", code)
        return Verdict("quota" if code in _QUOTA else "broken", code)
    body = at(answer, "response", "body")
    if not isinstance(body, Mapping):
        return Verdict("broken", "no_body")
    if records(answer):
        return Verdict("found")
    counted = (
        text(answer, "response", "count", "totalCount") or text(body, "items", "totalCount") or text(body, "totalCount")
    )
    return Verdict("no_data") if "items" in body or counted == "0" else Verdict("broken", "no_items")


def records(answer: Node) -> list[Node]:
    """Return the entries of an answer, whatever its family calls them."""
    body = at(answer, "response", "body")
    for name in _RECORDS:
        found = [entry for entry in within(body, name) if isinstance(entry, Mapping)]
        if found:
            return found
    return []


APPLICANTS = Operation(
    "kipris", "applicants", "/openapi/rest/CorpBsApplicantService/corpBsApplicantInfoV3", "accessKey", judge, {}
)
_PATENTS = "/kipo-api/kipi/patUtiModInfoSearchSevice"
SEARCH = Operation(
    "kipris",
    "search",
    f"{_PATENTS}/getAdvancedSearch",
    "ServiceKey",
    judge,
    {"patent": "true", "utility": "true", "numOfRows": str(PAGE_ROWS), "sortSpec": "AD", "descSort": "true"},
)
DESIGNS = Operation(
    "kipris",
    "designs",
    "/kipo-api/kipi/designInfoSearchService/getAdvancedSearch",
    "ServiceKey",
    judge,
    {"numOfRows": "100", "pageNo": "1"},
)
TRADEMARKS = Operation(
    "kipris",
    "trademarks",
    "/kipo-api/kipi/trademarkInfoSearchService/getAdvancedSearch",
    "ServiceKey",
    judge,
    {"numOfRows": "100", "pageNo": "1", "application": "true", "registration": "true", "trademark": "true"},
)
BIBLIOGRAPHY = Operation(
    "kipris", "bibliography", f"{_PATENTS}/getBibliographyDetailInfoSearch", "ServiceKey", judge, {}
)
CITATIONS = Operation("kipris", "citations", "/openapi/rest/CitationService/citationInfoV3", "accessKey", judge, {})
CITING = Operation("kipris", "citing", "/openapi/rest/CitingService/citingInfo", "accessKey", judge, {})
REGISTRATION = Operation(
    "kipris", "registration", "/openapi/rest/RegistrationService/registrationInfo", "accessKey", judge, {}
)
LEGAL_STATUS = Operation(
    "kipris", "legal_status", "/openapi/rest/legStatusST27InfoSearchService/BasicInfo", "accessKey", judge, {}
)


@dataclass(frozen=True, slots=True)
class Applicant:
    """A number of the patent office's customer, with the numbers and the name it is registered under."""

    code: str
    name: str | None
    corporate_number: str | None


def applicants(content: bytes, identity: Identity) -> list[Applicant]:
    """Return the applicants with the company's business number; a company may have several codes."""
    try:
        found = records(read(content))
    except UnreadableError:
        return []
    own = []
    for entry in found:
        code = digits(entry, "ApplicantNumber", length=12)
        number = digits(entry, "BusinessRegistrationNumber", length=10)
        if code is not None and number == identity.business_number:
            registered = digits(entry, "CorporationNumber", length=13) or digits(entry, "CorportionNumber", length=13)
            own.append(Applicant(code, text(entry, "ApplicantName") or text(entry, "AppicantName"), registered))
    return own


def applicant(content: bytes, asked: Mapping[str, str], identity: Identity) -> Sequence[Value]:
    """Return the corporate number and the name that the company is registered under, where its codes agree on them."""
    own = applicants(content, identity)
    told = {"corporate_number": {one.corporate_number for one in own}, "name": {one.name for one in own}}
    return [
        Value(path, next(iter(known)))
        for path, known in ((path, {one for one in several if one}) for path, several in told.items())
        if len(known) == 1
    ]


def total(content: bytes) -> int | None:
    """Return how many rights a search found in all."""
    try:
        answer = read(content)
    except UnreadableError:
        return None
    return count(answer, "response", "count", "totalCount") or count(answer, "response", "body", "items", "totalCount")


@dataclass(frozen=True, slots=True)
class Right:
    """What the search says of a right, as far as further questions depend on it."""

    application: str
    registration: str | None
    state: str | None
    registered: date | None


def rights(content: bytes) -> list[Right]:
    """Return the rights of a search."""
    try:
        found = records(read(content))
    except UnreadableError:
        return []
    listed = []
    for entry in found:
        number = _application(entry)
        if number is not None:
            registration = digits(entry, "registerNumber", length=13)
            listed.append(Right(number, registration, _state(entry), _registered(entry)))
    return listed


def _application(entry: Node) -> str | None:
    number = re.sub(r"[\s\-]", "", text(entry, "applicationNumber") or text(entry, "ApplicationNumber") or "")
    return number if _APPLICATION.fullmatch(number) and number[:2] in _KINDS else None


def _state(entry: Node) -> str | None:
    words = text(entry, "registerStatus") or text(entry, "RegistrationStatus") or text(entry, "applicationStatus")
    found: str | None = load("sources")["ip_states"].get(words)
    return found


def search(content: bytes, asked: Mapping[str, str], identity: Identity) -> Sequence[Value]:
    """Return the rights that the applicant's code was asked for.

    A right whose number or state is not one that is known is left out as a whole: half a right says nothing.
    """
    try:
        found = records(read(content))
    except UnreadableError:
        return []
    if (asked.get("applicant") or asked.get("applicantName")) not in identity.applicant_codes:
        return []
    values: list[Value] = []
    for entry in found:
        number, state = _application(entry), _state(entry)
        if number is None or state is None:
            continue
        told: dict[str, Any] = {
            "kind": _KINDS[number[:2]],
            "status": state,
            "number": number,
            "title": _title(entry),
            "filed": day(entry, "applicationDate") or day(entry, "ApplicationDate"),
            "registered": _registered(entry),
        }
        values += [Value(f"ip.{number}.{name}", value) for name, value in told.items() if value is not None]
    return values


def _title(entry: Node) -> str | None:
    names = ("inventionTitle", "InventionName", "articleName", "title", "Title")
    return next((found for found in (text(entry, name) for name in names) if found), None)


def _registered(entry: Node) -> date | None:
    names = ("registerDate", "RegistrationDate", "registrationDate")
    return next((found for found in (day(entry, name) for name in names) if found), None)


def bibliography(content: bytes, asked: Mapping[str, str], identity: Identity) -> Sequence[Value]:
    """Return the number of claims and the day of registration of the right that was asked for."""
    number = asked.get("applicationNumber", "")
    try:
        answer = read(content)
    except UnreadableError:
        return []
    values: list[Value] = []
    for entry in within(answer, "biblioSummaryInfo"):
        stated = text(entry, "applicationNumber")
        if not isinstance(entry, Mapping) or (stated and re.sub(r"\D", "", stated) != number):
            continue
        told = {"claims": count(entry, "claimCount", most=2000) or None, "registered": day(entry, "registerDate")}
        values += [Value(f"ip.{number}.{name}", value) for name, value in told.items() if value is not None]
        break
    return values


def citing(content: bytes, asked: Mapping[str, str], identity: Identity) -> Sequence[Value]:
    """Return by how many later applications the right is cited: 0 where the service answers that there are none."""
    number = asked.get("standardCitationApplicationNumber", "")
    verdict = judge(content)
    if not _APPLICATION.fullmatch(number) or verdict.outcome not in ("found", "no_data"):
        return []
    found = records(read(content))
    later = {
        re.sub(r"\D", "", text(entry, "ApplicationNumber") or text(entry, "applicationNumber") or "") for entry in found
    } - {""}
    return [Value(f"ip.{number}.cited_by", max(len(later) or len(found), total(content) or 0))]


def citations(content: bytes, asked: Mapping[str, str], identity: Identity) -> Sequence[Value]:
    """Return how many earlier documents the right cites: 0 where the service answers that there are none.

    The service lists a document once as it was written and once in its standard form; these are one.
    """
    number = asked.get("applicationNumber", "")
    verdict = judge(content)
    if not _APPLICATION.fullmatch(number) or verdict.outcome not in ("found", "no_data"):
        return []
    found = [
        (
            text(entry, "OriginalcitationLiteraturenumber"),
            text(entry, "StandardCitationLiteratureCountryCode"),
            text(entry, "StandardCitationLiteraturenumber"),
        )
        for entry in records(read(content))
    ]
    standard = {(country, plain) for _, country, plain in found if plain}
    standardised = {written for written, _, plain in found if plain}
    others = {written for written, _, plain in found if written and not plain} - standardised
    if found and not standard and not others:
        return []  # entries of which none says what is cited
    return [Value(f"ip.{number}.cites", len(standard) + len(others))]


def registration(content: bytes, asked: Mapping[str, str], identity: Identity) -> Sequence[Value]:
    """Return the day on which a right that is gone ended, by its register."""
    number = asked.get("application", "")
    try:
        found = records(read(content))
    except UnreadableError:
        return []
    for entry in found:
        gone = (text(entry, "disappearanceFlag") or "").upper() == "Y" or text(entry, "terminationCauseName")
        ended = day(entry, "terminationDate") or day(entry, "expirationDate")
        if gone and ended is not None and _APPLICATION.fullmatch(number):
            return [Value(f"ip.{number}.ended", ended)]
    return []


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """An event of a right by WIPO ST.27: ``code`` is the key event, ``detail`` the detailed one.

    ``stage`` is where the event leaves the right, "" where the answer does not say; ``_TERMINATED``: at its end.
    """

    on: date
    place: int
    code: str
    detail: str = ""
    stage: str = ""


_TERMINATED = "6"


def events(content: bytes, application: str) -> list[Event]:
    """Return the events of a right, the oldest first; an event without day or code is left out."""
    try:
        found = records(read(content))
    except UnreadableError:
        return []
    listed = []
    for entry in found:
        on, code = day(entry, "eventDate"), (text(entry, "keyEventCode") or "").upper()
        if on is None or not _EVENT.fullmatch(code) or _application(entry) not in (None, application):
            continue
        detail = text(entry, "detailedEventCode") or text(entry, "detailLawEventCode") or ""
        place = count(entry, "supplySerialNumber") or 0
        listed.append(Event(on, place, code, detail.upper(), text(entry, "currentStageCode") or ""))
    return sorted(listed)


def legal_status(content: bytes, asked: Mapping[str, str], identity: Identity) -> Sequence[Value]:
    """Return when and how a right ended by its events; nothing of a right that goes on.

    An event of a category that ends rights (``event_ends`` of the catalogue) ends it where it leaves the right at its
    end; whatever leaves it elsewhere later, such as a revival, undoes that. Where the answer gives no stages, only an
    end that nothing follows counts.
    """
    number = asked.get("applicationNumber", "")
    if not _APPLICATION.fullmatch(number):
        return []
    ends: Mapping[str, str] = load("sources")["event_ends"]
    end: Event | None = None
    for event in events(content, number):
        ending = event.code[0] in ends
        if event.stage not in ("", _TERMINATED) or (not event.stage and not ending):
            end = None
        elif ending and end is None:
            end = event
    if end is None:
        return []
    order = end.on.isoformat()  # what the search said of the right is older, or says the same
    state = ends.get(end.detail) or ends[end.code[0]]
    return [Value(f"ip.{number}.ended", end.on, order=order), Value(f"ip.{number}.status", state, order=order)]
