"""A job while a worker does it: what its kind asks for its effects, its progress, and whether to go on."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ktop.domain.party.actor import Actor
from ktop.domain.work.job import Job, Stop
from ktop.store.unit_of_work import Store, UnitOfWork

#: Progress is written so often at most.
_BETWEEN_SECONDS = 0.5


class StoppedError(Exception):
    """Work on a job stops before its end; what is finished of it stays finished."""

    def __init__(self, why: Stop) -> None:
        super().__init__(why)
        self.why: Stop = why


class Running:
    """A job in the hands of a worker.

    Parameters
    ----------
    actor : who it acts as; see ``ktop.store.job_queue.JobQueue.maker``.
    asked : says whether the worker wants the work to stop, and why.
    """

    def __init__(self, store: Store, job: Job, actor: Actor, asked: Callable[[], Stop | None]) -> None:
        assert job.worker is not None, "whoever runs a job holds it"
        self.store, self.job, self.actor, self._asked, self._hold = store, job, actor, asked, job.worker
        self._told = 0.0

    def finished_items(self) -> Mapping[int, Any]:
        """Return what is finished already, of this attempt or one before: number → its result."""
        with self.store.reading(self.actor) as unit:
            return unit.jobs.items(self.job.id)

    @contextlib.contextmanager
    def item(self, number: int, result: Any, *, done: int, of: int | None) -> Iterator[UnitOfWork]:
        """Give the unit of work of an item's effect, which is noted as finished in the same transaction.

        Raises ``StoppedError`` afterwards where the work is to stop.
        """
        with self.store.unit(self.actor) as unit:
            yield unit
            cancelled = unit.jobs.finish_item(self.job.id, self._hold, number, result, done=done, of=of)
        self.go_on(cancelled)

    @contextlib.contextmanager
    def end(self, result: Mapping[str, Any]) -> Iterator[UnitOfWork]:
        """Give the unit of work of the last effect, which ends the job in the same transaction."""
        with self.store.unit(self.actor) as unit:
            yield unit
            unit.jobs.finish(self.job.id, self._hold, result)

    def progress(self, done: int, of: int | None, what: str = "") -> None:
        """Tell how far the work is, now and then. Raises ``StoppedError`` where it is to stop."""
        cancelled = False
        if time.monotonic() - self._told >= _BETWEEN_SECONDS:
            self._told = time.monotonic()
            with self.store.unit(self.actor) as unit:
                cancelled = unit.jobs.tell_progress(self.job.id, self._hold, done, of)
        self.go_on(cancelled)

    def go_on(self, cancelled: bool = False) -> None:
        """Raise ``StoppedError`` where the work is to stop."""
        why = "cancelled" if cancelled else self._asked()
        if why is not None:
            raise StoppedError(why)
