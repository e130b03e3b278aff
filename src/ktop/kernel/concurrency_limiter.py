"""Lets only so many do heavy work at once, whoever asks for it: threads and coroutines wait in one short queue."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as WaitedTooLong
from contextlib import asynccontextmanager, contextmanager

from ktop.kernel.errors import BusyError


class ConcurrencyLimiter:
    """At most ``at_once`` inside, at most ``waiting`` more that wait in order; others are refused at once.

    Parameters
    ----------
    waiting : how many may wait; further ones are refused, so that they hold no thread and no memory.
    seconds : how long one waits before it is refused; it is also told to come again after about so long.
    busy : key of the sentence for those refused.
    at_once : how many work at the same time.
    """

    def __init__(self, waiting: int, seconds: float, busy: str, at_once: int = 1) -> None:
        self.waiting, self.seconds, self.busy, self.at_once = waiting, seconds, busy, at_once
        self._lock = threading.Lock()
        self._inside = 0
        self._queue: deque[Future[None]] = deque()

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Hold a place while the block runs. Raises ``BusyError`` where too many wait or one waits too long."""
        place = self._ask()
        try:
            place.result(self.seconds)
        except BaseException as error:
            self._leave(place)
            raise self._refusal() if isinstance(error, WaitedTooLong) else error from None
        try:
            yield
        finally:
            self._release()

    @asynccontextmanager
    async def passing_async(self) -> AsyncIterator[None]:
        """Hold a place as ``passing`` does, while waiting without a thread."""
        place = self._ask()
        try:
            await asyncio.wait_for(asyncio.wrap_future(place), self.seconds)
        except BaseException as error:  # one that is cancelled leaves the queue, too
            self._leave(place)
            raise self._refusal() if isinstance(error, TimeoutError) else error from None
        try:
            yield
        finally:
            self._release()

    def _ask(self) -> Future[None]:
        """Return a place that is held as soon as it is done."""
        place: Future[None] = Future()
        with self._lock:
            if self._inside < self.at_once:
                self._inside += 1
                place.set_result(None)
            elif len(self._queue) >= self.waiting:
                raise self._refusal()
            else:
                self._queue.append(place)
        return place

    def _leave(self, place: Future[None]) -> None:
        """Give up a place asked for, whether it was given meanwhile or not."""
        with self._lock:
            if place in self._queue:
                self._queue.remove(place)
                return
        if place.done() and not place.cancelled():
            self._release()

    def _release(self) -> None:
        with self._lock:
            while self._queue:
                following = self._queue.popleft()
                if following.set_running_or_notify_cancel():
                    following.set_result(None)  # the place is handed on: the number inside stays
                    return
            self._inside -= 1

    def _refusal(self) -> BusyError:
        return BusyError(self.busy, retry_after_seconds=max(1, round(self.seconds / 4)))
