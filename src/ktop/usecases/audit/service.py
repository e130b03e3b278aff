"""Reads, seals and verifies the audit trail."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ktop.domain.party.actor import Actor
from ktop.domain.party.permission import require
from ktop.kernel.errors import ConflictError, InputError, NotFoundError
from ktop.kernel.files import atomic_path
from ktop.kernel.paging import Page, page_of, read_cursor, rows_asked
from ktop.kernel.progress import Progress
from ktop.store.audit_chain import AuditChain, Flaw, Head
from ktop.store.unit_of_work import Store
from ktop.usecases.audit.interface import AuditEvent, DayHead, TrailState

#: How many events one transaction seals, so that writers on SQLite never wait for long.
_AT_ONCE = 5_000
_LONGEST_HEAD_FILE = 100_000
#: Within so many seconds the same refusal of the same person is noted once; so many are remembered before old ones go.
_SAME_REFUSAL_SECONDS, _MOST_REFUSALS = 60.0, 5_000

#: Details that name an organisation by its identifier.
_SIDES = ("bank", "company", "grantee", "guarantor", "merged_into", "organisation", "receiver")


class AuditService:
    """See ``ktop.usecases.audit.interface.Audit``. ``sign`` makes a signature of a head, where there is a key."""

    def __init__(self, store: Callable[[], Store], sign: Callable[[Mapping[str, Any]], str] | None = None) -> None:
        self._store, self._sign = store, sign
        self._refusals: dict[tuple[str, str, str], float] = {}

    def events(
        self,
        actor: Actor,
        *,
        everywhere: bool = False,
        action: str | None = None,
        subject: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[AuditEvent]:
        require(actor, "platform:audit:read" if everywhere else "own:audit:read")
        rows = rows_asked(limit)
        behind = read_cursor(after, int)[0] if after else None
        asked: dict[str, Any] = {"action": action, "subject": subject, "before": behind, "limit": rows + 1}
        reading = self._store().installation() if everywhere else self._store().reading(actor)
        with reading as unit:
            found = unit.audit_events.newest(**asked)
            spoken_of = [
                {row.tenant, row.subject, *(str(row.details[side]) for side in _SIDES if side in row.details)}
                for row in found
            ]
            names = unit.audit_events.names({one for them in spoken_of for one in them})
        events = [
            AuditEvent(
                row.number,
                row.at,
                row.tenant,
                row.actor,
                row.action,
                row.subject,
                row.details,
                {one: names[one] for one in them if one in names},
            )
            for row, them in zip(found, spoken_of, strict=True)
        ]
        return page_of(events, rows, lambda event: (event.number,))

    def refused(self, actor: Actor, place: str, reason: str) -> None:
        now, what = time.monotonic(), (actor.user, place, reason)
        if now - self._refusals.get(what, -_SAME_REFUSAL_SECONDS) < _SAME_REFUSAL_SECONDS:
            return
        if len(self._refusals) >= _MOST_REFUSALS:
            self._refusals = {one: at for one, at in self._refusals.items() if now - at < _SAME_REFUSAL_SECONDS}
        self._refusals[what] = now
        with self._store().installation() as work:
            work.tell(actor, "access.refused", place, {"reason": reason})

    def verify(self, actor: Actor, head: Path | None = None) -> TrailState:
        require(actor, "platform:audit:read")
        held = _read_head(head) if head else None
        with self._store().installation() as work:
            found = work.audit_chain.verify(held)
        if isinstance(found, Flaw):
            raise ConflictError(
                f"audit.{found.kind}",
                event="–" if found.event is None else found.event,
                position="–" if found.position is None else found.position,
            )
        return TrailState(found.events, found.root, found.unsealed)

    def seal(self, actor: Actor) -> int:
        require(actor, "platform:audit:read")
        sealed = 0
        while True:
            with self._store().installation() as work:
                count = work.audit_chain.seal(_AT_ONCE)
                if count < _AT_ONCE:
                    self._keep_heads(work.audit_chain)
            sealed += count
            if count < _AT_ONCE:
                return sealed

    def _keep_heads(self, chain: AuditChain) -> None:
        """Keep the head of yesterday (UTC), once; days on which nothing happened have none of their own."""
        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        kept = chain.newest_head()
        if kept is not None and kept.day >= yesterday:
            return
        head = chain.head_of(yesterday)
        if head is not None and (kept is None or head.size > kept.size):
            signed = self._sign(_plain(head)) if self._sign else ""
            chain.keep_head(Head(head.day, head.size, head.root, head.hash, signed))

    def heads(self, actor: Actor) -> Sequence[DayHead]:
        require(actor, "platform:audit:read")
        with self._store().installation() as work:
            return [_day(head) for head in work.audit_chain.heads()]

    def head_to_hold(self, actor: Actor) -> DayHead:
        self.seal(actor)
        with self._store().installation() as work:
            head = work.audit_chain.head_of(datetime.now(UTC).date())
        if head is None:
            raise NotFoundError("audit.empty")
        return _day(Head(head.day, head.size, head.root, head.hash, self._sign(_plain(head)) if self._sign else ""))

    def export(self, actor: Actor, out: Path, progress: Progress) -> int:
        self.seal(actor)
        count = 0
        with (
            self._store().installation() as work,
            atomic_path(out) as beside,
            beside.open("w", encoding="utf-8") as file,
        ):
            for link in work.audit_chain.links():
                event = {
                    "position": link.position,
                    "number": link.event,
                    "at": link.at.isoformat(),
                    "organisation": link.tenant,
                    "actor": link.actor,
                    "action": link.action,
                    "subject": link.subject,
                    "details": link.details,
                    "digest": link.digest,
                    "hash": link.hash,
                }
                file.write(json.dumps(event, ensure_ascii=False) + "\n")
                count += 1
                if count % 1000 == 0:
                    progress(count, None, "events")
        return count


def _plain(head: Head) -> dict[str, Any]:
    return {"day": head.day.isoformat(), "size": head.size, "root": head.root, "hash": head.hash}


def _day(head: Head) -> DayHead:
    return DayHead(head.day, head.size, head.root, head.hash, head.signed)


def _read_head(path: Path) -> Head:
    """Return the head in a file; raises ``InputError`` where there is none."""
    try:
        with path.open("rb") as file:
            said = json.loads(file.read(_LONGEST_HEAD_FILE))
        size, root, at_end = said["size"], said["root"], said["hash"]
        if not isinstance(size, int) or size < 1 or len(bytes.fromhex(root)) != 32 or len(bytes.fromhex(at_end)) != 32:
            raise ValueError
        return Head(datetime.fromisoformat(said["day"]).date(), size, root, at_end)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError("audit.no_head", file=path.name) from error
