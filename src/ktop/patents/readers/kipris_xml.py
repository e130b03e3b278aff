"""Reads KIPRIS Plus XML answers: searches of both interface families, details, citations, family, register."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ktop.domain.patent.document import (
    LiteratureCitation,
    Patent,
    PatentCitation,
    korean_registration_number,
    normalise_application_number,
    normalise_class,
    normalise_publication_number,
)
from ktop.patents.readers import (
    MAX_ABSTRACT_CHARS,
    MAX_CLAIM_CHARS,
    MAX_TITLE_CHARS,
    CitationLink,
    Completion,
    Record,
    Reject,
    Sample,
    xml_safe,
)
from ktop.patents.readers.fields import parse_count, parse_date
from ktop.patents.readers.lists import split_list
from ktop.patents.readers.record import citation, symbols
from ktop.patents.readers.source import Source
from ktop.patents.readers.xml_safe import text_at, text_of

_ROOT = re.compile(rb"<response[\s>]")
_MARKS = re.compile(rb"<(?:PatentUtilityInfo|DesignInfo|TradeMarkInfo|items|resultCode)[\s/>]")
#: Records of other rights that the same service answers with.
_OTHER_RIGHTS = {"DesignInfo": "design", "TradeMarkInfo": "trademark"}
#: Our name → tags: search of the /openapi/rest/ family, then search and details of the /kipo-api/kipi/ family.
_TAGS = {
    "application": ("ApplicationNumber", "applicationNumber"),
    "application_date": ("ApplicationDate", "applicationDate"),
    "title": ("InventionName", "inventionTitle"),
    "abstract": ("Abstract", "astrtCont"),
    "open_number": ("OpeningNumber", "openNumber"),
    "open_date": ("OpeningDate", "openDate"),
    "public_number": ("PublicNumber", "publicationNumber"),
    "public_date": ("PublicDate", "publicationDate"),
    "register_number": ("RegistrationNumber", "registerNumber"),
    "register_date": ("RegistrationDate", "registerDate"),
    "status": ("RegistrationStatus", "registerStatus", "finalDisposal"),
    "ipc": ("InternationalpatentclassificationNumber", "ipcNumber"),
    "applicant": ("Applicant", "applicantName"),
    "claims": ("claimCount",),
}
#: The service cuts long abstracts and says so.
_CUT_NOTE = re.compile(r"\s*\.{3}\s*\(이하\s*생략\)\s*$")


class KiprisXml:
    """KIPRIS Plus answers. What they tell beside bibliographic data completes patents known by their application."""

    name = "kipris-xml"

    def recognises(self, sample: Sample) -> bool:
        """Tell by the root element and the record tags."""
        return _ROOT.search(sample.head) is not None and _MARKS.search(sample.head) is not None

    def read(self, source: Source, column_map: Mapping[str, str] | None = None) -> Iterator[Record]:
        """Yield a patent or a reject per record of every answer in the file.

        An answer is one document: broken anywhere it is rejected, and a file that is one is refused whole.
        """
        for _, root in xml_safe.well_formed(source, xml_safe.documents, namespaces=True):
            if isinstance(root, Reject):
                yield root
            else:
                yield from _records(root)


def _records(root: ET.Element) -> Iterator[Record]:
    code = text_at(root, "header/resultCode")
    if code and code.strip("0"):  # an empty code and zeros both mean success
        yield Reject("header", "patents.reject_service_answer", {"code": code[:40]})
        return
    body = root.find("body")
    if body is None:
        return
    records = [*body.findall("items/PatentUtilityInfo"), *body.findall("items/item"), *body.findall("item")]
    for number, record in enumerate(records, 1):
        family_member = record.find("docdbFamilyID") is not None
        yield (_family_member if family_member else _patent)(record, f"record {number}")
    for tag, made in _COMPLETIONS.items():
        for number, record in enumerate(body.iter(tag), 1):
            yield made(record, f"{tag} {number}")
    for tag, right in _OTHER_RIGHTS.items():
        for number, _ in enumerate(body.iter(tag), 1):
            yield Reject(f"{tag} {number}", "patents.reject_not_patent", {"type": right})


def korean_patent_id(opening: str, registration: str, publication: str) -> tuple[str | None, tuple[str, ...]]:
    """Return the id of a Korean patent and the other numbers it was published under.

    The opening (공개) is the publication that everyone cites; a patent granted without one goes by its registration.
    """
    numbers: list[str] = []
    opened = normalise_publication_number(opening, country="KR", kind=_kind(opening, "A", "U")) if opening else None
    if opened:
        numbers.append(opened)
    registered = korean_registration_number(registration) if registration else None
    if registered:
        numbers.append(registered)
    if not numbers and publication:
        announced = normalise_publication_number(publication, country="KR", kind=_kind(publication, "B1", "Y1"))
        if announced:
            numbers.append(announced)
    return (numbers[0], tuple(numbers[1:])) if numbers else (None, ())


def _kind(number: str, patent: str, utility_model: str) -> str:
    return utility_model if number.strip().startswith("20") and len(re.sub(r"\D", "", number)) == 13 else patent


def _patent(record: ET.Element, where: str) -> Patent | Reject:
    """Build a patent from a search record or from details, whose fields lie one level deeper."""

    def field(name: str) -> str:
        for tag in _TAGS[name]:
            found = record.find(tag)
            if found is None:
                found = record.find(f"biblioSummaryInfoArray/biblioSummaryInfo/{tag}")
            if found is not None and text_of(found):
                return text_of(found)
        return ""

    def several(path: str) -> list[str]:
        return [text for entry in record.findall(path) if (text := text_of(entry))]

    patent_id, others = korean_patent_id(field("open_number"), field("register_number"), field("public_number"))
    if patent_id is None:
        return Reject(where, "patents.reject_number", {"number": field("application")})
    title = field("title")
    abstract = _CUT_NOTE.sub("", field("abstract") or text_at(record, "abstractInfoArray/abstractInfo/astrtCont"))
    if not title and not abstract:
        return Reject(where, "patents.reject_no_text")
    symbols = split_list(field("ipc")) or several("ipcInfoArray/ipcInfo/ipcNumber")
    claims = several("claimInfoArray/claimInfo/claim")
    applicants = split_list(field("applicant")) or several("applicantInfoArray/applicantInfo/name")
    opened = parse_date(field("open_date"))
    granted = parse_date(field("register_date"))
    cited = list(dict.fromkeys(_prior_art(record)))
    return Patent(
        id=patent_id,
        kind=patent_id[-1] if patent_id[-1].isalpha() else patent_id[-2:],
        title=title[:MAX_TITLE_CHARS],
        abstract=abstract[:MAX_ABSTRACT_CHARS] or None,
        application=normalise_application_number(field("application"), country="KR"),
        filing_date=parse_date(field("application_date")),
        publication_date=opened or parse_date(field("public_date")) or granted,
        grant_date=granted,
        first_claim=claims[0][:MAX_CLAIM_CHARS] if claims else None,
        claims_count=parse_count(field("claims")) or (len(claims) or None),
        ipc=tuple(dict.fromkeys(s for symbol in symbols if (s := normalise_class(symbol)))),
        applicants=tuple(dict.fromkeys(applicants)),
        inventors=tuple(dict.fromkeys(several("inventorInfoArray/inventorInfo/name"))),
        cited_patents=tuple(entry for entry in cited if isinstance(entry, PatentCitation)),
        cited_literature=tuple(entry for entry in cited if isinstance(entry, LiteratureCitation)),
        also_published_as=others,
        status=field("status") or None,
        language="ko",
        source="kipris-xml",
    )


def _prior_art(record: ET.Element) -> Iterator[PatentCitation | LiteratureCitation]:
    for entry in record.findall("priorArtDocumentsInfoArray/priorArtDocumentsInfo"):
        examiner = text_at(entry, "examinerQuotationFlag").upper() == "Y"
        category = "examiner" if examiner else "applicant"
        printed = text_at(entry, "documentsNumber")
        found = citation("KR" if printed[:1].isdigit() else "", printed, "", category)
        if found:
            yield found


# --- answers that complete patents ----------------------------------------------------------------------------------


def _of_application(record: ET.Element, where: str, values: Mapping[str, Any]) -> Completion | Reject:
    """Return a completion of the application that the record names; an answer that names none is of no use."""
    printed = text_at(record, "ApplicationNumber") or text_at(record, "applicationNumber")
    application = normalise_application_number(printed, country="KR") if printed else None
    if application is None:
        return Reject(where, "patent_sources.reject_no_application")
    return Completion(where, application, {name: value for name, value in values.items() if value}, of_application=True)


def _cited(record: ET.Element, where: str) -> Completion | Reject:
    """Return a document that an application cites: in the standardised form, where there is none as first printed."""

    def field(*names: str) -> str:
        return next((text for name in names if (text := text_at(record, name))), "")

    said = field("CitationLiteratureTypeCodeName")
    category = next((who for mark, who in _CITED_IN.items() if mark in said), None)
    number = field("StandardCitationLiteraturenumber", "StandardCitationLiteratureNumber")
    kind = field("StandardCitationIdentificationCode", "StandardCitationLiteratureIdentificationCode")
    if number:
        found = citation(field("StandardCitationLiteratureCountryCode") or "KR", number, kind, category)
    else:
        found = citation("", field("OriginalcitationLiteraturenumber"), "", category)
    field_name = "cited_patents" if isinstance(found, PatentCitation) else "cited_literature"
    return _of_application(record, where, {field_name: (found,) if found else ()})


def _citing(record: ET.Element, where: str) -> CitationLink | Reject:
    """Return a citation of one application by another, as the answer to "who cites this?" tells it."""
    citing, cited = (
        normalise_application_number(text_at(record, tag), country="KR")
        for tag in ("ApplicationNumber", "StandardCitationApplicationNumber")
    )
    if citing is None or cited is None:
        return Reject(where, "patent_sources.reject_no_application")
    said = text_at(record, "CitationLiteratureTypeCodeName")
    category = next((who for mark, who in _CITED_IN.items() if mark in said), None)
    return CitationLink(citing, cited, category, of_applications=True, where=where)


def _family_member(record: ET.Element, where: str) -> Completion | Reject:
    country, kind = text_at(record, "publicationCountryCode"), text_at(record, "publicationKindCode")
    number = normalise_publication_number(text_at(record, "publicationNumber"), country=country or None, kind=kind)
    if number is None:
        return Reject(where, "patents.reject_number", {"number": text_at(record, "applicationNumber")[:80]})
    return Completion(where, number, {"family": text_at(record, "docdbFamilyID") or None})


def _registration(record: ET.Element, where: str) -> Completion | Reject:
    """Return the register's entry: day of grant, claims, and how the right ended, where it has."""
    right = record.find("registrationRightInfo")
    right = record if right is None else right
    ended = text_at(right, "terminationCauseName")
    granted = parse_date(text_at(right, "registrationDate"))
    values = {
        "grant_date": granted,
        "claims_count": parse_count(text_at(right, "claimCount")) or None,
        "status": ended or ("등록" if granted else None),
    }
    return _of_application(right, where, values)


def _nameless(record: ET.Element, where: str) -> Completion | Reject:
    """Return the classes of an application, where the answer says whose they are; as a rule it does not."""
    printed = (text_of(entry) for entry in record.iter("CooperativepatentclassificationNumber"))
    return _of_application(record, where, {"cpc": symbols(part for text in printed for part in split_list(text))})


_COMPLETIONS: dict[str, Callable[[ET.Element, str], Record]] = {
    "citationInfoV3": _cited,
    "citationInfoV2": _cited,
    "citingInfo": _citing,
    "registrationInfo": _registration,
    "patentCpcInfo": _nameless,
}
#: Part of the name of the paper in which a document is cited → who cited it: search report, letter of the office ...
_CITED_IN = {
    "선행기술조사": "examiner",
    "발송": "examiner",
    "심사": "examiner",
    "명세서": "applicant",
    "출원": "applicant",
}

READER = KiprisXml()
