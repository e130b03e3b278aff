"""Two organisations on one platform: by no route does one reach what the other keeps, its identifier known or not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from consenting import GAON
from people import BEGUN, HASHES, sign_in, token_of
from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.domain.party.actor import Actor
from ktop.domain.party.consent import Terms
from ktop.kernel.clock import today
from ktop.kernel.settings import Settings
from ktop.store.identity import OrganisationRow
from ktop.web.app import create_app
from ktop.web.route_access import ACCESS

SAME_SITE = {"sec-fetch-site": "same-origin", "if-match": '"1"'}
#: What the parts of addresses are called on pages and in the API → what it is the identifier of.
NAMES = {
    "rating_id": "rating",
    "job_id": "job",
    "batch_id": "job",
    "key_id": "key",
    "webhook_id": "webhook",
    "user_id": "user",
    "user": "user",
    "consent_id": "consent",
    "link_id": "link",
    "link": "link",
    "session_id": "session",
    "organisation_id": "organisation",
    "company": "organisation",
}
ROUTES = sorted(route for route in ACCESS if any(f"{{{name}}}" in route for name in NAMES))


class Two:
    """A platform with two companies: what the first keeps, and browsers of the owners of both."""

    def __init__(self, folder: Path) -> None:
        settings = Settings(data=folder, corpus=None, database_url=None)
        self.house = House(settings)
        self.house._opened["hashes"] = HASHES  # cheap ones
        store = self.house._store()
        own = Actor("own", "own", frozenset({"company_owner"}), known_by="password")
        with store.installation() as work:
            for name, kind, number in (("own", "company", GAON), ("other", "company", None), ("bank", "bank", None)):
                row = OrganisationRow(name, kind, name, name, "active", BEGUN, number)
                work.identity.add_organisation(row)
            for name in ("own", "other"):
                user = work.identity.add_user(login=f"{name}.owner", name=name, lang="ko", demo=True, now=BEGUN)
                work.identity.add_membership(user, name, "company_owner", BEGUN)
                work.credentials.set_password(user, HASHES.hash("correct horse staple"), BEGUN)
            member = work.identity.add_user(login="own.staff", name="staff", lang="ko", demo=True, now=BEGUN)
            work.identity.add_membership(member, "own", "company_staff", BEGUN)
        with store.unit(own) as unit:
            rating = unit.ratings.add(kind="company", subject="own", as_of=BEGUN.date(), inputs={}, results=[]).id
            job = unit.jobs.add("rate.batch", {"file": "x"}, priority=5).id
            hook = unit.webhooks.add("0" * 31 + "1", "https://bank.example/x", "sealed", ["rating"]).id
        day = today()
        terms = Terms(
            "loan_review", frozenset({"ktrs-fm"}), frozenset(), frozenset({"*"}), day, day + timedelta(days=9)
        )
        consent = self.house.consents.give(own, "bank", terms, "").consent.id
        self.house.members.invite(own, "company_staff")
        self.client = TestClient(
            create_app(settings, self.house), raise_server_exceptions=False, follow_redirects=False
        )
        self.tokens: dict[str, str] = {}
        self.cookies: dict[str, dict[str, str]] = {}
        for name in ("own", "other"):
            self.client.cookies.clear()
            assert sign_in(self.client, f"{name}.owner") == 303
            self.tokens[name] = token_of(self.client.get("/account").text)
            self.cookies[name] = dict(self.client.cookies)
        self.client.cookies.clear()
        session = self.house.accounts.account(self._person()).sessions[0].id
        self.ids = {"rating": rating, "job": job, "key": "", "webhook": hook, "user": member, "consent": consent}
        self.ids |= {"link": self.house.members.links(own)[0].id, "session": session, "organisation": "own"}
        self.ids["key"] = self.house.keys.make(own, "x", ["own:rating:read"]).card.id

    def _person(self) -> Actor:
        asker = self.house.accounts.asker(Actor("visitor", "visitor"), self.cookies["own"]["ktop_session"])
        assert asker is not None
        return asker.actor

    def sit_down(self, who: str) -> None:
        """Let somebody use the browser."""
        self.client.cookies.clear()
        for name, value in self.cookies[who].items():
            self.client.cookies.set(name, value, domain="testserver.local")  # as the server sets them

    def ask(self, who: str, route: str, ids: dict[str, str]) -> tuple[int, str]:
        """Send a request of a page of ours; return the status and what is said, without the identifiers asked by."""
        method, path = route.split(" ")
        parts = {name: ids[NAMES[name]] if name in NAMES else "x" for name in re.findall(r"{(\w+)}", path)}
        page = method == "POST" and not path.startswith("/api/")
        self.sit_down(who)
        form: Any = {"csrf": self.tokens[who]} if page else None
        answer = self.client.request(method, path.format(**parts), data=form, headers=SAME_SITE)
        said = re.sub("/static/[0-9a-f]+/", "", answer.text)  # a digest may hold what an identifier of noughts is
        return answer.status_code, re.sub("[0-9a-f]{64}|" + "|".join(ids.values()), "", said)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    made = Two(tmp_path_factory.mktemp("two"))
    yield made
    made.house._store().engine.dispose()


@pytest.mark.parametrize("route", ROUTES)
def test_nobody_reaches_what_another_organisation_keeps(two: Two, route: str) -> None:
    """What another keeps is answered as what nobody keeps, so that not even its being there is told."""
    nobody_s = {name: "0" * len(known) for name, known in two.ids.items()}
    tried, unknown = two.ask("other", route, two.ids), two.ask("other", route, nobody_s)
    assert tried == unknown
    assert tried[0] in (400, 403, 404, 409, 412, 422) or tried == (200, "[]"), tried


def test_the_owner_reaches_it(two: Two) -> None:
    """Else the attempts above would prove nothing."""
    for name in ("rating", "job", "key", "webhook", "user", "consent"):
        route = f"GET /api/v1/{name if name != 'user' else 'member'}s/{{{name}_id}}"
        assert route in ROUTES and two.ask("own", route, two.ids)[0] == 200, route


def switched(client: TestClient, organisation: str) -> int:
    body = {"organisation": organisation}
    return client.post("/api/v1/account/organisation", json=body, headers=SAME_SITE).status_code


@pytest.mark.parametrize("way", ["switch", "left", "suspended", "merged", "erased", "old cookie"])
def test_who_has_left_or_acts_for_another_reaches_nothing_here(tmp_path: Path, way: str) -> None:
    """A person of two organisations, acting for one, does nothing with the rights they have in the other."""
    two = Two(tmp_path)
    store, client = two.house._store(), two.client
    with store.installation() as work:
        person = work.identity.person_of_login("other.owner")
        assert person is not None
        work.identity.add_membership(person.user, "own", "company_owner", BEGUN)
    rating = "GET /api/v1/ratings/{rating_id}"
    assert two.ask("other", rating, two.ids)[0] == 404, "acting for the other, not for this one"
    two.sit_down("other")
    former = dict(two.cookies["other"])
    assert (
        client.post("/api/v1/account/organisation", json={"organisation": "own"}, headers=SAME_SITE).status_code == 204
    )
    two.cookies["other"] = dict(client.cookies)
    assert two.ask("other", rating, two.ids)[0] == 200, "a member who acts for it reaches it"
    if way == "switch":
        assert (
            client.post("/api/v1/account/organisation", json={"organisation": "bank"}, headers=SAME_SITE).status_code
            == 403
        )
        client.post("/api/v1/account/organisation", json={"organisation": "other"}, headers=SAME_SITE)
        two.cookies["other"] = dict(client.cookies)
    elif way == "old cookie":
        two.cookies["other"] = former
    else:
        with store.installation() as work:
            if way == "left":
                work.identity.end_memberships(person.user, "own", BEGUN)
            elif way == "erased":
                work.identity.erase_person(person.user)
            else:
                work.identity.change_organisation("own", 1, state=way)
    assert two.ask("other", rating, two.ids)[0] in (401, 403, 404)
    store.engine.dispose()
