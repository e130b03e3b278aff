"""The typed client is the one of the present API, and asks the real application."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from consenting import BANK, COMPANY, GAON, add_organisations, terms
from databases import database_url
from starlette.testclient import TestClient

from ktop import client
from ktop.bootstrap import House
from ktop.client import generate
from ktop.domain.party.actor import Actor
from ktop.kernel.settings import Settings
from ktop.web.app import create_app

ROOT = Path(__file__).resolve().parents[2]
OWNER = Actor("user-gaon", "gaon", frozenset({"company_owner"}))
OFFICER = Actor("user-admin", BANK.organisation, frozenset({"institution_administrator", "bank_officer"}))


class Installed:
    """The real application with a company and a bank that have consented, and clients with their keys."""

    def __init__(self, folder: Path) -> None:
        settings = Settings(data=folder, corpus=None, database_url=database_url("sqlite", folder))
        self.house = House(settings)
        add_organisations(self.house._store())
        self.app = create_app(settings, self.house)
        rights = ["own:rating:make", "own:rating:read", "own:company:edit", "own:company:read", "own:result:issue"]
        self.company = self.by(self.house.keys.make(OWNER, "company", [*rights, "own:document:read"]).key)
        self.bank = self.by(self.house.keys.make(OFFICER, "bank", ["granted:result:read"]).key)
        self.house.consents.give(COMPANY, "ibk", terms(inputs={"statement"}), "")

    def by(self, key: str | None) -> client.Client:
        return client.Client("http://testserver", key, lang="en", http=TestClient(self.app))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    yield Installed(tmp_path_factory.mktemp("installed"))


def example(name: str) -> Any:
    return json.loads(json.dumps(yaml.safe_load((ROOT / f"examples/companies/{name}.yaml").read_text()), default=str))


def test_the_client_is_the_one_of_this_api(installed: Installed) -> None:
    made = generate.source_of(installed.app.openapi())
    written = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--line-length=120", "-"], input=made, capture_output=True, text=True
    )
    kept = ROOT / "src/ktop/client/operations.py"
    if os.environ.get("KTOP_MAKE_CLIENT"):
        kept.write_text(written.stdout, "utf-8")
    assert written.stdout == kept.read_text("utf-8"), (
        "the API has changed: make the client anew, by KTOP_MAKE_CLIENT=1 ./test tests/client"
    )


def test_a_program_rates_pages_through_and_signs_by_the_client(installed: Installed) -> None:
    ktop, record = installed.company, example("hanbit-motion")
    found = importlib.util.spec_from_file_location("example_client", ROOT / "examples" / "client.py")
    assert found is not None and found.loader is not None
    program = importlib.util.module_from_spec(found)
    found.loader.exec_module(program)
    told = list(program.rate(ktop, [{**record, "business_number": GAON}, {"name": "No industry"}], "2026-06-30"))
    assert told[0][0] == record["name"] and "ktrs-fm" in told[0][1] and "Enter at least 1" in told[1][1]
    first = ktop.ratings.ratings(kind="company")["items"][0]
    assert ktop.ratings.rating(first["id"])["ratings"][0]["model"]["name"] == "tech-index"
    for name in ("a", "b"):
        ktop.portfolio.keep_company({"record": {**record, "name": name, "company_id": name, "business_number": None}})
    assert ktop.portfolio.companies(limit=1)["after"] is not None
    assert sorted(one["name"] for one in ktop.portfolio.all_companies(limit=1)) == ["a", "b"]
    issued = ktop.results.issue(first["id"])
    assert installed.by(None).results.verify(ktop.results.result_file(issued["id"]))["id"].endswith(issued["id"])
    assert installed.bank.lookups.open_result(first["id"])["purpose"] == "loan_review"


def test_changes_name_the_version_that_was_read(installed: Installed) -> None:
    ktop, other = installed.company, installed.by(installed.company._headers["authorization"][7:])
    kept = ktop.portfolio.keep_company({"record": {"name": "c", "company_id": "c", "industry": "C29271"}})["id"]
    with pytest.raises(client.ChangedError) as unread:
        ktop.portfolio.edit_company(kept, {"note": "unread"})
    assert unread.value.status == 428
    for one in (ktop, other):
        one.portfolio.company(kept)
    assert ktop.portfolio.edit_company(kept, {"note": "first"})["note"] == "first"
    assert ktop.portfolio.edit_company(kept, {"note": "second"})["note"] == "second"
    with pytest.raises(client.ChangedError) as changed:
        other.portfolio.edit_company(kept, {"note": "late"})
    assert changed.value.status == 412


def test_refusals_are_exceptions_with_a_code_and_a_sentence(installed: Installed) -> None:
    with pytest.raises(client.NotFoundError) as lost:
        installed.company.ratings.rating("0" * 32)
    assert lost.value.code == "store.rating_not_found" and lost.value.status == 404 and lost.value.sentence
    with pytest.raises(client.ForbiddenError):
        installed.bank.ratings.ratings()
    with pytest.raises(client.NotSignedInError):
        installed.by("ktop_000000000000_" + "x" * 43).ratings.ratings()
    with pytest.raises(client.RefusedError):
        installed.company.ratings.ratings(limit=201)


def test_what_fails_in_passing_is_asked_again_under_the_same_key() -> None:
    answers = [httpx.Response(503, headers={"retry-after": "3"}), None, httpx.Response(201, json={"id": "r"})]
    asked: list[httpx.Request] = []
    waited: list[float] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        found = answers[len(asked) - 1]
        if found is None:
            raise httpx.ConnectError("gone")
        return found

    ktop = client.Client(
        "http://k/", "key", http=httpx.Client(transport=httpx.MockTransport(answer)), pause=waited.append
    )
    assert ktop.ratings.rate_company({"record": {}})["id"] == "r"
    assert len({request.headers["idempotency-key"] for request in asked}) == 1 and waited == [3.0, 1.0]
    assert asked[0].headers["authorization"] == "Bearer key" and asked[0].url.params["lang"] == "ko"
    answers[:] = [None] * 9
    asked.clear()
    with pytest.raises(client.UnreachableError):
        ktop.ratings.ratings()
    assert len(asked) == 3
