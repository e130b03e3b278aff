"""Several processes that answer requests on one port: started, started again where one dies, ended together.

Nothing that one of them keeps is needed by another: sessions, keys, consents, what waits for an answer and counts of
requests are in the database, secrets in the data folder, and models and corpora are followed by their files. The system
hands each new connection to one of the processes (SO_REUSEPORT).
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from types import FrameType

from prometheus_client.multiprocess import mark_process_dead

from ktop.kernel.errors import UnavailableError

_LOG = logging.getLogger(__name__)
#: Where the processes keep their figures, so that any of them can tell those of all (prometheus_client's own name).
FIGURES = "PROMETHEUS_MULTIPROC_DIR"
_LOOK_SECONDS = 0.2
#: A process that lives no longer than this did not start; after so many of them in a row, something is wrong with all.
_SHORT_SECONDS, _MOST_SHORT = 20.0, 5


def listening(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address that other processes of this user may be bound to as well.

    It says that it speaks TCP: only for such a socket does asyncio have each part of an answer sent at once. Else the
    body waits behind the head until the client acknowledges that, which it puts off for some 40 ms.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind((host, port))
    return bound


def end_with_parent(end: Callable[[], None]) -> None:
    """Call ``end`` once whoever started this process has ended: nothing but it holds the other end of our input."""

    def watch() -> None:
        while os.read(0, 1024):
            pass
        end()

    threading.Thread(target=watch, name="watch-parent", daemon=True).start()


class Processes:
    """Processes that run one command each, with their number as its last word."""

    def __init__(self, command: Sequence[str], count: int, grace_seconds: float) -> None:
        self._command, self._count, self._grace_seconds = list(command), count, grace_seconds
        self._ending = threading.Event()
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._began: dict[int, float] = {}
        self._short = 0

    def end(self) -> None:
        """Let them end, and ``run`` with them; safe in a signal handler."""
        self._ending.set()

    def run(self) -> None:
        """Keep them running until told to end. Raises ``UnavailableError`` where they do not start."""
        with self._signals(), tempfile.TemporaryDirectory(prefix="ktop-figures-") as figures:
            environment = os.environ | {FIGURES: figures}
            try:
                while not self._ending.is_set():
                    for number in range(self._count):
                        self._keep(number, environment)
                    self._ending.wait(_LOOK_SECONDS)
            finally:
                self._end_all()

    def _keep(self, number: int, environment: dict[str, str]) -> None:
        process = self._running.get(number)
        if process is not None:
            status = process.poll()
            if status is None:
                return
            mark_process_dead(process.pid, environment[FIGURES])
            lived = time.monotonic() - self._began[number]
            _LOG.error("web process %d ended with status %d after %.0f s", number, status, lived)
            self._short = self._short + 1 if lived < _SHORT_SECONDS else 0
            if self._short >= _MOST_SHORT:
                raise UnavailableError("cli.server_processes_end")
        self._began[number] = time.monotonic()
        self._running[number] = subprocess.Popen(  # noqa: S603 - ourselves
            [*self._command, str(number)], stdin=subprocess.PIPE, env=environment
        )

    def _end_all(self) -> None:
        for process in self._running.values():
            with contextlib.suppress(OSError):
                process.send_signal(signal.SIGTERM)
        until = time.monotonic() + self._grace_seconds
        for process in self._running.values():
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        def end(_signal: int, _frame: FrameType | None) -> None:
            self.end()

        former = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)
