"""A passkey in a real browser: registered on the account's page, signed in by, with the browser's own authenticator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import database_url
from people import PASSWORD, Installation
from playwright.sync_api import Browser
from serving import follow, serving

from ktop.kernel.settings import Settings
from ktop.store.unit_of_work import Store
from ktop.web.app import create_app


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Installation]]:
    """Serve a platform with accounts under a name: passkeys are bound to one."""
    store = Store.open(database_url("sqlite", tmp_path))
    house = Installation(store, tmp_path)
    house.add_organisation("firm", "company")
    house.add_user("kim", ("firm", "company_owner"))
    with serving(create_app(Settings(data=tmp_path), house), "localhost") as address:  # type: ignore[arg-type]
        yield address, house
    store.engine.dispose()


def test_a_passkey_is_registered_and_signs_in(browser: Browser, served: tuple[str, Installation]) -> None:
    address, house = served
    context = browser.new_context(base_url=address, locale="ko-KR")
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    devices = context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    device = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": {**device, "isUserVerified": True}})
    page.goto("/sign-in")
    assert page.get_by_role("button", name="패스키로 로그인").is_visible()
    page.fill("#f-login", "kim")
    page.fill("#f-password", PASSWORD)
    follow(page.get_by_role("button", name="로그인", exact=True))
    page.goto("/account/second-factor")
    page.fill("#f-passkey-name", "시험용 기기")
    page.get_by_role("button", name="패스키 등록").click()
    page.get_by_text("시험용 기기").first.wait_for()
    context.clear_cookies()
    house.clock.pass_by(seconds=1)
    page.goto("/sign-in?next=/account")
    page.get_by_role("button", name="패스키로 로그인").click()
    page.get_by_text("Kim (kim)").wait_for()
    assert complaints == []
    context.close()
