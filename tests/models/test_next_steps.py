"""Next steps name the indicator that carries their effect, whichever way a score leans on its logit."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest

from ktop.domain.company.fact_table import FactTable
from ktop.models.company_model import CompanyModel
from ktop.models.next_steps import SMALLEST_GAIN, _moved, offers_of, steps, told_gain
from ktop.models.registry import ModelRegistry
from ktop.training.reference import build_reference
from ktop.training.release import reference_table


@pytest.fixture(scope="module")
def model() -> CompanyModel:
    return ModelRegistry().model("ktrs-fm")


@pytest.fixture(scope="module")
def companies() -> FactTable:
    return reference_table(build_reference(150, 77))


@pytest.mark.parametrize(("score", "sign"), [("growth", 1.0), ("risk", -1.0)])
def test_a_step_names_the_indicator_whose_logit_it_moves_most_for_the_better(
    model: CompanyModel, companies: FactTable, score: str, sign: float
) -> None:
    """Growth is explained by the logit of high growth, where more is better; risk by that of failure, where less is."""
    told_apart = 0
    for row in range(60):
        table = companies.take(np.array([row]))
        rating = model.rate_row(table)
        by_text = {step.text["en"]: step for step in steps().values()}
        for given in rating.next_steps:
            if given.score != score:
                continue
            step = by_text[given.text["en"]]
            columns = {name: column for name, column in table.columns.items() if column.dtype.kind == "f"}
            changes = {
                fact: float(columns[fact][0]) + float(amount.evaluate(columns)[0])
                for fact, amount in step.changes.items()
            }
            after = {c.indicator: c.logit for c in model.what_if(table, changes, ()).contributions if c.score == score}
            now = {c.indicator: c.logit for c in rating.contributions if c.score == score}
            meant = [i.id for i in model.indicators if step.id in i.feasible]
            gains = {name: sign * (after[name] - now[name]) for name in meant}
            assert gains[given.indicator] == pytest.approx(max(gains.values()), abs=1e-9)
            told_apart += bool(np.ptp(list(gains.values())) > 1e-6)
    assert told_apart > 5


def test_few_known_indicators_are_warned_of_otherwise_than_some_missing_ones(
    model: CompanyModel, companies: FactTable
) -> None:
    """Below six tenths known the warning says that the rating rests on few indicators."""
    table = companies.take(np.array([0]))
    batch = model.rate_table(table)
    count = int(batch.required.sum())  # the accounts are optional; they come last
    codes = {}
    for missing in (0, 1, int(0.4 * count), int(0.4 * count) + 1, count - 1):
        values = np.where(np.arange(len(batch.indicators)) < missing, np.nan, 1.0)[None, :]
        asked = replace(batch, values=values)
        codes[missing] = {w.code for w in model.warnings(asked, 0)} & {"missing", "few_indicators"}
    least = math.ceil(0.6 * count)  # known ones, below which they are few
    assert codes == {
        missing: {"missing"} if 0 < missing <= count - least else {"few_indicators"} if missing else set()
        for missing in codes
    }
    assert {"missing"} in codes.values() and {"few_indicators"} in codes.values()


def test_of_what_a_step_moves_only_what_is_known_is_named() -> None:
    indicators = [
        SimpleNamespace(feasible=("train",)),
        SimpleNamespace(feasible=("train",)),
        SimpleNamespace(feasible=()),
    ]
    logits = np.array([[0.0, 0.0, 0.0], [0.4, 0.1, 0.9]])
    batch = SimpleNamespace(
        explained={"growth": SimpleNamespace(logits=logits), "risk": SimpleNamespace(logits=-logits)},
        values=np.array([[1.0, 1.0, 1.0], [np.nan, 2.0, 2.0]]),
    )
    for score in ("growth", "risk"):
        assert _moved(indicators, SimpleNamespace(id="train"), batch, 1, score) == 1
    batch.values[1] = np.nan
    assert _moved(indicators, SimpleNamespace(id="train"), batch, 1, "growth") == 0


@pytest.mark.parametrize(
    ("step", "rated", "cost", "sales", "told"),
    [
        ("file_patent", 9.0, (2_000_000, 5_000_000), 4e9, 9.0),  # no mere spending: whole, however cheap
        ("spend_on_rnd", 10.0, (40_000_000, 40_000_000), 4e9, 4.7),
        ("train_staff", 15.8, (7_200_000, 7_200_000), 4.3e9, 3.0),  # 5.5, but trivial beside sales
        ("train_staff", 4.0, (7_200_000, 7_200_000), 4.3e9, 1.4),
        ("train_staff", 15.8, (40_000_000, 40_000_000), 4.3e9, 5.53),
        ("train_staff", 15.8, None, 4.3e9, 3.0),
        ("train_staff", 15.8, (40_000_000, 40_000_000), math.nan, 3.0),  # beside unknown sales nothing is large
        ("train_staff", -2.0, (7_200_000, 7_200_000), 4.3e9, -0.7),
    ],
)
def test_mere_spending_is_told_only_as_far_as_it_is_believed(
    step: str, rated: float, cost: tuple[int, int] | None, sales: float, told: float
) -> None:
    assert told_gain(rated, steps()[step], cost, sales) == pytest.approx(told)


@pytest.mark.parametrize(
    ("step", "facts", "offered"),
    [
        ("register_patent", {"patents_registered": 1, "patents_filed_3y": 0}, False),  # nothing to bring to grant
        ("register_patent", {"patents_registered": 1, "patents_filed_3y": 1}, True),
        ("register_patent", {"patents_registered": 1}, True),  # not known whether there is
        ("complete_rnd_project", {"rnd_projects_3y": 2, "rnd_projects_completed_3y": 2}, False),
        ("complete_rnd_project", {"rnd_projects_3y": 3, "rnd_projects_completed_3y": 2}, True),
        ("certify_innobiz", {"innobiz_certified": 0, "certifications_valid": 0, "founded": date(2024, 1, 1)}, False),
        ("certify_innobiz", {"innobiz_certified": 0, "certifications_valid": 0, "founded": date(2020, 1, 1)}, True),
        ("certify_innobiz", {"innobiz_certified": 0, "certifications_valid": 0, "region": "foreign"}, False),
        ("certify_venture", {"venture_certified": 0, "certifications_valid": 0, "region": "KR-11"}, True),
        ("certify_venture", {"venture_certified": 0, "certifications_valid": 0, "total_assets_krw_t0": 6e11}, False),
        ("set_up_rnd_institute", {"rnd_organisation": 0, "technical_staff": 1}, False),
        ("set_up_rnd_institute", {"rnd_organisation": 0, "technical_staff": 2}, True),
        ("file_patent", {"patents_filed_3y": 0, "region": "foreign"}, True),
    ],
)
def test_a_step_that_such_a_firm_cannot_take_is_not_offered(step: str, facts: dict[str, object], offered: bool) -> None:
    columns = {name: np.array([value], dtype=object) for name, value in facts.items()}
    table = FactTable.from_columns(columns, date(2026, 6, 30))
    assert [found.id for found, _ in offers_of([step, "commercialise_own"], table)] == [step] * offered


def test_a_step_says_what_it_costs_what_proves_it_and_what_it_lowers(model: CompanyModel, companies: FactTable) -> None:
    lowering = 0
    for row in range(40):
        table = companies.take(np.array([row]))
        rating = model.rate_row(table)
        by_text = {step.text["en"]: step for step in steps().values()}
        for given in rating.next_steps:
            step = by_text[given.text["en"]]
            assert given.months == step.months and set(given.evidence) == {"ko", "en"}
            assert given.cost_krw is not None and 0 < given.cost_krw[0] <= given.cost_krw[1]
            assert given.points <= given.rated_points + 1e-12
            columns = {name: column for name, column in table.columns.items() if column.dtype.kind == "f"}
            changes = {
                fact: float(columns[fact][0]) + float(amount.evaluate(columns)[0])
                for fact, amount in step.changes.items()
            }
            after = model.what_if(table, changes, ())
            expected = {
                name: after.scores[name] - rating.scores[name]
                for name in rating.scores
                if name != given.score and after.scores[name] - rating.scores[name] <= -SMALLEST_GAIN
            }
            assert given.lowers == pytest.approx(expected)
            lowering += bool(expected)
    assert lowering > 3
