"""The pages of collecting: a number is typed, followed, confirmed, corrected, saved and rated; the operator's page."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx import Response
from people import token_of
from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.collect.stand_in.companies import made_up_companies
from ktop.domain.party.actor import INSTALLATION
from ktop.kernel.clock import today
from ktop.kernel.settings import Settings
from ktop.web.app import create_app

GARAM = made_up_companies(today())[0]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(Settings(solo=True, data=tmp_path))
    yield house
    house._store().engine.dispose()


@pytest.fixture
def visit(house: House) -> TestClient:
    return TestClient(create_app(house._settings, house), cookies={"ktop_lang": "en"})


def posted(visit: TestClient, address: str, **fields: str) -> Response:
    token = token_of(visit.get("/collect").text)
    return visit.post(address, data={"csrf": token, **fields})


def test_from_a_number_to_a_rating(house: House, visit: TestClient) -> None:
    assert "does not have 10 digits" in posted(visit, "/collect", business_number="123").text
    assert "no keys of public sources yet" in posted(visit, "/collect", business_number=GARAM.business_number).text
    running = posted(visit, "/collect", business_number=GARAM.business_number, made_up="1")
    assert running.status_code == 200 and "refresh" in running.headers and "<progress" in running.text
    (job,) = house.work.take(INSTALLATION, "worker", 1)
    house.work.do(INSTALLATION, job, lambda: None)
    address = running.url.path
    shown = visit.get(address)
    assert "refresh" not in shown.headers
    said = html.unescape(shown.text)
    assert f"<h1>{GARAM.name_en}</h1>" in said and GARAM.name_en in html.unescape(visit.get("/collect").text)
    for words in (GARAM.name, "9,120,000,000", "made-up company", "Found by name alone", "KIPRIS Plus"):
        assert words in said
    assert said.count("/collect/answers/") > 150, "every value leads to its answer, also those of one entry"
    answer = re.search(r"/collect/answers/[0-9a-f]{32}", said)
    assert answer and "SHA-256" in visit.get(answer[0]).text

    question = re.search(r'name="path" value="(rnd_projects\.[0-9A-Za-z]+)"', said)
    assert question
    after = posted(visit, f"{address}/confirm", path=question[1]).text
    assert f'name="path" value="{question[1]}"' not in after
    wrong = posted(visit, f"{address}/correct", path="founded", value="yesterday", reason="x")
    assert wrong.status_code == 422 and 'role="alert"' in wrong.text
    right = posted(visit, f"{address}/correct", path="founded", value="2014-03-13", reason="<b>register</b>")
    assert "13 March 2014" in right.text and "<b>register" not in right.text
    patent = f"ip.{GARAM.rights[0].application}"
    assert f'<option value="{patent}">' in right.text
    out = posted(visit, f"{address}/correct", entry=patent, field="", value="", reason="sold").text
    assert f'<option value="{patent}">' not in out and "sold" in out and "Take back" in out
    back = posted(visit, f"{address}/confirm", path=patent).text
    assert "Take back" not in back
    claims = posted(visit, f"{address}/correct", entry=patent, field="claims", value="31", reason="amended").text
    assert "amended" in claims and ">31<" in claims
    assert posted(visit, f"{address}/validate", opened="soon", representative="x").status_code == 422
    said = {"opened": GARAM.founded.isoformat(), "representative": "가상인"}
    checked = posted(visit, f"{address}/validate", **said).text
    assert "As registered with the tax service" in checked and "가상인" not in checked
    rated = posted(visit, f"{address}/save", rate="1")
    assert rated.status_code == 200 and rated.url.path.startswith("/ratings/")


def test_a_program_does_the_same_by_the_api(house: House, visit: TestClient) -> None:
    asked = {"business_number": GARAM.business_number, "made_up": True}
    begun = visit.post("/api/v1/collections", json=asked)
    assert begun.status_code == 202 and begun.json()["details"] is None
    (job,) = house.work.take(INSTALLATION, "worker", 1)
    house.work.do(INSTALLATION, job, lambda: None)
    address = f"/api/v1/collections/{begun.json()['id']}"
    details = visit.get(address).json()["details"]
    founded = next(one for one in details["values"] if one["path"] == "founded")
    assert founded["source"] == "opendart" and len(details["sources"]) == 9 and details["missing"] == []
    came = visit.get(f"/api/v1/collected-answers/{founded['stated'][0]['answer']}")
    assert came.status_code == 200 and b'"est_dt"' in came.content
    again = visit.post(f"{address}/confirm", json={"paths": ["founded"]}).json()["details"]
    assert next(one for one in again["values"] if one["path"] == "founded")["state"] == "confirmed"
    assert visit.post(f"{address}/correct", json={"path": "founded", "value": "x", "reason": "y"}).status_code == 422
    right = visit.post(f"{address}/validation", json={"opened": str(GARAM.founded), "representative": "가상인"})
    assert right.status_code == 200 and right.json()["right"] is True
    assert visit.post(f"{address}/save").json()["company"]
    assert len(visit.get("/api/v1/sources").json()["items"]) == 9


def test_the_operator_sees_every_source(visit: TestClient) -> None:
    shown = visit.get("/sources")
    assert shown.status_code == 200 and shown.text.count("no key") == 9
    assert "this month 0 / 1,000" in shown.text
    assert visit.get("/collect/" + "0" * 32).status_code == 404
