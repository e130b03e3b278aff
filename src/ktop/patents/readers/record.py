"""Builds the one canonical patent from what any source prints; shared by the readers, itself no format."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from ktop.domain.patent.document import (
    Lang,
    LiteratureCitation,
    Patent,
    PatentCitation,
    normalise_application_number,
    normalise_class,
    normalise_publication_number,
)
from ktop.domain.patent.numbers import split_kind
from ktop.domain.technology.summary import detect_language
from ktop.patents.readers import (
    MAX_ABSTRACT_CHARS,
    MAX_CLAIM_CHARS,
    MAX_DESCRIPTION_CHARS,
    MAX_TITLE_CHARS,
    Reject,
)
from ktop.patents.readers.claims import counted_claims, live_claims
from ktop.patents.readers.xml_safe import text_of

_T = TypeVar("_T")
_ENGLISH = re.compile(
    r"\b(?:and|for|of|the|with|from|by|using|having|method|device|apparatus|vehicle)\b", re.IGNORECASE
)
_OTHER_LATIN_OFFICES = {
    "AR", "AT", "BE", "BG", "BR", "CH", "CL", "CO", "CR", "CU", "CZ", "DD", "DE", "DK", "EC", "EE", "ES", "FI", "FR",
    "HR", "HU", "IS", "IT", "LT", "LU", "LV", "MX", "NL", "NO", "PE", "PL", "PT", "RO", "RS", "SE", "SI", "SK", "TR",
    "UY", "YU",
}  # fmt: skip
#: Words for a language that do not start with its two letters.
_LANGUAGE_NAMES = {"kr": "ko", "한국어": "ko", "국문": "ko", "한글": "ko", "영어": "en", "영문": "en"}
#: Letters of search reports, the most damaging to novelty first (WIPO ST.14).
_SEARCH_LETTERS = "XIYEPOTLDA"


def build(
    where: str,
    source: str,
    number: tuple[str, str, str],
    title: str | None,
    abstract: str | None,
    *,
    claims: Sequence[str] = (),
    keep_claim: bool = True,
    cited: Iterable[PatentCitation | LiteratureCitation] = (),
    **fields: Any,
) -> Patent | Reject:
    """Check what every patent must have and build it, texts cut to the house's limits.

    Parameters
    ----------
    where : the record's place in its file.
    source : name of the reader.
    number : office, number and kind code as printed.
    claims : the claims as printed; cancelled ones neither count nor come first.
    keep_claim : False where they are in a language that is not kept; they are counted all the same.
    fields : further fields of ``Patent``; a ``claims_count`` that the source prints goes before the counted one.
    """
    country, printed, kind = number
    patent_id = normalise_publication_number(printed, country=country or None, kind=kind or None)
    if patent_id is None:
        return Reject(where, "patents.reject_number", {"number": " ".join(f"{country} {printed} {kind}".split())[:80]})
    if not title and not abstract:
        return Reject(where, "patents.reject_no_text")
    live = live_claims(claims)
    fields["claims_count"] = fields.get("claims_count") or counted_claims(live)
    found = list(dict.fromkeys(cited))
    code = split_kind(patent_id)[1]
    description = fields.pop("description", None)
    return Patent(
        id=patent_id,
        kind=kind.strip().upper() or (code or None),
        title=(title or "")[:MAX_TITLE_CHARS],
        abstract=(abstract or "")[:MAX_ABSTRACT_CHARS] or None,
        first_claim=fields.pop("first_claim", None) or (live[0][:MAX_CLAIM_CHARS] if live and keep_claim else None),
        description=description[:MAX_DESCRIPTION_CHARS] if description else None,
        cited_patents=tuple(entry for entry in found if isinstance(entry, PatentCitation)),
        cited_literature=tuple(entry for entry in found if isinstance(entry, LiteratureCitation)),
        source=source,
        **fields,
    )


def undamaged(names: Iterable[str]) -> Iterator[str]:
    """Yield the names that still can be read: one or two lost characters are borne, more are not."""
    return (name for name in names if name.count("\ufffd") < 3)


def excerpt(element: ET.Element | None, paragraph: str) -> str | None:
    """Return the first ``MAX_DESCRIPTION_CHARS`` characters of the paragraphs, headings left out."""
    if element is None:
        return None
    pieces: list[str] = []
    length = 0
    for piece in element.iter(paragraph):
        text = text_of(piece)
        pieces.append(text)
        length += len(text) + 1
        if length >= MAX_DESCRIPTION_CHARS:
            break
    return " ".join(pieces)[:MAX_DESCRIPTION_CHARS] or None


def citation(
    country: str, number: str, kind: str, category: str | None, day: str = ""
) -> PatentCitation | LiteratureCitation | None:
    """Return a cited document, None without a number; one that no rule reads is kept as text rather than lost.

    ``day`` is that of the document as printed (``19930600``), "" where the source has none.
    """
    if not number:
        return None
    normal = normalise_publication_number(number, country=country or None, kind=kind or None, year=document_year(day))
    if normal is None:
        return LiteratureCitation(f"{country} {number} {kind}".strip(), category)
    return PatentCitation(normal, category)


def document_year(day: str) -> int | None:
    """Return the year of a day as printed, also of one without day or month (``19930600``)."""
    year = day.strip()[:4]
    return int(year) if len(year) == 4 and year.isascii() and year.isdecimal() else None


def symbols(found: Iterable[str]) -> tuple[str, ...]:
    """Return normalised class symbols, each once, in the order printed; what is no symbol is left out."""
    normal = (normalise_class(symbol) for symbol in found)
    return tuple(dict.fromkeys(symbol for symbol in normal if symbol))


def distinct(names: Iterable[str | None]) -> tuple[str, ...]:
    """Return names that are not blank, each once, in the order printed, as one line each."""
    lines = (" ".join(name.split()) for name in names if name)
    return tuple(dict.fromkeys(name for name in lines if name))


def search_letter(printed: str) -> str | None:
    """Return the most damaging letter of a search-report category: ``XY`` → ``X``; None where there is none."""
    letters = printed.upper()
    return next((letter for letter in _SEARCH_LETTERS if letter in letters), None)


def texts_of_language(
    titles: Sequence[tuple[str, str]], abstracts: Sequence[tuple[str, str]]
) -> tuple[str, str | None, Lang | None]:
    """Choose title and abstract among several languages: English, else Korean, else what there is.

    A text in another language than English or Korean has language None. The abstract is in the language that is told,
    or left out; a title in any language is better than none.

    Parameters
    ----------
    titles, abstracts : (ISO 639-1 code or "", text) in the order printed.

    Returns
    -------
    title ("" where there is none), abstract, language.
    """
    title_in, abstract_in = _by_language(titles), _by_language(abstracts)
    wanted: tuple[Lang, ...] = ("en", "ko")
    both = [lang for lang in wanted if lang in title_in and lang in abstract_in]
    chosen = next(iter(both or [x for x in wanted if x in abstract_in] or [x for x in wanted if x in title_in]), None)
    if chosen is not None:
        return title_in.get(chosen) or next(iter(title_in.values()), ""), abstract_in.get(chosen), chosen
    common = next((lang for lang in title_in if lang in abstract_in), None)
    if common is not None:
        return title_in[common], abstract_in[common], None
    return next(iter(title_in.values()), ""), next(iter(abstract_in.values()), None), None


def language_of(title: str, abstract: str, country: str) -> Lang | None:
    """Return the language of texts whose source does not print it, None for another than English or Korean.

    A short title in Latin letters may be in the language of its office (``DE``, ``FR`` ...): there it is taken for
    English only where it has an English word that those languages do not have.
    """
    found = detect_language(f"{title} {abstract}"[:600])
    if found == "en" and country in _OTHER_LATIN_OFFICES and not _ENGLISH.search(f"{title} {abstract}"):
        return None
    return found


def _by_language(texts: Sequence[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for lang, text in texts:
        if text:
            found.setdefault(language_code(lang), text)
    return found


def language_code(printed: object) -> str:
    """Return the two letters of a printed language (``EN``, ``eng``, ``en-US``, ``Korean``, ``kor``), "" for none."""
    name = str(printed or "").strip().lower()
    return _LANGUAGE_NAMES.get(name, name[:2])


def is_kept_language(printed: object) -> bool:
    """Tell whether texts of a printed language are kept; English is what is meant where none is printed."""
    return (language_code(printed) or "en") in ("en", "ko")


def docdb_application_number(country: str, number: str, kind: str = "") -> str | None:
    """Return an application number printed in the form of DOCDB in the one written form of this house.

    Its US serials of eight digits or fewer end in two digits of the year and lack the series: they name no application
    by themselves, and give None.
    """
    return normalise_application_number(number, country=country or None, kind=kind or None, docdb=True)
