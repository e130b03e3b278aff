"""How firms that an institution deals with have moved, and what of it is an early warning (조기경보).

A migration matrix counts firms by grade then and grade now, as credit portfolios are told (Jafry and Schuermann 2004);
concentration is the sum of squared shares (Herfindahl and Hirschman).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from ktop.catalogue import load
from ktop.domain.rating.grades import ladder
from ktop.kernel.errors import InputError

Sign = Literal[
    "closed", "business_down", "risk_high", "risk_down", "index_down", "old_result", "no_result", "consent_ends"
]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a firm's result says, as far as its consent shows it; empty where it says nothing.

    Parameters
    ----------
    business, growth, risk : grades of KTRS-FM or of the start-up model.
    index_score : Tech-Index, 0 to 100.
    industry, region : the peer group's code, only where the consent names the inputs that tell it.
    closed : whether the business is suspended or closed; None where the consent does not name the input that tells it.
    models : whose answers are shown.
    """

    rating: str
    as_of: date
    business: str = ""
    growth: str = ""
    risk: str = ""
    index_score: float | None = None
    industry: str = ""
    region: str = ""
    models: tuple[str, ...] = ()
    closed: bool | None = None


@dataclass(frozen=True, slots=True)
class Migration:
    """Firms by business grade then and now: ``counts[(then, now)]``, and how many rose, stayed and fell."""

    grades: Sequence[str]
    counts: Mapping[tuple[str, str], int]
    up: int
    same: int
    down: int


@dataclass(frozen=True, slots=True)
class Concentration:
    """How a portfolio spreads: firms by code, the most first, and the sum of squared shares (1 / n to 1)."""

    counts: Sequence[tuple[str, int]]
    unknown: int
    index: float | None


def signs(before: Standing | None, now: Standing | None, day: date, until: date) -> list[Sign]:
    """Return the early warnings of one firm, the weightiest first; the limits are those of catalogue/watch.yaml.

    Parameters
    ----------
    before, now : where it stood and where it stands; None where nothing is to be seen.
    day, until : today, and the last day of the consent.
    """
    limits = load("watch")["limits"]
    found: list[Sign] = []
    if now is None:
        return ["no_result"]
    if now.closed:
        found.append("closed")
    if before is not None:
        moves: tuple[tuple[str, Sign], ...] = (("business", "business_down"), ("risk", "risk_down"))
        for name, sign in moves:
            then, there = getattr(before, name), getattr(now, name)
            if then and there and ladder(name).notches(there, then) <= -limits["notches"]:
                found.append(sign)
        then_score, score = before.index_score, now.index_score
        if then_score is not None and score is not None and then_score - score >= limits["index_points"]:
            found.append("index_down")
    if now.risk and not ladder("risk").at_least(now.risk, limits["risk"]):
        found.append("risk_high")
    if (day - now.as_of).days > limits["result_days"]:
        found.append("old_result")
    if until - day <= timedelta(days=limits["consent_days"]):
        found.append("consent_ends")
    order = list(load("watch")["signs"])
    return sorted(found, key=order.index)


def migration(pairs: Iterable[tuple[Standing | None, Standing | None]]) -> Migration:
    """Return how firms moved from one day to another; those without a grade on either day are left out."""
    steps = ladder("business")
    known = [(a.business, b.business) for a, b in pairs if a and b and a.business and b.business]
    moves = [steps.notches(now, then) for then, now in known]
    present = {grade for pair in known for grade in pair}
    return Migration(
        grades=[grade for grade in steps.symbols if grade in present],
        counts=Counter(known),
        up=sum(move > 0 for move in moves),
        same=sum(move == 0 for move in moves),
        down=sum(move < 0 for move in moves),
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """An institution's own limits: the largest share in per cent of firms of one industry and of one region."""

    industry_percent: float | None = None
    region_percent: float | None = None


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A share above its limit: of firms whose industry or region is known."""

    what: Literal["industry", "region"]
    code: str
    percent: float
    most_percent: float


def exceeded(limits: Limits, industries: Concentration, regions: Concentration) -> list[Exceeded]:
    """Return which shares are above an institution's limits, the largest first."""
    found: list[Exceeded] = []
    asked: tuple[tuple[Literal["industry", "region"], float | None, Concentration], ...] = (
        ("industry", limits.industry_percent, industries),
        ("region", limits.region_percent, regions),
    )
    for what, most, spread in asked:
        known = sum(count for _, count in spread.counts)
        shares = [(code, 100 * count / known) for code, count in spread.counts]
        found += [
            Exceeded(what, code, percent, most) for code, percent in shares if most is not None and percent > most
        ]
    return sorted(found, key=lambda one: -one.percent)


def check_limits(limits: Limits) -> None:
    """Raise ``InputError`` for a limit that is no share."""
    for most in (limits.industry_percent, limits.region_percent):
        if most is not None and not 0 < most <= 100:
            raise InputError("watch.limit")


def concentration(codes: Iterable[str]) -> Concentration:
    """Return how firms spread over codes; empty ones are unknown and count in no share."""
    every = list(codes)
    counts = Counter(code for code in every if code)
    total = counts.total()
    index = sum((count / total) ** 2 for count in counts.values()) if total else None
    return Concentration(sorted(counts.items(), key=lambda one: (-one[1], one[0])), len(every) - total, index)
