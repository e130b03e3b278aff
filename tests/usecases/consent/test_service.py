"""Consents are asked for, given, narrowed and revoked by those who may, and both sides hear of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from consenting import BANK, COMPANY, GAON, OTHER_BANK, OTHER_COMPANY, STAFF, terms
from sqlalchemy import select

from ktop.domain.party.actor import LOCAL_OWNER
from ktop.domain.party.consent import notice_hash
from ktop.domain.values.registration_numbers import BusinessNumber
from ktop.kernel.clock import today
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from ktop.store.tables import outbox
from ktop.store.unit_of_work import Store
from ktop.usecases.consent.service import ConsentService


def test_a_consent_is_asked_for_and_given_and_both_sides_read_it(consents: ConsentService, store: Store) -> None:
    asked = consents.request(BANK, GAON, terms(inputs={"statement"}), " 운전자금 심사 ")
    assert asked.consent.state == "requested" and asked.consent.asked_reason == "운전자금 심사"
    given = consents.grant(COMPANY, asked.consent.id, None, "")
    for card in (given, consents.consent(BANK, asked.consent.id), consents.consents(COMPANY).items[0]):
        assert (card.consent.state, card.consent.granted_by) == ("active", "user-gaon")
        assert (card.company.name["ko"], card.grantee.name["ko"]) == ("가온정밀", "IBK기업은행")
    assert given.yours and not consents.consent(BANK, asked.consent.id).yours
    assert [change.state for change in given.changes] == ["requested", "active"]
    assert given.consent.notice_hash == notice_hash(given.consent.notice_version)
    with store.installation() as work:
        told = work.connection.execute(select(outbox.c.tenant, outbox.c.topic, outbox.c.payload)).all()
    assert [(t.tenant, t.topic, t.payload["others"]) for t in told] == [
        ("ibk", "consent.requested", ["gaon"]),
        ("gaon", "consent.granted", ["ibk"]),
    ]
    assert "운전자금" not in str(told), "reasons are people's words and stay out of the trail"


def test_granting_less_than_was_asked_leaves_the_request_narrowed(consents: ConsentService) -> None:
    asked = consents.request(BANK, GAON, terms(results={"ktrs-fm", "tech-index"}, inputs={"statement"}), "심사")
    given = consents.grant(COMPANY, asked.consent.id, replace(asked.consent.terms, inputs=frozenset()), "재무제표 제외")
    assert given.consent.state == "active" and given.consent.predecessor == asked.consent.id
    assert given.consent.terms.inputs == frozenset() and given.consent.number == 2
    assert consents.consent(BANK, asked.consent.id).consent.state == "narrowed"


def test_a_consent_is_narrowed_only_downwards(consents: ConsentService) -> None:
    given = consents.give(COMPANY, "ibk", terms(results={"ktrs-fm"}, inputs={"statement"}), "").consent
    wider = [
        terms(results={"ktrs-fm", "tech-index"}, inputs={"statement"}),
        terms(results={"ktrs-fm"}, inputs={"statement", "credit"}),
        terms(inputs={"statement"}, valid_until=given.terms.valid_until + timedelta(days=1)),
        terms(inputs={"statement"}, purpose="monitoring"),
        given.terms,
    ]
    for more in wider:
        with pytest.raises(InputError, match="not_narrower"):
            consents.narrow(COMPANY, given.id, more, "")
    less = consents.narrow(COMPANY, given.id, terms(inputs=()), "필요 없음")
    assert less.consent.terms.inputs == frozenset()
    with pytest.raises(ConflictError, match="cannot_follow"):
        consents.narrow(COMPANY, given.id, terms(inputs=()), "")


def test_nobody_but_the_company_changes_its_consent(consents: ConsentService) -> None:
    asked = consents.request(BANK, GAON, terms(), "심사").consent
    both = replace(BANK, roles=frozenset({"bank_officer", "company_owner"}))  # a role carried over is no right
    for actor, error in ((BANK, ForbiddenError), (STAFF, ForbiddenError), (both, ForbiddenError)):
        with pytest.raises(error):
            consents.grant(actor, asked.id, None, "")
    for actor in (OTHER_COMPANY, LOCAL_OWNER):
        for change in (consents.reject, consents.revoke):
            with pytest.raises(NotFoundError):
                change(actor, asked.id, "")
    with pytest.raises(NotFoundError):
        consents.consent(OTHER_BANK, asked.id)
    assert consents.consents(OTHER_BANK).items == []
    assert consents.consent(COMPANY, asked.id).consent.state == "requested"


def test_what_has_ended_stays_ended(consents: ConsentService) -> None:
    asked = consents.request(BANK, GAON, terms(), "심사").consent
    with pytest.raises(ConflictError):
        consents.revoke(COMPANY, asked.id, "")
    consents.reject(COMPANY, asked.id, "거래 없음")
    with pytest.raises(ConflictError):
        consents.grant(COMPANY, asked.id, None, "")
    given = consents.give(COMPANY, "ibk", terms(), "").consent
    consents.revoke(COMPANY, given.id, "")
    for change in (consents.revoke, consents.reject):
        with pytest.raises(ConflictError):
            change(COMPANY, given.id, "")


def test_a_consent_whose_last_day_is_over_says_so_and_cannot_be_given(
    consents: ConsentService, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = consents.request(BANK, GAON, terms(), "심사").consent
    later = today() + timedelta(days=31)
    for module in ("ktop.usecases.consent.service", "ktop.usecases.lookup.opening"):
        monkeypatch.setattr(f"{module}.today", lambda: later)
    assert consents.consent(COMPANY, asked.id).consent.state == "expired"
    with pytest.raises(ConflictError, match="cannot_follow"):
        consents.grant(COMPANY, asked.id, None, "")


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"results": ()}, "no_results"),
        ({"results": {"salary"}}, "unknown_word"),
        ({"inputs": {"name"}}, "unknown_word"),
        ({"purpose": "spam"}, "unknown_word"),
        ({"legal_basis": "none"}, "unknown_word"),
        ({"results": {"originality"}, "technologies": ()}, "no_technologies"),
        ({"technologies": {f"t{n}" for n in range(101)}}, "many_technologies"),
        ({"valid_from": today() - timedelta(days=1)}, "period_wrong"),
        ({"valid_until": today() - timedelta(days=1)}, "period_wrong"),
        ({"valid_until": today() + timedelta(days=2000)}, "period_long"),
        ({"results": {"rating:1234"}}, "unknown_word"),
    ],
)
def test_terms_that_cannot_be_are_refused(store: Store, changes: dict[str, object], key: str) -> None:
    with pytest.raises(InputError, match=key):
        ConsentService(lambda: store).request(BANK, GAON, terms(**changes), "")


def test_only_companies_consent_and_only_institutions_are_given_it(consents: ConsentService) -> None:
    with pytest.raises(InputError, match="only_institutions"):
        consents.give(COMPANY, "nuri", terms(), "")
    with pytest.raises(NotFoundError):
        consents.give(COMPANY, "nobody", terms(), "")
    with pytest.raises(NotFoundError, match="no_such_company"):
        consents.request(BANK, BusinessNumber.invented(99).digits, terms(), "")


def test_the_receipt_tells_everything_of_a_consent(consents: ConsentService) -> None:
    given = consents.give(COMPANY, "ibk", terms(inputs={"statement"}), "").consent
    for actor in (COMPANY, BANK):
        receipt = consents.receipt(actor, given.id)
        (purpose,) = receipt["pii_processing"]["purposes"]
        assert receipt["schema_version"] == "ISO/IEC TS 27560:2023" and receipt["event_state"] == "active"
        assert [part["name"] for part in purpose["pii_information"]] == ["ktrs-fm", "statement"]
        assert (purpose["purpose"], purpose["frequency"]) == ("loan_review", "regular")
        assert receipt["consent_given"] == {"by": "user-gaon", "authenticated_by": "password+totp"}
        assert receipt["pii_processing"]["privacy_notice"]["sha256"] == given.notice_hash
        assert [side["party_id"] for side in receipt["party_identification"]] == ["gaon", "ibk"]
    consents.revoke(COMPANY, given.id, "끝")
    assert consents.receipt(BANK, given.id)["receipt_id"] == f"{given.id}.2", "every change has a receipt of its own"
    with pytest.raises(NotFoundError):
        consents.receipt(OTHER_BANK, given.id)


def test_a_list_goes_on_where_it_ended(consents: ConsentService) -> None:
    made = [consents.give(COMPANY, "ibk", terms(), str(n)).consent.id for n in range(5)]
    seen, after = [], None
    for _ in range(3):
        page = consents.consents(BANK, limit=2, after=after)
        seen += [card.consent.id for card in page.items]
        after = page.after
    assert seen == made[::-1] and after is None
