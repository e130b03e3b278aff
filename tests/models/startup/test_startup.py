"""The start-up model: whom it rates, that nothing financial enters, and that it stands beside the other models."""

from __future__ import annotations

import ast
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import ktop.models
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.fact_table import FactTable
from ktop.kernel.errors import InputError
from ktop.models.registry import ModelRegistry
from ktop.models.startup import StartUpModel
from ktop.usecases.companies.batch import rate_frame

RELEASED = ModelRegistry(None)
DAY = date(2026, 6, 30)


@pytest.fixture(scope="module")
def model() -> StartUpModel:
    found = ModelRegistry().model("start-up")
    assert isinstance(found, StartUpModel)
    return found


def _table(**facts: Any) -> FactTable:
    given = {"staff_total": 9.0, "technical_staff": 5.0, "ceo_industry_years": 8.0, "q07": 3.0, "region": "KR-11"}
    columns = {name: np.array([value], dtype=object) for name, value in (given | facts).items()}
    return FactTable.from_columns(columns, DAY)


@pytest.mark.parametrize(
    ("founded", "role"),
    [(date(2025, 6, 30), "own"), (date(2023, 7, 15), "own"), (date(2022, 1, 1), "small_guarantee"), (None, "unknown")],
)
def test_the_role_follows_from_the_age(model: StartUpModel, founded: date | None, role: str) -> None:
    rating = model.rate_row(_table(founded=founded))
    assert rating.details["eligibility"]["status"] == role
    assert (f"eligible_{role}" in {w.code for w in rating.warnings}) == (role != "own")
    assert any(o.basis == ("details.eligibility.status",) for o in rating.opinions)


def test_an_older_firm_is_refused_with_its_age(model: StartUpModel) -> None:
    with pytest.raises(InputError) as caught:
        model.rate_row(_table(founded=date(2015, 6, 30)))
    assert caught.value.key == "startup.too_old"
    assert caught.value.params == {"age": "11.0", "limit": "7"}


def test_the_age_limits_are_exact(model: StartUpModel) -> None:
    ages = np.array([0.0, 3.0, 3.0001, 7.0, 7.0001, np.nan])
    table = FactTable.from_columns({"age_years": ages, "staff_total": np.full(6, 5.0)}, DAY)
    assert model.eligible(table).tolist() == [True, True, True, True, False, True]
    batch = model.rate_table(FactTable.from_columns({"age_years": ages, "technical_staff": np.full(6, 5.0)}, DAY))
    assert batch.ok.tolist() == [True, True, True, True, False, True]
    assert [model.eligibility(batch, row)[0] for row in (0, 1, 2, 3, 5)] == [
        "own",
        "own",
        "small_guarantee",
        "small_guarantee",
        "unknown",
    ]


def test_a_batch_says_which_firms_are_too_old() -> None:
    frame = pl.DataFrame(
        {"name": ["젊은기업", "오래된기업"], "founded": ["2024-05-01", "2010-05-01"], "technical_staff": ["4", "4"]}
    )
    rated, report = rate_frame(frame, models=["start-up"], as_of=DAY, lang="en", registry=RELEASED)
    assert rated["rated"].to_list() == [True, False] and report.refused == 1
    assert "16.2 years old" in rated["problems"][1]
    assert rated["start_up_grade_business"].null_count() == 1


def test_no_financial_fact_enters(model: StartUpModel) -> None:
    used = {name for expression in model.panel.expressions.values() for name in expression.names}
    assert not {name for name in used if FACTS[name].group in ("statement", "credit")}
    poor = model.rate_row(
        _table(founded=date(2024, 1, 1), sales_krw_t0=1e6, net_income_krw_t0=-9e8, equity_krw_t0=-1e9)
    )
    rich = model.rate_row(_table(founded=date(2024, 1, 1), sales_krw_t0=9e9, net_income_krw_t0=2e9, equity_krw_t0=5e9))
    assert poor.scores == rich.scores and poor.probabilities == rich.probabilities


def test_group_scores_are_the_groups_parts_of_growth_less_risk(model: StartUpModel) -> None:
    rating = model.rate_row(_table(founded=date(2024, 1, 1), patents_registered=2.0, q10=5.0))
    for group in dict.fromkeys(model.panel.groups):
        part = sum((0.5 if c.score == "growth" else -0.5) * c.logit for c in rating.contributions if c.group == group)
        assert rating.scores[group] == pytest.approx(float(model.scales[group](np.array([part]))[0]), abs=1e-9)


def test_models_do_not_know_each_other() -> None:
    """A model can be added without touching another: none of the folders imports another model's."""
    root = Path(ktop.models.__path__[0])
    folders = {"startup", "ktrs_fm", "tech_index", "originality"}
    for folder in folders:
        for path in (root / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ktop.models."):
                    assert str(node.module).split(".")[2] not in folders - {folder}, path


def test_cards_grades_are_in_order() -> None:
    card = ModelRegistry().entry("start-up").part("json")
    assert card is not None
    assert card["synthetic"] is True
    for name, rising in (("growth", False), ("risk", True)):
        rates = [row["event_rate"] for row in card["out_of_sample"]["grades"][name]]
        assert rates == sorted(rates, reverse=not rising)
    for target in card["out_of_sample"]["targets"].values():
        assert 0.93 < target["calibration_slope"] < 1.07
