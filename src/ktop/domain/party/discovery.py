"""What a company lets be found of itself, by whom, and what a search may ask for.

A firm that stays anonymous is shown only while enough opted-in firms are alike in all that is shown of it (k-anonymity,
Sweeney 2002), so that combining filters never leads to one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
_GRADED = ("ktrs-fm", "start-up")


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
    """

    rating: str
    to: frozenset[str]
    anonymous: bool
    words: str
    until: date


@dataclass(frozen=True, slots=True)
class Profile:
    """What of a rating is shown and searched: grades as bands (letters without signs), the index, the peer group."""

    business: str
    growth: str
    risk: str
    index_score: float | None
    industry: str
    region: str
    size: str
    age_band: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search asks for; empty parts ask for nothing.

    Parameters
    ----------
    business : at least this technology-business grade; ``growth`` and ``risk`` likewise.
    index_score : at least this Tech-Index.
    words : all of them stand in what a named firm says of itself, or in its name.
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


def check_opt_in(given: OptIn, day: date) -> None:
    """Raise ``InputError`` for an opt-in that nobody can act on."""
    if not given.to or not given.to <= set(FINDERS):
        raise InputError("discovery.no_finder")
    if len(given.words) > _LONGEST_WORDS:
        raise InputError("discovery.words_long", most=_LONGEST_WORDS)
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
    if len(given.words) > _LONGEST_WORDS:
        raise InputError("discovery.words_long", most=_LONGEST_WORDS)


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
    graded = next((by_model[name] for name in _GRADED if name in by_model), None)
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
    )


def _band(grades: Mapping[str, Any], name: str) -> str:
    return str(grades.get(name) or "").rstrip("+-")
