"""An evaluator's way: from the batch to the ranked result, a comment, and a grade that a second person agrees to."""

from __future__ import annotations

import re
from pathlib import Path

from acting import acting_as
from consenting import BANK, COMPANY, add_organisations, add_rating
from people import token_of
from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.domain.party.actor import Actor
from ktop.kernel.settings import Settings
from ktop.web.app import create_app

SECOND = Actor("user-second", "ibk", frozenset({"bank_officer"}))
WHY = "등기와 <b>재무제표</b> 원본으로 확인함"


def test_comment_override_and_the_second_pair_of_eyes(tmp_path: Path) -> None:
    house = House(Settings(data=tmp_path))
    add_organisations(house._store())
    made = add_rating(house._store(), BANK, None, "ktrs-fm-1.3.0-hanbit-motion")
    browser = TestClient(create_app(house._settings, house), base_url="http://localhost", follow_redirects=False)
    at = f"/ratings/{made}/review"
    with acting_as(BANK) as acting:
        assert f'href="{at}"' in browser.get(f"/ratings/{made}?lang=ko").text
        page = browser.get(at).text
        assert 'value="ktrs-fm/risk"' in page and '<optgroup label="위험등급">' in page
        assert _post(browser, at, at, said="짧음").status_code == 422
        assert _post(browser, at, at, said=WHY).status_code == 303
        asked = {"grade": "ktrs-fm/risk", "wanted": "R6", "reason": WHY}
        assert _post(browser, f"/ratings/{made}/override", at, **asked).status_code == 303
        page = browser.get(at).text
        assert "&lt;b&gt;재무제표" in page and "<b>재무제표" not in page
        assert "다른 사람이 확인해야" in page and 'value="agree"' not in page
        assert "아직 다른 사람의 확인을 받지 않아" in browser.get(f"/ratings/{made}").text

        acting.now = SECOND
        assert f'href="{at}"' in browser.get("/reviews").text
        review = re.search(r'action="(/reviews/[0-9a-f]{32})"', browser.get(at).text)
        assert review
        done = _post(browser, review[1], at, said=WHY, answer="agree", rating=made)
        assert done.status_code == 303
        result = browser.get(f"/ratings/{made}").text
        assert "사람이 조정한 등급: 위험등급 R6 (모형 " in result
        assert f'href="{at}"' not in browser.get("/reviews").text

        acting.now = COMPANY
        assert browser.get(at).status_code in (403, 404)


def _post(browser: TestClient, address: str, page: str, **form: str) -> object:
    token = token_of(browser.get(page).text)
    return browser.post(address, data={"csrf": token, **form})
