"""The reviewed data is whole: words in both languages, formulas that compute, ladders and matrix that make sense."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ktop import catalogue
from ktop.catalogue import LANGS, load
from ktop.domain.company.fact_column import plain
from ktop.domain.company.fact_spec import FACTS, FactSpec, fact_groups, fact_rules
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.indicators import (
    Indicator,
    abroad_checklist_items,
    accounts_ratios,
    checklist_items,
    evaluate,
    global_expansion_items,
    indicator_groups,
    ktrs_fm_items,
    steps,
    tech_index_indicators,
)
from ktop.domain.company.record import Company
from ktop.domain.decision.guarantee import guarantee_rule
from ktop.domain.rating.grades import business_matrix, ladders
from ktop.domain.values.industry import industry_group
from ktop.domain.values.region import region_code, regions

FILES = (
    "accounts",
    "checklist",
    "company",
    "facts",
    "grades",
    "guarantee",
    "indicators",
    "industries",
    "ktrs_fm",
    "plausible_ratios",
    "regions",
    "steps",
)
INDICATORS = (
    *(*tech_index_indicators(), *ktrs_fm_items(), *checklist_items(), *accounts_ratios()),
    *(*global_expansion_items(), *abroad_checklist_items()),
)


def words_of(node: Any, path: str = "") -> list[tuple[str, dict[Any, Any]]]:
    """Return every mapping that gives words, with its place."""
    if isinstance(node, dict):
        if set(node) & {"ko", "en"}:
            return [(path, node)]
        return [found for key, value in node.items() for found in words_of(value, f"{path}.{key}")]
    if isinstance(node, list):
        return [found for i, value in enumerate(node) for found in words_of(value, f"{path}[{i}]")]
    return []


@pytest.mark.parametrize("name", FILES)
def test_words_are_given_in_both_languages(name: str) -> None:
    found = words_of(load(name))
    assert found
    for path, words in found:
        assert set(words) == set(LANGS), path
        assert all(isinstance(text, str) and text.strip() == text and text for text in words.values()), path
        assert any("가" <= letter <= "힣" for letter in words["ko"]) or words["ko"].isupper() or words["ko"] == "%", (
            path
        )
        assert not any("가" <= letter <= "힣" for letter in words["en"]), path


def test_the_published_counts() -> None:
    assert [i.group for i in tech_index_indicators()] == ["infra"] * 3 + ["input"] * 3 + ["activity"] * 4 + [
        "output"
    ] * 4
    assert len(ktrs_fm_items()) == 14
    assert [item.id for item in checklist_items()] == [f"q{n:02d}" for n in range(1, 26)]
    assert [len([i for i in checklist_items() if i.group == group]) for group in indicator_groups("checklist")] == [
        6,
        7,
        6,
        6,
    ]


@pytest.mark.parametrize("spec", FACTS.values(), ids=lambda spec: spec.name)
def test_a_fact_is_described_and_its_example_is_allowed(spec: FactSpec) -> None:
    assert spec.group in fact_groups()
    if spec.kind in ("number", "integer"):
        assert isinstance(spec.minimum, (int, float))
        assert isinstance(spec.maximum, (int, float))
        assert isinstance(spec.example, (int, float))
        assert spec.minimum <= spec.example <= spec.maximum
        assert spec.unit_label is not None
    if spec.kind == "date":
        assert isinstance(spec.example, date)
    if spec.choices:
        assert spec.example in spec.choices
    assert spec.name.isascii()
    assert spec.name == spec.name.lower()


def test_every_example_is_taken_by_a_batch_file() -> None:
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({name: [str(spec.example)] for name, spec in FACTS.items()})
    table, problems = FactTable.from_frame(frame, date(2026, 6, 30))
    assert problems.reasons(0, "en") == []
    assert all(plain(FACTS[name], column[0]) is not None for name, column in table.columns.items())


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda i: f"{i.group}-{i.id}")
def test_a_formula_computes_on_the_examples(indicator: Indicator) -> None:
    assert indicator.expression.names <= FACTS.keys()
    table = FactTable.from_columns({name: [spec.example] for name, spec in FACTS.items()}, date(2026, 6, 30))
    value = evaluate([indicator], table)[0, 0]
    assert np.isfinite(value)
    assert indicator.direction == (-1 if indicator.id == "borrowings_ratio" else 1)
    assert set(indicator.feasible) <= steps().keys()


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda i: f"{i.group}-{i.id}")
def test_an_indicator_is_missing_where_a_fact_it_needs_is(indicator: Indicator) -> None:
    # What a formula asks after by ``known`` it can do without, and what it then takes instead.
    optional = set(re.findall(r"known\((\w+)\)", indicator.expression.source))
    needed = indicator.expression.names - optional - ({"sales_krw_t1"} if indicator.id == "sales_growth" else set())
    assert needed
    for absent in needed:
        examples = {name: [spec.example] for name, spec in FACTS.items() if name != absent}
        assert np.isnan(evaluate([indicator], FactTable.from_columns(examples, date(2026, 6, 30)))[0, 0])


def test_groups_of_indicators_exist() -> None:
    for name, items in (
        ("indicators", tech_index_indicators()),
        ("ktrs_fm", ktrs_fm_items()),
        ("checklist", checklist_items()),
        ("accounts", accounts_ratios()),
    ):
        assert {item.group for item in items} == set(indicator_groups(name))


def test_a_checklist_question_has_five_different_answers() -> None:
    for item in checklist_items():
        assert item.options is not None
        assert sorted(item.options) == [1, 2, 3, 4, 5]
        for lang in LANGS:
            assert len({answer[lang] for answer in item.options.values()}) == 5


def test_every_step_moves_the_indicators_that_name_it() -> None:
    examples = {name: [float(spec.example)] for name, spec in FACTS.items() if spec.numeric}
    examples |= {"rnd_organisation": [0.0], "venture_certified": [0.0], "innobiz_certified": [0.0]}
    before = FactTable.from_columns(examples, date(2026, 6, 30))
    used = set()
    for indicator in INDICATORS:
        for name in indicator.feasible:
            step = steps()[name]
            assert step.effort in load("steps")["efforts"]
            changed = {
                fact: before.columns[fact] + amount.evaluate(before.columns) for fact, amount in step.changes.items()
            }
            after = FactTable.from_columns({**examples, **changed}, date(2026, 6, 30))
            assert evaluate([indicator], after)[0, 0] > evaluate([indicator], before)[0, 0], (indicator.id, name)
            used.add(name)
    assert used == set(steps())


def test_rules_between_facts_name_facts() -> None:
    for rule in fact_rules():
        assert rule.holds.names == {rule.smaller, rule.larger}
        assert rule.holds.names <= FACTS.keys()


def test_the_business_matrix_never_rises_with_risk_or_falls_with_growth() -> None:
    matrix = business_matrix()
    assert matrix.cells.shape == (10, 10)
    assert (np.diff(matrix.cells, axis=0) >= 0).all()
    assert (np.diff(matrix.cells, axis=1) >= 0).all()
    assert matrix.grade_of("AAA", "R1") == "AAA"
    assert matrix.grade_of("D", "R10") == "D"
    assert (matrix.cells[-1] >= matrix.business.index("CCC")).all()
    assert set(matrix.cells.ravel()) == set(range(len(matrix.business.symbols))), "a grade nobody can get"


def test_ladders_have_the_published_symbols() -> None:
    symbols = "AAA AA+ AA AA- A+ A A- BBB+ BBB BBB- BB+ BB BB- B+ B B- CCC CC C D"
    assert " ".join(ladders()["business"].symbols) == symbols
    assert len(ladders()["growth"].symbols) == len(ladders()["risk"].symbols) == 10


def test_the_guarantee_rule_has_a_sentence_for_every_outcome() -> None:
    from ktop.catalogue import messages

    for clause in guarantee_rule().clauses:
        assert {f"guarantee.{clause.id}_failed", f"guarantee.{clause.id}_unknown"} <= messages().keys()
        assert set(guarantee_rule().facts_of(clause)) <= FACTS.keys()


def test_the_guarantee_caps_fall_with_the_grade_and_end_at_the_minimum() -> None:
    rule = guarantee_rule()
    caps = [rule.grade_cap_krw[symbol] for symbol in ladders()["business"].symbols if symbol in rule.grade_cap_krw]
    assert caps == sorted(caps, reverse=True)
    minimum = next(clause.settings["grade"] for clause in rule.clauses if clause.id == "business_grade")
    assert list(rule.grade_cap_krw)[-1] == minimum


def test_industry_groups_and_regions_are_whole() -> None:
    groups = set(load("facts")["industry_groups"])
    for scheme in ("ksic", "isic"):
        for code, entry in load("industries")[scheme].items():
            assert entry["group"] in groups, code
            assert industry_group(code, foreign=scheme == "isic") == entry["group"]
    assert set(guarantee_rule().sme_sales_limit_krw) == groups
    assert len([code for code in regions() if code.startswith("KR-")]) == 17
    assert set(load("regions")["aliases"].values()) <= set(regions())
    assert region_code("서울특별시") == region_code("seoul") == region_code("11") == "KR-11"


def test_the_words_of_the_company_record_cover_it_exactly() -> None:
    from ktop.domain.company.schema import _PATHS

    schema = Company.model_json_schema()
    paths = set(schema["properties"])
    for name, prefix in _PATHS.items():
        paths |= {f"{prefix}.{field}" for field in schema["$defs"][name]["properties"]}
    assert set(load("company")["fields"]) == paths


def _cut(content: Any) -> Iterator[Any]:
    """Give the texts that lost their end at a comma: what follows it became keys without a value."""
    if isinstance(content, dict):
        if {"ko", "en"} <= content.keys() and any(value is None for value in content.values()):
            yield content
        for part in content.values():
            yield from _cut(part)
    elif isinstance(content, list):
        for part in content:
            yield from _cut(part)


def test_no_text_is_cut_at_a_comma() -> None:
    folder = Path(catalogue.__file__).parent
    names = [path.relative_to(folder).with_suffix("").as_posix() for path in sorted(folder.rglob("*.yaml"))]
    assert len(names) > 50
    cut = {name: found for name in names if (found := list(_cut(load(name))))}
    assert cut == {}
