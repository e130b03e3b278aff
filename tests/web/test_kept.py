"""My results are found again, named and put away - on pages and by the API, and never another organisation's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from databases import BACK_ENDS, database_url
from people import token_of
from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.domain.party.actor import LOCAL_OWNER, Actor
from ktop.kernel.settings import Settings
from ktop.store.unit_of_work import Store
from ktop.web.app import create_app

STRANGER = Actor("lee", "tipa")


@pytest.fixture(params=BACK_ENDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return Store.open(database_url(request.param, tmp_path))


@pytest.fixture
def client(store: Store, tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(solo=True, data=tmp_path, database_url=store.engine.url.render_as_string(hide_password=False))
    yield TestClient(create_app(settings, House(settings)), raise_server_exceptions=False)


def _rated(
    store: Store, who: Actor, name: str, kind: str = "company", index: float = 61.27, name_en: str | None = None
) -> str:
    results: list[dict[str, Any]] = [
        {"model": {"name": "tech-index", "version": "1"}, "scores": {"index": index}, "grades": {}},
        {"model": {"name": "ktrs-fm", "version": "1"}, "scores": {}, "grades": {"business": "BBB"}},
    ]
    results[0]["subject"] = {"name": name, "name_en": name_en}
    with store.unit(who) as unit:
        row = unit.ratings.add(kind=kind, subject=name, as_of=date(2026, 5, 1), inputs={}, results=results)
    return row.id


def test_results_are_listed_searched_and_filtered(client: TestClient, store: Store) -> None:
    _rated(store, LOCAL_OWNER, "가온정밀", name_en="Gaon Works")
    _rated(store, LOCAL_OWNER, "100% <b>", kind="technology")
    _rated(store, STRANGER, "남의 기업")
    page = client.get("/my/results").text
    assert "가온정밀" in page and "100% &lt;b&gt;" in page and "61.3" in page and "BBB" in page
    assert "남의 기업" not in page
    assert "가온정밀" not in client.get("/my/results?q=%25").text, "a percent sign is searched for, not a wildcard"
    assert "가온정밀" in client.get("/my/results?q=정밀").text
    english = client.get("/my/results?lang=en").text
    assert "Gaon Works" in english and "가온정밀" not in english
    found = client.get("/my/results?q=gaon w").text
    assert "Gaon Works" in found and "100% &lt;b&gt;" not in found, "the English name is searched, in either letters"
    assert "가온정밀" not in client.get("/my/results?f_kind=technology").text
    assert "Tech-Index 61.3 · Technology-business grade BBB" in client.get("/compare").text, "every figure is named"
    assert "No result fits" in client.get("/my/results?q=nothing&lang=en").text


def test_a_long_list_comes_in_pages_that_hold_each_once(client: TestClient, store: Store) -> None:
    made = {_rated(store, LOCAL_OWNER, f"기업 {number}") for number in range(30)}
    seen: list[str] = []
    address = "/my/results"
    for _ in range(2):
        page = client.get(address).text.split("<main")[1]  # the menu's change of language leads here, too
        seen += re.findall(r'href="/ratings/([0-9a-f]{32})"', page)
        following = re.search(r'href="(/my/results\?[^"]*page=\d+)" rel="next"', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert not address and len(seen) == 30 and set(seen) == made
    assert client.get("/my/results?after=nonsense").status_code == 422


def test_a_result_is_named_noted_on_and_put_away(client: TestClient, store: Store) -> None:
    rating_id = _rated(store, LOCAL_OWNER, "가온정밀")
    csrf = token_of(client.get(f"/my/results/{rating_id}").text)
    form = {"csrf": csrf, "title": "봄 신청", "note": "은행 제출용"}
    answer = client.post(f"/my/results/{rating_id}", data=form, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/my/results")
    page = client.get("/my/results?q=제출").text
    assert "봄 신청" in page and "가온정밀" in page
    client.post(f"/my/results/{rating_id}", data=form | {"archived": "1"})
    assert "봄 신청" not in client.get("/my/results").text and "봄 신청" in client.get("/my/results?away=1").text
    assert client.post(f"/my/results/{rating_id}", data=form | {"csrf": "x"}).status_code == 403
    too_long = client.post(f"/my/results/{rating_id}", data=form | {"note": "가" * 2001})
    assert too_long.status_code == 422 and "가" * 2001 in too_long.text, "what was typed is not lost"


def test_nobody_names_another_s_result(client: TestClient, store: Store) -> None:
    theirs = _rated(store, STRANGER, "남의 기업")
    csrf = token_of(client.get("/").text)
    assert client.get(f"/my/results/{theirs}").status_code == 404
    assert client.post(f"/my/results/{theirs}", data={"csrf": csrf, "title": "x"}).status_code == 404
    assert client.patch(f"/api/v1/ratings/{theirs}", json={"title": "x"}).status_code == 404
    with store.reading(STRANGER) as unit:
        assert unit.ratings.get(theirs).title == ""


def test_a_program_lists_and_names_results(client: TestClient, store: Store) -> None:
    made = [_rated(store, LOCAL_OWNER, f"기업 {number}") for number in range(3)]
    first = client.get("/api/v1/ratings?limit=2").json()
    second = client.get("/api/v1/ratings", params={"limit": 2, "after": first["after"]}).json()
    assert [one["id"] for one in first["items"] + second["items"]] == made[::-1] and second["after"] is None
    assert first["items"][0]["figures"] == {"tech-index": 61.27, "ktrs-fm": "BBB"}
    named = client.patch(f"/api/v1/ratings/{made[0]}", json={"title": "처음"})
    assert named.status_code == 200 and named.json()["title"] == "처음"
    assert client.get("/api/v1/ratings?search=처음").json()["items"][0]["id"] == made[0]
    assert client.patch(f"/api/v1/ratings/{made[0]}", json={"results": []}).status_code == 422, "no mass assignment"
    assert client.get("/api/v1/ratings?limit=201").status_code == 422
