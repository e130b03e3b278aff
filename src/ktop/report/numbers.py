"""Figures as readers of each language expect them: money in 억 and 만 or in millions, shares, dates, missing values."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta, timezone
from typing import Any

from ktop.catalogue import Lang, text

#: Dates and times of pages and reports are those of Korea, which has had no daylight saving time since 1988.
KOREA = timezone(timedelta(hours=9), "KST")
_MINUS = "−"


def is_missing(value: Any) -> bool:
    """Whether ``value`` is missing: None or a number that is not finite."""
    return value is None or (isinstance(value, float) and not math.isfinite(value))


def missing(lang: Lang | None) -> str:
    """Return the word for a value that was not given; without a language the dash of a narrow table."""
    return "–" if lang is None else text("report.missing", lang)


def figure(value: float | None, lang: Lang | None, digits: int | None = None) -> str:
    """Return a plain number with thousands separators; by default as few decimals as three significant digits need."""
    if value is None or is_missing(value):
        return missing(lang)
    if digits is None:
        size = abs(value)
        digits = 0 if float(value).is_integer() or size >= 100 else 1 if size >= 10 else 2
    return f"{value:,.{digits}f}".replace("-", _MINUS)


def score(value: float | None, lang: Lang) -> str:
    """Return a 0-100 score with one decimal, or that it could not be given."""
    return text("report.not_given", lang) if value is None or is_missing(value) else f"{value:.1f}"


def points(value: float) -> str:
    """Return signed points with two decimals; what rounds to nothing has the sign ±."""
    if not float(f"{value:.2f}"):
        return "±0.00"
    return f"{'+' if value > 0 else _MINUS}{abs(value):.2f}"


def percent(share: float | None, lang: Lang | None, digits: int = 1) -> str:
    """Return a share (0-1) in percent; with one decimal, a share below one per cent has two, as in the sentences."""
    if share is None or is_missing(share):
        return missing(lang)
    return f"{100 * share:.{2 if digits == 1 and 0 < share < 0.01 else digits}f}%"


def money(krw: float | None, lang: Lang) -> str:
    """Return an amount in won, short enough for a sentence: three to four significant digits, never more exact."""
    if krw is None or is_missing(krw):
        return missing(lang)
    sign, amount = (_MINUS if krw < 0 else ""), abs(krw)
    if lang == "ko":
        eok, man = divmod(round(amount / 1e4), 10_000)
        if amount < 1e4:
            return f"{sign}{amount:,.0f}원"
        if not eok:
            return f"{sign}{man:,}만 원"
        if eok >= 100 or not man:
            return f"{sign}{round(amount / 1e8):,}억 원"
        return f"{sign}{eok:,}억 {man:,}만 원"
    for size, word in ((1e12, "tn"), (1e9, "bn"), (1e6, "m")):
        if amount >= size:
            return (
                f"{sign}KRW {amount / size:,.3g} {word}"
                if amount / size < 1000
                else f"{sign}KRW {amount / size:,.0f} {word}"
            )
    return f"{sign}KRW {amount:,.0f}"


def day(value: date | str | None, lang: Lang) -> str:
    """Return a day: "2026. 3. 31." in Korean, "31 March 2026" in English; ISO text is taken as well."""
    if value is None:
        return missing(lang)
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value[:10])
        except ValueError:
            return str(value)
    month = text(f"report.month_{value.month}", lang)
    return text("report.day", lang, year=value.year, month=month, day=value.day)


def day_of(value: datetime, lang: Lang) -> str:
    """Return the day of a point in time, in Korean time."""
    return day(value.astimezone(KOREA).date(), lang)


def moment(value: datetime, lang: Lang) -> str:
    """Return a point in time to the minute, in Korean time."""
    local = value.astimezone(KOREA)
    return f"{day(local.date(), lang)} {local:%H:%M} KST"
