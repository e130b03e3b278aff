"""The public figures are shown to everybody, in both languages, as soon as there are any."""

from __future__ import annotations

from pathlib import Path

from markup import problems
from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.kernel.settings import Settings
from ktop.web.app import create_app


def test_figures_are_for_everybody(tmp_path: Path) -> None:
    house = House(Settings(data=tmp_path))
    client = TestClient(create_app(house._settings, house), base_url="http://localhost")
    assert "아직 공개한 통계가 없습니다" in client.get("/statistics?lang=ko").text
    assert client.get("/api/v1/statistics").status_code == 404
    (tmp_path / "statistics").mkdir()
    (tmp_path / "statistics" / "figures.json").write_text(
        '{"made": "2026-07-01T00:00:00+00:00", "least": 5, "tables": {"usage": [{"half_year": "2026-H1",'
        ' "kind": "lookups", "count": 1234}], "grades_by_industry": [], "grades_by_region": [{"half_year": "2026-H1",'
        ' "region": "KR-30", "grade": "BBB+", "firms": 12}, {"half_year": "2026-H1", "region": "KR-11", "grade":'
        ' "AA", "firms": null}], "later": [{"grade": "A", "outcome": "failure", "firms": 7}]}}'
    )
    page = client.get("/statistics?lang=ko").text
    assert ">2026년 상반기<" in page and "등급(2026년 상반기)" in page and "2026-H1" not in page
    assert "1,234" in page and "대전광역시" in page and "비공개" in page and page.index("AA<") < page.index("BBB+")
    (tmp_path / "statistics" / "usage.csv").write_text("half_year,kind,count\n2026-H1,lookups,1234\n")
    assert '/statistics/usage.csv"' in page
    assert client.get("/statistics/usage.csv").text.endswith("2026-H1,lookups,1234\n")
    assert client.get("/statistics/later.csv").status_code == client.get("/statistics/x.csv").status_code == 404
    (tmp_path / "statistics" / "usage.xlsx").write_bytes(b"PK")
    assert client.get("/statistics/usage.xlsx").content == b"PK" and '/statistics/usage.xlsx"' in page
    assert "330일" in client.get("/statistics/method?lang=ko").text and "/statistics/method" in page
    assert problems(client.get("/statistics/method?lang=en").text) == []
    english = client.get("/statistics?lang=en").text
    assert "default or out of business" in english and "Daejeon" in english
    assert client.get("/api/v1/statistics").json()["tables"]["usage"][0]["count"] == 1234
