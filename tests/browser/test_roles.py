"""Four whole journeys in a real browser on the real platform, with real sign-in and nothing but the keyboard.

Each is walked twice, in both languages, at both widths, with and without scripts: of every two of these ways each
combination is walked by some journey. ``KTOP_JOURNEYS=all`` walks every journey in all eight. On the way pages are
held to what everybody needs: no barrier for axe, nothing wider than the screen, no text cut off at 200 %, a focus that
can be seen, valid HTML, no Korean on an English page but what somebody wrote, and nothing on the browser's console.
"""

from __future__ import annotations

import io
import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from markup import problems
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from serving import barriers, serving

from ktop.bootstrap import House
from ktop.catalogue import load
from ktop.domain.party.actor import INSTALLATION, LOCAL_OWNER, Actor
from ktop.domain.values.registration_numbers import BusinessNumber
from ktop.kernel.settings import Settings
from ktop.report import labels
from ktop.training.reference import build_reference
from ktop.usecases.accounts.throttle import Throttle
from ktop.web.app import create_app
from ktop.web.pages.common import day_written

pytestmark = pytest.mark.browser

_NUMBERS = itertools.count()
WHY = "재무제표 원본과 현장 확인으로 매출을 확인함"
#: More presses of the tab key than any page of a journey has stops.
_MOST_STOPS = 160
_CUT = """() => [...document.querySelectorAll('main *, header *')].filter(e => {
    const s = getComputedStyle(e), hides = v => v === 'hidden' || v === 'clip';
    if (!e.innerText || e.closest('.quiet, .clip, svg') || s.position === 'absolute') return false;
    return (hides(s.overflowX) && e.scrollWidth > e.clientWidth + 1)
        || (hides(s.overflowY) && e.scrollHeight > e.clientHeight + 1);
}).map(e => e.outerHTML.slice(0, 120))"""

#: Presses of the tab key from what has the focus to an element; too few where a date, which has three, lies between,
#: none where nothing has it: where a page begins depends on its address.
_STOPS = """target => {
    const from = document.activeElement; if (from === document.body) return 0;
    const after = (a, b) => a.compareDocumentPosition(b) & a.DOCUMENT_POSITION_FOLLOWING;
    const all = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')];
    const stops = all.filter(e => e.tabIndex >= 0 && !e.disabled && e.type !== 'hidden' && e.type !== 'radio'
        && e.checkVisibility({visibilityProperty: true}) && after(from, e));
    return stops.filter(e => e === target || after(e, target)).length;
}"""
_HERE = "element => element === document.activeElement"
#: Pixels of a list that are out of sight until one scrolls sideways.
_HIDDEN = "(list => list.scrollWidth - list.clientWidth)(document.querySelector('.scroll:has(> .listing)'))"
#: Whether the focus is drawn around what has it, or around the label of a choice.
_SEEN = "e => [e, e.closest('label')].some(one => one && getComputedStyle(one).outlineStyle !== 'none')"
#: A file dialog is the browser's own, and so is the clipboard: files are handed over, a table is pasted as an event.
_PASTE = """() => { const data = new DataTransfer(); data.setData('text/plain', '8,200\\t6,900\\n');
    document.activeElement.dispatchEvent(new ClipboardEvent('paste',
        {clipboardData: data, bubbles: true, cancelable: true})); }"""
Way = tuple[str, int, bool]
_ALL = list(itertools.product(("ko", "en"), (1440, 360), (True, False)))


def walked(*ways: Way) -> pytest.MarkDecorator:
    """Walk a journey in some ways (language, width in pixels, with scripts), or in all of them where that is asked."""
    chosen = _ALL if os.environ.get("KTOP_JOURNEYS") == "all" else ways
    names = [f"{lang}-{width}-{'scripts' if scripts else 'plain'}" for lang, width, scripts in chosen]
    return pytest.mark.parametrize("person", chosen, indirect=True, ids=names)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(Settings(data=tmp_path_factory.mktemp("roles"), corpus=tmp_path_factory.mktemp("none")))


@pytest.fixture(scope="module")
def people(house: House) -> dict[str, tuple[str, str]]:
    return {one.role: (one.login, one.password) for one in house.demo.prepare(LOCAL_OWNER)}


@pytest.fixture(scope="module")
def address(house: House, people: dict[str, tuple[str, str]]) -> Iterator[str]:
    with serving(create_app(house._settings, house)) as found:
        yield found


class Person:
    """Somebody at a keyboard."""

    def __init__(self, context: BrowserContext, lang: str, scripts: bool) -> None:
        self.page = context.new_page()
        self._looking: Page | None = None
        self.lang, self.scripts, self.complaints = lang, scripts, list[str]()
        self.korean: set[str] = set()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)

    def at(self, target: Locator) -> None:
        """Go on with the tab key until something has the focus, past the menu as the first link of a page offers."""
        expect(target).to_be_attached()
        if target.evaluate("e => !!e.closest('main') && document.activeElement === document.body && !location.hash"):
            self.page.keyboard.press("Tab")
            self.page.keyboard.press("Enter")
        for stop in range(-target.evaluate(_STOPS), _MOST_STOPS):
            self.page.keyboard.press("Tab")
            if stop >= -1 and target.evaluate(_HERE):
                assert target.evaluate(_SEEN), f"nobody sees the focus on {target} of {self.page.url}"
                return
        raise AssertionError(f"the tab key never reaches {target} of {self.page.url}")

    def write(self, selector: str, words: str) -> None:
        self.at(self.page.locator(selector))
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(words)

    def choose(self, selector: str, value: str) -> None:
        """Choose from a list by its arrows."""
        field = self.page.locator(selector)
        self.at(field)
        self.page.keyboard.press("Home")
        for _ in range(60):
            if field.input_value() == value:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{value} is not in {selector}")

    def tick(self, selector: str) -> None:
        self.at(self.page.locator(selector))
        self.page.keyboard.press("Space")

    def go(self, selector: str) -> None:
        """Press a link or button, and wait for the page that it leads to."""
        self.at(self.page.locator(selector).first)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def menu(self, target: str) -> None:
        """Open a group of the menu and go to one of its pages; from the top, as a new page is."""
        self.at(self.page.locator(f".menu-group:has(a[href='{target}']) summary"))
        self.page.keyboard.press("Enter")
        self.go(f".menu a[href='{target}']")

    def sign_in(self, account: tuple[str, str]) -> None:
        self.page.goto(f"/sign-in?lang={self.lang}")
        self.write("[name=login]", account[0])
        self.write("[name=password]", account[1])
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        assert self.page.url.endswith("/home")
        self.sound()

    def _looked_at(self) -> Page:
        """Return the present page, none of its own scripts run, where axe can: it does not without any script."""
        browser = self.page.context.browser
        assert browser
        if self._looking is None:
            seen = {"viewport": self.page.viewport_size, "storage_state": self.page.context.storage_state()}
            self._looking = browser.new_context(**seen).new_page()
            self._looking.route("**/*.js*", lambda route: route.abort())
        self._looking.context.add_cookies(self.page.context.cookies())
        self._looking.goto(self.page.url)
        return self._looking

    def sound(self) -> None:
        """Hold the present page to what everybody needs of it."""
        page = self.page
        assert page.get_attribute("html", "lang") == self.lang
        if self.lang == "en":
            shown = page.locator("body").inner_text().replace("한국어", "")
            foreign = [line for line in shown.splitlines() if re.search("[가-힣]", line)]
            assert [line for line in foreign if not any(own in line for own in self.korean)] == [], page.url
        assert problems(page.request.get(page.url).text()) == [], page.url
        assert barriers(page if self.scripts else self._looked_at()) == [], page.url
        size = page.viewport_size
        assert size
        for width in (size["width"], max(320, size["width"] // 2)):  # half as wide: what 200 % leaves of a screen
            page.set_viewport_size({"width": width, "height": size["height"]})
            beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert beyond <= 0, (page.url, width)
            assert page.evaluate(_CUT) == [], (page.url, width)
        page.set_viewport_size(size)


@pytest.fixture
def person(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Person]:
    lang, width, scripts = request.param
    context = browser.new_context(
        base_url=address, viewport={"width": width, "height": 900}, java_script_enabled=scripts, locale="ko-KR"
    )
    context.set_default_timeout(60_000)
    someone = Person(context, lang, scripts)
    yield someone
    if someone._looking is not None:
        someone._looking.context.close()
    context.close()
    assert not someone.complaints


@walked(("ko", 1440, True), ("en", 360, False))
def test_owner_from_signing_up_to_sending_a_result(person: Person, house: House) -> None:
    page = person.page
    with house._store().installation() as work:  # all ways of this journey sign up from one place within minutes
        Throttle("sign-up", "127.0.0.1").forget(work)
    page.goto(f"/sign-up?lang={person.lang}")
    person.sound()
    place = next(_NUMBERS)
    number = BusinessNumber.invented(77 + place).digits
    name = "한결정밀" if person.lang == "ko" else "Hangyeol Precision"
    fields = {"company": name, "business_number": number, "name": f"Kim {place}", "login": f"hangyeol.{place}"}
    for field, words in {**fields, "password": "correct horse staple 9"}.items():
        person.write(f"#f-{field}", words)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith("/my/companies/new"), "a new company is led to where it is entered"
    assert page.input_value("#f-name") == name
    person.sound()
    person.write("#f-business_number", number)
    person.write("#f-industry", "C29271")
    person.go("button[name=go][value=next]:visible")
    person.write("#f-staff_total", "34")
    person.write("#f-technical_staff", "11")
    if person.scripts:  # two years copied from a spreadsheet are spread over the grid
        person.at(page.locator("#f-sales_krw_t0"))
        page.evaluate(_PASTE)
    else:
        for year, sales in enumerate(("8,200", "6,900")):
            person.write(f"#f-sales_krw_t{year}", sales)
    assert [page.input_value(f"#f-sales_krw_t{year}") for year in (0, 1)] == ["8,200", "6,900"]
    person.sound()
    person.go("button[name=go][value=next]:visible")
    person.go("button[name=go][value='step:consent']")
    person.sound()
    person.go("main button.big")
    page.wait_for_url("**/ratings/*")
    person.sound()
    if page.viewport_size == {"width": 1440, "height": 900}:
        assert page.evaluate("document.documentElement.scrollHeight") <= 1400, "what matters is seen at a glance"
    result = page.url
    assert page.locator(".todo li").count(), "what to do next is said"
    person.go("a[href*='part=what-if']")
    person.sound()
    person.write("#what-if #f-technical_staff", "20")
    page.keyboard.press("Enter")
    expect(page.locator("#what-if table").first).to_be_visible()
    person.go("main a[href*='/my/companies/new?rating=']")  # from trying what would be to saying what is
    person.sound()
    page.goto(result)
    person.go("a[href*='#steps-']")
    person.sound()
    page.goto(result)
    person.at(page.locator("a[href$='.pdf']"))
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")
    person.go(f"a[href='/send/{result.rsplit('/', 1)[1]}']")
    person.sound()
    person.choose("main select[name=institution]", "ibk")
    person.choose("main select[name=purpose]", "loan_review")
    person.go("main form button[type=submit]")
    assert page.url.endswith("/sent")
    expect(page.locator("main table")).to_contain_text(load("institutions")["institutions"]["ibk"][person.lang])
    person.sound()


@walked(("en", 1440, False), ("ko", 360, True))
def test_evaluator_from_a_table_to_another_grade(
    person: Person, people: dict[str, tuple[str, str]], house: House, tmp_path: Path
) -> None:
    page = person.page
    person.korean.add(WHY)  # what an evaluator writes is in the evaluator's language
    table = tmp_path / "firms.csv"
    seed = 5 + next(_NUMBERS)  # other firms each time: a result that is kept already would have its comments
    named = pl.Series("name", [f"Firm {seed}-{place}" for place in range(12)])
    table.write_bytes(build_reference(100, seed).head(12).with_columns(named).write_csv().encode())
    person.sign_in(people["agency_evaluator"])
    person.menu("/batches")
    person.sound()
    page.set_input_files("#table", table)  # the file dialog is the browser's own, not the page's
    person.go("main form[action='/batches'] button[type=submit]")
    for job in house.work.take(INSTALLATION, "test", 5):
        house.work.do(INSTALLATION, job, lambda: None)
    page.goto(page.url.partition("?")[0])
    expect(page.locator("#t-ranking")).to_be_visible()
    person.sound()
    person.go("th a[href*='sort=-index']")
    assert page.locator("th[aria-sort]").count() == 1
    person.go("td.listing-actions button")
    assert page.url.endswith("/review")
    person.sound()
    person.write("#f-said", WHY)
    person.go("form[action$='/review'] button[type=submit]")
    expect(page.locator("main table")).to_contain_text(WHY)
    given = page.locator("#f-grade option").first.get_attribute("value")
    assert given
    person.choose("#f-wanted", "C")
    person.write("#f-reason", WHY)
    person.go("form[action$='/override'] button[type=submit]")
    expect(page.locator("main table")).to_contain_text("→ C")
    person.sound()


@walked(("ko", 360, False), ("en", 1440, True))
def test_bank_officer_from_a_request_to_a_verified_result(
    person: Person, people: dict[str, tuple[str, str]], house: House, browser: Browser, address: str, tmp_path: Path
) -> None:
    page = person.page
    with house._store().installation() as work:
        number = work.identity.organisation("demo-company").business_number
    company = Actor("someone", "demo-company", frozenset({"company_owner"}))
    record = house.companies.example_record(company, "hanbit-motion")
    rating = house.ratings.rate_company(company, {**record, "business_number": number}, day_written(record))
    owner = Person(browser.new_context(base_url=address, java_script_enabled=False), "ko", scripts=False)
    owner.sign_in(people["company_owner"])
    person.sign_in(people["bank_officer"])
    person.menu("/consents")
    person.write("form[action='/consents/requests'] [name=business_number]", number)
    person.choose("form[action='/consents/requests'] select[name=purpose]", "loan_review")
    person.tick("form[action='/consents/requests'] [name=results][value='tech-index']")
    person.go("form[action='/consents/requests'] button[type=submit]")
    person.sound()
    owner.page.goto("/home")
    owner.go(".desk-tasks a[href^='/consents/']")
    owner.go("form[action$='/grant'] button[type=submit]")
    owner.page.context.close()
    person.menu("/lookup")
    person.write("[name=business_number]", number)
    person.go("main form button[type=submit]")
    person.go("form[action^='/lookup/'] button")
    expect(page.locator("main")).to_contain_text(labels.word("model", "tech-index", person.lang))
    person.menu("/lookup")
    expect(page.locator("table.listing").last).to_contain_text("가온정밀" if person.lang == "ko" else "Gaon Precision")
    person.sound()
    issued = house.results.issue_result(company, rating.id)
    (tmp_path / "result.json").write_bytes(house.results.result_file(company, issued.id))
    person.go("footer a[href='/verify']")
    person.sound()
    page.set_input_files("main input[type=file]", tmp_path / "result.json")
    person.go("main form button[type=submit]")
    expect(page.locator("[role=status] strong")).to_be_visible()


@walked(("en", 360, True), ("ko", 1440, False))
def test_operator_from_an_institution_to_the_audit_trail(person: Person, people: dict[str, tuple[str, str]]) -> None:
    page = person.page
    number = next(_NUMBERS)
    person.korean.add("한결정밀")  # a company that has signed up without an English name keeps its own in the trail
    person.sign_in(people["operator"])
    person.menu("/institutions")
    person.sound()
    person.write("#f-id", f"hanbit-bank-{number}")
    person.choose("#f-kind", "bank")
    person.write("#f-name_ko", f"한빛시험은행 {number}")
    person.write("#f-name_en", f"Hanbit Test Bank {number}")
    person.go("main form[action='/institutions'][method=post] button[type=submit]")
    person.write("#f-q", f"test bank {number}" if person.lang == "en" else f"시험은행 {number}")
    person.go("form[role=search] button[type=submit]")
    expect(page.locator("table.listing tbody tr")).to_have_count(1)
    person.menu("/models")
    person.sound()
    person.go("main a[href^='/models/ktrs-fm/']")
    person.sound()
    person.menu("/audit")
    expect(page.locator("table.listing")).to_contain_text(load("actions")["institution.created"][person.lang])
    assert page.evaluate(_HIDDEN) <= 0 or page.viewport_size != {"width": 1440, "height": 900}, "details are cut"
    person.go("form[action='/audit/verify'] button")
    expect(page.locator(".notice[role=status]")).to_be_visible()
    person.go(".listing-pages a, th a[href*='sort=']")
    person.sound()
    with page.expect_download() as download:
        person.at(page.locator("a[href*='file=xlsx']"))
        page.keyboard.press("Enter")
    assert io.BytesIO(Path(download.value.path()).read_bytes()).read(2) == b"PK"
    person.menu("/settings")
    person.sound()
