"""Declared values lift a grade only so far, contradicted answers are not counted, a rating says what it stands on."""

from __future__ import annotations

import base64
import dataclasses
import itertools
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ktop.catalogue import LANGS, load, messages
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.rated_subject import RatedSubject
from ktop.domain.decision.evidence import checklist_facts, evidence_rule
from ktop.domain.party.actor import LOCAL_OWNER, Actor
from ktop.domain.party.disclosure import disclosed
from ktop.domain.rating.grades import ladder
from ktop.domain.rating.rating import Rating
from ktop.models.registry import ModelRegistry
from ktop.report.present import rating_view
from ktop.report.present.evidence import evidence_view
from ktop.signing import credential
from ktop.training.reference import build_reference
from ktop.training.release import reference_table
from ktop.usecases.companies import examples
from ktop.usecases.companies.evidence import accepted_subject, rate_on_evidence, rate_table_on_evidence
from ktop.usecases.companies.rating import rate_by
from ktop.usecases.rate.recompute import recompute

DAY = date(2026, 6, 1)
MODELS = ModelRegistry()
#: A version that reads no accounts: the firm's answers weigh most in it, and the rule has most to hold.
KTRS = MODELS.model("ktrs-fm", "1.3.0")
RULE = evidence_rule()

#: A firm whose capital is used up after three years of losses.
ZOMBIE: dict[str, Any] = {
    "name": "가상공업",
    "industry": "C25924",
    "region": "KR-48",
    "founded": "2006-05-10",
    "ceo": {"industry_years": 22, "degree": "bachelor", "technical": True, "founding_record": 0},
    "staff": [{"date": "2025-12-31", "total": 24, "technical": 6, "research": 2, "advanced_degree": 1}],
    "statements": [
        {
            "year": year, "unit": "million_krw", "sales": sales, "operating_profit": -loss // 2, "net_income": -loss,
            "total_assets": assets, "equity": equity, "intangible_assets": 280, "rnd_expense": 130,
            "training_expense": 1, "marketing_expense": 8, "interest_expense": 360, "dividends": 0, "borrowings": 5700,
        }
        for year, sales, loss, assets, equity in (
            (2023, 7000, 560, 6200, 150), (2024, 5600, 800, 5500, -650), (2025, 4300, 1050, 4800, -1700)
        )
    ],
    "rnd_organisation": "institute",
    "rnd_projects": [{"start": "2023-05-01", "end": "2025-04-30", "result": "success", "funding": "public"}],
    "certifications": [],
    "commercialisations": [],
    "ip": [
        {
            "kind": "patent", "status": "registered", "filed": "2017-03-02", "registered": "2019-03-02",
            "claims": 8, "cited_by": 0,
        }
    ],
    "credit": {"tax_arrears": False, "default_record_3y": False, "business_suspended": False},
}  # fmt: skip


def zombie(answer: int | None, **changes: Any) -> dict[str, Any]:
    answers = {} if answer is None else {"checklist": dict.fromkeys(checklist_facts(), answer)}
    return {**ZOMBIE, **answers, **changes}


def rated(record: dict[str, Any], model: str = "ktrs-fm", actor: Actor = LOCAL_OWNER) -> Rating:
    return rate_by(KTRS if model == "ktrs-fm" else MODELS.model(model), accepted_subject(actor, record, DAY))


def place(name: str, grade: str) -> int:
    return ladder(name).index(grade)


def told(rating: Rating) -> dict[str, str]:
    return {warning.code: warning.text["en"] for warning in rating.warnings}


def test_full_marks_of_the_firm_itself_do_not_outweigh_its_accounts() -> None:
    gamed, plain = rated(zombie(5)), rated(zombie(None))
    found = gamed.details["evidence"]
    assert gamed.basis == "declared" and found["evidence"]["grades"] == plain.details["evidence"]["declared"]["grades"]
    for name, notches in RULE.most_notches.items():
        lifted = place(name, found["evidence"]["grades"][name]) - place(name, gamed.grades[name])
        assert (
            0
            < lifted
            <= notches
            < place(name, found["evidence"]["grades"][name]) - place(name, found["declared"]["grades"][name])
        )
        assert found["held"][name]["to"] == gamed.grades[name]
    assert {"declared_held", "contradictions", "uniform_answers"} <= told(gamed).keys()
    assert gamed.details["guarantee"]["status"] == "refused"
    summary = next(o.text for o in gamed.opinions if o.lang == "en" and o.kind == "summary")
    assert gamed.grades["business"] in summary  # the words are about the grade that is shown
    gamed.check_sums()


def test_contradicted_answers_are_named_with_figures_and_not_counted() -> None:
    gamed = rated(zombie(5))
    found = {entry["id"]: entry for entry in gamed.details["evidence"]["contradictions"]}
    assert {"cash_without_capital", "funding_without_capital", "target_with_fall"} <= found.keys()
    assert "-1,700 million" in found["cash_without_capital"]["text"]["en"]
    assert not any(entry["counted"] for entry in found.values())
    part = next(c for c in gamed.contributions if c.indicator == "q06")
    assert part.value is None
    assert [entry.value for entry in gamed.inputs if entry.name == "q06"] == [5]  # what was answered stays to be seen
    assert "Cash management" not in told(gamed).get("unanswered", "")
    believed = rated(zombie(5, sources=[{"path": "checklist.q06", "source": "bank", "status": "confirmed"}]))
    again = {entry["id"]: entry for entry in believed.details["evidence"]["contradictions"]}
    assert again["cash_without_capital"]["counted"] and not again["funding_without_capital"]["counted"]
    assert next(c for c in believed.contributions if c.indicator == "q06").value == 5.0


def test_evidence_for_the_answers_lifts_what_the_word_alone_does_not() -> None:
    marks = [{"path": "checklist", "source": "visit", "date": "2026-05-20", "status": "confirmed"}]
    confirmed, gamed = rated(zombie(5, sources=marks)), rated(zombie(5))
    assert not confirmed.details["evidence"]["held"]
    assert place("business", confirmed.grades["business"]) < place("business", gamed.grades["business"])
    assert confirmed.details["evidence"]["counts"]["answers"] == {"declared": 0, "evidenced": 0, "confirmed": 25}
    assert confirmed.basis == "declared"  # the record's own values are still the firm's word
    whole = rated(zombie(5, source="registers", source_date="2026-05-20", source_status="evidenced"))
    assert whole.basis == "evidence" and not whole.details["evidence"]["held"]


def test_low_answers_are_believed() -> None:
    low = rated(zombie(1))
    found = low.details["evidence"]
    assert place("business", low.grades["business"]) > place("business", found["evidence"]["grades"]["business"])
    assert not found["held"]


def test_once_a_value_is_marked_unmarked_ones_are_no_evidence() -> None:
    marks = [{"path": "statements", "source": "tax office", "date": "2026-04-01", "status": "evidenced"}]
    found = rated(zombie(None, sources=marks), "tech-index").details["evidence"]
    assert "patents_registered" in found["left_out"] and "sales_krw_t0" not in found["left_out"]
    assert found["declared"]["scores"] != found["evidence"]["scores"]
    plain = rated(zombie(None), "tech-index")
    assert plain.details["evidence"]["left_out"] == [] and plain.basis == "declared"


def test_where_nothing_is_evidenced_full_marks_do_not_stand_alone() -> None:
    answers = dict.fromkeys(checklist_facts(), 5)
    rating = rated({"name": "빈 기록", "checklist": answers})
    assert rating.details["evidence"]["evidence"] is None
    for name, grade in RULE.without_evidence.items():
        assert place(name, rating.grades[name]) >= place(name, grade) - RULE.most_notches[name]


def test_marking_a_record_as_declared_lifts_nothing() -> None:
    marked, plain = rated(zombie(5, source="owner", source_status="declared")), rated(zombie(5))
    assert marked.details["evidence"]["evidence"] is None
    for name in RULE.most_notches:
        assert place(name, marked.grades[name]) >= place(name, plain.grades[name])
    subject = accepted_subject(LOCAL_OWNER, zombie(5, source="owner", source_status="declared"), DAY)
    former = rate_on_evidence(KTRS, subject.table, subject.inputs, rule="evidence-1")
    assert place("business", former.grades["business"]) < place("business", plain.grades["business"])


def test_a_firm_cannot_vouch_for_itself() -> None:
    firm = dataclasses.replace(LOCAL_OWNER, roles=frozenset({"company_owner"}))
    record = zombie(5, source="registers", source_status="confirmed")
    rating = rated(record, actor=firm)
    assert rating.basis == "declared" and "marks_not_accepted" in told(rating)
    assert rating.grades == rated(zombie(5)).grades
    assert all(entry.status is None for entry in rating.inputs)


@pytest.mark.parametrize(
    "marks", [[], [{"path": "checklist.q01", "source": "CV", "status": "evidenced"}]], ids=["unmarked", "marked"]
)
def test_a_kept_rating_is_computed_again_bit_for_bit(marks: list[dict[str, Any]]) -> None:
    stored = json.loads(json.dumps(rated(zombie(5, sources=marks)).to_json()))
    again = recompute(KTRS, stored)
    assert again.differences == () and not again.reworded
    assert again.rating["inputs"] == stored["inputs"]
    other = json.loads(json.dumps(stored))
    other["details"]["evidence"]["rule"] = "evidence-99"
    with pytest.raises(Exception, match="not_recomputable"):
        recompute(KTRS, other)


def test_a_rating_kept_before_there_was_a_rule_is_not_held_by_it() -> None:
    golden = Path(__file__).resolve().parents[2] / "golden" / "ratings" / "ktrs-fm-1.3.0-hanbit-motion.json"
    stored = json.loads(golden.read_text("utf-8"))
    assert "evidence" not in stored["details"]
    again = recompute(KTRS, stored)
    assert again.identical and "evidence" not in again.rating["details"] and "basis" not in again.rating


def test_a_batch_gives_the_grades_that_single_ratings_have() -> None:
    table = reference_table(build_reference(100, 5))
    batch = rate_table_on_evidence(KTRS, table)
    for row in range(20):
        one = table.take(np.array([row]))
        inputs = RatedSubject.of({"name": "x"}, DAY).inputs  # every fact, without a status
        facts = one.row(0)
        inputs = tuple(dataclasses.replace(entry, value=facts[entry.name]) for entry in inputs)
        single = rate_on_evidence(KTRS, one, inputs)
        for name, grade in single.grades.items():
            assert batch.grades[name][row] == grade
        evidence = single.details["evidence"]["evidence"]["grades"]
        assert {name: batch.columns[f"evidence_grade_{name}"][row] for name in evidence} == evidence
        assert batch.columns["contradictions"][row] == len(single.details["evidence"]["contradictions"])
    assert set(batch.columns["basis"]) == {"declared"}


def test_every_contradiction_has_its_sentence_and_can_hold() -> None:
    assert len(RULE.contradictions) >= 12
    known = messages()
    for entry in RULE.contradictions:
        assert f"evidence.contradiction_{entry.id}" in known
        assert entry.when.names <= FACTS.keys() and set(entry.answers) <= set(checklist_facts())
        # the least answers that are claimed, beside figures that contradict them
        assert set(entry.answers) <= entry.when.names
    subject = RatedSubject.of(zombie(None), DAY)
    shown: set[str] = set()
    for pick, stage in itertools.product((0, 1), (1.0, 5.0)):
        columns = dict(subject.table.columns)
        for name in checklist_facts():
            columns[name] = np.array([5.0])
        extreme = {
            "equity_krw_t0": (-1.0e9, 1.0e6), "net_income_krw_t0": (-1.0e9,),
            "tax_arrears": (1.0,), "default_record_3y": (1.0,),
            "operating_profit_krw_t0": (-9.0e9,), "rnd_expense_krw_t0": (0.0,), "marketing_expense_krw_t0": (0.0,),
            "sales_krw_t0": (0.0, 1.0e9), "sales_krw_t1": (5.0e9,), "sales_krw_t2": (9.0e9,),
            "business_suspended": (1.0,),
            "patents_registered": (0.0,), "patents_filed_3y": (0.0,), "patent_claims_mean": (np.nan,),
            "rnd_projects_3y": (0.0,),
            "ceo_technical": (0.0,), "staff_total": (1.0,), "technical_staff": (0.0,),
            "q10": (3.0, 5.0), "q07": (stage,),
        }  # fmt: skip
        for name, values in extreme.items():
            columns[name] = np.array([values[min(pick, len(values) - 1)]])
        table = dataclasses.replace(subject.table, columns=columns)
        holds = RULE.contradicted(table)[0]
        for k in np.flatnonzero(holds):
            shown.add(RULE.contradictions[k].id)
            for lang in LANGS:
                assert "(nan" not in RULE.contradictions[k].told(table, 0)[lang]
    assert shown == {entry.id for entry in RULE.contradictions}


def test_a_missing_fact_contradicts_nothing() -> None:
    answers = dict.fromkeys(checklist_facts(), 4)
    rating = rated({"name": "빈 기록", "checklist": answers})
    assert rating.details["evidence"]["contradictions"] == []


def test_uniform_answering_is_told_from_where_the_catalogue_says() -> None:
    rule = load("evidence")["uniform"]
    names = checklist_facts()
    few = dict.fromkeys(names[: rule["fewest"] - 1], 4)
    assert "uniform_answers" not in told(rated(zombie(None, checklist=few)))
    mixed = {name: 1 + k % 5 for k, name in enumerate(names)}
    assert "uniform_answers" not in told(rated(zombie(None, checklist=mixed)))
    nearly = {name: 4 if k else 2 for k, name in enumerate(names)}
    assert "24 of 25" in told(rated(zombie(None, checklist=nearly)))["uniform_answers"]


@pytest.mark.parametrize("lang", LANGS)
def test_both_results_stand_on_the_page(lang: Any) -> None:
    gamed = rated(zombie(5))
    view = rating_view(gamed.to_json(), lang)
    assert view.evidence is not None and len(view.evidence.contradictions) >= 3
    assert view.version.endswith(view.evidence.basis)
    business = view.evidence.table.rows[0]
    found = gamed.details["evidence"]
    assert business[1:] == (
        found["declared"]["grades"]["business"],
        found["evidence"]["grades"]["business"],
        gamed.grades["business"],
    )
    old = {key: value for key, value in gamed.to_json().items() if key != "basis"}
    old["details"] = {key: value for key, value in old["details"].items() if key != "evidence"}
    assert rating_view(old, lang).evidence is None


def test_the_examples_are_rated() -> None:
    for record in examples.example_records().values():
        rating = rated(dict(record))
        assert rating.basis == "declared"


def test_an_institution_sees_what_a_grade_stands_on_and_no_answer_that_was_not_granted() -> None:
    gamed = rated(zombie(5)).to_json()
    shown = disclosed(gamed, ())
    assert shown["basis"] == "declared" and shown.keys() == gamed.keys()
    found, whole = shown["details"]["evidence"], gamed["details"]["evidence"]
    assert found["held"] == whole["held"]
    assert found["evidence"] == {"grades": whole["evidence"]["grades"]}
    assert not {"contradictions", "left_out", "uniform", "counts"} & found.keys()
    codes = {warning["code"] for warning in shown["warnings"]}
    assert "declared_held" in codes and not {"contradictions", "uniform_answers"} & codes
    assert any("On evidence" in opinion["text"] for opinion in shown["opinions"])
    for lang in LANGS:
        view = evidence_view(shown, lang)
        assert view is not None and view.contradictions == ()
        assert len(view.table.rows) == 3  # the grades and no more
    nothing = rated({"name": "빈 기록", "checklist": dict.fromkeys(checklist_facts(), 5)}).to_json()
    assert disclosed(nothing, ())["details"]["evidence"]["evidence"] is None
    assert evidence_view(disclosed(nothing, ()), "ko") is not None


def test_a_signed_result_says_what_the_grade_stands_on() -> None:
    marks = [{"path": "checklist.q06", "source": "visit", "date": "2026-05-20", "status": "confirmed"}]
    ratings = [rated(zombie(5, sources=marks)).to_json()]
    shown, missing = credential.disclosures_of(ratings)
    body = credential.body(
        credential.RatedAnswer(DAY, ratings),
        credential.Issuer("https://ktop.example.org", "K-TOP (invented)"),
        result_id="a" * 32,
        issued=datetime(2026, 6, 1, tzinfo=UTC),
        status_list=0,
        status_index=1,
        disclosed=shown,
        missing=missing,
    )
    signed = next(r for r in body["credentialSubject"]["ratings"] if r["model"]["name"] == "ktrs-fm")
    found = ratings[0]["details"]["evidence"]
    assert signed["basis"] == "declared" and signed["evidence"]["rule"] == RULE.version
    assert signed["evidence"]["evidence"] == found["evidence"]["grades"]
    opened = [json.loads(base64.urlsafe_b64decode(one + "=" * (-len(one) % 4))) for one in shown]
    values = {name: value for _, name, value in opened}
    assert values["q06"]["status"] == "confirmed" and "status" not in values["q07"]
