"""The pages about model versions: state, log, card and drift, everything escaped."""

from __future__ import annotations

import html
from datetime import UTC, datetime
from pathlib import Path

import pytest
from acting import acting_as
from consenting import BANK, COMPANY, add_organisations
from httpx import Response
from people import token_of
from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.domain.party.actor import INSTALLATION, Actor
from ktop.kernel.settings import Settings
from ktop.models.originality.definitions import installed_versions
from ktop.store.identity import OrganisationRow
from ktop.usecases.companies.examples import example_record
from ktop.web.app import create_app

BEGUN = datetime(2026, 6, 30, 9, tzinfo=UTC)
OPERATOR = Actor("user-operator", "kotec", frozenset({"operator"}))


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_versions_and_their_log(client: TestClient, lang: str) -> None:
    page = client.get("/models", params={"lang": lang}).text
    for version in ("1.0.0", "1.1.0-bank"):
        assert f'href="/models/ktrs-fm/{version}"' in page
    assert "<b>own data</b>" not in page and "<b>own data</b>" in html.unescape(page)
    assert page.index("calibration drifted") < page.index("better on own data"), "the newest entry comes first"
    assert {"ko": "사용 중", "en": "in force"}[lang] in page
    assert {"ko": "변화", "en": "shifted"}[lang] in page
    own = client.get("/models", params={"lang": lang, "q": "1.1.0-bank"}).text.split("<tbody>")[1].split("</tbody>")[0]
    assert "1.1.0-bank" in own and "/1.0.0" not in own
    rows = client.get("/models", params={"lang": lang, "q": "1.1.0-bank", "file": "csv"}).text.strip().splitlines()
    assert len(rows) == 2 and "1.1.0-bank" in rows[1]


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_card_with_its_figures_and_drift(client: TestClient, lang: str) -> None:
    page = html.unescape(client.get("/models/ktrs-fm/1.0.0", params={"lang": lang}).text)
    for expected in ("1234567890abcdef", "0.810", "50.00%", "patents_filed_3y", "1.02", "2026-02"):
        assert expected in page, expected
    assert page.count("<svg") == 2
    assert {"ko": "가상 기업", "en": "synthetic"}[lang] in page


@pytest.mark.parametrize(
    "address", ["/models/ktrs-fm/9.9.9", "/models/none/1.0.0", "/models/ktrs-fm/..%2F..", "/models/x/%3Cb%3E"]
)
def test_what_is_not_there_is_not_found(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert "<b>" not in answer.text


def test_the_api_tells_the_same(client: TestClient) -> None:
    cards = client.get("/api/v1/models").json()
    assert [card["version"] for card in cards if card["champion"]] == ["1.0.0"] * 3
    assert client.get("/api/v1/models/ktrs-fm/1.0.0").json()["data_fingerprint"] == "1234567890abcdef"
    assert client.get("/api/v1/models/ktrs-fm/9").status_code == 404
    assert [event["action"] for event in client.get("/api/v1/models/history").json()] == ["add", "promote", "rollback"]
    assert client.get("/api/v1/models/drift").json()[0]["verdict"] == "shifted"
    made = client.post("/api/v1/ratings/company", json={"record": {"name": "가온정밀"}}).json()
    answers = client.get(f"/api/v1/ratings/{made['id']}/recomputed").json()
    assert {answer["status"] for answer in answers} == {"identical"}
    assert client.get("/api/v1/ratings/none/recomputed").status_code == 404


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_kept_result_is_computed_again_from_its_page(client: TestClient, lang: str) -> None:
    made = client.post("/api/v1/ratings/company", json={"record": {"name": "가온정밀"}}).json()
    path = f"/ratings/{made['id']}"
    asked, done = {"ko": ("다시 계산하여 확인", "마지막 비트까지"), "en": ("Compute it again", "to the last bit")}[lang]
    page = html.unescape(client.get(path, params={"lang": lang, "part": "about"}).text)
    assert asked in page and "?recompute=1#recomputed" in page and done not in page
    page = html.unescape(client.get(path, params={"lang": lang, "recompute": "1"}).text)
    assert done in page


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_card_says_what_to_do_about_drift(client: TestClient, lang: str) -> None:
    page = html.unescape(client.get("/models/ktrs-fm/1.0.0", params={"lang": lang}).text)
    assert {"ko": "무엇을 하여야 하나", "en": "what to do"}[lang] in page


def test_an_operator_puts_a_version_in_force_and_goes_back(tmp_path: Path) -> None:
    house = House(Settings(data=tmp_path))
    add_organisations(house._store())
    with house._store().installation() as work:
        work.identity.add_organisation(OrganisationRow("kotec", "operator", "기술보증기금", "KOTEC", "active", BEGUN))
    browser = TestClient(create_app(house._settings, house), base_url="http://localhost", follow_redirects=False)
    newest, before = house.models.model_card(OPERATOR, "tech-index")["version"], "/models/tech-index/1.3.0"

    def decide(address: str, page: str, **form: str) -> Response:
        token = token_of(browser.get(page).text)
        return browser.post(address, data={"csrf": token, **form}, files={"comparison": ("", b"")})

    with acting_as(OPERATOR) as acting:
        assert house.training.measure_drift(OPERATOR) == [], "nothing was rated yet"
        page = browser.get(f"{before}?lang=ko").text
        assert f"지금은 {newest}" in page and f"{before}/promotion" in page
        assert decide(f"{before}/promotion", before, why=" ").status_code == 422
        token = token_of(browser.get(before).text)
        form, other = {"csrf": token, "why": "<b>더 낫다</b>"}, {"comparison": ("c.json", b"[[1]]")}
        refused = browser.post(f"{before}/promotion", data=form, files=other)
        assert refused.status_code == 422 and "models compare" in refused.text and "<b>더" not in refused.text
        assert decide(f"{before}/promotion", before, why="자체 자료에서 더 낫다").headers["location"] == before
        rated = house.ratings.rate_company(COMPANY, example_record("hanbit-motion"), None).ratings
        assert {one["model"]["version"] for one in rated if one["model"]["name"] == "tech-index"} == {"1.3.0"}
        for _ in range(2):
            house._prune_next = 0.0
            house.work.tend(INSTALLATION)
        (weekly,) = house.work.take(INSTALLATION, "worker", 2)
        house.work.do(INSTALLATION, weekly, lambda: None)
        (report,) = [one for one in house.models.drift_reports(OPERATOR) if one["model"]["name"] == "tech-index"]
        assert (report["model"]["version"], report["rows"]) == ("1.3.0", 1), "a company's rating, not the operator's"
        job = decide(f"{before}/drift", before).headers["location"]
        assert job.startswith("/jobs/") and browser.get(job.partition("?")[0]).status_code == 200
        late = decide(f"/models/tech-index/{newest}/rollback", before, why="늦음")
        assert late.status_code == 409 and "1.3.0" in late.text
        assert decide(f"{before}/rollback", before, why="보정이 어긋남").headers["location"].endswith(newest)
        log = browser.get("/models?lang=ko").text
        assert "보정이 어긋남" in log and "자체 자료에서 더 낫다" in log
        told = [event.action for event in house.audit.events(OPERATOR, everywhere=True).items]
        assert [action for action in told if "model" in action] == ["model.rolled_back", "model.promoted"]
        api = "/api/v1/models/tech-index/1.3.0"
        refused = browser.post(f"{api}/promotion", json={"why": "x", "comparison": {}})
        assert refused.json()["code"] == "lifecycle.not_a_comparison"
        assert browser.post(f"{api}/rollback", json={"why": "x"}).status_code == 409
        for version in installed_versions():
            assert "/promotion" not in browser.get(f"/models/originality/{version}").raise_for_status().text

        acting.now = BANK
        assert "/promotion" not in browser.get(before).text
        assert decide(f"{before}/promotion", "/consents", why="아무나").status_code == 403
        noted = house.audit.events(OPERATOR, everywhere=True, action="access.refused").items
        assert [(event.actor, event.subject) for event in noted] == [
            (BANK.user, "POST /models/{name}/{version}/promotion")
        ]
