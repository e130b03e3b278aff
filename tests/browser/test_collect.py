"""Collecting a company and taking companies in from a file, in the browser: two languages, two widths."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from serving import follow, open_to_all, serving

from ktop.bootstrap import House
from ktop.catalogue import text
from ktop.collect.stand_in.companies import made_up_companies
from ktop.domain.party.actor import INSTALLATION
from ktop.kernel.clock import today
from ktop.kernel.settings import Settings
from ktop.web.app import create_app

GARAM = made_up_companies(today())[0]
CSV = f"사업자등록번호,기업명,설립일\n{GARAM.business_number},가람센서(가상),2014-03-01\n123,다라(가상),2014-03-01\n"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(Settings(solo=True, data=tmp_path_factory.mktemp("collect")))


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[str]:
    with serving(create_app(house._settings, house)) as address:
        yield address


def test_from_a_number_and_from_a_file(house: House, served: str, browser: Browser) -> None:
    page = browser.new_page(base_url=served, locale="ko-KR", viewport={"width": 1440, "height": 900})
    page.set_default_timeout(120_000)  # a machine under load is no fault of the pages

    def press(key: str) -> None:
        follow(page.get_by_role("button", name=text(key, "ko", companies=1)).first)

    page.goto("/collect")
    follow(page.get_by_role("button", name=GARAM.name))
    for job in house.work.take(INSTALLATION, "w", 5):
        house.work.do(INSTALLATION, job, lambda: None)
    page.goto(page.url)
    page.locator("input[name=path][type=checkbox]").first.check()
    press("collect.take_questions")
    row = page.locator("tr", has=page.locator("form[action$='/correct'] input[value='founded']"))
    row.locator("summary").click()
    row.locator("input[name=value]").fill("2014-03-13")
    row.locator("input[name=reason]").fill("등기부와 다름")
    follow(row.get_by_role("button", name=text("collect.correct_one", "ko")))
    press("collect.follow_start")
    collection = page.url
    follow(page.locator("a[href^='/collect/answers/']").first)
    answer = page.url
    page.goto("/imports")
    page.locator("input[type=file]").set_input_files(
        {"name": "firms.csv", "mimeType": "text/csv", "buffer": CSV.encode("cp949")}
    )
    press("sheets.send")
    open_to_all(page, "import-ko")
    press("sheets.take")
    assert page.get_by_role("status").count()
    shown = {
        "start": "/collect",
        "collection": collection,
        "answer": answer,
        "imports": "/imports",
        "sources": "/sources",
    }
    for lang, names in (("ko", shown), ("en", ("collection", "imports"))):
        page.context.add_cookies([{"name": "ktop_lang", "value": lang, "url": served}])
        for name in names:
            page.goto(shown[name])
            open_to_all(page, f"{name}-{lang}")
    page.context.close()
