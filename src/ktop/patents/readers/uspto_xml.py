"""Reads USPTO XML: grants and applications of every version from 2001 on, one per file or concatenated weekly."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from typing import Any

from ktop.domain.patent.document import LiteratureCitation, Patent, PatentCitation, normalise_application_number
from ktop.patents.readers import Record, Reject, Sample, xml_safe
from ktop.patents.readers.fields import parse_count, parse_date
from ktop.patents.readers.record import build, citation, excerpt, symbols
from ktop.patents.readers.source import Source
from ktop.patents.readers.xml_safe import text_at, text_of

_ROOT = re.compile(rb"<(us-patent-grant|us-patent-application|PATDOC|patent-application-publication)[\s>]")


class UsptoXml:
    """Grants v2.5 (2001-2004, ST.32) and v4.x (2005 on), applications v1.5 (2001-2004) and v4.x."""

    name = "uspto-xml"

    def recognises(self, sample: Sample) -> bool:
        """Tell by the root element."""
        return _ROOT.search(sample.head) is not None

    def read(self, source: Source, column_map: Mapping[str, str] | None = None) -> Iterator[Record]:
        """Yield a patent or a reject per document. A file whose only document is broken raises ``InputError``."""
        for where, root in xml_safe.well_formed(source, xml_safe.documents, namespaces=True):
            yield root if isinstance(root, Reject) else _record(root, where)


def _record(root: ET.Element, where: str) -> Patent | Reject:
    if root.tag in ("us-patent-grant", "us-patent-application"):
        return _version_4(root, where)
    if root.tag == "PATDOC":
        return _grant_2(root, where)
    if root.tag == "patent-application-publication":
        return _application_1(root, where)
    return Reject(where, "patents.reject_not_patent", {"type": root.tag[:80]})


def _patent(
    where: str, number: tuple[str, str, str], title: str, abstract: str, claims: list[ET.Element], **fields: Any
) -> Patent | Reject:
    """Build the patent; ``number`` is office, number and kind as printed."""
    country, printed, kind = number
    texts = [text_of(claim) for claim in claims]
    return build(
        where, UsptoXml.name, (country or "US", printed, kind), title, abstract, claims=texts, language="en", **fields
    )


# --- version 4: us-patent-grant, us-patent-application -------------------------------------------------------------


def _version_4(root: ET.Element, where: str) -> Patent | Reject:
    grant = root.tag == "us-patent-grant"
    biblio = root.find("us-bibliographic-data-grant" if grant else "us-bibliographic-data-application")
    if biblio is None:
        return Reject(where, "patents.reject_number", {"number": ""})
    document = "publication-reference/document-id/"
    number = (
        text_at(biblio, document + "country"),
        text_at(biblio, document + "doc-number"),
        text_at(biblio, document + "kind"),
    )
    published = parse_date(text_at(biblio, document + "date"))
    application = "application-reference/document-id/"
    applied_for = text_at(biblio, application + "doc-number")
    people = biblio.findall("parties/applicants/applicant")
    return _patent(
        where,
        number,
        text_at(biblio, "invention-title"),
        text_at(root, "abstract"),
        root.findall("claims/claim"),
        application=normalise_application_number(applied_for, country="US"),
        filing_date=parse_date(text_at(biblio, application + "date")),
        publication_date=published,
        grant_date=published if grant else None,
        claims_count=parse_count(text_at(biblio, "number-of-claims")),
        description=excerpt(root.find("description"), "p"),
        ipc=symbols(_ipc_4(biblio)),
        cpc=symbols(_joined(biblio, "classifications-cpc//classification-cpc")),
        applicants=_applicants_4(biblio),
        inventors=_names_4(
            biblio.findall("us-parties/inventors/inventor")
            + [person for person in people if person.get("app-type") == "applicant-inventor"]
            + biblio.findall("parties/inventors/inventor")
        ),
        cited=_citations_4(biblio),
    )


def _joined(biblio: ET.Element, path: str) -> Iterator[str]:
    for entry in biblio.findall(path):
        parts = [text_at(entry, tag) for tag in ("section", "class", "subclass", "main-group", "subgroup")]
        yield f"{parts[0]}{parts[1]}{parts[2]}{parts[3]}/{parts[4]}" if parts[3] else "".join(parts)


def _ipc_4(biblio: ET.Element) -> Iterator[str]:
    yield from _joined(biblio, "classifications-ipcr/classification-ipcr")
    for entry in biblio.findall("classification-ipc"):
        for tag in ("main-classification", "further-classification"):
            for symbol in entry.findall(tag):
                yield (symbol.text or "")


def _names_4(people: list[ET.Element]) -> tuple[str, ...]:
    names = []
    for person in people:
        book = person.find("addressbook")
        book = person if book is None else book
        name = text_at(book, "orgname") or f"{text_at(book, 'first-name')} {text_at(book, 'last-name')}".strip()
        names.append(name)
    return tuple(dict.fromkeys(name for name in names if name))


def _applicants_4(biblio: ET.Element) -> tuple[str, ...]:
    """Assignees; where none is printed, applicants that are not merely the inventors."""
    assignees = _names_4(biblio.findall("assignees/assignee"))
    if assignees:
        return assignees
    people = biblio.findall("us-parties/us-applicants/us-applicant") + biblio.findall("parties/applicants/applicant")
    return _names_4([person for person in people if person.get("app-type") != "applicant-inventor"])


def _citations_4(biblio: ET.Element) -> Iterator[PatentCitation | LiteratureCitation]:
    cited = biblio.findall("us-references-cited/us-citation") + biblio.findall("references-cited/citation")
    for entry in cited:
        said = text_at(entry, "category").lower()
        category = next((who for who in ("examiner", "applicant", "other", "third party") if who in said), None)
        patent = entry.find("patcit/document-id")
        if patent is not None:
            found = citation(
                text_at(patent, "country") or "US",
                text_at(patent, "doc-number"),
                text_at(patent, "kind"),
                category,
                text_at(patent, "date"),
            )
            if found:
                yield found
        literature = text_at(entry, "nplcit/othercit") or text_at(entry, "nplcit")
        if literature:
            yield LiteratureCitation(literature, category)


# --- version 2.5: PATDOC (ST.32) -----------------------------------------------------------------------------------


def _grant_2(root: ET.Element, where: str) -> Patent | Reject:
    biblio = root.find("SDOBI")
    if biblio is None:
        return Reject(where, "patents.reject_number", {"number": ""})
    published = parse_date(text_at(biblio, "B100/B140"))
    classes = [entry for tag in ("B511", "B512") for entry in biblio.findall(f"B500/B510/{tag}")]
    return _patent(
        where,
        (text_at(biblio, "B100/B190"), text_at(biblio, "B100/B110"), text_at(biblio, "B100/B130")),
        text_at(biblio, "B500/B540"),
        _paragraphs(root.find("SDOAB"), "PARA"),
        root.findall("SDOCL/CL/CLM"),
        application=normalise_application_number(text_at(biblio, "B200/B210"), country="US"),
        filing_date=parse_date(text_at(biblio, "B200/B220")),
        publication_date=published,
        grant_date=published,
        claims_count=parse_count(text_at(biblio, "B500/B570/B577")),
        description=excerpt(root.find("SDODE"), "PARA"),
        ipc=symbols("".join(entry.itertext()) for entry in classes),  # blanks count in the fixed-width form
        applicants=_names_2(biblio.findall("B700/B730/B731")),
        inventors=_names_2(biblio.findall("B700/B720/B721")),
        cited=_citations_2(biblio),
    )


def _paragraphs(element: ET.Element | None, paragraph: str) -> str:
    return "" if element is None else " ".join(text_of(piece) for piece in element.iter(paragraph))


def _names_2(people: list[ET.Element]) -> tuple[str, ...]:
    names = []
    for person in people:
        name = person.find("PARTY-US/NAM")
        if name is not None:
            full = f"{text_at(name, 'FNM')} {text_at(name, 'SNM')}".strip()
            names.append(text_at(name, "ONM") or full)
    return tuple(dict.fromkeys(name for name in names if name))


def _citations_2(biblio: ET.Element) -> Iterator[PatentCitation | LiteratureCitation]:
    for entry in biblio.findall("B500/B560/B561"):
        found = citation(
            text_at(entry, "PCIT/DOC/CTRY") or "US",
            text_at(entry, "PCIT/DOC/DNUM"),
            text_at(entry, "PCIT/DOC/KIND"),
            _category_2(entry),
            text_at(entry, "PCIT/DOC/DATE"),
        )
        if found:
            yield found
    for entry in biblio.findall("B500/B560/B562"):
        literature = text_at(entry, "NCIT")
        if literature:
            yield LiteratureCitation(literature, _category_2(entry))


def _category_2(entry: ET.Element) -> str | None:
    if entry.find("CITED-BY-EXAMINER") is not None:
        return "examiner"
    return "other" if entry.find("CITED-BY-OTHER") is not None else None


# --- version 1.5: patent-application-publication -------------------------------------------------------------------


def _application_1(root: ET.Element, where: str) -> Patent | Reject:
    biblio = root.find("subdoc-bibliographic-information")
    if biblio is None:
        return Reject(where, "patents.reject_number", {"number": ""})
    document = "document-id/"
    inventors = biblio.findall("inventors/first-named-inventor") + biblio.findall("inventors/inventor")
    names = (f"{text_at(entry, 'name/given-name')} {text_at(entry, 'name/family-name')}".strip() for entry in inventors)
    owners = (text_at(entry, "organization-name") for entry in biblio.findall("assignee"))
    filing = "domestic-filing-data/"
    return _patent(
        where,
        (
            text_at(biblio, document + "country-code"),
            text_at(biblio, document + "doc-number"),
            text_at(biblio, document + "kind-code"),
        ),
        text_at(biblio, "technical-information/title-of-invention"),
        _paragraphs(root.find("subdoc-abstract"), "paragraph"),
        root.findall("subdoc-claims/claim"),
        application=normalise_application_number(
            text_at(biblio, filing + "application-number/doc-number"), country="US"
        ),
        filing_date=parse_date(text_at(biblio, filing + "filing-date")),
        publication_date=parse_date(text_at(biblio, document + "document-date")),
        description=excerpt(root.find("subdoc-description"), "paragraph"),
        ipc=symbols(text_of(entry) for entry in biblio.findall("technical-information/classification-ipc//ipc")),
        applicants=tuple(dict.fromkeys(name for name in owners if name)),
        inventors=tuple(dict.fromkeys(name for name in names if name)),
    )


READER = UsptoXml()
