"""How often a source may be asked: the port that remembers it, shared by all processes of an installation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from ktop.catalogue import load
from ktop.collect.answer import Outcome

#: Sources count their days and months by Korean time.
KOREA = ZoneInfo("Asia/Seoul")
#: So many broken answers in a row, and a source is left alone for a while.
MOST_FAILURES = 5
REST = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Limits:
    """Most calls of one key in a second, a Korean day and a Korean month; None where nothing is said.

    ``burst``: so many calls may be made at once after a pause, before those of a second count.
    """

    second: float | None = None
    day: int | None = None
    month: int | None = None
    burst: int = 0

    def part(self, share: float) -> Limits:
        """Return the limits of who may use only a share of each day's and month's calls."""
        day, month = (None if calls is None else int(calls * share) for calls in (self.day, self.month))
        return Limits(self.second, day, month, self.burst)

    def periods(self, now: datetime) -> dict[str, int]:
        """Return the periods that a call of now counts in → most calls in each."""
        local = now.astimezone(KOREA)
        limited = {f"month {local:%Y-%m}": self.month, f"day {local:%Y-%m-%d}": self.day}
        return {period: most for period, most in limited.items() if most is not None}


def period_end(period: str) -> datetime:
    """Return the moment from which a period's calls may be made again."""
    kind, name = period.split(" ")
    if kind == "day":
        return datetime.fromisoformat(f"{name}T00:00").replace(tzinfo=KOREA).astimezone(UTC) + timedelta(days=1)
    year, month = (int(part) for part in name.split("-"))
    following = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=KOREA)
    return following.astimezone(UTC)


def limits_of(source: str) -> Limits:
    """Return the limits that the catalogue states for a source."""
    calls: Mapping[str, int] = load("sources")["sources"][source]["calls"]
    return Limits(calls.get("second"), calls.get("day"), calls.get("month"), calls.get("burst", 0))


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave to make one call after ``wait_seconds``; else why not (share: one organisation's part), and from when."""

    given: bool
    wait_seconds: float = 0.0
    why: Literal["", "quota", "share", "resting"] = ""
    until: datetime | None = None


class Keeper(Protocol):
    """Remembers calls and failures of each key; every method is one transaction, whoever else asks."""

    def take(self, key: str, limits: Limits, now: datetime) -> Leave:
        """Count a call before it is made, unless a limit is reached or the source rests."""
        ...

    def note(self, key: str, outcome: Outcome, detail: str, now: datetime) -> None:
        """Note how a call turned out: failures in a row let the source rest, a told quota until its period ends."""
        ...
