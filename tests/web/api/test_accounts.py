"""Accounts by the API: what the pages do, with its version named on edits, and every worked example of the document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
from databases import database_url
from httpx import Response
from people import PASSWORD, Installation, sign_in
from starlette.testclient import TestClient

from ktop.domain.party.actor import Actor
from ktop.kernel.sealing import Sealer
from ktop.store.identity import OrganisationRow
from ktop.store.unit_of_work import Store
from ktop.usecases.consent.service import ConsentService
from ktop.usecases.webhooks.service import WebhookService

OURS = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Installation]:
    store = Store.open(database_url("sqlite", tmp_path))
    made = Installation(store, tmp_path)
    made.webhooks = WebhookService(lambda: store, Sealer(tmp_path / "sealing.key"), anywhere=True)  # type: ignore[attr-defined]
    made.consents = ConsentService(lambda: store)  # type: ignore[attr-defined]
    for name, kind in (("bank", "bank"), ("kb", "bank"), ("kotec", "operator"), ("firm", "company")):
        made.add_organisation(name, kind)
    with store.installation() as work:
        row = OrganisationRow("joined", "company", "가온", "Gaon", "active", made.clock.now, "1010000114")
        work.identity.add_organisation(row)
    made.add_user("admin", ("bank", "institution_administrator"), demo=True)
    made.add_user("operator", ("kotec", "operator"), demo=True)
    made.add_user("owner", ("firm", "company_owner"), ("bank", "bank_officer"), demo=True)
    yield made
    store.engine.dispose()


def client_of(house: Installation, folder: Path, login: str) -> TestClient:
    client = house.browser(folder)
    assert sign_in(client, login) == 303
    client.headers.update(OURS)
    return client


@pytest.fixture
def admin(house: Installation, tmp_path: Path) -> TestClient:
    return client_of(house, tmp_path, "admin")


@pytest.fixture
def operator(house: Installation, tmp_path: Path) -> TestClient:
    return client_of(house, tmp_path, "operator")


def version(answer: Response) -> dict[str, str]:
    return {"if-match": answer.headers["etag"]}


def test_members_are_listed_changed_and_ended(house: Installation, admin: TestClient, tmp_path: Path) -> None:
    lee = house.add_user("lee", ("bank", "bank_officer"))
    assert [one["login"] for one in admin.get("/api/v1/members").json()] == ["admin", "lee", "owner"]
    assert "institution_administrator" in admin.get("/api/v1/member-roles").json()
    at = f"/api/v1/members/{lee}"
    read = admin.get(at)
    roles = {"roles": ["bank_officer", "institution_administrator"]}
    changed = admin.patch(at, json=roles, headers=version(read))
    assert changed.json()["roles"] == roles["roles"] and changed.headers["etag"] != read.headers["etag"]
    assert admin.patch(at, json={"roles": ["operator"]}, headers=version(changed)).status_code == 422
    link = admin.post(f"{at}/reset", json={}).json()
    assert re.fullmatch(r"http://testserver/join/[\w-]{43}", link["address"]) and link["mailed"] is False
    assert admin.delete(at, headers=version(changed)).status_code == 204 and admin.get(at).status_code == 404
    assert admin.delete(at, headers=version(changed)).status_code == 404


def test_an_invited_person_joins_by_the_address_told_once(admin: TestClient) -> None:
    made = admin.post("/api/v1/invitations", json={"role": "bank_officer", "email": "a@b.example"}).json()
    assert made["mailed"]
    (listed,) = admin.get("/api/v1/invitations").json()
    assert made["address"].rpartition("/")[2] not in str(listed)
    assert admin.delete(f"/api/v1/invitations/{listed['id']}").status_code == 204
    assert admin.get("/api/v1/invitations").json() == []


EDITS: list[tuple[str, str, Any]] = [
    ("PATCH", "members/{member}", {"roles": ["institution_administrator"]}),
    ("DELETE", "members/{member}", None),
    ("POST", "keys/{key}/rotation", {}),
    ("DELETE", "keys/{key}", None),
    ("PATCH", "webhooks/{webhook}", {"state": "paused"}),
    ("POST", "webhooks/{webhook}/secret", None),
    ("DELETE", "webhooks/{webhook}", None),
    ("PATCH", "institutions/kb", {"state": "suspended"}),
    ("POST", "institutions/kb/merger", {"into": "bank"}),
    ("POST", "joined-companies/joined/verification", {"evidence": "certificate"}),
]


@pytest.mark.parametrize(("method", "path", "body"), EDITS)
def test_an_edit_names_the_version_it_is_made_of(
    house: Installation, tmp_path: Path, method: str, path: str, body: Any
) -> None:
    by = "operator" if path.startswith(("institutions", "joined")) else "admin"
    client = client_of(house, tmp_path, by)
    ids = {"member": house.add_user("lee", ("bank", "bank_officer"))}
    if by == "admin":
        asked = {"name": "desk", "scopes": ["own:rating:read"]}
        ids["key"] = client.post("/api/v1/keys", json=asked).json()["id"]
        hook = {"url": "http://127.0.0.1:9/x", "topics": ["rating"]}
        ids["webhook"] = client.post("/api/v1/webhooks", json=hook).json()["id"]
    at = "/api/v1/" + path.format(**ids)
    thing = re.sub(r"/(rotation|secret|merger|verification)$", "", at)
    read = client.get(thing)

    def edit(**headers: str) -> Response:
        return client.request(method, at, json=body, headers={name.replace("_", "-"): v for name, v in headers.items()})

    missing = edit()
    assert (missing.status_code, missing.json()["code"]) == (428, "repeats.version_missing")
    for wrong in ('"9999"', "*", "1", 'W/"1"', '"1", "2"', '"0f0f0f"'):
        assert edit(if_match=wrong).status_code == 412, wrong
    assert client.get(thing).json() == read.json(), "nothing was changed"
    first = edit(if_match=read.headers["etag"])
    assert first.status_code in (200, 204), first.text
    again = edit(if_match=read.headers["etag"])
    assert again.status_code in (404, 409, 412), "the version is used up"


def test_keys_are_made_shown_once_and_rotated(admin: TestClient) -> None:
    assert "own:rating:read" in admin.get("/api/v1/key-scopes").json()
    made = admin.post("/api/v1/keys", json={"name": "desk", "scopes": ["own:rating:read"]})
    key = made.json()
    at = f"/api/v1/keys/{key['id']}"
    assert "key" not in admin.get(at).json()
    bearer = {"authorization": f"Bearer {key['key']}"}
    assert admin.get("/api/v1/ratings/none", headers=bearer).status_code == 404
    other = admin.post(f"{at}/rotation", json={"days": 1}, headers=version(made)).json()
    assert admin.get("/api/v1/ratings/none", headers=bearer).status_code == 401
    assert other["id"] == key["id"] and other["key"] != key["key"]
    assert (
        admin.post("/api/v1/keys", json={"name": "x", "scopes": ["own:rating:read"]}, headers=bearer).status_code == 401
    )


def test_a_repeated_request_gets_the_secret_again_which_is_kept_sealed(house: Installation, admin: TestClient) -> None:
    once = {"idempotency-key": "make-a-key-1"}
    body = {"name": "desk", "scopes": ["own:rating:read"]}
    first, second = (admin.post("/api/v1/keys", json=body, headers=once) for _ in range(2))
    assert first.json() == second.json() and second.headers["idempotency-replayed"] == "true"
    with house.store.engine.connect() as connection:
        (kept,) = connection.exec_driver_sql("SELECT body FROM idempotency_keys").scalars()
    assert first.json()["key"].encode() not in kept and kept.startswith(b"s1.")


def test_the_operator_enters_and_merges_institutions_and_verifies_numbers(operator: TestClient) -> None:
    entered = operator.post(
        "/api/v1/institutions", json={"id": "nh", "kind": "bank", "name_ko": "농협은행", "name_en": "NongHyup Bank"}
    )
    assert entered.status_code == 201
    merged = operator.post("/api/v1/institutions/nh/merger", json={"into": "kb"}, headers=version(entered)).json()
    assert (merged["state"], merged["merged_into"]) == ("merged", "kb")
    password = operator.post(
        "/api/v1/organisations/kb/accounts", json={"login": "park", "name": "Park", "role": "bank_officer"}
    ).json()["password"]
    assert len(password) >= 15
    waiting = operator.get("/api/v1/joined-companies", params={"unverified": True}).json()["items"]
    assert [one["id"] for one in waiting] == ["firm", "joined"]
    read = operator.get("/api/v1/joined-companies/joined")
    noted = {"evidence": "Certificate of business registration"}
    seen = operator.post("/api/v1/joined-companies/joined/verification", json=noted, headers=version(read))
    assert seen.json()["verified"] and seen.json()["evidence"] == noted["evidence"]
    assert [one["id"] for one in operator.get("/api/v1/joined-companies?unverified=true").json()["items"]] == ["firm"]
    no_number = operator.get("/api/v1/joined-companies/firm")
    refused = operator.post("/api/v1/joined-companies/firm/verification", json=noted, headers=version(no_number))
    assert (refused.status_code, refused.json()["code"]) == (409, "institutions.no_number")
    assert operator.get("/api/v1/joined-companies/bank").status_code == 404
    assert operator.get("/api/v1/institutions/firm").status_code == 404


def test_the_operator_alone_sees_what_each_organisation_keeps(
    house: Installation, operator: TestClient, admin: TestClient
) -> None:
    for organisation, size in (("kb", 7), ("firm", 5)):
        with house.store.unit(Actor("lee", organisation)) as unit:
            unit.documents.add(kind="k", name="n", media_type="a/b", subject="s", content=b"x" * size)
    assert operator.get("/api/v1/institutions/kb").json()["kept_bytes"] == 7
    listed = operator.get("/api/v1/institutions").json()["items"]
    assert {one["id"]: one["kept_bytes"] for one in listed if one["kept_bytes"]} == {"kb": 7}
    assert operator.get("/api/v1/joined-companies/firm").json()["kept_bytes"] == 5
    assert admin.get("/api/v1/institutions/kb").json()["kept_bytes"] is None


def test_one_s_own_account(house: Installation, tmp_path: Path) -> None:
    client, elsewhere = (client_of(house, tmp_path, "owner") for _ in range(2))
    found = client.get("/api/v1/account").json()
    assert {one["id"]: one["acting"] for one in found["organisations"]} == {"bank": True, "firm": False}
    assert len(found["sessions"]) == 2
    assert client.put("/api/v1/account/email", json={"email": "o@f.example", "password": PASSWORD}).status_code == 204
    assert client.get("/api/v1/account").json()["email"] == "o@f.example"
    before = client.cookies["ktop_session"]
    assert client.post("/api/v1/account/organisation", json={"organisation": "firm"}).status_code == 204
    assert client.cookies["ktop_session"] != before
    change = {"present": PASSWORD, "new": "tanrekoi vulmi pesado"}
    assert client.put("/api/v1/account/password", json=change).status_code == 204
    assert elsewhere.get("/api/v1/account").status_code == 401
    assert client.delete("/api/v1/account/sessions").json() == {"ended": 0}
    gone = {"login": "owner", "password": "tanrekoi vulmi pesado"}
    assert client.post("/api/v1/account/erasure", json=gone | {"login": "x"}).status_code == 422
    assert client.post("/api/v1/account/erasure", json=gone).status_code == 204
    assert client.get("/api/v1/account").status_code == 401


def test_a_second_factor_by_the_api(house: Installation, admin: TestClient) -> None:
    offered = admin.post("/api/v1/account/second-factor/app").json()
    app = pyotp.TOTP(offered["seed"])
    assert admin.put("/api/v1/account/second-factor/app", json={"code": "1"}).status_code == 422
    codes = admin.put("/api/v1/account/second-factor/app", json={"code": app.at(house.clock.now)}).json()
    assert len(codes["recovery_codes"]) == 10
    found = admin.get("/api/v1/account/second-factor").json()
    assert found["app_since"] and (found["recovery_codes"], found["passkeys"]) == (10, 0)
    house.clock.pass_by(minutes=1)
    assert admin.post("/api/v1/account/second-factor", json={"code": app.at(house.clock.now)}).status_code == 204
    assert admin.post("/api/v1/account/second-factor", json={"code": app.at(house.clock.now)}).status_code == 422
    refused = admin.post("/api/v1/account/second-factor/removal", json={"code": codes["recovery_codes"][0]})
    assert refused.json()["code"] == "second_factor.demanded"


def test_a_page_of_another_site_changes_nothing(house: Installation, tmp_path: Path) -> None:
    client = client_of(house, tmp_path, "admin")
    for site in ("cross-site", "same-site", "none", ""):
        answer = client.post("/api/v1/invitations", json={"role": "bank_officer"}, headers={"sec-fetch-site": site})
        assert answer.status_code == 401, site
    assert client.get("/api/v1/invitations").json() == []


def _example(document: dict[str, Any], operation: dict[str, Any]) -> Any:
    """The worked example of an operation's body: every field's own."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return None
    schema = document["components"]["schemas"][content["schema"]["$ref"].rsplit("/", 1)[-1]]
    assert set(schema.get("required", ())) <= {n for n, p in schema["properties"].items() if p.get("examples")}, (
        f"{schema['title']} has an example for each field that must be given"
    )
    return {name: part["examples"][0] for name, part in schema["properties"].items() if part.get("examples")}


def test_every_worked_example_is_taken_as_it_stands(house: Installation, tmp_path: Path) -> None:
    """Each body as the document shows it, sent to a thing that is there: nothing is wrong with its form."""
    clients = {login: client_of(house, tmp_path, login) for login in ("admin", "operator")}
    document = clients["admin"].get("/api/v1/openapi.json").json()
    lee = house.add_user("lee", ("bank", "bank_officer"))
    house.add_organisation("old", "bank")
    asked = {"name": "desk", "scopes": ["own:rating:read"]}
    hook = {"url": "http://127.0.0.1:9/x", "topics": ["rating"]}
    ids = {
        "user_id": lee,
        "key_id": clients["admin"].post("/api/v1/keys", json=asked).json()["id"],
        "webhook_id": clients["admin"].post("/api/v1/webhooks", json=hook).json()["id"],
        "institution_id": "old",
        "organisation_id": "bank",
    }
    told: dict[str, tuple[int, str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if operation["tags"][0] not in ("account", "members", "institutions", "keys", "webhooks"):
                continue
            body = _example(document, operation)
            if body is None:
                continue
            client = clients["operator" if operation["tags"][0] == "institutions" else "admin"]
            address = path.format(**(ids | ({"organisation_id": "joined"} if "joined" in path else {})))
            thing = re.sub(r"/(rotation|secret|merger|verification)$", "", address)
            read = client.get(thing) if "{" in path else None
            tag = {"if-match": read.headers["etag"]} if read is not None and "etag" in read.headers else {}
            answer = client.request(method, address, json=body, headers=tag)
            told[f"{method.upper()} {path}"] = (answer.status_code, answer.json()["code"] if answer.is_error else "")
    of_another = {
        "POST /api/v1/account/erasure": (422, "erasure.not_confirmed"),
        "POST /api/v1/account/passkeys": (422, "passkeys.does_not_hold"),
        "PUT /api/v1/account/second-factor/app": (409, "second_factor.nothing_offered"),
        "POST /api/v1/account/second-factor": (422, "second_factor.wrong_code"),
        "POST /api/v1/account/second-factor/removal": (409, "second_factor.demanded"),
    }
    assert {name: found for name, found in told.items() if found[0] >= 400} == of_another
    assert len(told) >= 18
