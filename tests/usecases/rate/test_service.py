"""The platform on one machine: which models rate which company, what it keeps, and that it can be computed again."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from ktop.bootstrap import House
from ktop.domain.party.actor import LOCAL_OWNER as OWNER
from ktop.kernel.settings import Settings
from ktop.models.registry import ModelRegistry
from ktop.store.unit_of_work import Store
from ktop.usecases.rate.recompute import recompute_ratings

DAY = date(2026, 6, 30)


@pytest.fixture
def platform(tmp_path: Path) -> House:
    return House(Settings(data=tmp_path, database_url=None))


def test_a_start_up_is_rated_by_its_own_model_too(platform: House) -> None:
    young = platform.ratings.rate_company(OWNER, platform.companies.example_record(OWNER, "dasom-sensing"), DAY)
    older = platform.ratings.rate_company(OWNER, platform.companies.example_record(OWNER, "hanbit-motion"), DAY)
    assert [r["model"]["name"] for r in young.ratings] == ["tech-index", "ktrs-fm", "start-up"]
    assert [r["model"]["name"] for r in older.ratings] == ["tech-index", "ktrs-fm"]
    changed = platform.ratings.what_if(OWNER, young.id, {"q07": 1})
    assert [r["model"]["name"] for r in changed] == ["tech-index", "ktrs-fm", "start-up"]


def test_two_start_ups_side_by_side_keep_both_models_scores_apart(platform: House) -> None:
    a, b = (
        platform.ratings.rate_company(OWNER, platform.companies.example_record(OWNER, name), DAY)
        for name in ("dasom-sensing", "narae-lab")
    )
    gaps = platform.ratings.compare(OWNER, a.id, b.id)["gaps"]
    assert {"growth", "risk", "start-up:growth", "start-up:risk"} <= set(gaps)
    for model, key in (("ktrs-fm", "growth"), ("start-up", "start-up:growth")):
        first, second = (next(r for r in s.ratings if r["model"]["name"] == model) for s in (a, b))
        bases = first["base"]["growth"]["points"] - second["base"]["growth"]["points"]
        total = sum(part["points"] for part in gaps[key]) + bases
        assert total == pytest.approx(first["scores"]["growth"] - second["scores"]["growth"], abs=1e-9)


def test_what_is_kept_can_be_computed_again(platform: House) -> None:
    kept = platform.ratings.rating(
        OWNER, platform.ratings.rate_company(OWNER, platform.companies.example_record(OWNER, "dasom-sensing"), DAY).id
    )
    answers = recompute_ratings(json.loads(json.dumps(list(kept.ratings))), ModelRegistry(None))
    assert [answer["status"] for answer in answers] == ["identical"] * 3
    assert list(platform.ratings.recompute(OWNER, kept.id)) == answers


def test_models_of_the_installation_are_told(platform: House) -> None:
    assert {card["name"] for card in platform.models.model_cards(OWNER) if card["champion"]} == {
        "tech-index",
        "ktrs-fm",
        "start-up",
        "global-expansion",
        "originality",
    }
    assert platform.models.model_card(OWNER, "ktrs-fm", "1.0.0")["origin"] == "released"
    assert platform.models.model_history(OWNER) == [] and platform.models.drift_reports(OWNER) == []


def test_strangers_without_a_number_are_not_one_company(platform: House, tmp_path: Path) -> None:
    example = platform.companies.example_record(OWNER, "hanbit-motion")
    for name, number in (("A-1", "000-00-00000"), ("A-2", "000-00-00000"), ("A-3", "221-00-44172")):
        platform.ratings.rate_company(OWNER, {**example, "company_id": name, "business_number": number}, DAY)
    with Store.open(f"sqlite:///{tmp_path / 'ktop.sqlite3'}").unit(OWNER) as unit:
        keys = [row.subject_key for row in unit.ratings.recent()]
    assert sorted(map(str, keys)) == ["business_number:2210044172", "company_id:A-1", "company_id:A-2"]


def test_what_came_before_is_found_by_company_and_by_day(platform: House) -> None:
    record = platform.companies.example_record(OWNER, "hanbit-motion")
    rated = [platform.ratings.rate_company(OWNER, record, day) for day in (date(2026, 3, 31), DAY, date(2026, 9, 30))]
    other = platform.ratings.rate_company(OWNER, platform.companies.example_record(OWNER, "narae-lab"), DAY)
    before = platform.ratings.earlier(OWNER, rated[2].id)
    assert before is not None and before.id == rated[1].id
    older = platform.ratings.earlier(OWNER, rated[2].id, date(2026, 5, 1))
    assert older is not None and older.id == rated[0].id
    assert platform.ratings.earlier(OWNER, rated[2].id, date(2026, 1, 1)) is None
    assert platform.ratings.earlier(OWNER, rated[0].id) is None and platform.ratings.earlier(OWNER, other.id) is None
