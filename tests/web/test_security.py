"""What guards every answer and every form."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fake_platform import FakePlatform
from starlette.testclient import TestClient

from ktop.kernel.settings import Settings
from ktop.web.app import create_app
from ktop.web.entry import Draft, kept_draft
from ktop.web.pages.common import version_typed
from ktop.web.security import BODY_LIMIT_BYTES, FormTokens

FORMS = ["/ratings", "/companies", "/companies/new", "/technology", "/compare", "/ratings/x/what-if"]


@pytest.mark.parametrize("address", ["/", "/nope", "/api/v1/models", "/static/x/ktop.css", "/favicon.ico"])
def test_headers_stand_on_every_answer(client: TestClient, address: str) -> None:
    headers = client.get(address).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_results_are_not_kept_by_browsers_but_files_are(client: TestClient) -> None:
    page = client.get("/")
    assert page.headers["cache-control"] == "no-store"
    sheet = re.search(r'href="(/static/[0-9a-f]+/ktop\.css)"', page.text)
    assert sheet
    assert "immutable" in client.get(sheet[1]).headers["cache-control"]
    assert client.get("/static/0/ktop.css").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("address", FORMS)
def test_forms_need_their_token(client: TestClient, token: str, address: str, services: FakePlatform) -> None:
    for wrong in ({}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": "가"}):
        assert client.post(address, data=wrong).status_code == 403
    other = TestClient(client.app)  # another visitor's cookie does not fit this token
    other.get("/")
    assert other.post(address, data={"csrf": token}).status_code == 403
    assert not services.kept


def test_visit_cookie_is_closed_to_scripts_and_other_sites(client: TestClient) -> None:
    cookie = client.get("/").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_open_forms_outlive_a_restart(tmp_path: Path) -> None:
    first = TestClient(create_app(Settings(solo=True, data=tmp_path), FakePlatform()))
    token = re.search(r'name="csrf" value="(\w+)"', first.get("/").text)
    assert token
    second = TestClient(create_app(Settings(solo=True, data=tmp_path), FakePlatform()), cookies=first.cookies)
    assert second.post("/technology", data={"csrf": token[1], "text": "short"}).status_code == 422
    assert (tmp_path / "keys" / "form-secret").stat().st_mode & 0o077 == 0


def test_no_folder_for_the_secret_is_no_obstacle(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert FormTokens.stored(blocked / "keys")


@pytest.mark.parametrize("address", ["/technology", "/companies", "/api/v1/ratings/technology"])
def test_large_bodies_are_refused(client: TestClient, token: str, address: str) -> None:
    answer = client.post(address, content=b"x" * (BODY_LIMIT_BYTES + 1), headers={"content-type": "application/json"})
    assert answer.status_code == 413


def test_large_bodies_without_a_length_are_refused(client: TestClient) -> None:
    def endless():  # type: ignore[no-untyped-def]
        for _ in range(BODY_LIMIT_BYTES // 65536 + 2):
            yield b"x" * 65536

    answer = client.post("/api/v1/ratings/technology", content=endless(), headers={"content-type": "application/json"})
    assert answer.status_code == 413


def test_broken_forms_are_refused(client: TestClient, token: str) -> None:
    broken = client.post(
        "/companies", content=b"--x\r\nbad", headers={"content-type": "multipart/form-data; boundary=y"}
    )
    assert broken.status_code in (403, 422)
    many = client.post("/companies/new", data={"csrf": token, **{f"f{i}": "1" for i in range(500)}})
    assert many.status_code == 422


NASTY = '"><script>alert(1)</script>{{7*7}}<img src=x onerror=alert(1)>'


def test_user_text_is_shown_and_never_run(client: TestClient, token: str) -> None:
    answer = client.post("/companies/new", data={"csrf": token, "name": NASTY, "name_en": NASTY})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "<img" not in answer.text
    assert "{{7*7}}" in answer.text
    refused = client.post("/companies/new", data={"csrf": token, "name": "", "region": NASTY, "staff_total": NASTY})
    assert "<script>alert" not in refused.text
    assert "<script>alert" not in client.get("/compare", params={"a": NASTY}).text
    assert "<script>alert" not in client.get("/technology", params={"sample": NASTY, "lang": NASTY}).text


def test_htmx_comes_from_our_own_address(client: TestClient) -> None:
    page = client.get("/").text
    scripts = re.findall(r"<script[^>]*>", page)
    assert len(scripts) == 2
    for script, name, begins in zip(scripts, ("pages", "htmx"), (b"What makes pages easier", b"htmx"), strict=True):
        address = re.search(rf'src="(/static/[0-9a-f]+/{name}\.js)"', script)
        assert address, script
        answer = client.get(address[1])
        assert answer.headers["content-type"].startswith("text/javascript")
        assert begins in answer.content[:200]


def test_pages_stand_without_htmx(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from ktop.web import assets

    monkeypatch.setattr(assets, "htmx", lambda: None)
    client = TestClient(create_app(Settings(solo=True, data=tmp_path), FakePlatform()))
    assert [name for name in ("htmx", "passkeys") if f"{name}.js" in client.get("/").text] == []
    assert client.get("/static/0/htmx.js").status_code == 404


def test_a_defect_tells_nothing_of_itself(
    client: TestClient, services: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(actor: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(services, "model_cards", broken)
    answer = client.get("/methods")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert client.get("/api/v1/models").json()["code"] == "web.unexpected"


@pytest.mark.parametrize(
    ("name", "status"),
    [
        *(("127.0.0.1:8000", 200), ("localhost", 200), ("[::1]:8000", 200), ("LOCALHOST:8000", 200)),
        *(("ktop.example", 200), ("evil.example", 421), ("evil.example:8000", 421), ("127.0.0.1.evil.example", 421)),
        ("", 421),
    ],
)
def test_this_machine_answers_to_no_foreign_name(tmp_path: Path, name: str, status: int) -> None:
    app = create_app(Settings(solo=True, data=tmp_path, hosts="ktop.example, other.example"), FakePlatform())
    reached = TestClient(app, base_url="http://127.0.0.1:8000")
    assert reached.get("/", headers={"host": name}).status_code == status
    program = reached.get("/api/v1/models", headers={"host": name})
    assert program.status_code == status
    if status == 421:
        assert program.json()["code"] == "web.foreign_host"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[" * 200_000, "web.body_not_json"),
        (b'{"text": ' + b"9" * 5000 + b"}", "web.bad_field"),  # JSON, but no text
    ],
    ids=["nested", "digits"],
)
def test_a_body_that_no_parser_gets_through_is_told_as_such(client: TestClient, body: bytes, code: str) -> None:
    answer = client.post("/api/v1/ratings/technology", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.parametrize("address", ["/", "/nope", "/api/v1/models", "/favicon.ico", "/proposals"])
def test_head_is_answered_like_get_without_a_body(client: TestClient, address: str) -> None:
    full, head = client.get(address), client.head(address)
    assert head.status_code == full.status_code != 405
    assert head.content == b""
    for name in ("content-type", "content-security-policy", "cache-control"):
        assert head.headers.get(name) == full.headers.get(name)


def test_other_methods_are_still_refused(client: TestClient) -> None:
    assert client.put("/").status_code == 405


@pytest.mark.parametrize(
    ("typed", "version"),
    [("3", 3), ("9" * 6000, None), ("9" * 10, None), ("²", None), ("٣", None), ("", None), (None, None)],
)
def test_a_version_typed_into_a_form_is_a_number_that_fits(typed: str | None, version: int | None) -> None:
    assert version_typed(typed) == version


def test_by_https_browsers_come_by_nothing_else_and_no_other_host_sets_the_visit(tmp_path: Path) -> None:
    made = create_app(Settings(data=tmp_path, public_url="https://ktop.example"), FakePlatform())
    answer = TestClient(made, base_url="https://ktop.example").get("/sign-in")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert (
        answer.headers["set-cookie"].startswith("__Host-ktop_visit=")
        and "secure" in answer.headers["set-cookie"].lower()
    )
    plain = TestClient(create_app(Settings(data=tmp_path), FakePlatform())).get("/sign-in")
    assert "strict-transport-security" not in plain.headers


@pytest.mark.parametrize(
    "entry",
    [{"x": 1}, {"typed": {"name": 3}}, {"typed": []}, {"marks": {"a": 1}}, {"marks": 1}, {"seen": 3}, {"title": 1}],
)
def test_a_draft_of_another_form_is_none_of_the_wizard_s(entry: dict[str, object]) -> None:
    assert kept_draft({"entry": entry}) is None and kept_draft(Draft(typed={"name": "가온"}).record())
