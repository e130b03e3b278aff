"""The jobs of an organisation: given, followed, cancelled; what a worker does for one is written while it holds it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Row

from ktop.domain.party.actor import Actor
from ktop.domain.work.job import (
    CANCELLED,
    DONE,
    ENDED,
    FAILED,
    LEASE_SECONDS,
    MOST_ATTEMPTS,
    RUNNING,
    WAITING,
    Job,
    pause,
    rights_of,
)
from ktop.kernel.errors import ConflictError, NotFoundError, TooManyRequestsError, UnavailableError
from ktop.store.audit import tell
from ktop.store.tables import job_items, jobs
from ktop.store.tables.base import new_id

#: Jobs of one organisation that may wait at the same time.
MOST_WAITING = 1_000


class LeaseLostError(UnavailableError):
    """A worker writes for a job that it no longer holds: nothing of what it wrote is kept."""

    def __init__(self) -> None:
        super().__init__("jobs.lease_lost")


class JobRepository:
    """The jobs of an actor's organisation, within one transaction.

    The methods that take a ``hold`` are a worker's. What else it writes in the same unit of work is kept only where it
    still holds the job: they raise ``LeaseLostError`` otherwise, which undoes the unit.
    """

    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._connection, self._actor = connection, actor

    def add(
        self,
        kind: str,
        arguments: Mapping[str, Any],
        *,
        priority: int,
        key: str | None = None,
        of: int | None = None,
    ) -> Job:
        """Give a job and return it, or the one that was given under the same ``key`` before.

        Raises ``ConflictError`` where that one has other arguments, ``TooManyRequestsError`` where too many wait.
        """
        if key is not None and (found := self._by_key(kind, key)) is not None:
            return _same(found, arguments)
        waiting = select(func.count()).where(jobs.c.tenant == self._actor.organisation, jobs.c.state == WAITING)
        if (self._connection.scalar(waiting) or 0) >= MOST_WAITING:
            raise TooManyRequestsError("jobs.too_many_waiting", retry_after_seconds=60, most=MOST_WAITING)
        now = datetime.now(UTC)
        values: dict[str, Any] = {
            "id": new_id(),
            "tenant": self._actor.organisation,
            "made_by": self._actor.user,
            "rights": rights_of(self._actor),
            "kind": kind,
            "key": key,
            "priority": priority,
            "state": WAITING,
            "arguments": dict(arguments),
            "done": 0,
            "of": of,
            "attempts": 0,
            "not_before": now,
            "created": now,
        }
        makes = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        made = self._connection.execute(
            makes(jobs)
            .values(**values)
            .on_conflict_do_nothing(index_elements=["tenant", "kind", "key"])
            .returning(jobs.c.id)
        ).first()
        if made is None and key is not None:  # another process gave it at the same moment
            found = self._by_key(kind, key)
            assert found is not None, "what made the insert give way is there"
            return _same(found, arguments)
        tell(self._connection, self._actor, now, "job.given", str(values["id"]), {"kind": kind})
        return self.get(str(values["id"]))

    def get(self, job_id: str) -> Job:
        """Return one job; raises ``NotFoundError`` where there is none of that identifier."""
        found = self._connection.execute(self._own().where(jobs.c.id == job_id)).one_or_none()
        if found is None:
            raise NotFoundError("jobs.not_found")
        return job_of(found)

    def recent(
        self,
        limit: int = 50,
        *,
        kinds: Collection[str] = (),
        states: Collection[str] = (),
        before: tuple[datetime, str] | None = None,
    ) -> list[Job]:
        """Return the newest jobs first, ``limit`` at most; ``before`` is where the page before ended."""
        return recent_jobs(self._connection, self._own(), limit, kinds=kinds, states=states, before=before)

    def cancel(self, job_id: str) -> Job:
        """Cancel a job: one that waits at once, one that runs when its worker next looks.

        Raises ``ConflictError`` for one that has ended.
        """
        job = self.get(job_id)
        now = datetime.now(UTC)
        mine = (jobs.c.id == job_id, jobs.c.tenant == self._actor.organisation)
        waiting = self._connection.execute(
            update(jobs).where(*mine, jobs.c.state == WAITING).values(state=CANCELLED, cancel=True, ended=now)
        )
        if waiting.rowcount == 0:
            running = self._connection.execute(
                update(jobs).where(*mine, jobs.c.state == RUNNING, jobs.c.cancel.is_(False)).values(cancel=True)
            )
            if running.rowcount == 0:
                if self.get(job_id).state in ENDED:
                    raise ConflictError("jobs.ended_already")
                return self.get(job_id)  # asked for before
        tell(self._connection, self._actor, now, "job.cancelled", job_id, {"kind": job.kind})
        return self.get(job_id)

    def items(self, job_id: str) -> dict[int, Any]:
        """Return what of a job is finished: number of the item → its result."""
        found = self._connection.execute(
            select(job_items.c.number, job_items.c.result).where(
                job_items.c.job == job_id, job_items.c.tenant == self._actor.organisation
            )
        )
        return {row.number: row.result for row in found}

    def finish_item(self, job_id: str, hold: str, number: int, result: Any, *, done: int, of: int | None) -> bool:
        """Note that an item is finished, with what it brought about in this unit; return whether to stop now.

        ``done`` and ``of`` are how far the job is with it, in the job's own count: an item may be many rows.
        """
        cancelled = self._held(job_id, hold, done=done, of=of, attempts=0, lease_until=_lease(), problem=None)
        self._connection.execute(
            insert(job_items).values(job=job_id, number=number, tenant=self._actor.organisation, result=result)
        )
        return cancelled

    def tell_progress(self, job_id: str, hold: str, done: int, of: int | None) -> bool:
        """Note how far a job is; return whether it was cancelled."""
        return self._held(job_id, hold, done=done, of=of, lease_until=_lease())

    def finish(self, job_id: str, hold: str, result: Mapping[str, Any]) -> None:
        """End a job well, together with what it brought about in this unit."""
        self._end(job_id, hold, DONE, "job.done", result=dict(result), problem=None)

    def fail(self, job_id: str, hold: str, problem: Mapping[str, Any]) -> None:
        """End a job that cannot be done."""
        self._end(job_id, hold, FAILED, "job.failed", problem=dict(problem))

    def stop(self, job_id: str, hold: str) -> None:
        """End a job that was cancelled while it ran."""
        self._end(job_id, hold, CANCELLED, None)

    def try_later(self, job_id: str, hold: str, problem: Mapping[str, Any]) -> bool:
        """Let a job rest and be tried again; end it where it was tried often enough. Return whether it goes on."""
        job = self.get(job_id)
        if job.attempts >= MOST_ATTEMPTS:
            self.fail(job_id, hold, problem)
            return False
        self._held(
            job_id,
            hold,
            state=WAITING,
            worker=None,
            lease_until=None,
            not_before=datetime.now(UTC) + pause(job.attempts),
            problem=dict(problem),
        )
        return True

    def give_back(self, job_id: str, hold: str) -> None:
        """Let another worker go on with a job; nothing is held against it."""
        attempts = func.coalesce(func.nullif(jobs.c.attempts, 0), 1) - 1
        self._held(job_id, hold, state=WAITING, worker=None, lease_until=None, attempts=attempts)

    def _end(self, job_id: str, hold: str, state: str, action: str | None, **values: Any) -> None:
        now = datetime.now(UTC)
        self._held(job_id, hold, state=state, ended=now, worker=None, lease_until=None, **values)
        if action is not None:
            tell(self._connection, self._actor, now, action, job_id, {"kind": self.get(job_id).kind})

    def _held(self, job_id: str, hold: str, **values: Any) -> bool:
        """Change a job that is held, and return whether it was cancelled. Raises ``LeaseLostError``."""
        changed = self._connection.execute(
            update(jobs)
            .where(
                jobs.c.id == job_id,
                jobs.c.tenant == self._actor.organisation,
                jobs.c.worker == hold,
                jobs.c.state == RUNNING,
            )
            .values(**values)
            .returning(jobs.c.cancel)
        ).one_or_none()
        if changed is None:
            raise LeaseLostError
        return bool(changed.cancel)

    def _by_key(self, kind: str, key: str) -> Job | None:
        found = self._connection.execute(self._own().where(jobs.c.kind == kind, jobs.c.key == key)).one_or_none()
        return None if found is None else job_of(found)

    def _own(self) -> Select[Any]:
        """Return the query that every other one is made of: the actor's organisation and no other."""
        return select(jobs).where(jobs.c.tenant == self._actor.organisation)


def recent_jobs(
    connection: Connection,
    query: Select[Any],
    limit: int,
    *,
    kinds: Collection[str] = (),
    states: Collection[str] = (),
    before: tuple[datetime, str] | None = None,
) -> list[Job]:
    """Return the newest jobs of a query first; see ``JobRepository.recent``."""
    if kinds:
        query = query.where(jobs.c.kind.in_(kinds))
    if states:
        query = query.where(jobs.c.state.in_(states))
    if before is not None:
        at, last = before
        query = query.where((jobs.c.created < at) | ((jobs.c.created == at) & (jobs.c.id > last)))
    return [job_of(row) for row in connection.execute(query.order_by(jobs.c.created.desc(), jobs.c.id).limit(limit))]


def job_of(found: Row[Any]) -> Job:
    """Return a row of the table as a job."""
    values = {field.name: getattr(found, field.name) for field in fields(Job) if field.name != "organisation"}
    return Job(organisation=found.tenant, **values)


def _same(found: Job, arguments: Mapping[str, Any]) -> Job:
    if found.arguments != dict(arguments):
        raise ConflictError("jobs.key_taken")
    return found


def _lease() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=LEASE_SECONDS)
