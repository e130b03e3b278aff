"""Every route × every role: refused or let through as the table says; nobody reaches what another keeps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import database_url
from fastapi import FastAPI
from people import BEGUN, HASHES, Installation, sign_in, token_of
from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.domain.party.actor import ROLES, Actor
from ktop.domain.party.organisation import KINDS
from ktop.domain.party.permission import role_permissions, roles_of_kind
from ktop.kernel.settings import Settings
from ktop.store.identity import OrganisationRow
from ktop.store.unit_of_work import Store
from ktop.web import api, assets, monitoring, pages
from ktop.web.api.description import router_of
from ktop.web.app import create_app
from ktop.web.route_access import ACCESS, OPEN, PERSON, routes_of

PEOPLE = sorted(ROLES - {"owner", "visitor"})
#: What is not asked here: it answers for long, or is of no actor.
_OTHER = {"GET /metrics", "GET /readyz", "GET /sign-in/provider/back", "POST /sign-out", "POST /account/sessions"}


#: As a page of ours would ask, about the first version of anything.
SAME_SITE = {"sec-fetch-site": "same-origin", "if-match": '"1"'}


def test_the_table_names_every_route_and_nothing_else() -> None:
    rooms = (monitoring.router, assets.router, router_of(FastAPI()), *pages.routers(), *api.routers())
    assert routes_of(*rooms) == ACCESS.keys()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("access")
    store = Store.open(database_url("sqlite", folder))
    made = Installation(store, folder)
    for kind in KINDS:
        made.add_organisation(kind, kind)
    for role in PEOPLE:
        kind = next(kind for kind in KINDS if role in roles_of_kind(kind))
        made.add_user(role, (kind, role), demo=True)
    yield made
    store.engine.dispose()


def client_of(house: Installation, folder: Path, role: str) -> TestClient:
    client = house.browser(folder)
    if role != "visitor":
        assert sign_in(client, role) == 303
    return client


@pytest.mark.parametrize("role", [*PEOPLE, "visitor"])
def test_every_route_refuses_and_lets_through_as_the_table_says(house: Installation, tmp_path: Path, role: str) -> None:
    client = client_of(house, tmp_path, role)
    wrong = {}
    for route, needed in ACCESS.items():
        if route in _OTHER:
            continue
        method, path = route.split(" ")
        address = re.sub(r"\{\w+\}", "none", path)
        answer = client.request(method, address, headers={"sec-fetch-site": "same-origin"})
        let_in = needed == OPEN or (role != "visitor" if needed == PERSON else needed in role_permissions()[role])
        led_away = answer.status_code == 303 and "/sign-in?" in answer.headers.get("location", "")
        refused = answer.status_code == 401 or led_away or b"access." in answer.content or _tells_right(answer.text)
        if let_in == refused and route != "POST /api/v1/oauth/token":
            wrong[route] = (answer.status_code, answer.text[:80])
    assert not wrong


def _tells_right(page: str) -> bool:
    return "이 일을 할 권한이 없습니다" in page


@pytest.fixture
def two_companies(tmp_path: Path) -> Iterator[tuple[TestClient, dict[str, str]]]:
    """A real platform with a company's rating, job and key, and a browser of another company's owner."""
    settings = Settings(data=tmp_path, corpus=None, database_url=None)
    house = House(settings)
    store = house._store()
    own = Actor("own", "own", frozenset({"company_owner"}))
    with store.installation() as work:
        for name in ("own", "other"):
            work.identity.add_organisation(OrganisationRow(name, "company", name, name, "active", BEGUN))
            user = work.identity.add_user(login=name + ".owner", name=name, lang="ko", demo=True, now=BEGUN)
            work.identity.add_membership(user, name, "company_owner", BEGUN)
            work.credentials.set_password(user, HASHES.hash("correct horse staple"), BEGUN)
    with store.unit(own) as unit:
        rating = unit.ratings.add(kind="company", subject="own", as_of=BEGUN.date(), inputs={}, results=[])
        job = unit.jobs.add("rate.batch", {"file": "x"}, priority=5)
    key = house.keys.make(own, "x", ["own:rating:read"])
    ids = {"rating_id": rating.id, "job_id": job.id, "batch_id": job.id, "key_id": key.card.id}
    yield TestClient(create_app(settings, house), raise_server_exceptions=False, follow_redirects=False), ids
    store.engine.dispose()


def test_nobody_reaches_what_another_organisation_keeps(two_companies: tuple[TestClient, dict[str, str]]) -> None:
    client, ids = two_companies
    routes = [route for route in ACCESS if any(f"{{{name}}}" in route for name in ids)]
    assert len(routes) >= 12
    nobody_s = {name: "0" * len(known) for name, known in ids.items()}
    answers: dict[str, list[tuple[int, str]]] = {}
    for who, asked in (("other", ids), ("other", nobody_s), ("own", ids)):
        client.cookies.clear()
        sign_in(client, f"{who}.owner")
        token = token_of(client.get("/account").text)
        for route in routes:
            method, path = route.split(" ")
            address = path.format(**{**dict.fromkeys(re.findall(r"{(\w+)}", path), "x"), **asked})
            form = {"csrf": token} if method == "POST" and not path.startswith("/api/") else None
            answer = client.request(method, address, data=form, headers=SAME_SITE)
            said = re.sub(r"[0-9a-f]{64}|" + "|".join(asked.values()), "", answer.text)
            answers.setdefault(route, []).append((answer.status_code, said))
    told_apart = {route: found for route, found in answers.items() if found[0] != found[1]}
    assert not told_apart, "what another keeps is answered otherwise than what nobody keeps"
    assert {found[0][0] for found in answers.values()} <= {200, 403, 404, 422}
    assert all(found[0][1] == "[]" for found in answers.values() if found[0][0] == 200)
    assert any(found[2][0] in (200, 303) for found in answers.values()), "the owner reaches it"
