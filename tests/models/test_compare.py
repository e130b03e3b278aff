"""Two ratings side by side: the gaps add up, equal inputs explain nothing, other models are refused."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import polars as pl
import pytest

from ktop.domain.company.fact_table import FactTable
from ktop.kernel.errors import InputError
from ktop.models.compare import compare
from ktop.models.registry import ModelRegistry
from ktop.training.reference import build_reference

AS_OF = date(2021, 1, 1)


@pytest.fixture(scope="module")
def companies() -> FactTable:
    frame: pl.DataFrame = build_reference(120, 5)
    columns = {name: frame[name].to_numpy() for name in frame.columns if not frame[name].dtype.is_temporal()}
    return FactTable.from_columns(columns, AS_OF)


@pytest.mark.parametrize("name", ["tech-index", "ktrs-fm"])
def test_gaps_and_bases_add_up_to_the_difference_of_the_scores(name: str, companies: FactTable) -> None:
    model = ModelRegistry().model(name)
    answers = [model.rate_row(companies.take(np.array([row]))).to_json() for row in range(12)]
    for a, b in zip(answers[::2], answers[1::2], strict=True):
        found = compare(a, b)
        for score, parts in found["gaps"].items():
            total = math.fsum([found["base_points"][score], *(part["points"] for part in parts)])
            assert total == pytest.approx(a["scores"][score] - b["scores"][score], abs=1e-9)
            sizes = [abs(part["points"]) for part in parts]
            assert sizes == sorted(sizes, reverse=True)
        assert found["scores"][model.explained[0]]["a"] == a["scores"][model.explained[0]]


def test_inputs_that_are_equal_explain_nothing(companies: FactTable) -> None:
    model = ModelRegistry().model("tech-index")
    table = companies.take(np.array([3]))
    now = model.rate_row(table).to_json()
    sales = float(table.columns["sales_krw_t0"][0])
    changed = model.what_if(table, {"marketing_expense_krw_t0": 0.2 * sales}).to_json()
    parts = {part["indicator"]: part for part in compare(changed, now)["gaps"]["index"]}
    assert parts["customer_asset_investment"]["points"] > 0
    for name, part in parts.items():
        if part["a"] == part["b"] and part["logit"] == 0:
            assert part["points"] == 0, name
    others = {p["indicator"] for p in now["contributions"] if p["group"] != "input"}
    assert all(parts[name]["points"] == 0 for name in others), "another group's parts do not move"


def test_a_rating_against_itself_has_no_gap(companies: FactTable) -> None:
    answer = ModelRegistry().model("ktrs-fm").rate_row(companies.take(np.array([1]))).to_json()
    found = compare(answer, answer)
    assert all(part["points"] == 0 for parts in found["gaps"].values() for part in parts)
    assert found["same_version"] and found["grades"]["business"]["a"] == found["grades"]["business"]["b"]


def test_ratings_of_different_models_are_refused(companies: FactTable) -> None:
    row = companies.take(np.array([0]))
    a, b = (ModelRegistry().model(name).rate_row(row).to_json() for name in ("tech-index", "ktrs-fm"))
    with pytest.raises(InputError) as caught:
        compare(a, b)
    assert caught.value.key == "models.not_comparable"
