"""Who may be guaranteed how much: eligibility, one limit over all applications, four eyes; on both databases."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fixtures"))

from consenting import BANK, COMPANY, NURI, add_rating
from financing import DECIDED, GUARANTOR, OFFERED, PDF, Clock, at_the_bank, begun, with_documents

from ktop.catalogue import load
from ktop.domain.finance import eligibility
from ktop.domain.party.actor import Actor
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from ktop.store.tables import finance_cases, organisations
from ktop.store.unit_of_work import Store
from ktop.usecases.finance.interface import CaseCard
from ktop.usecases.finance.service import FinanceService
from ktop.usecases.keys.service import KeyService


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


def test_drafts_of_a_company_are_so_many_at_most(store: Store, finance: FinanceService) -> None:
    most = load("finance")["drafts_most"]
    drafts = [begun(store, finance) for _ in range(most)]
    with pytest.raises(ConflictError) as many:
        begun(store, finance)
    assert many.value.key == "finance.drafts_many"
    finance.act(COMPANY, drafts[0].id, "withdraw")
    begun(store, finance)
