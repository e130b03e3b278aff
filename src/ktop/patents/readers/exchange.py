"""Reads the EPO's exchange document, the record that DOCDB files and OPS answers share; itself no format."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

from ktop.domain.patent.document import LiteratureCitation, Patent, PatentCitation
from ktop.patents.readers import Reject
from ktop.patents.readers.fields import parse_date
from ktop.patents.readers.record import (
    build,
    citation,
    distinct,
    docdb_application_number,
    search_letter,
    symbols,
    texts_of_language,
)
from ktop.patents.readers.xml_safe import text_at, text_of

#: Who cited, by the phase in which it was cited (DOCDB) or as OPS says it.
PHASES = {
    "APP": "applicant",
    "DES": "applicant",
    "OPP": "opposition",
    "FOP": "opposition",
    "APL": "appeal",
    "LIM": "limitation",
    "TPO": "third party",
    "CH2": "examiner",
    "EXA": "examiner",
    "ISR": "examiner",
    "PRS": "examiner",
    "SEA": "examiner",
    "SUP": "examiner",
}
_COUNTRY_AT_END = re.compile(r"\s*\[[A-Z]{2}\]$")


def exchange_patent(document: ET.Element, where: str, source: str) -> Patent | Reject:
    """Return the patent of an ``exchange-document`` whose names have lost their prefixes, or why there is none.

    Of several languages English is taken, else Korean (``texts_of_language``). A document that DOCDB marks as deleted
    (status D) is rejected. Families are DOCDB's simple families.
    """
    if document.get("status") == "D":
        return Reject(where, "patent_sources.reject_deleted")
    biblio = document.find("bibliographic-data")
    if biblio is None:
        biblio = document
    published = document_id(biblio, "publication-reference")
    applied = document_id(biblio, "application-reference")
    number = tuple(
        document.get(name) or published[index] for index, name in enumerate(("country", "doc-number", "kind"))
    )
    title, abstract, language = texts_of_language(
        [(entry.get("lang", ""), text_of(entry)) for entry in biblio.findall("invention-title")],
        [(entry.get("lang", ""), text_of(entry)) for entry in document.findall("abstract")],
    )
    day = parse_date(document.get("date-publ") or published[3])
    kind = str(number[2])
    return build(
        where,
        source,
        (str(number[0]), str(number[1]), kind),
        title,
        abstract,
        language=language,
        application=docdb_application_number(*applied[:3]),
        family=(document.get("family-id") or "").strip() or None,
        filing_date=parse_date(applied[3]),
        publication_date=day,
        grant_date=_grant_day(biblio, kind, str(number[0]), day),
        ipc=symbols(_ipc(biblio)),
        cpc=symbols(_cpc(biblio)),
        applicants=_names(biblio, "applicant"),
        inventors=_names(biblio, "inventor"),
        cited=_citations(biblio),
    )


def document_id(parent: ET.Element, reference: str) -> tuple[str, str, str, str]:
    """Return country, number, kind and date of a reference in the form of DOCDB; the date from any form that has one.

    Values that are not printed are "".
    """
    identifiers: list[tuple[str, ET.Element]] = []
    for entry in parent.findall(reference):
        for identifier in entry.findall("document-id"):
            identifiers.append((identifier.get("document-id-type") or entry.get("data-format") or "", identifier))
    chosen = next((identifier for form, identifier in identifiers if form == "docdb"), None)
    if chosen is None:
        chosen = next((identifier for _, identifier in identifiers if text_at(identifier, "country")), None)
    day = next((text for _, identifier in identifiers if (text := text_at(identifier, "date"))), "")
    if chosen is None:
        return "", "", "", day
    country, number, kind = (text_at(chosen, tag) for tag in ("country", "doc-number", "kind"))
    return country, number, kind, text_at(chosen, "date") or day


def _grant_day(biblio: ET.Element, kind: str, country: str, published: object) -> object:
    """Return the day of grant: as printed, else that of publication where the kind is a grant's."""
    printed = parse_date(text_at(biblio, "dates-of-public-availability/printed-with-grant/document-id/date"))
    granted = kind[:1] == "C" or (kind[:1] == "B" and country in ("EP", "US", "KR", "CN", "JP"))
    return printed or (published if granted else None)


def _ipc(biblio: ET.Element) -> Iterator[str]:
    """Current symbols; those of the editions before 2006 only where there are no others."""
    current = [text_of(entry) for entry in biblio.findall("classifications-ipcr/classification-ipcr")]
    if current:
        yield from (re.sub(r"/\s+", "/", symbol) for symbol in current)
        return
    for entry in biblio.findall("classification-ipc"):
        for tag in ("main-classification", "further-classification", "text"):
            for symbol in entry.findall(tag):
                # Editions 1 to 7 put the edition first: " 7A 61K   9/16   A".
                yield re.sub(r"^\s*\d([A-H]) ?(\d\d[A-Z])", r"\1\2", text_of(symbol))


def _cpc(biblio: ET.Element) -> Iterator[str]:
    for entry in biblio.findall("patent-classifications/patent-classification"):
        scheme = entry.find("classification-scheme")
        if scheme is None or not (scheme.get("scheme") or "").startswith("CPC"):
            continue
        symbol = text_at(entry, "classification-symbol")
        if symbol:
            yield symbol
        else:
            parts = [text_at(entry, tag) for tag in ("section", "class", "subclass", "main-group", "subgroup")]
            yield f"{parts[0]}{parts[1]}{parts[2]}{parts[3]}/{parts[4]}" if parts[3] else "".join(parts)


def _names(biblio: ET.Element, role: str) -> tuple[str, ...]:
    """Return names as standardised by DOCDB (``epodoc`` in OPS), else as printed; never the same person twice."""
    people = biblio.findall(f"parties/{role}s/{role}")
    for form in ("docdb", "epodoc", "docdba", "original", None):
        chosen = [person for person in people if form is None or person.get("data-format") == form]
        found = distinct(_COUNTRY_AT_END.sub("", text_at(person, f"{role}-name/name")) for person in chosen)
        if found:
            return found
    return ()


def _citations(biblio: ET.Element) -> Iterator[PatentCitation | LiteratureCitation]:
    for entry in biblio.findall("references-cited/citation"):
        category = _category(entry)
        patent = entry.find("patcit")
        if patent is not None:
            country, number, kind, day = document_id(entry, "patcit")
            found = (
                citation(country, number, kind, category, day)
                if number
                else citation("", patent.get("dnum", ""), "", category)
            )
            if found:
                yield found
        literature = text_at(entry, "nplcit/text") or text_at(entry, "nplcit")
        if literature:
            yield LiteratureCitation(literature, category)


def _category(entry: ET.Element) -> str | None:
    """Return the letter of the search report, else who cited it."""
    letters = "".join(text_of(category) for category in entry.iter("category"))
    who = (entry.get("cited-by") or "").lower()
    if letters and (letter := search_letter(letters)):
        return letter
    if who in ("examiner", "applicant", "opponent", "third party"):
        return who
    phase = entry.get("cited-phase") or ""
    if phase in PHASES:
        return PHASES[phase]
    return "examiner" if "search-report" in phase or "examination" in phase else None
