"""Reads the full text of European patents: applications and grants of the EPO, DTD 1.0 (2002) to today's 1.5.x."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping

from ktop.domain.patent.document import LiteratureCitation, Patent, PatentCitation
from ktop.patents.readers import Record, Reject, Sample, xml_safe
from ktop.patents.readers.fields import parse_date
from ktop.patents.readers.record import (
    build,
    citation,
    distinct,
    docdb_application_number,
    excerpt,
    is_kept_language,
    language_code,
    symbols,
    texts_of_language,
)
from ktop.patents.readers.source import Source
from ktop.patents.readers.xml_safe import text_at, text_of

_ROOT = re.compile(rb"<ep-patent-document[\s>]")
#: "US-A1- 2007 204 872", "WO-A-95/34526", "DE-A1-102009 041 527", "US-E- R E36 154".
_CITED = re.compile(r"^\s*([A-Z]{2})\s*-\s*([A-Z]\d?)\s*-\s*(.+)$")
_MAX_CLAIMS = 5_000


class EpXml:
    """``ep-patent-document`` files, one patent each, or several one after the other."""

    name = "ep-xml"

    def recognises(self, sample: Sample) -> bool:
        """Tell by the root element."""
        return _ROOT.search(sample.head) is not None

    def read(self, source: Source, column_map: Mapping[str, str] | None = None) -> Iterator[Record]:
        """Yield a patent or a reject per document. A file whose only document is broken raises ``InputError``."""
        for where, root in xml_safe.well_formed(source, xml_safe.documents, namespaces=True):
            if isinstance(root, Reject):
                yield root
            elif root.tag == "ep-patent-document":
                yield _patent(root, where)
            else:
                yield Reject(where, "patents.reject_not_patent", {"type": root.tag[:80]})


def _patent(root: ET.Element, where: str) -> Patent | Reject:
    """Build the patent of a document; B numbers are INID codes with a zero behind (WIPO ST.9, ST.32)."""
    biblio = root.find("SDOBI")
    if biblio is None:
        return Reject(where, "patents.reject_number", {"number": ""})
    kind = text_at(biblio, "B100/B130") or root.get("kind", "")
    titles = _titles(biblio.find("B500/B540"))
    abstracts = [(entry.get("lang", ""), _paragraphs(entry)) for entry in root.findall("abstract")]
    title, abstract, language = texts_of_language(titles, abstracts)
    published = parse_date(text_at(biblio, "B100/B140/date") or root.get("date-publ", ""))
    granted = parse_date(text_at(biblio, "B400/B450/date"))  # first publication of the grant, also where this is a B2
    claim_set = _claim_set(root)
    claims = [] if claim_set is None else [text_of(claim) for claim in claim_set.findall("claim")[:_MAX_CLAIMS]]
    description = root.find("description")
    return build(
        where,
        EpXml.name,
        (text_at(biblio, "B100/B190") or root.get("country", ""), text_at(biblio, "B100/B110"), kind),
        title,
        abstract,
        claims=claims,
        language=language,
        application=_application(text_at(biblio, "B200/B210")),
        filing_date=parse_date(text_at(biblio, "B200/B220/date")),
        publication_date=published,
        grant_date=granted or (published if kind.startswith("B") else None),
        description=excerpt(description, "p") if _is_ours(description) else None,
        keep_claim=_is_ours(claim_set),
        ipc=symbols(_ipc(biblio)),
        cpc=symbols(text_of(entry) for entry in biblio.findall("B500/B520EP/classifications-cpc/classification-cpc")),
        applicants=_names(biblio, "B700/B730/B731") or _names(biblio, "B700/B710/B711"),
        inventors=_names(biblio, "B700/B720/B721"),
        cited=_citations(biblio),
    )


def _titles(element: ET.Element | None) -> list[tuple[str, str]]:
    """Return language and title of each B541/B542 pair."""
    if element is None:
        return []
    languages = [text_of(entry) for entry in element.findall("B541")]
    return list(zip(languages, (text_of(entry) for entry in element.findall("B542")), strict=False))


def _paragraphs(element: ET.Element) -> str:
    return " ".join(text for piece in element.iter("p") if (text := text_of(piece))) or text_of(element)


def _of_language(root: ET.Element, tag: str, language: str = "en") -> ET.Element | None:
    return next((entry for entry in root.findall(tag) if language_code(entry.get("lang")) == language), None)


def _is_ours(element: ET.Element | None) -> bool:
    return element is not None and is_kept_language(element.get("lang"))


def _claim_set(root: ET.Element) -> ET.Element | None:
    """Return the claims in English where they are printed in it (a grant prints three languages), else the first.

    There may be several sets for several states; the first one is what counts.
    """
    chosen = _of_language(root, "claims")
    return root.find("claims") if chosen is None else chosen


def _application(printed: str) -> str | None:
    """Return the application number without its check digit: ``96939832.0`` → ``EP96939832``."""
    return docdb_application_number("EP", re.sub(r"\.\d$", "", printed.strip()))


def _ipc(biblio: ET.Element) -> Iterator[str]:
    for entry in biblio.findall("B500/B510EP/classification-ipcr"):
        yield text_of(entry)
    for tag in ("B511", "B512"):  # editions 1 to 7: " 7B 60L   7/26   A"
        for entry in biblio.findall(f"B500/B510/{tag}"):
            yield re.sub(r"^\s*\d\s*([A-H])\s*(\d\d[A-Z])", r"\1\2", text_of(entry))


def _names(biblio: ET.Element, path: str) -> tuple[str, ...]:
    return distinct(text_at(person, "snm") for person in biblio.findall(path))


def _citations(biblio: ET.Element) -> Iterator[PatentCitation | LiteratureCitation]:
    """Documents on the front page: those of the search report and of the examination, without category there."""
    for entry in biblio.findall("B500/B560/B561"):
        printed = text_at(entry, "text") or text_of(entry)
        match = _CITED.match(printed)
        found = citation(match[1], match[3], match[2], None) if match else citation("", printed, "", None)
        if found:
            yield found
    for entry in biblio.findall("B500/B560/B562"):
        literature = text_at(entry, "text") or text_of(entry)
        if literature:
            yield LiteratureCitation(literature)


READER = EpXml()
