"""Reads PatSnap-style XML: one ``doc`` a patent, every field a ``str`` element with a name."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping

from ktop.domain.patent.document import (
    LiteratureCitation,
    Patent,
    PatentCitation,
    normalise_application_number,
    normalise_publication_number,
)
from ktop.patents.readers import Record, Reject, Sample, xml_safe
from ktop.patents.readers.fields import parse_date
from ktop.patents.readers.record import build, citation, distinct, language_of, symbols
from ktop.patents.readers.source import Source
from ktop.patents.readers.xml_safe import text_of

_MARK = re.compile(rb"""<doc[\s>].{0,200}?<str\s+name\s*=\s*["']""", re.DOTALL)
_NUMBER_FIELD = b'"Patent Number"'
_GRANT_KINDS = re.compile(r"^(?:B|C|E)\d?$")
#: Who cited a document stands at the end of its text: "... 1997. cited by other ."
_CITED_BY = re.compile(r"[\s.;,]*\bcited by (examiner|applicant|other)[\s.]*$", re.IGNORECASE)


class PatsnapXml:
    """Files of one ``doc``, or of several below another element."""

    name = "patsnap-xml"

    def recognises(self, sample: Sample) -> bool:
        """Tell by the elements and the field with the number."""
        return _NUMBER_FIELD in sample.head and _MARK.search(sample.head) is not None

    def read(self, source: Source, column_map: Mapping[str, str] | None = None) -> Iterator[Record]:
        """Yield a patent or a reject per ``doc``, one in memory at a time."""
        for where, root in xml_safe.well_formed(source, lambda stream: xml_safe.elements(stream, "doc")):
            yield root if isinstance(root, Reject) else _patent(root, where)


def _patent(root: ET.Element, where: str) -> Patent | Reject:
    row: dict[str, str] = {}
    for entry in root.findall("str"):
        row.setdefault(entry.get("name", ""), text_of(entry))

    def several(name: str) -> list[str]:
        return [part for piece in row.get(name, "").split(" | ") if (part := piece.strip(" |"))]

    number, kind = row.get("Patent Number", ""), row.get("Kind Code", "")
    if kind and number.endswith(kind):
        number = number.removesuffix(kind)
    title, abstract, country = row.get("Title", ""), row.get("Abstract", ""), number[:2]
    published = parse_date(row.get("Publication Date"))
    family = sorted(filter(None, (normalise_publication_number(member) for member in several("Family Members"))))
    granted = _GRANT_KINDS.match(kind) or (country == "US" and kind == "A")
    return build(
        where,
        PatsnapXml.name,
        ("", number, kind),
        title,
        abstract,
        language=language_of(title, abstract, country),
        application=_application(row.get("Application Number", "")),
        family=family[0] if family else None,
        filing_date=parse_date(row.get("Application Date")),
        publication_date=published,
        grant_date=published if granted else None,
        ipc=symbols(several("All IPC")),
        cpc=symbols(several("All CPC")),
        applicants=distinct(several("Assignee(s)")),
        inventors=distinct(several("Inventor(s)")),
        cited=_citations(several("Cites"), several("Other References")),
    )


def _application(printed: str) -> str | None:
    """Return the application's number; European ones have the year in full here: ``EP1996101687`` is 96101687."""
    return normalise_application_number(re.sub(r"^EP(?:19|20)(\d{8})$", r"EP\1", printed.strip()))


def _citations(patents: list[str], literature: list[str]) -> Iterator[PatentCitation | LiteratureCitation]:
    for number in patents:
        found = citation("", number, "", None)
        if found:
            yield found
    for text in literature:
        said = _CITED_BY.search(text)
        yield LiteratureCitation(_CITED_BY.sub("", text), said[1].lower() if said else None)


READER = PatsnapXml()
