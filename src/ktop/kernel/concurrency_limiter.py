"""Lets one through at a time: for work that may take much memory, whoever asks for it from whichever thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ktop.kernel.errors import UnavailableError


class Turnstile:
    """A gate for one at a time with a short queue.

    Parameters
    ----------
    waiting : how many may wait for the one inside; further ones are refused at once, so that they hold no thread.
    seconds : how long one waits before it is refused.
    busy : key of the sentence for those refused.
    """

    def __init__(self, waiting: int, seconds: float, busy: str) -> None:
        self.waiting, self.seconds, self.busy = waiting, seconds, busy
        self._places = threading.BoundedSemaphore(waiting + 1)
        self._gate = threading.Lock()

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Hold the gate while the block runs. Raises ``UnavailableError`` where too many wait or one waits too long."""
        if not self._places.acquire(blocking=False):
            raise UnavailableError(self.busy)
        try:
            if not self._gate.acquire(timeout=self.seconds):
                raise UnavailableError(self.busy)
            try:
                yield
            finally:
                self._gate.release()
        finally:
            self._places.release()
