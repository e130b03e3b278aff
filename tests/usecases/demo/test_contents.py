"""What demonstration accounts find: something to do for each role, said in the language of the page."""

from __future__ import annotations

import html
import re
from datetime import date
from pathlib import Path

import pytest
from markup import problems
from people import sign_in
from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.catalogue import load
from ktop.collect.stand_in.companies import made_up_companies
from ktop.domain.party.actor import INSTALLATION, LOCAL_OWNER
from ktop.kernel.settings import Settings
from ktop.report import labels
from ktop.usecases.companies.examples import example_records
from ktop.web.app import create_app

#: Where a role looks first after its home, in the data that it was given.
ROOMS = {
    "company_owner": ("/my/companies", "/my/results", "/consents", "/sent", "/discovery", "/finance", "/programmes"),
    "bank_officer": ("/inbox", "/consents", "/finance"),
    "investor_analyst": ("/discovery?business=C", "/inbox"),
    "agency_evaluator": ("/batches", "/portfolio", "/reviews"),
    "agency_manager": ("/inbox", "/programmes", "/programmes/rules", "/programmes/projects"),
    "guarantee_officer": ("/inbox", "/finance"),
    "institution_administrator": ("/organisation/members",),
    "operator": ("/institutions", "/audit"),
}
#: Who decides an application next, and what it is asked to do.
DECIDES = {
    "company_owner": "Submit",
    "guarantee_officer": "Approve the guarantee",
    "bank_officer": "Offer the loan",
}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(Settings(data=tmp_path, corpus=tmp_path / "none"))


def words_of(page: str) -> str:
    """Return what a page says in its main part, without what people wrote in both languages at once."""
    said = re.sub(r"<[^>]+>", "\n", page.split("<main", 1)[1].split("</main>")[0])
    return "\n".join(
        line for line in html.unescape(said).splitlines() if "(체험) /" not in line and "(체험). /" not in line
    )


def test_each_role_has_something_to_do_in_its_own_language(house: House) -> None:
    accounts = house.demo.prepare(LOCAL_OWNER)
    assert house.demo.furnish(LOCAL_OWNER) and not house.demo.furnish(LOCAL_OWNER), "once"
    while jobs := house.work.take(INSTALLATION, "test", 5):
        for job in jobs:
            house.work.do(INSTALLATION, job, lambda: None)
    app = create_app(house._settings, house)
    for account in accounts:
        client = TestClient(app, follow_redirects=True)
        sign_in(client, account.login, account.password)
        assert 'class="desk-tasks"' in client.get("/home?lang=ko").text, account.role
        for address in ("/home?lang=en", *ROOMS.get(account.role, ())):
            answer = client.get(address)
            assert answer.status_code == 200, (account.role, address)
            korean = [line for line in words_of(answer.text).splitlines() if re.search("[가-힣]", line)]
            assert korean == [], (account.role, address)
            assert problems(answer.text) == [], (account.role, address)
        if account.role in DECIDES:
            case = waiting_case(client)
            assert DECIDES[account.role] in case and problems(case) == [], account.role


def waiting_case(client: TestClient) -> str:
    """Return the page of the first case in the list that waits for the reader."""
    rows = re.findall(r'<tr><th.*?href="(/finance/[0-9a-f]+)".*?</tr>', client.get("/finance?lang=en").text)
    pages = [client.get(address).text for address in rows]
    return next(page for page in pages if 'name="action"' in page and "Waiting for" not in page)


def test_companies_that_come_with_the_project_have_a_name_in_each_language() -> None:
    own = load("institutions")["company"]
    known = {own["ko"]: own["en"]} | {one["name"]: one["name_en"] for one in example_records().values()}
    known |= {one.name: one.name_en for one in made_up_companies(date(2026, 6, 30))}
    assert {name: labels.company(name, "en") for name in known} == known
    assert {name: labels.company(name, "ko") for name in known} == {name: name for name in known}
    assert labels.company("한결정밀", "en") == "한결정밀", "anybody else's stays as it is"
