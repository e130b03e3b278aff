"""Numbers of publications and applications in their one written form, by the forms of each office and period.

The forms are reviewed data, ``catalogue/patents/number_forms.yaml``, and shown in ``docs/patent-numbers.md``. Whatever
holds a number - a reader, a citation, a family, a question - comes through here, so that one patent has one number.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ktop import catalogue
from ktop.domain.patent import japanese_numbers

#: A longer text is no number, whatever it holds; numbers with words in Korean or Japanese have some 50 characters.
MAX_CHARS = 200
_MAX_CODE_CHARS = 20
_KIND = r"(?P<kind>[A-Z]\d{0,2})"
#: Marks that parts of a number are set apart by; a run of them counts as one hyphen.
_MARKS = re.compile(r"[\s./\-\u2010-\u2015\u2212_:;()\[\]]+")
#: Marks within a part: 7,654,321, 7'654'321, and the asterisks of those who cite.
_INNER_MARKS = re.compile(r"[,'\"`*\u2018\u2019]+")
_WHOLE_FRACTION = re.compile(r"^\d+\.0$")
_BELOW_ZERO = re.compile(r"^[-\u2212]\s*\d+(?:\.\d+)?$")
#: A number that fits no form of its office is kept as printed; ``X`` ends the numbers of certificates of addition.
_ANY = re.compile(rf"(?P<letters>[A-Z]{{0,4}})(?P<digits>\d{{1,16}})(?P<check>X(?=[A-Z]|$))?{_KIND}?")
_ANY_APPLICATION = re.compile(r"(?P<letters>[A-Z]{0,4})(?P<digits>\d{5,16})(?P<kind>[A-Z]\d{0,2})?")
#: One database (DEPATISnet) pads every number to twelve places.
_PADDED_PLACES = 12
#: The letter behind these numbers is part of them, no kind code.
_ENDS_IN_LETTER = r"SG\d{11}[P-Y]|CH\d+G|[A-Z]{2}\d+X"
#: Numbers that nine of ten citations have, written already but for hyphens: they need not be tried form by form.
_PLAIN_US = re.compile(r"US-?(?:[1-9]\d{6,7}-?(?:[AB]\d?)?|20\d{9}-?(?:A\d)?)")
_WITH_KIND = r"^([A-Z]{2}.*\d[A-Z]?)([A-Z]\d{0,2})$"


@dataclass(frozen=True, slots=True)
class NumberForm:
    """One way in which an office, or those who quote it, print numbers.

    Parameters
    ----------
    office : its code.
    what, period, source : what is numbered so, when, and the key of the source; for people.
    examples : printed → written.
    pattern : the form with its kind code, over the number without its office.
    parted : whether the marks between the parts count, as one hyphen each.
    kinds : the kind codes that it is for; None for any.
    written : how it is written, in the syntax of ``str.format``.
    docdb : whether only sources that follow DOCDB print it.
    """

    office: str
    what: str
    period: str
    source: str
    examples: Mapping[str, str]
    pattern: re.Pattern[str]
    parted: bool
    kinds: re.Pattern[str] | None
    written: str
    docdb: bool


class _Digits(str):
    """Digits that can be written as a text or, with a format such as ``07d``, as a number."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        return format(int(self), spec) if spec.endswith("d") else format(str(self), spec)


@functools.cache
def forms(of: str) -> Mapping[str, Sequence[NumberForm]]:
    """Return office → its forms in the order in which they are tried; ``of``: publications or applications."""
    table = catalogue.load("patents/number_forms")
    return {office: [_form(office, entry) for entry in entries] for office, entries in table[of].items()}


def _form(office: str, entry: Mapping[str, Any]) -> NumberForm:
    parted = "parted" in entry
    provinces = "|".join(catalogue.load("patents/number_forms")["provinces"].split())
    body = entry["parted" if parted else "form"].replace("{PROVINCE}", f"(?:{provinces})")
    kinds = entry.get("kinds")
    return NumberForm(
        office,
        entry["what"],
        entry["period"],
        entry["source"],
        entry["examples"],
        re.compile(f"(?:{body})(?:{'-?' if parted else ''}{_KIND})?"),
        parted,
        None if kinds is None else re.compile(kinds),
        entry["written"],
        entry.get("docdb", False),
    )


# --- what is printed ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Printed:
    """A printed number, its marks made one hyphen each, and what words before it tell of its office and kind."""

    parted: str
    country: str | None = None
    kind: str = ""
    application: bool = False

    @property
    def compact(self) -> str:
        return self.parted.replace("-", "")

    def without(self, places: int) -> _Printed:
        """Return the number without its first letters."""
        rest = self.parted
        for _ in range(places):
            rest = rest.lstrip("-")[1:]
        return _Printed(rest.lstrip("-"), self.country, self.kind)


def _printed(text: str) -> _Printed | None:
    country, kind, application = None, "", False
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        if not text.isascii():
            text, country, kind, application = japanese_numbers.words_read(text)
    text = text.strip().upper()
    if not text or _BELOW_ZERO.match(text):
        return None
    if _WHOLE_FRACTION.match(text):
        text = text[:-2]
    parted = _MARKS.sub("-", _INNER_MARKS.sub("", text)).strip("-")
    if not parted.isascii() or not any(map(str.isdigit, parted)):
        return None
    return _Printed(parted, country, kind, application)


@functools.cache
def _offices() -> frozenset[str]:
    return frozenset(catalogue.load("patents/number_forms")["offices"].split())


@functools.cache
def _letters_of_one_office() -> Mapping[str, str]:
    letters: Mapping[str, str] = catalogue.load("patents/number_forms")["letters_of_one_office"]
    return letters


@functools.cache
def _maps() -> Mapping[str, Mapping[str, str]]:
    maps: Mapping[str, Mapping[str, str]] = catalogue.load("patents/number_forms")["maps"]
    return maps


def _short(code: str | None) -> str | None:
    """Return a code that may be kept in memory; a longer one is none."""
    return code if code is None or len(code) <= _MAX_CODE_CHARS else None


def office_code(printed: str, *, before_1978: bool = False) -> str | None:
    """Return the code of WIPO ST.3 that a printed code means, None for none: ``jp`` → ``JP``, ``UK`` → ``GB``.

    Codes of ISO 3166 with three letters, old ones padded with an X, and codes of the time before ST.3 are read, too;
    with ``before_1978`` also those that mean another office today.
    """
    table = catalogue.load("patents/number_forms")
    code = printed[:_MAX_CODE_CHARS].strip().upper()
    code = table["three_letters"].get(code) or (code[:2] if len(code) == 2 or code[2:] == "X" else "")
    if before_1978 and code in table["former_offices_before_1978"]:
        return str(table["former_offices_before_1978"][code])
    return code if code in _offices() else table["former_offices"].get(code)


def _valid_kind(kind: str | None) -> str:
    code = re.sub(r"[\W_]+", "", (kind or "").upper())
    return code if re.fullmatch(r"[A-Z]\d{0,2}", code) else ""


def _by_office(
    printed: _Printed, of: str, country: str | None, kind: str, year: int | None, docdb: bool
) -> tuple[str, str, str] | None:
    """Return office, body and kind of a number that fits a form; the letters of its office may stand before it."""
    compact = printed.compact
    code = office_code(compact[:2]) if compact[:2].isalpha() and not compact.isalpha() else None
    own = country or printed.country or _letters_of_one_office().get(compact[:2])
    tries: list[tuple[str, _Printed]] = []
    if own is not None and compact[:2] != own:
        tries.append((own, printed))
    if code is not None:
        tries.append((code, printed.without(2)))
    for office, rest in tries:
        found = _fitting(rest, office, of, kind or printed.kind, year, docdb)
        if found is not None:
            return office, *found
    return None


def _fitting(
    printed: _Printed, office: str, of: str, kind: str, year: int | None, docdb: bool
) -> tuple[str, str] | None:
    for form in forms(of).get(office, ()):
        if form.docdb and not docdb:
            continue
        match = form.pattern.fullmatch(printed.parted if form.parted else printed.compact)
        if match is None:
            continue
        code = match["kind"] or kind
        if form.kinds is not None and not form.kinds.fullmatch(code):
            continue
        body = _written(form, match.groupdict(), code, year)
        if body is not None and body.strip("0"):
            return body, code
    return None


def _written(form: NumberForm, parts: Mapping[str, str | None], kind: str, year: int | None) -> str | None:
    values = {name: _Digits(part) if part.isdigit() else part for name, part in parts.items() if part is not None}
    if form.office == "JP" and not form.written.startswith("WO"):
        told = japanese_numbers.years(values, kind, year, parted=form.parted, application="{year" in form.written)
        if told is None:
            return None
        values |= {name: _Digits(value) if value.isdigit() else value for name, value in told.items()}
        if "body" in told:
            return told["body"]
    for name, table in _maps().items():
        if name in values:
            values[name] = table[values[name]]
    if "serial" in values and not values["serial"].strip("0"):
        return None
    return form.written.format_map(values)


# --- publications -----------------------------------------------------------------------------------------------------


def normalise_publication_number(
    text: str, *, country: str | None = None, kind: str | None = None, year: int | None = None
) -> str | None:
    """Return a publication number in its one written form, or None where ``text`` holds no such number.

    ``US 7,654,321 B2`` → ``US7654321B2``; ``10-2019-0012345`` with ``country="KR"``, ``kind="A"`` and
    ``KR20190012345A`` (the form of DOCDB) → ``KR1020190012345A``; ``5-142789`` of Japan → ``JPH05142789``. A kind code
    is kept where there is one and never invented. The function leaves its own results unchanged.

    Parameters
    ----------
    text : the number as printed; marks and blanks are passed over, and kept apart where a form needs them.
    country : code of the office, used where ``text`` does not begin with one; letters of the office may stand there
        (``PI0507004`` of Brazil).
    kind : kind code, used where ``text`` ends in none.
    year : the year of the document where the source prints its day; tells eras of Japan apart.
    """
    if not kind and country in (None, "US") and _PLAIN_US.fullmatch(text):
        return text.replace("-", "")
    return _publication(text, _short(country), _short(kind), year) if len(text) <= MAX_CHARS else None


@functools.lru_cache(maxsize=65_536)
def _publication(text: str, country: str | None, kind: str | None, year: int | None) -> str | None:
    printed = _printed(text)
    if printed is None or printed.application:
        return None
    given = _valid_kind(kind)
    own = office_code(country) if country else None
    found = _by_office(printed, "publications", own, given, year, docdb=False)
    if found is not None:
        return "".join(found)
    return _any_publication(printed, own, given)


def _any_publication(printed: _Printed, country: str | None, kind: str) -> str | None:
    compact = printed.compact
    code = office_code(compact[:2]) if compact[:2].isalpha() else None
    office = code or country or printed.country
    match = _ANY.fullmatch(compact[2:] if code else compact)
    if office is None or match is None or (office == "US" and match["letters"]):
        return None
    digits = match["digits"]
    if len(digits) == _PADDED_PLACES and digits.startswith("00"):
        digits = digits.lstrip("0")
    if not digits.strip("0"):
        return None
    return f"{office}{match['letters']}{digits}{match['check'] or ''}{match['kind'] or kind or printed.kind}"


def korean_registration_number(text: str) -> str | None:
    """Return a Korean registration number in its one written form: ``1027251420000`` → ``KR102725142B1``.

    The register prints right code (10 patent, 20 utility model), seven digits and four zeros (a number within a divided
    right). Kind codes: B1 for a patent, Y1 for a utility model. None where ``text`` is no such number. Never use it on
    an application or opening number: they have thirteen digits, too.
    """
    digits = _MARKS.sub("", _INNER_MARKS.sub("", text))
    if not re.fullmatch(r"[12]0\d{7}(\d{4})?", digits):
        return None
    return f"KR{digits[:9]}{'B1' if digits[0] == '1' else 'Y1'}"


# --- applications -----------------------------------------------------------------------------------------------------


def normalise_application_number(
    text: str, *, country: str | None = None, kind: str | None = None, docdb: bool = False
) -> str | None:
    """Return an application number in its one written form: ``09/782,496`` → ``US09782496`` with ``country="US"``.

    Offices give one number to applications of different kinds, so every kind but an ordinary patent's (A) is written
    behind it where the number itself does not tell: ``JP2014058123U`` is a utility model, ``JP2014058123W`` the
    international application PCT/JP2014/058123. Leading zeros count. None where ``text`` is no such number.

    Parameters
    ----------
    kind : kind of the application (ST.16 as DOCDB uses it); none is taken for A.
    docdb : whether the number is in the form of DOCDB, which puts the year behind old Japanese numbers and leaves the
        series out of old US ones: those name no application by themselves.
    """
    return _application(text, _short(country), _short(kind), docdb) if len(text) <= MAX_CHARS else None


@functools.lru_cache(maxsize=65_536)
def _application(text: str, country: str | None, kind: str | None, docdb: bool) -> str | None:
    printed = _printed(text)
    if printed is None:
        return None
    for form in forms("applications")["WO"]:
        match = form.pattern.fullmatch(printed.compact)
        if match is not None and office_code(match["office"]):
            return _international(match["office"], match.groupdict())
    own = office_code(country) if country else None
    given = _valid_kind(kind)
    if given.startswith("W") or printed.compact.endswith("W"):
        return _received(printed, own)
    if docdb and (own or printed.compact[:2]) == "US" and not re.fullmatch(r"(?:US)?20\d{10}[A-Z]?", printed.compact):
        return None
    found = _by_office(printed, "applications", own, given, None, docdb)
    if found is None:
        found = _any_application(printed, own, given)
    if found is None:
        return None
    office, body, code = found
    within = catalogue.load("patents/number_forms")["application_kinds_within"].get(office, "A")
    return f"{office}{body}{'' if code[:1] in within else code[:1]}"


def _any_application(printed: _Printed, country: str | None, kind: str) -> tuple[str, str, str] | None:
    compact = printed.compact
    code = office_code(compact[:2]) if compact[:2].isalpha() else None
    office = code or country or printed.country
    match = _ANY_APPLICATION.fullmatch(compact[2:] if code else compact)
    if office is None or match is None or not match["digits"].strip("0") or (office == "US" and match["letters"]):
        return None
    return office, match["letters"] + match["digits"], match["kind"] or kind


def _received(printed: _Printed, country: str | None) -> str | None:
    """Return an international application as DOCDB prints it: the office of receipt, year, serial and W."""
    compact = printed.compact.removesuffix("W")
    office = office_code(compact[:2]) if compact[:2].isalpha() else country
    match = re.fullmatch(r"(?:[A-Z]{2})?(?:(?P<year>(?:19[789]|20\d)\d)|(?P<yy>\d\d))(?P<serial>\d{5,6})", compact)
    return None if match is None or office is None or office == "WO" else _international(office, match.groupdict())


def _international(office: str, parts: Mapping[str, str | None]) -> str | None:
    serial, year = int(parts["serial"] or 0), parts.get("year")
    if year is None:
        yy = parts.get("yy") or ""
        year = ("19" if int(yy) >= 78 else "20") + yy
    return f"{office}{year}{serial:06d}W" if serial else None


def application_kind_of(publication: str) -> str:
    """Return the kind of the application that a publication is of, for sources that do not print it; "" for A.

    A utility model's (``U``, ``Y``) is U; an international publication's is W.
    """
    if publication.startswith("WO"):
        return "W"
    return "U" if split_kind(publication)[1][:1] in ("U", "Y") else ""


# --- which numbers are of one invention -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SeriesRule:
    """Numbers that an office gives to different inventions, and the kinds that go together without their code."""

    number: str
    together: str


@dataclass(frozen=True, slots=True)
class LookUpRules:
    """How ``look_up_key`` is made, for those who make it in another language (SQL, Polars); no look-arounds.

    Parameters
    ----------
    same : pattern and what it is written as (``\\\\1`` ...), one after the other.
    ends_in_letter : numbers whose last letter is no kind code.
    with_kind : number and kind code.
    series : tried in order over the number without kind code; the first that fits counts.
    """

    same: Sequence[tuple[str, str]]
    ends_in_letter: str = _ENDS_IN_LETTER
    with_kind: str = _WITH_KIND
    series: Sequence[SeriesRule] = field(default_factory=tuple)


@functools.cache
def look_up_rules() -> LookUpRules:
    """Return the rules of the catalogue."""
    table = catalogue.load("patents/number_forms")
    same = [(rule["printed"], rule["as"]) for rule in table["same"]]
    return LookUpRules(same, series=[SeriesRule(rule["number"], rule["together"]) for rule in table["series"]])


def split_kind(number: str) -> tuple[str, str]:
    """Return a normalised number without its kind code, and the code ("" for none)."""
    match = None if re.fullmatch(_ENDS_IN_LETTER, number) else re.match(_WITH_KIND, number)
    return (match[1], match[2]) if match else (number, "")


def look_up_key(number: str) -> str:
    """Return what all numbers have in common that may stand for one publication number: with and without kind code.

    Where an office gives one number to different inventions (Japan to an opening and an examined publication), those
    have different keys, and a number without kind code has that of the usual kind. A key is no number: never show it.
    """
    rules = look_up_rules()
    for pattern, written in rules.same:
        number = re.sub(pattern, written, number)
    body, kind = split_kind(number)
    for rule in rules.series:
        if re.fullmatch(rule.number, body):
            return body if kind[:1] in ("", *rule.together) else f"{body}/{kind[0]}"
    return body


def ids_of(named: str) -> tuple[str, ...]:
    """Return the ids under which a corpus may hold a patent that somebody names, as written first.

    ``US 7,654,321 B2`` → ``US7654321B2`` and, where a source printed it without kind code, ``US7654321``. What is no
    number stays as it is: corpora may hold ids of their own.
    """
    number = normalise_publication_number(named) or named
    body, _ = split_kind(number)
    kindless = [body] if "/" not in look_up_key(number) else []
    return tuple(dict.fromkeys([number, *also_written(number), *kindless, named]))


def also_written(number: str) -> Iterator[str]:
    """Yield the other ways in which sources print the id of the same publication (two and four digits of a WO year)."""
    match = re.fullmatch(r"(JP)?WO(\d{4})(\d{6})(\D.*)?", number)
    if match and 1978 <= int(match[2]) <= 2003:
        short = normalise_publication_number(f"{match[1] or ''}WO{match[2][2:]}{match[3]}{match[4] or ''}")
        yield from [short] if short else []
    match = re.fullmatch(r"(JP)?WO(\d\d)(\d{5,6})(\D.*)?", number)
    if match:
        century = "19" if int(match[2]) >= 78 else "20"
        yield f"{match[1] or ''}WO{century}{match[2]}{int(match[3]):06d}{match[4] or ''}"
