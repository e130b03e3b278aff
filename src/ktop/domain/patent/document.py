"""A patent document as every room of the house knows it, and the one written form of its number."""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Literal

from ktop import catalogue

Lang = Literal["ko", "en"]

#: Office codes that patent numbers start with and that this house has rules for; any two letters are accepted.
_COUNTRY = re.compile(r"^[A-Z]{2}(?![A-Z]*$)")
#: Country, body, kind code. The body may start with letters (US design D435854, Japanese era H10123456).
_NUMBER = re.compile(r"^(?P<country>[A-Z]{2})(?P<letters>[A-Z]{0,4}?)(?P<digits>\d{1,16})(?P<kind>[A-Z]\d{0,2})?$")
_SEPARATORS = re.compile(r"[\s,./\-\u2010-\u2015_:;()'\"]+")
#: Marks around a stand-in for no value: ``<NA>``, ``(none)``, ``#N/A``.
_MARKS_AROUND = re.compile(r"^[\W_]+|[\W_]+$")
#: US number series that carry a letter prefix: design, plant, reissue, statutory invention, defensive publication ...
_US_SERIES = frozenset({"D", "PP", "P", "RE", "R", "H", "T", "X", "RX", "AI"})
_CLASS = re.compile(r"^([A-HY])\s*(\d{2})\s*([A-Z])(?:[\s\-]*0*(\d{1,4})\s*/\s*(\d{2,6}))?")
#: What is printed before a symbol: the name of the scheme and its edition (Int. Cl.7, IPC8:, 7).
_SCHEME = re.compile(
    r"^(?:(?:INT\.?\s*CL|IPCR?|CPC)[\s.]*(?:\(?\d{1,4}(?:\.\d\d)?\)?(?=[\s:.]))?[\s.:]*|[1-8]\s*(?=[A-H]\s*[\dOIL]))"
)
#: Letters in the place of the class's digits: GO6F for G06F, HOlL for H01L.
_MISREAD_CLASS = re.compile(r"^([A-HY])\s*([\dOIL]{2})(?=\s*[A-Z])")
_AS_DIGITS = str.maketrans("OIL", "011")
#: Strokes that stand for the one between group and subgroup.
_STROKES = str.maketrans({"\u2044": "/", "\u2215": "/", "\uff0f": "/", "\u2010": "-", "\u2011": "-"})
#: WIPO ST.8 without blanks: subclass, four places for the group, six for the subgroup.
_ST8_CLASS = re.compile(r"^([A-HY]\d{2}[A-Z])(\d{4})(\d{6})(?!\d{5})")
#: Older US prints: A47L  514 for A47L 5/14 (three places for the group, then the subgroup).
_FIXED_WIDTH_CLASS = re.compile(r"^([A-H]\d{2}[A-Z])([ \d]{2}\d)(\d{2,6})$")


def normalise_publication_number(text: str, *, country: str | None = None, kind: str | None = None) -> str | None:
    """Return a publication number in its one written form, or None where ``text`` holds no such number.

    ``US 7,654,321 B2`` → ``US7654321B2``; ``10-2019-0012345`` with ``country="KR"``, ``kind="A"`` →
    ``KR1020190012345A``; ``KR20190012345A`` (the form of DOCDB) → the same; ``US-2012278883-A1`` (a serial that lost
    its leading zero) → ``US20120278883A1``; ``07654321`` with ``country="US"`` → ``US7654321``. A kind code is kept
    where there is one and never invented. The function leaves its own results unchanged.

    Parameters
    ----------
    text : the number as printed; spaces, hyphens, commas, dots and slashes are passed over.
    country : two-letter office code, used where ``text`` starts with a digit or a US series letter.
    kind : kind code, used where ``text`` ends in a digit.
    """
    compact = _SEPARATORS.sub("", text.strip().upper())
    if not compact or not compact.isascii():
        return None
    if not _COUNTRY.match(compact) or (country == "US" and re.match(r"^(RE|PP|RX|AI)\d", compact)):
        compact = (country or "").upper() + compact
    match = _NUMBER.match(compact)
    if match is None:
        return None
    office, letters, digits = match["country"], match["letters"], match["digits"]
    code = match["kind"] or (_SEPARATORS.sub("", kind.strip().upper()) if kind else "")
    if code and not re.fullmatch(r"[A-Z]\d{0,2}", code):
        code = ""
    if office == "US":
        if letters and letters not in _US_SERIES:
            return None
        digits = _us_digits(digits, code)
    elif office == "KR":
        digits = _kr_digits(digits, code)
    if not digits.strip("0"):
        return None
    return f"{office}{letters}{digits}{code}"


def _us_digits(digits: str, kind: str) -> str:
    """Drop the padding of grant numbers; give the serial of an application publication its seven digits back."""
    application = kind.startswith("A") and len(digits) >= 9 and 2001 <= int(digits[:4]) <= 2099
    if application or (not kind and len(digits) in (10, 11) and 2001 <= int(digits[:4]) <= 2099):
        return digits[:4] + digits[4:].zfill(7)
    return digits.lstrip("0")


def _kr_digits(digits: str, kind: str) -> str:
    """Give a Korean number without its right code (10 patent, 20 utility model) the code its kind implies."""
    if len(digits) == 11 and 1947 <= int(digits[:4]) <= 2099 and kind[:1] in ("A", "U"):
        return ("20" if kind[0] == "U" else "10") + digits
    return digits


def korean_registration_number(text: str) -> str | None:
    """Return a Korean registration number in its one written form: ``1027251420000`` → ``KR102725142B1``.

    The register prints right code (10 patent, 20 utility model), seven digits and four zeros (a number within a divided
    right). Kind codes: B1 for a patent, Y1 for a utility model. None where ``text`` is no such number. Never use it on
    an application or opening number: they have thirteen digits, too.
    """
    digits = _SEPARATORS.sub("", text.strip())
    if not re.fullmatch(r"[12]0\d{7}(\d{4})?", digits):
        return None
    return f"KR{digits[:9]}{'B1' if digits[0] == '1' else 'Y1'}"


def normalise_application_number(text: str, *, country: str | None = None) -> str | None:
    """Return an application number in its one written form: ``09/782,496`` → ``US09782496`` with ``country="US"``.

    Application numbers are not publication numbers: leading zeros (the US series code) count and there is no kind code.
    None where ``text`` is no such number.
    """
    compact = _SEPARATORS.sub("", text.strip().upper())
    if not re.match(r"^[A-Z]{2}\d", compact):
        compact = (country or "").upper() + compact
    match = re.match(r"^([A-Z]{2})(\d{5,16})$", compact)
    if match is None or not match[2].strip("0"):
        return None
    return f"US{match[2].zfill(8)}" if match[1] == "US" else match[1] + match[2]


def normalise_class(symbol: str) -> str | None:
    """Return an IPC or CPC symbol in its one written form: ``G06F  17/30`` → ``G06F17/30``, ``A61B`` → ``A61B``.

    Read, too: the fixed-width form of older US prints (``A47L  514`` → ``A47L5/14``), that of WIPO ST.8
    (``H01M0010052500`` → ``H01M10/0525``), leading zeros and hyphens (``G06F-017/30``), the scheme's name and edition
    before (``Int. Cl.7 G06F 17/30``) and anything behind (``(2006.01)``, ``20060101AFI``), and letters in the place of
    the class's digits (``GO6F``). None where ``symbol`` is no class symbol.
    """
    symbol = symbol.strip().upper()
    match = _CLASS.match(symbol)
    if match is None or match[4] is None:
        if not symbol.isascii():
            symbol = unicodedata.normalize("NFKC", symbol).translate(_STROKES)
        symbol = _MISREAD_CLASS.sub(lambda found: found[1] + found[2].translate(_AS_DIGITS), _SCHEME.sub("", symbol))
        if standard := _ST8_CLASS.match(symbol):
            group, subgroup = int(standard[2]), standard[3].rstrip("0").ljust(2, "0")
            return f"{standard[1]}{group}/{subgroup}" if group else standard[1]
        if fixed := _FIXED_WIDTH_CLASS.match(symbol):
            return f"{fixed[1]}{int(fixed[2])}/{fixed[3]}"
        match = _CLASS.match(symbol)
    if match is None:
        return None
    section, number, letter, group_digits, subgroup_digits = match.groups()
    subclass = f"{section}{number}{letter}"
    return f"{subclass}{group_digits}/{subgroup_digits}" if group_digits else subclass


def normalise_family(printed: str | None) -> str | None:
    """Return a family identifier as one line, None where the source prints a stand-in for none.

    ``-1``, ``0``, ``N/A``, ``nan``, ``-`` and blanks are no family (``catalogue/patents/placeholders.yaml``): patents
    that share one are strangers. A whole number that a table made a fraction loses it: ``47000001.0`` → ``47000001``.
    """
    text = " ".join((printed or "").split())
    if _MARKS_AROUND.sub("", text).lower() in _no_family():
        return None
    if re.fullmatch(r"[+-]?\d+(?:\.0*)?", text):
        text = text.partition(".")[0]
        return text if int(text) > 0 else None
    return text


@functools.cache
def _no_family() -> frozenset[str]:
    return frozenset(catalogue.load("patents/placeholders")["family"])


def subclass_of(symbol: str) -> str:
    """Return the four-character subclass (``G06F``) of a normalised class symbol."""
    return symbol[:4]


@dataclass(frozen=True, slots=True)
class PatentCitation:
    """An earlier patent document that a patent cites.

    ``number`` is normalised. ``category`` says who or why: ``examiner``, ``applicant``, ``intext``, ``family`` or a
    search-report letter (``X``, ``Y``, ``A`` ...); None where the source does not say.
    """

    number: str
    category: str | None = None


@dataclass(frozen=True, slots=True)
class LiteratureCitation:
    """A non-patent document that a patent cites, as printed."""

    text: str
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Patent:
    """One patent document. None and the empty tuple mean that the source does not say; never zero.

    Parameters
    ----------
    id : normalised publication number, unique in a corpus.
    kind : kind code of the publication (``A1``, ``B2`` ...).
    application : normalised number of the application; publications of one application supersede each other.
    family : the source's family identifier; equal values mean one invention.
    filing_date, publication_date, grant_date : as printed. ``publication_date`` is that of this document.
    claims_count : number of claims of this document.
    description : an excerpt from the start of the description, never the whole.
    ipc, cpc : normalised symbols, the first one first.
    also_published_as : other normalised numbers of the same application.
    status : the source's legal status, as printed.
    language : language of title and abstract.
    source : the reader that read it.
    """

    id: str
    title: str
    abstract: str | None = None
    kind: str | None = None
    application: str | None = None
    family: str | None = None
    filing_date: date | None = None
    publication_date: date | None = None
    grant_date: date | None = None
    first_claim: str | None = None
    claims_count: int | None = None
    description: str | None = None
    ipc: tuple[str, ...] = ()
    cpc: tuple[str, ...] = ()
    applicants: tuple[str, ...] = ()
    inventors: tuple[str, ...] = ()
    cited_patents: tuple[PatentCitation, ...] = ()
    cited_literature: tuple[LiteratureCitation, ...] = ()
    also_published_as: tuple[str, ...] = ()
    status: str | None = None
    language: Lang | None = None
    source: str | None = None

    @property
    def known_from(self) -> date | None:
        """The day that places the patent in time: filing, else publication, else grant.

        The two stand-ins are never earlier than filing, so "filed before X" never lets a later patent through.
        """
        return self.filing_date or self.publication_date or self.grant_date

    @property
    def subclasses(self) -> tuple[str, ...]:
        """Distinct four-character subclasses, IPC first, in the order printed; CPC where there is no IPC."""
        return tuple(dict.fromkeys(subclass_of(symbol) for symbol in (self.ipc or self.cpc)))
