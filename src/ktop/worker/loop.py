"""A worker: takes jobs while it has room, holds them, does them in threads, and ends without losing any."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from dataclasses import dataclass

from ktop.domain.party.actor import INSTALLATION
from ktop.domain.work.job import LEASE_SECONDS, Job, Stop
from ktop.kernel.errors import KtopError
from ktop.usecases.work.interface import Work

_LOG = logging.getLogger(__name__)
#: Looking costs one indexed query that holds up nobody.
POLL_SECONDS = 0.5
_RENEW_SECONDS = LEASE_SECONDS / 4
_TEND_SECONDS = 60.0


@dataclass(slots=True)
class _Hand:
    """A thread at work on a job."""

    job: Job
    thread: threading.Thread
    stop: list[Stop]


class Worker:
    """Does jobs until ``end`` is called.

    Parameters
    ----------
    at_once : jobs done at the same time.
    poll_seconds : how often it looks for work where it has room.
    """

    def __init__(self, work: Work, *, at_once: int = 1, poll_seconds: float = POLL_SECONDS) -> None:
        self.name = secrets.token_hex(8)
        self._work, self._at_once, self._poll_seconds = work, at_once, poll_seconds
        self._deliver_seconds = 2 * poll_seconds
        self._ending = threading.Event()
        self._free = threading.Event()
        self._hands: list[_Hand] = []

    def end(self) -> None:
        """Let the worker end: what it holds is given back at its next item, or finished. Safe in a signal handler."""
        self._ending.set()
        self._free.set()

    def run(self, grace_seconds: float = 10.0) -> None:
        """Work until told to end, then give back what is held within the grace period.

        A job that does not get to its next item in time goes on where it was when another worker finds its lease ended.
        """
        delivering = threading.Thread(target=self._deliver, name="deliver", daemon=True)
        delivering.start()
        renewed = tended = time.monotonic()
        while not self._ending.is_set():
            try:
                self._forget_done()
                if time.monotonic() - renewed >= _RENEW_SECONDS:
                    renewed = time.monotonic()
                    self._renew()
                if time.monotonic() - tended >= _TEND_SECONDS:
                    tended = time.monotonic()
                    self._work.tend(INSTALLATION)
                if self._fill():
                    continue
            except KtopError as error:  # the database is away: what is held keeps its lease for a while
                _LOG.warning("the worker could not look for jobs: %s", error.key)
            self._free.wait(self._poll_seconds)
            self._free.clear()
        self._give_back(grace_seconds)
        delivering.join(grace_seconds)

    def _fill(self) -> bool:
        """Take jobs where there is room, else make room for a more urgent one; return whether any was taken."""
        room = self._at_once - len(self._hands)
        if room > 0:
            taken = self._work.take(INSTALLATION, self.name, room) if self._work.anything_waits(INSTALLATION) else ()
            for job in taken:
                self._begin(job)
            return bool(taken)
        least = max(self._hands, key=lambda hand: hand.job.priority)
        if not least.stop and self._work.anything_waits(INSTALLATION, least.job.priority):
            least.stop.append("give_back")
        return False

    def _begin(self, job: Job) -> None:
        stop: list[Stop] = []

        def do() -> None:
            try:
                self._work.do(INSTALLATION, job, lambda: stop[0] if stop else None)
            finally:
                self._free.set()

        hand = _Hand(job, threading.Thread(target=do, name=f"job-{job.id[:8]}", daemon=True), stop)
        self._hands.append(hand)
        hand.thread.start()

    def _deliver(self) -> None:
        """Send messages to webhooks, in a thread of its own: a receiver may take seconds to answer."""
        while not self._ending.is_set():
            sent = 0
            try:
                sent = self._work.deliver(INSTALLATION)
            except KtopError as error:
                _LOG.warning("messages could not be delivered: %s", error.key)
            if not sent:
                self._ending.wait(self._deliver_seconds)

    def _forget_done(self) -> None:
        self._hands = [hand for hand in self._hands if hand.thread.is_alive()]

    def _renew(self) -> None:
        held = {hand.job.id: hand.job.worker or "" for hand in self._hands}
        renewed = self._work.hold(INSTALLATION, held) if held else {}
        for hand in self._hands:
            if not hand.stop and renewed.get(hand.job.id, False):
                hand.stop.append("cancelled")

    def _give_back(self, grace_seconds: float) -> None:
        for hand in self._hands:
            hand.stop[:0] = ["give_back"]
        until = time.monotonic() + grace_seconds
        for hand in self._hands:
            hand.thread.join(max(0.0, until - time.monotonic()))
