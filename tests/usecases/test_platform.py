"""The platform on one machine: which models rate which company, what it keeps, and that it can be computed again."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from ktop.kernel.settings import Settings
from ktop.models.registry import ModelRegistry
from ktop.usecases.platform import Platform
from ktop.usecases.rate.recompute import recompute_ratings

DAY = date(2026, 6, 30)


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    return Platform(Settings(data=tmp_path, database_url=None))


def test_a_start_up_is_rated_by_its_own_model_too(platform: Platform) -> None:
    young = platform.rate_company(platform.company_record("dasom-sensing"), DAY)
    older = platform.rate_company(platform.company_record("hanbit-motion"), DAY)
    assert [r["model"]["name"] for r in young.ratings] == ["tech-index", "ktrs-fm", "start-up"]
    assert [r["model"]["name"] for r in older.ratings] == ["tech-index", "ktrs-fm"]
    changed = platform.what_if(young.id, {"q07": 1})
    assert [r["model"]["name"] for r in changed] == ["tech-index", "ktrs-fm", "start-up"]


def test_two_start_ups_side_by_side_keep_both_models_scores_apart(platform: Platform) -> None:
    a, b = (platform.rate_company(platform.company_record(name), DAY) for name in ("dasom-sensing", "narae-lab"))
    gaps = platform.compare(a.id, b.id)["gaps"]
    assert {"growth", "risk", "start-up:growth", "start-up:risk"} <= set(gaps)
    for model, key in (("ktrs-fm", "growth"), ("start-up", "start-up:growth")):
        first, second = (next(r for r in s.ratings if r["model"]["name"] == model) for s in (a, b))
        bases = first["base"]["growth"]["points"] - second["base"]["growth"]["points"]
        total = sum(part["points"] for part in gaps[key]) + bases
        assert total == pytest.approx(first["scores"]["growth"] - second["scores"]["growth"], abs=1e-9)


def test_what_is_kept_can_be_computed_again(platform: Platform) -> None:
    kept = platform.rating(platform.rate_company(platform.company_record("dasom-sensing"), DAY).id)
    answers = recompute_ratings(json.loads(json.dumps(list(kept.ratings))), ModelRegistry(None))
    assert [answer["status"] for answer in answers] == ["identical"] * 3
    assert list(platform.recompute(kept.id)) == answers


def test_models_of_the_installation_are_told(platform: Platform) -> None:
    assert {card["name"] for card in platform.models() if card["champion"]} == {"tech-index", "ktrs-fm", "start-up"}
    assert platform.model_card("ktrs-fm", "1.0.0")["origin"] == "released"
    assert platform.model_history() == [] and platform.model_drift() == []
