"""What is shown of a rating tells no input that was not granted."""

from __future__ import annotations

import copy
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ktop.domain.company.fact_spec import FACTS, fact_groups
from ktop.domain.party.disclosure import disclosed, groups_of
from ktop.report.present import report_view

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fixtures"))

import invented

GOLDEN = sorted((Path(__file__).resolve().parents[2] / "golden" / "ratings").glob("*-1.3.0-*.json"))
RATINGS = {path.stem: json.loads(path.read_text()) for path in GOLDEN}
GROUPS = sorted(fact_groups())
#: Digits that many figures of a result have by chance are too short to be looked for.
LONG = 5


def numbers(value: Any) -> set[str]:
    """Return every figure of a value, as text, at any depth, those within sentences too."""
    import re

    written = json.dumps(value, ensure_ascii=False)
    return {found.rstrip("0").rstrip(".") for found in re.findall(r"\d+(?:\.\d+)?", written.replace(",", ""))}


@pytest.mark.parametrize("name", RATINGS)
def test_with_every_group_granted_all_is_shown(name: str) -> None:
    assert disclosed(RATINGS[name], GROUPS) == RATINGS[name]


@pytest.mark.parametrize("name", RATINGS)
def test_a_result_alone_tells_no_input(name: str) -> None:
    rating = RATINGS[name]
    shown = disclosed(rating, ())
    assert shown.keys() == rating.keys(), "the shape stays"
    for part in ("model", "as_of", "scores", "grades", "probabilities"):
        assert shown[part] == rating[part]
    assert shown["subject"] == {part: rating["subject"][part] for part in ("name", "name_en")}
    empty = ("contributions", "base", "logits", "next_steps", "inputs")
    assert not any(shown[part] for part in empty)
    assert set(shown["position"]) == {"all"}
    assert shown["opinions"], "what only tells the grade is shown"
    if "guarantee" in rating["details"]:
        assert set(shown["details"]["decision"]) == {"rule", "status"}, "the amount is a share of sales"
    assert "guarantee" not in shown["details"]
    for lang in ("ko", "en"):
        assert report_view([shown], lang), "pages and reports show it as it is"
    values = numbers([entry["value"] for entry in rating["inputs"]])
    leaked = {value for value in values & numbers(shown) if len(value) >= LONG}
    assert not leaked


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(sorted(RATINGS)), granted=st.sets(st.sampled_from(GROUPS)))
def test_inputs_are_shown_by_group_and_explanations_only_with_all_of_them(name: str, granted: set[str]) -> None:
    rating = RATINGS[name]
    shown = disclosed(rating, granted)
    if groups_of(rating) <= granted:
        assert shown == rating
        return
    assert {FACTS[entry["name"]].group for entry in shown["inputs"]} <= granted
    expected = [e for e in rating["inputs"] if e["name"] in FACTS and FACTS[e["name"]].group in granted]
    assert shown["inputs"] == expected
    assert not shown["contributions"] and not shown["next_steps"]
    assert ("industry_group" in shown["subject"]) == ("derived" in granted)
    assert ("region" in shown["position"]) == ("identity" in granted)


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(sorted(RATINGS)), granted=st.sets(st.sampled_from(GROUPS)), data=st.data())
def test_what_is_shown_does_not_depend_on_a_withheld_input(name: str, granted: set[str], data: st.DataObject) -> None:
    """Two firms with one result and one set of granted inputs cannot be told apart by what is shown."""
    rating = RATINGS[name]
    if groups_of(rating) <= granted:
        return
    other = copy.deepcopy(rating)
    withheld = [e for e in other["inputs"] if e["name"] not in FACTS or FACTS[e["name"]].group not in granted]
    for entry in data.draw(st.lists(st.sampled_from(withheld), min_size=1)):
        entry.update(value=None, source="elsewhere", date="1999-01-01")
    for part in other["contributions"]:
        part.update(value=1.0, level=None, logit=0.5, points=3.0)
    other["base"], other["logits"] = {"growth": {"logit": 0.0, "points": 1.0}}, {"growth": 0.1}
    other["next_steps"] = other["next_steps"][::-1]
    other["opinions"] += [
        {"lang": "ko", "text": "매출 8,123만 원", "basis": ["contributions.growth.sales"], "kind": "strength"},
        {"lang": "ko", "text": "매출 8,123만 원", "basis": [], "kind": "summary"},
        {"lang": "ko", "text": "매출", "basis": ["scores.growth", "inputs.sales_krw_t0"], "kind": "summary"},
    ]
    other["warnings"] += [{"code": "sales_zero", "text": {"ko": "매출 0", "en": "no sales"}}]
    other["details"] = {**other["details"], "a later model's own": {"sales": 81230000}}
    if "guarantee" in other["details"]:
        other["details"]["guarantee"] |= {"amount_krw": 1, "clauses": [], "text": {}, "note": {}, "possible": None}
    assert disclosed(other, granted) == disclosed(rating, granted)


def test_a_technology_is_shown_by_its_scores_alone() -> None:
    rating = invented.originality()
    shown = disclosed(rating, GROUPS)
    assert shown["scores"] == rating["scores"] and shown["grades"] == rating["grades"]
    assert shown["subject"] == {"title": rating["subject"]["title"]}
    assert not any(shown[part] for part in ("details", "inputs", "opinions", "position", "contributions"))
    assert disclosed(rating, {"technology_text"}) == rating
