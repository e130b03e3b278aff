"""Bounded admission: so many requests are worked on at once, so many more wait without a thread, others are refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ktop.kernel.errors import BusyError


class Admission:
    """Places for requests of one event loop; whoever waits is let in in order.

    Parameters
    ----------
    at_once : how many are inside at the same time.
    waiting : how many may wait; further ones are refused at once, so that they hold no memory.
    seconds : how long one waits before it is refused.
    busy : key of the sentence for those refused, who are told to come again after about a quarter of ``seconds``.
    """

    def __init__(self, at_once: int, waiting: int, seconds: float, busy: str) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._most, self._waiting, self._seconds, self._busy = waiting, 0, seconds, busy

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold a place while the block runs. Raises ``BusyError`` where too many wait or one waits too long."""
        if not self._places.locked():
            await self._places.acquire()
        elif self._waiting >= self._most:
            raise self._refusal()
        else:
            await self._wait()
        try:
            yield
        finally:
            self._places.release()

    async def _wait(self) -> None:
        self._waiting += 1
        try:
            async with asyncio.timeout(self._seconds):
                await self._places.acquire()
        except TimeoutError:
            raise self._refusal() from None
        finally:
            self._waiting -= 1

    def _refusal(self) -> BusyError:
        return BusyError(self._busy, retry_after_seconds=max(1, round(self._seconds / 4)))
