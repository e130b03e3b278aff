"""Signing in and up by pages: visitors are led to sign in and back, tokens change, foreign forms and links fail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import database_url
from markup import problems
from people import PASSWORD, Installation, sign_in, token_of
from starlette.testclient import TestClient

from ktop.store.unit_of_work import Store

SESSION = "ktop_session"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Installation]:
    store = Store.open(database_url("sqlite", tmp_path))
    made = Installation(store, tmp_path)
    for name, kind in (("bank", "bank"), ("company", "company"), ("other", "company")):
        made.add_organisation(name, kind)
    made.add_user("kim", ("company", "company_owner"), ("other", "company_staff"))
    made.add_user("bank", ("bank", "bank_officer"), demo=True)
    yield made
    store.engine.dispose()


@pytest.fixture
def client(house: Installation, tmp_path: Path) -> TestClient:
    return house.browser(tmp_path)


@pytest.mark.parametrize("address", ["/", "/methods", "/models", "/api", "/sign-in", "/sign-up", "/api/v1/models"])
def test_what_is_public_needs_no_sign_in(client: TestClient, address: str) -> None:
    assert client.get(address).status_code == 200


def test_a_visitor_is_led_to_sign_in_and_back(client: TestClient) -> None:
    led = client.get("/companies/new?from=demo-1")
    assert led.status_code == 303 and led.headers["location"] == "/sign-in?next=%2Fcompanies%2Fnew%3Ffrom%3Ddemo-1"
    page = client.get(led.headers["location"])
    form = {"csrf": token_of(page.text), "login": "kim", "password": PASSWORD, "next": "/companies/new?from=demo-1"}
    back = client.post("/sign-in", data=form)
    assert back.status_code == 303 and back.headers["location"] == "/companies/new?from=demo-1"
    assert client.get(back.headers["location"]).status_code == 200


def test_a_program_without_a_key_gets_401(client: TestClient) -> None:
    answer = client.post("/api/v1/ratings/company", json={"record": {"name": "x"}})
    assert answer.status_code == 401 and answer.json()["code"] == "access.sign_in"
    assert answer.headers["www-authenticate"] == "Bearer"
    wrong = client.get("/api/v1/models", headers={"authorization": "Bearer nonsense"})
    assert wrong.status_code == 401 and wrong.json()["code"] == "access.key_wrong"


def test_the_menu_offers_what_somebody_may_reach(client: TestClient) -> None:
    sign_in(client, "bank")
    page = client.get("/").text
    assert 'href="/account"' in page and "체험 계정" in page and 'href="/sign-in"' not in page
    assert client.get("/proposals").status_code == 200
    client.cookies.clear()
    sign_in(client, "kim")
    refused = client.get("/proposals")
    assert refused.status_code == 403 and "여러 기업" in refused.text


@pytest.mark.parametrize("onward", ["//evil.example/", "https://evil.example", "/\\evil.example", "javascript:x"])
def test_signing_in_leads_nowhere_else(client: TestClient, onward: str) -> None:
    form = {"csrf": token_of(client.get("/sign-in").text), "login": "kim", "password": PASSWORD, "next": onward}
    assert client.post("/sign-in", data=form).headers["location"] == "/home"


def test_a_wrong_password_is_said_on_the_page_and_the_login_stays(client: TestClient) -> None:
    form = {"csrf": token_of(client.get("/sign-in").text), "login": "kim", "password": "wrong"}
    page = client.post("/sign-in", data=form)
    assert page.status_code == 401 and 'value="kim"' in page.text and "wrong" not in page.text
    assert SESSION not in client.cookies


def test_the_session_is_a_new_one_at_sign_in_and_at_switching(client: TestClient) -> None:
    client.cookies.set(SESSION, "planted-by-somebody-else", domain="testserver.local")
    sign_in(client, "kim")
    first = [cookie.value for cookie in client.cookies.jar if cookie.name == SESSION][-1]
    assert first != "planted-by-somebody-else"
    client.cookies.clear()
    sign_in(client, "kim")
    first = client.cookies[SESSION]
    account = client.get("/account").text
    assert problems(account) == []
    token = token_of(account)
    assert client.post("/account/organisation", data={"csrf": token, "organisation": "other"}).status_code == 303
    assert client.cookies[SESSION] != first and "<strong>other 기관</strong>" in client.get("/account").text
    stale = client.post("/account/organisation", data={"csrf": token, "organisation": "company"})
    assert stale.status_code == 403, "a form of the former session"


def test_a_form_from_before_sign_in_counts_no_more(client: TestClient) -> None:
    before = token_of(client.get("/sign-in").text)
    sign_in(client, "kim")
    assert client.post("/sign-out", data={"csrf": before}).status_code == 403
    assert client.get("/account").status_code == 200


def test_signing_out_ends_the_session_also_for_who_kept_the_cookie(client: TestClient) -> None:
    sign_in(client, "kim")
    kept = client.cookies[SESSION]
    out = client.post("/sign-out", data={"csrf": token_of(client.get("/account").text)})
    assert out.status_code == 303 and SESSION not in client.cookies
    client.cookies.set(SESSION, kept)
    assert client.get("/account").status_code == 303


def test_by_https_the_cookie_is_one_that_no_other_host_can_set(house: Installation, tmp_path: Path) -> None:
    client = house.browser(tmp_path, public_url="https://ktop.example")
    client.base_url = "https://ktop.example"  # type: ignore[assignment]
    form = {"csrf": token_of(client.get("/sign-in").text), "login": "kim", "password": PASSWORD}
    cookie = client.post("/sign-in", data=form).headers["set-cookie"].lower()
    assert cookie.startswith("__host-ktop_session=") and "domain" not in cookie
    assert all(part in cookie for part in ("secure", "httponly", "samesite=lax", "path=/"))
    client.cookies.clear()
    client.cookies.set(SESSION, "x")  # the name that a neighbour could set is not read
    assert client.get("/account").status_code == 303


def test_another_site_cannot_make_a_browser_change_something_by_the_api(client: TestClient) -> None:
    sign_in(client, "kim")
    body = {"record": {"name": "한빛"}}
    foreign = client.post("/api/v1/ratings/company", json=body, headers={"sec-fetch-site": "cross-site"})
    assert foreign.status_code == client.post("/api/v1/ratings/company", json=body).status_code == 401
    own = client.post("/api/v1/ratings/company", json=body, headers={"sec-fetch-site": "same-origin"})
    assert own.status_code == 201


def test_a_key_in_an_address_is_refused(client: TestClient) -> None:
    for query in ("key=ktop_abc_def", "access_token=x", "api_key=x"):
        assert client.get(f"/api/v1/models?{query}").json()["code"] == "access.key_in_address"


def test_a_company_signs_up_by_the_page(client: TestClient) -> None:
    form = {"login": "new.owner", "name": "새 대표", "password": "three unrelated words", "company": "<b>새회사</b>"}
    form |= {"business_number": "124-81-00998", "csrf": token_of(client.get("/sign-up").text)}
    assert client.post("/sign-up", data=form | {"password": "short"}).status_code == 422
    made = client.post("/sign-up", data=form | {"role": "operator", "demo": "1", "organisation": "bank"})
    assert made.status_code == 303
    page = client.get("/account").text
    assert "&lt;b&gt;새회사&lt;/b&gt;" in page and "기업 대표" in page and "운영자" not in page


def test_the_password_is_changed_by_the_page(client: TestClient) -> None:
    sign_in(client, "kim")
    token = token_of(client.get("/account").text)
    form = {"csrf": token, "present": PASSWORD, "new": "a quite new passphrase"}
    assert client.post("/account/password", data=form | {"present": "wrong"}).status_code == 422
    assert "비밀번호를 바꾸고" in client.post("/account/password", data=form).text
    client.cookies.clear()
    assert sign_in(client, "kim") == 401 and sign_in(client, "kim", "a quite new passphrase") == 303
