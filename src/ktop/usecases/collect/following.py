"""Collects followed companies again by the clock, and tells what sources say otherwise than the time before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ktop.collect.merging import Merged
from ktop.domain.work.kind import job_kinds
from ktop.kernel.errors import KtopError
from ktop.store.unit_of_work import Store
from ktop.usecases.collect import reading
from ktop.usecases.collect.again import LONGEST, UNTIL_ANSWERED, asked_again
from ktop.usecases.collect.asking import SourceRoom
from ktop.usecases.collect.interface import CompanyCollection
from ktop.usecases.jobs.running import Running

KIND = "collect.refresh"
#: What collecting by the clock leaves to people of each day's and month's calls.
SHARE = 0.5
#: Companies begun at once; the clock ticks every minute.
_AT_ONCE = 20
#: When a company is begun again whose job was lost.
_LEASE = timedelta(hours=6)
#: Changes kept of one collection.
_MOST_CHANGES = 500


class Following:
    """See ``ktop.usecases.collect.interface.Collect.follow``."""

    def __init__(self, store: Callable[[], Store], sources: SourceRoom) -> None:
        self._store, self._sources = store, sources

    def tend(self, now: datetime | None = None) -> int:
        """Give a job for every company that is due; return how many.

        It is followed no more where whoever began has left, or their organisation or key may do nothing any more.
        """
        now = now or datetime.now(UTC)
        with self._store().installation() as work:
            due = [(one, work.jobs.still(one.follower)) for one in work.follows.claim(now, now + _LEASE, _AT_ONCE)]
            for one, follower in due:
                if follower is None:
                    work.follows.end(one.id)
        begun = 0
        for one, follower in due:
            if follower is None:
                continue
            try:
                with self._store().unit(follower) as unit:
                    before = unit.collections.get(one.collection)
                    row = unit.collections.begin(one.business_number, before.hints)
                    kind = job_kinds()[KIND]
                    job = unit.jobs.add(KIND, {"collection": row.id, "before": before.id}, priority=kind.priority)
                    unit.collections.change(row.id, job=job.id)
                    unit.follows.change(one.business_number, job=job.id)
                begun += 1
            except KtopError:
                continue  # too many jobs wait, or the right is gone: it is due again after the lease
        return begun

    def do(self, running: Running) -> None:
        """Do a job of the kind ``collect.refresh``; one that was interrupted asks only for what had not come."""
        arguments = running.job.arguments
        with running.store.reading(running.actor) as unit:
            row = unit.collections.get(str(arguments["collection"]))
        if row.state == "running":
            reach = self._sources.reach(bool(row.hints.get("made_up")))
            self._sources.collect(running.actor, row, reach, running.progress, SHARE)
        now = datetime.now(UTC)
        with running.store.reading(running.actor) as unit:
            before, found = (_view(unit, str(arguments[name])) for name in ("before", "collection"))
            kept = unit.collections.get(str(arguments["before"]))
            followed = unit.follows.followed(row.business_number)
        changes = changes_between(before, found)
        with running.end({"collection": row.id, "changes": len(changes)}) as unit:
            if followed is not None:
                again = asked_again(found.reports, now)
                begun = min(before.created, found.created)
                if followed.every_days != UNTIL_ANSWERED:
                    due = min(filter(None, (again, now + timedelta(days=followed.every_days))))
                    unit.follows.change(row.business_number, collection=row.id, due=due, job=None)
                elif again is None or now - begun > LONGEST:
                    unit.follows.end(row.business_number)
                else:
                    unit.follows.change(row.business_number, collection=row.id, due=again, job=None)
            if changes:
                unit.follows.add_changes(row.business_number, kept.company, row.id, before.id, changes)
                told = {"changes": len(changes), "paths": [one["path"] for one in changes[:20]]}
                unit.tell("company.changed", row.id, told)


def _view(unit: Any, collection_id: str) -> CompanyCollection:
    row = unit.collections.get(collection_id)
    choices = unit.collections.choices(row.business_number)
    return reading.view(row, reading.answers_of(unit, collection_id), choices)


def changes_between(before: CompanyCollection, found: CompanyCollection) -> list[dict[str, Any]]:
    """Return what the believed source of each value says otherwise now; entries of a list are one change each.

    A value that is gone is a change only where its source answered: a source that is down takes nothing back.
    """
    answered = {
        source
        for source, report in found.reports.items()
        if report.outcome in ("found", "no_data") and not report.failures
    }
    entries: dict[str, dict[str, Any]] = {}
    for path in dict.fromkeys((*before.values, *found.values)):
        old, new = _stated(before.values.get(path)), _stated(found.values.get(path))
        if old == new or (new is None and old is not None and old[1] not in answered):
            continue
        if old is not None and new is not None and old[0] == new[0]:
            continue  # another source says the same
        name = path if path.split(".")[0] in ("statements", "staff", "credit") else reading.entry_of(path)
        source = (new or old or (None, ""))[1]
        plain = {"before": None if old is None else old[0], "now": None if new is None else new[0]}
        entry = entries.setdefault(name, {"path": name, "source": source, "fields": {}})
        entry["fields"][path.removeprefix(name).strip(".") or ""] = plain
    return [_entry(entry) for entry in list(entries.values())[:_MOST_CHANGES]]


def _entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    fields = entry["fields"]
    told = {"path": entry["path"], "source": entry["source"]}
    if set(fields) == {""}:
        return {**told, **fields[""]}
    return {
        **told,
        "before": {name: one["before"] for name, one in fields.items() if one["before"] is not None} or None,
        "now": {name: one["now"] for name, one in fields.items() if one["now"] is not None} or None,
    }


def _stated(merged: Merged | None) -> tuple[Any, str] | None:
    if merged is None or not merged.stated:
        return None
    first = merged.stated[0]
    value = first.value.value
    return (value.isoformat() if hasattr(value, "isoformat") else value), first.source
