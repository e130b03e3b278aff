"""What a worker does: take jobs, hold them while it lives, do them; called by ``ktop.worker`` on nobody's behalf."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from ktop.domain.party.actor import Actor
from ktop.domain.work.job import Job, Stop


class Work(Protocol):
    """The side of the jobs that workers see. The actor is the installation itself: others get ``ForbiddenError``."""

    def anything_waits(self, actor: Actor, more_urgent_than: int | None = None) -> bool:
        """Return, without holding up anybody, whether a job could be begun (more urgent than a priority)."""
        ...

    def take(self, actor: Actor, worker: str, count: int) -> Sequence[Job]:
        """Take back what dead workers held, then give ``worker`` up to ``count`` jobs."""
        ...

    def hold(self, actor: Actor, held: Mapping[str, str]) -> Mapping[str, bool]:
        """Renew the leases of jobs (identifier → hold); return those still held, and whether each was cancelled."""
        ...

    def do(self, actor: Actor, job: Job, asked: Callable[[], Stop | None]) -> None:
        """Do a job that is held, to its end or until ``asked`` says to stop; never raises.

        What fails is noted with the job: an error of the input ends it, any other lets it rest and be tried again.
        """
        ...

    def tend(self, actor: Actor) -> None:
        """Do what the installation does in between: seal the audit trail."""
        ...

    def deliver(self, actor: Actor) -> int:
        """Send what webhooks are to be told now; return how much that was, 0 where nothing waits."""
        ...
