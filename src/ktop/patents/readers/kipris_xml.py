"""Reads KIPRIS Plus XML answers: search results of both interface families and bibliography details."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping

from ktop.domain.patent import (
    Patent,
    PatentCitation,
    korean_registration_number,
    normalise_application_number,
    normalise_class,
    normalise_publication_number,
)
from ktop.patents.readers import MAX_ABSTRACT_CHARS, MAX_CLAIM_CHARS, MAX_TITLE_CHARS, Record, Reject, Sample, xml_safe
from ktop.patents.readers.fields import parse_count, parse_date, split_list
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
    """KIPRIS Plus answers: ``PatentUtilityInfo`` records, ``item`` search records and ``item`` details."""

    name = "kipris-xml"

    def recognises(self, sample: Sample) -> bool:
        """Tell by the root element and the record tags."""
        return _ROOT.search(sample.head) is not None and _MARKS.search(sample.head) is not None

    def read(self, source: Source, column_map: Mapping[str, str] | None = None) -> Iterator[Record]:
        """Yield a patent or a reject per record. An answer is one document: broken anywhere, it is refused whole."""
        with source.open() as stream:
            for document in xml_safe.documents(stream):
                try:
                    root = xml_safe.parse(document)
                except xml_safe.XmlError as error:
                    raise xml_safe.file_error(error, source.name) from error
                yield from _records(root)


def _records(root: ET.Element) -> Iterator[Patent | Reject]:
    code = text_at(root, "header/resultCode")
    if code and code.strip("0"):  # an empty code and zeros both mean success
        yield Reject("header", "patents.reject_service_answer", {"code": code[:40]})
        return
    body = root.find("body")
    if body is None:
        return
    records = [*body.findall("items/PatentUtilityInfo"), *body.findall("items/item"), *body.findall("item")]
    for number, record in enumerate(records, 1):
        yield _patent(record, f"record {number}")
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
        cited_patents=tuple(_prior_art(record)),
        also_published_as=others,
        status=field("status") or None,
        language="ko",
        source="kipris-xml",
    )


def _prior_art(record: ET.Element) -> Iterator[PatentCitation]:
    for entry in record.findall("priorArtDocumentsInfoArray/priorArtDocumentsInfo"):
        printed = text_at(entry, "documentsNumber")
        number = normalise_publication_number(printed, country="KR") if printed else None
        if number:
            examiner = text_at(entry, "examinerQuotationFlag").upper() == "Y"
            yield PatentCitation(number, "examiner" if examiner else "applicant")


READER = KiprisXml()
