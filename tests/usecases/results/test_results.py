"""A kept rating is signed, shown in part, verified by anybody and withdrawn, each by whom it is for, and told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import invented
import pytest
from signed import BUSINESS_NUMBER, COMPANY, ISSUER
from sqlalchemy import select

from ktop.domain.party.actor import INSTALLATION, LOCAL_OWNER, Actor
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from ktop.signing import status_list
from ktop.signing.errors import NotAuthenticError
from ktop.signing.keys import SigningKeys
from ktop.store.results import IssuedRow
from ktop.store.tables import audit_events, issued_results
from ktop.store.unit_of_work import Store
from ktop.usecases.results.service import ResultService

OTHER = Actor("lee", "firm-2", frozenset({"company_owner"}))
STAFF = Actor("park", "firm-1", frozenset({"company_staff"}))
OFFICER = Actor("choi", "bank-1", frozenset({"bank_officer"}))


def test_a_rating_is_signed_and_verifies(results: ResultService, rating: str) -> None:
    issued = results.issue_result(COMPANY, rating)
    assert issued.address == f"https://ktop.example.org/verify/{issued.id}"
    found = results.verify_result(INSTALLATION, results.result_file(COMPANY, issued.id))
    assert (found.issuer, found.issuer_name, found.id) == (ISSUER.address, ISSUER.name, issued.address)
    assert (found.company, found.business_number) == ("가온정밀 주식회사", BUSINESS_NUMBER)
    assert found.technology == "발광 나노입자를 이용한 수분 감지 필름"
    assert [(m.name, m.version) for m in found.models] == [
        ("tech-index", "1.0.0"),
        ("ktrs-fm", "1.0.0"),
        ("originality", "1.0.0"),
    ]
    assert found.models[1].grades == invented.ktrs_fm()["grades"]
    assert found.as_of == invented.AS_OF and found.status_checked and found.revoked is None and found.withheld == 1


def test_a_bank_verifies_with_the_published_keys_and_list_alone(
    results: ResultService, rating: str, store: Store
) -> None:
    issued = results.issue_result(COMPANY, rating)
    file, published = results.result_file(COMPANY, issued.id, ["staff_total"]), results.public_keys(INSTALLATION)
    with store.reading(COMPANY) as unit:
        number, _ = status_list.place(unit.results.get(issued.id).status_index)
    listed = results.status_list(INSTALLATION, number).encode()

    def no_store() -> Store:
        raise AssertionError("a bank has no database of ours")

    bank = ResultService(no_store, SigningKeys(Path("/nowhere/keys"), "Bank"), replace(ISSUER, name="Bank"))
    keys = json.dumps(published).encode()
    found = bank.verify_result(OFFICER, file, keys, listed)
    assert found.status_checked and list(found.inputs) == ["staff_total"] and found.withheld > 10
    assert not bank.verify_result(OFFICER, file, keys).status_checked, "nothing was looked up, and that is said"
    results.revoke_result(COMPANY, issued.id, "자료가 잘못 입력되었습니다")
    assert bank.verify_result(OFFICER, file, keys, listed), "the list fetched before does not know yet"
    with pytest.raises(NotAuthenticError) as told:
        bank.verify_result(OFFICER, file, keys, results.status_list(INSTALLATION, number).encode())
    assert told.value.key == "signing.revoked"
    with pytest.raises(InputError) as told:
        bank.verify_result(OFFICER, file)
    assert told.value.key == "signing.no_own_keys"


def test_the_report_verifies_and_a_changed_one_does_not(results: ResultService, rating: str) -> None:
    issued = results.issue_result(COMPANY, rating)
    for lang in ("ko", "en"):
        content = results.result_report(COMPANY, issued.id, lang)
        found = results.verify_result(INSTALLATION, content)
        assert found.id == issued.address and found.withheld == 0
    with pytest.raises(NotAuthenticError):
        results.verify_result(INSTALLATION, content + b"%%EOF\n")


def test_withdrawn_is_withdrawn_for_good_and_only_the_company_learns_why(
    results: ResultService, rating: str, store: Store
) -> None:
    issued, other = results.issue_result(COMPANY, rating), results.issue_result(COMPANY, rating)
    file, report = results.result_file(COMPANY, issued.id), results.result_report(COMPANY, issued.id, "en")
    gone = results.revoke_result(COMPANY, issued.id, "  a wrong balance sheet ")
    assert gone.revoked is not None and gone.reason == "a wrong balance sheet"
    for content in (file, report):
        with pytest.raises(NotAuthenticError) as told:
            results.verify_result(INSTALLATION, content)
        assert told.value.key == "signing.revoked"
    assert results.verify_result(INSTALLATION, results.result_file(COMPANY, other.id))
    with pytest.raises(ConflictError):
        results.revoke_result(COMPANY, issued.id, "again")
    with pytest.raises(ConflictError):
        results.result_report(COMPANY, issued.id, "en")
    public = results.published_result(INSTALLATION, issued.id)
    assert public.revoked == gone.revoked and "balance" not in str(public)
    assert [(r.id, r.revoked is None) for r in results.results_of(COMPANY, rating)] == [
        (other.id, True),
        (issued.id, False),
    ]
    assert "balance" not in str(_events(store))


def test_the_public_page_tells_grades_and_no_input(results: ResultService, rating: str) -> None:
    issued = results.issue_result(COMPANY, rating)
    found = results.published_result(INSTALLATION, issued.id)
    assert found.company == "가온정밀 주식회사" and found.models[1].grades["business"] == "A-"
    assert found.inputs == {} and found.withheld > 0 and found.revoked is None
    with pytest.raises(NotFoundError):
        results.published_result(INSTALLATION, "0" * 32)


def test_every_change_is_told_to_the_audit(results: ResultService, rating: str, store: Store) -> None:
    issued = results.issue_result(COMPANY, rating)
    results.revoke_result(COMPANY, issued.id, "reason")
    results.rotate_key(LOCAL_OWNER)
    told = {event.action: event for event in _events(store)}
    assert told["result.issued"].details == {"rating": rating, "key": issued.key_id}
    assert told["result.issued"].subject == told["result.revoked"].subject == issued.id
    assert "key.rotated" in told


def _events(store: Store) -> list[Any]:
    with store.engine.connect() as connection:
        return list(connection.execute(select(audit_events)))


def test_another_organisation_neither_sees_nor_changes_them(results: ResultService, rating: str) -> None:
    issued = results.issue_result(COMPANY, rating)
    for use in (
        lambda: results.issue_result(OTHER, rating),
        lambda: results.result(OTHER, issued.id),
        lambda: results.result_file(OTHER, issued.id),
        lambda: results.result_report(OTHER, issued.id, "ko"),
        lambda: results.revoke_result(OTHER, issued.id, "harm"),
    ):
        with pytest.raises(NotFoundError):
            use()
    assert results.results_of(OTHER, rating) == []
    assert results.published_result(INSTALLATION, issued.id).revoked is None


def test_who_may_not_is_refused(results: ResultService, rating: str) -> None:
    issued = results.issue_result(COMPANY, rating)
    assert results.result(STAFF, issued.id).inputs
    for use in (
        lambda: results.issue_result(STAFF, rating),
        lambda: results.revoke_result(STAFF, issued.id, "harm"),
        lambda: results.rotate_key(COMPANY),
        lambda: results.issue_result(INSTALLATION, rating),
    ):
        with pytest.raises(ForbiddenError):
            use()


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_a_withdrawal_needs_a_reason(results: ResultService, rating: str, reason: str) -> None:
    issued = results.issue_result(COMPANY, rating)
    with pytest.raises(InputError):
        results.revoke_result(COMPANY, issued.id, reason)
    assert results.result(COMPANY, issued.id).revoked is None


def test_inputs_are_shown_by_name_and_no_other_is_invented(results: ResultService, rating: str) -> None:
    issued = results.issue_result(COMPANY, rating)
    assert {"staff_total", "text"} <= set(results.result(COMPANY, issued.id).inputs)
    part = results.show_only(INSTALLATION, results.result_file(COMPANY, issued.id), ["staff_total"])
    assert part == results.result_file(COMPANY, issued.id, ["staff_total"])
    assert results.verify_result(INSTALLATION, part).inputs["staff_total"]["value"] == 34
    for use in (
        lambda: results.result_file(COMPANY, issued.id, ["grade"]),
        lambda: results.show_only(INSTALLATION, part, ["sales_krw_t0"]),
    ):
        with pytest.raises(InputError) as told:
            use()
        assert told.value.key == "signing.no_such_input"


def test_there_is_a_first_list_once_something_was_issued_and_no_other(results: ResultService, rating: str) -> None:
    with pytest.raises(NotFoundError):
        results.status_list(INSTALLATION, 0)
    results.issue_result(COMPANY, rating)
    assert results.status_list(INSTALLATION, 0).count(".") == 2
    for number in (1, -1, 10**6):
        with pytest.raises(NotFoundError):
            results.status_list(INSTALLATION, number)


def test_a_place_that_is_taken_is_not_given_again(
    results: ResultService, rating: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Places are drawn by chance; another organisation's is taken, too, though its rows are not seen."""
    drawn = iter([7] * 10)
    monkeypatch.setattr("ktop.usecases.results.service.secrets.randbelow", lambda _: next(drawn))
    results.issue_result(COMPANY, rating)
    results.issue_result(COMPANY, rating)  # the first list refuses eight times: the second is begun
    with store.engine.connect() as connection:
        assert sorted(connection.execute(select(issued_results.c.status_index)).scalars()) == [7, 131_072 + 7]


def test_a_result_whose_row_is_gone_is_not_called_checked(results: ResultService, rating: str, store: Store) -> None:
    issued = results.issue_result(COMPANY, rating)
    file = results.result_file(COMPANY, issued.id)
    with store.engine.begin() as connection:
        connection.execute(issued_results.delete())
    assert not results.verify_result(INSTALLATION, file).status_checked


def test_what_an_old_key_signed_verifies_and_what_a_stolen_one_signed_does_not(
    results: ResultService, rating: str
) -> None:
    issued = results.issue_result(COMPANY, rating)
    file = results.result_file(COMPANY, issued.id)
    results.rotate_key(LOCAL_OWNER)
    assert results.verify_result(INSTALLATION, file).key_id == issued.key_id
    left = results.rotate_key(LOCAL_OWNER, withdraw=issued.key_id)
    assert issued.key_id not in {key["kid"] for key in left["keys"]}
    with pytest.raises(NotAuthenticError):
        results.verify_result(INSTALLATION, file)
    with pytest.raises(NotFoundError):
        results.rotate_key(LOCAL_OWNER, withdraw="no such key")


def test_nothing_half_issued_stays(
    results: ResultService, rating: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError("disk")

    monkeypatch.setattr("ktop.store.documents.DocumentRepository.add", fails)
    with pytest.raises(OSError, match="disk"):
        results.issue_result(COMPANY, rating)
    assert results.results_of(COMPANY, rating) == []
    assert "result.issued" not in {event.action for event in _events(store)}


def test_a_row_of_another_organisation_cannot_be_withdrawn_in_the_store(
    results: ResultService, rating: str, store: Store
) -> None:
    issued = results.issue_result(COMPANY, rating)
    with store.unit(OTHER) as unit, pytest.raises(NotFoundError):
        unit.results.revoke(issued.id, "harm")
    with store.unit(COMPANY) as unit:
        taken = unit.results.get(issued.id)
        again = IssuedRow("f" * 32, rating, "k", taken.status_index, "t", datetime.now(UTC), "kim")
        assert not unit.results.add(again), "one place, one result"
        assert unit.results.add(replace(again, status_index=taken.status_index + 131_072))
