"""A program leads a whole season: rules, call, applicants, ranking, appeal, announcement, follow-up, effect."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.party.actor import INSTALLATION
from ktop.kernel.clock import today
from ktop.kernel.settings import Settings
from ktop.training.reference import build_reference
from ktop.web.app import create_app

AT = "/api/v1/programmes"


def test_a_season_by_programs(tmp_path: Path) -> None:
    settings = Settings(solo=True, data=tmp_path)
    house = House(settings)
    client = TestClient(create_app(settings, house))

    def work() -> None:
        for job in house.work.take(INSTALLATION, "w", 5):
            house.work.do(INSTALLATION, job, lambda: None)

    firms = build_reference(100, 5).head(30)
    firms.select(name for name in firms.columns if name in FACTS and not FACTS[name].derived).write_csv(
        tmp_path / "firms.csv"
    )
    table = (tmp_path / "firms.csv").read_bytes()
    draft = client.post(f"{AT}/rules", json={"example": "market-response"}).json()
    edited = {"version": draft["version"], "source": draft["source"].replace("capacity: 400", "capacity: x")}
    wrong = client.put(f"{AT}/rules/{draft['id']}", json=edited).json()
    assert all(wrong["problem"][lang] for lang in ("ko", "en")), "a draft is kept, and what is wrong with it is said"
    edited = {"version": wrong["version"], "source": draft["source"].replace("capacity: 400", "capacity: 5")}
    sound = client.put(f"{AT}/rules/{draft['id']}", json=edited).json()
    assert sound["problem"] is None
    assert client.put(f"{AT}/rules/{draft['id']}", json=edited).status_code in (409, 412), "edited meanwhile"
    preview = client.post(f"{AT}/rules/{draft['id']}/preview?name=firms.csv", content=table).json()
    assert preview["rows"] == 30 == sum(preview["decisions"].values()) and preview["clauses"]
    published = client.post(f"{AT}/rules/{draft['id']}/publish", json={"version": sound["version"]}).json()
    assert published["state"] == "published"
    day = today().isoformat()
    asked = {"rule": draft["id"], "opens": day, "closes": day, "as_of": day, "blind": True}
    call = client.post(f"{AT}/calls", json=asked).json()
    own = f"{AT}/calls/{call['id']}"
    assert [one["id"] for one in client.get(f"{AT}/open-calls").json()["items"]] == [call["id"]]
    taken = client.post(f"{own}/applicants?name=firms.csv", content=table)
    assert taken.json() == {"rows": 30, "unread": 0, "before": False}
    assert client.post(f"{own}/applicants?name=firms.csv", content=table).json()["before"]

    def step(action: str) -> int:
        version = client.get(own).json()["version"]
        return client.post(f"{own}/step", json={"action": action, "version": version}).status_code

    assert step("close") == 200 and client.post(f"{own}/rank").status_code == 202
    work()
    assert step("tell") == 200
    lines = client.get(f"{own}/applicants?limit=10").json()
    assert len(lines["items"]) == 10 and lines["after"] and lines["items"][0]["name"] is None, "a blind review"
    first = lines["items"][0]["id"]
    appeal = client.post(f"{AT}/applications/{first}/appeals", json={"reason": "A figure is missing."}).json()
    assert step("announce") == 409, "an appeal waits"
    decided = client.post(f"{AT}/appeals/{appeal['id']}/decision", json={"upheld": False, "reason": "Checked."})
    assert decided.json()["state"] == "rejected" and step("announce") == 200
    shown = client.get(f"{AT}/applications/{first}").json()
    assert shown["outcomes"][0]["decision"] and shown["appeals"][0]["id"] == appeal["id"]
    assert client.get(f"{own}/result").content.startswith(b"PK")
    assert client.post(f"{own}/follow").json()["rows"] >= 1
    followed = client.get(f"{AT}/projects").json()
    assert followed["programmes"][0]["programme"] == "market-response"
    outcomes = f"programme,year,firm,observed,jobs\nmarket-response,{call['year']},none,2026,3\n"
    assert client.post(f"{AT}/outcomes?name=o.csv", content=outcomes.encode()).status_code == 422
    standing = client.post(f"{AT}/check", json={"record": {"company_id": "A-1", "name": "Gaon", "industry": "C29271"}})
    assert any(one["clauses"] for one in standing.json()["items"])

    rng = np.random.default_rng(1)
    supported = np.arange(80) % 2 == 0
    panel = pl.DataFrame(
        {
            "firm_id": np.repeat(np.arange(80), 4),
            "year": np.tile([2018, 2019, 2020, 2021], 80),
            "treated_from": np.repeat(np.where(supported, 2020.0, np.nan), 4),
            "sales": (rng.normal(size=(80, 4)) + 5 * (supported[:, None] & (np.arange(4) >= 2))).ravel(),
        }
    ).with_columns(pl.col("treated_from").fill_nan(None))
    panel.write_parquet(tmp_path / "panel.parquet")
    content = (tmp_path / "panel.parquet").read_bytes()
    given = client.post(f"{AT}/effects?name=panel.parquet&outcome=sales", content=content)
    assert given.status_code == 202 and not given.json()["ready"]
    assert client.post(f"{AT}/effects?name=panel.parquet&outcome=profit", content=content).status_code == 422
    work()
    report = f"{AT}/effects/{given.json()['job']['id']}"
    found = client.get(report).json()["found"]
    assert found["refused"] is None and found["att"]["low"] < 5 < found["att"]["high"]
    assert client.get(f"{report}/file?ending=xlsx&reader=ministry").content.startswith(b"PK")
    assert len(client.get(f"{AT}/effects").json()["items"]) == 1
