"""One at a time: spreadsheets read from several threads wait for one another or are refused in a clear sentence."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ktop.catalogue import LANGS, message
from ktop.kernel.concurrency_limiter import ConcurrencyLimiter
from ktop.kernel.errors import BusyError, UnavailableError
from ktop.report import spreadsheet

BUSY = "records.tables_busy"


def in_a_loop(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end in a thread of its own: this one may have a loop of the browser tests."""
    with ThreadPoolExecutor(1) as alone:
        alone.submit(asyncio.run, work).result()


def test_only_one_spreadsheet_is_read_at_a_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    spreadsheet.write_xlsx(pl.DataFrame({"id": ["a"], "text": ["b"]}), path, {})
    inside = 0
    most = 0
    counted = threading.Lock()

    def rows_of(command: list[str], limit: int, seconds: float) -> list[Any]:
        nonlocal inside, most
        with counted:
            inside += 1
            most = max(most, inside)
        threading.Event().wait(0.02)  # long enough for the others to come in, if they could
        with counted:
            inside -= 1
        sheet = {"sheet": "a", "top": 0, "left": 0, "merged": [], "hidden_rows": 0, "hidden_columns": 0}
        return [{"shown": ["a"], "hidden": [], "days_from_1904": False}, sheet, ["id", "text"], ["a", "b"]]

    monkeypatch.setattr(spreadsheet, "READING", ConcurrencyLimiter(waiting=8, seconds=30.0, busy=BUSY))
    monkeypatch.setattr(spreadsheet, "_rows_of", rows_of)
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(spreadsheet.read_xlsx, [path] * 6))
    assert most == 1
    assert all(frame.rows() == [("a", "b")] for frame in found)


def test_one_more_than_may_wait_is_refused_at_once() -> None:
    gate = ConcurrencyLimiter(waiting=1, seconds=30.0, busy=BUSY)
    come, go = threading.Event(), threading.Event()

    def hold() -> None:
        with gate.passing():
            come.set()
            go.wait(30.0)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(hold)
        assert come.wait(30.0)
        second = pool.submit(hold)
        while not gate._queue:  # until the second one waits
            threading.Event().wait(0.001)
        with pytest.raises(UnavailableError) as refused, gate.passing():
            raise AssertionError
        go.set()
        first.result(30.0), second.result(30.0)
    assert refused.value.http_status == 503
    assert len({message(refused.value, lang) for lang in LANGS}) == 2
    with gate.passing():
        pass  # those who left made room


def test_waiting_too_long_is_refused() -> None:
    gate = ConcurrencyLimiter(waiting=3, seconds=0.01, busy=BUSY)
    with gate.passing(), pytest.raises(UnavailableError), gate.passing():
        raise AssertionError
    with gate.passing():
        pass


def test_what_fails_inside_opens_the_gate_again() -> None:
    gate = ConcurrencyLimiter(waiting=0, seconds=0.01, busy=BUSY)
    with pytest.raises(ValueError, match="broken"), gate.passing():
        raise ValueError("broken")
    with gate.passing():
        pass


def test_coroutines_and_threads_share_the_places_and_wait_in_order() -> None:
    gate = ConcurrencyLimiter(waiting=10, seconds=30.0, busy=BUSY, at_once=2)
    inside = most = 0
    order: list[int] = []

    async def work(number: int) -> None:
        nonlocal inside, most
        async with gate.passing_async():
            order.append(number)
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    async def all_of_them() -> None:
        await asyncio.gather(*(work(number) for number in range(12)))

    with gate.passing():
        in_a_loop(all_of_them_but_one(work))
    in_a_loop(all_of_them())
    assert most == 2
    assert order == [*range(11), *range(12)]
    assert not gate._inside
    assert not gate._queue


async def all_of_them_but_one(work: Callable[[int], Coroutine[None, None, None]]) -> None:
    await asyncio.gather(*(work(number) for number in range(11)))


def test_one_who_gives_up_leaves_the_queue() -> None:
    gate = ConcurrencyLimiter(waiting=1, seconds=30.0, busy=BUSY)

    async def given_up() -> None:
        async with gate.passing_async():
            waiting = asyncio.ensure_future(_pass(gate))
            await asyncio.sleep(0)
            with pytest.raises(UnavailableError):
                await _pass(gate)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert not gate._queue
        await _pass(gate)

    in_a_loop(given_up())
    assert not gate._inside


def test_a_refusal_says_when_to_come_again() -> None:
    gate = ConcurrencyLimiter(waiting=0, seconds=20.0, busy=BUSY)
    with gate.passing(), pytest.raises(BusyError) as refused, gate.passing():
        raise AssertionError
    assert refused.value.retry_after_seconds == 5


async def _pass(gate: ConcurrencyLimiter) -> None:
    async with gate.passing_async():
        pass
