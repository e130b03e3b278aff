"""Rules of the graded models held against any company: what may never happen, whatever the facts."""

from __future__ import annotations

import copy
import functools
import json
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.fact_table import FactTable
from ktop.domain.decision import guarantee
from ktop.domain.rating.grades import business_matrix, ladder
from ktop.models.growth_risk import TARGETS, GrowthRiskModel
from ktop.models.registry import ModelRegistry
from ktop.training.reference import build_reference

DAY = date(2021, 1, 1)
MODELS = ("ktrs-fm", "start-up")
#: What an institution looks up; unknown, none of them may be taken as clean.
GATES = ("tax_arrears", "default_record_3y", "business_suspended")


@functools.cache
def model(name: str) -> GrowthRiskModel:
    found = ModelRegistry().model(name)
    assert isinstance(found, GrowthRiskModel)
    return found


@functools.cache
def companies() -> list[dict[str, Any]]:
    frame = build_reference(400, 777)
    young = pl.Series(np.arange(frame.height) % 2 == 0)
    frame = frame.with_columns(
        founded=pl.when(young).then(pl.lit(date(2019, 3, 1))).otherwise(pl.lit(date(2008, 5, 1)))
    )
    known = [name for name in FACTS if name in frame.columns]
    return frame.select(known).to_dicts()


def table(rows: list[dict[str, Any]]) -> FactTable:
    columns: dict[str, Any] = {}
    for name in rows[0]:
        if FACTS[name].numeric:
            columns[name] = np.array([np.nan if row[name] is None else float(row[name]) for row in rows])
        elif FACTS[name].kind == "date":
            columns[name] = np.array([row[name] for row in rows], dtype="datetime64[D]")
        else:
            columns[name] = np.array([row[name] for row in rows], dtype=object)
    return FactTable.from_columns(columns, DAY)


@st.composite
def company(draw: st.DrawFn) -> dict[str, Any]:
    """A company of the reference population with some facts forgotten and some gates open or shut."""
    row = dict(draw(st.sampled_from(companies())))
    for name in draw(st.lists(st.sampled_from(sorted(set(row) - {"founded"})), max_size=12)):
        row[name] = None
    for name in GATES:
        row[name] = draw(st.sampled_from([0, 1, None])) if name in row else None
    return row


@pytest.mark.parametrize("name", MODELS)
@given(one=company(), data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_better_answer_never_lowers_a_grade(name: str, one: dict[str, Any], data: st.DataObject) -> None:
    question = data.draw(st.sampled_from([f"q{k:02d}" for k in range(1, 26)]))
    rated = [dict(one, **{question: answer}) for answer in (1, 2, 3, 4, 5)]
    batch = model(name).rate_table(table(rated))
    if not batch.ok.all():
        return
    for rungs in ("business", *TARGETS):
        places = [ladder(rungs).index(symbol) for symbol in batch.grades[rungs]]
        assert places == sorted(places, reverse=True), (question, rungs)
    amounts = guarantee.decide(table(rated), batch.grades).amount_krw
    assert list(amounts) == sorted(amounts), "nor the guarantee"


@pytest.mark.parametrize("name", MODELS)
@given(one=company(), fact=st.sampled_from(["q05", "patents_registered", "rnd_projects_3y", "certifications_valid"]))
@settings(max_examples=60, deadline=None)
def test_what_is_missing_is_neither_zero_nor_a_reward(name: str, one: dict[str, Any], fact: str) -> None:
    best = 5 if fact.startswith("q") else 30
    batch = model(name).rate_table(table([dict(one, **{fact: None}), dict(one, **{fact: best})]))
    if not batch.ok.all():
        return
    for rungs in ("business", *TARGETS):
        missing, best_known = (ladder(rungs).index(symbol) for symbol in batch.grades[rungs])
        assert missing >= best_known, "not knowing pays no better than the best there is"
    for target in TARGETS.values():
        _, low, high = batch.probabilities[target]
        width = np.log(high / (1 - high)) - np.log(low / (1 - low))
        used = fact in model(name).panel.features
        assert width[0] >= width[1] - 1e-9 or not used, "and widens the interval"


@pytest.mark.parametrize("name", MODELS)
@given(one=company())
@settings(max_examples=40, deadline=None)
def test_the_same_company_gets_the_same_answer_alone_and_among_others(name: str, one: dict[str, Any]) -> None:
    other = companies()[3]
    alone = model(name).rate_table(table([one]))
    if not alone.ok[0]:
        return
    first = json.dumps(model(name).rate_row(table([one]), ()).to_json(("ko",)), ensure_ascii=False, sort_keys=True)
    again = json.dumps(model(name).rate_row(table([one]), ()).to_json(("ko",)), ensure_ascii=False, sort_keys=True)
    assert first == again
    among = model(name).rate_table(table([other, one, other]))
    assert all(among.grades[rungs][1] == alone.grades[rungs][0] for rungs in alone.grades)
    decisions = guarantee.decide(table([other, one, other]), among.grades)
    assert decisions.decision(1) == guarantee.decide(table([one]), alone.grades).decision(0)


@given(one=company())
@settings(max_examples=100, deadline=None)
def test_a_guarantee_is_possible_only_where_everything_is_known_to_hold(one: dict[str, Any]) -> None:
    batch = model("ktrs-fm").rate_table(table([one]))
    decision = guarantee.decide(table([one]), batch.grades).decision(0)
    bad = [name for name in GATES if one[name] == 1]
    unknown = [name for name in GATES if one[name] is None]
    if bad:
        assert decision.status == "refused" and decision.amount_krw == 0
    elif unknown:
        assert decision.status != "possible"
    for lang in ("ko", "en"):
        said = decision.summary(lang)
        for verdict in decision.verdicts.values():
            if isinstance(verdict, guarantee.Failure):
                assert verdict.reason[lang] in said and "None" not in verdict.reason[lang]
        assert "{" not in said and " - " not in said
    assert len({v.reason["ko"] for v in decision.verdicts.values() if not isinstance(v, guarantee.Success)}) == sum(
        not isinstance(v, guarantee.Success) for v in decision.verdicts.values()
    ), "no reason is told twice"


def test_better_grades_never_cost_a_guarantee_over_the_whole_matrix() -> None:
    sound = next(
        row
        for row in companies()
        if row["sales_krw_t0"] and row["region"] and row["industry"] and row["total_assets_krw_t0"]
    )
    sound = sound | dict.fromkeys(GATES, 0) | {"guarantee_balance_krw": 0}
    growth, risk = ladder("growth").symbols, ladder("risk").symbols
    pairs = [(g, r) for r in risk for g in growth]
    matrix = business_matrix()
    decisions = guarantee.decide(
        table([sound] * len(pairs)),
        {
            "growth": [g for g, _ in pairs],
            "risk": [r for _, r in pairs],
            "business": [matrix.grade_of(g, r) for g, r in pairs],
        },
    )
    amount = decisions.amount_krw.reshape(len(risk), len(growth))
    assert (np.diff(amount, axis=0) <= 0).all() and (np.diff(amount, axis=1) <= 0).all()
    assert amount.max() > 0 and (amount[risk.index("R9") :] == 0).all(), "fast but very risky is refused"


@pytest.mark.parametrize("name", MODELS)
@given(one=company(), growth=st.sampled_from(ladder("growth").symbols), risk=st.sampled_from(ladder("risk").symbols))
@settings(max_examples=80, deadline=None)
def test_a_former_grade_is_told_as_kept_only_where_it_was(
    name: str, one: dict[str, Any], growth: str, risk: str
) -> None:
    rater = model(name)
    facts = table([one])
    free = rater.rate_table(facts)
    if not free.ok[0]:
        return
    before = {"growth": [growth], "risk": [risk]}
    held = rater.rate_again(facts, before)
    kept = {n for n in TARGETS if held.grades[n][0] == before[n][0] != free.grades[n][0]}
    told = {n for n, rows in held.details["marks"]["kept"].items() if rows[0]}
    assert told == kept
    sentences = [w.text for w in rater.warnings(held, 0) if w.code == "grade_kept"]
    assert bool(sentences) == bool(kept)
    for n in TARGETS:
        assert not sentences or all((ladder(n).labels or {})[k] in sentences[0][k] for k in ("ko", "en")) == (n in kept)


def test_warnings_name_the_grades_and_questions_they_speak_of() -> None:
    rater = copy.copy(model("ktrs-fm"))
    rater.notch_cap = 0  # a final grade two above the statistics is rare: here one is enough
    rows = [dict(row, **dict.fromkeys([f"q{k:02d}" for k in range(1, 9)])) for row in companies()]
    batch = rater.rate_table(table(rows))
    told = dict.fromkeys(("grade_capped", "tracks_disagree"), 0)
    for row in range(batch.n):
        found = {w.code: w.text for w in rater.warnings(batch, row)}
        unanswered = sum(np.isnan(batch.values[row, k]) for k, n in enumerate(batch.indicators) if n.startswith("q"))
        for lang, first, more in (
            ("ko", "대표자의 기술 이해", f"외 {unanswered - 5}개"),
            ("en", "CEO's command of the technology", f"{unanswered - 5} more"),
        ):
            assert first in found["unanswered"][lang] and more in found["unanswered"][lang]
        for code in told:
            if code in found:
                told[code] += 1
                assert "등급" in found[code]["ko"] and "grade" in found[code]["en"]
        if "tracks_disagree" in found:
            shown = [batch.columns[f"track_{track}_{n}"][row] for n in TARGETS for track in ("ai", "statistics")]
            assert any(symbol in found["tracks_disagree"]["ko"] for symbol in shown)
    assert min(told.values()) > 0, "both occur among four hundred companies"
