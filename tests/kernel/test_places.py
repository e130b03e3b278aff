"""One at a time: spreadsheets read from several threads wait for one another or are refused in a clear sentence."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ktop.catalogue import LANGS, message
from ktop.kernel.errors import BusyError, UnavailableError
from ktop.kernel.places import Places
from ktop.report import spreadsheet

BUSY = "records.tables_busy"


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

    monkeypatch.setattr(spreadsheet, "READING", Places(at_once=1, waiting=8, seconds=30.0, busy=BUSY))
    monkeypatch.setattr(spreadsheet, "_rows_of", rows_of)
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(spreadsheet.read_xlsx, [path] * 6))
    assert most == 1
    assert all(frame.rows() == [("a", "b")] for frame in found)


def test_one_more_than_may_wait_is_refused_at_once() -> None:
    gate = Places(at_once=1, waiting=1, seconds=30.0, busy=BUSY)
    come, go = threading.Event(), threading.Event()

    def hold() -> None:
        with gate.taken():
            come.set()
            go.wait(30.0)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(hold)
        assert come.wait(30.0)
        second = pool.submit(hold)
        while gate._room._value:  # until the second one waits
            threading.Event().wait(0.001)
        with pytest.raises(UnavailableError) as refused, gate.taken():
            raise AssertionError
        go.set()
        first.result(30.0), second.result(30.0)
    assert refused.value.http_status == 503
    assert len({message(refused.value, lang) for lang in LANGS}) == 2
    with gate.taken():
        pass  # those who left made room


def test_waiting_too_long_is_refused() -> None:
    gate = Places(at_once=1, waiting=3, seconds=0.01, busy=BUSY)
    with gate.taken(), pytest.raises(UnavailableError), gate.taken():
        raise AssertionError
    with gate.taken():
        pass


def test_what_fails_inside_opens_the_gate_again() -> None:
    gate = Places(at_once=1, waiting=0, seconds=0.01, busy=BUSY)
    with pytest.raises(ValueError, match="broken"), gate.taken():
        raise ValueError("broken")
    with gate.taken():
        pass


def test_no_more_than_the_places_are_inside() -> None:
    gate = Places(at_once=2, waiting=10, seconds=30.0, busy=BUSY)
    counted = threading.Lock()
    inside = most = 0

    def work(_: int) -> None:
        nonlocal inside, most
        with gate.taken():
            with counted:
                inside += 1
                most = max(most, inside)
            threading.Event().wait(0.002)  # long enough for others to come in, if they could
            with counted:
                inside -= 1

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(work, range(12)))
    assert most <= 2


def test_a_refusal_says_when_to_come_again() -> None:
    gate = Places(at_once=1, waiting=0, seconds=20.0, busy=BUSY)
    with gate.taken(), pytest.raises(BusyError) as refused, gate.taken():
        raise AssertionError
    assert refused.value.retry_after_seconds == 5
