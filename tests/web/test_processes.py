"""Processes on one port: kept running, ended together, and an end where they do not start."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

from ktop.kernel.errors import UnavailableError
from ktop.web import processes
from ktop.web.processes import Processes, listening

#: Writes down its number and process, then waits for the end of its input or a signal.
STAYS = "import os, sys; open(f'{sys.argv[1]}/{sys.argv[2]}-{os.getpid()}', 'w').close(); sys.stdin.read()"


def command(folder: Path) -> list[str]:
    return [sys.executable, "-S", "-c", STAYS, str(folder)]


def wait_for(folder: Path, count: int) -> list[str]:
    until = time.monotonic() + 60
    while len(found := sorted(path.name for path in folder.iterdir())) < count:
        assert time.monotonic() < until
        time.sleep(0.01)
    return found


def test_one_that_dies_is_started_again_and_all_end_together(tmp_path: Path) -> None:
    kept = Processes(command(tmp_path), 2, 10.0)

    def kill_one_then_end() -> None:
        first = wait_for(tmp_path, 2)
        os.kill(int(first[0].split("-")[1]), signal.SIGKILL)
        wait_for(tmp_path, 3)
        kept.end()

    other = threading.Thread(target=kill_one_then_end)
    other.start()
    kept.run()
    other.join()
    started = sorted(path.name for path in tmp_path.iterdir())
    assert [name.split("-")[0] for name in started] == ["0", "0", "1"]
    assert not any(Path(f"/proc/{name.split('-')[1]}").exists() for name in started)


def test_processes_that_do_not_start_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_LOOK_SECONDS", 0.01)
    with pytest.raises(UnavailableError) as refused:
        Processes([sys.executable, "-S", "-c", "raise SystemExit(1)"], 1, 10.0).run()
    assert refused.value.key == "cli.server_processes_end"


def test_several_listen_on_one_port_and_a_stranger_does_not() -> None:
    with listening("127.0.0.1", 0) as one:
        port = one.getsockname()[1]
        with listening("127.0.0.1", port) as other:
            other.listen()
            with socket.create_connection(("127.0.0.1", port)):
                taken, _ = other.accept()
                with taken:  # asyncio has parts of an answer sent at once where the socket says that it is TCP
                    assert taken.proto == socket.IPPROTO_TCP
        with socket.socket() as probe, pytest.raises(OSError, match="in use"):
            probe.bind(("127.0.0.1", port))
