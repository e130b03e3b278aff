"""Hands the jobs of all organisations out to workers, and takes back what dead ones held.

Claiming is a transaction of the installation; the work itself is done in units of work of the job's own actor.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, or_, select, text, update

from ktop.domain.party.actor import Actor
from ktop.domain.work.job import (
    CANCELLED,
    FAILED,
    LEASE_SECONDS,
    MOST_ATTEMPTS,
    RUNNING,
    WAITING,
    Job,
    without_accounts,
)
from ktop.kernel.errors import NotFoundError
from ktop.store.audit import tell
from ktop.store.jobs import job_of, recent_jobs
from ktop.store.tables import api_keys, jobs, memberships, organisations, users

_ACTIVE = "active"
_KEY = "key:"


class JobQueue:
    """The jobs of the installation, within one transaction of its own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def requeue_lost(self, now: datetime | None = None) -> int:
        """Take back the jobs whose worker let its lease end; return how many.

        One that was lost so often without getting further counts as failed: it may be what ends its workers.
        """
        now = now or datetime.now(UTC)
        lost = (jobs.c.state == RUNNING, jobs.c.lease_until < now)
        free = {"worker": None, "lease_until": None}
        cancelled = self._connection.execute(
            update(jobs).where(*lost, jobs.c.cancel.is_(True)).values(state=CANCELLED, ended=now, **free)
        )
        again = self._connection.execute(
            update(jobs)
            .where(*lost, jobs.c.cancel.is_(False), jobs.c.attempts < MOST_ATTEMPTS)
            .values(state=WAITING, **free)
        )
        given_up = self._connection.execute(
            update(jobs)
            .where(*lost)
            .values(
                state=FAILED, ended=now, problem={"key": "jobs.lost", "params": {"attempts": MOST_ATTEMPTS}}, **free
            )
            .returning(jobs.c.id, jobs.c.tenant, jobs.c.kind)
        ).all()
        for row in given_up:
            self._tell(row, now, "job.failed")
        return int(cancelled.rowcount + again.rowcount) + len(given_up)

    def claim(
        self, worker: str, count: int, *, at_once: int, kinds: Collection[str] = (), now: datetime | None = None
    ) -> list[Job]:
        """Give a worker up to ``count`` jobs, the most urgent first, then the oldest.

        ``at_once`` is how many jobs of one organisation run at the same time, over all workers. A job's ``worker`` is
        the hold: the worker's name and a token of this claim, which fences all that is written for the job.
        """
        now = now or datetime.now(UTC)
        postgresql = self._connection.dialect.name == "postgresql"
        if postgresql:  # two who claim at the same moment would each count without what the other takes
            self._connection.execute(text("SELECT pg_advisory_xact_lock(7078)"))
        running = select(jobs.c.tenant, func.count()).where(jobs.c.state == RUNNING).group_by(jobs.c.tenant)
        held: Counter[str] = Counter()
        for tenant, number in self._connection.execute(running):
            held[tenant] = number
        taken: list[str] = []
        while len(taken) < count:
            query = (
                select(jobs.c.id, jobs.c.tenant)
                .where(jobs.c.state == WAITING, jobs.c.not_before <= now, jobs.c.id.not_in(taken))
                .where(jobs.c.tenant.not_in([tenant for tenant, number in held.items() if number >= at_once]))
                .order_by(jobs.c.priority, jobs.c.created, jobs.c.id)
                .limit(count - len(taken))
            )
            if kinds:
                query = query.where(jobs.c.kind.in_(kinds))
            if postgresql:
                query = query.with_for_update(skip_locked=True)
            found = self._connection.execute(query).all()
            if not found:
                break
            for row in found:
                if held[row.tenant] < at_once:
                    held[row.tenant] += 1
                    taken.append(row.id)
        if not taken:
            return []
        hold = f"{worker}/{secrets.token_hex(8)}"
        claimed = self._connection.execute(
            update(jobs)
            .where(jobs.c.id.in_(taken), jobs.c.state == WAITING)
            .values(
                state=RUNNING,
                worker=hold,
                lease_until=now + timedelta(seconds=LEASE_SECONDS),
                attempts=jobs.c.attempts + 1,
                started=func.coalesce(jobs.c.started, now),
            )
            .returning(jobs)
        ).all()
        return sorted((job_of(row) for row in claimed), key=lambda job: (job.priority, job.created, job.id))

    def renew(self, held: Mapping[str, str], now: datetime | None = None) -> dict[str, bool]:
        """Lengthen the leases of jobs (identifier → hold); return those still held, and whether each is cancelled."""
        if not held:
            return {}
        until = (now or datetime.now(UTC)) + timedelta(seconds=LEASE_SECONDS)
        mine = or_(*((jobs.c.id == job) & (jobs.c.worker == hold) for job, hold in held.items()))
        renewed = self._connection.execute(
            update(jobs)
            .where(jobs.c.state == RUNNING, mine)
            .values(lease_until=until)
            .returning(jobs.c.id, jobs.c.cancel)
        )
        return {row.id: bool(row.cancel) for row in renewed}

    def anything_waits(self, *, more_urgent_than: int | None = None, now: datetime | None = None) -> bool:
        """Return whether a worker would find something to do: a job that may begin, or one that was lost."""
        now = now or datetime.now(UTC)
        waiting = (jobs.c.state == WAITING) & (jobs.c.not_before <= now)
        if more_urgent_than is not None:
            found = select(jobs.c.id).where(waiting, jobs.c.priority < more_urgent_than)
        else:
            found = select(jobs.c.id).where(waiting | ((jobs.c.state == RUNNING) & (jobs.c.lease_until < now)))
        return self._connection.execute(found.limit(1)).first() is not None

    def maker(self, job: Job) -> Actor | None:
        """Return who a job acts as now: its maker with the rights of then, less what was taken away since.

        None where the maker, the program's key or the organisation may do nothing any more.
        """
        return self.still(job.maker)

    def still(self, given: Actor) -> Actor | None:
        """Return somebody whose rights were kept, less what was taken away since; None where nothing is left."""
        if without_accounts(given):
            return given
        state = self._connection.scalar(select(organisations.c.state).where(organisations.c.id == given.organisation))
        if state != _ACTIVE:
            return None
        if given.user.startswith(_KEY):
            key = api_keys.c
            valid = select(key.id).where(
                key.id == given.user.removeprefix(_KEY),
                key.tenant == given.organisation,
                key.revoked.is_(None),
                key.expires > datetime.now(UTC),
            )
            return None if self._connection.scalar(valid) is None else given
        roles = self._connection.scalars(
            select(memberships.c.role)
            .join(users, users.c.id == memberships.c.user)
            .where(
                users.c.id == given.user,
                users.c.state == _ACTIVE,
                memberships.c.organisation == given.organisation,
                memberships.c.ended.is_(None),
            )
        )
        still = given.roles & frozenset(roles)
        return Actor(given.user, given.organisation, still, given.scopes, known_by=given.known_by) if still else None

    def recent(
        self,
        limit: int = 50,
        *,
        kinds: Collection[str] = (),
        states: Collection[str] = (),
        before: tuple[datetime, str] | None = None,
    ) -> list[Job]:
        """Return the newest jobs of all organisations first; see ``JobRepository.recent``."""
        return recent_jobs(self._connection, select(jobs), limit, kinds=kinds, states=states, before=before)

    def get(self, job_id: str) -> Job:
        """Return any organisation's job; raises ``NotFoundError`` where there is none of that identifier."""
        found = self._connection.execute(select(jobs).where(jobs.c.id == job_id)).one_or_none()
        if found is None:
            raise NotFoundError("jobs.not_found")
        return job_of(found)

    def _tell(self, row: Any, now: datetime, action: str) -> None:
        actor = Actor("installation", row.tenant)
        tell(self._connection, actor, now, action, row.id, {"kind": row.kind})
