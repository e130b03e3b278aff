"""Pages: every one in both languages, every form without scripts, everything a rating has is shown."""

from __future__ import annotations

import html
import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import invented
import pytest
from fake_platform import SAMPLE, FakePlatform
from pypdf import PdfReader
from starlette.testclient import TestClient

from ktop.catalogue import load
from ktop.domain.company.indicators import tech_index_indicators
from ktop.kernel.errors import UnavailableError
from ktop.kernel.places import Places
from ktop.report import spreadsheet
from ktop.web.pages.common import rated_as_of

STATIC = [
    "/",
    "/companies",
    "/companies/new",
    "/companies/new?from=demo-1",
    "/technology",
    "/compare",
    "/proposals",
    "/methods",
    "/methods/tech-index",
    "/methods/ktrs-fm",
    "/methods/start-up",
    "/methods/global-expansion",
    "/methods/originality",
    "/glossary",
    "/models",
    "/models/ktrs-fm/1.0.0",
    "/api",
]
_VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


class Outline(HTMLParser):
    """Checks nesting and gathers what tests ask for."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.headings: list[int] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.feed(markup)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            self.open.append(tag)
        for name, value in attrs:
            self.attributes.append((tag, name, value))
            if name == "id":
                self.ids.append(str(value))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag


def rated(client: TestClient, token: str, **fields: str) -> str:
    answer = client.post("/ratings", data={"csrf": token, **fields}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


@pytest.fixture
def rating(client: TestClient, token: str) -> str:
    return rated(client, token, company="demo-1", text=SAMPLE)


def check_page(markup: str, lang: str) -> Outline:
    outline = Outline(markup)
    assert f'<html lang="{lang}">' in markup
    assert len(outline.ids) == len(set(outline.ids))
    assert outline.headings.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(outline.headings, outline.headings[1:], strict=False)), outline.headings
    names = {name for _, name, _ in outline.attributes}
    assert "style" not in names
    assert not any(name.startswith("on") for name in names)
    outside = [v for _, name, v in outline.attributes if name in ("src", "href", "action") and v and "//" in v]
    assert not outside
    return outline


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("address", STATIC)
def test_every_page_stands_in_both_languages(client: TestClient, address: str, lang: str) -> None:
    answer = client.get(address, params={"lang": lang} | dict(p.split("=") for p in address.split("?")[1:]))
    assert answer.status_code == 200
    check_page(answer.text, lang)
    if lang == "en":
        prose = re.sub(r'<[^>]+lang="ko"[^>]*>[^<]*<', "<", answer.text)
        prose = prose.replace("한울바이오", "").replace("가온정밀", "").replace("한국어", "").replace("김담당", "")
        assert not re.search("[가-힣]", prose), re.findall(".{30}[가-힣].{30}", prose)[:3]


def test_language_is_remembered(client: TestClient) -> None:
    assert '<html lang="ko">' in client.get("/").text
    client.get("/?lang=en")
    assert '<html lang="en">' in client.get("/methods").text
    assert 'href="/methods?lang=ko"' in client.get("/methods").text
    assert '<html lang="en">' in client.get("/methods?lang=xx").text


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_all_three_results_at_once(client: TestClient, rating: str, lang: str) -> None:
    page = client.get(rating, params={"lang": lang, "part": "all"}).text
    check_page(page, lang)
    page = html.unescape(page)
    index, fast, technology = invented.tech_index(), invented.ktrs_fm(), invented.originality()
    for expected in (f"{index['scores']['index']:.1f}", "A-", "R4", "71.3", "KR1020190000001A"):
        assert expected in page
    for one in (index, fast, technology):
        for opinion in one["opinions"]:
            assert (opinion["text"] in page) == (opinion["lang"] == lang)
        for warning in one["warnings"]:
            assert warning["text"][lang] in page
    for clause in fast["details"]["guarantee"]["clauses"]:
        assert clause["label"][lang] in page
    for step in index["next_steps"]:
        assert step["text"][lang] in page
    assert page.count("<svg") >= 10
    assert {"ko": "미입력", "en": "missing"}[lang] in page
    assert {"ko": "가상 기업 자료로 학습", "en": "trained on synthetic firms"}[lang] in page


def test_a_result_opens_small_with_its_verdict_and_shows_one_part_at_a_time(client: TestClient, rating: str) -> None:
    first = client.get(rating)
    assert len(first.content) <= 150_000, "without fonts, which are files of their own"
    assert 'class="verdict' in first.text and 'id="ktrs-fm"' not in first.text
    tabs = re.findall(r'href="/ratings/[^"?]+\?part=([a-z-]+)#parts"', first.text)
    assert {"tech-index", "ktrs-fm", "originality", "patents", "what-if", "inputs", "all"} <= set(tabs)
    for tab in tabs:
        shown = client.get(rating, params={"part": tab}).text
        assert f'?part={tab}#parts" aria-current="page"' in shown
    assert 'class="verdict' in client.get(rating, params={"part": "nothing-of-that-name"}).text


def test_company_alone_and_technology_alone(client: TestClient, token: str) -> None:
    assert 'id="originality"' not in client.get(rated(client, token, company="demo-1"), params={"part": "all"}).text
    made = client.post("/technology", data={"csrf": token, "text": SAMPLE}, follow_redirects=False).headers["location"]
    answer = client.get(made, params={"part": "all"})
    assert 'id="originality"' in answer.text
    assert 'id="tech-index"' not in answer.text
    assert SAMPLE in answer.text


def test_upload_of_a_record(client: TestClient, token: str) -> None:
    source = json.dumps({"name": "올린 기업"}).encode()
    answer = client.post("/companies", data={"csrf": token}, files={"record": ("r.json", source)})
    assert answer.status_code == 200
    assert "올린 기업" in answer.text
    broken = client.post("/companies", data={"csrf": token}, files={"record": ("r.json", b"[1]")})
    assert broken.status_code == 422
    assert 'role="alert"' in broken.text


def test_nothing_chosen_is_said(client: TestClient, token: str) -> None:
    answer = client.post("/ratings", data={"csrf": token, "text": SAMPLE})
    assert answer.status_code == 422
    assert "평가할 기업이 없습니다" in answer.text
    assert SAMPLE in answer.text


def test_refused_summary_keeps_what_was_typed(client: TestClient, token: str) -> None:
    answer = client.post("/technology", data={"csrf": token, "text": "short"})
    assert answer.status_code == 422
    assert ">short</textarea>" in answer.text
    check_page(answer.text, "ko")


def test_a_technology_waits_for_the_corpus_with_its_text(
    client: TestClient, token: str, services: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_yet(*_: Any) -> None:
        raise UnavailableError("platform.corpus_preparing", percent=37)

    monkeypatch.setattr(services, "rate_technology", not_yet)
    answer = client.post("/technology", data={"csrf": token, "text": SAMPLE, "as_of": "2026-05-01"})
    assert answer.status_code == 503 and answer.headers["retry-after"] == "10"
    assert 'value="37"' in answer.text and f'name="text" value="{html.escape(SAMPLE)}"' in answer.text
    assert 'name="as_of" value="2026-05-01"' in answer.text
    monkeypatch.undo()
    assert "/ratings/" in str(client.post("/technology", data={"csrf": token, "text": SAMPLE}).url)


def test_a_demonstration_company_does_not_age() -> None:
    written = {"source_date": "2026-06-10"}
    assert rated_as_of({"company": "demo"}, written) == date(2026, 6, 10)
    assert rated_as_of({"company": "demo", "as_of": "2027-01-02"}, written) == date(2027, 1, 2)
    assert rated_as_of({}, written) is None, "an uploaded record is rated as of today"


def test_sample_fills_the_field(client: TestClient) -> None:
    assert SAMPLE in client.get("/technology?sample=film").text
    assert "</textarea>" in client.get("/technology?sample=none").text


def test_form_rates_what_was_typed(client: TestClient, token: str, services: FakePlatform) -> None:
    data = {
        "csrf": token,
        "name": "새 기업",
        "sales_krw_t0": "8,234.5",
        "staff_total": "34",
        "q01": "4",
        "as_of": "2026-01-31",
    }
    answer = client.post("/companies/new", data=data)
    assert answer.status_code == 200
    (stored,) = services.kept.values()
    assert stored.record == {"name": "새 기업", "sales_krw_t0": 8_234_500_000, "staff_total": 34, "q01": 4}
    assert stored.as_of.isoformat() == "2026-01-31"


def test_form_says_each_problem_beside_its_field(client: TestClient, token: str) -> None:
    data = {"csrf": token, "name": " ", "staff_total": "약 30", "founded": "어제", "q01": "9", "region": "KR-30"}
    answer = client.post("/companies/new", data=data)
    assert answer.status_code == 422
    check_page(answer.text, "ko")
    for name in ("name", "staff_total", "founded", "q01"):
        assert f'href="#f-{name}"' in answer.text
        assert f'id="f-{name}"' in answer.text
    assert 'value="약 30"' in answer.text
    assert '<option value="KR-30" selected>' in answer.text


def test_demo_company_fills_the_form(client: TestClient) -> None:
    page = client.get("/companies/new?from=demo-1").text
    assert 'value="8,234.5"' in page
    assert 'value="가온정밀"' in page
    assert client.get("/companies/new?from=nobody").status_code == 404


def test_what_if_shows_the_difference(client: TestClient, token: str, rating: str) -> None:
    fields = {"csrf": token, "technical_staff": "20", "sales_krw_t0": "8,234.5"}
    whole = client.post(f"{rating}/what-if", data=fields)
    assert whole.status_code == 200
    assert "▲ 5.00" in whole.text
    check_page(whole.text, "ko")
    part = client.post(f"{rating}/what-if", data=fields, headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<section id="what-if"')
    assert "▲ 5.00" in part.text
    same = client.post(f"{rating}/what-if", data={"csrf": token, "sales_krw_t0": "8,234.5"})
    assert "바뀐 값이 없습니다" in same.text
    wrong = client.post(f"{rating}/what-if", data={"csrf": token, "technical_staff": "many"})
    assert wrong.status_code == 422


def test_the_language_switch_keeps_what_was_typed(client: TestClient, token: str, rating: str) -> None:
    fields = {"csrf": token, "keep": "1", "technical_staff": "많음", "text": "짧은 글", "name": "가온 <정밀>"}
    for address, shown in (
        ("/companies/new", ("가온 &lt;정밀&gt;", "많음", "Company")),
        ("/technology", ("짧은 글", "Technology")),
        (f"{rating}/what-if", ("많음", "What if")),
    ):
        answer = client.post(f"{address}?lang=en", data=fields)
        assert answer.status_code == 200
        check_page(answer.text, "en")
        assert 'role="alert"' not in answer.text
        for words in shown:
            assert words in answer.text
        switch = re.search(r'<button class="switch"[^>]*formaction="([^"]+)"', answer.text)
        assert switch is not None
        assert switch[1] == f"{address}?lang=ko"
    client.cookies.delete("ktop_lang")


def test_a_result_tells_what_changed_since_the_last_one_and_why(
    client: TestClient, services: FakePlatform, rating: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "part=history" not in client.get(rating).text
    now = services.kept[rating.rsplit("/", 1)[1]]
    former = json.loads(json.dumps(now.ratings))
    former[0]["scores"]["index"] = 70.4
    former[0]["model"]["version"] = "0.9.0"
    for entry in (entry for one in former for entry in one["inputs"] if entry["name"] == "technical_staff"):
        entry["value"] = 77
    before = replace(now, id="before", ratings=former, as_of=date(2025, 12, 31))
    monkeypatch.setattr(services, "earlier", lambda who, which, until=None: None if until else before, raising=False)
    page = client.get(f"{rating}?part=history").text
    check_page(page, "ko")
    for words in ("기준일 2025년 12월 31일", "70.4", "0.9.0 →", "1개가 달라졌습니다", "77"):
        assert words in page, words
    assert "<h3>까닭</h3>" in page
    before = replace(before, ratings=now.ratings)
    page = client.get(f"{rating}?part=history").text
    assert "그때와 같습니다" in page and "<h3>까닭</h3>" not in page, "nothing changed, so there is nothing to explain"
    assert "그 날짜까지 낸 결과가 없습니다" in client.get(f"{rating}?part=history&until=2020-01-01").text
    assert client.get(f"{rating}?part=history&until=gestern").status_code == 200


def test_similar_patents_open_with_abstract_dates_and_classes_in_words(client: TestClient, token: str) -> None:
    made = client.post("/technology", data={"csrf": token, "text": SAMPLE}, follow_redirects=False)
    page = client.get(f"{made.headers['location']}?part=patents").text
    check_page(page, "ko")
    opened = page.split('<details class="data"')[1]
    for words in ("수분에 닿으면 빛을 내는 필름.", "누리소재", "공개·공고 2015", "C09K 발광 등 기능 재료"):
        assert words in opened, words


def test_two_companies_side_by_side(client: TestClient, token: str) -> None:
    answer = client.post("/compare", data={"csrf": token, "a": "demo:demo-1", "b": "demo:demo-2"})
    assert answer.status_code == 200
    check_page(answer.text, "ko")
    for expected in ("가온정밀", "누리소프트", "72.4", "51.0", "차이의 원인"):
        assert expected in answer.text
    assert client.post("/compare", data={"csrf": token, "a": "demo:demo-1"}).status_code == 422
    assert client.post("/compare", data={"csrf": token, "a": "nothing", "b": "demo:demo-2"}).status_code == 404


def test_up_to_five_are_chosen_from_a_list_and_stand_in_aligned_columns(client: TestClient, token: str) -> None:
    kept = [rated(client, token, company=f"demo-{place}") for place in (1, 2)]
    page = client.get("/compare").text
    assert all(f'name="pick" value="{address.rsplit("/", 1)[1]}"' in page for address in kept)
    picks = [*(address.rsplit("/", 1)[1] for address in kept), "demo:demo-1"]
    answer = client.post("/compare", data={"csrf": token, "pick": picks})
    assert answer.status_code == 200 and answer.url.path == "/compare"
    assert answer.text.count('<th scope="col" class="num">') >= 3
    six = client.post("/compare", data={"csrf": token, "pick": [*picks, "demo:demo-2", "sample:a", "sample:b"]})
    assert six.status_code == 422 and picks[0] in six.text


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_prospects_with_an_applicant_stand_on_a_page_of_their_own(client: TestClient, token: str, lang: str) -> None:
    result = client.post("/technology", data={"csrf": token, "text": SAMPLE}, follow_redirects=False).headers[
        "location"
    ]
    before = client.get(f"{result}.json").json()
    assert f'href="{result}/prospects"' in client.get(result, params={"lang": lang}).text
    check_page(client.get(f"{result}/prospects").text, lang)
    answer = client.post(f"{result}/prospects", data={"csrf": token, "applicant": "Some Firm"})
    check_page(answer.text, lang)
    for shown in ("2.00 %", "Some Firm", "0.68", "0.55", load("prospects")["validation"]["outcomes"][1]["auc"]):
        assert str(shown) in answer.text
    stranger = client.post(f"{result}/prospects", data={"csrf": token, "applicant": "Nobody"})
    assert "2.00 %" not in stranger.text and "0.68" in stranger.text
    refused = client.post(f"{result}/prospects", data={"csrf": token, "applicant": " "})
    assert refused.status_code == 422 and 'role="alert"' in refused.text
    assert client.get(f"{result}.json").json() == before, "no part of the result"
    company = rated(client, token, company="demo-1")
    assert client.get(f"{company}/prospects").status_code == 404


def test_two_technologies_side_by_side(client: TestClient, token: str) -> None:
    answer = client.post("/compare", data={"csrf": token, "kind": "technology", "a": "sample:film", "b_text": SAMPLE})
    assert answer.status_code == 200
    check_page(answer.text, "ko")
    assert answer.text.count("chart-patent-map") == 2
    assert "&lt;ko&gt; apart" in answer.text
    none = client.post("/compare", data={"csrf": token, "kind": "technology", "a": "sample:film"})
    assert none.status_code == 422
    assert 'name="text"' in none.text  # asked again for technologies, not for companies
    missing = client.post("/compare", data={"csrf": token, "kind": "technology", "a": "sample:x", "b_text": SAMPLE})
    assert missing.status_code == 404


def test_a_technology_is_not_compared_with_a_company(client: TestClient, token: str) -> None:
    alone = client.post("/technology", data={"csrf": token, "text": SAMPLE}, follow_redirects=False).headers["location"]
    found = alone.rsplit("/", 1)[1]
    assert client.post("/compare", data={"csrf": token, "a": "demo:demo-1", "b": found}).status_code == 422


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_pdf_download(client: TestClient, rating: str, lang: str) -> None:
    answer = client.get(f"{rating}.pdf", params={"lang": lang})
    assert answer.headers["content-type"] == "application/pdf"
    assert "attachment" in answer.headers["content-disposition"]
    assert "70.9" in PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()


def test_json_download(client: TestClient, rating: str) -> None:
    body = client.get(f"{rating}.json").json()
    assert [r["model"]["name"] for r in body["ratings"]] == ["tech-index", "ktrs-fm", "originality"]
    assert body["kind"] == "both"


@pytest.mark.parametrize(
    "address", ["/nope", "/ratings/none", "/ratings/none.pdf", "/ratings/a%2Fb", "/ratings/..%2f..", "/compare?a=x&b=y"]
)
def test_what_is_not_there_is_said(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    check_page(answer.text, "ko")


def test_methods_tell_formulas_cuts_and_limits(client: TestClient) -> None:
    page = client.get("/methods").text
    formulas = [indicator.expression.source for indicator in tech_index_indicators()]
    assert formulas and all(html.escape(formula) in page for formula in formulas)
    first_cut = load("grades")["ladders"]["growth"]["cuts"][0]
    assert f"≥ {100 * first_cut:g}%" in page
    assert "가상 기업 자료로 학습하였습니다" in page


def test_every_model_has_a_methods_page_of_its_own(client: TestClient) -> None:
    page = client.get("/methods").text
    models = ("tech-index", "ktrs-fm", "start-up", "global-expansion", "originality")
    for model in models:
        assert f'href="/methods/{model}"' in page
        own = client.get(f"/methods/{model}?lang=en").text
        assert own.count('id="t-limits"') == 1
        assert [other for other in models if f'"t-{other}"' in own] == [model]
    assert client.get("/methods/none").status_code == 404


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_methods_page_tells_all_rules_of_its_model_and_no_others(client: TestClient, lang: str) -> None:
    def shown(model: str) -> str:
        return html.unescape(client.get(f"/methods/{model}", params={"lang": lang}).text)

    rule = load("guarantee")
    for model in ("ktrs-fm", "start-up"):
        page = shown(model)
        assert all(clause["label"][lang] in page for clause in rule["clauses"]) and rule["version"] in page
        assert load("grades")["business_matrix"]["version"] in page and "BBB-" in page
        assert {"ko": "체크리스트 25문항", "en": "checklist"}[lang] in page
        assert load("grades")["ladders"]["originality"]["label"][lang] not in page
    page = shown("global-expansion")
    assert {"ko": "15문항", "en": "15 questions"}[lang] in page and {"ko": "25문항", "en": "The 25"}[lang] not in page
    assert all(source["label"][lang] in page for source in load("reference_abroad")["sources"].values())
    assert {"ko": "가상(합성) 기업", "en": "synthetic"}[lang] in page
    page = shown("tech-index")
    assert rule["version"] not in page and load("grades")["ladders"]["risk"]["label"][lang] not in page
    assert rule["version"] not in shown("originality")
    measured = shown("ktrs-fm")
    assert "0.810" in measured, "figures of the version in force"


def test_added_features_are_tried_on_request(client: TestClient, token: str) -> None:
    made = client.post("/technology", data={"csrf": token, "text": SAMPLE}, follow_redirects=False).headers["location"]
    plain = client.get(made, params={"part": "novelty"})
    assert 'name="suggest"' in plain.text
    assert "형광" not in plain.text.split('id="suggestions"')[1].split("</div>")[0]
    tried = client.get(f"{made}?suggest=1")
    check_page(tried.text, "ko")
    assert "&lt;b&gt;형광&lt;/b&gt; 소광" in tried.text
    assert "+3.1" in tried.text
    assert f"{made}.pdf?suggest=1" in tried.text
    assert client.get(f"{made}.pdf?suggest=1").content[:5] == b"%PDF-"
    assert client.get(f"/api/v1{made}/suggestions").json()["tried"] == 1


def test_a_company_has_no_features_to_add(client: TestClient, rating: str) -> None:
    alone = client.post("/api/v1/ratings/company", json={"record": {"name": "가온"}}).json()["id"]
    assert client.get(f"/ratings/{alone}?suggest=1").status_code == 200
    assert client.get(f"/api/v1/ratings/{alone}/suggestions").status_code == 422


def test_a_table_that_must_wait_too_long_is_told_so(
    client: TestClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheet, "READING", Places(at_once=1, waiting=0, seconds=0.01, busy="records.tables_busy"))
    table = ("p.xlsx", b"PK not read while another one is")
    with spreadsheet.READING.taken():
        answer = client.post("/proposals", data={"csrf": token}, files={"table": table})
    assert answer.status_code == 503
    assert "잠시 뒤에" in answer.text
    assert answer.headers["retry-after"] == "1"
    assert client.post("/proposals", data={"csrf": token}, files={"table": table}).status_code == 422


def test_proposals_are_ranked_on_a_page_and_in_a_spreadsheet(client: TestClient, token: str, tmp_path: Path) -> None:
    table = ("p.csv", "과제번호,과제명,내용\n=1+1,<b>필름</b>,수분을 감지하는 필름\n".encode(), "text/csv")
    answer = client.post("/proposals", data={"csrf": token}, files={"table": table})
    assert answer.status_code == 200
    check_page(answer.text, "ko")
    assert "&lt;b&gt;필름&lt;/b&gt;" in answer.text
    assert "겹칩니다" in answer.text
    sheet = client.post("/proposals", data={"csrf": token, "answer": "xlsx"}, files={"table": table})
    path = tmp_path / "r.xlsx"
    path.write_bytes(sheet.content)
    from ktop.report.spreadsheet import read_xlsx

    assert read_xlsx(path)["proposal_id"].to_list() == ["=1+1"]
    with zipfile.ZipFile(path) as parts:
        assert "<f>" not in parts.read("xl/worksheets/sheet1.xml").decode()  # no cell is a formula


@pytest.mark.parametrize(
    "file", [None, ("p.exe", b"MZ", "x/y"), ("p.csv", b"price\n1\n", "text/csv"), ("p.xlsx", b"PK broken", "x/y")]
)
def test_tables_that_cannot_be_ranked_are_told_so(client: TestClient, token: str, file: Any) -> None:
    files = {"table": file} if file else {"other": ("o.csv", b"", "text/csv")}
    answer = client.post("/proposals", data={"csrf": token}, files=files)
    assert answer.status_code in (400, 422)
    assert 'role="alert"' in answer.text
