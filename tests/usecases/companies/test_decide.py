"""The decision joined to a rating: by the rule alone, from the rating's grades and the company's facts."""

from __future__ import annotations

import dataclasses
import json
from datetime import date

import numpy as np
import pytest

from ktop.catalogue import text
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.rated_subject import RatedSubject
from ktop.domain.decision import guarantee
from ktop.models.registry import ModelRegistry
from ktop.report.present.verdict import verdict
from ktop.training.reference import build_reference
from ktop.training.release import reference_table
from ktop.usecases.companies import examples
from ktop.usecases.companies.decide import can_be_decided, with_decision, with_decisions
from ktop.usecases.companies.rating import rate_by, what_if
from ktop.usecases.rate.recompute import recompute

DAY = date(2026, 6, 30)
SUBJECT = RatedSubject.of(examples.example_record("hanbit-motion"), DAY)


def test_the_model_says_nothing_of_a_guarantee_and_the_use_case_joins_it() -> None:
    model = ModelRegistry().model("ktrs-fm")
    plain = model.rate(SUBJECT)
    assert "guarantee" not in plain.details
    assert not [o for o in plain.opinions if o.basis == ("details.guarantee.status",)]
    rating = with_decision(plain, SUBJECT.table)
    decision = guarantee.decide(SUBJECT.table, {n: [plain.grades[n]] for n in guarantee.LADDERS}).decision(0)
    assert rating.details == {"guarantee": decision.to_json(), **plain.details}
    assert next(iter(rating.details)) == "guarantee"
    said = [o for o in rating.opinions if o not in plain.opinions]
    assert [(o.lang, o.text) for o in said] == [(lang, decision.summary(lang)) for lang in ("ko", "en")]
    kinds_told = [o.kind for o in rating.opinions]
    assert rating.opinions.index(said[-1]) + 1 == kinds_told.index("advice"), "before the advice"
    without = dataclasses.replace(plain, opinions=tuple(o for o in plain.opinions if o.kind == "summary"))
    assert with_decision(without, SUBJECT.table).opinions[-2:] == tuple(said), "at the end where nothing follows"


def test_a_rating_without_the_grades_of_the_rule_stays_as_it_is() -> None:
    model = ModelRegistry().model("tech-index")
    rating = model.rate(SUBJECT)
    assert not can_be_decided(rating) and with_decision(rating, SUBJECT.table) is rating
    batch = model.rate_table(SUBJECT.table)
    assert with_decisions(batch, SUBJECT.table) is batch


@pytest.mark.parametrize("name", ["ktrs-fm", "start-up"])
def test_columns_of_a_table_say_what_single_decisions_say(name: str) -> None:
    table = reference_table(build_reference(300, 404))
    ok = np.arange(table.n) % 7 != 3
    table = FactTable(table.n, table.as_of, table.columns, ok)
    model = ModelRegistry().model(name)
    batch = with_decisions(model.rate_table(table), table)
    assert set(batch.columns["guarantee"][batch.ok]) == {"possible", "conditional", "refused"}
    assert set(batch.columns["guarantee"][~batch.ok]) == {None}
    for row in np.flatnonzero(batch.ok)[:40]:
        one = table.take(np.array([row]))
        decision = with_decision(model.rate_row(one), one).details["guarantee"]
        assert decision["status"] == batch.columns["guarantee"][row]
        assert decision["amount_krw"] == batch.columns["guarantee_krw"][row]


def test_a_what_if_is_decided_on_the_changed_facts() -> None:
    model = ModelRegistry().model("ktrs-fm")
    free = what_if(model, SUBJECT, {"guarantee_balance_krw": 0, "tax_arrears": 0})
    arrears = what_if(model, SUBJECT, {"guarantee_balance_krw": 0, "tax_arrears": 1})
    outcomes = [
        next(c["outcome"] for c in rating.details["guarantee"]["clauses"] if c["id"] == "tax_arrears")
        for rating in (free, arrears)
    ]
    assert outcomes == ["passed", "failed"]
    assert arrears.details["guarantee"]["status"] == "refused"


def test_a_rating_is_computed_again_by_the_rule_it_names() -> None:
    model = ModelRegistry().model("ktrs-fm")
    former = {"growth": "BB", "risk": "R5"}
    for rule in ("small-guarantee-1", "small-guarantee-2", "small-guarantee-3"):
        rating = with_decision(model.rate(SUBJECT, former), SUBJECT.table, rule)
        stored = json.loads(json.dumps(rating.to_json()))
        assert stored["details"]["guarantee"]["rule"] == rule
        again = recompute(model, stored)
        assert again.identical and again.rating["details"]["guarantee"] == stored["details"]["guarantee"]
        other = {**stored, "details": {**stored["details"], "guarantee": {"rule": rule, "status": "never"}}}
        assert [path for path, _, _ in recompute(model, other).differences] == ["details.guarantee.status"]
    with pytest.raises(KeyError):
        with_decision(model.rate(SUBJECT), SUBJECT.table, "small-guarantee-99")


def test_what_is_doubtful_about_the_record_stays_first_among_the_warnings() -> None:
    rating = rate_by(ModelRegistry().model("ktrs-fm"), SUBJECT)
    assert rating.warnings[: len(SUBJECT.warnings)] == SUBJECT.warnings
    assert rating.details["guarantee"]["rule"] == guarantee.guarantee_rule().version


def test_what_refuses_a_firm_and_can_be_mended_is_advised_before_any_step() -> None:
    """A firm with its capital used up was told first to bring one more product to market."""
    record = examples.example_record("hanbit-motion")
    newest = {**record["statements"][-1], "equity": -1_700_000, "capital_stock": 500_000}
    broken = {**record, "statements": [*record["statements"][:-1], newest]}
    subject = RatedSubject.of({**broken, "credit": {**record["credit"], "tax_arrears": True}}, DAY)
    rating = rate_by(ModelRegistry().model("ktrs-fm"), subject)
    for lang, first in (("en", "Before any step"), ("ko", "먼저 할 일")):
        advice = [o.text for o in rating.opinions if o.kind == "advice" and o.lang == lang]
        taxes, capital, half = (
            text(f"guarantee.{name}_first", lang) for name in ("tax_arrears", "capital_left", "capital_half_left")
        )
        assert first in advice[0] and advice[0].index(taxes) < advice[0].index(capital)
        assert half not in advice[0], "a part of what is used up is not told apart"
        shown = verdict([rating.to_json()], lang)
        assert shown.to_do[:2] == (taxes, capital) and shown.steps
    plain = rate_by(ModelRegistry().model("ktrs-fm"), SUBJECT)
    assert not [o for o in plain.opinions if o.basis == ("details.guarantee.clauses",)]


def test_arrears_default_and_closing_are_told_as_not_counted_by_any_model() -> None:
    record = examples.example_record("hanbit-motion")
    closed = {**record, "credit": {**record["credit"], "business_suspended": True, "default_record_3y": True}}
    models = [ModelRegistry().model(name) for name in ("tech-index", "ktrs-fm")]
    for model in models:
        (warning,) = (w for w in rate_by(model, RatedSubject.of(closed, DAY)).warnings if w.code == "credit_not_rated")
        assert "Default record (3 years), Business suspended or closed" in warning.text["en"]
        assert "휴업·폐업" in warning.text["ko"] and "세금 체납" not in warning.text["ko"]
        assert "credit_not_rated" not in {warning.code for warning in rate_by(model, SUBJECT).warnings}
