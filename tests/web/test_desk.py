"""Everybody's home says what waits for them and leads there; portfolio, audit trail and settings are what they say."""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from acting import Acting, acting_as
from consenting import BANK, COMPANY, GAON, STAFF, add_organisations, add_rating, golden
from markup import problems
from people import token_of
from sqlalchemy import event
from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.catalogue import load
from ktop.domain.party.actor import INSTALLATION, LOCAL_OWNER, Actor
from ktop.kernel.settings import Settings
from ktop.models.growth_risk import GrowthRiskModel
from ktop.models.tech_index.model import TechIndexModel
from ktop.patents.cluster.sizing import size_of
from ktop.web.app import create_app

OPERATOR = Actor("user-operator", "ktop", frozenset({"operator"}), known_by="password+totp")
ADMINISTRATOR = Actor("user-admin", "ibk", frozenset({"institution_administrator"}))
SECRET = "hunter2-and-more"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    data = tmp_path_factory.mktemp("desk")
    url = f"sqlite:///{data / 'ktop.sqlite3'}"
    house = House(Settings(data=data, database_url=url, smtp_password=SECRET, metrics_token=SECRET, port=8123))
    add_organisations(house._store())
    return house


@pytest.fixture(scope="module")
def acting() -> Iterator[Acting]:
    with acting_as(COMPANY) as acting:
        yield acting


@pytest.fixture(scope="module")
def client(house: House, acting: Acting) -> TestClient:
    return TestClient(create_app(house._settings, house), base_url="http://localhost", follow_redirects=False)


def home(client: TestClient, lang: str = "en") -> str:
    page = client.get(f"/home?lang={lang}").text
    assert problems(page) == []
    return page


def tasks(page: str) -> list[str]:
    return re.findall(r'href="([^"]+)"', page.split('class="desk-tasks"')[1].split("</ol>")[0])


def test_a_company_is_led_from_nothing_to_what_institutions_ask(
    client: TestClient, acting: Acting, house: House
) -> None:
    acting.now = COMPANY
    assert tasks(home(client))[0] == "/my/companies/new"
    asked = {"csrf": token_of(client.get("/my/companies/new").text), "name": "가온정밀", "go": "later"}
    assert client.post("/my/companies/new", data=asked).status_code == 303
    (draft,) = tasks(home(client))
    assert re.fullmatch(r"/my/companies/[0-9a-f]+/enter", draft), draft
    rating = add_rating(house._store(), COMPANY, GAON)
    acting.now = BANK
    page = home(client)
    assert "/consents#t-ask" in tasks(page) and "/discovery" in tasks(page) and "/batches" in tasks(page)
    form = {"csrf": token_of(client.get("/consents").text), "business_number": GAON, "purpose": "loan_review"}
    made = client.post("/consents/requests", data=form | {"results": "ktrs-fm"}).headers["location"]
    acting.now = COMPANY
    page = home(client)
    assert made in tasks(page) and f"/ratings/{rating}" in tasks(page)
    assert tasks(page).index(made) < tasks(page).index(f"/ratings/{rating}"), "what others wait for comes first"
    acting.now = STAFF
    assert made not in tasks(home(client)), "staff gives no consents"


def test_changes_that_sources_report_wait_on_the_home(
    client: TestClient, acting: Acting, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    acting.now = COMPANY
    assert "/collect" not in tasks(home(client))
    monkeypatch.setattr(house.collect, "changes", lambda actor, *, unseen, limit: [object()] * 2 if unseen else [])
    page = home(client)
    assert "/collect" in tasks(page) and "2 notices" in page


@pytest.mark.parametrize("who", [COMPANY, STAFF, BANK, ADMINISTRATOR, OPERATOR], ids=lambda who: min(who.roles))
def test_homes_and_menus_lead_nowhere_that_is_refused(client: TestClient, acting: Acting, who: Actor) -> None:
    acting.now = who
    page = home(client, "ko")
    inside = page.split('class="menu"')[1].split("</nav>")[0] + page.split("<main")[1].split("</main>")[0]
    addresses = {address.partition("#")[0] for address in re.findall(r'href="(/[^"]+)"', inside)}
    assert len(addresses) > 8
    for address in sorted(addresses):
        answer = client.get(address.replace("&amp;", "&"))
        # Some of these actors have no row of their own: what is not found was not refused.
        assert answer.status_code in (200, 303, 404), (address, answer.status_code)


def test_the_home_of_an_installation_without_accounts_works(client: TestClient, acting: Acting) -> None:
    acting.now = LOCAL_OWNER
    assert "/my/companies" in home(client) and "/consents" not in home(client)


def test_the_operator_reads_verifies_and_takes_the_head_of_the_trail_along(
    client: TestClient, acting: Acting, house: House
) -> None:
    acting.now = OPERATOR
    with house._store().installation() as work:
        work.tell(INSTALLATION, "statistics.published", "statistics", {})
    page = client.get("/audit?lang=ko").text
    assert "기업 정보 임시 저장" in page and "company.drafted" not in page
    assert "목적: 대출 심사" in page and "loan_review" not in page, "details are in words as well"
    assert ">이 설치<" in page and ">installation<" not in page
    assert ">가온정밀<" in page and ">gaon<" not in page, "organisations are told by name"
    assert "조회 기관: IBK기업은행" in page and "ibk" not in page.split("<tbody>")[1].split("</tbody>")[0]
    assert b"company.drafted" in client.get("/audit?file=csv").content
    csrf = token_of(page)
    head = client.post("/audit/head", data={"csrf": csrf})
    held = json.loads(head.content)
    assert held["size"] > 0 and "attachment" in head.headers["content-disposition"]
    assert held["root"] in client.post("/audit/verify", data={"csrf": csrf}).text
    assert "동의" in client.get("/audit?f_kind=consent").text.split("<tbody>")[1]
    acting.now = BANK
    assert client.get("/audit").status_code == 403
    acting.now = COMPANY
    page = client.get("/audit").text
    assert "/audit/verify" not in page and "ibk" not in page.split("<tbody>")[1].split("</tbody>")[0]
    assert client.post("/audit/verify", data={"csrf": csrf}).status_code == 403


def test_jobs_lead_the_operator_to_nothing_that_only_another_organisation_may_open(
    client: TestClient, acting: Acting, house: House
) -> None:
    given = house.batches.give(BANK, b"name\nGaon\n", "firms.csv", as_of=None, lang="en", ending="csv").job.id
    acting.now = BANK
    assert f'href="/batches/{given}"' in client.get("/jobs?lang=en").text
    acting.now = OPERATOR
    listed = client.get("/jobs?lang=en").text
    assert f'href="/jobs/{given}"' in listed and f"/batches/{given}" not in listed
    shown = client.get(f"/jobs/{given}")
    assert shown.status_code == 200 and "ibk" in shown.text
    assert "Only the organisation that gave this table may open it" in shown.text and "/batches/" not in shown.text
    house.jobs.cancel(BANK, given)


def test_who_manages_keys_is_led_to_those_that_somebody_who_left_knows(
    client: TestClient, acting: Acting, house: House
) -> None:
    now, leaver = datetime.now(UTC), Actor("gone", "ibk", frozenset({"institution_administrator"}))
    with house._store().installation() as work:
        user = work.identity.add_user(login="gone", name="떠난 이", lang="ko", demo=False, now=now)
        work.identity.add_membership(user, "ibk", "institution_administrator", now)
    house.keys.make(replace(leaver, user=user), "심사", ["own:rating:read"])
    with house._store().installation() as work:
        work.identity.end_memberships(user, "ibk", now)
    acting.now = ADMINISTRATOR
    page = home(client)
    assert "/organisation/keys" in tasks(page) and "made by people who have left: 1." in page


def test_settings_tell_everything_but_secrets(client: TestClient, acting: Acting) -> None:
    acting.now = OPERATOR
    page = client.get("/settings?lang=ko&rows=100").text
    for name in Settings.model_fields:
        assert f"KTOP_{name.upper()}<" in page, name
    assert SECRET not in page and "8123" in page and "정해 둠(보이지 않음)" in page
    assert SECRET.encode() not in client.get("/settings?file=csv").content
    english = client.get("/settings?lang=en&rows=100").text
    assert "Port the platform listens on." in english and "look at it" in english
    acting.now = ADMINISTRATOR
    assert client.get("/settings").status_code == 403


def test_sizes_follow_from_measured_points(client: TestClient, acting: Acting) -> None:
    acting.now = OPERATOR
    assert '"/sizes"' in client.get("/settings").text
    korean = client.get("/sizes?lang=ko").text
    assert problems(korean) == [] and "특허 8,000,000건, 초당 평가 1건" in korean and "서버 한 대면 됩니다" in korean
    world = client.get("/sizes?lang=en&patents=150,000,000&ratings=2&memory=128&cores=32").text
    assert problems(world) == [] and "2 machines of 128 GB and 32 cores are needed, for their memory" in world
    needed = size_of(150_000_000, 2.0)
    assert needed.one_machine is not None and f"{needed.index_gb:,.1f}" in world
    assert f"up to some {float(f'{needed.one_machine:.3g}'):,.0f} patents" in world
    for patents, value in load("cluster_sizes")["rating_core_seconds"].items():
        assert f"{patents:,}" in world and f"{value:.2f}" in world
    assert "is not enough for so many ratings" in client.get("/sizes?ratings=9000").text
    for wrong, said in (("patents=many", "many"), ("patents=0", "1,000,000,000"), ("cores=-1", "-1")):
        refused = client.get(f"/sizes?{wrong}")
        assert refused.status_code == 400 and problems(refused.text) == [] and said in refused.text
        assert "up to" not in refused.text and "Measured points" in refused.text
    acting.now = ADMINISTRATOR
    assert client.get("/sizes").status_code == 403


def test_the_portfolio_counts_the_newest_grade_of_each_company(
    client: TestClient, acting: Acting, house: House
) -> None:
    acting.now = BANK
    with house._store().unit(BANK) as unit:
        kept = unit.portfolio.add_company("가온정밀", GAON, None)
        unit.portfolio.add_company("누리소프트", None, None)
        for day, name in ((date(2024, 1, 1), "hanbit-motion"), (date(2025, 1, 1), "saebyeok-metal")):
            results = [golden(f"ktrs-fm-1.3.0-{name}")]
            unit.ratings.add(kind="company", subject=name, as_of=day, inputs={}, results=results, company=kept.id)
    grade = golden("ktrs-fm-1.3.0-saebyeok-metal")["grades"]["business"]
    page = client.get("/portfolio?lang=en").text
    values = re.findall(r'class="card-value">([^<]*)<', page)
    assert values[:3] == ["1", "1", "1"], "rated, not rated, older than a year"
    spread, companies = page.split("<tbody>")[1:3]
    assert f">{grade}</th>" in spread and "100.0" in spread.split("</tbody>")[0] and spread.count("<tr>") == 2
    assert companies.index("가온정밀") < companies.index("누리소프트"), "those without a grade come last"
    assert client.get("/portfolio?file=xlsx").content[:2] == b"PK"
    acting.now = COMPANY
    assert client.get("/portfolio").status_code == 403


def test_the_company_s_looks_are_the_institution_s_list_of_looks(
    client: TestClient, acting: Acting, house: House
) -> None:
    acting.now = COMPANY
    asked = client.get("/consents?f_state=requested").text
    consent = re.findall(r'href="/consents/([0-9a-f-]+)"', asked.split("<tbody>")[1])[0]
    given = {"csrf": token_of(asked), "results": "ktrs-fm"}
    assert client.post(f"/consents/{consent}/grant", data=given).status_code == 303
    acting.now = BANK
    page = client.get("/lookup").text
    assert "<tbody>" not in page
    client.post("/lookup", data={"csrf": token_of(page), "business_number": GAON})
    page = client.get("/lookup?lang=ko").text
    assert "가온정밀" in page.split("<tbody>")[1]
    acting.now = COMPANY
    assert "IBK기업은행" in client.get("/ledger").text.split("<tbody>")[1]


def test_the_first_page_of_a_result_asks_the_database_little_and_rates_nothing(
    client: TestClient, acting: Acting, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What its 200 ms are made of (measured by benchmarks/load.py): counts, because no time decides a test.
    counted: Counter[str] = Counter()

    def counting(what: str, called: Callable[..., Any]) -> Callable[..., Any]:
        def count(*given: Any, **named: Any) -> Any:
            counted[what] += 1
            return called(*given, **named)

        return count

    for kind in (GrowthRiskModel, TechIndexModel):
        monkeypatch.setattr(kind, "rate_table", counting("rated", kind.rate_table))
    event.listen(house._store().engine, "before_cursor_execute", counting("asked", lambda *_: None))
    acting.now = COMPANY
    rating = add_rating(house._store(), COMPANY, GAON)
    for part, most in (("", 10), ("what-if", 14), ("ktrs-fm", 18), ("all", 18)):
        counted.clear()
        assert client.get(f"/ratings/{rating}?part={part}").status_code == 200
        assert 5 <= counted["asked"] <= most and counted["rated"] == 0, (part, counted)
    with contextlib.suppress(AttributeError):
        GrowthRiskModel.rate_table(None, None)  # type: ignore[arg-type]
    assert counted["rated"] == 1, "what rates is counted"
