"""A company sends a result, sees that it arrived and was read, and can take it back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from consenting import BANK, COMPANY, GAON, NURI, OTHER_BANK, OTHER_COMPANY, STAFF, add_rating, terms

from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from ktop.signing.credential import Issuer
from ktop.signing.document import SignedResult
from ktop.signing.keys import SigningKeys
from ktop.store.unit_of_work import Store
from ktop.usecases.consent.service import ConsentService
from ktop.usecases.lookup.service import LookupService
from ktop.usecases.results.service import ResultService
from ktop.usecases.transmissions.service import TransmissionService


@pytest.fixture
def results(store: Store, tmp_path: Path) -> ResultService:
    issuer = Issuer("https://ktop.example", "K-TOP")
    return ResultService(lambda: store, SigningKeys(tmp_path / "keys", issuer.name), issuer)


@pytest.fixture
def transmissions(store: Store, results: ResultService) -> TransmissionService:
    return TransmissionService(lambda: store, lambda: results)


def test_a_result_arrives_is_read_and_both_sides_know(
    store: Store, transmissions: TransmissionService, consents: ConsentService
) -> None:
    made = add_rating(store, COMPANY, GAON)
    sent = transmissions.send(
        COMPANY, made, "ibk", purpose="loan_review", inputs={"statement"}, message=" 심사 부탁드립니다 "
    )
    assert sent.consent_made and sent.message == "심사 부탁드립니다" and sent.received is None
    consent = consents.consent(COMPANY, sent.consent).consent
    assert consent.terms.results == {f"rating:{made}"} and consent.terms.inputs == {"statement"}
    assert transmissions.inbox(OTHER_BANK).items == []
    (arrived,) = transmissions.inbox(BANK).items
    assert arrived.sender.name["ko"] == "가온정밀" and arrived.received is not None
    opened = transmissions.open_received(BANK, sent.id)
    assert [rating["model"]["name"] for rating in opened.ratings] == ["ktrs-fm", "tech-index"]
    assert opened.inputs == ["statement"] and not opened.withheld
    first = transmissions.transmission(COMPANY, sent.id).read
    transmissions.open_received(replace(BANK, user="user-2"), sent.id)
    assert first is not None and transmissions.transmission(COMPANY, sent.id).read == first
    assert [entry.way for entry in consents.ledger(COMPANY).items] == ["sent", "sent"], "every look is in the ledger"
    receipt = transmissions.transmission_receipt(BANK, sent.id)
    assert receipt["read"] == first.isoformat() and receipt["sender"]["business_number"] == GAON
    assert [one.id for one in transmissions.sent(COMPANY).items] == [sent.id]
    assert transmissions.sent(OTHER_COMPANY).items == []


def test_sending_one_result_opens_no_other(
    store: Store, transmissions: TransmissionService, lookups: LookupService
) -> None:
    made, other = add_rating(store, COMPANY, GAON), add_rating(store, COMPANY, GAON)
    transmissions.send(COMPANY, made, "ibk", purpose="loan_review")
    assert [result.id for result in lookups.find(BANK, GAON, "page").results] == [made]
    assert lookups.open(BANK, made, "page").id == made
    with pytest.raises(NotFoundError):
        lookups.open(BANK, other, "page")


def test_a_consent_in_force_is_used_where_it_covers_all_of_it(
    store: Store, transmissions: TransmissionService, consents: ConsentService
) -> None:
    made = add_rating(store, COMPANY, GAON)
    whole = {"ktrs-fm", "tech-index"}
    consents.give(COMPANY, "ibk", terms(once=True, results=whole), "")
    consents.give(COMPANY, "ibk", terms(), "")  # one of the two answers only
    given = consents.give(COMPANY, "ibk", terms(results=whole, inputs={"staff"}), "").consent
    sent = transmissions.send(COMPANY, made, "ibk", purpose="monitoring", inputs={"staff"})
    assert sent.consent == given.id and not sent.consent_made
    more = transmissions.send(COMPANY, made, "ibk", purpose="monitoring", inputs={"staff", "credit"})
    assert more.consent_made


def test_what_is_withdrawn_cannot_be_opened(
    store: Store, transmissions: TransmissionService, consents: ConsentService, lookups: LookupService
) -> None:
    made = add_rating(store, COMPANY, GAON)
    first = transmissions.send(COMPANY, made, "ibk", purpose="loan_review")
    second = transmissions.send(COMPANY, made, "ibk", purpose="loan_review")
    assert second.consent == first.consent, "the second finds the consent of the first"
    transmissions.withdraw(COMPANY, first.id)
    with pytest.raises(ConflictError, match="withdrawn"):
        transmissions.open_received(BANK, first.id)
    assert transmissions.open_received(BANK, second.id).id == made
    assert transmissions.withdraw(COMPANY, second.id).withdrawn
    assert consents.consent(COMPANY, first.consent).consent.state == "revoked"
    with pytest.raises(NotFoundError):
        lookups.open(BANK, made, "page")
    with pytest.raises(ConflictError, match="withdrawn_before"):
        transmissions.withdraw(COMPANY, second.id)
    assert all(one.withdrawn for one in transmissions.inbox(BANK).items)


def test_a_consent_that_covers_more_outlives_a_withdrawal(
    store: Store, transmissions: TransmissionService, consents: ConsentService
) -> None:
    made = add_rating(store, COMPANY, GAON, "ktrs-fm-1.3.0-hanbit-motion")
    given = consents.give(COMPANY, "ibk", terms(), "").consent
    sent = transmissions.send(COMPANY, made, "ibk", purpose="loan_review")
    transmissions.withdraw(COMPANY, sent.id)
    assert consents.consent(COMPANY, given.id).consent.state == "active"


def test_revoking_its_consent_ends_a_result_sent(
    store: Store, transmissions: TransmissionService, consents: ConsentService
) -> None:
    sent = transmissions.send(COMPANY, add_rating(store, COMPANY, None), "ibk", purpose="loan_review")
    assert transmissions.open_received(BANK, sent.id)
    consents.revoke(COMPANY, sent.consent, "")
    with pytest.raises(NotFoundError):
        transmissions.open_received(BANK, sent.id)


def test_nobody_sends_reads_or_withdraws_for_another(store: Store, transmissions: TransmissionService) -> None:
    made = add_rating(store, COMPANY, GAON)
    with pytest.raises(ForbiddenError):
        transmissions.send(STAFF, made, "ibk", purpose="loan_review")
    with pytest.raises(NotFoundError):
        transmissions.send(OTHER_COMPANY, made, "ibk", purpose="loan_review")
    with pytest.raises(NotFoundError):
        transmissions.send(COMPANY, made, "nobody", purpose="loan_review")
    with pytest.raises(InputError):
        transmissions.send(COMPANY, made, "nuri", purpose="loan_review")
    with pytest.raises(InputError):
        transmissions.send(COMPANY, made, "ibk", purpose="loan_review", message="가" * 1001)
    with pytest.raises(InputError):
        transmissions.send(COMPANY, made, "ibk", purpose="loan_review", inputs={"name"})
    sent = transmissions.send(COMPANY, made, "ibk", purpose="loan_review")
    for call in (transmissions.open_received, transmissions.transmission, transmissions.received_file):
        with pytest.raises(NotFoundError):
            call(OTHER_BANK, sent.id)
    with pytest.raises(NotFoundError):
        transmissions.open_received(COMPANY, sent.id)
    both = replace(BANK, roles=frozenset({"bank_officer", "company_owner"}))
    for actor, error in ((OTHER_COMPANY, NotFoundError), (both, NotFoundError), (BANK, ForbiddenError)):
        with pytest.raises(error):
            transmissions.withdraw(actor, sent.id)


def test_a_signed_file_shows_the_inputs_that_were_sent_and_no_other(
    store: Store, transmissions: TransmissionService, results: ResultService, consents: ConsentService
) -> None:
    made = add_rating(store, COMPANY, GAON, "ktrs-fm-1.3.0-hanbit-motion")
    sent = transmissions.send(COMPANY, made, "ibk", purpose="loan_review", inputs={"staff"}, signed=True)
    assert sent.signed
    name, content = transmissions.received_file(BANK, sent.id)
    assert name.endswith(".json")
    verified = results.verify_result(BANK, content)
    assert "staff_total" in verified.inputs and "sales_krw_t0" not in verified.inputs
    assert set(verified.inputs) == set(SignedResult.parse(content).names())
    assert [entry.way for entry in consents.ledger(COMPANY).items] == ["sent"]
    transmissions.open_received(BANK, sent.id)
    transmissions.withdraw(COMPANY, sent.id)
    with pytest.raises(ConflictError):
        transmissions.received_file(BANK, sent.id)
    with store.installation() as work:
        (told,) = work.audit_events.newest(action="result.downloaded")
    assert (told.tenant, told.subject, told.details) == ("ibk", made, {"transmission": sent.id}), "the file, once"


def test_a_signed_file_shows_no_more_than_is_agreed_to_when_it_is_fetched(
    store: Store, transmissions: TransmissionService, results: ResultService, consents: ConsentService
) -> None:
    made = add_rating(store, COMPANY, GAON, "ktrs-fm-1.3.0-hanbit-motion")
    sent = transmissions.send(COMPANY, made, "ibk", purpose="loan_review", inputs={"staff", "statement"}, signed=True)
    given = consents.consent(COMPANY, sent.consent).consent.terms
    narrower = replace(given, inputs=frozenset({"staff"}))
    consents.narrow(COMPANY, sent.consent, narrower, "재무제표는 더 보이지 않기로 하였습니다")
    _, content = transmissions.received_file(BANK, sent.id)
    shown = results.verify_result(BANK, content).inputs
    assert "staff_total" in shown and "sales_krw_t0" not in shown


def test_a_result_of_another_firm_is_sent_only_by_its_keeper_s_own_choice(
    store: Store, transmissions: TransmissionService, lookups: LookupService
) -> None:
    rival = add_rating(store, COMPANY, NURI)
    sent = transmissions.send(COMPANY, rival, "ibk", purpose="loan_review")
    assert transmissions.open_received(BANK, sent.id).id == rival
