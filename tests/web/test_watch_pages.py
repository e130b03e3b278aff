"""An officer watches firms on a page and a program by the API: the same portfolio, without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from acting import Acting, acting_as
from consenting import BANK, COMPANY, GAON, add_organisations, add_rating, terms
from markup import problems
from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.kernel.settings import Settings
from ktop.web.app import create_app


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(Settings(data=tmp_path))
    add_organisations(house._store())
    return house


@pytest.fixture
def client(house: House) -> Iterator[TestClient]:
    yield TestClient(create_app(house._settings, house), base_url="http://localhost", follow_redirects=False)


@pytest.fixture
def acting(client: TestClient) -> Iterator[Acting]:
    with acting_as(BANK) as acting:
        yield acting


def send(client: TestClient, address: str, form: dict[str, Any]) -> Any:
    token = re.search(r'name="csrf" value="([0-9a-f]{64})"', client.get("/watch").text)
    assert token
    return client.post(address, data={"csrf": token[1], **form})


def test_the_portfolio_on_the_page_and_by_program(client: TestClient, acting: Acting, house: House) -> None:
    assert "아직 넣은 기업이 없습니다" in client.get("/watch").text
    add_rating(house._store(), COMPANY, GAON)
    assert send(client, "/watch", {"business_number": GAON}).status_code == 404, "no consent: nothing, and no hint"
    assert client.post("/api/v1/watch", json={"business_number": "1"}).status_code == 422
    house.consents.give(COMPANY, "ibk", terms(results={"ktrs-fm", "tech-index"}, inputs={"derived", "identity"}), "")
    assert send(client, "/watch", {"business_number": GAON}).status_code == 303
    shown = client.get("/watch").text
    assert "가온정밀" in shown and "AA" in shown and "동의가 30일 안에 끝남" in shown and "허핀달 지수 1.00" in shown
    for lang in ("en", "ko"):
        assert problems(client.get(f"/watch?lang={lang}").text) == []
    assert client.get("/watch?since=2999-01-01").status_code == 422
    assert client.get("/watch?file=csv").content.decode("utf-8-sig").startswith("기업,조기경보")
    found = client.get("/api/v1/watch").json()
    assert [one["company"]["id"] for one in found["companies"]] == ["gaon"]
    assert found["companies"][0]["now"]["business"] == "AA-" and found["industries"]["index"] == 1
    assert client.post("/api/v1/watch/all").json() == {"added": 0}
    assert client.delete("/api/v1/watch/gaon").status_code == 204
    assert client.delete("/api/v1/watch/gaon").status_code == 404
    assert send(client, "/watch/all", {}).status_code == 303
    assert send(client, "/watch/gaon/end", {}).status_code == 303
    acting.now = COMPANY
    assert client.get("/watch").status_code == 403
