"""Journeys through the real platform: its released models, an indexed corpus and a data folder of its own.

Everything is reached as a reader reaches it: by the links and forms of the page before.
"""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from python_calamine import CalamineWorkbook
from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.catalogue import text as message
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.party.actor import LOCAL_OWNER
from ktop.kernel.settings import Settings
from ktop.report.present.models import model_title
from ktop.usecases.companies.examples import example_record
from ktop.web import forms
from ktop.web.app import create_app
from ktop.web.pages.common import day_written

CHECKLIST = {name for name, spec in FACTS.items() if spec.group == "checklist"}
SUMMARY = (
    "A solid state battery cell with a sulfide electrolyte is diagnosed while it charges: the impedance at several "
    "frequencies is measured, a model estimates the growth of dendrites at the lithium anode, and the charging current "
    "is lowered before a short circuit can form."
)


@pytest.fixture(scope="module")
def visitor(demo_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A browser at the application, put together as the server's start does."""
    settings = Settings(solo=True, data=tmp_path_factory.mktemp("data"), corpus=demo_corpus, database_url=None)
    platform = House(settings)
    assert platform.corpora.is_prepared(LOCAL_OWNER)
    yield TestClient(create_app(settings, platform), headers={"accept-language": "en"})


@pytest.fixture(autouse=True)
def english(visitor: TestClient) -> None:
    visitor.get("/?lang=en")


def read(visitor: TestClient, address: str) -> str:
    """Return a page that must be there."""
    answer = visitor.get(address)
    assert answer.status_code == 200, (address, answer.text[:2000])
    return html.unescape(answer.text)


def send(visitor: TestClient, page: str, action: str, *, files: Any = None, status: int = 200, **fields: str) -> Any:
    """Send the form of a page that goes to ``action``, with its hidden fields unless ``fields`` say otherwise."""
    forms = [
        f for f in re.findall(r"<form\b.*?</form>", page, re.S) if f'action="{action}' in f and 'method="post"' in f
    ]
    names = {"company": fields["company"]} if "company" in fields and len(forms) > 1 else {}
    form = next(f for f in forms if all(f'name="{k}"' in f and f'"{v}"' in f for k, v in names.items()))
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    answer = visitor.post(action, data=hidden | fields, files=files)
    assert answer.status_code == status, answer.text[:2000]
    return answer


def result_of(answer: Any) -> str:
    """Return the address of the result that a form led to."""
    assert re.fullmatch(r"/ratings/[0-9A-Za-z-]+", answer.url.path), answer.url
    return str(answer.url.path)


def test_the_what_if_form_holds_the_facts_of_the_record(visitor: TestClient) -> None:
    answer = send(visitor, read(visitor, "/companies"), "/companies", company="hanbit-motion")
    page = read(visitor, f"{result_of(answer)}?part=what-if")
    shown = dict(re.findall(r'<input id="f-(\w+)" name="\w+" value="([^"]*)"', page))
    for name, options in re.findall(r'<select id="f-(\w+)"(.*?)</select>', page, re.S):
        shown |= dict.fromkeys([name], "".join(re.findall(r'value="([^"]*)" selected', options)))
    record = example_record("hanbit-motion")
    facts = visitor.app.state.platform.companies.facts_of_record(LOCAL_OWNER, record, day_written(record))
    assert {name: value for name, value in shown.items() if value} == {
        name: value
        for name, value in forms.typed(facts).items()
        if name in forms.what_if_names() and name not in CHECKLIST
    }
    assert len(shown) > 10


def test_from_the_list_of_companies_to_the_report(visitor: TestClient) -> None:
    assert 'href="/companies"' in read(visitor, "/")
    answer = send(visitor, read(visitor, "/companies"), "/companies", company="hanbit-motion")
    address = result_of(answer)
    page = html.unescape(read(visitor, f"{address}?part=all"))
    assert "Hanbit Motion" in page and 'id="tech-index"' in page and 'id="ktrs-fm"' in page
    kept = visitor.get(f"{address}.json").json()
    models = {rating["model"]["name"]: rating for rating in kept["ratings"]}
    assert f"{models['tech-index']['scores']['index']:.1f}" in page
    assert models["ktrs-fm"]["grades"]["business"] in page

    answer = send(visitor, page, f"{address}/what-if", rnd_expense_krw_t0="900")
    tried = html.unescape(answer.text)
    assert "tone-good" in tried or "tone-bad" in tried
    assert visitor.get(f"{address}.json").json() == kept, "a trial changes nothing that is kept"

    again = read(visitor, f"{address}?recompute=1").split('id="recomputed"')[1].split("</ul>")[0]
    identical = [
        message("lifecycle.identical", "en", model=model_title(name, "en"), version=rating["model"]["version"])
        for name, rating in models.items()
    ]
    assert re.findall("<li>(.*?)</li>", again) == identical
    report = visitor.get(f"{address}.pdf")
    assert report.headers["content-type"] == "application/pdf"
    printed = "\n".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(report.content)).pages)
    assert "Hanbit Motion" in printed and f"{models['tech-index']['scores']['index']:.1f}" in printed


def test_the_form_rates_what_it_was_filled_with(visitor: TestClient) -> None:
    filled = read(visitor, "/companies/new?from=hanbit-motion")
    fields = dict(re.findall(r'<input id="[^"]+"[^>]*? name="([^"]+)"[^>]*? value="([^"]*)"', filled))
    assert fields["industry"] == "C29280"
    answer = send(visitor, filled, "/companies/new", **fields)
    kept = visitor.get(f"{result_of(answer)}.json").json()
    given = {one["name"]: one["value"] for one in kept["ratings"][0]["inputs"]}
    assert given["industry"] == "C29280" and given["sales_krw_t0"] > 0
    answer = send(visitor, filled, "/companies/new", status=422, **(fields | {"sales_krw_t0": "much"}))
    assert 'value="much"' in answer.text


def test_from_a_sample_summary_to_suggestions(visitor: TestClient) -> None:
    sample = re.findall(r'href="(/technology\?sample=[^"]+)"', read(visitor, "/technology"))[0]
    page = read(visitor, sample)
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.S)
    assert found
    answer = send(visitor, page, "/technology", text=found[1].strip())
    address = result_of(answer)
    kept = visitor.get(f"{address}.json").json()["ratings"][0]
    assert kept["model"]["name"] == "originality"
    scores = [value for name, value in kept["scores"].items() if value is not None and name != "density"]
    whole = read(visitor, f"{address}?part=all")
    assert len(scores) >= 2 and all(f"{value:.1f}" in whole for value in scores)
    tried = read(visitor, f"{address}?suggest=1")
    assert f"{address}.pdf?suggest=1" in tried
    assert visitor.get(f"{address}.pdf?suggest=1").content.startswith(b"%PDF")


def test_proposals_are_ranked_on_the_page_and_in_a_spreadsheet(visitor: TestClient) -> None:
    other = SUMMARY.replace("solid state battery cell with a sulfide electrolyte", "camera of an endoscope")
    table = f'id,title,summary\nP1,Battery,"{SUMMARY}"\nP2,Endoscope,"{other}"\n'.encode()
    files = {"table": ("proposals.csv", table)}
    page = read(visitor, "/proposals")
    shown = send(visitor, page, "/proposals", files=files, answer="page").text
    assert "P1" in shown and "P2" in shown
    answer = send(visitor, page, "/proposals", files=files, answer="xlsx")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    cells = [str(cell) for row in rows for cell in row]
    assert "P1" in cells and "P2" in cells


def test_two_companies_and_two_technologies_are_compared(visitor: TestClient) -> None:
    page = read(visitor, "/compare")
    answer = send(visitor, page, "/compare", a="demo:hanbit-motion", b="demo:dasom-sensing")
    assert answer.url.path == "/compare" and "Hanbit Motion" in answer.text
    sides = re.findall(r'<h2><a href="(/ratings/[^"]+)">', answer.text)
    assert len(set(sides)) == 2
    for side in sides:
        index = visitor.get(f"{side}.json").json()["ratings"][0]["scores"]["index"]
        assert f"{index:.1f}" in answer.text
    page = read(visitor, "/compare?kind=technology")
    sample = re.findall(r'value="(sample:[^"]+)"', page)[0]
    answer = send(visitor, page, "/compare", kind="technology", a=sample, b_text=SUMMARY)
    assert 'id="sides"' in answer.text


def test_models_their_cards_and_their_drift(visitor: TestClient) -> None:
    cards = sorted(set(re.findall(r'href="(/models/[^"]+)"', read(visitor, "/models"))))
    assert {card.split("/")[2] for card in cards} >= {"tech-index", "ktrs-fm", "start-up"}
    for card in cards:
        page = read(visitor, card)
        assert 'id="t-card"' in page and 'id="t-drift"' in page
        assert card.rsplit("/", 1)[1] in page
    assert visitor.get("/models/ktrs-fm/9.9.9").status_code == 404


def test_methods_of_every_model(visitor: TestClient) -> None:
    pages = set(re.findall(r'href="(/methods/[a-z-]+)"', read(visitor, "/methods")))
    assert pages == {
        f"/methods/{name}" for name in ("tech-index", "ktrs-fm", "start-up", "global-expansion", "originality")
    }
    for address in pages:
        assert 'id="t-limits"' in read(visitor, address)


def test_the_api_says_what_the_pages_say(visitor: TestClient) -> None:
    described = visitor.get("/api/v1/openapi.json").json()
    page = read(visitor, "/api")
    assert "/api/v1/ratings/company" in described["paths"] and "/api/v1/ratings/company" in page
    kept = visitor.post("/api/v1/ratings/technology", json={"text": SUMMARY, "as_of": "2026-06-30"})
    assert kept.status_code == 201 and "prospects_with_applicant" not in kept.json()
    asked = {"text": SUMMARY, "as_of": "2026-06-30", "applicant": "Nobody Knows Us"}
    beside = visitor.post("/api/v1/ratings/technology", json=asked).json()
    assert beside["prospects_with_applicant"]["reason"] == "new_applicant"
    assert json.dumps(beside["ratings"]) == json.dumps(kept.json()["ratings"]), "who files is no part of the rating"
    refused = visitor.post("/api/v1/ratings/technology", json={**asked, "applicant": "주식회사"})
    assert (refused.status_code, refused.json()["code"]) == (422, "prospects.no_name")
    again = visitor.get(f"/api/v1/ratings/{kept.json()['id']}")
    assert json.dumps(again.json()["ratings"]) == json.dumps(kept.json()["ratings"])
    assert kept.json()["ratings"][0]["grades"]["originality"] in read(visitor, f"/ratings/{kept.json()['id']}")


def test_every_page_changes_its_language_in_place(visitor: TestClient) -> None:
    for address in (
        "/",
        "/companies",
        "/companies/new",
        "/technology",
        "/proposals",
        "/compare",
        "/models",
        "/methods",
    ):
        page = read(visitor, address)
        link = re.search(r'href="([^"]*lang=ko[^"]*)"', page)
        form = re.search(r'name="keep" value="1" formaction="([^"]*lang=ko)"', page)  # a form keeps what was typed
        if form:
            hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
            assert '<html lang="ko">' in visitor.post(form[1], data=hidden | {"keep": "1"}).text
        else:
            assert link, address
            assert '<html lang="ko">' in read(visitor, html.unescape(link[1]))
        assert '<html lang="ko">' in read(visitor, address), "the choice is remembered"
        visitor.get(f"{address}?lang=en")
