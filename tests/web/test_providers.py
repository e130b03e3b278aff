"""People sign in by an OpenID Connect provider that runs beside the test; whatever does not hold is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import oidc_provider_mock
import pytest
from databases import database_url
from people import Installation, sign_in, token_of
from starlette.testclient import TestClient

from ktop.domain.party.actor import VISITOR, Actor
from ktop.kernel.errors import ConflictError, NotFoundError, SignInError, UnavailableError
from ktop.kernel.sealing import Sealer
from ktop.store.unit_of_work import Store
from ktop.usecases.accounts.interface import Browser
from ktop.usecases.providers.service import ProviderService

BACK = "http://testserver/sign-in/provider/back"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with oidc_provider_mock.run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def house(tmp_path: Path, issuer: str) -> Iterator[Installation]:
    store = Store.open(database_url("sqlite", tmp_path))
    made = Installation(store, tmp_path)
    made.clock.now = datetime.now(UTC)  # the provider knows no other time
    made.add_organisation("bank", "bank")
    made.add_organisation("company", "company")
    made.add_user("kim", ("company", "company_owner"))
    made.providers = service(made, tmp_path, issuer)
    yield made
    store.engine.dispose()


def service(house: Installation, folder: Path, issuer: str | None) -> ProviderService:
    return ProviderService(lambda: house.store, Sealer(folder / "sealing.key"), issuer, "ktop", "secret", house.clock)


@pytest.fixture
def client(house: Installation, tmp_path: Path) -> TestClient:
    return house.browser(tmp_path)


def consented(address: str, subject: str = "kim@idp") -> str:
    """Sign in at the provider as a person does; return where it leads back to."""
    answer = httpx.post(address, data={"sub": subject})
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


def went(client: TestClient, onward: str = "") -> str:
    departed = client.get(f"/sign-in/provider?next={onward}")
    assert departed.status_code == 303
    return consented(departed.headers["location"])


def joined(client: TestClient) -> None:
    """Join the account of somebody signed in to the provider's, then forget the session."""
    sign_in(client, "kim")
    assert client.get(went(client)).headers["location"] == "/account"
    client.cookies.clear()


def test_who_has_joined_signs_in_by_the_provider(client: TestClient) -> None:
    assert "/sign-in/provider" in client.get("/sign-in").text
    unknown = client.get(went(client))
    assert unknown.status_code == 401 and "연결된 계정이 없습니다" in unknown.text
    joined(client)
    back = client.get(went(client, "/companies"))
    assert back.status_code == 303 and back.headers["location"] == "/companies"
    assert client.get("/companies").status_code == 200


def test_who_has_left_the_provider_signs_in_by_it_no_more(client: TestClient, house: Installation) -> None:
    joined(client)
    sign_in(client, "kim")
    page = client.get("/account").text
    account = re.search(r'name="account" value="([0-9a-f]{32})"', page)
    assert account
    form = {"csrf": token_of(page), "account": account[1]}
    assert client.post("/account/provider/leave", data=form | {"account": "0" * 32}).status_code == 404
    assert client.post("/account/provider/leave", data=form).status_code == 303
    client.cookies.clear()
    assert client.get(went(client)).status_code == 401
    with house.store.installation() as work:
        kim = work.identity.person_of_login("kim")
        assert kim is not None
        work.credentials.add(kim.user, "oidc", name="https://id.example kim", secret="", now=house.clock.now)
        work.credentials.remove(kim.user, "password")
        (left,) = work.credentials.of(kim.user, "oidc")
    with pytest.raises(ConflictError):  # nothing else is left to sign in by
        house.providers.leave(Actor(kim.user, "company", known_by="oidc", session="x"), left.id)


def test_a_way_back_counts_in_the_browser_that_went_and_once(
    client: TestClient, house: Installation, tmp_path: Path
) -> None:
    joined(client)
    address = went(client)
    stranger = house.browser(tmp_path)
    assert stranger.get(address).status_code == 401, "somebody else's link"
    assert client.get(address).status_code == 303
    client.cookies.delete("ktop_session")
    assert client.get(address).status_code == 401, "the same code again"


def test_a_victim_is_not_led_into_another_s_account(client: TestClient) -> None:
    joined(client)
    sign_in(client, "kim")
    address = went(client)
    client.cookies.delete("ktop_session")
    assert client.get(address).status_code == 401, "begun as somebody, come back as nobody"
    foreign = client.get("/sign-in/provider", headers={"sec-fetch-site": "cross-site"})
    assert foreign.status_code == 401


@pytest.mark.parametrize("change", ["state", "nonce", "late", "sealed", "code"])
def test_what_does_not_hold_is_refused(house: Installation, change: str) -> None:
    use = house.providers
    departure = use.depart(VISITOR, BACK)
    given = {name: found[0] for name, found in parse_qs(urlsplit(consented(departure.address)).query).items()}
    kept, state, code = departure.kept, given["state"], given["code"]
    if change == "state":
        state = state[:-1] + ("A" if state[-1] != "A" else "B")
    elif change == "nonce":
        said = json.loads(use._sealer.unseal(kept, "sign-in provider"))
        kept = use._sealer.seal(json.dumps(said | {"nonce": "another"}), "sign-in provider")
    elif change == "late":
        house.clock.pass_by(minutes=11)
    elif change == "sealed":
        kept = kept[:-4] + "AAAA"
    else:
        code = "x" * len(code)
    with pytest.raises(SignInError, match="does_not_hold"):
        use.arrive(VISITOR, kept, state, code, BACK, Browser("192.0.2.1"))


def test_an_id_token_for_another_program_is_refused(house: Installation, tmp_path: Path, issuer: str) -> None:
    use = house.providers
    departure = use.depart(VISITOR, BACK)
    given = {name: found[0] for name, found in parse_qs(urlsplit(consented(departure.address)).query).items()}
    place = use._discovered()
    said = json.loads(use._sealer.unseal(departure.kept, "sign-in provider"))
    token = use._token(place, given["code"], said["verifier"], BACK)
    assert use._claims(place, token, said["nonce"])["sub"] == "kim@idp"
    other = ProviderService(lambda: house.store, use._sealer, issuer, "other", "secret", house.clock)
    with pytest.raises(SignInError):
        other._claims(place, token, said["nonce"])
    head, body, _ = token.split(".")
    for forged in (f"{head}.{body}.", "eyJhbGciOiJub25lIn0." + body + ".", token[:-8] + "AAAAAAAA"):
        with pytest.raises(SignInError):
            use._claims(place, forged, said["nonce"])
    house.clock.pass_by(hours=2)
    with pytest.raises(SignInError):
        use._claims(place, token, said["nonce"])


def test_a_provider_that_is_not_there(house: Installation, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        service(house, tmp_path, None).depart(VISITOR, BACK)
    with pytest.raises(UnavailableError):
        service(house, tmp_path, "http://localhost:9").depart(VISITOR, BACK)
