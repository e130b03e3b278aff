"""Browsers led astray: forms of other sites, sessions chosen by others, codes sent again, answers kept by others."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pyotp
import pytest
from databases import database_url
from people import PASSWORD, Installation, sign_in, token_of
from starlette.testclient import TestClient

from ktop.domain.party.actor import VISITOR
from ktop.kernel.errors import SignInError
from ktop.store.unit_of_work import Store
from ktop.usecases.accounts.interface import Browser
from ktop.usecases.accounts.password_hashes import PasswordHashes
from ktop.web.route_access import ACCESS, OPEN

PAGES = sorted(route for route in ACCESS if route.startswith("POST /") and " /api/" not in route)
CHANGES = sorted(
    route for route, needed in ACCESS.items() if " /api/" in route and not route.startswith("GET") and needed != OPEN
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("sessions")
    store = Store.open(database_url("sqlite", folder))
    made = Installation(store, folder)
    for name, kind in (("firm", "company"), ("bank", "bank"), ("kotec", "operator")):
        made.add_organisation(name, kind)
    made.add_user(
        "kim", ("firm", "company_owner"), ("bank", "bank_officer"), ("bank", "institution_administrator"),
        ("kotec", "operator"), demo=True,
    )  # fmt: skip
    yield made
    store.engine.dispose()


@pytest.fixture(scope="module")
def client(house: Installation, tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    """A browser in which somebody has signed in who may do a lot."""
    made = house.browser(tmp_path_factory.mktemp("data"))
    assert sign_in(made, "kim") == 303
    return made


@pytest.mark.parametrize("route", PAGES)
def test_a_form_of_another_site_changes_nothing(client: TestClient, house: Installation, route: str) -> None:
    """Without a token, with one of another visit, with one of a visit before sign-in, and with several."""
    address = re.sub(r"\{\w+\}", "0" * 32, route.split(" ")[1])
    for token in ("", "0" * 64, ["0" * 64, "1" * 64]):
        answer = client.post(address, data={"csrf": token, "role": "bank_officer"})
        assert answer.status_code in (403, 404, 303), answer.text[:200]
        if answer.status_code == 303:  # a permission that kim does not have leads to signing in with another factor
            assert "/sign-in" in answer.headers["location"] or "/account" in answer.headers["location"]
    assert client.get("/account").status_code == 200, "the session goes on"


@pytest.mark.parametrize("route", CHANGES)
def test_a_change_to_the_api_from_another_site_is_nobody_s(client: TestClient, route: str) -> None:
    """The API has no form token: a cookie from elsewhere, or that does not say from where, counts nothing."""
    method, path = route.split(" ")
    address = re.sub(r"\{\w+\}", "0" * 32, path)
    for site in ("cross-site", "same-site", "none", None):
        headers = {} if site is None else {"sec-fetch-site": site}
        answer = client.request(method, address, json={}, headers=headers)
        assert answer.status_code == 401, (site, answer.text[:200])


@pytest.mark.parametrize(
    "address", ["/api/v1/lookups/0", "/api/v1/lookups", "/api/v1/inbox", "/api/v1/inbox/" + "0" * 32, "/api/v1/account"]
)
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_link_of_another_site_opens_nothing_by_the_api(client: TestClient, address: str, site: str) -> None:
    """Looks are noted, and may use a consent up: who sent a result could have it read by the bank's own browser."""
    assert client.get(address, headers={"sec-fetch-site": site}).status_code == 401
    assert client.get(address, headers={"sec-fetch-site": "same-origin"}).status_code != 401


@pytest.mark.parametrize("way", ["known before", "made up", "of another address", "after sign-out", "in the body"])
def test_a_session_that_somebody_else_chose_counts_nothing(house: Installation, tmp_path: Path, way: str) -> None:
    browser = house.browser(tmp_path)
    if way == "known before":
        browser.cookies.set("ktop_session", "A" * 43, domain="testserver.local")
        sign_in(browser, "kim")
        assert browser.cookies["ktop_session"] != "A" * 43, "another one after sign-in"
        browser.cookies.clear()
        browser.cookies.set("ktop_session", "A" * 43)
    elif way == "made up":
        browser.cookies.set("ktop_session", "' OR '1'='1")
    elif way == "of another address":
        browser.cookies.set("__Host-ktop_session", "A" * 43)
    elif way == "after sign-out":
        sign_in(browser, "kim")
        token = browser.cookies["ktop_session"]
        browser.post("/sign-out", data={"csrf": token_of(browser.get("/account").text)})
        browser.cookies.clear()
        browser.cookies.set("ktop_session", token)
    else:
        form = {
            "csrf": token_of(browser.get("/sign-in").text),
            "login": "kim",
            "password": "x",
            "ktop_session": "A" * 43,
        }
        browser.post("/sign-in", data=form)
    assert browser.get("/api/v1/account").status_code == 401


@pytest.mark.parametrize("login", ["kim", "nobody", "suspended", "erased", "kim ", "' OR 1=1 --"])
def test_who_has_an_account_is_told_to_nobody(house: Installation, login: str) -> None:
    """The same sentence after the same work: one hash, whether there is an account or not."""
    if login in ("suspended", "erased"):
        user = house.add_user(login, ("firm", "company_staff"))
        with house.store.installation() as work:
            work.identity.set_user_state(user, "suspended") if login == "suspended" else work.identity.erase_person(
                user
            )
    worked: list[bool] = []
    real = PasswordHashes.verify

    def counted(self: PasswordHashes, password: str, hashed: str | None) -> tuple[bool, str | None]:
        worked.append(hashed is not None)
        return real(self, password, hashed)

    with patch.object(PasswordHashes, "verify", counted), pytest.raises(SignInError) as told:
        house.accounts.sign_in(VISITOR, login, "not the password", Browser(f"192.0.2.{len(login)}"))
    assert told.value.key == "accounts.wrong_sign_in" and told.value.params == {}
    assert len(worked) == 1
    assert "account.sign_in_failed" in newest_actions(house.store)


@pytest.mark.parametrize(
    "what", ["code", "recovery code", "code of the interval before", "recovery code in other letters"]
)
def test_a_code_counts_once(tmp_path: Path, what: str) -> None:
    store = Store.open(database_url("sqlite", tmp_path))
    house = Installation(store, tmp_path)
    house.add_organisation("bank", "bank")
    house.add_user("lee", ("bank", "bank_officer"))
    browser = house.browser(tmp_path)
    sign_in(browser, "lee")
    ours = {"sec-fetch-site": "same-origin"}
    app = pyotp.TOTP(browser.post("/api/v1/account/second-factor/app", headers=ours).json()["seed"])
    codes = browser.put(
        "/api/v1/account/second-factor/app", json={"code": app.at(house.clock.now)}, headers=ours
    ).json()["recovery_codes"]
    house.clock.pass_by(minutes=2)
    before = app.at(house.clock.now - timedelta(seconds=30))
    shown = codes[0] if what.startswith("recovery") else app.at(house.clock.now)
    again = {
        "code of the interval before": before,
        "recovery code in other letters": codes[0].upper().replace("-", " "),
    }
    answers = []
    for code in (shown, again.get(what, shown)):
        browser.cookies.clear()
        sign_in(browser, "lee")
        answers.append(browser.post("/api/v1/account/second-factor", json={"code": code}, headers=ours).status_code)
    assert answers == [204, 422]
    assert newest_actions(store)[0] == "account.second_factor_refused"
    store.engine.dispose()


def newest_actions(store: Store) -> list[str]:
    """Return what was done last, as the audit trail has it, newest first."""
    with store.installation(reading=True) as work:
        return [event.action for event in work.audit_events.newest(limit=3)]


KEPT = [
    *("/account", "/organisation/members", "/organisation/keys", "/institutions", "/my/results"),
    *("/api/v1/account", "/api/v1/members", "/api/v1/keys", "/api/v1/invitations", "/sign-in", "/api/v1/institutions"),
]


@pytest.mark.parametrize("address", KEPT)
def test_an_answer_is_kept_by_no_cache_and_in_no_other_language(client: TestClient, address: str) -> None:
    """No proxy keeps what is somebody's own, whatever a request says; nor does a header choose whom it is for."""
    for headers in (
        {},
        {"x-forwarded-host": "evil.example"},
        {"accept-language": "en"},
        {"x-original-url": "/sign-in"},
    ):
        answer = client.get(address, headers=headers)
        assert answer.headers["cache-control"] == "no-store"
        assert "evil.example" not in answer.text
    ko, en = (client.get(address, params={"lang": lang}) for lang in ("ko", "en"))
    assert ko.headers.get("content-language", "ko") != "en" and en.headers.get("content-language", "en") != "ko"


PATHS = [
    *("/static/x/../../etc/passwd", "/static/x/..%2f..%2fetc%2fpasswd", "/fonts/../x.woff2"),
    *(
        "/fonts/..%2f..%2fkeys/form-secret.woff2",
        "/static/x/ktop.css%00.js",
        "/verify/..%2f..%2fetc",
        "/status/results/-1",
    ),
    *(
        "/ratings/..%2f..%2fkeys.json",
        "/results/%2e%2e%2f.json",
        "/models/../../x",
        "/.git/config",
        "/static/x//etc/passwd",
    ),
]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_leads_to_no_other_file(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (401, 403, 404, 422), answer.status_code
    assert "root:" not in answer.text and "PRIVATE KEY" not in answer.text


@pytest.mark.parametrize("where", ["path", "agent", "login", "request id"])
def test_the_log_has_one_line_for_a_request(
    client: TestClient, caplog: pytest.LogCaptureFixture, house: Installation, tmp_path: Path, where: str
) -> None:
    """What is entered makes no line of its own, and nothing of it stands in the log."""
    caplog.set_level(logging.DEBUG, logger="ktop")
    planted = "forged\r\n2026-01-01 INFO root signed in"
    browser = house.browser(tmp_path)
    if where == "path":
        browser.get("/nothing/" + planted.replace("\r", "%0d").replace("\n", "%0a"))
    elif where == "agent":
        browser.get("/", headers={"user-agent": planted.replace("\r\n", "\t")})
    elif where == "request id":
        browser.get("/", headers={"x-request-id": planted.replace("\r\n", "\t")})
    else:
        form = {"csrf": token_of(browser.get("/sign-in").text), "login": planted, "password": PASSWORD}
        browser.post("/sign-in", data=form)
    said = [record.getMessage() for record in caplog.records if record.name.startswith("ktop")]
    assert all("\n" not in line and "\r" not in line and "forged" not in line for line in said)
