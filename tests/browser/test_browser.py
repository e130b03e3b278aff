"""Pages in a real browser: no barrier found by axe, nothing wider than the screen, Korean drawn, scripts optional."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from fake_platform import SAMPLE
from playwright.sync_api import Page, expect
from serving import follow

pytestmark = pytest.mark.browser

ADDRESSES = [
    "/",
    "/companies",
    "/companies/new?from=demo-1",
    "/technology",
    "/compare?kind=technology",
    "/proposals",
    "/compare",
    "/methods",
    "/api",
    "/none",
]
ADDRESSES += ["/models", "/models/ktrs-fm/1.0.0", "/verify"]
_UNFOLD = "for (const fold of document.querySelectorAll('details')) fold.open = true"


def rate_all(page: Page) -> str:
    """Rate a company and a technology through the first page and return the address of the results."""
    page.goto("/")
    page.select_option("#company", "demo-1")
    page.fill("#text", SAMPLE)
    follow(page.locator("form button[type=submit]").first)
    page.wait_for_url("**/ratings/*")
    return page.url


def barriers(page: Page, **rules: Any) -> list[str]:
    """Return what axe finds serious or critical, by all of its rules or those that its options name."""
    found = Axe().run(page, options={"resultTypes": ["violations"], **rules}).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found if v["impact"] in ("serious", "critical")]


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_no_page_has_a_serious_barrier(open_page: Any, lang: str) -> None:
    """Colours take axe most of its time and are the same in both languages: one has them looked at, light and dark."""
    page = open_page()
    page.goto(f"/?lang={lang}")
    assert ":lang" not in "".join(rule for rule in _rules(page) if "color" in rule), "colours are the same in both"

    def sound(name: str) -> None:
        assert barriers(page, **({} if lang == "ko" else {"rules": {"color-contrast": {"enabled": False}}})) == [], name
        if lang == "ko":
            page.emulate_media(color_scheme="dark")
            assert barriers(page, runOnly=["cat.color"]) == [], f"{name}, dark"
            page.emulate_media(color_scheme="light")

    for address in ADDRESSES:
        page.goto(address)
        assert page.get_attribute("html", "lang") == lang
        sound(address)
    results = rate_all(page)
    assert page.evaluate("document.documentElement.scrollHeight") <= 1400, "what matters is seen at a glance"
    # Everything folded is looked at as well.
    page.goto(f"{results}?part=all")
    page.evaluate(_UNFOLD)
    sound("results")
    page.goto(f"/compare?a={results.rsplit('/', 1)[1]}")
    page.check("input[value='demo:demo-2']")
    follow(page.locator("form.panel button[type=submit]").first)
    page.wait_for_url("**/compare?a=*&b=*")
    page.evaluate(_UNFOLD)
    sound("comparison")


def _rules(page: Page) -> list[str]:
    """Return every rule of the page's own style sheet."""
    found: list[str] = page.evaluate("[...document.styleSheets].flatMap(s => [...s.cssRules].map(r => r.cssText))")
    return found


def test_nothing_is_wider_than_the_screen(open_page: Any) -> None:
    page = open_page(viewport={"width": 360, "height": 800})
    rate_all(page)
    results = page.url
    for lang in ("ko", "en"):
        for address in (*ADDRESSES, results, f"{results}?part=all"):
            page.goto(f"{address}{'&' if '?' in address else '?'}lang={lang}")
            page.evaluate(_UNFOLD)
            for width in (360, 390, 768, 1280, 1920):
                page.set_viewport_size({"width": width, "height": 800})
                beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                assert beyond <= 0, (address, lang, width)


def test_korean_is_drawn_with_our_font_where_the_machine_has_none(open_page: Any) -> None:
    page = open_page()
    page.goto("/")
    page.evaluate("document.fonts.ready")
    page.wait_for_function("[...document.fonts].some(f => f.status === 'loaded')", timeout=60_000)
    loaded = page.evaluate(
        "[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family.replaceAll('\"', ''))"
    )
    assert set(loaded) == {"K-TOP Sans"}
    # Two syllables of different shape are drawn differently; boxes for missing glyphs would be alike.
    different = page.evaluate(
        """() => {
            const draw = c => {
                const v = document.createElement('canvas');
                const x = v.getContext('2d');
                x.font = '32px "K-TOP Sans"';
                x.fillText(c, 4, 40);
                return v.toDataURL();
            };
            return draw('가') !== draw('힣');
        }"""
    )
    assert different


def test_every_form_works_without_scripts(open_page: Any) -> None:
    page = open_page(java_script_enabled=False)
    results = rate_all(page)
    page.goto(f"{results}?part=what-if")
    page.fill("#what-if #f-technical_staff", "20")
    follow(page.locator("#what-if button").first)
    expect(page.locator("#what-if table")).to_have_count(1)
    assert "▲ 5.00" in page.inner_text("#what-if")
    page.goto("/companies/new")
    page.fill("#f-name", "새 기업")
    page.fill("#f-staff_total", "열 명")
    follow(page.locator("form button[type=submit]").first)
    expect(page.locator(".alert")).to_have_count(1)
    page.fill("#f-staff_total", "10")
    follow(page.locator("form button[type=submit]").first)
    page.wait_for_url("**/ratings/*")
    assert page.url != results
    page.goto("/technology")
    follow(page.locator("text=이 예시 사용 >> nth=0"))
    follow(page.locator("form button[type=submit]").first)
    page.wait_for_url("**/ratings/*")


def test_what_if_replaces_its_own_part_only(open_page: Any) -> None:
    page = open_page()
    results = f"{rate_all(page)}?part=what-if"
    page.goto(results)
    page.evaluate("window.stayed = true")
    page.fill("#what-if #f-technical_staff", "20")
    page.click("#what-if button")
    page.wait_for_selector("#what-if table")
    assert page.evaluate("window.stayed")
    assert page.url == results
    assert page.locator("#what-if").count() == 1


def test_keyboard_reaches_the_content(open_page: Any) -> None:
    page = open_page()
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_report_downloads(open_page: Any) -> None:
    page = open_page()
    rate_all(page)
    with page.expect_download() as download:
        page.click("text=PDF 보고서")
    assert download.value.suggested_filename.endswith("-ko.pdf")


def test_words_in_narrow_tables_stay_whole(open_page: Any) -> None:
    page = open_page(viewport={"width": 390, "height": 844})
    page.goto("/models")
    version = page.locator("tbody tr td").first
    assert version.evaluate("cell => cell.querySelector('a').getClientRects().length") == 1


def test_lists_show_all_their_columns_on_wide_screens_and_on_phones(open_page: Any, tmp_path: Path) -> None:
    given = tmp_path / "proposals.csv"
    given.write_text(f"id,title,text\nP-01,Long title of a proposal,{SAMPLE}\n", "utf-8")
    page = open_page()
    for lang in ("ko", "en"):
        page.goto(f"/proposals?lang={lang}")
        page.set_input_files("#table", given)
        follow(page.locator("main form button[type=submit]").first)
        names = page.locator("thead th").all_inner_texts()
        assert len(names) == 11
        for width in (1440, 1280, 599, 360):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("(e => e.scrollWidth - e.clientWidth)(document.querySelector('.scroll'))") <= 0, width
        told = page.evaluate(
            "[...document.querySelectorAll('tbody tr > *')].map(e => getComputedStyle(e, '::before').content)"
        )
        assert [name in one for name, one in zip(names, told, strict=False)] == [True] * 11, "each cell is named"
    page.goto("/models")
    assert page.locator("thead a").first.is_visible(), "a phone sorts, too"
    assert page.evaluate("(e => e.scrollWidth - e.clientWidth)(document.querySelector('.scroll'))") <= 0


def test_paper_shows_what_is_folded_and_cuts_nothing(open_page: Any) -> None:
    page = open_page(viewport={"width": 718, "height": 1000})  # what A4 leaves between its margins
    results = rate_all(page)
    page.emulate_media(media="print")
    page.goto(f"{results}?part=all")
    for part in (".top", ".bottom", ".tabs", "main form", "main .button"):
        assert not any(one.is_visible() for one in page.locator(part).all()), part
    folded = """[...document.querySelectorAll('main details:not([open]) > :not(summary)')].filter(
        e => !e.closest('form') && !e.matches(':has(> form)'))"""
    assert page.evaluate(f"{folded}.length") > 5
    assert page.evaluate(f"{folded}.filter(e => !e.checkVisibility()).map(e => e.outerHTML.slice(0, 99))") == []
    cut = "[...document.querySelectorAll('main, main .scroll, main table')].filter(e => e.scrollWidth > 718)"
    assert page.evaluate(f"{cut}.map(e => e.outerHTML.slice(0, 99))") == []
    page.emulate_media(media="screen")
    assert page.evaluate(f"{folded}.some(e => e.checkVisibility())") is False, "on a screen they stay folded"


def test_forced_colours_leave_focus_and_charts_to_be_seen(open_page: Any) -> None:
    page = open_page(forced_colors="active")
    results = rate_all(page)
    for scheme in ("light", "dark"):
        page.emulate_media(forced_colors="active", color_scheme=scheme)
        page.goto(results)
        behind = page.evaluate("getComputedStyle(document.body).backgroundColor")
        for part in ("main a.button", ".tabs a", "main summary"):
            page.locator(part).first.focus()
            page.keyboard.press("Shift+Tab")
            page.keyboard.press("Tab")
            style = page.evaluate(
                "(s => [s.outlineStyle, s.outlineColor, s.outlineWidth])(getComputedStyle(document.activeElement))"
            )
            assert style[0] == "solid" and style[1] != behind and style[2] == "3px", (scheme, part, style)
        marks = page.evaluate("[...document.querySelectorAll('main svg .k-own')].map(e => getComputedStyle(e).fill)")
        assert marks and behind not in marks, scheme
        written = page.evaluate(
            "[...document.querySelectorAll('main svg text:not(.k-paper)')].map(e => getComputedStyle(e).fill)"
        )
        assert written and behind not in written, scheme
        filled, on = page.evaluate(
            "(s => [s.backgroundColor, s.color])(getComputedStyle(document.querySelector('.button:not(.second)')))"
        )
        assert filled not in (behind, on), scheme
