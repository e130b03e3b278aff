"""What the heading of a column means: a fact by its name or words, with the unit and the revision it may state."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ktop.domain.company.fact_spec import FACTS
from ktop.domain.values.kind import as_seen
from ktop.domain.values.money_units import FOREIGN_WORDS, UNIT_WORDS, unit_of
from ktop.kernel.errors import InputError

#: Units that are no money: they are passed over in a heading that counts in them.
_PLAIN_UNITS: Mapping[str, str] = {
    "명": "persons", "인": "persons", "persons": "persons", "person": "persons", "년": "years", "years": "years",
    "건": "count", "개": "count", "회": "count", "점": "count", "count": "count", "개사": "firms", "firms": "firms",
    "항": "claims", "claims": "claims",
}  # fmt: skip
#: Multipliers without 원, clear only inside brackets of a heading of money: 매출액(백만).
_BARE_UNITS: Mapping[str, int] = {
    "천": 10**3, "백만": 10**6, "thousand": 10**3, "thousands": 10**3, "inthousands": 10**3, "000": 10**3,
    "'000": 10**3, "million": 10**6, "millions": 10**6, "inmillions": 10**6,
}  # fmt: skip
_BRACKET = re.compile(r"[(\[{<]([^()\[\]{}<>]*)[)\]}>]")
_PIECES = re.compile(r"[,/;·ㆍ&]|및|과(?=\s)|\band\b")
_MARKS = re.compile(r"^[*※□■○●◦▪·\-\s]+|[*※:\s]+$")
_UNIT_LED = re.compile(r"^(?:단위|unit|units|amountsin|in)[:：=]?")
_TRAILING_UNIT = re.compile(
    r"^(.+?)[_/:,\-]?(" + "|".join(sorted(map(re.escape, UNIT_WORDS), key=len, reverse=True)) + ")$"
)
_STATED = re.compile(r"(?:단위|\bunits?\b|\bamounts\s+in\b)\s*[:：=]?\s*([^)\]>\n]+)", re.IGNORECASE)
_REVISION = re.compile(
    r"[(\[]?(?:ksic)?(?:제)?([0-9]{1,2})차(?:개정)?[)\]]?|(?<=ksic)[-_]?(?:rev\.?)?([0-9]{1,2})(?![0-9])"
)


@dataclass(frozen=True, slots=True)
class Heading:
    """A known heading: its fact, won of the unit it states (None where it states none), revision of KSIC (likewise)."""

    fact: str
    unit_krw: int | None = None
    revision: int | None = None


def folded(text: str) -> str:
    """Return a heading without what does not tell headings apart: width, spaces, case, marks of footnotes."""
    plain = unicodedata.normalize("NFKC", as_seen(text))
    return "".join(_MARKS.sub("", plain).split()).casefold()


@functools.cache
def fact_words() -> Mapping[str, str]:
    """Return every heading known, folded → fact."""
    words: dict[str, str] = {}
    for fact, spec in FACTS.items():
        for word in (*spec.aliases, spec.label["ko"], spec.label["en"]):
            words[folded(word)] = fact
    return words | {folded(fact): fact for fact in FACTS}


@functools.lru_cache(maxsize=4096)
def heading_of(text: str) -> Heading | None:
    """Return what a heading means; its parts, one above the other, are joined by line breaks. None where unknown."""
    if len(text) > 300:
        return None
    found = _heading(folded(text))
    if found is not None or "\n" not in text:
        return found
    parts = [folded(part) for part in text.split("\n") if part.strip()]
    unit: int | None = None
    named: list[str] = []
    for part in parts:
        stated = _units_of(part)
        if stated is not None and _BRACKET.sub("", part) in ("", part):
            unit = stated or unit
        else:
            bare, own = _without_units(part)
            unit = own or unit
            named.append(bare)
    for words in _combined(named):
        found = _heading(words)
        if found is not None:
            if unit and FACTS[found.fact].unit != "krw":
                return found
            return found if found.unit_krw or not unit else replace(found, unit_krw=unit)
    return None


def _combined(parts: Sequence[str]) -> list[str]:
    if not parts:
        return []
    last, first = parts[-1], parts[0]
    return [last, f"{first}({last})", f"{first}{last}", *(f"{part}({last})" for part in parts[1:-1]), first]


def _heading(words: str) -> Heading | None:
    known = fact_words()
    if words in known:
        return Heading(known[words])
    bare, unit = _without_units(words)
    if bare in known and (unit is None or FACTS[known[bare]].unit == "krw"):
        return Heading(known[bare], unit)
    plain, other = _without_plain_units(words)
    if plain in known and FACTS[known[plain]].unit == other:
        return Heading(known[plain])
    revised = _REVISION.search(words)
    if revised is not None:
        rest = words[: revised.start()] + words[revised.end() :]
        if known.get(rest) == "industry":
            return Heading("industry", revision=int(revised[1] or revised[2]))
    trailing = _TRAILING_UNIT.fullmatch(words)
    if trailing is not None and FACTS.get(known.get(trailing[1], ""), None) is not None:
        fact = known[trailing[1]]
        return Heading(fact, UNIT_WORDS[trailing[2]]) if FACTS[fact].unit == "krw" else None
    return None


def unit_apart(words: str) -> tuple[str, int | None]:
    """Return a folded heading without the units of money in its brackets, and the won of these (None: states none)."""
    return _without_units(words)


def _without_units(words: str) -> tuple[str, int | None]:
    """Return folded words without the units of money in their brackets, and the won of these."""
    unit: int | None = None

    def shortened(match: re.Match[str]) -> str:
        nonlocal unit
        kept = []
        for piece in match[1].split(","):
            name = _UNIT_LED.sub("", piece)
            won = unit_of(name) or _BARE_UNITS.get(name)
            if won is None:
                kept.append(piece)
            else:
                unit = won
        return f"({','.join(kept)})" if kept else ""

    return _BRACKET.sub(shortened, words), unit


def _without_plain_units(words: str) -> tuple[str, str | None]:
    found: str | None = None

    def shortened(match: re.Match[str]) -> str:
        nonlocal found
        unit = _PLAIN_UNITS.get(_UNIT_LED.sub("", match[1]))
        found = unit or found
        return "" if unit else match[0]

    return _BRACKET.sub(shortened, words), found


def _units_of(words: str) -> int | None:
    """Return the won of a text that is nothing but units, 0 where none of them is money; None for another text."""
    inner = _BRACKET.fullmatch(words)
    text = _UNIT_LED.sub("", inner[1] if inner else words)
    won = 0
    for piece in _PIECES.split(text):
        unit = unit_of(piece) or (_BARE_UNITS.get(piece) if inner else None)
        if unit is not None:
            won = unit
        elif piece not in _PLAIN_UNITS and piece != "%":
            return None
    return won


def states_foreign_currency(text: str) -> bool:
    """Return whether a heading is one of money in another currency."""
    words = folded(text)
    for match in _BRACKET.finditer(words):
        rest = words[: match.start()] + words[match.end() :]
        fact = fact_words().get(rest)
        if fact is not None and FACTS[fact].unit == "krw" and FOREIGN_WORDS.search(match[1]):
            return True
    return False


def unit_in_note(text: str) -> int | None:
    """Return the won of the unit that a note above a table states (``(단위: 천원, 명)``); None where it states none.

    Raises ``InputError`` where it states several units of money, or another currency.
    """
    plain = unicodedata.normalize("NFKC", as_seen(text))
    stated = _STATED.search(plain)
    words = stated[1] if stated else plain
    pieces = [folded(piece) for piece in _PIECES.split(words.strip("()[]<> "))]
    units = {won for piece in pieces if (won := unit_of(piece) or (_BARE_UNITS.get(piece) if stated else None))}
    if stated is None and (not units or any(unit_of(piece) is None and piece not in _PLAIN_UNITS for piece in pieces)):
        bracketed = [match[1] for match in _BRACKET.finditer("".join(plain.split()).casefold())]
        units = {won for inside in bracketed if (won := _units_of(f"({inside})"))}
    elif stated is not None and FOREIGN_WORDS.search(folded(words)):
        raise InputError("facts.foreign_currency", heading=text.strip()[:60])
    if len(units) > 1:
        raise InputError("facts.several_units", note=text.strip()[:60])
    return next(iter(units), None)


class CompanyHeadings:
    """The headings of a table of companies (``ktop.kernel.table_layout.Headings``)."""

    def meaning(self, heading: str) -> str | None:
        """Return the fact a heading stands for, None where it is unknown."""
        found = heading_of(heading)
        return None if found is None else found.fact

    def is_unit(self, text: str) -> bool:
        """Return whether a text is nothing but units (``(천원)``, ``명``, ``단위: 백만원``)."""
        return len(text) <= 60 and _units_of(folded(text)) is not None
