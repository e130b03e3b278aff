"""Programs that want more than their key gives: other scopes, other roles, keys guessed or leaked, fields of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from databases import database_url
from people import Installation, sign_in
from starlette.testclient import TestClient

from ktop.domain.party.actor import Actor
from ktop.domain.party.permission import permissions
from ktop.domain.party.program import NOT_FOR_PROGRAMS, possible_scopes
from ktop.kernel.errors import InputError
from ktop.store.unit_of_work import Store
from ktop.web.route_access import ACCESS, OPEN, PERSON

ADMIN = Actor("admin", "bank", frozenset({"institution_administrator"}))
#: One route of the API for each permission that some route of it asks for.
ROUTE_OF = {needed: route for route, needed in sorted(ACCESS.items()) if " /api/v1/" in route}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("programs")
    store = Store.open(database_url("sqlite", folder))
    made = Installation(store, folder)
    for name, kind in (("bank", "bank"), ("kotec", "operator"), ("firm", "company")):
        made.add_organisation(name, kind)
    made.add_user("admin", ("bank", "institution_administrator"), demo=True)
    yield made
    store.engine.dispose()


@pytest.fixture(scope="module")
def client(house: Installation, tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    return house.browser(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def administrator(house: Installation, tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    """A browser in which the bank's administrator has signed in."""
    made = house.browser(tmp_path_factory.mktemp("administrator"))
    assert sign_in(made, "admin") == 303
    return made


@pytest.fixture(scope="module")
def key(house: Installation) -> str:
    return house.keys.make(ADMIN, "desk", ["own:rating:read"]).key


@pytest.mark.parametrize("permission", sorted(ROUTE_OF.keys() - {OPEN, "own:rating:read"}))
def test_a_key_reaches_only_what_it_is_scoped_to(client: TestClient, key: str, permission: str) -> None:
    """By the key and by a token for it; what everybody may do, a visitor's permissions, needs the scope as well."""
    method, path = ROUTE_OF[permission].split(" ")
    address = re.sub(r"\{\w+\}", "0" * 32, path)
    client_id = key.split("_")[1]
    asked = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": key}
    token = client.post("/api/v1/oauth/token", data=asked).json()["access_token"]
    for shown in (key, token):
        answer = client.request(method, address, json={}, headers={"authorization": f"Bearer {shown}"})
        assert answer.status_code == 403, answer.text
        wanted = "access.person_only" if permission == PERSON else "access."
        assert answer.json()["code"].startswith(wanted)


MORE = [
    *sorted(NOT_FOR_PROGRAMS),
    *sorted(permissions().keys() - set(possible_scopes("bank")) - NOT_FOR_PROGRAMS)[:10],
    *("*", "own:*:*", "own:rating:read ", "OWN:RATING:READ", "own:rating:read,own:key:manage", "", "owner", "operator"),
]


@pytest.mark.parametrize("scope", MORE)
def test_no_key_is_given_more_than_one_role_of_its_organisation_has(
    house: Installation, client: TestClient, key: str, scope: str
) -> None:
    before = len(house.keys.keys(ADMIN))
    for wanted in ([scope], ["own:rating:read", scope]):
        with pytest.raises(InputError):
            house.keys.make(ADMIN, "more", wanted)
    assert len(house.keys.keys(ADMIN)) == before
    asked = {"grant_type": "client_credentials", "client_id": key.split("_")[1], "client_secret": key}
    answer = client.post("/api/v1/oauth/token", data=asked | {"scope": scope})
    granted = answer.json().get("scope", "").split()
    assert answer.status_code == 400 or granted == ["own:rating:read"], "no scope but its own"


@pytest.mark.parametrize(
    "query",
    ["key={key}", "access_token={key}", "api_key={key}", "apikey=x", "x=1&y={key}", "token={key}", "API_KEY=x"],
)
def test_a_key_in_an_address_is_refused(client: TestClient, key: str, query: str) -> None:
    """Addresses stand in logs, histories and referrers; even a right key beside it does not help."""
    answer = client.get("/api/v1/models?" + query.format(key=key), headers={"authorization": f"Bearer {key}"})
    assert (answer.status_code, answer.json()["code"]) == (422, "access.key_in_address")
    assert key not in answer.text


@pytest.mark.parametrize(
    "change",
    [
        "longer",
        "shorter",
        "other secret",
        "other prefix",
        "no prefix",
        "upper",
        "null",
        "unicode",
        "two",
        "basic",
        "sql",
    ],
)
def test_a_key_that_is_not_whole_is_nobody_s(client: TestClient, key: str, change: str) -> None:
    start, prefix, secret = key.split("_", 2)
    made: dict[str, Any] = {
        "longer": key + "A",
        "shorter": key[:-1],
        "other secret": f"{start}_{prefix}_{secret[::-1]}",
        "other prefix": f"{start}_{'0' * 12}_{secret}",
        "no prefix": secret,
        "upper": key.upper(),
        "null": key + b"\x00".decode("latin-1").replace("\x00", "%00"),
        "unicode": key[:-1] + "%C3%A9",
        "two": f"{key} {key}",
        "basic": None,
        "sql": f"{start}_{prefix}_' OR '1'='1",
    }
    header = f"Basic {key}" if change == "basic" else f"Bearer {made[change]}"
    answer = client.get("/api/v1/ratings/none", headers={"authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, "access.key_wrong")


#: Body of an operation that is right, and a field that only we set.
FIELDS = [
    ("POST", "/api/v1/keys", {"name": "x", "scopes": ["own:rating:read"]}, name, value)
    for name, value in (("id", "0" * 12), ("tenant", "kotec"), ("made_by", "operator"), ("revoked", None))
] + [
    ("POST", "/api/v1/invitations", {"role": "bank_officer"}, name, value)
    for name, value in (("organisation", "kotec"), ("expires", "2099-01-01"), ("user", "0" * 32), ("purpose", "reset"))
] + [
    ("PUT", "/api/v1/account/password", {"present": "x", "new": "y"}, name, value)
    for name, value in (("user", "0" * 32), ("login", "operator"), ("state", "active"), ("demo", True))
] + [
    ("PUT", "/api/v1/account/email", {"email": "", "password": "x"}, name, value)
    for name, value in (("user", "0" * 32), ("name", "x"))
] + [
    ("POST", "/api/v1/account/organisation", {"organisation": "bank"}, name, value)
    for name, value in (("roles", ["operator"]), ("strength", 2), ("known_by", "passkey"))
] + [
    ("POST", "/api/v1/ratings/company", {"record": {"name": "x"}}, name, value)
    for name, value in (("tenant", "firm"), ("id", "0" * 32), ("results", []), ("model", "x"))
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "name", "value"), FIELDS)
def test_what_nobody_may_set_is_no_field(
    administrator: TestClient, method: str, path: str, body: dict[str, Any], name: str, value: Any
) -> None:
    answer = administrator.request(method, path, json=body | {name: value}, headers={"sec-fetch-site": "same-origin"})
    allowed = "own:rating:make" if "ratings" in path else ""
    assert answer.status_code == (403 if allowed else 422)
    assert answer.json()["code"] == ("access.role_lacks" if allowed else "web.bad_field")
