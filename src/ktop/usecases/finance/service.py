"""Leads guarantee and loan cases from step to step; every step is one transaction with its event and message."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ktop.catalogue import load
from ktop.domain.finance import eligibility
from ktop.domain.finance.case import (
    Application,
    Case,
    CaseDocument,
    Given,
    Step,
    act,
    check_application,
    follow,
    local_day,
    overdue,
    possible,
    repeats,
)
from ktop.domain.finance.loan_rule import LoanRule, read_rule, terms
from ktop.domain.finance.process import Side, process
from ktop.domain.party.actor import INSTALLATION, Actor
from ktop.domain.party.permission import Allowed, check, require, require_any
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, KtopError, NotFoundError, TooLargeError
from ktop.kernel.file_types import media_type_of, name_of_type
from ktop.kernel.paging import Page, page_of, read_cursor, rows_asked
from ktop.store.consents import Party
from ktop.store.institution_rules import RuleRow
from ktop.store.tables.base import new_id
from ktop.store.unit_of_work import Store, UnitOfWork
from ktop.usecases.consent.interface import PartyCard
from ktop.usecases.consent.service import party_card
from ktop.usecases.finance.interface import CaseCard, LoanRuleCard
from ktop.usecases.finance.sight import covered, end_sight, let_see, sides_seeing

_LOG = logging.getLogger(__name__)
#: What somebody needs to take a step of a side.
_RIGHTS: Mapping[Side, str] = {
    "company": "own:finance:apply",
    "guarantor": "own:finance:decide",
    "bank": "own:finance:decide",
}
#: Steps after which more of a company's limit is taken, or taken for good: what was found eligible may no longer be.
_TAKING_OF_LIMIT = frozenset(("reopen_guarantee", "approve_guarantee", "confirm_guarantee", "sign"))
_TENDED_AT_ONCE = 100
_LONGEST_KEY = 50  # beside the name of the organisation


class FinanceService:
    """See ``ktop.usecases.finance.interface.Finance``."""

    def __init__(self, store: Callable[[], Store], clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store, self._clock = store, clock

    def partners(self, actor: Actor) -> Mapping[str, Sequence[PartyCard]]:
        require(actor, "own:finance:apply")
        with self._store().reading(actor) as unit:
            found = unit.consents.institutions()
        kinds = {"guarantors": load("finance")["guarantor_kinds"], "banks": load("finance")["bank_kinds"]}
        return {side: [party_card(one) for one in found if one.kind in of] for side, of in kinds.items()}

    def apply(self, actor: Actor, application: Application, *, guarantor: str, bank: str) -> CaseCard:
        require(actor, "own:finance:apply")
        check_application(application)
        now = self._clock()
        with self._store().unit(actor) as unit:
            if unit.consents.party(actor.organisation).kind != "company":
                raise ForbiddenError("consent.only_companies")
            unit.ratings.get(application.rating, of_itself=True)
            _require_partners(unit, guarantor, bank)
            if unit.cases.drafts() >= (most := load("finance")["drafts_most"]):
                raise ConflictError("finance.drafts_many", most=most)
            made = Case(
                id=new_id(),
                company=actor.organisation,
                guarantor=guarantor,
                bank=bank,
                application=application,
                state="draft",
                guarantee="none",
                loan="none",
                figures={},
                since=now,
                due=None,
                version=0,
                created=now,
            )
            unit.cases.add(made)
            unit.tell("finance.drafted", made.id, {"guarantor": guarantor, "bank": bank})
            return self._card(unit, made, now)

    def revise(self, actor: Actor, case_id: str, application: Application, *, guarantor: str, bank: str) -> CaseCard:
        require(actor, "own:finance:apply")
        check_application(application)
        with self._store().unit(actor) as unit:
            found = unit.cases.get(case_id, to_change=True)
            if found.company != actor.organisation:
                raise NotFoundError("finance.not_found")
            fixed = found.state == "returned" and (guarantor, bank) != (found.guarantor, found.bank)
            if found.state not in ("draft", "returned") or fixed:
                raise ConflictError("finance.not_open", state=process().states[found.state].label)
            unit.ratings.get(application.rating, of_itself=True)
            _require_partners(unit, guarantor, bank)
            revised = replace(found, application=application, guarantor=guarantor, bank=bank)
            unit.cases.revise(revised)
            others = [] if found.state == "draft" else [guarantor, bank]
            unit.tell("finance.revised", found.id, {"state": found.state}, others)
            return self._card(unit, revised, self._clock())

    def act(
        self,
        actor: Actor,
        case_id: str,
        action: str,
        *,
        reason: str = "",
        figures: Mapping[str, object] | None = None,
        key: str | None = None,
        version: int | None = None,
    ) -> CaseCard:
        require_any(actor, "own:finance:apply", "own:finance:decide")
        named = new_id() if key is None else f"{actor.organisation}:{key}"
        if key is not None and not 0 < len(key) <= _LONGEST_KEY:
            raise InputError("finance.key", most=_LONGEST_KEY)
        with self._store().unit(actor) as unit:
            case = unit.cases.get(case_id, to_change=True)
            side = _side(case, actor)
            require(actor, _RIGHTS[side])
            before = unit.cases.step_of(case_id, named)
            if before is None:
                if version is not None and version != case.version:
                    raise ConflictError("finance.changed_meanwhile")
                program, steps = actor.scopes is not None, unit.cases.steps(case_id)
                kinds, consents = _kinds(unit, case_id), sides_seeing(unit, case, side)
                given = Given(reason, figures or {}, kinds, consents, program, self._makers(actor, steps))
                step = act(case, steps, action, side, actor.user, self._clock(), given)
                if action in _TAKING_OF_LIMIT:
                    _require_limit(unit, case, action)
                if action == "submit":
                    unit.ratings.get(case.application.rating, of_itself=True)
                    let_see(unit, case)
                _take(unit, case, steps, step, named)
            elif not repeats(before, action, Given(reason, figures or {})):
                raise ConflictError("finance.key_used")
        self._by_rules(case_id, case.company)
        return self.case(actor, case_id)

    def cases(
        self,
        actor: Actor,
        *,
        states: Collection[str] = (),
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[CaseCard]:
        require(actor, "own:finance:read")
        if not set(states) <= process().states.keys():
            raise InputError("finance.no_such_state")
        rows = rows_asked(limit)
        before = read_cursor(after, datetime, str) if after else None
        with self._store().reading(actor) as unit:
            found = unit.cases.newest(states=states, before=before, limit=rows + 1)
            parties = unit.consents.names([side for one in found for side in (one.company, one.guarantor, one.bank)])
            cards = [_card_of(one, parties, actor) for one in found]
        return page_of(cards, rows, lambda card: (card.created, card.id))

    def case(self, actor: Actor, case_id: str) -> CaseCard:
        require(actor, "own:finance:read")
        with self._store().reading(actor) as unit:
            return self._card(unit, unit.cases.get(case_id), self._clock())

    def add_document(self, actor: Actor, case_id: str, kind: str, name: str, content: bytes) -> CaseCard:
        require(actor, "own:finance:apply")
        rules = load("finance")
        if kind not in rules["documents"]:
            raise InputError("finance.no_such_document_kind")
        if len(content) > rules["document_bytes"]:
            raise TooLargeError("finance.document_large", most=rules["document_bytes"] // 1_000_000)
        media_type = media_type_of(content)
        name = name_of_type(_plain(name), media_type)
        with self._store().unit(actor) as unit:
            case = unit.cases.get(case_id, to_change=True)
            if case.company != actor.organisation:
                raise NotFoundError("finance.not_found")
            if case.state not in ("draft", "submitted", "returned", "documents", "guarantee_appealed", "loan_appealed"):
                raise ConflictError("finance.not_open", state=process().states[case.state].label)
            if len(unit.cases.documents(case_id)) >= rules["documents_most"]:
                raise ConflictError("finance.documents_many", most=rules["documents_most"])
            made = unit.cases.add_document(case, kind=kind, name=name, media_type=media_type, content=content)
            details = {"document": made.id, "kind": kind, "sha256": made.sha256, "bytes": made.bytes}
            unit.tell("finance.document_added", case.id, details, [] if case.state == "draft" else [case.guarantor])
            return self._card(unit, case, self._clock())

    def document(self, actor: Actor, case_id: str, document_id: str) -> tuple[CaseDocument, bytes]:
        require(actor, "own:finance:read")
        with self._store().unit(actor) as unit:
            case = unit.cases.get(case_id)
            if not _reads_documents(unit, case, _side(case, actor)):
                raise NotFoundError("store.document_not_found")
            found = unit.cases.document(case_id, document_id)
            if actor.organisation != case.company:
                unit.tell("finance.document_read", case.id, {"document": document_id}, [case.company])
            return found

    def loan_rule(self, actor: Actor) -> LoanRuleCard | None:
        require_any(actor, "own:rule:manage", "own:finance:decide")
        with self._store().reading(actor) as unit:
            _require_bank(unit)
            found = unit.institution_rules.newest("loan")
        return None if found is None else _rule_card(found)

    def set_loan_rule(self, actor: Actor, rule: LoanRule) -> LoanRuleCard:
        require(actor, "own:rule:manage")
        checked = read_rule(rule.to_json())
        with self._store().unit(actor) as unit:
            _require_bank(unit)
            made = unit.institution_rules.add("loan", checked.to_json())
            unit.tell("finance.rule_set", actor.organisation, {"version": made.version})
        return _rule_card(made)

    def tend(self, actor: Actor) -> int:
        if actor != INSTALLATION:
            raise ForbiddenError("jobs.workers_only")
        now = self._clock()
        with self._store().installation(reading=True) as work:
            waiting = work.case_clock.waiting(local_day(now), _TENDED_AT_ONCE)
            late = work.case_clock.to_remind(
                local_day(now) + timedelta(days=load("finance")["remind_days"]), _TENDED_AT_ONCE
            )
        done = sum(self._tended(case) for case in waiting)
        for case in late:
            with self._store().installation() as work:
                work.case_clock.reminded(case.id, now)
                state = process().states[case.state]
                turn = {"guarantor": case.guarantor, "bank": case.bank}.get(state.waits_for or "", case.company)
                repays = case.loan in ("paid_out", "overdue")
                told = [case.company, turn] if repays else [turn]
                reminder = Actor("rule:reminder-1", case.company)
                work.tell(reminder, "finance.due", case.id, {"due": str(case.due), "state": case.state}, told)
        return done + len(late)

    def _tended(self, case: Case) -> int:
        """Take what rules owe a case; one that cannot be led on must not keep the others waiting."""
        try:
            return self._by_rules(case.id, case.company)
        except KtopError as error:
            _LOG.error("case %s could not be led on by rule: %s", case.id, error.key)
            return 0

    def _by_rules(self, case_id: str, company: str) -> int:
        """Take every step that a rule owes a case, each in a transaction of its own; return how many."""
        taken = 0
        while self._by_rule(case_id, company):
            taken += 1
        return taken

    def _by_rule(self, case_id: str, company: str) -> bool:
        now = self._clock()
        with self._store().unit(Actor("rule", company)) as unit:
            case = unit.cases.get(case_id, to_change=True)
            owed = self._owed(unit, case, now)
            if owed is None:
                return False
            name, given = owed
            rule = process().actions[name].rule or ""
            steps = unit.cases.steps(case_id)
            step = act(case, steps, name, "rule", rule, now, given)
            _take(replace(unit, actor=Actor(f"rule:{rule}", company)), case, steps, step, f"rule:{step.number}")
            return True

    def _owed(self, unit: UnitOfWork, case: Case, now: datetime) -> tuple[str, Given] | None:
        """Return the step that a rule has to take now, None where it is somebody's turn."""
        if case.state == "approved":
            return "hand_over", self._banks_terms(unit, case)
        return _owed(unit, case, now)

    def _banks_terms(self, unit: UnitOfWork, case: Case) -> Given:
        """Return what the bank's own rule gives for a case, or why nothing; nothing at all where it has none."""
        with self._store().installation(reading=True) as work:
            row = work.rules_of_all.newest(case.bank, "loan")
        if row is None:
            return Given()
        asked = case.application
        given = terms(
            LoanRule(**row.rule), _grade(unit.ratings.get(asked.rating).results), asked.amount_krw, asked.months
        )
        return Given(figures={"loan_rule": row.version, **given.figures()})

    def _card(self, unit: UnitOfWork, case: Case, at: datetime) -> CaseCard:
        parties, actor = unit.consents.names([case.company, case.guarantor, case.bank]), unit.actor
        card = _card_of(case, parties, actor)
        you, steps = card.you, unit.cases.steps(case.id)
        given = Given(program=actor.scopes is not None, makers=self._makers(actor, steps))
        may = possible(case, steps, you, actor.user, at, given)
        return replace(
            card,
            steps=[_shown(case, step, you) for step in steps],
            documents=unit.cases.documents(case.id) if _reads_documents(unit, case, you) else (),
            actions=[action.name for action in may] if isinstance(check(actor, _RIGHTS[you]), Allowed) else (),
            sees_result=you == "company" or covered(unit.consents.given_by(case.company), case),
        )

    def _makers(self, actor: Actor, steps: Sequence[Step]) -> Mapping[str, str]:
        """Return who made the keys of programs that took steps, and of the actor's, whatever their organisation."""
        users = {actor.user, *(step.by for step in steps)}
        if not any(user.startswith("key:") for user in users):
            return {}
        with self._store().installation(reading=True) as work:
            return work.keys.makers(users)


def _require_bank(unit: UnitOfWork) -> None:
    if unit.consents.party(unit.actor.organisation).kind not in load("finance")["bank_kinds"]:
        raise ForbiddenError("finance.rule_banks_only")


def _rule_card(row: RuleRow) -> LoanRuleCard:
    return LoanRuleCard(row.version, LoanRule(**row.rule), row.made, row.made_by)


def _grade(results: Sequence[Mapping[str, Any]]) -> str:
    """Return the business grade that the guarantee was decided by."""
    decided = next((one for one in results if "guarantee" in one.get("details", {})), None)
    return str(decided["grades"].get("business") or "") if decided else ""


def _owed(unit: UnitOfWork, case: Case, now: datetime) -> tuple[str, Given] | None:
    """Return the step that a rule has to take now, None where it is somebody's turn."""
    if case.state == "submitted":
        unit.cases.hold_limit()
        rating = unit.ratings.get(case.application.rating)
        committed = unit.cases.committed_krw(case, rating.as_of)
        found = eligibility.find(
            case.application,
            rating.results,
            rating.as_of,
            local_day(now),
            committed,
            in_default=unit.cases.in_default(case),
        )
        if found.eligible:
            terms = {"share_percent": found.share_percent, "rule_fee_percent": found.fee_percent}
            return "find_eligible", Given(figures=terms)
        reason = found.reason()
        return "find_ineligible", Given(reason=f"{reason['ko']}\n{reason['en']}")
    if overdue(case, now):
        late = [action for action in process().possible(case.state, "rule") if action.overdue]
        return (late[0].name, Given()) if late else None
    return None


def _require_limit(unit: UnitOfWork, case: Case, action: str) -> None:
    """Raise ``ConflictError`` where a case does not fit into its company's limit any more, or another loan defaults.

    The limit is what the newest rating allows that this case or another that takes of the limit stands on.
    """
    with unit.for_company(case.company) as own:
        own.cases.hold_limit()
        known = {case.application.rating, *own.cases.ratings_committed(case)}
        rating = max((own.ratings.get(one) for one in known), key=lambda one: (one.as_of, one.created))
        found = eligibility.find(
            case.application,
            rating.results,
            rating.as_of,
            rating.as_of,
            own.cases.committed_krw(case, rating.as_of),
            in_default=own.cases.in_default(case),
        )
    if not found.eligible:  # why exactly is of the company's other cases, which its partners here need not know
        raise ConflictError("finance.limit_taken", action=process().actions[action].label)


def _require_partners(unit: UnitOfWork, guarantor: str, bank: str) -> None:
    rules = load("finance")
    for organisation, kinds in ((guarantor, rules["guarantor_kinds"]), (bank, rules["bank_kinds"])):
        if unit.consents.party(organisation).kind not in kinds:
            raise InputError("finance.no_such_partner")


def _side(case: Case, actor: Actor) -> Side:
    side = case.side_of(actor.organisation)
    if side is None:
        raise NotFoundError("finance.not_found")
    return side


def _sees_all(case: Case, side: Side) -> bool:
    return side != "bank" or process().states[case.state].bank_sees


def _reads_documents(unit: UnitOfWork, case: Case, side: Side) -> bool:
    """Whether a side may read the files now: the company's partners by its consent, or while a contract binds them."""
    bound = side == "company" or case.guarantee in ("in_force", "claimed", "paid")
    return _sees_all(case, side) and (bound or covered(unit.consents.given_by(case.company), case))


def _kinds(unit: UnitOfWork, case_id: str) -> frozenset[str]:
    return frozenset(document.kind for document in unit.cases.documents(case_id))


def _plain(name: str) -> str:
    """Return a file's name without folders and control characters."""
    return "".join(letter for letter in re.split(r"[/\\]", name)[-1] if letter.isprintable())[-200:] or "document"


def _shown(case: Case, step: Step, side: Side) -> Step:
    """Return a step as a side sees it: who exactly took it on another side is that side's own business.

    Why a rule found a company not eligible is the company's, as it may speak of its cases elsewhere; the bank reads no
    reasons before it is its turn.
    """
    sees = _sees_all(case, side)
    told = sees and (side == "company" or step.action != "find_ineligible")
    by = step.by if step.side in (side, "rule") else ""
    return replace(step, by=by, figures=_for(side, step.figures) if sees else {}, reason=step.reason if told else "")


def _for(side: Side, figures: Mapping[str, float]) -> dict[str, float]:
    """Return figures without those that are another side's own business."""
    about = load("finance")["figures"]
    return {name: value for name, value in figures.items() if about[name].get("only", side) == side}


def _card_of(case: Case, parties: Mapping[str, Party], actor: Actor) -> CaseCard:
    you = _side(case, actor)
    return CaseCard(
        id=case.id,
        company=party_card(parties[case.company]),
        guarantor=party_card(parties[case.guarantor]),
        bank=party_card(parties[case.bank]),
        you=you,
        application=case.application,
        state=case.state,
        guarantee=case.guarantee,
        loan=case.loan,
        figures=_for(you, case.figures) if _sees_all(case, you) else {},
        since=case.since,
        due=case.due,
        version=case.version,
        created=case.created,
    )


def _take(unit: UnitOfWork, case: Case, steps: Sequence[Step], step: Step, key: str) -> None:
    after = follow(case, step, steps)
    unit.cases.take(after, step, key)
    details = {
        "from": step.before,
        "to": step.after,
        "step": step.number,
        "side": step.side,
        "guarantee": after.guarantee,
        "loan": after.loan,
        "process": process().version,
    }
    if step.action == "find_eligible":
        details["terms"] = load("finance")["guarantee_rule"]["version"]
    handed_in = any(one.action == "submit" for one in (*steps, step))  # a draft that is withdrawn is nobody else's
    others = ({case.company, case.guarantor, case.bank} if handed_in else {case.company}) - {unit.actor.organisation}
    unit.tell(f"finance.{step.action}", case.id, details, sorted(others))
    if handed_in and after.ended and not any(one.action == "disburse" for one in steps):
        end_sight(unit, after)
