"""Appeals with their corrected data, and conflicts of interest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ktop.domain.decision.programme import read_rule
from ktop.domain.party.actor import Actor
from ktop.domain.party.consent import check_reason, plain_text
from ktop.domain.party.permission import require, require_any
from ktop.domain.season.call import Call
from ktop.kernel.errors import ConflictError, InputError
from ktop.store.programmes import AppealRow, ApplicationRow
from ktop.store.tables.base import new_id
from ktop.store.unit_of_work import UnitOfWork
from ktop.usecases.programmes.applicants import business_number, facts_of_record
from ktop.usecases.seasons.cards import (
    appeal_card,
    plain_outcome,
)
from ktop.usecases.seasons.interface import (
    Appeal,
)
from ktop.usecases.seasons.ranking import figures_for, mark_of, models_in_force, ranked
from ktop.usecases.seasons.room import SeasonRoom, own_call, require_no_conflict

_LONGEST_REASON = 2_000


class AppealPart(SeasonRoom):
    """Appeals and conflicts of ``ktop.usecases.seasons.interface.Seasons``."""

    def declare_conflict(self, actor: Actor, application_id: str, reason: str) -> None:
        require_any(actor, "own:programme:review", "own:programme:manage")
        with self._store().unit(actor) as unit:
            row = unit.seasons.application(application_id)
            own_call(unit, row.call)
            unit.seasons.add_conflict(row.call, row.id, check_reason(reason))
            unit.tell("programme.conflict", row.id, {"call": row.call})

    def appeal(self, actor: Actor, application_id: str, reason: str, record: Mapping[str, Any] | None) -> Appeal:
        require_any(actor, "own:programme:apply", "own:programme:manage")
        why = _said(reason)
        with self._store().unit(actor) as unit:
            row = unit.seasons.application(application_id)
            unit.seasons.hold_call(row.call)
            call = unit.seasons.call(row.call)
            require_no_conflict(unit, row)
            if call.state != "appeals" or row.state != "applied":
                raise ConflictError("programmes_season.no_appeal_now")
            if any(one.state == "open" for one in unit.seasons.appeals(application=row.id)):
                raise ConflictError("programmes_season.appealed_already")
            outcomes = unit.seasons.results_of(row.id)
            facts = None if record is None else facts_of_record(record, call.as_of)
            if facts is not None and business_number(facts.get("business_number")) not in (None, row.business_number):
                raise InputError("programmes_season.other_company")
            second = None if facts is None else self._second(unit, call, row, facts)
            made = AppealRow(
                id=new_id(),
                company=row.company,
                call=call.id,
                application=row.id,
                reason=why,
                facts=facts,
                first=plain_outcome(outcomes[-1]) if outcomes else {},
                second=second,
                state="open",
                round=call.round,
                created=self._clock(),
                made_by=actor.user,
            )
            unit.seasons.add_appeal(made, call.agency)
            unit.tell("programme.appealed", row.id, {"appeal": made.id, "corrected": facts is not None}, [call.agency])
            return appeal_card(made)

    def decide_appeal(self, actor: Actor, appeal_id: str, upheld: bool, reason: str) -> Appeal:
        require(actor, "own:programme:manage")
        why = _said(reason)
        with self._store().unit(actor) as unit:
            appeal = unit.seasons.appeal(appeal_id)
            row = unit.seasons.application(appeal.application)
            require_no_conflict(unit, row)
            call = unit.seasons.call(appeal.call, to_change=True)
            if call.state != "appeals":
                raise ConflictError("programmes_season.no_appeal_now")
            if upheld and appeal.facts is None:
                raise ConflictError("programmes_season.nothing_corrected")
            decided = replace(
                appeal,
                state="upheld" if upheld else "rejected",
                round=call.round,
                decided=self._clock(),
                decided_by=actor.user,
                decided_reason=why,
            )
            unit.seasons.decide_appeal(decided)
            if upheld:
                unit.seasons.correct(row.id, appeal.facts or {})
            others = [row.company] if row.company else []
            unit.tell(f"programme.appeal_{decided.state}", row.id, {"appeal": appeal.id}, others)
            return appeal_card(decided)

    def _second(self, unit: UnitOfWork, call: Call, row: ApplicationRow, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return what corrected data come to by themselves: points and clauses, without places."""
        models = [self._registry.model(name) for name in models_in_force(self._registry)]
        corrected = replace(row, facts=facts, problems=None)
        (figures,) = figures_for([corrected], call, models)
        corrected = replace(corrected, figures=figures, rated_on=call.as_of, rated_with=mark_of(call, models))
        rule = read_rule(unit.seasons.rule(call.rule).source.encode())
        (result,) = ranked(replace(rule, capacity=None, quotas=()), call, [replace(corrected, consent_state=None)])
        decision = "eligible" if result.decision == "selected" else result.decision
        return plain_outcome(replace(result, decision=decision, rank=None))


def _said(reason: str) -> str:
    said = plain_text(reason)
    if not said or len(said) > _LONGEST_REASON:
        raise InputError("programmes_season.reason", most=_LONGEST_REASON)
    return said
