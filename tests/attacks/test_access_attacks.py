"""Every route × every role: refused or let through as the table says; nobody reaches what another keeps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import database_url
from fastapi import FastAPI
from people import Installation, sign_in
from starlette.testclient import TestClient

from ktop.domain.party.actor import ROLES
from ktop.domain.party.organisation import KINDS
from ktop.domain.party.permission import role_permissions, roles_of_kind
from ktop.store.unit_of_work import Store
from ktop.web import api, assets, monitoring, pages
from ktop.web.api.description import router_of
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
        told = answer.status_code == 403 and b"access." in answer.content
        refused = answer.status_code == 401 or led_away or told or _tells_right(answer.text)
        if let_in == refused and route != "POST /api/v1/oauth/token":
            wrong[route] = (answer.status_code, answer.text[:80])
    assert not wrong


def _tells_right(page: str) -> bool:
    return "이 일을 할 권한이 없습니다" in page
