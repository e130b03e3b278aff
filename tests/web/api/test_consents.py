"""Consents, look-ups and transmissions as programs of both sides use them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from acting import Acting, acting_as
from consenting import BANK, COMPANY, GAON, OTHER_BANK, add_organisations, add_rating
from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.kernel.settings import Settings
from ktop.web.app import create_app

ASKED = {"purpose": "loan_review", "results": ["ktrs-fm"], "inputs": ["statement"]}


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(Settings(data=tmp_path))
    add_organisations(house._store())
    return house


@pytest.fixture
def api(house: House) -> Iterator[TestClient]:
    app = create_app(house._settings, house)
    yield TestClient(app, base_url="http://localhost/api/v1/", raise_server_exceptions=False)


@pytest.fixture
def acting(api: TestClient) -> Iterator[Acting]:
    with acting_as(BANK) as acting:
        yield acting


def test_a_bank_asks_a_company_grants_and_the_result_is_looked_up(
    api: TestClient, acting: Acting, house: House
) -> None:
    rating = add_rating(house._store(), COMPANY, GAON, "ktrs-fm-1.3.0-hanbit-motion")
    asked = api.post("consent-requests", json={"business_number": GAON, "terms": ASKED, "reason": "운전자금"})
    assert asked.status_code == 201 and asked.json()["state"] == "requested"
    consent = asked.json()["id"]
    assert api.get("lookups", params={"business_number": GAON}).status_code == 404
    assert api.post(f"consents/{consent}/grant", json={}).status_code == 403

    acting.now = COMPANY
    assert [one["id"] for one in api.get("consents", params={"state": "requested"}).json()["items"]] == [consent]
    granted = api.post(f"consents/{consent}/grant", json={"reason": "동의"}).json()
    assert (granted["state"], granted["authenticated_by"]) == ("active", "password+totp")

    acting.now = BANK
    found = api.get("lookups", params={"business_number": GAON}).json()
    assert [one["id"] for one in found["results"]] == [rating]
    opened = api.get(f"lookups/{rating}").json()
    assert opened["ratings"][0]["grades"]["business"] == "AA-" and opened["inputs"] == ["statement"]
    assert not opened["ratings"][0]["contributions"]
    assert api.get(f"consents/{consent}/receipt").json()["event_state"] == "active"
    assert api.get("ledger").status_code == 403

    acting.now = COMPANY
    ledger = api.get("ledger", params={"consent": consent}).json()["items"]
    assert [(entry["reader"]["id"], entry["way"]) for entry in ledger] == [("ibk", "program")] * 2
    narrower = {"terms": {**ASKED, "inputs": [], "valid_until": granted["terms"]["valid_until"]}}
    narrowed = api.post(f"consents/{consent}/narrow", json=narrower).json()
    assert narrowed["predecessor"] == consent and narrowed["number"] == 2
    assert api.post(f"consents/{narrowed['id']}/revoke", json={"reason": "끝"}).json()["state"] == "revoked"
    again = api.post(f"consents/{narrowed['id']}/revoke", json={})
    assert again.status_code == 409 and "철회됨" in again.json()["details"]["ko"]

    acting.now = BANK
    assert api.get(f"lookups/{rating}").status_code == 404


def test_a_repeated_request_never_gives_again_what_a_look_up_showed(
    api: TestClient, acting: Acting, house: House
) -> None:
    """Answers to an Idempotency-Key are kept for a day: what a consent showed must not be among them."""
    rating = add_rating(house._store(), COMPANY, GAON, "ktrs-fm-1.3.0-hanbit-motion")
    acting.now = COMPANY
    given = api.post("consents", json={"institution": "ibk", "terms": ASKED}).json()["id"]
    acting.now = BANK
    key = {"idempotency-key": "a-bank-s-first-look"}
    assert api.get(f"lookups/{rating}", headers=key).status_code == 200
    acting.now = COMPANY
    api.post(f"consents/{given}/revoke", json={})
    acting.now = BANK
    assert api.get(f"lookups/{rating}", headers=key).status_code == 404


def test_a_result_is_sent_read_and_taken_back(api: TestClient, acting: Acting, house: House) -> None:
    rating = add_rating(house._store(), COMPANY, GAON, "ktrs-fm-1.3.0-hanbit-motion")
    acting.now = COMPANY
    sent = api.post(
        "transmissions",
        json={"rating": rating, "institution": "ibk", "purpose": "loan_review", "signed": True},
    )
    assert sent.status_code == 201 and sent.json()["consent_made"]
    address = f"inbox/{sent.json()['id']}"
    acting.now = OTHER_BANK
    assert api.get("inbox").json()["items"] == []
    for path in (address, f"{address}/file", f"transmissions/{sent.json()['id']}"):
        assert api.get(path).status_code == 404
    acting.now = BANK
    assert [one["id"] for one in api.get("inbox").json()["items"]] == [sent.json()["id"]]
    assert api.get(address).json()["ratings"][0]["grades"]["business"] == "AA-"
    file = api.get(f"{address}/file")
    assert file.status_code == 200 and file.headers["content-disposition"].startswith("attachment")
    acting.now = COMPANY
    assert api.get("transmissions").json()["items"][0]["read"]
    assert api.post(f"transmissions/{sent.json()['id']}/withdraw").json()["withdrawn"]
    assert api.get(f"transmissions/{sent.json()['id']}/receipt").json()["withdrawn"]
    acting.now = BANK
    assert api.get(address).status_code == 409
    assert api.get(f"lookups/{rating}").status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"state": "active"},
        {"terms": {**ASKED, "granted_by": "me"}},
        {"terms": {**ASKED, "results": []}},
        {"terms": {**ASKED, "valid_until": "2020-01-01"}},
        {"terms": {**ASKED, "results": ["rating:0123"]}},
        {"business_number": "1'; DROP TABLE consents; --"},
        {"reason": "가" * 601},
    ],
)
def test_nothing_is_set_that_nobody_may_set(api: TestClient, acting: Acting, change: dict[str, Any]) -> None:
    body = {"business_number": GAON, "terms": ASKED, **change}
    answer = api.post("consent-requests", json=body)
    assert answer.status_code == 422 and answer.headers["content-type"] == "application/problem+json"
    assert api.get("consents").json()["items"] == []


def test_what_a_consent_can_say_is_listed(api: TestClient, acting: Acting) -> None:
    options = api.get("consent-options").json()
    assert {one["id"] for one in options["institutions"]} == {"ibk", "shinhan"}
    assert options["inputs"]["statement"]["en"] == "Financial statements" and options["notice"]["ko"]
    assert api.get("consents", params={"limit": 0}).status_code == 422
    assert api.get("ledger", params={"consent": "x"}).status_code in (403, 422)
