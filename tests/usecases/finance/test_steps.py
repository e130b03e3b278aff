"""A case through all hands: the whole way, refusal and appeal, time running out; on both databases."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fixtures"))

from consenting import BANK, COMPANY, golden
from financing import DECIDED, GUARANTOR, OFFERED, PDF, Clock, at_the_bank, begun

from ktop.domain.finance.loan_rule import LoanRule, terms
from ktop.domain.party.actor import INSTALLATION, Actor
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from ktop.store.tables import audit_events, outbox
from ktop.store.unit_of_work import Store
from ktop.usecases.finance.interface import CaseCard
from ktop.usecases.finance.service import FinanceService


def test_the_whole_way(store: Store, finance: FinanceService, handed_in: CaseCard) -> None:
    assert handed_in.state == "guarantee_review" and handed_in.figures == {"share_percent": 85, "rule_fee_percent": 0.9}
    seen = finance.case(BANK, handed_in.id)
    assert seen.state == handed_in.state and seen.documents == () and seen.figures == {}, "not the bank's turn yet"
    case = at_the_bank(finance, handed_in)
    assert (case.state, case.guarantee, case.loan) == ("bank_review", "approved", "asked")
    seen = finance.case(BANK, case.id)
    assert [one.kind for one in seen.documents] == ["business_registration", "statements"]
    assert seen.documents[0].name == "business_registration.pdf"
    document, content = finance.document(BANK, case.id, seen.documents[0].id)
    assert content == PDF and document.media_type == "application/pdf"
    assert finance.act(BANK, case.id, "offer_loan", figures=OFFERED).state == "contract"
    for actor, action, state in (
        (COMPANY, "sign", "signed"),
        (BANK, "disburse", "disbursed"),
        (BANK, "monitor", "monitored"),
        (BANK, "close", "closed"),
    ):
        case = finance.act(actor, case.id, action)
        assert case.state == state
        assert {finance.case(one, case.id).state for one in (COMPANY, GUARANTOR, BANK)} == {state}
    assert (case.guarantee, case.loan) == ("ended", "repaid")
    assert case.figures["guaranteed_krw"] == 80_000_000 and case.actions == []
    told = [one.action for one in finance.case(COMPANY, case.id).steps]
    assert told[:3] == ["submit", "find_eligible", "hand_in"] and told[4] == "hand_over"
    with store.engine.connect() as connection:
        events = set(connection.scalars(select(audit_events.c.action).where(audit_events.c.subject == case.id)))
        messages = connection.execute(select(outbox.c.payload).where(outbox.c.topic == "finance.sign")).scalars().all()
    assert {f"finance.{name}" for name in told} <= events
    assert messages[0]["others"] == ["ibk", "kotec"]


def test_the_banks_own_rule_gives_where_its_officer_begins(
    store: Store, finance: FinanceService, handed_in: CaseCard
) -> None:
    administrator = Actor("user-admin", "ibk", frozenset({"institution_administrator"}))
    assert finance.loan_rule(BANK) is None
    first = finance.set_loan_rule(administrator, LoanRule(70_000_000, 24, {"AAA": 3.5, "AA": 3.9, "A": 4.4}))
    second = finance.set_loan_rule(administrator, LoanRule(60_000_000, 24, {"AAA": 3.4, "AA": 3.8, "A": 4.3}))
    assert (first.version, second.version) == (1, 2) and finance.loan_rule(BANK) == second
    for nobody in (BANK, COMPANY, replace(administrator, organisation="kotec"), replace(GUARANTOR)):
        with pytest.raises(ForbiddenError):
            finance.set_loan_rule(nobody, first.rule)
    case = at_the_bank(finance, handed_in)
    grade = golden("ktrs-fm-1.3.0-hanbit-motion")["grades"]["business"].rstrip("+-")
    given = terms(second.rule, grade, 100_000_000, 36).figures()
    seen = finance.case(BANK, case.id)
    assert given and {"loan_rule": 2, **given}.items() <= seen.figures.items(), "kept with the case"
    assert not any(name.startswith(("rule_loan", "loan_rule", "rule_months")) for name in case.figures)
    for other in (COMPANY, GUARANTOR):
        shown = finance.case(other, case.id)
        told = [shown.figures, *(step.figures for step in shown.steps)]
        assert not any({"loan_rule", *given} & figures.keys() for figures in told), "the bank's own business"
    finance.set_loan_rule(administrator, first.rule)
    assert finance.case(BANK, case.id).figures["loan_rule"] == 2


def test_a_loan_that_is_not_repaid_is_paid_by_the_guarantor(
    store: Store, finance: FinanceService, handed_in: CaseCard, clock: Clock
) -> None:
    case = at_the_bank(finance, handed_in)
    for actor, action, figures in (
        (BANK, "offer_loan", OFFERED),
        (COMPANY, "sign", None),
        (BANK, "disburse", None),
        (BANK, "monitor", None),
    ):
        case = finance.act(actor, case.id, action, figures=figures)
    assert case.due == date(2029, 7, 15)
    clock.now = datetime(2029, 7, 13, 9, tzinfo=UTC)
    finance.tend(INSTALLATION)
    with store.engine.connect() as connection:
        due = connection.execute(select(outbox.c.payload).where(outbox.c.topic == "finance.due")).scalars().all()
    assert due[-1]["others"] == ["gaon", "ibk"], "who has to repay is reminded, too"
    for days, state in ((5, "overdue"), (31, "defaulted")):
        clock.now += timedelta(days=days)
        finance.tend(INSTALLATION)
        assert finance.case(COMPANY, case.id).state == state
    other = finance.act(COMPANY, begun(store, finance, 1_000_000).id, "submit")
    assert other.state == "ineligible" and "연체" in other.steps[-1].reason, "no new guarantee on top of a default"
    with pytest.raises(ForbiddenError):
        finance.act(COMPANY, case.id, "claim_guarantee", reason="-", figures={"claimed_krw": "1"})
    finance.act(BANK, case.id, "claim_guarantee", reason="부도", figures={"claimed_krw": "70,000,000"})
    case = finance.act(GUARANTOR, case.id, "pay_claim", figures={"paid_krw": "70,000,000"})
    assert (case.state, case.guarantee, case.loan) == ("subrogated", "paid", "subrogated")
    assert [step.by for step in case.steps if step.side == "rule"][-2:] == ["maturity-1", "default-1"]


def test_a_refusal_an_appeal_and_a_second_refusal(finance: FinanceService, handed_in: CaseCard, clock: Clock) -> None:
    case = at_the_bank(finance, handed_in)
    with pytest.raises(InputError):
        finance.act(BANK, case.id, "refuse_loan")
    case = finance.act(BANK, case.id, "refuse_loan", reason="담보 여력 부족")
    assert (case.state, case.guarantee, case.loan) == ("loan_refused", "approved", "refused")
    assert finance.act(COMPANY, case.id, "appeal_loan", reason="수주 계약 추가").state == "loan_appealed"
    for decision in ("reopen_loan", "uphold_loan"):  # whoever refused does not judge the appeal
        with pytest.raises(ForbiddenError):
            finance.act(BANK, case.id, decision, reason="다시 봄")
    other_officer = replace(BANK, user="user-second")
    assert finance.act(other_officer, case.id, "reopen_loan", reason="다시 봄").state == "bank_review"
    assert finance.act(BANK, case.id, "refuse_loan", reason="그대로").loan == "refused"
    with pytest.raises(ConflictError) as once:
        finance.act(COMPANY, case.id, "appeal_loan", reason="또")
    assert once.value.key == "finance.only_once"
    clock.now += timedelta(days=15)
    assert finance.tend(INSTALLATION) >= 1
    case = finance.case(COMPANY, case.id)
    assert (case.state, case.guarantee) == ("lapsed", "lapsed"), "the guarantee does not outlive the refusal"
    assert case.steps[-1].by == "deadline-1"


def test_the_same_step_sent_again_is_the_same_step(store: Store, finance: FinanceService, handed_in: CaseCard) -> None:
    case = finance.act(GUARANTOR, handed_in.id, "approve_guarantee", figures=DECIDED, key="core-17")
    again = finance.act(GUARANTOR, case.id, "approve_guarantee", figures=DECIDED, key="core-17")
    assert again.version == case.version and again.state == "bank_review"
    with pytest.raises(ConflictError) as other:
        finance.act(GUARANTOR, case.id, "refuse_guarantee", reason="x", key="core-17")
    assert other.value.key == "finance.key_used"
    for changed in ({"figures": {**DECIDED, "fee_percent": "1.2"}}, {"figures": DECIDED, "reason": "다시"}):
        with pytest.raises(ConflictError) as otherwise:
            finance.act(GUARANTOR, case.id, "approve_guarantee", key="core-17", **changed)  # type: ignore[arg-type]
        assert otherwise.value.key == "finance.key_used"
    with pytest.raises(ConflictError) as late:
        finance.act(BANK, case.id, "disburse", key="too-early")
    assert late.value.key == "finance.not_now"
    with pytest.raises(ConflictError) as old:
        finance.act(BANK, case.id, "offer_loan", figures=OFFERED, version=case.version - 1)
    assert old.value.key == "finance.changed_meanwhile"


def test_returned_and_sent_again(store: Store, finance: FinanceService, handed_in: CaseCard, clock: Clock) -> None:
    finance.act(GUARANTOR, handed_in.id, "return_to_company", reason="금액 확인")
    changed = replace(handed_in.application, amount_krw=90_000_000)
    with pytest.raises(ConflictError):
        finance.revise(COMPANY, handed_in.id, changed, guarantor="kotec", bank="shinhan")
    finance.revise(COMPANY, handed_in.id, changed, guarantor="kotec", bank="ibk")
    assert finance.act(COMPANY, handed_in.id, "submit").state == "documents"
    clock.now += timedelta(days=12)
    assert finance.tend(INSTALLATION) == 1, "reminded once"
    assert finance.tend(INSTALLATION) == 0
    clock.now += timedelta(days=5)
    finance.tend(INSTALLATION)
    assert finance.case(COMPANY, handed_in.id).state == "expired"


def test_what_a_rule_owes_is_done_after_a_crash(
    store: Store, finance: FinanceService, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = begun(store, finance)
    monkeypatch.setattr(FinanceService, "_by_rules", lambda *_: 0)  # as if the process had ended there
    assert finance.act(COMPANY, case.id, "submit").state == "submitted"
    monkeypatch.undo()
    assert finance.tend(INSTALLATION) == 1
    assert finance.case(COMPANY, case.id).state == "documents"


def test_a_case_that_cannot_be_led_on_keeps_no_other_waiting(
    store: Store, finance: FinanceService, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, other = begun(store, finance), begun(store, finance)
    by_rules = FinanceService._by_rules
    with monkeypatch.context() as crashing:
        crashing.setattr(FinanceService, "_by_rules", lambda *_: 0)
        for case in (stuck, other):
            finance.act(COMPANY, case.id, "submit")

    def failing(self: FinanceService, case_id: str, company: str) -> int:
        if case_id == stuck.id:
            raise NotFoundError("store.rating_not_found")
        return by_rules(self, case_id, company)

    monkeypatch.setattr(FinanceService, "_by_rules", failing)
    finance.tend(INSTALLATION)
    assert finance.case(COMPANY, other.id).state == "documents"
    assert finance.case(COMPANY, stuck.id).state == "submitted"


def test_nobody_acts_once_the_last_day_is_over_whenever_the_worker_comes(
    finance: FinanceService, handed_in: CaseCard, clock: Clock
) -> None:
    finance.act(GUARANTOR, handed_in.id, "refuse_guarantee", reason="매출 근거 부족")
    clock.now += timedelta(days=14)
    assert "appeal_guarantee" in finance.case(COMPANY, handed_in.id).actions, "on the last day"
    clock.now += timedelta(days=1)
    assert finance.case(COMPANY, handed_in.id).actions == []
    with pytest.raises(ConflictError) as late:
        finance.act(COMPANY, handed_in.id, "appeal_guarantee", reason="새 수주")
    assert late.value.key == "finance.time_over"
    finance.tend(INSTALLATION)
    assert finance.case(COMPANY, handed_in.id).state == "refused"
