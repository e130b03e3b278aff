"""Programs reach the API by keys and tokens; keys are made on a page and shown once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import database_url
from people import Installation, sign_in, token_of
from starlette.testclient import TestClient

from ktop.domain.party.actor import Actor
from ktop.store.unit_of_work import Store


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Installation]:
    store = Store.open(database_url("sqlite", tmp_path))
    made = Installation(store, tmp_path)
    made.add_organisation("bank", "bank")
    made.add_user("admin", ("bank", "institution_administrator"), demo=True)
    yield made
    store.engine.dispose()


@pytest.fixture
def client(house: Installation, tmp_path: Path) -> TestClient:
    return house.browser(tmp_path)


@pytest.fixture
def key(client: TestClient) -> str:
    """A key made on the page by the administrator, who has left since."""
    sign_in(client, "admin")
    form = {"csrf": token_of(client.get("/organisation/keys").text), "name": "<i>심사</i>", "days": "30"}
    page = client.post("/organisation/keys", data=form | {"scope": ["own:rating:make", "own:rating:read"]})
    found = re.search(r"ktop_[0-9a-f]{12}_[\w-]{43}", page.text)
    assert found and "&lt;i&gt;심사&lt;/i&gt;" in page.text
    assert found[0] not in client.get("/organisation/keys").text
    client.cookies.clear()
    return found[0]


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def test_a_program_rates_by_its_key_and_no_further(client: TestClient, key: str) -> None:
    made = client.post("/api/v1/ratings/company", json={"record": {"name": "한빛"}}, headers=bearer(key))
    assert made.status_code == 201
    refused = client.get("/api/v1/jobs", headers=bearer(key))
    assert refused.status_code == 403 and refused.json()["code"] == "access.key_lacks"
    page = client.get("/organisation/keys", headers=bearer(key))
    assert page.status_code == 403
    assert client.get("/account", headers=bearer(key)).status_code == 403


@pytest.mark.parametrize("basic", [True, False])
def test_a_key_is_exchanged_for_a_token(client: TestClient, key: str, basic: bool) -> None:
    client_id = key.split("_")[1]
    form = {"grant_type": "client_credentials", "scope": "own:rating:read"}
    given = {"auth": (client_id, key)} if basic else {}
    own = {} if basic else {"client_id": client_id, "client_secret": key}
    answer = client.post("/api/v1/oauth/token", data=form | own, **given)  # type: ignore[arg-type]
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    token = answer.json()
    assert (token["token_type"], token["expires_in"], token["scope"]) == ("Bearer", 3600, "own:rating:read")
    body = {"record": {"name": "한빛"}}
    assert client.post("/api/v1/ratings/company", json=body, headers=bearer(token["access_token"])).status_code == 403


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"client_secret": "ktop_000000000000_" + "A" * 43}, 401, "invalid_client"),
        ({"client_id": "000000000000"}, 401, "invalid_client"),
        ({"scope": "own:audit:read"}, 400, "invalid_scope"),
    ],
)
def test_a_token_is_refused_in_the_words_of_oauth(
    client: TestClient, key: str, changed: dict[str, str], status: int, error: str
) -> None:
    form = {"grant_type": "client_credentials", "client_id": key.split("_")[1], "client_secret": key} | changed
    answer = client.post("/api/v1/oauth/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_key_is_no_cookie_and_a_cookie_no_key(client: TestClient, key: str) -> None:
    client.cookies.set("ktop_session", key)
    assert client.get("/account").status_code == 303
    client.cookies.clear()
    sign_in(client, "admin")
    session = client.cookies["ktop_session"]
    assert client.get("/api/v1/models", headers=bearer(session)).status_code == 401
    assert client.get("/account", headers=bearer(session)).status_code == 401, "a header counts before a cookie"


def test_a_revoked_key_stops_at_once(client: TestClient, key: str) -> None:
    sign_in(client, "admin")
    token = token_of(client.get("/organisation/keys").text)
    client.post(f"/organisation/keys/{key.split('_')[1]}/revoke", data={"csrf": token})
    client.cookies.clear()
    assert client.get("/api/v1/models", headers=bearer(key)).status_code == 401


def test_a_repeated_token_request_keeps_nothing(client: TestClient, key: str, house: Installation) -> None:
    form = {"grant_type": "client_credentials", "client_id": key.split("_")[1], "client_secret": key}
    headers = {"idempotency-key": "same-for-everybody"}
    first, second = (client.post("/api/v1/oauth/token", data=form, headers=headers).json() for _ in range(2))
    assert first["access_token"] != second["access_token"]


def test_a_key_of_who_has_left_is_marked_in_list_and_api(client: TestClient, house: Installation) -> None:
    leaver = house.add_user("leaver", ("bank", "institution_administrator"), demo=True)
    house.keys.make(Actor(leaver, "bank", frozenset({"institution_administrator"})), "심사", ["own:rating:read"])
    sign_in(client, "admin")
    assert "떠난 사람이 만듦" not in client.get("/organisation/keys").text
    with house.store.installation() as work:
        admin = work.identity.person_of_login("admin")
    assert admin is not None
    house.members.end(Actor(admin.user, "bank", frozenset({"institution_administrator"})), leaver)
    page = client.get("/organisation/keys").text
    assert "사용 중 – 떠난 사람이 만듦" in page and "새 키로 바꾸거나 폐기하십시오" in page
    (shown,) = client.get("/api/v1/keys").json()
    assert (shown["state"], shown["left_behind"]) == ("active", True)
