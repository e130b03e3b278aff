"""Hands jobs to workers and does them."""

from __future__ import annotations

import json
import logging
import secrets
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ktop.domain.party.actor import INSTALLATION, Actor
from ktop.domain.work.job import Job, Stop
from ktop.kernel.errors import ForbiddenError, KtopError, UnavailableError
from ktop.store.jobs import LeaseLostError
from ktop.store.unit_of_work import Store
from ktop.usecases.jobs.running import Running, StoppedError

_LOG = logging.getLogger(__name__)
Doing = Callable[[Running], None]


class WorkService:
    """See ``ktop.usecases.work.interface.Work``.

    Parameters
    ----------
    kinds : kind of job → what does it.
    at_once : jobs of one organisation that run at the same time.
    tend : what is owed by the clock.
    deliver : sends what webhooks are to be told; returns how much that was.
    """

    def __init__(
        self,
        store: Callable[[], Store],
        kinds: Mapping[str, Doing],
        at_once: int,
        tend: Callable[[], object],
        deliver: Callable[[], int],
    ) -> None:
        self._store, self._kinds, self._at_once = store, kinds, at_once
        self._tend, self._deliver = tend, deliver

    def anything_waits(self, actor: Actor, more_urgent_than: int | None = None) -> bool:
        _require_installation(actor)
        with self._store().installation(reading=True) as work:
            return work.jobs.anything_waits(more_urgent_than=more_urgent_than)

    def take(self, actor: Actor, worker: str, count: int) -> Sequence[Job]:
        _require_installation(actor)
        with self._store().installation() as work:  # a statement of its own, so that claiming stays short
            work.jobs.requeue_lost()
        with self._store().installation() as work:
            return work.jobs.claim(worker, count, at_once=self._at_once)

    def hold(self, actor: Actor, held: Mapping[str, str]) -> Mapping[str, bool]:
        _require_installation(actor)
        with self._store().installation() as work:
            return work.jobs.renew(held)

    def do(self, actor: Actor, job: Job, asked: Callable[[], Stop | None]) -> None:
        _require_installation(actor)
        assert job.worker is not None, "whoever does a job holds it"
        store, hold = self._store(), job.worker
        try:
            self._do(store, job, asked)
        except StoppedError as stopped:
            cancelled = stopped.why == "cancelled"
            self._note(job, lambda jobs: jobs.stop(job.id, hold) if cancelled else jobs.give_back(job.id, hold))
        except LeaseLostError:
            _LOG.warning("job %s (%s) was taken over by another worker", job.id, job.kind)
        except UnavailableError as error:  # a database or package that may be back
            problem = told(error)
            self._note(job, lambda jobs: jobs.try_later(job.id, hold, problem))
        except KtopError as error:
            problem = told(error)
            self._note(job, lambda jobs: jobs.fail(job.id, hold, problem))
        except Exception as error:
            reference = secrets.token_hex(4)
            places = " < ".join(f"{at.filename}:{at.lineno}" for at in traceback.extract_tb(error.__traceback__)[-5:])
            _LOG.error("failure %s of job %s (%s): %s %s", reference, job.id, job.kind, type(error).__name__, places)
            problem = {"key": "jobs.unexpected", "params": {"reference": reference}}
            self._note(job, lambda jobs: jobs.try_later(job.id, hold, problem))

    def tend(self, actor: Actor) -> None:
        _require_installation(actor)
        self._tend()

    def deliver(self, actor: Actor) -> int:
        _require_installation(actor)
        return self._deliver()

    def _do(self, store: Store, job: Job, asked: Callable[[], Stop | None]) -> None:
        with store.installation(reading=True) as work:
            maker = work.jobs.maker(job)
        if maker is None:
            raise ForbiddenError("jobs.maker_gone")
        if job.cancel:
            raise StoppedError("cancelled")
        if job.kind not in self._kinds:
            raise UnavailableError("jobs.kind_of_another_version", kind=job.kind)
        self._kinds[job.kind](Running(store, job, maker, asked))

    def _note(self, job: Job, change: Callable[[Any], object]) -> None:
        """Write how an attempt ended. Where that fails, too, the lease ends and another worker takes the job."""
        try:
            with self._store().unit(job.maker) as unit:
                change(unit.jobs)
        except KtopError as error:
            _LOG.warning("how job %s (%s) ended could not be noted: %s", job.id, job.kind, error.key)


def told(error: KtopError) -> dict[str, Any]:
    """Return an error as a job keeps it: the key of its sentence and the values in it, in JSON types."""
    params = json.loads(json.dumps(error.params, default=str))
    return {"key": error.key, "params": params}


def _require_installation(actor: Actor) -> None:
    if actor != INSTALLATION:
        raise ForbiddenError("jobs.workers_only")
