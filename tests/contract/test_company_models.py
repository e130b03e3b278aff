"""The contract suite: what every company model must keep, whichever it is."""

from __future__ import annotations

import json
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference_records import to_company_record

from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.indicators import accounts_ratios
from ktop.domain.company.rated_subject import RatedSubject
from ktop.domain.company.record import Company
from ktop.kernel.errors import InputError
from ktop.models.calibration import logit
from ktop.models.company_model import CompanyModel
from ktop.models.panel_model import Estimate

from .conftest import AS_OF, companies, table_of, with_column


def test_contributions_add_up_for_every_company(model: CompanyModel, table: FactTable) -> None:
    batch = model.rate_table(table)
    assert batch.ok.all()
    for score, parts in batch.explained.items():
        sums = np.array([math.fsum(row) for row in np.column_stack([parts.base_logit, parts.logits])])
        assert np.abs(sums - parts.logit).max() <= 1e-12 * max(1.0, np.abs(parts.logit).max())
        points = np.array([math.fsum(row) for row in np.column_stack([parts.base_points, parts.points])])
        assert np.abs(points - batch.scores[score]).max() <= 1e-9


def test_scores_and_probabilities_are_in_range(model: CompanyModel, table: FactTable) -> None:
    batch = model.rate_table(table)
    for score in batch.scores.values():
        assert score.min() >= 0 and score.max() <= 100
        assert score.std() > 10, "a score that hardly varies tells nothing"
    for columns in batch.probabilities.values():
        value, low, high = (column[~np.isnan(column)] for column in columns)  # a target may not apply to a company
        assert len(value) == len(low) == len(high) > 100
        assert (low > 0).all() and (low <= value).all() and (value <= high).all() and (high < 1).all()
    assert all(batch.targets_of(row) for row in range(batch.n))


def _moves(model: CompanyModel, table: FactTable, values: np.ndarray) -> dict[str, np.ndarray]:
    """Return the logit of every target for chosen indicator values, cells of comparison held."""
    return {name: estimate.logit for name, estimate in _estimates(model, table, values).items()}


def _estimates(model: CompanyModel, table: FactTable, values: np.ndarray) -> dict[str, Estimate]:
    labels = {name: table.columns[name] for name in ("industry_group", "size", "age_band")}
    cells = model.panel.cells(labels, table.n)
    inputs = model.panel.inputs(values, cells)
    return {name: target.estimate(inputs, cells) for name, target in model.panel.targets.items()}


def test_every_indicator_moves_every_target_its_own_way_only(model: CompanyModel, table: FactTable) -> None:
    """Raising one indicator, whatever the others are (missing too), never lowers growth nor raises failure."""
    sample = table.take(np.arange(0, table.n, 5))
    values = model.rate_table(sample).values
    moved = 0
    for k, name in enumerate(model.panel.features):
        known = np.unique(values[~np.isnan(values[:, k]), k])
        steps = np.unique(np.quantile(known, np.linspace(0, 1, 12), method="nearest"))
        before: dict[str, np.ndarray] | None = None
        for step in [steps[0] - 1, *steps, steps[-1] * 2 + 1]:
            changed = values.copy()
            changed[:, k] = step
            after = _moves(model, sample, changed)
            if before is not None:
                for target, logits in after.items():
                    difference = (logits - before[target]) * model.panel.signs[target][k]
                    assert difference.min() >= -1e-12, f"{name} turns {target} the wrong way"
                    moved += int((difference > 0).any())
            before = after
    assert moved > len(model.panel.features), "the indicators hardly move anything"


def test_missing_is_not_zero_and_never_pays(model: CompanyModel) -> None:
    """Hiding a value never raises a target's logit on average over all reference companies, and a missing value is not
    rated like a zero. Over few companies the average hangs on chance (.014 of cited patents over 80,000, .012 over
    20,000 others, .022 over the first 1,500), so more are taken here than elsewhere."""
    table = table_of(companies(model, 6000))
    batch = model.rate_table(table, contributions=False)
    own = _moves(model, table, batch.values)
    few = table.take(np.arange(500))  # enough to see a difference
    differs = 0
    for k, _ in enumerate(model.panel.features):
        hidden, zero = batch.values.copy(), batch.values[: few.n].copy()
        hidden[:, k], zero[:, k] = np.nan, 0.0
        a, b = _moves(model, table, hidden), _moves(model, few, zero)
        known = ~np.isnan(batch.values[:, k])
        for target in a:
            differs += int(not np.array_equal(a[target][: few.n], b[target]))
            sign = model.panel.signs[target][k]
            applies = known & ~np.isnan(batch.probabilities[target][0])
            gain = float(np.mean((a[target] - own[target])[applies]) * sign)
            assert gain <= 0.02, f"leaving out {model.panel.features[k]} pays for {target}: {gain}"
    assert differs >= len(model.panel.features)


def test_a_missing_indicator_widens_every_interval(model: CompanyModel, table: FactTable) -> None:
    batch = model.rate_table(table)
    for k, name in enumerate(model.panel.features):
        known = ~np.isnan(batch.values[:, k])
        hidden = batch.values.copy()
        hidden[:, k] = np.nan
        before, after = _estimates(model, table, batch.values), _estimates(model, table, hidden)
        for target, estimate in before.items():
            wider = after[target].variance[known] - estimate.variance[known]
            if np.ptp(estimate.contributions[:, k]) > 0:
                assert wider.min() > 0, f"{name} missing does not widen {target}"
            else:  # an indicator without weight has nothing to be uncertain about
                assert wider.min() == 0


def test_the_interval_is_made_on_the_logit_scale(model: CompanyModel, table: FactTable) -> None:
    for value, low, high in model.rate_table(table).probabilities.values():
        assert np.allclose(logit(high) - logit(value), logit(value) - logit(low), atol=1e-6, equal_nan=True)


def test_one_row_and_many_rows_give_the_same_bits(model: CompanyModel, table: FactTable) -> None:
    whole = model.rate_table(table)
    for row in (0, 7, 311):
        alone = model.rate_table(table.take(np.array([row])))
        for score in whole.scores:
            assert alone.scores[score][0] == whole.scores[score][row]
        for target, columns in whole.probabilities.items():
            assert np.array_equal(
                [c[0] for c in alone.probabilities[target]], [c[row] for c in columns], equal_nan=True
            )
        for score, parts in whole.explained.items():
            assert np.array_equal(alone.explained[score].logits[0], parts.logits[row])
            assert np.array_equal(alone.explained[score].points[0], parts.points[row])


def test_rating_twice_gives_the_same_json(model: CompanyModel, population: pl.DataFrame) -> None:
    company = Company.from_mapping(to_company_record(population.row(3, named=True)))
    subject = RatedSubject.of(company, AS_OF)
    texts = [json.dumps(model.rate(subject).to_json(), ensure_ascii=False, sort_keys=True) for _ in range(2)]
    assert texts[0] == texts[1]


def test_a_rating_says_all_that_the_contract_asks(model: CompanyModel, population: pl.DataFrame) -> None:
    company = Company.from_mapping(to_company_record(population.row(11, named=True)))
    rating = model.rate(RatedSubject.of(company, AS_OF))
    rating.check_sums()
    answer = json.loads(json.dumps(rating.to_json(), allow_nan=False))
    assert answer["model"] == {"name": model.name, "version": model.version, "trained_on": "synthetic"}
    scored = {part.indicator for part in rating.contributions}
    assert scored <= set(model.panel.features) and len(scored) >= 14
    apart = set(model.panel.features) - scored
    accounts = answer["details"].get("accounts", {"probabilities": {}})["probabilities"].values()
    assert all({ratio["indicator"] for ratio in entry["ratios"]} >= apart for entry in accounts)
    assert not apart or {ratio.id for ratio in accounts_ratios()} == apart
    assert {"all", "industry", "size", "age", "region"} <= set(answer["position"])
    assert sum(answer["position"]["all"]["histogram"]) == answer["position"]["all"]["n"]
    for entry in (*answer["warnings"], *answer["next_steps"]):
        assert entry["text"]["ko"] and entry["text"]["en"]
    said = {lang: [o for o in answer["opinions"] if o["lang"] == lang] for lang in ("ko", "en")}
    assert len(said["ko"]) == len(said["en"]) >= 6
    assert [o["basis"] for o in said["ko"]] == [o["basis"] for o in said["en"]]
    assert {"summary", "caution", "advice"} <= {o["kind"] for o in said["ko"]}
    assert "synthetic" in {entry["code"] for entry in answer["warnings"]}
    listed = {entry["name"] for entry in answer["inputs"]}
    asked = {name for name, spec in FACTS.items() if not spec.optional}
    assert asked <= listed <= asked | model.facts_read


def test_every_opinion_rests_on_figures_that_are_there(model: CompanyModel, population: pl.DataFrame) -> None:
    for row in range(0, 60, 4):
        company = Company.from_mapping(to_company_record(population.row(row, named=True)))
        answer = model.rate(RatedSubject.of(company, AS_OF)).to_json()
        for opinion in answer["opinions"]:
            assert "{" not in opinion["text"]
            for path in opinion["basis"]:
                assert _find(answer, path) is not None, path


def _find(answer: object, path: str) -> object:
    """Return what a basis path names in the JSON of a rating."""
    place: object = answer
    parts = path.split(".")
    if parts[0] == "contributions":
        assert isinstance(answer, dict)
        return next(c for c in answer["contributions"] if (c["score"], c["indicator"]) == (parts[1], parts[2]))
    for part in parts:
        place = place[int(part)] if isinstance(place, list) else place[part]  # type: ignore[index]
    return place


def test_sentences_name_the_points_that_the_contributions_have(model: CompanyModel, population: pl.DataFrame) -> None:
    checked = 0
    for row in range(0, 40, 2):
        company = Company.from_mapping(to_company_record(population.row(row, named=True)))
        answer = model.rate(RatedSubject.of(company, AS_OF)).to_json()
        for opinion in answer["opinions"]:
            if opinion["kind"] in ("strength", "weakness") and opinion["basis"][0].startswith("contributions."):
                for path in opinion["basis"]:
                    part = _find(answer, path)
                    assert isinstance(part, dict)
                    assert f"{max(abs(part['points']), 0.1):.1f}" in opinion["text"]
                    assert (part["points"] > 0) == (opinion["kind"] == "strength")
                    checked += 1
    assert checked > 40


def test_texts_of_different_companies_are_put_differently(model: CompanyModel, population: pl.DataFrame) -> None:
    openings = set()
    for row in range(12):
        company = Company.from_mapping(to_company_record(population.row(row, named=True)))
        first = next(o.text for o in model.rate(RatedSubject.of(company, AS_OF)).opinions if o.lang == "ko")
        openings.add(first[:8])
    assert len(openings) > 1


def test_next_steps_give_what_rating_again_gives(model: CompanyModel, population: pl.DataFrame) -> None:
    """A step's points are the difference that re-rating finds, and the largest come first."""
    seen = 0
    for row in range(6):
        table = table_of(population.slice(row, 1))
        rating = model.rate_row(table)
        points = [step.points for step in rating.next_steps]
        assert points == sorted(points, reverse=True)
        for step in rating.next_steps:
            assert step.points >= 0.05 and step.score in model.explained
            assert step.to_value != step.from_value
            seen += 1
    assert seen > 10


def test_what_if_with_an_unchanged_fact_changes_nothing(model: CompanyModel, population: pl.DataFrame) -> None:
    table = table_of(population.slice(2, 1))
    now = model.rate_row(table)
    same = model.what_if(table, {"staff_total": float(table.columns["staff_total"][0])})
    assert same.scores == now.scores and same.contributions == now.contributions
    values = {c.indicator: c.value for c in now.contributions}
    told = (indicator for indicator in model.indicators if values[indicator.id] is not None)
    known = next(indicator for indicator in told if "exports_krw_t0" not in indicator.expression.names)  # needed there
    fact = min(known.expression.names)
    hidden = model.what_if(table, {fact: None})
    assert {c.value for c in hidden.contributions if c.indicator == known.id} == {None}
    assert {i.source for i in hidden.inputs if i.name == fact} == {"what-if"}


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"no_such_fact": 1}, "models.unknown_fact"),
        ({"staff_total": -3}, "models.fact_out_of_range"),
        ({"staff_total": "many"}, "models.fact_not_usable"),
    ],
)
def test_what_if_refuses_what_cannot_be(
    model: CompanyModel, table: FactTable, changes: dict[str, object], key: str
) -> None:
    with pytest.raises(InputError) as caught:
        model.what_if(table.take(np.array([0])), changes)
    assert caught.value.key == key


def test_a_row_that_knows_nothing_is_not_rated(model: CompanyModel, table: FactTable) -> None:
    empty = FactTable.from_columns({"company_id": np.array(["X", "Y"], dtype=object)}, AS_OF)
    batch = model.rate_table(empty)
    assert not batch.ok.any()
    assert all(np.isnan(score).all() for score in batch.scores.values())
    assert all(symbol is None for symbols in batch.grades.values() for symbol in symbols)
    frame = batch.to_frame(contributions=True)
    assert frame.height == 2 and frame[next(iter(batch.scores))].null_count() == 2
    with pytest.raises(InputError):
        model.rate_row(empty.take(np.array([0])))


def test_a_refused_row_does_not_disturb_the_others(model: CompanyModel, table: FactTable) -> None:
    part = table.take(np.arange(4))
    refused = FactTable(part.n, part.as_of, part.columns, np.array([True, False, True, True]))
    a, b = model.rate_table(part), model.rate_table(refused)
    for name, score in b.scores.items():
        assert np.isnan(score[1]) and np.array_equal(np.delete(score, 1), np.delete(a.scores[name], 1))


NUMBERS = [name for name, spec in FACTS.items() if spec.numeric]
VALUES = st.one_of(
    st.none(),
    st.sampled_from([0.0, 1.0, -1.0, 1e-300, 1e300, -1e300, 5e-324, 1.7e308]),
    st.floats(allow_nan=False, allow_infinity=False),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=st.dictionaries(st.sampled_from(NUMBERS), VALUES, max_size=30))
def test_no_value_breaks_a_rating(model: CompanyModel, facts: dict[str, float | None]) -> None:
    columns = {name: np.array([np.nan if value is None else value]) for name, value in facts.items()}
    table = FactTable.from_columns({"company_id": np.array(["X"], dtype=object), **columns}, AS_OF)
    batch = model.rate_table(table)
    if not batch.ok[0]:
        return
    rating = model.rate_row(table)
    rating.check_sums()
    json.dumps(rating.to_json(), allow_nan=False)
    for score in rating.scores.values():
        assert score is not None and 0 <= score <= 100


def test_a_table_is_rated_fast(model: CompanyModel, population: pl.DataFrame) -> None:
    """16,183 companies with contributions: within the second of processor time that all models share, with room."""
    import time

    many = table_of(pl.concat([population] * 11).head(16_183))
    model.rate_table(many.take(np.arange(10)))
    start = time.process_time()
    model.rate_table(many)
    assert time.process_time() - start < 2.0


def test_unused_columns_do_not_matter(model: CompanyModel, table: FactTable) -> None:
    part = table.take(np.arange(20))
    other = next(name for name in NUMBERS if name not in model.facts_read and FACTS[name].group == "statement")
    changed = with_column(part, other, np.full(20, 123.0))
    for name, score in model.rate_table(changed).scores.items():
        assert np.array_equal(score, model.rate_table(part).scores[name])
