"""One at a time: spreadsheets read from several threads wait for one another or are refused in a clear sentence."""

from __future__ import annotations

import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from ktop.catalogue import LANGS, message
from ktop.kernel.concurrency_limiter import Turnstile
from ktop.kernel.errors import UnavailableError
from ktop.report import spreadsheet

BUSY = "records.tables_busy"


def test_only_one_spreadsheet_is_read_at_a_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    spreadsheet.write_xlsx(pl.DataFrame({"id": ["a"], "text": ["b"]}), path, {})
    inside = 0
    most = 0
    counted = threading.Lock()

    def run(command: list[str], **options: object) -> SimpleNamespace:
        nonlocal inside, most
        with counted:
            inside += 1
            most = max(most, inside)
        threading.Event().wait(0.02)  # long enough for the others to come in, if they could
        with counted:
            inside -= 1
        return SimpleNamespace(returncode=0, stdout=b'["id", "text"]\n["a", "b"]\n')

    monkeypatch.setattr(spreadsheet, "READING", Turnstile(waiting=8, seconds=30.0, busy=BUSY))
    monkeypatch.setattr(subprocess, "run", run)
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(spreadsheet.read_xlsx, [path] * 6))
    assert most == 1
    assert all(frame.rows() == [("a", "b")] for frame in found)


def test_one_more_than_may_wait_is_refused_at_once() -> None:
    gate = Turnstile(waiting=1, seconds=30.0, busy=BUSY)
    come, go = threading.Event(), threading.Event()

    def hold() -> None:
        with gate.passing():
            come.set()
            go.wait(30.0)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(hold)
        assert come.wait(30.0)
        second = pool.submit(hold)
        while gate._places._value:  # until the second one waits
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
    gate = Turnstile(waiting=3, seconds=0.01, busy=BUSY)
    with gate.passing(), pytest.raises(UnavailableError), gate.passing():
        raise AssertionError
    with gate.passing():
        pass


def test_what_fails_inside_opens_the_gate_again() -> None:
    gate = Turnstile(waiting=0, seconds=0.01, busy=BUSY)
    with pytest.raises(ValueError, match="broken"), gate.passing():
        raise ValueError("broken")
    with gate.passing():
        pass
