"""Remembers calls to sources in the database, for all workers and across restarts.

Calls are counted in the database before they are made, a few at a time (one, two, four … ``MOST_AT_ONCE``), so that
sixty patents do not take two hundred writes. What is not used is given back; what a killed process held stays counted,
so that a quota is never exceeded.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from ktop.collect.answer import Outcome
from ktop.collect.korean_portal import TOO_FAST
from ktop.collect.limits import KOREA, MOST_FAILURES, REST, Leave, Limits, period_end
from ktop.store.unit_of_work import Store

MOST_AT_ONCE = 16
#: How long a source is left alone that says "too many at the moment"; a quota told otherwise ends with the day.
_MOMENT = timedelta(minutes=1)
_OF_A_MOMENT = frozenset({"429", "RobotDetected", TOO_FAST})


@dataclass(slots=True)
class _Stock:
    """Calls of one source that are counted already."""

    periods: tuple[str, ...] = ()
    calls: int = 0
    next_size: int = 1
    turn: datetime | None = None


class StoreKeeper:
    """See ``ktop.collect.limits.Keeper``.

    Parameters
    ----------
    ids : source → what its calls are counted under.
    tenant, share : the organisation it is asked for, and the part of each period's calls that it may use; "": all.
    """

    def __init__(
        self, store: Callable[[], Store], ids: Mapping[str, str], tenant: str = "", share: float = 1.0
    ) -> None:
        self._store, self._ids, self._tenant, self._share = store, ids, tenant, share
        self._stocks: dict[str, _Stock] = {}
        self._good: dict[tuple[str, Outcome, str], int] = {}
        self._lock = threading.Lock()

    def take(self, key: str, limits: Limits, now: datetime) -> Leave:
        periods, source = limits.periods(now), self._ids.get(key, key)
        with self._lock:
            stock = self._stocks.setdefault(source, _Stock())
            if stock.calls and stock.periods != tuple(periods):
                self._drop(source, stock)  # a new day or month has begun
            wait = 0.0
            if not stock.calls:
                with self._store().installation() as work:
                    own: dict[str, Any] = {"tenant": self._tenant, "share": self._share}
                    own["burst"] = limits.burst
                    taken = work.sources.take(source, periods, limits.second, now, stock.next_size, **own)
                if not taken.calls:
                    until = period_end(taken.full) if taken.full else taken.until
                    why: Literal["quota", "share", "resting"] = "resting"
                    if taken.why in ("quota", "share"):
                        why = "quota" if taken.why == "quota" else "share"
                    return Leave(False, why=why, until=until)
                stock.periods, stock.calls = tuple(periods), taken.calls
                stock.next_size = min(2 * stock.next_size, MOST_AT_ONCE)
                stock.turn = now + timedelta(seconds=taken.wait_seconds)  # before now where a burst is left
            stock.calls -= 1
            if stock.turn is not None and limits.second:
                wait = max(0.0, (stock.turn - now).total_seconds())
                earliest = now - timedelta(seconds=limits.burst / limits.second)
                stock.turn = max(stock.turn, earliest) + timedelta(seconds=1 / limits.second)
            return Leave(True, wait)

    def note(self, key: str, outcome: Outcome, detail: str, now: datetime) -> None:
        source, day = self._ids.get(key, key), f"day {now.astimezone(KOREA):%Y-%m-%d}"
        with self._lock:
            if outcome in ("found", "no_data"):
                self._good[source, outcome, day] = self._good.get((source, outcome, day), 0) + 1
                return
            self._write_good()
            self._note(source, outcome, detail, day, now, 1)
            if outcome in ("quota", "broken"):
                self._drop(source, self._stocks.get(source, _Stock()))  # the next call asks whether it may

    def close(self) -> None:
        """Give back what was not used and write what waits to be noted."""
        with self._lock:
            self._write_good()
            for source, stock in self._stocks.items():
                self._drop(source, stock)

    def _drop(self, source: str, stock: _Stock) -> None:
        if stock.calls:
            with self._store().installation() as work:
                work.sources.give_back(source, stock.periods, stock.calls, tenant=self._tenant)
        stock.calls, stock.next_size = 0, 1

    def _write_good(self) -> None:
        for (source, outcome, day), calls in self._good.items():
            self._note(source, outcome, "", day, datetime.now(UTC), calls)
        self._good.clear()

    def _note(self, source: str, outcome: Outcome, detail: str, day: str, now: datetime, calls: int) -> None:
        until = now.astimezone(UTC) + _MOMENT if detail in _OF_A_MOMENT else period_end(day)
        with self._store().installation() as work:
            work.sources.note(
                source,
                outcome,
                detail,
                day,
                now,
                calls=calls,
                most_failures=MOST_FAILURES,
                rest=REST,
                quota_until=until,
            )
