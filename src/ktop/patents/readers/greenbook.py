"""Reads the USPTO's Green Book, its full text of the grants of 1976 to 2001: one tag a line, no markup."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ktop.domain.patent.document import LiteratureCitation, Patent, PatentCitation, normalise_application_number
from ktop.domain.patent.numbers import office_code
from ktop.patents.readers import Record, Reject, Sample
from ktop.patents.readers.fields import parse_count, parse_date
from ktop.patents.readers.record import build, citation, distinct, symbols
from ktop.patents.readers.source import Source

_START = re.compile(rb"(?:^|[\r\n])PATN[ \t]*[\r\n]{1,3}WKU  ")
#: Most text of one patent; descriptions of millions of characters exist.
_MAX_CHARS = 64 * 1024**2
_MAX_LINE_CHARS = 10_000
#: Application types (APT) → kind codes of that time as DOCDB gives them.
_KINDS = {"1": "A", "2": "E", "4": "S", "6": "P"}
_SECTION = re.compile(r"^[A-Z]{4}\s*$")
_PARAGRAPHS = frozenset({"PAR", "PAL", "PA0", "PA1", "PA2", "PA3", "PA4", "PA5"})
_RAISED = re.compile(r"\.(?:su[bp]|su[bp]\.)\.")
_GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "upsilon": "υ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
}  # fmt: skip
_LETTER = re.compile(rf"\.({'|'.join(_GREEK)})\.", re.IGNORECASE)


class Field(NamedTuple):
    """One entry of a record: the section it stands in (with the section's running number), its tag, its text."""

    section: str
    number: int
    tag: str
    text: str


class Greenbook:
    """Single patents and weekly files of many."""

    name = "uspto-greenbook"

    def recognises(self, sample: Sample) -> bool:
        """Tell by the opening section and its number line."""
        return _START.search(sample.head) is not None

    def read(self, source: Source, column_map: Mapping[str, str] | None = None) -> Iterator[Record]:
        """Yield a patent or a reject per record, one in memory at a time; what stands above the first is left out."""
        lines: list[str] = []
        start = number = chars = 0
        line_end = "\n" if b"\n" in source.head() else "\r"  # alone only where an old Mac has rewritten the file
        with source.open() as raw, io.TextIOWrapper(raw, encoding="latin-1", newline=line_end) as text:
            while line := text.readline(_MAX_LINE_CHARS):
                number += 1
                line = line.rstrip("\r\n")
                if line.rstrip() == "PATN":
                    if start:
                        yield _record(lines, chars, f"line {start}")
                    source.tally.saw()
                    lines, start, chars = [], number, 0
                chars += len(line)
                if start and chars <= _MAX_CHARS:
                    lines.append(line)
        if start:
            yield _record(lines, chars, f"line {start}")


def _record(lines: Sequence[str], chars: int, where: str) -> Patent | Reject:
    if chars > _MAX_CHARS:
        return Reject(where, "patents.reject_too_large")
    return _patent(_fields(lines), where)


def _fields(lines: Sequence[str]) -> list[Field]:
    """Return the entries; lines that start with blanks go on with the entry before."""
    fields: list[Field] = []
    section, number, counts = "", 0, dict[str, int]()
    tag, pieces = "", list[str]()

    def close() -> None:
        if tag:
            fields.append(Field(section, number, tag, " ".join(pieces)))

    for line in lines:
        if line[:4].strip() == "":
            pieces.append(line.strip())
        elif _SECTION.match(line):
            close()
            section = line.strip()
            number = counts[section] = counts.get(section, 0) + 1
            tag, pieces = "", []
        else:
            close()
            tag, pieces = line[:4].strip(), [line[5:].rstrip()]
    close()
    return fields


def _patent(fields: Sequence[Field], where: str) -> Patent | Reject:
    def first(section: str, tag: str) -> str:
        return next((field.text for field in fields if field.section == section and field.tag == tag), "")

    printed = first("PATN", "WKU").strip()
    issued = parse_date(first("PATN", "ISD"))
    series, serial = (
        first("PATN", "SRC").strip(),
        first("PATN", "APN").strip()[:6],
    )  # the seventh digit is a check digit
    applied = normalise_application_number(f"{series.zfill(2)}{serial}", country="US") if serial.isdigit() else None
    claims = _claims(fields)
    return build(
        where,
        Greenbook.name,
        ("US", _without_check_digit(printed), _kind(printed, first("PATN", "APT"))),
        _plain(first("PATN", "TTL")),
        _text(fields, ("ABST",)),
        claims=claims,
        claims_count=parse_count(first("PATN", "NCL")),
        language="en",
        application=applied,
        filing_date=parse_date(first("PATN", "APD")),
        publication_date=issued,
        grant_date=issued,
        description=_text(fields, ("BSUM", "DRWD", "DETD")),
        ipc=symbols(field.text for field in fields if field.section == "CLAS" and field.tag == "ICL"),
        applicants=distinct(field.text for field in fields if field.section == "ASSG" and field.tag == "NAM"),
        inventors=distinct(_turned(field.text) for field in fields if field.section == "INVT" and field.tag == "NAM"),
        cited=_citations(fields),
    )


def _without_check_digit(printed: str) -> str:
    """Return the number of a WKU line: eight places and a check digit, ``039373754`` → ``03937375``."""
    return printed[:-1] if len(printed) == 9 else printed


def _kind(printed: str, application_type: str) -> str:
    if printed.startswith("H"):
        return "H"
    return "" if printed.startswith("T") else _KINDS.get(application_type.strip(), "A")


def _plain(text: str) -> str:
    """Take out the marks for raised and lowered text, name Greek letters by themselves, and close up blanks."""
    text = _LETTER.sub(lambda match: _GREEK[match[1].lower()], _RAISED.sub("", text))
    return " ".join(text.split())


def _text(fields: Sequence[Field], sections: Sequence[str]) -> str:
    """Return the paragraphs of sections, headings left out, in the order of ``sections``."""
    pieces = (
        field.text for section in sections for field in fields if field.section == section and field.tag in _PARAGRAPHS
    )
    return _plain(" ".join(pieces))


def _claims(fields: Sequence[Field]) -> list[str]:
    """Return the claims: each starts at its NUM line; a design has one, in a section of its own."""
    claims: list[list[str]] = []
    for field in fields:
        if field.section not in ("CLMS", "DCLM"):
            continue
        if field.tag == "NUM" or (field.section == "DCLM" and not claims):
            claims.append([])
        if field.tag in _PARAGRAPHS and claims:
            claims[-1].append(field.text)
    return [_plain(" ".join(claim)) for claim in claims if claim]


def _turned(name: str) -> str:
    """Return ``Daniels; Everette E.`` as ``Everette E. Daniels``."""
    family, _, given = name.partition(";")
    return f"{given.strip()} {family.strip()}".strip()


def _citations(fields: Sequence[Field]) -> Iterator[PatentCitation | LiteratureCitation]:
    """US and foreign references, then other publications; this format does not say who cited them."""
    references: dict[tuple[str, int], dict[str, str]] = {}
    for field in fields:
        if field.section in ("UREF", "FREF"):
            references.setdefault((field.section, field.number), {}).setdefault(field.tag, field.text.strip())
        elif field.section == "OREF" and field.tag in _PARAGRAPHS and field.text.strip():
            yield LiteratureCitation(_plain(field.text))
    for (section, _), reference in references.items():
        country = "US"
        if section == "FREF":
            country = office_code(reference.get("CNT", ""), before_1978=True) or ""
        found = citation(country, reference.get("PNO", ""), "", None, reference.get("ISD", ""))
        if found:
            yield found


READER = Greenbook()
