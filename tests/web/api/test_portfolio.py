"""Programs keep companies and technologies: pages by cursor, edits that name the version they change."""

from __future__ import annotations

from pathlib import Path

from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.kernel.settings import Settings
from ktop.web.app import create_app

RECORD = {"company_id": "A-1", "name": "Gaon (invented)", "industry": "C29271"}


def test_companies_and_technologies_by_programs(tmp_path: Path) -> None:
    settings = Settings(solo=True, data=tmp_path)
    client = TestClient(create_app(settings, House(settings)))
    kept = client.post("/api/v1/companies", json={"record": RECORD})
    assert kept.status_code == 201
    address = f"/api/v1/companies/{kept.json()['id']}"
    assert client.post(f"{address}/records", json={"record": {**RECORD, "name": "Gaon 2"}}).status_code == 201
    assert client.put(f"{address}/draft", json={"record": {"name": "half"}}).status_code == 200
    assert [one["number"] for one in client.get(f"{address}/records").json()] == [0, 2, 1]
    shown = client.get(address)
    tag = shown.headers["etag"]
    assert shown.json()["name"] == "Gaon 2" and tag == f'"{shown.json()["version"]}"'
    assert client.patch(address, json={"note": "x"}).status_code == 428
    assert client.patch(address, json={"note": "x"}, headers={"if-match": tag}).json()["note"] == "x"
    assert client.patch(address, json={"note": "y"}, headers={"if-match": tag}).status_code == 412
    assert client.patch(address, json={"note": "y"}, headers={"if-match": "*"}).status_code == 412
    client.post("/api/v1/companies", json={"record": {"name": "Nuri", "company_id": "A-2"}})
    first = client.get("/api/v1/companies?limit=1").json()
    rest = client.get(f"/api/v1/companies?limit=1&after={first['after']}").json()
    assert {one["items"][0]["name"] for one in (first, rest)} == {"Gaon 2", "Nuri"} and rest["after"] is None
    film = {"title": "Film", "text": "It changes colour.", "company": kept.json()["id"]}
    made = client.post("/api/v1/technologies", json=film)
    own = f"/api/v1/technologies/{made.json()['id']}"
    edited = client.patch(own, json={"archived": True}, headers={"if-match": made.headers["etag"]})
    assert edited.json()["archived"] and client.get("/api/v1/technologies").json()["items"] == []
    assert client.get(f"{address}/ratings").json() == {"items": [], "after": None}
    assert client.get("/api/v1/companies/0" + "0" * 31).status_code == 404
