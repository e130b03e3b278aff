"""Companies from a spreadsheet, on the page, by the API and on the command line: checked, taken in, the rest back."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from people import token_of
from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.cli import main as command_line
from ktop.domain.values.registration_numbers import BusinessNumber
from ktop.kernel.settings import Settings
from ktop.web.app import create_app

NUMBER = BusinessNumber.invented(9003).formatted
CSV = f"사업자등록번호,기업명,설립일\n{NUMBER},가나센서(가상),2014-03-01\n123,다라(가상),2014-03-01\n"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(Settings(solo=True, data=tmp_path_factory.mktemp("imports")))
    yield house
    house._store().engine.dispose()


@pytest.fixture
def visit(house: House) -> TestClient:
    return TestClient(create_app(house._settings, house), cookies={"ktop_lang": "en"})


def test_a_file_is_checked_on_the_page_and_taken_in(house: House, visit: TestClient) -> None:
    start = visit.get("/imports")
    assert all(address in start.text for address in ("/imports/template.xlsx?sheet=staff", 'enctype="multipart'))
    assert visit.get("/imports/template.xlsx?sheet=staff").content[:2] == b"PK"
    token = token_of(start.text)
    refused = visit.post("/imports", data={"csrf": token}, files={"table": ("a.pdf", b"x")})
    assert refused.status_code == 422 and 'role="alert"' in refused.text
    shown = visit.post("/imports", data={"csrf": token}, files={"table": ("firms.csv", CSV.encode("cp949"))})
    said = html.unescape(shown.text)
    assert "make records of: 1 (1 new)" in said and "Companies, row 3" in said and "does not have 10 digits" in said
    rest = visit.get(f"{shown.url.path}/rest.xlsx")
    assert rest.status_code == 200 and "firms-rest.xlsx" in rest.headers["content-disposition"]
    taken = visit.post(shown.url.path, data={"csrf": token})
    assert "Companies whose records were kept: 1" in taken.text
    again = visit.post(shown.url.path, data={"csrf": token})
    assert again.status_code == 409 and "taken in already" in again.text
    assert "가나센서(가상)" in visit.get("/my/companies").text


def test_a_program_does_the_same(visit: TestClient) -> None:
    assert visit.get("/api/v1/import-templates?sheet=checklist").content[:2] == b"PK"
    body = {"content": CSV.encode(), "headers": {"content-type": "application/octet-stream"}}
    read = visit.post("/api/v1/imports?name=firms.csv", **body)
    told = read.json()
    assert (read.status_code, told["companies"], told["wrong_rows"]) == (201, 1, 1)
    assert told["problems"][0]["column"] == "business_number" and told["problems"][0]["text"]["ko"]
    address = f"/api/v1/imports/{told['id']}"
    assert visit.post(f"{address}/take").json()["state"] == visit.get(address).json()["state"] == "taken"
    assert visit.get(f"{address}/rest").content[:2] == b"PK"
    assert visit.post(f"{address}/take").status_code == 409


def test_the_terminal_does_the_same(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*arguments: str) -> str:
        monkeypatch.setattr("sys.argv", ["ktop", "companies", *arguments])
        assert not command_line(house._settings, House)
        return capsys.readouterr().out

    run("template", "--out", str(tmp_path / "t.xlsx"))
    assert (tmp_path / "t.xlsx").read_bytes()[:2] == b"PK"
    (tmp_path / "f.csv").write_text(CSV, encoding="utf-8")
    told = json.loads(run("import", str(tmp_path / "f.csv"), "--check", "--json"))
    assert (told["state"], told["companies"], told["new"]) == ("read", 1, 0)
    told = json.loads(run("import", str(tmp_path / "f.csv"), "--rest", str(tmp_path / "rest.xlsx"), "--json"))
    assert told["state"] == "taken" and (tmp_path / "rest.xlsx").read_bytes()[:2] == b"PK"
