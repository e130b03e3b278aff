"""What can be done with jobs: give one, follow them, cancel one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol

from ktop.domain.party.actor import Actor
from ktop.domain.work.job import Job
from ktop.kernel.paging import Page


class Jobs(Protocol):
    """Work that outlives a request. Calls are thread-safe. Raises ``ForbiddenError`` where the actor may not.

    ``everywhere`` (operator only) looks at the jobs of all organisations.
    """

    def give(self, actor: Actor, kind: str, arguments: Mapping[str, Any], key: str | None = None) -> Job:
        """Give a job of a kind of ``catalogue/jobs.yaml``; under the same ``key`` it is the same job.

        Raises ``InputError`` for a kind there is none of or that has a way of its own (a batch), and for arguments it
        does not take; ``ConflictError`` for a key that another content has.
        """
        ...

    def jobs(
        self,
        actor: Actor,
        *,
        everywhere: bool = False,
        kinds: Collection[str] = (),
        states: Collection[str] = (),
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[Job]:
        """Return jobs, newest first. Raises ``InputError`` for a wrong limit, cursor or state."""
        ...

    def job(self, actor: Actor, job_id: str, *, everywhere: bool = False) -> Job:
        """Return one job; raises ``NotFoundError`` where there is none of that identifier."""
        ...

    def cancel(self, actor: Actor, job_id: str, *, everywhere: bool = False) -> Job:
        """Cancel a job: one that waits at once, one that runs at its next item.

        Raises ``ConflictError`` for one that has ended, ``NotFoundError`` where there is none.
        """
        ...
