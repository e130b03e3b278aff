"""National Pension Service (국민연금): workplaces of a company and the people insured there."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ktop.collect import korean_portal
from ktop.collect.answer import Operation
from ktop.collect.payload import Node, UnreadableError, at, count, entries, read, text
from ktop.collect.value import Identity, Value

#: The service shows so many digits of a business number.
SHOWN_DIGITS = 6
_ROWS = {"dataType": "json", "numOfRows": "100", "pageNo": "1"}
SITES = Operation("nps", "sites", "/getBassInfoSearchV2", "serviceKey", korean_portal.judge, _ROWS)
SITE = Operation("nps", "site", "/getDetailInfoSearchV2", "serviceKey", korean_portal.judge, {"dataType": "json"})
MONTH = Operation(
    "nps", "month", "/getPdAcctoSttusInfoSearchV2", "serviceKey", korean_portal.judge, {"dataType": "json"}
)


@dataclass(frozen=True, slots=True)
class Site:
    """A workplace. ``month`` is the last day of the month that it is listed for."""

    seq: str
    name: str
    month: date
    active: bool


PAGE_ROWS = 100


def page(number: int) -> dict[str, str]:
    """Return the parameters of a further page of a list."""
    return {"pageNo": str(number)}


def total(content: bytes) -> int | None:
    """Return how many workplaces a list has in all."""
    try:
        return count(read(content), "response", "body", "totalCount")
    except UnreadableError:
        return None


def rows(content: bytes) -> int:
    """Return how many workplaces an answer lists."""
    try:
        return len(korean_portal.items(read(content)))
    except UnreadableError:
        return 0


def sites(content: bytes, identity: Identity) -> tuple[list[Site], list[Site]]:
    """Return the workplaces whose shown digits are the company's: those of its name, and those of another name.

    Six digits alone belong to thousands of businesses; with the name they are taken, without it a person decides.
    """
    try:
        found = korean_portal.items(read(content))
    except UnreadableError:
        return [], []
    newest: dict[str, Site] = {}
    for row in found:
        site = _site(row, identity)
        if site is not None and (site.seq not in newest or site.month > newest[site.seq].month):
            newest[site.seq] = site
    last = max((site.month for site in newest.values()), default=None)
    listed = [site for site in newest.values() if site.month == last and site.active]
    named = [site for site in listed if identity.named(site.name)]
    return named, [site for site in listed if not identity.named(site.name)]


def _site(row: Node, identity: Identity) -> Site | None:
    shown, seq, name = text(row, "bzowrRgstNo") or "", text(row, "seq"), text(row, "wkplNm")
    month = month_end(text(row, "dataCrtYm"))
    if shown.replace("-", "")[:SHOWN_DIGITS] != identity.business_number[:SHOWN_DIGITS] or not (seq and name and month):
        return None
    return Site(seq, name, month, text(row, "wkplJnngStcd") in (None, "1"))


def month_end(month: str | None) -> date | None:
    """Return the last day of a month written as 202412; None for anything else."""
    if month is None or len(month) != 6 or not (month.isascii() and month.isdigit()):
        return None
    year, number = int(month[:4]), int(month[4:])
    if not (1988 <= year <= 2199 and 1 <= number <= 12):  # the pension began in 1988
        return None
    return date(year, number, calendar.monthrange(year, number)[1])


def insured(content: bytes) -> int | None:
    """Return the people insured at a workplace."""
    try:
        answer = read(content)
    except UnreadableError:
        return None
    row = next(iter(korean_portal.items(answer) or entries(at(answer, "response", "body"), "item")), None)
    return None if row is None else count(row, "jnngpCnt")


def staff(counts: Sequence[int | None], month: date) -> list[Value]:
    """Return the head-count of all workplaces of a month; none where one of them is not known."""
    known = [number for number in counts if number is not None]
    if not known or len(known) < len(counts):
        return []
    return [Value(f"staff.{month}.total", sum(known), month)]


def site(content: bytes, asked: Mapping[str, str], identity: Identity) -> Sequence[Value]:
    """Return nothing: one workplace is not the company; see ``staff``."""
    return []
