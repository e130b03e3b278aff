"""A case through all hands, on both databases: the whole way, refusal and appeal, time running out, strangers."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fixtures"))

from consenting import (
    BANK,
    COMPANY,
    GAON,
    NURI,
    OTHER_BANK,
    OTHER_COMPANY,
    STAFF,
    add_organisations,
    add_rating,
    golden,
)
from databases import BACK_ENDS, database_url

from ktop.catalogue import load
from ktop.domain.finance import eligibility
from ktop.domain.finance.case import Application
from ktop.domain.finance.loan_rule import LoanRule, terms
from ktop.domain.party.actor import INSTALLATION, Actor
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, NotFoundError, TooLargeError
from ktop.store.identity import OrganisationRow
from ktop.store.tables import audit_events, finance_cases, finance_documents, organisations, outbox
from ktop.store.unit_of_work import Store
from ktop.usecases.consent.service import ConsentService
from ktop.usecases.finance.interface import CaseCard
from ktop.usecases.finance.service import FinanceService
from ktop.usecases.keys.service import KeyService

GUARANTOR = Actor("user-guarantor", "kotec", frozenset({"guarantee_officer"}))
PDF = b"%PDF-1.7 invented"

DECIDED = {"guaranteed_krw": "80,000,000", "fee_percent": "1.1"}
OFFERED = {"loan_krw": "100,000,000", "interest_percent": "4.2", "months": "36"}


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 7, 15, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(params=BACK_ENDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store = Store.open(database_url(request.param, tmp_path))
    add_organisations(store)
    with store.installation() as work:
        for guarantor, name in (("kotec", "기술보증기금"), ("kodit", "신용보증기금")):
            work.identity.add_organisation(
                OrganisationRow(guarantor, "operator", name, guarantor.upper(), "active", datetime.now(UTC))
            )
    yield store
    store.engine.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def finance(store: Store, clock: Clock) -> FinanceService:
    return FinanceService(lambda: store, clock)


@pytest.fixture
def handed_in(store: Store, finance: FinanceService) -> CaseCard:
    """A case that the guarantor has to review, of an amount that one person of a side decides on."""
    return with_documents(finance, begun(store, finance))


def begun(store: Store, finance: FinanceService, amount_krw: int = 100_000_000, guarantor: str = "kotec") -> CaseCard:
    application = Application(
        add_rating(store, COMPANY, GAON), "research", amount_krw, 36, "시제품 개발", ("statement",)
    )
    return finance.apply(COMPANY, application, guarantor=guarantor, bank="ibk")


def with_documents(finance: FinanceService, case: CaseCard) -> CaseCard:
    assert finance.act(COMPANY, case.id, "submit").state == "documents", "the rule decides at once"
    for kind in ("business_registration", "statements"):
        finance.add_document(COMPANY, case.id, kind, f"C:\\서류\\{kind}.pdf", PDF)
    return finance.act(COMPANY, case.id, "hand_in")


def at_the_bank(finance: FinanceService, case: CaseCard) -> CaseCard:
    return finance.act(GUARANTOR, case.id, "approve_guarantee", figures=DECIDED)


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


def test_what_is_not_eligible_ends_with_reasons(store: Store, finance: FinanceService) -> None:
    case = finance.act(COMPANY, begun(store, finance, 900_000_000).id, "submit")
    assert (case.state, case.guarantee) == ("ineligible", "refused")
    assert "한도" in case.steps[-1].reason and "limit" in case.steps[-1].reason


def test_an_application_stands_on_a_rating_of_the_company_itself(store: Store, finance: FinanceService) -> None:
    case = begun(store, finance)
    partners = {"guarantor": "kotec", "bank": "ibk"}
    for another in (add_rating(store, COMPANY, NURI), add_rating(store, COMPANY, None)):
        wish = replace(case.application, rating=another)
        for attempt in (
            lambda wish: finance.apply(COMPANY, wish, **partners),
            lambda wish: finance.revise(COMPANY, case.id, wish, **partners),
        ):
            with pytest.raises(InputError) as refused:
                attempt(wish)
            assert refused.value.key == "store.rating_of_another"
    with store.engine.begin() as connection:  # the number was another when the draft was made
        connection.execute(update(organisations).where(organisations.c.id == "gaon").values(business_number=None))
    with pytest.raises(InputError):
        finance.act(COMPANY, case.id, "submit")
    assert finance.case(COMPANY, case.id).state == "draft"
    with pytest.raises(NotFoundError):
        finance.case(BANK, case.id)
    wish = replace(case.application, rating=add_rating(store, COMPANY, None))
    assert finance.apply(COMPANY, wish, **partners).state == "draft", "no number to compare, and none named"


def test_several_applications_together_stay_within_one_limit(store: Store, finance: FinanceService) -> None:
    rest = 140_000_000
    first = finance.act(COMPANY, begun(store, finance, 100_000_000).id, "submit")
    second = finance.act(COMPANY, begun(store, finance, rest).id, "submit")
    assert (first.state, second.state) == ("documents", "ineligible")
    assert "1억 원" in second.steps[-1].reason and "1억 4,000만 원" in second.steps[-1].reason
    finance.act(COMPANY, first.id, "withdraw")
    assert finance.act(COMPANY, begun(store, finance, rest).id, "submit").state == "documents"


def test_a_guarantee_counts_from_the_day_it_came_into_force(
    store: Store, finance: FinanceService, clock: Clock
) -> None:
    clock.now = datetime(2026, 6, 20, 9, tzinfo=UTC)  # before the day of the ratings
    case = begun(store, finance)
    clock.now = datetime(2026, 7, 15, 9, tzinfo=UTC)
    for kind in ("business_registration", "statements"):
        finance.add_document(COMPANY, case.id, kind, f"{kind}.pdf", PDF)
    for actor, action, figures in (
        (COMPANY, "submit", None),
        (COMPANY, "hand_in", None),
        (GUARANTOR, "approve_guarantee", DECIDED),
        (BANK, "offer_loan", OFFERED),
        (COMPANY, "sign", None),
    ):
        case = finance.act(actor, case.id, action, figures=figures)
    assert case.guarantee == "in_force"
    assert finance.act(COMPANY, begun(store, finance, 140_000_000).id, "submit").state == "ineligible"


def test_what_an_appeal_brings_back_stays_within_the_limit(
    store: Store, finance: FinanceService, handed_in: CaseCard
) -> None:
    finance.act(GUARANTOR, handed_in.id, "refuse_guarantee", reason="사유")
    second = finance.act(COMPANY, begun(store, finance, 140_000_000, "kodit").id, "submit")
    assert second.state == "documents", "what was refused takes nothing"
    finance.act(COMPANY, handed_in.id, "appeal_guarantee", reason="수주 계약 추가")
    other_officer = replace(GUARANTOR, user="user-second")
    with pytest.raises(ConflictError) as refused:
        finance.act(other_officer, handed_in.id, "reopen_guarantee", reason="다시 봄")
    assert refused.value.key == "finance.limit_taken", "of a case that this guarantor does not see"
    finance.act(COMPANY, second.id, "withdraw")
    finance.act(other_officer, handed_in.id, "reopen_guarantee", reason="다시 봄")
    assert at_the_bank(finance, handed_in).state == "bank_review"


def test_nothing_is_approved_or_signed_beside_a_default(
    store: Store, finance: FinanceService, handed_in: CaseCard
) -> None:
    other = finance.act(COMPANY, begun(store, finance, 10_000_000, "kodit").id, "submit")

    def stands(loan: str) -> None:
        with store.engine.begin() as connection:
            connection.execute(update(finance_cases).where(finance_cases.c.id == other.id).values(loan=loan))

    for actor, action, figures in ((GUARANTOR, "approve_guarantee", DECIDED), (COMPANY, "sign", None)):
        stands("overdue")
        with pytest.raises(ConflictError) as refused:
            finance.act(actor, handed_in.id, action, figures=figures)
        assert refused.value.key == "finance.limit_taken"
        stands("paid_out")
        case = finance.act(actor, handed_in.id, action, figures=figures)
        if case.state == "bank_review":
            finance.act(BANK, case.id, "offer_loan", figures=OFFERED)
    assert case.guarantee == "in_force"


def test_two_submitted_at_once_share_one_limit(
    store: Store, finance: FinanceService, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = begun(store, finance), begun(store, finance, 140_000_000)
    find, other = eligibility.find, threading.Thread(target=finance.act, args=(COMPANY, second.id, "submit"))

    def finding(*given: Any, **known: Any) -> eligibility.Eligibility:
        if other.ident is None:  # the sum of the first is made, nothing of it is written yet
            other.start()
            other.join(0.5)
        return find(*given, **known)

    monkeypatch.setattr(eligibility, "find", finding)
    finance.act(COMPANY, first.id, "submit")
    other.join()
    states = [finance.case(COMPANY, one.id).state for one in (first, second)]
    assert sorted(states) == ["documents", "ineligible"]


def test_a_document_is_what_its_name_says_and_stays_so(store: Store, finance: FinanceService) -> None:
    case = begun(store, finance)
    for name in ("statements.exe", "statements.png", "statements.pdf.html"):
        with pytest.raises(InputError) as otherwise:
            finance.add_document(COMPANY, case.id, "statements", name, PDF)
        assert otherwise.value.key == "finance.document_named_otherwise"
    named = finance.add_document(COMPANY, case.id, "statements", "재무제표", PDF).documents[0]
    assert named.name == "재무제표.pdf"
    with store.engine.begin() as connection:
        connection.execute(update(finance_documents).values(content=PDF + b" changed"))
    with pytest.raises(ConflictError) as changed:
        finance.document(COMPANY, case.id, named.id)
    assert changed.value.key == "finance.document_changed"


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


def test_strangers_and_wrong_sides_are_refused(store: Store, finance: FinanceService, handed_in: CaseCard) -> None:
    for stranger in (OTHER_COMPANY, OTHER_BANK):
        for attempt in (
            lambda who: finance.case(who, handed_in.id),
            lambda who: finance.act(who, handed_in.id, "withdraw"),
            lambda who: finance.act(who, handed_in.id, "approve_guarantee", figures=DECIDED),
        ):
            with pytest.raises(NotFoundError):
                attempt(stranger)
        assert finance.cases(stranger).items == []
    with pytest.raises(ForbiddenError):
        finance.act(BANK, handed_in.id, "approve_guarantee", figures=DECIDED)
    with pytest.raises(ForbiddenError):
        finance.act(STAFF, handed_in.id, "withdraw")
    with pytest.raises(ForbiddenError):
        finance.tend(GUARANTOR)
    draft = begun(store, finance)
    with pytest.raises(NotFoundError):
        finance.case(BANK, draft.id)
    assert [one.id for one in finance.cases(BANK).items] == [handed_in.id]
    assert {one.id for one in finance.cases(COMPANY).items} == {handed_in.id, draft.id}


def test_a_revoked_consent_stops_the_approval(store: Store, finance: FinanceService, handed_in: CaseCard) -> None:
    consents = ConsentService(lambda: store)
    given = {card.grantee.id: card.consent for card in consents.consents(COMPANY).items}
    assert given["kotec"].terms.purpose == "guarantee_review" and given["ibk"].terms.purpose == "loan_review"
    consents.revoke(COMPANY, given["kotec"].id, "")
    with pytest.raises(ConflictError) as refused:
        at_the_bank(finance, handed_in)
    assert refused.value.key == "finance.no_consent"
    assert finance.act(GUARANTOR, handed_in.id, "return_to_company", reason="동의가 필요합니다").state == "returned"


def test_consents_end_with_a_case_that_no_contract_came_of(
    store: Store, finance: FinanceService, handed_in: CaseCard
) -> None:
    consents = ConsentService(lambda: store)
    wish = handed_in.application
    second = finance.apply(COMPANY, replace(wish, amount_krw=10_000_000), guarantor="kodit", bank="ibk")
    finance.act(COMPANY, second.id, "submit")
    document = finance.case(GUARANTOR, handed_in.id).documents[0]
    assert finance.document(GUARANTOR, handed_in.id, document.id)[1] == PDF
    finance.act(GUARANTOR, handed_in.id, "refuse_guarantee", reason="사유")
    finance.act(COMPANY, handed_in.id, "appeal_guarantee", reason="사유")
    finance.act(replace(GUARANTOR, user="user-second"), handed_in.id, "uphold_guarantee", reason="사유")

    def states() -> dict[str, str]:
        return {one.grantee.id: one.consent.state for one in consents.consents(COMPANY).items}

    assert states() == {"kotec": "revoked", "kodit": "active", "ibk": "active"}, "the bank still has the other case"
    (ended,) = consents.consents(COMPANY, state="revoked").items
    changed = consents.consent(COMPANY, ended.consent.id).changes[-1]
    assert (
        changed.by == "rule:case-ended-1" and "약정 없이" in changed.reason and "without a contract" in changed.reason
    )
    assert finance.case(GUARANTOR, handed_in.id).documents == ()
    with pytest.raises(NotFoundError):
        finance.document(GUARANTOR, handed_in.id, document.id)
    assert finance.document(COMPANY, handed_in.id, document.id)[1] == PDF, "the company keeps its own"
    finance.act(COMPANY, second.id, "withdraw")
    assert set(states().values()) == {"revoked"}


def test_documents_of_a_contract_stay_to_its_partners(
    store: Store, finance: FinanceService, handed_in: CaseCard
) -> None:
    at_the_bank(finance, handed_in)
    finance.act(BANK, handed_in.id, "offer_loan", figures=OFFERED)
    document = finance.case(BANK, handed_in.id).documents[0].id
    finance.act(COMPANY, handed_in.id, "sign")
    consents = ConsentService(lambda: store)
    for one in consents.consents(COMPANY).items:
        consents.revoke(COMPANY, one.consent.id, "")
    assert finance.document(BANK, handed_in.id, document)[1] == PDF
    finance.act(BANK, handed_in.id, "disburse")
    finance.act(BANK, handed_in.id, "monitor")
    finance.act(BANK, handed_in.id, "close")
    with pytest.raises(NotFoundError):
        finance.document(BANK, handed_in.id, document)


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


def test_files_are_taken_by_what_they_are(
    store: Store, finance: FinanceService, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = begun(store, finance)
    for content in (b"MZ\x90", b"<html>", b"", b"PK\x03\x04broken"):
        with pytest.raises(InputError) as refused:
            finance.add_document(COMPANY, case.id, "other", "invoice.pdf", content)
        assert refused.value.key == "finance.document_type"
    with pytest.raises(InputError):
        finance.add_document(COMPANY, case.id, "passport", "a.pdf", PDF)
    with pytest.raises(TooLargeError):
        finance.add_document(COMPANY, case.id, "other", "a.pdf", PDF + bytes(10_000_000 - len(PDF) + 1))
    assert finance.case(COMPANY, case.id).documents == [], "nothing of them is kept"
    monkeypatch.setitem(load("finance"), "documents_most", 1)
    finance.add_document(COMPANY, case.id, "other", "a.pdf", PDF)
    with pytest.raises(ConflictError):
        finance.add_document(COMPANY, case.id, "other", "b.pdf", PDF)


def test_above_the_limit_a_second_officer_of_each_side_confirms(store: Store, finance: FinanceService) -> None:
    """By the shipped rules alone: the rating allows 180 million, and above 100 million two people decide."""
    case = with_documents(finance, begun(store, finance, 100_000_001))
    case = at_the_bank(finance, case)
    assert (case.state, case.guarantee) == ("guarantee_second", "asked")
    with pytest.raises(ForbiddenError):
        finance.act(GUARANTOR, case.id, "confirm_guarantee")
    assert finance.act(replace(GUARANTOR, user="second"), case.id, "confirm_guarantee").state == "bank_review"
    assert finance.act(BANK, case.id, "offer_loan", figures=OFFERED).state == "bank_second"
    with pytest.raises(ForbiddenError):
        finance.act(BANK, case.id, "confirm_loan")
    assert finance.act(replace(BANK, user="second-at-the-bank"), case.id, "confirm_loan").state == "contract"


def test_who_made_a_key_is_no_second_person_and_nobody_acts_for_two_sides(
    store: Store, finance: FinanceService
) -> None:
    maker = Actor("user-maker", "ibk", frozenset({"institution_administrator"}))
    scopes = ["own:finance:decide", "own:finance:read"]
    key = KeyService(lambda: store).make(maker, "core", scopes).card.id
    program = Actor(f"key:{key}", "ibk", frozenset({"bank_officer"}), frozenset(scopes))
    case = at_the_bank(finance, with_documents(finance, begun(store, finance, 100_000_001)))
    both = replace(GUARANTOR, user=COMPANY.user)
    assert "confirm_guarantee" not in finance.case(both, case.id).actions
    with pytest.raises(ForbiddenError) as own:
        finance.act(both, case.id, "confirm_guarantee")
    assert own.value.key == "finance.own_case"
    finance.act(replace(GUARANTOR, user="second"), case.id, "confirm_guarantee")
    finance.act(program, case.id, "offer_loan", figures=OFFERED)
    same = replace(BANK, user=maker.user)
    assert "confirm_loan" not in finance.case(same, case.id).actions
    with pytest.raises(ForbiddenError) as refused:
        finance.act(same, case.id, "confirm_loan")
    assert refused.value.key == "finance.another_person"
    assert finance.act(BANK, case.id, "confirm_loan").state == "contract"


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


def test_a_draft_that_was_withdrawn_stays_the_companys_own(store: Store, finance: FinanceService) -> None:
    case = begun(store, finance)
    kept = finance.add_document(COMPANY, case.id, "plan", "plan.pdf", PDF).documents[0]
    assert finance.act(COMPANY, case.id, "withdraw").state == "withdrawn"
    for other in (GUARANTOR, BANK):
        assert finance.cases(other).items == []
        with pytest.raises(NotFoundError):
            finance.case(other, case.id)
        with pytest.raises(NotFoundError):
            finance.document(other, case.id, kept.id)
    with store.engine.connect() as connection:
        told = connection.execute(select(outbox.c.payload).where(outbox.c.topic == "finance.withdraw")).scalars().all()
    assert ["others" in message for message in told] == [False]


def test_documents_go_with_a_draft_to_another_guarantor(store: Store, finance: FinanceService) -> None:
    case = begun(store, finance)
    for kind in ("business_registration", "statements"):
        finance.add_document(COMPANY, case.id, kind, f"{kind}.pdf", PDF)
    revised = finance.revise(COMPANY, case.id, case.application, guarantor="kodit", bank="ibk")
    finance.act(COMPANY, revised.id, "submit")
    finance.act(COMPANY, revised.id, "hand_in")
    now_asked = replace(GUARANTOR, user="user-kodit", organisation="kodit")
    seen = finance.case(now_asked, case.id)
    assert [one.kind for one in seen.documents] == ["business_registration", "statements"]
    assert finance.document(now_asked, case.id, seen.documents[0].id)[1] == PDF
    with store.engine.connect() as connection:
        kept_for = connection.execute(select(finance_documents.c.guarantor, finance_documents.c.bank)).all()
    assert set(kept_for) == {("kodit", "ibk")}


def test_institutions_do_not_read_of_a_companys_other_cases(store: Store, finance: FinanceService) -> None:
    first, second = begun(store, finance, 180_000_000), begun(store, finance, 180_000_000)
    finance.act(COMPANY, first.id, "submit")
    assert finance.act(COMPANY, second.id, "submit").state == "ineligible"
    why = {one: finance.case(one, second.id).steps[-1].reason for one in (COMPANY, GUARANTOR, BANK)}
    assert "180" in why[COMPANY] and why[GUARANTOR] == why[BANK] == ""


def test_drafts_of_a_company_are_so_many_at_most(store: Store, finance: FinanceService) -> None:
    most = load("finance")["drafts_most"]
    drafts = [begun(store, finance) for _ in range(most)]
    with pytest.raises(ConflictError) as many:
        begun(store, finance)
    assert many.value.key == "finance.drafts_many"
    finance.act(COMPANY, drafts[0].id, "withdraw")
    begun(store, finance)
