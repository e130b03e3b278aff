"""A company lets itself be found on a page, a bank finds it, asks for contact and is answered; the same by API."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from acting import Acting, acting_as
from consenting import BANK, COMPANY, GAON, NURI, OTHER_COMPANY, add_organisations, add_rating
from markup import problems
from people import token_of
from sqlalchemy import update
from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.domain.party.actor import INSTALLATION
from ktop.kernel.settings import Settings
from ktop.store.tables import discovery_searches
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
    with acting_as(COMPANY) as acting:
        yield acting


def send(client: TestClient, address: str, page: str, form: dict[str, Any]) -> Any:
    return client.post(address, data={"csrf": token_of(client.get(page).text), **form})


def test_found_asked_and_answered(client: TestClient, acting: Acting, house: House) -> None:
    rating = add_rating(house._store(), COMPANY, GAON)
    assert "어느 기관도 우리 기업을 찾을 수 없습니다" in client.get("/discovery").text
    another = add_rating(house._store(), COMPANY, NURI)
    shown = client.get("/discovery").text
    assert f'value="{rating}"' in shown and f'value="{another}"' not in shown, "of another firm"
    form = {"rating": rating, "to": ["bank"], "named": "1", "words": "<i>감속기</i>"}
    assert send(client, "/discovery", "/discovery", {**form, "to": []}).status_code == 422
    assert send(client, "/discovery", "/discovery", form).status_code == 303
    shown = client.get("/discovery").text
    assert "은행에 기업 이름과 함께 보입니다" in shown
    assert 'value="bank" checked' in shown and 'value="1" checked' in shown, "what is changed begins as it stands"

    acting.now = BANK
    assert "찾은 기업" not in client.get("/discovery").text, "nobody is told before something is asked"
    assert "조건에 맞는 기업이 없습니다" in client.get("/discovery?region=KR-11").text
    found = client.get("/discovery?business=A&words=감속기").text
    assert "가온정밀" in found and "&lt;i&gt;감속기" in found
    (by_grade,) = re.findall(r'href="(/discovery\?[^"]*sort=business)"', found)
    again = client.get(html.unescape(by_grade)).text
    assert "가온정밀" in again and 'aria-sort="ascending"' in again and 'value="감속기"' in again, (
        "what was asked stays"
    )
    table = client.get("/discovery?words=감속기&file=csv").content.decode("utf-8-sig")
    assert "가온정밀" in table and "AA" in table
    card = re.search(r'href="(/discovery/[0-9a-f]{32})"', found)
    assert card and problems(client.get(card[1]).text) == []
    assert card
    assert GAON in client.get(card[1]).text
    assert send(client, f"{card[1]}/contact", card[1], {"message": " "}).status_code == 422
    assert send(client, f"{card[1]}/contact", card[1], {"message": "상담"}).status_code == 303
    assert "답을 기다리는 중" in client.get("/discovery").text

    acting.now = COMPANY
    page = client.get("/discovery").text
    assert "IBK기업은행" in page and "열어 봄" in page
    assert page.index('id="t-contacts"') < page.index('id="t-now"'), "what waits for an answer stands first"
    answer = re.search(r'action="(/discovery/contacts/[0-9a-f]{32})"', page)
    assert answer and send(client, answer[1], "/discovery", {"answer": "accept"}).status_code == 303
    page = client.get("/discovery?lang=en").text
    assert "accepted" in page and page.index('id="t-contacts"') > page.index('id="t-now"')
    assert send(client, "/discovery/out", "/discovery", {}).status_code == 303
    acting.now = BANK
    assert client.get(card[1]).status_code == 404
    accepted = re.search(r'href="(/consents[^"#]*)#t-ask"', client.get("/discovery").text)
    assert accepted and f'value="{GAON}"' in client.get(accepted[1]).text, "the way from contact to consent"


def test_the_same_by_program(client: TestClient, acting: Acting, house: House) -> None:
    rating = add_rating(house._store(), COMPANY, GAON)
    assert client.get("/api/v1/discovery/own").status_code == 404
    shown = client.put("/api/v1/discovery/own", json={"rating": rating, "to": ["bank"], "anonymous": False})
    assert shown.status_code == 200 and shown.json()["profile"]["business"] == "AA"
    acting.now = BANK
    (firm,) = client.get("/api/v1/discovery/firms?business=BBB").json()["items"]
    near = client.get("/discovery?words=가온 없는말").text  # of two words its name has one, and it says nothing
    assert "뜻이 가까움" in near and "뜻이 가까움 ·" not in near
    contact = client.post(f"/api/v1/discovery/firms/{firm['id']}/contact", json={"message": "상담"})
    assert contact.status_code == 201 and contact.json()["company"]["id"] == "gaon"
    assert client.get("/api/v1/discovery/firms?business=Q").status_code == 422
    acting.now = OTHER_COMPANY
    assert (
        client.post(f"/api/v1/discovery/contacts/{contact.json()['id']}/answer", json={"accept": True}).status_code
        == 404
    )
    acting.now = COMPANY
    looks = client.get("/api/v1/discovery/looks").json()["items"]
    assert [one["way"] for one in looks] == ["found"] * 2
    declined = client.post(f"/api/v1/discovery/contacts/{contact.json()['id']}/answer", json={"accept": False})
    assert declined.json()["state"] == "declined"
    assert client.delete("/api/v1/discovery/own").status_code == 204


def test_a_search_is_kept_and_what_is_hidden_or_alike_is_told(client: TestClient, acting: Acting, house: House) -> None:
    acting.now = BANK
    wanted = {"name": "감속기", "words": "감속기"}
    assert send(client, "/discovery/searches", "/discovery?words=감속기", {**wanted, "name": " "}).status_code == 422
    assert send(client, "/discovery/searches", "/discovery?words=감속기", wanted).status_code == 303
    by_program = client.post("/api/v1/discovery/searches", json={"name": "A", "wanted": {"business": "A"}}).json()
    assert [one["name"] for one in client.get("/api/v1/discovery/searches").json()] == ["A", "감속기"]
    for actor, number, hidden in ((COMPANY, GAON, ["region", "index_score"]), (OTHER_COMPANY, NURI, [])):
        acting.now = actor
        given = {"rating": add_rating(house._store(), actor, number), "to": ["bank"], "anonymous": False}
        said = "협동 로봇용 정밀 감속기를 설계하고 만든다"
        shown = client.put("/api/v1/discovery/own", json={**given, "words": said, "hidden": hidden}).json()
        assert (shown["profile"]["region"] == "") == bool(hidden)
    with house._store().installation() as work:
        work.connection.execute(update(discovery_searches).values(due=datetime.now(UTC) - timedelta(minutes=1)))
    house.discovery.tend(INSTALLATION)
    acting.now = BANK
    page = client.get("/discovery").text
    assert page.count("감속기") and re.search(r'action="(/discovery/searches/[0-9a-f]{32}/new)"', page)
    assert [one["new"] for one in client.get("/api/v1/discovery/searches").json()] == [2, 2]
    assert "Kept searches that found new companies: 2" in client.get("/home?lang=en").text
    assert len(client.post(f"/api/v1/discovery/searches/{by_program['id']}/new").json()) == 2
    asked = re.findall(r'action="(/discovery/searches/[0-9a-f]{32}/new)"', page)
    found = [send(client, address, "/discovery", {}).text for address in asked]
    assert any("가온정밀" in one and "누리소프트" in one for one in found)
    firms = {one["company"]["id"]: one for one in client.get("/api/v1/discovery/firms").json()["items"]}
    assert firms["gaon"]["profile"]["region"] == "" and firms["nuri"]["profile"]["region"] == "KR-30"
    assert [one["company"]["id"] for one in client.get("/api/v1/discovery/firms?region=KR-30").json()["items"]] == [
        "nuri"
    ]
    like = client.get("/api/v1/discovery/firms", params={"like": firms["gaon"]["id"]}).json()["items"]
    assert [one["company"]["id"] for one in like] == ["nuri"]
    assert "누리소프트" in client.get(f"/discovery?like={firms['gaon']['id']}").text
    forget = asked[0].removesuffix("/new") + "/delete"
    assert send(client, forget, "/discovery", {}).status_code == 303
    assert len(client.get("/api/v1/discovery/searches").json()) == 1
    assert client.delete(f"/api/v1/discovery/searches/{'0' * 32}").status_code == 404
