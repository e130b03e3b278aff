"""Years of Japanese numbers: eras and western years, with and without the letter of the era; words before numbers."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from ktop import catalogue

#: The first year in which numbers have the western year.
_WESTERN_FROM = 2000
#: Applications are laid open since Showa 46 (1971): no number of that kind has an earlier year.
_FIRST_OPENING = 46
#: Registered patents are published under their number since May 1996, utility models since 1994.
_REGISTRATIONS_FROM = 1996
_REGISTERED_UTILITY = range(3_000_001, 3_400_000)
_REGISTERED_EXAMINED_UTILITY = range(2_500_001, 2_700_000)
#: The day of a document that a text in Korean or Japanese puts in brackets behind its number.
_DAY_BEHIND = re.compile(r"[(\[]?(?<!\d)(?:18|19|20)\d\d\s*[.\-/년年]\s*\d{1,2}\s*[.\-/월月].*$")
_AROUND = re.compile(r"(?:제|第)(?=[\dA-Z])|(?:호|号|號)(?:공보|公報)?|공보|公報|특허청|特許庁")


def _eras() -> Mapping[str, Mapping[str, Any]]:
    eras: Mapping[str, Mapping[str, Any]] = catalogue.load("patents/number_forms")["eras"]
    return eras


@functools.cache
def _era_names() -> tuple[tuple[re.Pattern[str], str], ...]:
    named = sorted(((name, era) for era, told in _eras().items() for name in told["names"]), key=lambda n: -len(n[0]))
    return tuple((re.compile(rf"{name}\s*(?=\d|元)"), era) for name, era in named)


def words_read(text: str) -> tuple[str, str | None, str, bool]:
    """Return a text without the words of its language, and what they tell: office, kind code, whether an application.

    ``일본공개특허공보 특개평5-142789호 (1993.06.08)`` → ``H5-142789``, ``JP``, ``A``, no. Unknown words stay, so that
    such a text is no number.
    """
    text = _DAY_BEHIND.sub("", text)
    country, kind, application = None, "", False
    words: Mapping[str, Mapping[str, str]] = catalogue.load("patents/number_forms")["words"]
    found = True
    while found:
        text = text.strip()
        found = False
        squeezed = text.replace(" ", "")
        for word in sorted(words, key=len, reverse=True):
            if squeezed.startswith(word):
                told = words[word]
                country, kind = told.get("country", country), told.get("kind", kind)
                application = application or told.get("of") == "applications"
                text = told.get("letters", "") + _after(text, len(word))
                found = True
                break
    for pattern, era in _era_names():
        if pattern.search(text):
            text = pattern.sub(era, text, count=1).replace("元", "1")
            country = country or ("JP" if text.strip().startswith(era) else None)
            break
    return _AROUND.sub("", text), country, kind, application


def _after(text: str, letters: int) -> str:
    """Return what stands after the first ``letters`` characters that are no blanks."""
    place = 0
    while letters:
        letters -= text[place] != " "
        place += 1
    return text[place:]


def years(
    parts: Mapping[str, str], kind: str, document_year: int | None, *, parted: bool, application: bool
) -> Mapping[str, str] | None:
    """Return what the year of a number is in the form that is written, None where it cannot be.

    Parameters
    ----------
    parts : ``era`` and ``era_year``, or ``year`` (western), or ``bare_year`` (of an era without its letter), and
        ``serial``; what has none of them is left alone.
    kind : kind code or "".
    document_year : year in which the document was published, where the source tells it.
    parted : whether a mark stands between year and serial.
    application : whether this is an application's number, which has the western year whatever was printed.

    Returns
    -------
    parts to write with: ``era`` and ``era_year`` of publications before 2000, ``year`` of applications; or ``body``,
    the whole number, for publications from 2000 on.
    """
    western = _western(parts, kind, document_year, parted)
    if western == 0:
        return {}
    if western is None:
        return None
    if application:
        return {"year": str(western)}
    if western >= _WESTERN_FROM:
        return {"body": f"{western}{int(parts['serial']):06d}"}
    era = parts.get("era") or _era_of(parts, western, kind, document_year)
    return None if era is None else {"era": era, "era_year": str(western - _eras()[era]["before"])}


def _western(parts: Mapping[str, str], kind: str, document_year: int | None, parted: bool) -> int | None:
    """Return the western year, 0 where the number has none, None where it cannot be one."""
    if "era" in parts:
        told, of_era = _eras()[parts["era"]], int(parts["era_year"])
        return told["before"] + of_era if 1 <= of_era <= told["last"] else None
    if "year" in parts:
        return int(parts["year"])
    if "bare_year" not in parts:
        return 0
    year = int(parts["bare_year"])
    if not parted and len(parts["bare_year"]) == 1:
        number = int(parts["bare_year"] + parts["serial"])
        if _is_registration(number, kind, document_year):
            return None
    if year > _eras()["S"]["last"]:
        return 1900 + year
    exact = [era for era in "HSTM" if _eras()[era]["before"] + year == document_year]
    if exact and year >= 1:
        return int(_eras()[exact[0]]["before"]) + year
    if 1 <= year <= _WESTERN_FROM - 1 - _eras()["H"]["before"]:
        return int(_eras()["H"]["before"]) + year
    if year < 1 or (year < _FIRST_OPENING and (kind[:1] in ("A", "U") or not (parted or kind))):
        return None
    return int(_eras()["S"]["before"]) + year


def _is_registration(number: int, kind: str, document_year: int | None) -> bool:
    """Tell whether seven digits without marks are a running number, not a year and a serial."""
    if number < 1_000_000:
        return False
    if document_year is not None and document_year < _REGISTRATIONS_FROM:
        return False
    match kind[:1]:
        case "":
            return True
        case "B":
            return kind != "B"
        case "U":
            return number in _REGISTERED_UTILITY
        case "Y":
            return number in _REGISTERED_EXAMINED_UTILITY
    return False


def _era_of(parts: Mapping[str, str], western: int, kind: str, document_year: int | None) -> str | None:
    """Return the era of a western year; None for a year of two eras unless the number itself has the year of one."""
    fitting = [era for era, told in _eras().items() if 1 <= western - told["before"] <= told["last"]]
    fitting = [era for era in fitting if era == "R" or era != "H" or western < 2019]
    before = [era for era in fitting if not any(_eras()[later]["before"] + 1 < western for later in _after_era(era))]
    if "bare_year" in parts and int(parts["bare_year"]) <= _eras()["S"]["last"]:
        year = int(parts["bare_year"])
        return next((era for era in fitting if western - _eras()[era]["before"] == year), None)
    return before[0] if len(before) == 1 else None


def _after_era(era: str) -> str:
    order = "".join(_eras())
    return order[order.index(era) + 1 :]
