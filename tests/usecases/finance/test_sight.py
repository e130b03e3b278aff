"""Who sees what of a case and its documents, and until when; on both databases."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fixtures"))

from consenting import BANK, COMPANY, OTHER_BANK, OTHER_COMPANY, STAFF
from financing import DECIDED, GUARANTOR, OFFERED, PDF, Clock, at_the_bank, begun

from ktop.catalogue import load
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, NotFoundError, TooLargeError
from ktop.store.storage import with_limit
from ktop.store.tables import finance_documents, outbox
from ktop.store.unit_of_work import Store
from ktop.usecases.consent.service import ConsentService
from ktop.usecases.finance.interface import CaseCard
from ktop.usecases.finance.service import FinanceService


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


def test_documents_take_of_the_company_s_room(store: Store, clock: Clock) -> None:
    limited = Store(with_limit(store.engine, len(PDF)))
    finance = FinanceService(lambda: limited, clock)
    case = begun(limited, finance)
    finance.add_document(COMPANY, case.id, "other", "a.pdf", PDF)
    with pytest.raises(TooLargeError) as refused:
        finance.add_document(COMPANY, case.id, "other", "b.pdf", PDF)
    assert refused.value.key == "store.storage_full"
    with limited.installation(reading=True) as work:
        assert work.bytes_kept([COMPANY.organisation, "kotec"]) == {COMPANY.organisation: len(PDF), "kotec": 0}
