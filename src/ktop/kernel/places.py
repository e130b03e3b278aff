"""So many threads do heavy work at once, so many more wait, others are refused at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ktop.kernel.errors import BusyError


class Places:
    """Places for heavy work of one process.

    Parameters
    ----------
    at_once : how many work at the same time.
    waiting : how many more may wait; further ones are refused, so that they hold no thread and no memory.
    seconds : how long one waits before it is refused; it is also told to come again after about a quarter of that.
    busy : key of the sentence for those refused.
    """

    def __init__(self, at_once: int, waiting: int, seconds: float, busy: str) -> None:
        self._room = threading.BoundedSemaphore(at_once + waiting)
        self._places = threading.BoundedSemaphore(at_once)
        self._seconds, self._busy = seconds, busy

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold a place while the block runs. Raises ``BusyError`` where too many wait or one waits too long."""
        if not self._room.acquire(blocking=False):
            raise self._refusal()
        try:
            if not self._places.acquire(timeout=self._seconds):
                raise self._refusal()
            try:
                yield
            finally:
                self._places.release()
        finally:
            self._room.release()

    def _refusal(self) -> BusyError:
        return BusyError(self._busy, retry_after_seconds=max(1, round(self._seconds / 4)))
