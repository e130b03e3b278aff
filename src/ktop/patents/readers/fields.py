"""Reads single printed values that every source has: dates, counts, lists in one field."""

from __future__ import annotations

import re
from datetime import date, datetime

_DATE = re.compile(r"^(\d{4})[-./년 ]*(\d{1,2})[-./월 ]*(\d{1,2})일?")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_MONTH_FIRST = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})$")
#: A US number as sets print it that hold only US patents.
BARE_US_NUMBER = re.compile(r"^(?:RE|PP|D|H|T)?\d{5,8}$")
EARLIEST_YEAR = 1790
LATEST_YEAR = 2100


def parse_date(value: object) -> date | None:
    """Return the date that ``20211019``, ``2021-10-19``, ``2021.10.19``, a date or a datetime says; else None.

    A day or month of 00 (citations often print only the month) gives None: a made-up day would be worse.
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        return None
    text = value.strip()
    match = _COMPACT.match(text) or _DATE.match(text)
    if match is None:
        return None
    year, month, day = map(int, match.groups())
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def parse_spreadsheet_date(value: object, year: int | None = None) -> date | None:
    """Return a date as ``parse_date`` does, or as a spreadsheet in the US rewrote it: ``4/21/98``, ``4/21/1998``.

    Two digits of a year below 50 are of this century, unless ``year`` (a full year that the source prints beside it)
    says otherwise.
    """
    match = _MONTH_FIRST.match(value.strip()) if isinstance(value, str) else None
    if match is None:
        return parse_date(value)
    month, day, printed = int(match[1]), int(match[2]), int(match[3])
    if len(match[3]) == 2:
        printed += 2000 if printed < 50 else 1900
        if year is not None and (printed - year) % 100 == 0:
            printed = year
    try:
        return date(printed, month, day)
    except ValueError:
        return None


def parse_count(value: object) -> int | None:
    """Return a whole number ≥ 0, else None; missing is never zero."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = int(value.strip().replace(",", "")) if isinstance(value, str) else int(value)
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number < 1_000_000 else None


def is_list_or_text(value: object) -> bool:
    """Tell whether ``split_list`` reads a value; a number or yes/no holds no several."""
    return value is None or isinstance(value, str | list | tuple)


def split_list(value: object) -> list[str]:
    """Return the parts of a field that holds several: a list as it is, a text cut at bars and semicolons.

    Nothing else holds several (``is_list_or_text``): it gives none.
    """
    if isinstance(value, str):
        parts = re.split(r"\s*[|;]\s*", value)
    elif isinstance(value, list | tuple):
        parts = [str(part) for part in value if part is not None]
    else:
        return []
    return [part.strip() for part in parts if part and part.strip()]
