"""Grades of growth and risk: hysteresis at a re-rating, the cap over it, disagreement, and reasons of the guarantee."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from ktop.catalogue import LANGS, message
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.fact_table import FactTable
from ktop.domain.decision import guarantee
from ktop.domain.decision.guarantee import Failure, Success, Unknown
from ktop.models.calibration import logit
from ktop.models.growth_risk import TARGETS, GrowthRiskModel
from ktop.models.growth_risk_opinions import GOOD, WEAK, _balance
from ktop.models.registry import ModelRegistry
from ktop.training.reference import build_reference
from ktop.training.release import reference_table

DAY = date(2020, 12, 31)


@pytest.fixture(scope="module")
def model() -> GrowthRiskModel:
    found = ModelRegistry().model("ktrs-fm")
    assert isinstance(found, GrowthRiskModel)
    return found


@pytest.fixture(scope="module")
def table() -> FactTable:
    return reference_table(build_reference(3000, 404))


def _distance(model: GrowthRiskModel, name: str, p: np.ndarray, grade: int) -> np.ndarray:
    """How far in logits each probability lies outside a grade; 0 inside."""
    rungs = model.rungs[name]
    cuts = logit(np.asarray(rungs.cuts))
    z = logit(p)
    if rungs.better == "high":
        cuts, z = -cuts, -z
    low = -np.inf if grade == 0 else cuts[grade - 1]
    high = np.inf if grade == len(cuts) else cuts[grade]
    return np.maximum(np.maximum(low - z, z - high), 0.0)


@pytest.mark.parametrize("name", TARGETS)
def test_a_former_grade_is_kept_exactly_while_it_is_near(model: GrowthRiskModel, table: FactTable, name: str) -> None:
    symbols = model.rungs[name].symbols
    plain = model.rate_table(table, contributions=False)
    p = plain.probabilities[TARGETS[name]][0]
    for place in (0, 4, len(symbols) - 1):
        again = model.rate_again(table, {name: [symbols[place]] * table.n}, contributions=False)
        near = _distance(model, name, p, place) <= model.hysteresis
        free = again.columns[f"track_statistics_{name}"]
        cap = np.array([symbols.index(s) for s in free]) - model.notch_cap
        wanted = np.where(near, place, model.rungs[name].indexes(p))
        wanted = np.maximum(wanted, cap)
        assert [symbols.index(s) for s in again.grades[name]] == wanted.tolist()
        assert 0 < near.sum() < table.n
    assert np.array_equal(plain.scores[name], again.scores[name]), "scores and probabilities do not move"


def test_hysteresis_lets_fewer_grades_change_by_chance(model: GrowthRiskModel, table: FactTable) -> None:
    """A year later with a little noise in the inputs, fewer firms change grade than without a former grade."""
    random = np.random.default_rng(6)
    columns = dict(table.columns)
    for name in ("technical_staff", "staff_total", "rnd_expense_krw_t0"):
        columns[name] = np.round(columns[name] * np.exp(random.normal(0, 0.05, table.n)))
    later = FactTable(table.n, table.as_of, columns, table.ok)
    before = model.rate_table(table, contributions=False)
    former = {name: list(before.grades[name]) for name in TARGETS}
    free, held = model.rate_table(later, contributions=False), model.rate_again(later, former, contributions=False)
    for name in TARGETS:
        changed = [int((batch.grades[name] != before.grades[name]).sum()) for batch in (free, held)]
        assert changed[1] < 0.5 * changed[0]


def test_a_company_without_a_former_grade_is_rated_freely(model: GrowthRiskModel, table: FactTable) -> None:
    free = model.rate_table(table, contributions=False)
    held = model.rate_again(table, {"growth": [None] * table.n}, contributions=False)
    assert np.array_equal(free.grades["growth"], held.grades["growth"])
    assert np.array_equal(free.grades["risk"], held.grades["risk"])


def test_a_rating_with_former_grades_says_them(model: GrowthRiskModel, table: FactTable) -> None:
    kept = 0
    for row in range(25):
        one = table.take(np.array([row]))
        plain = model.rate_row(one)
        former = {**plain.grades, "growth": model.rungs["growth"].lowered(plain.grades["growth"], 1)}
        rating = model.rate_row(one, previous=former)
        assert rating.details["hysteresis"] == {"previous": former, "logit": model.hysteresis}
        if rating.details["flags"]["grade_kept"]:
            kept += 1
            assert rating.grades["growth"] == former["growth"]
            assert "grade_kept" in {warning.code for warning in rating.warnings}
    assert kept > 0


def test_tracks_that_disagree_are_flagged(model: GrowthRiskModel, table: FactTable) -> None:
    batch = model.rate_table(table, contributions=False)
    gap = np.zeros(table.n, dtype=int)
    for name in TARGETS:
        symbols = model.rungs[name].symbols
        own = [[symbols.index(s) for s in batch.columns[f"track_{track}_{name}"]] for track in ("ai", "statistics")]
        gap = np.maximum(gap, np.abs(np.array(own[0]) - np.array(own[1])))
    assert np.array_equal(batch.flags["tracks_disagree"], gap >= model.disagreement)
    assert batch.flags["tracks_disagree"].any()


def test_every_clause_of_the_guarantee_says_success_failure_or_what_is_missing(
    model: GrowthRiskModel, table: FactTable
) -> None:
    columns = dict(table.columns)
    columns["tax_arrears"] = np.where(np.arange(table.n) % 3 == 0, 1.0, columns["tax_arrears"])
    columns["default_record_3y"] = np.where(np.arange(table.n) % 3 == 1, np.nan, columns["default_record_3y"])
    facts = FactTable(table.n, table.as_of, columns, table.ok)
    decisions = guarantee.decide(facts, model.rate_table(facts, contributions=False).grades)
    for row in range(60):
        decision = decisions.decision(row)
        verdicts = decision.verdicts
        assert isinstance(verdicts["tax_arrears"], Failure) == (columns["tax_arrears"][row] == 1)
        if row % 3 == 1:
            unknown = verdicts["default_record"]
            assert isinstance(unknown, Unknown) and unknown.missing == ("default_record_3y",)
        failed = [v for v in verdicts.values() if isinstance(v, Failure)]
        assert (decision.status == "refused") == bool(failed)
        needed = {clause.id for clause in decisions.rule.clauses if not clause.where_known}
        assert decision.possible == (not failed and all(isinstance(verdicts[name], Success) for name in needed))
        assert all(v.reason["ko"] and v.reason["en"] for v in verdicts.values() if not isinstance(v, Success))


def test_a_company_that_is_not_rated_has_no_grade_of_any_track(model: GrowthRiskModel, table: FactTable) -> None:
    some = table.take(np.arange(40))
    refused = FactTable(some.n, some.as_of, some.columns, some.ok & (np.arange(some.n) % 4 > 0))
    batch = model.rate_table(refused, contributions=False)
    for name in TARGETS:
        for track in ("ai", "statistics"):
            shown = batch.columns[f"track_{track}_{name}"]
            assert [symbol is None for symbol in shown] == (~refused.ok).tolist()


@pytest.mark.parametrize(
    ("growth", "risk", "said"),
    [
        (GOOD, WEAK - 1, "fast_risky"),
        (WEAK - 1, GOOD, "safe_slow"),
        (50.0, 50.0, "both_good"),
        (49.0, 49.0, "both_weak"),
        (51.0, 49.0, "middle"),
        (WEAK, GOOD - 1, "middle"),
        (31.3, 59.7, "safety_ahead"),
        (43.2, 89.5, "safety_ahead"),
        (56.7, 11.2, "growth_ahead"),
        (88.0, 45.0, "growth_ahead"),
        (GOOD + 1, GOOD + 1, "both_good"),
    ],
)
def test_growth_and_risk_are_weighed_against_each_other(growth: float, risk: float, said: str) -> None:
    assert _balance(growth, risk) == said


def test_what_completes_no_indicator_is_told_what_one_still_needs() -> None:
    table = FactTable.from_columns({"staff_total": np.array([46.0]), "technical_staff": np.array([15.0])}, DAY)
    refused = ModelRegistry().model("tech-index").refusal(table, 0)
    for lang in LANGS:
        assert FACTS["training_expense_krw_t0"].label[lang] in message(refused, lang)
        assert FACTS["staff_total"].label[lang] not in message(refused, lang)


def test_what_has_nothing_to_rate_is_told_the_name_of_the_model_not_its_key() -> None:
    table = FactTable.from_columns({"staff_total": np.array([np.nan])}, date(2026, 1, 1))
    for name in ("tech-index", "ktrs-fm"):
        refused = ModelRegistry().model(name).refusal(table, 0)
        assert all(
            name not in message(refused, lang) and name.upper() in message(refused, lang).upper() for lang in LANGS
        )
