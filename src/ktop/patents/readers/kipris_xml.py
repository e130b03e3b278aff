"""Reads KIPRIS Plus XML answers: searches of both interface families, details, citations, family, register."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
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
from ktop.patents.readers.record import build, citation, distinct, language_of, symbols
from ktop.patents.readers.source import Source, Tally
from ktop.patents.readers.xml_safe import text_at, text_of

_ROOT = re.compile(rb"<(?:response|OpenAPI_ServiceResponse)[\s>]")
_MARKS = re.compile(rb"<(?:PatentUtilityInfo|DesignInfo|TradeMarkInfo|items|resultCode|cmmMsgHeader)[\s/>]")
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
        for _, root in xml_safe.well_formed(source, xml_safe.documents, namespaces=True, holds_many=True):
            if isinstance(root, Reject):
                yield root
            else:
                yield from _records(root, source.tally)


def _records(root: ET.Element, tally: Tally) -> Iterator[Record]:
    """Yield what an answer holds; one that holds no record, though it does not say so, is rejected itself."""
    code = text_at(root, "header/resultCode") or text_at(root, "cmmMsgHeader/returnReasonCode")
    if code and code.strip("0"):  # an empty code and zeros both mean success
        tally.saw()
        yield Reject("header", "patents.reject_service_answer", {"code": code[:40]})
        return
    body = root.find("body")
    if body is None:
        tally.saw()
        yield Reject("answer", "patent_sources.reject_answer_shape", {"found": _tags(root)})
        return
    records = _record_elements(body)
    tally.saw(len(records))
    numbers = dict[str, int]()
    for record in records:
        numbers[record.tag] = numbers.get(record.tag, 0) + 1
        where = f"{'record' if record.tag in _SEARCHES else record.tag} {numbers[record.tag]}"
        if record.tag in _OTHER_RIGHTS:
            yield Reject(where, "patents.reject_not_patent", {"type": _OTHER_RIGHTS[record.tag]})
        elif record.tag in _COMPLETIONS:
            yield _COMPLETIONS[record.tag](record, where)
        elif record.tag in _SEARCHES:
            family_member = record.find("docdbFamilyID") is not None
            yield (_family_member if family_member else _patent)(record, where)
        elif record.tag == _FOREIGN:
            yield _foreign(record, where)
        else:
            told = {"found": record.tag[:80], "expected": ", ".join(_KNOWN)}
            yield Reject(where, "patent_sources.reject_answer_kind", told)
    if not records and not _says_empty(root):
        tally.saw()
        told = {"found": _tags(body), "expected": ", ".join(_KNOWN)}
        yield Reject("answer", "patent_sources.reject_answer_kind", told)


def _record_elements(parent: ET.Element) -> list[ET.Element]:
    """Return the records of a body: known ones wherever they stand, else whatever has fields within ``items``.

    Nothing inside a record is one: details hold classes, persons and claims in elements of many names.
    """
    found: list[ET.Element] = []
    for child in parent:
        if child.tag in _KNOWN:
            found.append(child)
        elif any(inner.tag in _KNOWN for inner in child.iter()):
            found += _record_elements(child)
        elif parent.tag in _HOLDERS and child.tag not in (*_HOLDERS, "count") and len(child):
            found.append(child)
        else:
            found += _record_elements(child) if child.tag in _HOLDERS else []
    return found


def _tags(element: ET.Element) -> str:
    """Return the names of an element and of what it holds, for a sentence."""
    return ", ".join(dict.fromkeys([element.tag, *(child.tag for child in element)]))[:120]


def _says_empty(root: ET.Element) -> bool:
    """Tell whether an answer says that nothing was found: a count of 0, or ``items`` without anything in it."""
    counts = [text_of(entry) for tag in _COUNTS for entry in root.iter(tag)]
    items = root.find("body/items")
    return any(count.strip("0") == "" and count for count in counts) or (
        items is not None and not len(items) and not text_of(items) and not any(counts)
    )


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


def _foreign(record: ET.Element, where: str) -> Patent | Reject:
    """Return the patent of a search of foreign patents: its grant, where it has one, else its opening.

    This answer prints no kind codes; the registration number of an opened application is kept beside it.
    """
    country = text_at(record, "countryCode")
    printed = [text_at(record, tag) for tag in ("registerNo", "openNumber", "publicationNo", "ltrtno")]
    numbers = [normalise_publication_number(text, country=country or None) for text in printed if text]
    found = list(dict.fromkeys(number for number in numbers if number))
    granted, opened = parse_date(text_at(record, "registerDate")), parse_date(text_at(record, "openDate"))
    made = build(
        where,
        KiprisXml.name,
        (country, (found or printed)[0], ""),
        text_at(record, "inventionName"),
        text_at(record, "astrtCont") or text_at(record, "abstract"),
        language=language_of(text_at(record, "inventionName"), "", country),
        application=normalise_application_number(text_at(record, "applicationNo"), country=country or None),
        filing_date=parse_date(text_at(record, "applicationDate")),
        publication_date=granted if printed[0] else opened,
        grant_date=granted,
        ipc=symbols(split_list(text_at(record, "ipc"))),
        applicants=distinct(split_list(text_at(record, "applicant"))),
        inventors=distinct(split_list(text_at(record, "inventors"))),
    )
    others = tuple(number for number in found[1:] if number != getattr(made, "id", None))
    return made if isinstance(made, Reject) else replace(made, also_published_as=others)


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
#: Records of searches and details; of the search of foreign patents; all that are read.
_SEARCHES = ("PatentUtilityInfo", "item")
_FOREIGN = "searchResult"
_KNOWN = (*_SEARCHES, _FOREIGN, *_COMPLETIONS, *_OTHER_RIGHTS)
#: What holds records and is none.
_HOLDERS = ("body", "items")
_COUNTS = ("totalCount", "totalSearchCount", "TotalSearchCount")
#: Part of the name of the paper in which a document is cited → who cited it: search report, letter of the office ...
_CITED_IN = {
    "선행기술조사": "examiner",
    "발송": "examiner",
    "심사": "examiner",
    "명세서": "applicant",
    "출원": "applicant",
}

READER = KiprisXml()
