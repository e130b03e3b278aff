"""Reads single printed values that every source has: dates, counts, numbers, lists in one field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Literal

_SEPARATOR = r"\s*[-./年년]\s*|\s+"
_DATE = re.compile(rf"^(\d{{4}})(?:{_SEPARATOR})(\d{{1,2}})(?:\s*[-./月월]\s*|\s+)(\d{{1,2}})(?:\s*[일日])?(?!\d)")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})(?:\.0+)?(?:$|[T\s])")
_MONTHS = {
    "jan": 1, "feb": 2, "mar": 3, "mär": 3, "apr": 4, "may": 5, "mai": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9,
    "oct": 10, "okt": 10, "nov": 11, "dec": 12, "dez": 12,
}  # fmt: skip
_MONTH = rf"({'|'.join(_MONTHS)})[a-zä]*\.?"
_DAY_MONTH = re.compile(
    rf"^(\d{{1,2}})(?:st|nd|rd|th|\.)?[\s-]*(?:of\s+)?{_MONTH}[\s,-]*(\d{{4}})(?!\d)", re.IGNORECASE
)
_MONTH_DAY = re.compile(rf"^{_MONTH}[\s-]*(\d{{1,2}})(?:st|nd|rd|th)?[\s,-]+(\d{{4}})(?!\d)", re.IGNORECASE)
#: 03.02.2014: wherever a full stop parts them the day comes first.
_DOTTED = re.compile(r"^(\d{1,2})\.\s*(\d{1,2})\.\s*(\d{4})(?!\d)")
#: 03/02/2014, 3-2-14: which comes first is told by nothing but the dates beside it.
_YEAR_LAST = re.compile(r"^(\d{1,2})([/-])(\d{1,2})\2(\d{4}|\d{2})(?:$|[\sT])")
#: A year, or a year and a month, and no day: 2013, 2013-11, 201311, 2013년 11월, Nov 2013, 11/2013, 2013-11-00.
_NO_DAY = re.compile(
    rf"^(?:\d{{4}}(?:\.0+)?\s*[년年]?|\d{{4}}(?:{_SEPARATOR})\d{{1,2}}\s*[.월月]?|(?:1[789]|20)\d\d(?:0[1-9]|1[0-2])(?:\.0+)?"
    rf"|{_MONTH}[\s,-]*(?:\d{{4}}|'?\d\d)|\d{{1,2}}[/.-]\d{{4}}|\d{{4}}[-./]\d{{1,2}}[-./]00?|\d{{4}}[-./]00?[-./]\d{{1,2}}"
    r"|\d{6}00|\d{4}00\d\d|[0\s./-]+(?:T.*)?|9999[-./]?12[-./]?31(?:[T\s].*)?)$",
    re.IGNORECASE,
)
#: A US number as sets print it that hold only US patents.
BARE_US_NUMBER = re.compile(r"^(?:RE|PP|D|H|T)?\d{5,8}$")
EARLIEST_YEAR = 1790
LATEST_YEAR = 2100

#: In what order year, month and day are printed where nothing in the date itself tells.
DayOrder = Literal["mdy", "dmy", "ymd"]
_ORDERS: tuple[DayOrder, ...] = ("mdy", "dmy", "ymd")


def parse_date(value: object) -> date | None:
    """Return the date that ``20211019``, ``2021-10-19``, ``2021. 10. 19.``, ``19 Oct 2021``, a date or a datetime says.

    None for anything else. A date without its day (``2021-10``, ``202110``, a day of 00) gives None: a made-up day
    would be worse. So does one of which nothing tells what is the day and what the month (``DayOrder``).
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = _whole(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    if match := _COMPACT.match(text) or _DATE.match(text):
        year, month, day = map(int, match.groups())
    elif match := _DAY_MONTH.match(text):
        day, month, year = int(match[1]), _MONTHS[match[2].lower()], int(match[3])
    elif match := _MONTH_DAY.match(text):
        month, day, year = _MONTHS[match[1].lower()], int(match[2]), int(match[3])
    elif match := _DOTTED.match(text):
        day, month, year = map(int, match.groups())
    else:
        return None
    return _date(year, month, day)


def _date(year: int, month: int, day: int) -> date | None:
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def says_no_day(value: object) -> bool:
    """Tell whether a value says that there is no date, or no day of it: empty, zeros, a month or a year alone."""
    if value is None:
        return True
    text = _whole(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    return isinstance(text, str) and (not text.strip() or _NO_DAY.match(text.strip()) is not None)


def day_order(values: Iterable[object]) -> DayOrder | None:
    """Return the one order that all dates like ``13/01/2014`` among ``values`` allow, None where several or none do."""
    possible = set(_ORDERS)
    for value in values:
        match = _YEAR_LAST.match(value.strip()) if isinstance(value, str) else None
        if match is not None:
            possible &= {order for order in _ORDERS if _in_order(match, order, None) is not None}
    return next(iter(possible)) if len(possible) == 1 else None


def is_of_unknown_order(value: object) -> bool:
    """Tell whether a value is a date of which only its neighbours can tell the day from the month."""
    return isinstance(value, str) and _YEAR_LAST.match(value.strip()) is not None


def parse_spreadsheet_date(value: object, order: DayOrder | None, year: int | None = None) -> date | None:
    """Return a date as ``parse_date`` does, or as a spreadsheet rewrote it: ``4/21/98``, ``21/04/1998``.

    Parameters
    ----------
    order : how the dates of this file are ordered (``day_order``); where None, only a date that allows no other order
        is read.
    year : a full year that the source prints beside it. Two digits of a year below 50 are of this century, unless it
        says otherwise.
    """
    match = _YEAR_LAST.match(value.strip()) if isinstance(value, str) else None
    if match is None:
        return parse_date(value)
    if order is not None:
        return _in_order(match, order, year)
    days = {day for each in _ORDERS if (day := _in_order(match, each, year)) is not None}
    return days.pop() if len(days) == 1 else None


class UnreadableDateError(Exception):
    """A date that cannot be read, or only by guessing: a message key and the value."""

    def __init__(self, reason: str, value: object) -> None:
        super().__init__(reason, value)
        self.reason, self.value = reason, str(value)[:40]


class TableDates:
    """Reads the dates of one table; all of them are looked at where one does not tell its day from its month."""

    def __init__(self, values: Callable[[], Iterable[object]] = tuple) -> None:
        """Take what gives all dates of the table, asked for at most once."""
        self._values = values
        self._asked = False
        self._order: DayOrder | None = None

    def day(self, value: object, year: int | None = None) -> date | None:
        """Return the date, None where the value says no day; ``UnreadableDateError`` for anything else."""
        unknown = is_of_unknown_order(value)
        if unknown and not self._asked:
            self._order, self._asked = day_order(self._values()), True
        found = parse_spreadsheet_date(value, self._order, year)
        if found is None and not says_no_day(value):
            reason = "patent_sources.reject_day_or_month" if unknown else "patents.reject_date"
            raise UnreadableDateError(reason, value)
        return found


def _in_order(match: re.Match[str], order: DayOrder, year: int | None) -> date | None:
    first, second, last = int(match[1]), int(match[3]), int(match[4])
    if order == "ymd":
        if len(match[4]) == 4 or len(match[1]) < 2:
            return None
        return _date(_full_year(first, year), second, last)
    full = last if len(match[4]) == 4 else _full_year(last, year)
    return _date(full, first, second) if order == "mdy" else _date(full, second, first)


def _full_year(two_digits: int, year: int | None) -> int:
    if year is not None and (two_digits - year) % 100 == 0:
        return year
    return two_digits + (2000 if two_digits < 50 else 1900)


def parse_count(value: object) -> int | None:
    """Return a whole number ≥ 0 (``12``, ``1,200``, ``12.0``), else None; missing is never zero."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = int(re.sub(r"\.0+$", "", value.strip()).replace(",", "")) if isinstance(value, str) else int(value)
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number < 1_000_000 else None


_WITH_ZEROS = re.compile(r"^(\d+)\.0+$")
_SCIENTIFIC = re.compile(r"^(\d)(?:[.,](\d+))?E\+?(\d{1,2})$", re.IGNORECASE)
_GUARDED = re.compile(r'^=\s*"(.*)"$', re.DOTALL)
#: How programs write that there is nothing.
_NOTHING = frozenset(
    {"nan", "NaN", "NAN", "None", "null", "NULL", "<NA>", "NaT", "N/A", "n/a", "#N/A", "#N/A N/A", "-"}
)
#: What a spreadsheet writes where a formula failed, or where a column was too narrow for its dates.
_CELL_ERROR = re.compile(r"^(?:#(?:NAME\?|REF!|VALUE!|DIV/0!|NUM!|NULL!|SPILL!|CALC!|BUSY!|UNKNOWN!)|#{3,})$")


def cell_value(value: object) -> object:
    """Return a cell as its writer meant it: guards against spreadsheets taken off, None for every word for nothing.

    ``="0123"`` → ``0123``; ``'=x`` → ``=x``; ``nan``, ``NULL``, ``N/A`` → None.
    """
    if not isinstance(value, str):
        return None if isinstance(value, float) and value != value else value
    text = value.strip()
    if guarded := _GUARDED.match(text):
        text = guarded[1].replace('""', '"').strip()
    elif text[:1] == "'" and text[1:2] in ("=", "+", "-", "@"):
        text = text[1:]
    return None if not text or text in _NOTHING else text


def is_cell_error(value: object) -> bool:
    """Tell whether a spreadsheet wrote an error (``#REF!``, ``########``) in place of the value."""
    return isinstance(value, str) and _CELL_ERROR.match(value) is not None


def number_text(value: object) -> str:
    """Return a printed document number without what tables add: ``9234369.0`` → ``9234369``, ``'0123`` → ``0123``.

    A number in powers of ten is written out where all of its digits are there (``1.020180098765E+12``).
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _whole(value)
    text = str(value or "").strip().removeprefix("'")
    if match := _WITH_ZEROS.match(text):
        return match[1]
    match = _SCIENTIFIC.match(text)
    if match and not is_rounded(text):
        digits, power = match[1] + (match[2] or ""), int(match[3])
        return digits[: power + 1] if not digits[power + 1 :].strip("0") else text
    return text


def is_rounded(value: object) -> bool:
    """Tell whether a spreadsheet has cut the digits of a number: ``1.02018E+12``."""
    match = _SCIENTIFIC.match(value.strip()) if isinstance(value, str) else None
    return match is not None and len(match[2] or "") < int(match[3])


def _whole(value: float) -> str:
    return (
        str(int(value))
        if value == value and value not in (float("inf"), float("-inf")) and value == int(value)
        else str(value)
    )
