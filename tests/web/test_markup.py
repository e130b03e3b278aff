"""Every page is valid HTML: what a validator would say about it, and what screen readers need, besides axe."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from acting import acting_as
from consenting import BANK, COMPANY, GAON, add_organisations, add_rating
from fake_platform import SAMPLE
from fastapi.routing import APIRoute
from markup import korean, problems
from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.domain.party.actor import Actor
from ktop.kernel.settings import Settings
from ktop.web.app import create_app
from ktop.web.pages import routers
from ktop.web.route_access import ACCESS

_ADDRESS = re.compile(r'(?:href|action)="(/[^"#?]*)[^"]*"')
#: Not pages: files, and what has no form of its own.
_NO_PAGES = re.compile(
    r"^/(static|fonts|api/v1|favicon)|\.(json|pdf|csv|xlsx|yaml)$|receipt|/answer$|/file$|^/sign-out"
)

#: Organisations that have no English name, and so their Korean one on English pages.
_NAMES = ("IBK기업은행", "신한은행", "가온정밀", "누리소프트")
#: The same for everybody, looked at without accounts.
_OF_ALL = ("/methods", "/models", "/api", "/companies", "/companies/new", "/technology", "/proposals", "/verify", "/")
#: What the walks reach.
_WALKED = {
    "/",
    "/api",
    "/audit",
    "/batches",
    "/collect",
    "/companies",
    "/companies/new",
    "/compare",
    "/consents",
    "/discovery",
    "/finance",
    "/glossary",
    "/home",
    "/imports",
    "/inbox",
    "/institutions",
    "/jobs",
    "/joined-companies",
    "/ledger",
    "/lookup",
    "/methods",
    "/methods/{model}",
    "/models",
    "/models/{name}/{version}",
    "/my/companies",
    "/my/companies/new",
    "/my/results",
    "/my/results/{rating_id}",
    "/my/technologies",
    "/my/technologies/{kept_id}",
    "/organisation/keys",
    "/organisation/members",
    "/portfolio",
    "/programmes",
    "/programmes/check",
    "/proposals",
    "/ratings/{rating_id}",
    "/ratings/{rating_id}/prospects",
    "/ratings/{rating_id}/signed",
    "/reviews",
    "/send/{rating_id}",
    "/sent",
    "/settings",
    "/sizes",
    "/sources",
    "/statistics",
    "/technology",
    "/verify",
    "/watch",
    "/webhooks",
}
#: What needs something that only a person, a job or a signature makes, by the test that looks at it.
_ELSEWHERE = {
    "browser/test_collect.py": ("/collect/answers/{answer_id}", "/collect/{collection_id}", "/imports/{import_id}"),
    "browser/test_finance.py": ("/finance/{case_id}",),
    "browser/test_roles.py": (
        "/batches/{batch_id}",
        "/my/companies/{kept_id}/enter",
        "/my/companies/{kept_id}/enter/{step}",
        "/ratings/{rating_id}/review",
        "/sign-in",
        "/sign-up",
    ),
    "browser/test_season.py": (
        "/programmes/applications/{application_id}",
        "/programmes/calls/{call_id}",
        "/programmes/effects",
        "/programmes/effects/{report_id}",
        "/programmes/projects",
        "/programmes/report",
        "/programmes/rules",
        "/programmes/rules/{rule_id}",
    ),
    "web/test_accounts.py": ("/account",),
    "web/test_consent_pages.py": ("/consents/{consent_id}",),
    "web/test_discovery_pages.py": ("/discovery/{card_id}",),
    "web/test_jobs.py": ("/jobs/{job_id}", "/webhooks/{webhook_id}"),
    "web/test_people_pages.py": ("/account/second-factor", "/join/{token}"),
    "web/test_signed.py": ("/results/{result_id}", "/verify/{result_id}"),
    "web/test_statistics_page.py": ("/statistics/method",),
    "web/test_watch_pages.py": ("/organisation/rules",),
    "web/test_wizard.py": ("/my/companies/{kept_id}",),
}
#: Routes that answer with a file, lead on, or belong to a program.
_FILES = re.compile(r"\.(json|pdf|csv|xlsx|\{ending\})$|/answer$|/documents/|/status/results/|/provider|^/\.well-known")
OPERATOR = Actor("user-operator", "ktop", frozenset({"operator"}), known_by="password+totp")


def test_pages_without_accounts_are_valid(client: TestClient, token: str) -> None:
    sent = {"csrf": token, "company": "demo-1", "text": SAMPLE}
    result = client.post("/ratings", data=sent, follow_redirects=False).headers["location"]
    parts = [f"{result}?part={part}" for part in ("all", "tech-index", "ktrs-fm", "originality")]
    wrong = _walk(client, ["/", "/companies/new?from=demo-1", result, *parts])
    refused = client.post("/companies/new", data={"csrf": token, "name": "", "staff_total": "많음"}).text
    wrong |= {"/companies/new, refused": problems(refused)} if problems(refused) else {}
    assert not wrong, wrong


def test_pages_of_people_are_valid(tmp_path: Path) -> None:
    house = House(Settings(data=tmp_path))
    add_organisations(house._store())
    add_rating(house._store(), COMPANY, GAON, "ktrs-fm-1.3.0-hanbit-motion")
    browser = TestClient(create_app(house._settings, house), base_url="http://localhost", follow_redirects=False)
    with acting_as(COMPANY) as acting:
        for acting.now, start, lang in (
            *((COMPANY, "/my/results", "ko"), (BANK, "/lookup", "en")),
            (OPERATOR, "/institutions", "en"),
        ):
            browser.get(f"{start}?lang={lang}")
            wrong = _walk(browser, [start], set(_OF_ALL))
            assert not wrong, wrong


def test_every_page_is_looked_at_by_some_test() -> None:
    """A new page is reached by the walks above, or it is named here with the test that holds its markup or asks axe."""
    routes = {route.path for router in routers() for route in router.routes if isinstance(route, APIRoute)}
    pages = {path for path in routes if f"GET {path}" in ACCESS and not _FILES.search(path)}
    assert pages == _WALKED | {path for test in _ELSEWHERE.values() for path in test}
    for test in _ELSEWHERE:
        said = (Path(__file__).parents[1] / test).read_text("utf-8")
        assert re.search(r"problems\(|open_to_all\(|sound\(", said), test


@pytest.mark.parametrize(
    "markup",
    [
        '<input id="a" aria-label="b" requiredaria-describedby="c">',
        '<input id="a" aria-label="b"class="c">',
        '<p id="a">x</p><p id="a">y</p>',
        '<input id="a" name="a">',
        '<input id="a" aria-label="b" aria-describedby="c">',
        "<p>x<div>y</div></p>",
        "<ul><p>x</p></ul>",
        '<a href="/x"><button type="button">y</button></a>',
        '<a href="/x"></a>',
        "<b><i>x</b></i>",
        '<p class="actions"><button class="button second">x</button><button class="button">y</button></p>',
    ],
)
def test_faults_are_found(markup: str) -> None:
    page = "<!doctype html><html lang=ko><head><title>x</title></head><body>{}</body></html>"
    assert problems(page.format("<p>x</p>")) == []
    assert problems(page.format(markup))


def _walk(client: TestClient, starts: list[str], seen: set[str] | None = None) -> dict[str, list[str]]:
    """Return what is wrong with the pages that links lead to from some, a page of one kind once."""
    seen = set() if seen is None else seen
    waiting, wrong = list(starts), dict[str, list[str]]()
    while waiting and len(seen) < 80:
        address = waiting.pop(0)
        kind = re.sub(r"[0-9a-f-]{8,}|demo-\d", "*", address)
        if kind in seen or _NO_PAGES.search(address.split("?")[0]):
            continue
        seen.add(kind)
        answer = client.get(address)
        if answer.status_code != 200 or "text/html" not in answer.headers["content-type"]:
            continue
        found = problems(answer.text)
        if '<html lang="en"' in answer.text:
            found += [words for words in korean(answer.text) if not any(name in words for name in _NAMES)]
        if found:
            wrong[address] = found[:8]
        waiting += dict.fromkeys(_ADDRESS.findall(answer.text))
    assert len(seen) > 8
    return wrong
