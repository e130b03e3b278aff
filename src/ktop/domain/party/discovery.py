"""What a company lets be found of itself, by whom, and what a search may ask for.

A firm that stays anonymous is shown only in a batch of enough firms that are alike in all that is shown of them
(k-anonymity, Sweeney 2002), so that combining filters never leads to one. A batch appears at once and goes as soon as
one of it goes, so that two looks never differ by one anonymous firm.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

from ktop.catalogue import load
from ktop.domain.rating.grades import ladder
from ktop.kernel.errors import InputError

#: As many firms have to be alike before an anonymous one is shown.
ALIKE = 5
#: Kinds of institution that a company can let find it.
FINDERS = ("bank", "investor", "agency")
_LONGEST_WORDS = 300
_LONGEST_SUMMARY = 1000
_LONGEST_NAME = 100
#: Models that give the grade that is shown.
GRADED = ("ktrs-fm", "start-up")


@dataclass(frozen=True, slots=True)
class OptIn:
    """A company's own decision to be found.

    Parameters
    ----------
    rating : the kept rating whose band is shown.
    to : kinds of institution, of ``FINDERS``.
    anonymous : whether name and number stay hidden until a request for contact is accepted.
    words : what the company says it does; not searched or shown of an anonymous firm, as words tell who it is.
    until : the last day.
    hidden : parts of ``Profile`` that are not shown.
    """

    rating: str
    to: frozenset[str]
    anonymous: bool
    words: str
    until: date
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Profile:
    """What of a rating is shown and searched: grades as bands (letters without signs), the index, the peer group, and
    the model that graded. What the company hides is empty.
    """

    business: str
    growth: str
    risk: str
    index_score: float | None
    industry: str
    region: str
    size: str
    age_band: str
    model: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search asks for; empty parts ask for nothing.

    Parameters
    ----------
    business : at least this technology-business grade; ``growth`` and ``risk`` likewise.
    index_score : at least this Tech-Index.
    words : what a named firm says of itself, or the beginnings of words of its name; the best match first.
    model : the model that graded.
    like : the card of a named firm; firms that say the like of themselves are found, the likest first.
    """

    business: str = ""
    growth: str = ""
    risk: str = ""
    index_score: float | None = None
    industry: str = ""
    region: str = ""
    size: str = ""
    age_band: str = ""
    words: str = ""
    model: str = ""
    like: str = ""


def check_opt_in(given: OptIn, day: date) -> None:
    """Raise ``InputError`` for an opt-in that nobody can act on."""
    if not given.to or not given.to <= set(FINDERS):
        raise InputError("discovery.no_finder")
    if len(given.words) > _LONGEST_SUMMARY:
        raise InputError("discovery.words_long", most=_LONGEST_SUMMARY)
    if not given.hidden <= {field.name for field in fields(Profile)}:
        raise InputError("discovery.no_such_choice", value=min(given.hidden)[:40])
    if given.until < day:
        raise InputError("discovery.until_past")


def check_wanted(given: Wanted) -> None:
    """Raise ``InputError`` for a grade, an industry or a region that there is not."""
    for name in ("business", "growth", "risk"):
        grade = getattr(given, name)
        if grade and grade not in bands(name):
            raise InputError("discovery.no_such_grade", grade=grade[:20])
    if given.index_score is not None and not 0 <= given.index_score <= 100:
        raise InputError("discovery.index")
    if given.region and given.region not in load("regions")["regions"]:
        raise InputError("discovery.no_such_choice", value=given.region[:40])
    for name in ("industry", "size", "age_band"):
        value = getattr(given, name)
        fact = {"industry": "industry_group"}.get(name, name)
        if value and value not in load("facts")["facts"][fact]["choices"]:
            raise InputError("discovery.no_such_choice", value=value[:40])
    if given.model and given.model not in GRADED:
        raise InputError("discovery.no_such_choice", value=given.model[:40])
    if len(given.words) > _LONGEST_WORDS:
        raise InputError("discovery.words_long", most=_LONGEST_WORDS)


def check_name(name: str) -> None:
    """Raise ``InputError`` for a name that no search can be kept under."""
    if not name or len(name) > _LONGEST_NAME:
        raise InputError("discovery.search_name", most=_LONGEST_NAME)


def cell(shown: Profile, to: frozenset[str]) -> str:
    """Return the cell of an anonymous firm: a digest of all that is shown of it and to whom."""
    parts = [str(getattr(shown, field.name)) for field in fields(Profile)]
    return hashlib.sha256("\x1f".join([*parts, *sorted(to)]).encode()).hexdigest()[:32]


def without_hidden(shown: Profile, hidden: frozenset[str]) -> Profile:
    """Return a profile without the parts that the company keeps to itself."""
    empty: dict[str, Any] = {name: None if name == "index_score" else "" for name in hidden}
    return replace(shown, **empty)


def bands(name: str) -> Sequence[str]:
    """Return the bands of a ladder, best first: its grades without signs."""
    return list(dict.fromkeys(symbol.rstrip("+-") for symbol in ladder(name).symbols))


def place(name: str, grade: str) -> int | None:
    """Return the place of a grade's band, 0 = best; None without a grade."""
    found = bands(name)
    band = grade.rstrip("+-")
    return found.index(band) if band in found else None


def profile(results: Sequence[Mapping[str, Any]]) -> Profile:
    """Return what is shown of a rating; raises ``InputError`` where no company was graded."""
    by_model = {result["model"]["name"]: result for result in results}
    graded = next((by_model[name] for name in GRADED if name in by_model), None)
    if graded is None or "business" not in graded.get("grades", {}):
        raise InputError("discovery.not_graded")
    grades, subject = graded["grades"], graded.get("subject", {})
    index = by_model.get("tech-index", {}).get("scores", {}).get("index")
    return Profile(
        business=_band(grades, "business"),
        growth=_band(grades, "growth"),
        risk=_band(grades, "risk"),
        index_score=None if index is None else float(int(index / 5) * 5),
        industry=subject.get("industry_group") or "",
        region=subject.get("region") or "",
        size=subject.get("size") or "",
        age_band=subject.get("age_band") or "",
        model=graded["model"]["name"],
    )


def _band(grades: Mapping[str, Any], name: str) -> str:
    return str(grades.get(name) or "").rstrip("+-")
