"""Calls: opened under a published rule, led from step to step, ranked, given out as a table."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from ktop.catalogue import Lang
from ktop.domain.decision.programme import read_rule
from ktop.domain.party.actor import Actor
from ktop.domain.party.permission import require, require_any
from ktop.domain.season.call import Call, check_days, step
from ktop.domain.work.job import ENDED, Job
from ktop.domain.work.kind import job_kinds
from ktop.kernel.errors import ConflictError
from ktop.kernel.paging import Page, page_of, read_cursor, rows_asked
from ktop.store.programmes import AppealRow
from ktop.store.tables.base import new_id
from ktop.usecases.batches.rating import MEDIA_TYPES
from ktop.usecases.seasons.cards import (
    applicant,
    call_card,
    is_masked,
)
from ktop.usecases.seasons.interface import (
    Applicant,
    CallCard,
    Download,
)
from ktop.usecases.seasons.ranking import models_in_force
from ktop.usecases.seasons.room import SeasonRoom, own_call
from ktop.usecases.seasons.sheets import result_frame
from ktop.usecases.uploads import write_table

_LAST = 2**31
KIND = "programme.rank"


class CallPart(SeasonRoom):
    """Calls of ``ktop.usecases.seasons.interface.Seasons``."""

    def open_call(self, actor: Actor, rule_id: str, *, opens: date, closes: date, as_of: date, blind: bool) -> CallCard:
        require(actor, "own:programme:manage")
        check_days(opens, closes, as_of)
        with self._store().unit(actor) as unit:
            row = unit.seasons.rule(rule_id, to_change=True)
            if row.state != "published":
                raise ConflictError("programmes_season.not_published")
            call = Call(
                id=new_id(),
                agency=actor.organisation,
                rule=row.id,
                programme=row.programme,
                year=row.year,
                state="open",
                opens=opens,
                closes=closes,
                as_of=as_of,
                blind=blind,
                round=0,
                job="",
                version=1,
                created=self._clock(),
                made_by=actor.user,
            )
            unit.seasons.add_call(call)
            unit.tell("programme.called", call.id, {"rule": row.id, "opens": str(opens), "closes": str(closes)})
            return call_card(unit, call)

    def calls(self, actor: Actor, *, limit: int | None = None, after: str | None = None) -> Page[CallCard]:
        require_any(actor, "own:programme:manage", "own:programme:review")
        rows = rows_asked(limit)
        before = read_cursor(after, datetime, str) if after else None
        with self._store().reading(actor) as unit:
            cards = [call_card(unit, one) for one in unit.seasons.calls(before=before, limit=rows + 1)]
        return page_of(cards, rows, lambda card: (card.call.created, card.call.id))

    def open_calls(self, actor: Actor) -> Sequence[CallCard]:
        require(actor, "platform:institution:read")
        with self._store().reading(actor) as unit:
            return [call_card(unit, one) for one in unit.seasons.open_calls(self._clock().date())]

    def call(self, actor: Actor, call_id: str) -> CallCard:
        require(actor, "platform:institution:read")
        with self._store().reading(actor) as unit:
            return call_card(unit, unit.seasons.call(call_id))

    def step(self, actor: Actor, call_id: str, action: str, version: int) -> CallCard:
        require(actor, "own:programme:manage")
        with self._store().unit(actor) as unit:
            unit.seasons.hold_call(call_id)
            call = unit.seasons.call(call_id, to_change=True)
            appeals = unit.seasons.appeals(call=call_id)
            after = step(
                replace(call, version=version),
                action,
                self._clock(),
                open_appeals=sum(one.state == "open" for one in appeals),
                upheld_since_round=sum(_counts_next(one, call) for one in appeals),
            )
            unit.seasons.change_call(after)
            told = unit.seasons.companies(call_id) if action in ("tell", "announce") else []
            unit.tell(f"programme.{action}", call_id, {"state": after.state, "round": after.round}, told)
            return call_card(unit, after)

    def rank(self, actor: Actor, call_id: str) -> Job:
        require(actor, job_kinds()[KIND].permission)
        with self._store().unit(actor) as unit:
            call = unit.seasons.call(call_id, to_change=True)
            if call.state not in ("closed", "appeals"):
                raise ConflictError("programmes_season.close_first")
            if call.job and (running := unit.jobs.get(call.job)).state not in ENDED:
                return running
            arguments = {"call": call_id, "round": call.round + 1, "models": models_in_force(self._registry)}
            job = unit.jobs.add(KIND, arguments, priority=job_kinds()[KIND].priority)
            unit.seasons.change_call(replace(call, job=job.id, version=call.version + 1))
            return job

    def ranking(
        self,
        actor: Actor,
        call_id: str,
        *,
        decision: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[Applicant]:
        require_any(actor, "own:programme:review", "own:programme:manage")
        rows = rows_asked(limit)
        behind = read_cursor(after, int, int) if after else None
        with self._store().reading(actor) as unit:
            call = own_call(unit, call_id)
            found = unit.seasons.ranked(call_id, call.round, decision=decision, behind=behind, limit=rows + 1)
            mine = unit.seasons.conflicts(call_id)
            appealed = {one.application for one in unit.seasons.appeals(call=call_id)}
            lines = [
                (applicant(application, result, call, application.id in mine, application.id in appealed), result)
                for application, result in found
            ]
        page = page_of(lines, rows, lambda line: ((line[1] and line[1].rank) or _LAST, line[0].number))
        return Page([line for line, _ in page.items], page.after)

    def result(self, actor: Actor, call_id: str, lang: Lang = "ko") -> Download:
        require(actor, "own:programme:manage")
        with self._store().unit(actor) as unit:
            call = own_call(unit, call_id)
            if call.round == 0:
                raise ConflictError("programmes_season.not_ranked")
            rule = read_rule(unit.seasons.rule(call.rule).source.encode())
            applications = unit.seasons.applications(call_id)
            results = unit.seasons.results(call_id, call.round)
            mine = unit.seasons.conflicts(call_id)
            unit.tell("programme.exported", call_id, {"round": call.round, "rows": len(applications)})
        masked = is_masked(call)
        frame = result_frame(
            rule,
            call,
            [(one, results[one.id]) for one in applications if one.id in results and one.id not in mine],
            masked,
            lang,
        )
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "result.xlsx"
            write_table(frame, path)
            return Download(path.read_bytes(), f"{rule.id}-{call.round}.xlsx", MEDIA_TYPES["xlsx"])


def _counts_next(appeal: AppealRow, call: Call) -> bool:
    """Whether an appeal was upheld after the newest ranking."""
    return appeal.state == "upheld" and appeal.round == call.round
