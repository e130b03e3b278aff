"""Pages of the second factor, of members and of institutions: each journey as people walk it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from databases import database_url
from httpx import Response
from markup import problems
from people import PASSWORD, Installation, sign_in, token_of
from starlette.testclient import TestClient

from ktop.domain.party.actor import Actor
from ktop.store.unit_of_work import Store


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Installation]:
    store = Store.open(database_url("sqlite", tmp_path))
    made = Installation(store, tmp_path)
    for name, kind in (("bank", "bank"), ("kotec", "operator"), ("company", "company")):
        made.add_organisation(name, kind)
    made.add_user("lee", ("bank", "bank_officer"))
    made.add_user("admin", ("bank", "institution_administrator"), demo=True)
    made.add_user("operator", ("kotec", "operator"), demo=True)
    made.add_user("kim", ("company", "company_owner"))
    yield made
    store.engine.dispose()


@pytest.fixture
def client(house: Installation, tmp_path: Path) -> TestClient:
    return house.browser(tmp_path)


def post(client: TestClient, address: str, at: str, **form: str) -> Response:
    return client.post(address, data={"csrf": token_of(client.get(at).text), **form})


def test_an_officer_is_led_to_set_up_an_app_and_then_to_show_it(client: TestClient, house: Installation) -> None:
    sign_in(client, "lee")
    led = client.get("/companies?lang=ko")
    assert led.headers["location"] == "/account/second-factor?next=%2Fcompanies%3Flang%3Dko"
    page = post(client, "/account/second-factor/app", "/account/second-factor").text
    seed = re.search(r"<code>([A-Z2-7]{32})</code>", page)
    assert problems(page) == []
    assert seed and "<svg" in page and "style=" not in page.split("<svg")[1].split("</svg>")[0]
    code = pyotp.TOTP(seed[1]).at(house.clock.now)
    form = {"csrf": token_of(page), "code": "000000" if code != "000000" else "000001"}
    assert client.post("/account/second-factor/app", data=form).status_code == 422
    made = client.post("/account/second-factor/app", data={"csrf": token_of(page), "code": code})
    codes = re.findall(r"<code>([a-z2-7]{4}(?:-[a-z2-7]{4}){3})</code>", made.text)
    assert len(codes) == 10 and client.get("/companies").status_code == 200

    client.cookies.clear()
    sign_in(client, "lee")
    assert client.get("/account").headers["location"].startswith("/account/second-factor?")
    assert client.get("/api/v1/jobs").json()["code"] == "access.second_factor"
    shown = client.get("/account/second-factor?next=/companies").text
    assert seed[1] not in shown
    before = client.cookies["ktop_session"]
    onward = client.post(
        "/account/second-factor", data={"csrf": token_of(shown), "code": codes[0], "next": "/companies"}
    )
    assert onward.headers["location"] == "/companies" and client.cookies["ktop_session"] != before
    assert client.get("/companies").status_code == 200


def test_an_administrator_invites_and_the_invited_joins(
    client: TestClient, house: Installation, tmp_path: Path
) -> None:
    sign_in(client, "admin")
    made = post(client, "/organisation/members/invite", "/organisation/members", role="bank_officer").text
    link = re.search(r"<code>http://testserver(/join/[\w-]{43})</code>", made)
    assert link and link[1] not in client.get("/organisation/members").text
    visitor = house.browser(tmp_path)
    joining = visitor.get(link[1]).text
    assert "bank 기관" in joining and problems(joining) == []
    given = {"login": "new.person", "name": "<b>새 사람</b>", "password": "tanrekoi vulmi", "role": "operator"}
    joined = post(visitor, link[1], link[1], **given)
    assert joined.status_code == 303 and visitor.get(link[1]).status_code == 404
    page = client.get("/organisation/members").text
    assert "&lt;b&gt;새 사람&lt;/b&gt;" in page and page.count("은행 담당자</td>") == 2 and "운영자</td>" not in page


def test_an_administrator_gives_the_organisation_its_english_name(client: TestClient) -> None:
    sign_in(client, "admin")
    saved = post(client, "/organisation/name", "/organisation/members", name_en="<i>First Bank")
    assert saved.status_code == 303
    page = client.get("/organisation/members?lang=en").text
    assert 'value="&lt;i&gt;First Bank"' in page and problems(page) == []
    refused = post(client, "/organisation/name", "/organisation/members", name_en="x" * 201)
    assert refused.status_code == 422 and problems(refused.text) == []


def test_a_password_is_reset_by_a_link(client: TestClient, house: Installation, tmp_path: Path) -> None:
    sign_in(client, "admin")
    lee = re.search(r"members/([0-9a-f]{32})/reset", client.get("/organisation/members").text.split("Lee")[1])
    assert lee
    made = post(client, f"/organisation/members/{lee[1]}/reset", "/organisation/members").text
    link = re.search(r"/join/[\w-]{43}", made)
    assert link
    visitor = house.browser(tmp_path)
    assert post(visitor, link[0], link[0], password="password1").status_code == 422
    assert post(visitor, link[0], link[0], password="tanrekoi vulmi").status_code == 303
    assert sign_in(visitor, "lee") == 401 and sign_in(visitor, "lee", "tanrekoi vulmi") == 303


def test_the_operator_enters_and_suspends_an_institution(client: TestClient, house: Installation) -> None:
    sign_in(client, "operator")
    given = {"id": "nh", "kind": "bank", "name_ko": "농협은행", "name_en": "NongHyup Bank"}
    assert post(client, "/institutions", "/institutions", **given).status_code == 303
    assert post(client, "/institutions", "/institutions", **given).status_code == 409
    assert post(client, "/institutions/nh/state", "/institutions", to="suspended").status_code == 303
    with house.store.unit(Actor("lee", "bank")) as unit:
        unit.documents.add(kind="k", name="n", media_type="a/b", subject="s", content=b"x" * 2_345_678)
    page = client.get("/institutions").text
    assert "농협은행" in page and "정지" in page and "kotec/state" not in page
    assert "보관 파일(MB)" in page and ">2.3<" in page
    assert post(client, "/institutions/kotec/state", "/institutions", to="suspended").status_code == 409
    client.cookies.clear()
    sign_in(client, "kim", PASSWORD)
    page = client.get("/institutions").text
    assert "농협은행" in page and '<form method="post" action="/institutions' not in page
    assert "보관 파일" not in page, "what others keep is the operator's to know"


def test_a_person_is_erased_on_the_account_s_page_and_by_the_administrator(
    client: TestClient, house: Installation
) -> None:
    sign_in(client, "kim")
    wrong = post(client, "/account/erasure", "/account", login="kim", password="not the password")
    assert wrong.status_code == 422 and "아이디나 비밀번호가" in wrong.text
    gone = post(client, "/account/erasure", "/account", login="kim", password=PASSWORD)
    assert gone.headers["location"] == "/" and client.get("/account").status_code == 303
    assert sign_in(client, "kim") == 401
    sign_in(client, "admin")
    lee = re.search(r"members/([0-9a-f]{32})/reset", client.get("/organisation/members").text.split("Lee")[1])
    assert lee
    assert post(client, f"/organisation/members/{lee[1]}/erase", "/organisation/members").status_code == 303
    assert "Lee" not in client.get("/organisation/members").text


def test_the_operator_notes_that_a_number_is_the_company_s_own(client: TestClient, house: Installation) -> None:
    given = {"login": "gaon", "name": "Gaon", "password": "tanrekoi vulmi pesado", "company": "가온"}
    given |= {"business_number": "101-00-00114", "company_en": ""}
    assert post(client, "/sign-up", "/sign-up", **given).status_code == 303
    client.cookies.clear()
    sign_in(client, "operator")
    page = client.get("/joined-companies").text
    found = re.search(r"joined-companies/([0-9a-f]{32})", page)
    assert found and "101-00-00114" in page and "보관 파일(MB)" in page and ">0.0<" in page
    at = f"/joined-companies/{found[1]}"
    assert post(client, at, "/joined-companies", evidence=" ").status_code == 422
    assert post(client, at, "/joined-companies", evidence="사업자등록증 <원본>").status_code == 303
    assert "101-00-00114" not in client.get("/joined-companies").text
    assert "101-00-00114" in client.get("/joined-companies?all=1").text
    assert "사업자등록증 &lt;원본&gt;" in client.get("/joined-companies?all=1").text
    assert post(client, at, "/joined-companies?all=1", evidence="again").status_code == 409
