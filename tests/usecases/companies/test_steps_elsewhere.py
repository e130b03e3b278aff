"""A step that one rating recommends says which scores of the other ratings it lowers, by what rating again gives."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ktop.bootstrap import House
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.indicators import steps
from ktop.domain.party.actor import LOCAL_OWNER
from ktop.domain.rating.rating import Rating
from ktop.kernel.settings import Settings
from ktop.models.next_steps import SMALLEST_GAIN, StepEffects
from ktop.models.registry import ModelRegistry
from ktop.report.present import rating_view
from ktop.training.reference import build_reference
from ktop.training.release import reference_table
from ktop.usecases.companies.examples import example_records
from ktop.usecases.companies.steps_elsewhere import with_steps_elsewhere
from ktop.usecases.rate.recompute import recompute

MODELS = [ModelRegistry().model(name) for name in ("tech-index", "ktrs-fm")]


@pytest.fixture(scope="module")
def lowering() -> tuple[FactTable, list[Rating]]:
    """A firm with a step that lowers a score of the other model, and its ratings."""
    companies = reference_table(build_reference(150, 3))
    for row in range(companies.n):
        table = companies.take(np.array([row]))
        ratings = with_steps_elsewhere([model.rate_row(table) for model in MODELS], MODELS, table)
        if any(":" in score for rating in ratings for step in rating.next_steps for score in step.lowers):
            return table, ratings
    raise AssertionError("no firm of the population has such a step")


def test_what_a_step_lowers_elsewhere_is_what_rating_again_gives(lowering: tuple[FactTable, list[Rating]]) -> None:
    table, ratings = lowering
    by_name = {model.name: (model, rating) for model, rating in zip(MODELS, ratings, strict=True)}
    by_text = {step.text["ko"]: step for step in steps().values()}
    columns = {name: column for name, column in table.columns.items() if column.dtype.kind == "f"}
    for rating in ratings:
        for step in rating.next_steps:
            changes = {
                fact: float(columns[fact][0]) + float(amount.evaluate(columns)[0])
                for fact, amount in by_text[step.text["ko"]].changes.items()
            }
            expected = {}
            for name, (model, other) in by_name.items():
                if name != rating.model.name:
                    after = model.what_if(table, changes, ()).scores
                    gaps = {score: after[score] - other.scores[score] for score in model.explained}
                    expected |= {f"{name}:{score}": gap for score, gap in gaps.items() if gap <= -SMALLEST_GAIN}
            told = {score: change for score, change in step.lowers.items() if ":" in score}
            assert told == pytest.approx(expected)


def test_what_models_find_as_they_rate_is_what_rating_once_more_gives(lowering: tuple[FactTable, list[Rating]]) -> None:
    table, ratings = lowering
    effects = {model.name: StepEffects(tuple(steps())) for model in MODELS}
    again = [model.rate_row(table, effects=effects[model.name]) for model in MODELS]
    assert all(found.changes for found in effects.values())
    assert with_steps_elsewhere(again, MODELS, table, effects) == ratings


def test_it_stands_on_the_page(lowering: tuple[FactTable, list[Rating]]) -> None:
    _, ratings = lowering
    rating = next(r for r in ratings if any(":" in score for step in r.next_steps for score in step.lowers))
    effects = " ".join(step.effect for step in rating_view(rating.to_json(), "en").steps)
    assert f"lowers {'Tech-Index' if rating.model.name == 'ktrs-fm' else 'KTRS-FM'}" in effects


def test_a_kept_rating_computed_again_alone_is_worded_as_before(tmp_path: Path) -> None:
    """Another model's scores are not computed again with it: that is no other wording."""
    companies = House(Settings(data=tmp_path, database_url=None)).companies
    found = 0
    for record in companies_of_all_kinds():
        for rating in companies.rate_by_fitting_models(LOCAL_OWNER, record, date(2026, 6, 1)).ratings:
            stored = json.loads(json.dumps(rating.to_json()))
            found += any(":" in score for step in stored["next_steps"] for score in step["lowers"])
            again = recompute(ModelRegistry().model(rating.model.name), stored)
            assert again.identical and not again.reworded
    assert found


def companies_of_all_kinds() -> list[dict[str, Any]]:
    """Return the example companies, and each with few staff: one more then counts for much."""
    records = [dict(record) for record in example_records().values()]
    few = [{**record, "staff": None, "facts": {"staff_total": 4, "technical_staff": 3}} for record in records]
    return [*records, *few]


def test_one_rating_alone_stays_as_it_is() -> None:
    table = reference_table(build_reference(100, 4)).take(np.array([0]))
    rating = MODELS[0].rate_row(table)
    assert with_steps_elsewhere([rating], MODELS, table) == [rating]
