"""A worker as a process: ends in order at a signal, and with the server that it stands beside."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from types import FrameType

from ktop.kernel.settings import Settings
from ktop.usecases.work.interface import Work
from ktop.worker.loop import Worker

#: A worker beside the server leaves the processor to pages and to people's ratings (nice value, 0 to 19).
_NICE = 10


def run_worker(work: Work, settings: Settings, *, beside: bool = False) -> None:
    """Work jobs off until SIGTERM, SIGINT or, ``beside`` a server, until that ends (its end of our input closes)."""
    worker = Worker(work, at_once=settings.jobs_at_once)

    def end(_signal: int, _frame: FrameType | None) -> None:
        worker.end()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    if beside:
        os.nice(_NICE)

        def watch() -> None:
            while os.read(0, 1024):
                pass
            worker.end()

        threading.Thread(target=watch, name="watch-server", daemon=True).start()
    worker.run(settings.grace_seconds)


@contextlib.contextmanager
def worker_beside(settings: Settings) -> Iterator[None]:
    """Have a worker process while the block runs, unless the settings say no.

    A process of its own, because rating thousands in a thread of the server would hold up its pages. It ends when the
    server does, however that ends: nothing but the server holds the other end of its input.
    """
    if not settings.worker:
        yield
        return
    command = [sys.executable, "-m", "ktop", "worker", "--data", str(settings.data), "--beside"]
    command += ["--host", settings.host, "--port", str(settings.port)]  # its letters lead there
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)  # noqa: S603 - ourselves
    try:
        yield
    finally:
        assert child.stdin is not None
        child.stdin.close()
        try:
            child.wait(settings.grace_seconds + 5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
