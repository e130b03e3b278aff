"""Rules, calls and applications as those who ask may see them."""

from __future__ import annotations

from typing import Any

from ktop.catalogue import LANGS, LocalText
from ktop.domain.decision.programme import read_rule
from ktop.domain.season.call import Call, actions_of
from ktop.store.programmes import AppealRow, ApplicationRow, ResultRow, RuleRow
from ktop.store.unit_of_work import UnitOfWork
from ktop.usecases.seasons import drafts
from ktop.usecases.seasons.interface import Appeal, Applicant, ApplicationCard, CallCard, Outcome, RuleCard


def rule_card(row: RuleRow) -> RuleCard:
    """Return a rule as it is shown."""
    _, problem = drafts.understood(row.source) if row.state == "draft" else (None, None)
    return RuleCard(
        id=row.id,
        programme=row.programme,
        year=row.year,
        rule_version=row.rule_version,
        name={"ko": row.name_ko, "en": row.name_en},
        state=row.state,
        source=row.source,
        version=row.version,
        changed=row.changed,
        problem=problem,
    )


def call_card(unit: UnitOfWork, call: Call) -> CallCard:
    """Return a call as the actor sees it: numbers of applicants only to its own agency."""
    own = call.agency == unit.actor.organisation
    row = unit.seasons.rule(call.rule)
    party = unit.consents.names([call.agency]).get(call.agency)
    agency: LocalText = {"ko": party.name_ko, "en": party.name_en} if party else dict.fromkeys(LANGS, call.agency)
    return CallCard(
        call=call,
        name={"ko": row.name_ko, "en": row.name_en},
        agency=agency,
        capacity=read_rule(row.source.encode()).capacity,
        applications=unit.seasons.count_applications([call.id]).get(call.id, 0) if own else 0,
        decisions=unit.seasons.decision_counts(call.id, call.round) if own else {},
        appeals_open=sum(one.state == "open" for one in unit.seasons.appeals(call=call.id)) if own else 0,
        actions=actions_of(call) if own else (),
    )


def is_masked(call: Call) -> bool:
    """Whether names of applicants are not shown now."""
    return call.blind and call.state != "announced"


def applicant(
    row: ApplicationRow, result: ResultRow | None, call: Call, conflict: bool, appealed: bool, *, yours: bool = False
) -> Applicant:
    """Return a line of a ranked list.

    Names are left out where the reader is not to know them, the outcome as well where the reader declared a conflict.
    """
    hidden = conflict or (not yours and (is_masked(call) or row.consent_state not in (None, "active")))
    gone = row.state == "applied" and row.consent_state not in (None, "active")
    return Applicant(
        id=row.id,
        number=row.number,
        name=None if hidden else row.name,
        business_number=None if hidden else row.business_number,
        state="withdrawn" if gone else row.state,
        outcome=None if result is None or conflict else _outcome(result),
        conflict=conflict,
        appealed=appealed,
    )


def _outcome(row: ResultRow) -> Outcome:
    reasons: LocalText = {lang: row.reasons.get(lang, "") for lang in LANGS}
    return Outcome(row.round, row.decision, row.points, row.rank, reasons, row.figures)


def plain_outcome(row: ResultRow) -> dict[str, Any]:
    """Return a result in plain types, as an appeal keeps it."""
    return {
        "round": row.round,
        "decision": row.decision,
        "points": row.points,
        "rank": row.rank,
        "reasons": dict(row.reasons),
        "figures": dict(row.figures),
    }


def appeal_card(row: AppealRow) -> Appeal:
    """Return an appeal as it is shown."""
    return Appeal(
        id=row.id,
        application=row.application,
        reason=row.reason,
        corrected=row.facts is not None,
        first=row.first,
        second=row.second,
        state=row.state,
        created=row.created,
        decided_reason=row.decided_reason,
    )


def application_card(unit: UnitOfWork, row: ApplicationRow) -> ApplicationCard:
    """Return an application as the actor sees it."""
    yours = row.company == unit.actor.organisation
    call = unit.seasons.call(row.call)
    outcomes = unit.seasons.results_of(row.id)
    appeals = unit.seasons.appeals(application=row.id)
    conflict = not yours and row.id in unit.seasons.conflicts(row.call)
    readable = yours or (not is_masked(call) and row.consent_state in (None, "active"))
    waits = any(one.state == "open" for one in appeals)
    return ApplicationCard(
        applicant=applicant(row, outcomes[-1] if outcomes else None, call, conflict, bool(appeals), yours=yours),
        call=call_card(unit, call),
        yours=yours,
        facts=row.facts if readable else _blind_facts(row) if row.consent_state in (None, "active") else {},
        problems=None if row.problems is None else {lang: row.problems.get(lang, "") for lang in LANGS},
        outcomes=[_outcome(one) for one in outcomes],
        appeals=[appeal_card(one) for one in appeals],
        may_appeal=call.state == "appeals" and row.state == "applied" and not waits,
        may_withdraw=yours and row.state == "applied" and call.state != "announced",
        created=row.created,
    )


def _blind_facts(row: ApplicationRow) -> dict[str, Any]:
    named = ("name", "name_en", "business_number", "corporate_number", "company_id")
    return {name: value for name, value in row.facts.items() if name not in named}
