"""Signed results on pages and in the API, with the real services over a database of the test's own."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import invented
import pytest
from markup import problems
from people import token_of
from pypdf import PdfReader
from signed import BUSINESS_NUMBER
from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.domain.party.actor import LOCAL_OWNER
from ktop.kernel.settings import Settings
from ktop.signing import document, tokens
from ktop.signing.document import SignedResult
from ktop.store.unit_of_work import Store
from ktop.web.app import create_app

PUBLIC = "https://ktop.example.org"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(solo=True, data=tmp_path, public_url=PUBLIC, issuer_name="가온 평가원")


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    yield TestClient(create_app(settings, House(settings)), base_url=PUBLIC, raise_server_exceptions=False)


@pytest.fixture
def rating(settings: Settings) -> str:
    ratings = [invented.tech_index(), invented.ktrs_fm()]
    given = {"record": {**invented.FACTS, "business_number": BUSINESS_NUMBER}}
    with Store.open(settings.database).unit(LOCAL_OWNER) as unit:
        row = unit.ratings.add(kind="company", subject="가온정밀", as_of=invented.AS_OF, inputs=given, results=ratings)
    return str(row.id)


def token(client: TestClient, address: str = "/verify") -> str:
    return token_of(client.get(address).text)


@pytest.fixture
def issued(client: TestClient, rating: str) -> str:
    """Identifier of a result issued on the page."""
    address = f"/ratings/{rating}/signed"
    answer = client.post(address, data={"csrf": token(client, address)}, follow_redirects=False)
    assert answer.status_code == 303
    return str(answer.headers["location"].rpartition("/")[2])


def upload(client: TestClient, content: bytes, name: str = "result.json", lang: str = "en") -> tuple[int, str]:
    answer = client.post(
        f"/verify?lang={lang}",
        data={"csrf": token(client)},
        files={"file": (name, content, "application/octet-stream")},
    )
    return answer.status_code, answer.text


def test_a_company_issues_and_a_bank_verifies_what_it_was_sent(client: TestClient, issued: str) -> None:
    own = client.get(f"/results/{issued}?lang=en").text
    for link in (f"/results/{issued}.pdf", f"/results/{issued}.json", f"/verify/{issued}"):
        assert f'href="{link}"' in own
    assert problems(own) == problems(client.get(f"/verify/{issued}").text) == []
    for name, kind in ((f"/results/{issued}.json", "application/json"), (f"/results/{issued}.pdf", "application/pdf")):
        answer = client.get(name)
        assert answer.headers["content-type"] == kind and "attachment" in answer.headers["content-disposition"]
        status, page = upload(client, answer.content, name)
        assert status == 200
        for expected in (
            "issued by this installation and not withdrawn",
            "가온정밀",
            BUSINESS_NUMBER,
            "가온 평가원",
            "1.0.0",
        ):
            assert expected in page
        assert 'role="alert"' not in page


def test_a_changed_upload_is_told_and_nothing_of_it_is_shown(client: TestClient, issued: str) -> None:
    whole = json.loads(client.get(f"/results/{issued}.json").content)
    forged = json.dumps(whole | {"credential": whole["credential"][:-8] + "AAAAAAAA"}).encode()
    for content, name in (
        (forged, "a.json"),
        (client.get(f"/results/{issued}.pdf").content + b" ", "a.pdf"),
        (b"<script>alert(1)</script>", "<script>.json"),
        (b"", "empty.json"),
    ):
        status, page = upload(client, content, name)
        assert status == 422 and 'role="alert"' in page and "<script>alert" not in page
    answer = client.post("/verify", data={"csrf": token(client)})
    assert answer.status_code == 422
    assert client.post("/verify", files={"file": ("a.json", b"{}")}).status_code == 403, "no foreign form"


def test_the_code_on_the_report_leads_to_the_public_page(client: TestClient, issued: str) -> None:
    report = PdfReader(io.BytesIO(client.get(f"/results/{issued}.pdf?lang=en").content))
    address = f"{PUBLIC}/verify/{issued}"
    assert address in "".join(report.pages[0].extract_text().split())
    page = client.get(address.removeprefix(PUBLIC) + "?lang=en").text
    assert ("not withdrawn" in page and "A-" in page and "Business" in page) or "business" in page
    assert "8234500000" not in page, "no input is shown to whoever holds the code"


def test_inputs_are_chosen_on_the_page(client: TestClient, issued: str) -> None:
    page = client.get(f"/results/{issued}?lang=en").text
    assert 'name="show" value="staff_total"' in page
    some = SignedResult.parse(client.get(f"/results/{issued}.json?only=1&show=staff_total").content)
    none = SignedResult.parse(client.get(f"/results/{issued}.json?only=1").content)
    assert (some.names(), none.names()) == (["staff_total"], [])
    assert client.get(f"/results/{issued}.json?only=1&show=grade").status_code == 422
    status, shown = upload(client, some.to_bytes())
    assert status == 200 and "34" in shown


def test_a_withdrawal_shows_everywhere(client: TestClient, rating: str, issued: str) -> None:
    file = client.get(f"/results/{issued}.json").content
    secret = "the audited accounts differ"
    form = {"csrf": token(client, f"/results/{issued}"), "reason": ""}
    assert client.post(f"/results/{issued}/revoke", data=form).status_code == 422
    gone = client.post(f"/results/{issued}/revoke?lang=en", data=form | {"reason": secret})
    assert gone.status_code == 200 and secret in gone.text and f"/results/{issued}.pdf" not in gone.text
    public = client.get(f"/verify/{issued}?lang=en")
    assert public.status_code == 200 and "withdrew" in public.text and secret not in public.text
    status, page = upload(client, file)
    assert status == 422 and secret not in page
    assert client.get(f"/results/{issued}.pdf").status_code == 409
    assert "withdrawn" in client.get(f"/ratings/{rating}/signed?lang=en").text


def test_keys_and_list_are_published_at_their_addresses(client: TestClient, issued: str) -> None:
    file = SignedResult.parse(client.get(f"/results/{issued}.json").content)
    keys = client.get("/.well-known/jwks.json")
    assert keys.headers["content-type"] == "application/jwk-set+json" and "public" in keys.headers["cache-control"]
    trusted = tokens.read_keys(keys.content)
    verified = document.verify(file, trusted, datetime.now(UTC))
    listed = client.get(verified.claims.status[0].removeprefix(PUBLIC))
    assert listed.headers["content-type"].startswith("application/vc+jwt")
    assert document.withdrawn(verified, listed.text, trusted, datetime.now(UTC)) is False
    for number in ("1", "99999", "-1", "x", "0x0", "１", "0/../1"):
        assert client.get(f"/status/results/{number}").status_code == 404, number


def test_before_anything_was_signed_there_are_no_keys_and_looking_makes_none(
    client: TestClient, settings: Settings
) -> None:
    assert client.get("/.well-known/jwks.json").json() == {"keys": []}
    assert not (settings.keys / "signing").exists()
    status, page = upload(client, b'{"format": "ktop-signed-result/1", "credential": "a.b.c", "disclosures": []}')
    assert status == 422 and "alert" in page


@pytest.mark.parametrize("given", ["0" * 32, "../../etc/passwd", "%00", "a" * 65, "' OR 1=1 --"])
def test_an_unknown_number_is_told_as_such(client: TestClient, issued: str, given: str) -> None:
    for address in (f"/verify/{given}", f"/results/{given}", f"/results/{given}.pdf"):
        assert client.get(address).status_code == 404


def test_the_api_does_the_same(client: TestClient, rating: str) -> None:
    made = client.post(f"/api/v1/ratings/{rating}/results")
    assert made.status_code == 201
    known = made.json()
    assert known["address"] == f"{PUBLIC}/verify/{known['id']}" and "staff_total" in known["inputs"]
    one = f"/api/v1/results/{known['id']}"
    assert client.get(one).json()["rating"] == rating
    assert [found["id"] for found in client.get(f"/api/v1/ratings/{rating}/results").json()] == [known["id"]]
    file = client.get(f"{one}/file?show=staff_total").json()
    assert len(file["disclosures"]) == 1 and client.get(f"{one}/file?none=true").json()["disclosures"] == []
    told = client.post("/api/v1/results/verify", json=file)
    assert told.status_code == 200 and told.json()["status_checked"]
    assert told.json()["models"][1]["grades"]["business"] == "A-" and list(told.json()["inputs"]) == ["staff_total"]
    report = client.get(f"{one}/report?lang=en").content
    assert report.startswith(b"%PDF-")
    forged = file | {"credential": file["credential"][:-4] + "AAAA"}
    many = {"files": [file, forged], "reports": [base64.b64encode(report).decode()]}
    answers = client.post("/api/v1/results/verify-many", json=many).json()["items"]
    assert [answer["result"] is not None for answer in answers] == [True, False, True] and answers[1]["problem"]
    assert client.post("/api/v1/results/verify-many", json={"files": [file] * 51}).status_code == 422
    both = [("file", ("a.json", json.dumps(file).encode())), ("file", ("b.json", json.dumps(forged).encode()))]
    page = client.post("/verify", files=both, data={"csrf": token(client)}).text
    assert "a.json" in page and "b.json" in page and "가온정밀" in page
    assert client.post(f"{one}/revocation", json={"reason": ""}).status_code == 422
    assert client.post(f"{one}/revocation", json={"reason": "corrected"}).json()["revoked"]
    assert client.post(f"{one}/revocation", json={"reason": "corrected"}).status_code == 409
    refused = client.post("/api/v1/results/verify", json=file)
    assert refused.status_code == 422 and refused.json()["code"] == "signing.revoked"
    assert client.post("/api/v1/results/verify", json=file | {"grade": "AAA"}).status_code == 422


def test_whoever_has_not_signed_in_verifies_and_does_nothing_else(
    client: TestClient, settings: Settings, rating: str, issued: str
) -> None:
    file = client.get(f"/results/{issued}.json").content
    stranger = TestClient(
        create_app(settings.model_copy(update={"solo": False}), House(settings)),
        base_url=PUBLIC,
        raise_server_exceptions=False,
        follow_redirects=False,
    )
    for address in ("/verify", f"/verify/{issued}", "/.well-known/jwks.json"):
        assert stranger.get(address).status_code == 200, address
    assert upload(stranger, file)[0] == 200
    assert stranger.post("/api/v1/results/verify", json=json.loads(file)).status_code == 200
    for address in (
        f"/results/{issued}",
        f"/results/{issued}.json",
        f"/results/{issued}.pdf",
        f"/ratings/{rating}/signed",
    ):
        assert stranger.get(address).status_code in (303, 401), address
    for address in (f"/ratings/{rating}/signed", f"/results/{issued}/revoke", f"/api/v1/ratings/{rating}/results"):
        assert stranger.post(address, data={"reason": "harm"}).status_code in (303, 401, 403), address
    assert b"withdrew" not in stranger.get(f"/verify/{issued}?lang=en").content
