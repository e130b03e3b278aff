"""Gives, follows and cancels jobs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from ktop.domain.party.actor import Actor
from ktop.domain.party.permission import require
from ktop.domain.work.job import STATES, Job, without_accounts
from ktop.domain.work.kind import job_kinds
from ktop.kernel.errors import ForbiddenError, InputError
from ktop.kernel.paging import Page, page_of, read_cursor, rows_asked
from ktop.store.unit_of_work import Store

#: Kinds that are given by a use case of their own, which keeps what they need, or by the clock.
_OWN_WAY = frozenset(
    {"rate.batch", "collect.company", "collect.refresh", "programme.rank", "programme.effect", "patents.segment"}
)
_LONGEST_KEY, _LONGEST_ARGUMENT = 200, 1_000


class JobService:
    """See ``ktop.usecases.jobs.interface.Jobs``. ``store`` opens the database when it is needed."""

    def __init__(self, store: Callable[[], Store]) -> None:
        self._store = store

    def give(self, actor: Actor, kind: str, arguments: Mapping[str, Any], key: str | None = None) -> Job:
        known = job_kinds().get(kind)
        if known is None or kind in _OWN_WAY:
            offered = ", ".join(name for name in job_kinds() if name not in _OWN_WAY)
            raise InputError("jobs.unknown_kind", kind=kind[:40], known=offered)
        require(actor, known.permission)
        if known.files and not without_accounts(actor):
            raise ForbiddenError("jobs.names_files", kind=dict(known.name))
        missing = [name for name in known.needs if not arguments.get(name)]
        odd = [name for name in arguments if name not in (*known.needs, *known.takes)]
        if missing or odd:
            raise InputError(
                "jobs.wrong_arguments",
                kind=kind,
                needs=", ".join(known.needs) or "–",
                more=", ".join(known.takes) or "–",
            )
        if any(not isinstance(value, str) or len(value) > _LONGEST_ARGUMENT for value in arguments.values()):
            raise InputError("jobs.argument_no_text", most=_LONGEST_ARGUMENT)
        require_key(key)
        with self._store().unit(actor) as unit:
            return unit.jobs.add(kind, arguments, priority=known.priority, key=key)

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
        require(actor, "platform:job:read" if everywhere else "own:job:read")
        if not set(states) <= set(STATES):
            raise InputError("jobs.unknown_state", known=", ".join(STATES))
        rows = rows_asked(limit)
        before: tuple[datetime, str] | None = None
        if after:
            at, last = read_cursor(after, datetime, str)
            assert isinstance(at, datetime) and isinstance(last, str), "as the kinds ask"
            before = at, last
        if everywhere:
            with self._store().installation(reading=True) as work:
                found = work.jobs.recent(rows + 1, kinds=kinds, states=states, before=before)
        else:
            with self._store().reading(actor) as unit:
                found = unit.jobs.recent(rows + 1, kinds=kinds, states=states, before=before)
        return page_of(found, rows, lambda job: (job.created, job.id))

    def job(self, actor: Actor, job_id: str, *, everywhere: bool = False) -> Job:
        require(actor, "platform:job:read" if everywhere else "own:job:read")
        if everywhere:
            with self._store().installation(reading=True) as work:
                return work.jobs.get(job_id)
        with self._store().reading(actor) as unit:
            return unit.jobs.get(job_id)

    def cancel(self, actor: Actor, job_id: str, *, everywhere: bool = False) -> Job:
        require(actor, "platform:job:cancel" if everywhere else "own:job:cancel")
        owner = actor
        if everywhere:
            with self._store().installation(reading=True) as work:
                owner = dataclasses.replace(actor, organisation=work.jobs.get(job_id).organisation)
        with self._store().unit(owner) as unit:
            return unit.jobs.cancel(job_id)


def require_key(key: str | None) -> None:
    """Raise ``InputError`` for a key that is empty or too long to be one."""
    if key is not None and not 1 <= len(key) <= _LONGEST_KEY:
        raise InputError("jobs.key_length", most=_LONGEST_KEY)
