"""A patent document as every room of the house knows it, its classes and its family in their written form."""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Literal

from ktop import catalogue
from ktop.domain.patent.numbers import korean_registration_number as korean_registration_number
from ktop.domain.patent.numbers import normalise_application_number as normalise_application_number
from ktop.domain.patent.numbers import normalise_publication_number as normalise_publication_number

Lang = Literal["ko", "en"]

#: Marks around a stand-in for no value: ``<NA>``, ``(none)``, ``#N/A``.
_LONGEST_STAND_IN = 40
_MARKS_AROUND = re.compile(r"^[\W_]+|[\W_]+$")
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
    if len(text) <= _LONGEST_STAND_IN and _MARKS_AROUND.sub("", text).lower() in _no_family():
        return None
    if re.fullmatch(r"[+-]?\d+(?:\.0*)?", text):
        text = text.partition(".")[0]
        return text if text[0] != "-" and text.strip("+0") else None
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
