"""Batches and jobs on pages and by the API: uploaded, followed, cancelled, downloaded; limits on what is taken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from acting import acting_as
from consenting import BANK, add_organisations
from markup import problems
from people import token_of
from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.domain.party.actor import INSTALLATION, LOCAL_OWNER
from ktop.kernel.settings import Settings
from ktop.web.app import create_app
from ktop.web.security import BODY_LIMIT_BYTES

EXAMPLE = Path(__file__).parents[2] / "examples" / "companies" / "batch.csv"
OCTETS = {"content-type": "application/octet-stream"}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(Settings(solo=True, data=tmp_path, upload_mb=3))


@pytest.fixture
def client(house: House) -> Iterator[TestClient]:
    yield TestClient(create_app(house._settings, house), raise_server_exceptions=False)


def work_all(house: House) -> None:
    while taken := house.work.take(INSTALLATION, "w", 1):
        house.work.do(INSTALLATION, taken[0], lambda: None)


def test_a_table_s_way_over_the_pages(client: TestClient, house: House) -> None:
    csrf = token_of(client.get("/batches").text)
    files = {"table": ("기업.csv", EXAMPLE.read_bytes())}
    form = {"csrf": csrf, "as_of": "2026-06-30", "answer": "csv"}
    given = client.post("/batches", data=form, files=files, follow_redirects=False)
    assert given.status_code == 303
    address = given.headers["location"]
    followed = client.get(address)
    assert followed.headers["refresh"] == "3" and "대기" in followed.text and "기업.csv" in followed.text
    assert "refresh" not in client.get(address.removesuffix("?follow=1")).headers
    work_all(house)
    done = client.get(address)
    assert "refresh" not in done.headers and "완료" in done.text
    link = re.search(r'href="(/batches/[0-9a-f]{32}/answer)"', done.text)
    assert link
    answer = client.get(link[1])
    assert answer.status_code == 200 and "UTF-8''%EA%B8%B0%EC%97%85-rated.csv" in answer.headers["content-disposition"]
    assert "tech_index_index" in answer.text.splitlines()[0]
    for page in ("/batches", "/jobs", "/jobs?lang=en"):
        assert "기업.csv" in client.get(page).text or page.startswith("/jobs")
    assert "rating many companies" in client.get("/jobs?lang=en").text


def test_a_job_is_cancelled_on_its_page_and_only_with_the_form_s_token(client: TestClient, house: House) -> None:
    job = house.jobs.give(LOCAL_OWNER, "models.drift", {})
    csrf = token_of(client.get(f"/jobs/{job.id}").text)
    assert client.post(f"/jobs/{job.id}/cancel").status_code == 403
    assert client.post(f"/jobs/{job.id}/cancel", data={"csrf": csrf}, follow_redirects=False).status_code == 303
    page = client.get(f"/jobs/{job.id}").text
    assert "취소됨" in page and problems(page) == []
    assert client.post(f"/jobs/{job.id}/cancel", data={"csrf": csrf}).status_code == 409


@pytest.mark.parametrize(
    ("files", "status"),
    [({}, 422), ({"table": ("a.exe", b"MZ")}, 422), ({"table": ("a.csv", b"")}, 422)],
)
def test_what_is_no_table_is_told_on_the_page(
    client: TestClient, files: dict[str, tuple[str, bytes]], status: int
) -> None:
    csrf = token_of(client.get("/batches").text)
    answer = client.post("/batches", data={"csrf": csrf}, files=files)
    assert answer.status_code == status and 'role="alert"' in answer.text


def test_a_table_s_way_over_the_api(client: TestClient, house: House) -> None:
    asked = {"name": "firms.csv", "answer": "parquet", "as_of": "2026-06-30", "key": "monday"}
    given = client.post("/api/v1/batches", params=asked, content=EXAMPLE.read_bytes(), headers=OCTETS)
    assert given.status_code == 202, given.text
    batch = given.json()
    assert (batch["ready"], batch["job"]["state"], batch["rows"]) == (False, "waiting", None)
    again = client.post("/api/v1/batches", params=asked, content=EXAMPLE.read_bytes(), headers=OCTETS)
    assert again.json()["id"] == batch["id"]
    assert client.get(f"/api/v1/batches/{batch['id']}/answer").status_code == 404
    work_all(house)
    done = client.get(f"/api/v1/batches/{batch['id']}").json()
    assert done["ready"] and done["rows"] == done["rated"] + done["refused"]
    assert done["job"]["progress"] == {"done": done["rows"], "of": done["rows"]}
    assert client.get(f"/api/v1/batches/{batch['id']}/answer").content[:4] == b"PAR1"
    listed = client.get("/api/v1/jobs", params={"state": "done"}).json()
    assert [job["id"] for job in listed["items"]] == [batch["id"]] and listed["after"] is None
    assert client.get("/api/v1/batches").json()["items"][0]["id"] == batch["id"]


def test_jobs_over_the_api(client: TestClient) -> None:
    given = client.post("/api/v1/jobs", json={"kind": "models.drift"})
    assert given.status_code == 202
    job = given.json()["id"]
    assert client.get(f"/api/v1/jobs/{job}").json()["state"] == "waiting"
    assert client.post(f"/api/v1/jobs/{job}/cancel").json()["state"] == "cancelled"
    assert client.post(f"/api/v1/jobs/{job}/cancel").status_code == 409
    assert client.get(f"/api/v1/jobs/{'0' * 32}").status_code == 404
    assert client.post("/api/v1/jobs", json={"kind": "rate.batch"}).status_code == 422
    page = client.get("/api/v1/jobs", params={"limit": 1}).json()
    assert len(page["items"]) == 1
    assert client.get("/api/v1/jobs", params={"after": "x"}).status_code == 422


def test_a_larger_upload_than_the_limit_is_refused_before_it_is_kept(client: TestClient, house: House) -> None:
    asked = {"name": "firms.csv"}
    fits = client.post("/api/v1/batches", params=asked, content=b"x" * 2_900_000, headers=OCTETS)
    assert fits.status_code == 202
    over = client.post("/api/v1/batches", params=asked, content=b"x" * 3_100_000, headers=OCTETS)
    assert over.status_code == 413
    far_over = client.post(
        "/api/v1/batches", params=asked, content=b"x" * (3_000_000 + BODY_LIMIT_BYTES + 1), headers=OCTETS
    )
    assert far_over.status_code == 413
    elsewhere = client.post("/api/v1/jobs", content=b" " * (BODY_LIMIT_BYTES + 1))
    assert elsewhere.status_code == 413, "only uploads may be larger"
    assert len(house.batches.batches(LOCAL_OWNER).items) == 1


@pytest.fixture
def full(tmp_path: Path) -> Iterator[tuple[TestClient, House]]:
    """A bank that may keep 1 MB of files and has room for 1,000 bytes more."""
    house = House(Settings(data=tmp_path, storage_mb_per_organisation=1))
    add_organisations(house._store())
    with house._store().installation() as work:
        user = work.identity.add_user(login="park", name="Park", lang="ko", demo=False, now=datetime.now(UTC))
        work.identity.add_membership(user, BANK.organisation, "bank_officer", datetime.now(UTC))
    officer = replace(BANK, user=user)
    with house._store().unit(officer) as unit:
        unit.documents.add(kind="k", name="n", media_type="a/b", subject="s", content=b"x" * 999_000)
    with acting_as(officer):
        yield TestClient(create_app(house._settings, house), base_url="http://localhost"), house


def test_what_an_organisation_has_no_room_for_is_refused_in_one_sentence(full: tuple[TestClient, House]) -> None:
    client, house = full
    asked, table = {"name": "firms.csv"}, b"name,note\n" + b"A,b\n" * 500
    over = client.post(
        "/api/v1/batches",
        params=asked | {"lang": "en"},
        content=table,
        headers=OCTETS | {"idempotency-key": "monday-1"},
    )
    told = over.json()
    assert (over.status_code, told["code"]) == (413, "store.storage_full")
    assert "may keep 1 MB of files and keeps 1.0 MB. Ask the operator" in told["detail"]
    page = client.post(
        "/batches",
        data={"csrf": token_of(client.get("/batches").text), "programme": ""},
        files={"table": ("firms.csv", table, "text/csv")},
    )
    assert page.status_code == 413 and problems(page.text) == [] and "파일을 1MB까지 보관할 수 있고" in page.text
    assert not house.batches.batches(BANK).items
    with house._store().unit(BANK) as unit:
        unit.documents.remove("s", "k")
    again = client.post(
        "/api/v1/batches", params=asked, content=table, headers=OCTETS | {"idempotency-key": "monday-1"}
    )
    assert again.status_code == 202, "the refusal is not given again once there is room"


def test_a_batch_whose_answer_finds_no_room_says_so(full: tuple[TestClient, House]) -> None:
    client, house = full
    given = client.post("/api/v1/batches", params={"name": "f.csv"}, content=b"name\nA\n", headers=OCTETS)
    work_all(house)
    told = client.get(f"/api/v1/jobs/{given.json()['id']}").json()
    assert told["state"] == "failed" and "운영자에게 한도를 늘려" in told["error"]["ko"]


def test_names_of_files_lead_nowhere(client: TestClient) -> None:
    for name in ("../../x.csv", "a\r\nset-cookie: x=1.csv", "<script>.csv", "%2e%2e%2fx.csv"):
        given = client.post("/api/v1/batches", params={"name": name}, content=b"name\nA\n", headers=OCTETS)
        assert given.status_code == 202
        shown = client.get("/batches").text
        assert "<script>" not in shown and "../" not in given.json()["file"]


def test_a_webhook_s_way_over_the_pages(tmp_path: Path) -> None:
    house = House(Settings(solo=True, data=tmp_path, webhooks_anywhere=True))
    client = TestClient(create_app(house._settings, house), raise_server_exceptions=False)
    csrf = token_of(client.get("/webhooks").text)
    wrong = client.post("/webhooks", data={"csrf": csrf, "url": "ftp://x/", "topic": "rating"})
    assert wrong.status_code == 422 and 'role="alert"' in wrong.text
    added = client.post("/webhooks", data={"csrf": csrf, "url": "http://127.0.0.1:9/<b>", "topic": ["rating", "job"]})
    assert "whsec_" in added.text and "&lt;b&gt;" in added.text
    listed = client.get("/webhooks").text
    assert "whsec_" not in listed
    (one,) = set(re.findall(r'href="(/webhooks/[0-9a-f]{32})"', listed))
    assert problems(client.get(one).text) == []
    assert "http://127.0.0.1:9/<b>" in client.get("/webhooks?file=csv").text
    link = re.search(r'href="(/webhooks/[0-9a-f]{32})"', added.text)
    assert link
    house.jobs.give(LOCAL_OWNER, "models.drift", {})
    while house.webhooks.deliver(INSTALLATION):
        pass
    shown = client.get(link[1])
    assert "job.given" in shown.text and "연결할 수 없습니다" in shown.text
    for do, words in (("pause", "멈춤"), ("resume", "보냄")):
        assert words in client.post(link[1], data={"csrf": csrf, "do": do}).text
    assert client.post(link[1], data={"do": "remove"}).status_code == 403
    client.post(link[1], data={"csrf": csrf, "do": "remove"})
    assert client.get(link[1]).status_code == 404


def test_a_webhook_s_way_over_the_api(tmp_path: Path) -> None:
    house = House(Settings(solo=True, data=tmp_path, webhooks_anywhere=True))
    client = TestClient(create_app(house._settings, house), raise_server_exceptions=False)
    added = client.post("/api/v1/webhooks", json={"url": "http://127.0.0.1:9/", "topics": ["job"]})
    assert added.status_code == 201 and added.json()["secret"].startswith("whsec_")
    address = f"/api/v1/webhooks/{added.json()['id']}"
    assert "secret" not in client.get(address).json()
    assert client.get("/api/v1/webhooks").json() == [client.get(address).json()]
    house.jobs.give(LOCAL_OWNER, "models.drift", {})
    while house.webhooks.deliver(INSTALLATION):
        pass
    (sent,) = client.get(f"{address}/deliveries").json()["items"]
    assert (sent["topic"], sent["state"]) == ("job.given", "waiting") and set(sent["problem"]) == {"ko", "en"}
    assert client.post(f"/api/v1/deliveries/{sent['id']}/again").status_code == 409
    known = {"if-match": client.get(address).headers["etag"]}
    paused = client.patch(address, json={"state": "paused"}, headers=known)
    assert paused.json()["state"] == "paused" and client.delete(address, headers=known).status_code == 412
    assert client.delete(address, headers={"if-match": paused.headers["etag"]}).status_code == 204
    assert client.get(address).status_code == 404
    assert client.post("/api/v1/webhooks", json={"url": "http://127.0.0.1:9/", "topics": ["x"]}).status_code == 422
