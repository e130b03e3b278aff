"""Days: ISO dates, dotted and Korean ones."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

from ktop.domain.values.kind import MAX_CHARACTERS, RefusedValueError, ValueKind, half_width, shown

_TIME = r"(?:[ T](?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?)?"
#: Midnight in Seoul as a program that thinks in UTC writes it.
SEOUL_MIDNIGHT = time(15)
_SEPARATED = re.compile(rf"([0-9]{{4}}) *[.\-/] *([0-9]{{1,2}}) *[.\-/] *([0-9]{{1,2}}) *\.?{_TIME}")
_AT_SEOUL_MIDNIGHT = re.compile(r"[ T]15:00(?::00(?:\.0+)?)?$")
_KOREAN = re.compile(r"([0-9]{4}) *년 *([0-9]{1,2}) *월 *([0-9]{1,2}) *일")
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
#: Days that stand for "not known" where a program must hold a day: the zeros of Excel, of its 1904 workbooks.
PLACEHOLDERS = frozenset({date(1899, 12, 30), date(1899, 12, 31), date(1900, 1, 1), date(1904, 1, 1)})
_SEOUL = timezone(timedelta(hours=9))


@dataclass(frozen=True)
class Day(ValueKind[date]):
    """A day from ``earliest`` to ``latest``, a year of four digits first.

    ``2024-01-05``, ``2024.1.5``, ``2024. 1. 5.``, ``2024/1/5``, ``2024년 1월 5일`` and ``20240105``, with or
    without a time of day. Days before months, two-digit years and bare years are refused: they can mean several days.
    So are ``PLACEHOLDERS``, and a moment whose day depends on the zone it is read in.
    """

    earliest: date = date(1800, 1, 1)
    latest: date = date(2199, 12, 31)

    def _of_text(self, text: str) -> date:
        plain = half_width(text)
        match = len(plain) <= MAX_CHARACTERS and (
            _SEPARATED.fullmatch(plain) or _KOREAN.fullmatch(plain) or _COMPACT.fullmatch(plain)
        )
        if not match:
            raise RefusedValueError("not_a_date", text)
        if _AT_SEOUL_MIDNIGHT.search(plain):
            raise RefusedValueError("day_depends_on_zone", text)
        try:
            return self._within(date(int(match[1]), int(match[2]), int(match[3])))
        except ValueError:
            raise RefusedValueError("no_such_day", text) from None

    def _of_value(self, given: object) -> date:
        if isinstance(given, datetime):
            return self._within(day_of_moment(given))
        if isinstance(given, date):
            return self._within(given)
        if isinstance(given, int | float) and 10**7 <= given < 10**8 and given == int(given):
            return self._of_text(str(int(given)))
        raise RefusedValueError("not_a_date", given)

    def _within(self, value: date) -> date:
        if not self.earliest <= value <= self.latest:
            raise RefusedValueError(
                "day_out_of_range", shown(value), earliest=str(self.earliest), latest=str(self.latest)
            )
        if value in PLACEHOLDERS:
            raise RefusedValueError("day_placeholder", shown(value))
        return value

    def caption(self, value: date) -> str:
        """Return the ISO date."""
        return str(value)


def day_of_moment(moment: datetime) -> date:
    """Return the day that a date with a time of day means.

    A moment with a zone is a day where it is midnight in its zone or in Seoul (a day stored by a program that thinks in
    UTC: 15:00 of the day before), or where it is the same day in both; else ``RefusedValueError``. So is one without a
    zone at exactly 15:00.
    """
    if moment.tzinfo is None and moment.time() == SEOUL_MIDNIGHT:
        raise RefusedValueError("day_depends_on_zone", moment)
    if moment.tzinfo is None or moment.time() == time():
        return moment.date()
    try:
        seoul = moment.astimezone(_SEOUL)
    except OverflowError:
        raise RefusedValueError("not_a_date", moment) from None
    if seoul.time() == time() or seoul.date() == moment.date():
        return seoul.date()
    raise RefusedValueError("day_depends_on_zone", moment)


DAY = Day()
