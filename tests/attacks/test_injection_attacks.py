"""Names that mean something in HTML, SVG, JSON, typst, SQL, shells or templates: they stay names everywhere."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from pypdf import PdfReader
from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.kernel.settings import Settings
from ktop.usecases.companies.examples import example_record
from ktop.web.app import create_app

PAYLOADS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</textarea></select><iframe src=javascript:alert(1)>",
    "<!--<p>-->",
    "]]><x>",
    "javascript:alert(1)",
    "&lt;script&gt;&#x27;&amp;",
    "{{7*7}}{% raw %}{{ self }}",
    "${7*7}#{7*7}<%= 7*7 %>",
    '#eval("1+1") #import "x.typ": *',
    "$ x^2 $ *bold* _it_ @ref <label>",
    '#read("/etc/passwd")',
    "'; DROP TABLE ratings; --",
    '" OR "1"="1',
    "$(id)`id`|id;id",
    "../../../../etc/passwd",
    "{name} {0.__class__} %s %(name)s",
    '","admin":true,"x":"',
]


class Page(HTMLParser):
    """What a browser would take a page for."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def shape(self) -> list[tuple[str, tuple[str, ...]]]:
        """Return its elements with the names of their attributes."""
        return [(tag, tuple(attributes)) for tag, attributes in self.elements]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(solo=True, data=tmp_path_factory.mktemp("data"), corpus=None, database_url=None)
    yield TestClient(create_app(settings, House(settings)), headers={"accept-language": "ko"})


def rated(client: TestClient, name: str) -> str:
    """Rate a company of that name and return the address of the result; no other result is of the same company."""
    record = json.loads(json.dumps(example_record("hanbit-motion") | {"name": name, "name_en": name}, default=str))
    for number in ("company_id", "business_number", "corporate_number"):
        record.pop(number, None)
    answer = client.post("/api/v1/ratings/company", json={"record": record, "as_of": "2026-06-30"})
    assert answer.status_code == 201, answer.text
    assert all(rating["subject"]["name"] == name for rating in answer.json()["ratings"])
    return f"/ratings/{answer.json()['id']}"


@pytest.fixture(scope="module")
def harmless(client: TestClient) -> str:
    return rated(client, "가온정밀")


@pytest.fixture(scope="module")
def results(client: TestClient) -> dict[str, str]:
    """The address of one result for each name."""
    return {payload: rated(client, payload) for payload in PAYLOADS}


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_name_stays_a_name(client: TestClient, harmless: str, results: dict[str, str], payload: str) -> None:
    address = results[payload]
    own, other = (one.removeprefix("/ratings/") for one in (address, harmless))
    for path in ("/ratings/{0}", "/ratings/{0}?recompute=1", "/compare?a={0}&b={0}"):
        page = Page(client.get(path.format(own)).text)
        usual = Page(client.get(path.format(other)).text.replace(other, own))
        assert payload in "".join(page.text)
        assert page.shape() == usual.shape(), "the name made, took away or changed an element"
        for (_, found), (_, expected) in zip(page.elements, usual.elements, strict=True):
            for name in ("href", "src", "action", "hx-post"):
                assert found.get(name) == expected.get(name)
    kept = client.get(f"{address}.json").json()
    assert {rating["subject"]["name"] for rating in kept["ratings"]} == {payload}


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_name_stays_a_name_in_the_report(client: TestClient, results: dict[str, str], payload: str) -> None:
    report = PdfReader(io.BytesIO(client.get(f"{results[payload]}.pdf?lang=ko").content))
    # page after page, because reading the text of all takes longer than setting them
    assert any(re.sub(r"\s", "", payload) in re.sub(r"\s", "", page.extract_text()) for page in report.pages)
    raw = b"".join(key.encode() for key in _keys(report.trailer["/Root"]))
    assert b"/JavaScript" not in raw and b"/JS" not in raw and b"/Launch" not in raw and b"/OpenAction" not in raw


def _keys(value: object, seen: set[int] | None = None) -> Iterator[str]:
    """Yield the keys and names of a PDF's objects, each object once."""
    seen = set() if seen is None else seen
    value = value.get_object() if hasattr(value, "get_object") else value
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, dict):
        for key, part in value.items():
            yield str(key)
            yield from _keys(part, seen)
    elif isinstance(value, list):
        for part in value:
            yield from _keys(part, seen)
    elif isinstance(value, str) and value.startswith("/"):
        yield value


@pytest.mark.parametrize("payload", PAYLOADS)
def test_an_address_or_a_form_says_nothing_back_unescaped(client: TestClient, harmless: str, payload: str) -> None:
    usual = Page(client.get("/compare", params={"a": "nothing", "b": "nothing"}).text)
    given = Page(client.get("/compare", params={"a": payload, "b": payload}).text)
    assert given.shape() == usual.shape()
    form = Page(client.get(harmless, params={"part": "what-if"}).text)
    token = next(e["value"] for _, e in form.elements if e.get("name") == "csrf")
    answers = [
        client.post(f"{harmless}/what-if", data={"csrf": token or "", "technical_staff": text})
        for text in (payload, "many")
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    shown, expected = (Page(answer.text) for answer in answers)
    assert shown.shape() == expected.shape()
    assert payload in [attributes.get("value") for _, attributes in shown.elements]
