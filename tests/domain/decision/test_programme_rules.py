"""A rule file is understood or refused with its line; what it says is what is decided."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ktop.catalogue
from ktop.catalogue import LANGS, message
from ktop.domain.decision.programme import GRADES, SCORES, ProgrammeRule, read_rule
from ktop.domain.decision.screening import Screening, screen
from ktop.kernel.errors import InputError

RULE = """
programme: trial
name: {ko: 시험 사업, en: Trial}
kind: rnd
agency: tipa
year: 2026
version: 1
uses: [minimum, points]
capacity: 2
reserve: 1
clauses:
  - id: age
    label: {ko: 업력, en: Age}
    holds: age_years <= 7
    reason: {ko: "업력 {age_years}년", en: "{age_years} years old"}
  - id: region
    label: {ko: 지역, en: Region}
    one_of: {region: [KR-26, KR-11]}
    reason: {ko: 다른 지역, en: elsewhere}
  - id: grade
    label: {ko: 등급, en: Grade}
    grade_at_least: {ktrs_fm_grade_business: BBB}
    reason: {ko: "등급 {ktrs_fm_grade_business}", en: "grade {ktrs_fm_grade_business}"}
points:
  - id: index
    label: {ko: 지수, en: Index}
    of: tech_index_index
    steps: [[80, 30], [60, 20], [40, 10]]
  - id: growth
    label: {ko: 성장, en: Growth}
    of: ktrs_fm_grade_growth
    steps: [[A, 10], [BBB, 5]]
ties:
  - {of: ktrs_fm_growth, order: high}
  - {of: age_years, order: low}
"""


def _columns(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Columns of applicants; what a row does not say is what passes everything."""
    good: dict[str, Any] = {
        "age_years": 3.0,
        "region": "KR-26",
        "industry": "C29271",
        "tech_index_index": 70.0,
        "ktrs_fm_growth": 50.0,
        "ktrs_fm_grade_business": "A",
        "ktrs_fm_grade_growth": "BB",
    }
    made: dict[str, Any] = {}
    for name, value in good.items():
        values = [row.get(name, value) for row in rows]
        if isinstance(value, float):
            made[name] = np.array([np.nan if one is None else one for one in values], dtype=np.float64)
        else:
            made[name] = np.array(values, dtype=object)
    return made


def _screen(rows: list[dict[str, Any]], rule: str = RULE) -> Screening:
    ok = np.array([not row.get("unread") for row in rows], dtype=bool)
    return screen(read_rule(rule.encode()), _columns(rows), ok, [row.get("who") for row in rows])


CASES: list[tuple[str, list[dict[str, Any]], list[str]]] = [
    ("one who meets all", [{}], ["selected"]),
    ("age at the limit", [{"age_years": 7.0}], ["selected"]),
    ("a day too old", [{"age_years": 7.01}], ["refused"]),
    ("age not known", [{"age_years": None}], ["ask"]),
    ("another region", [{"region": "KR-27"}], ["refused"]),
    ("region not known", [{"region": None}], ["ask"]),
    ("grade at the limit", [{"ktrs_fm_grade_business": "BBB"}], ["selected"]),
    ("a notch below", [{"ktrs_fm_grade_business": "BBB-"}], ["refused"]),
    ("no rating", [{"ktrs_fm_grade_business": None}], ["ask"]),
    ("one fails, one not known", [{"age_years": 9.0, "region": None}], ["refused"]),
    ("a row that could not be read", [{"unread": True}], ["unread"]),
    (
        "more than places",
        [{}, {"tech_index_index": 85.0}, {"tech_index_index": 90.0, "age_years": 2.0}],
        ["reserve", "selected", "selected"],
    ),
    (
        "beyond the reserve",
        [{"tech_index_index": 85.0 - n * 20} for n in range(4)],
        ["selected", "selected", "reserve", "not_selected"],
    ),
    (
        "a tie decided by growth",
        [{}, {"ktrs_fm_growth": 60.0}, {"ktrs_fm_growth": 55.0}],
        ["reserve", "selected", "selected"],
    ),
    (
        "a tie decided by age",
        [{"age_years": 5.0}, {"age_years": 2.0}, {"age_years": 4.0}],
        ["reserve", "selected", "selected"],
    ),
    ("a tie that nothing decides", [{}, {}, {}], ["reserve", "not_selected", "not_selected"]),
    ("a tie behind the first", [{"tech_index_index": 85.0}, {}, {}], ["selected", "reserve", "not_selected"]),
    (
        "missing decides no tie",
        [{"ktrs_fm_growth": None}, {"ktrs_fm_growth": 1.0}, {"ktrs_fm_growth": 2.0}],
        ["reserve", "selected", "selected"],
    ),
    ("the same firm again", [{"who": "1"}, {"who": "1", "tech_index_index": 90.0}], ["selected", "repeated"]),
    ("a refused firm again", [{"who": "1", "age_years": 9.0}, {"who": "1"}], ["refused", "repeated"]),
    ("an unread row repeats nobody", [{"who": "1", "unread": True}, {"who": "1"}], ["unread", "selected"]),
    ("strangers without a number", [{"who": None}, {"who": None}], ["selected", "selected"]),
    (
        "who is asked takes no place",
        [{"age_years": None, "tech_index_index": 99.0}, {}, {"age_years": 2.0}],
        ["ask", "selected", "selected"],
    ),
]


@pytest.mark.parametrize(("rows", "decisions"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_rules_by_example(rows: list[dict[str, Any]], decisions: list[str]) -> None:
    assert _screen(rows).decisions.tolist() == decisions


@pytest.mark.parametrize(
    ("row", "points"),
    [
        ({"tech_index_index": 80.0}, 30),
        ({"tech_index_index": 79.9}, 20),
        ({"tech_index_index": 39.9}, 0),
        ({"tech_index_index": None}, 0),
        ({"ktrs_fm_grade_growth": "AAA"}, 30),
        ({"ktrs_fm_grade_growth": "A"}, 30),
        ({"ktrs_fm_grade_growth": "BBB"}, 25),
        ({"ktrs_fm_grade_growth": "BB"}, 20),
        ({"ktrs_fm_grade_growth": None}, 20),
    ],
)
def test_points_are_those_of_the_first_step_reached(row: dict[str, Any], points: float) -> None:
    assert _screen([row]).points.tolist() == [points]


def test_a_quota_keeps_places_for_its_group_as_far_as_there_are_any() -> None:
    quota = RULE.replace("capacity: 2", "capacity: 4") + (
        "quotas:\n  - {label: {ko: 부산, en: Busan}, one_of: {region: [KR-26]}, share: 0.5}\n"
    )
    capital = {"region": "KR-11", "tech_index_index": 90.0}
    rows = [capital | {"age_years": float(n)} for n in (1, 2, 3, 4)] + [{"age_years": 1.0}, {"age_years": 2.0}]
    assert _screen(rows, quota).decisions.tolist() == ["selected"] * 2 + ["reserve", "not_selected"] + ["selected"] * 2
    assert _screen(rows[:4], quota).decisions.tolist() == ["selected"] * 4


def test_a_rule_without_places_selects_whoever_meets_it() -> None:
    rule = RULE.replace("capacity: 2\nreserve: 1\n", "")
    assert _screen([{}, {}, {}, {"age_years": 9.0}], rule).decisions.tolist() == ["selected"] * 3 + ["refused"]


def test_a_clause_may_refuse_what_is_not_known() -> None:
    rule = RULE.replace("    holds: age_years <= 7\n", "    holds: age_years <= 7\n    missing: refuse\n")
    found = _screen([{"age_years": None}], rule)
    assert found.decisions.tolist() == ["refused"] and "업력" in found.reasons(0)["ko"]


def test_reasons_name_clause_figures_and_what_is_missing() -> None:
    found = _screen(
        [{"age_years": 9.5, "ktrs_fm_grade_business": "B"}, {"region": None}, {}, {"who": "1"}, {"who": "1"}]
    )
    assert found.reasons(0)["ko"] == "업력 9.5년 등급 B" and found.reasons(0)["en"] == "9.5 years old grade B"
    assert "Region" in found.reasons(1)["en"] and "지역" in found.reasons(1)["ko"]
    assert "row 4" in found.reasons(4)["en"]
    assert all(found.reasons(row)[lang] for row in range(5) for lang in LANGS)


BROKEN: dict[str, tuple[str, str, int | None]] = {
    "no yaml": ("programme: [", "rule_no_yaml", 1),
    "a list": ("- a", "rule_no_mapping", None),
    "a slip of the pen": (RULE.replace("capacity", "capasity"), "rule_unknown_key", 9),
    "an entry twice": (RULE.replace("year: 2026", "year: 2026\nyear: 2027"), "rule_twice", 7),
    "an anchor": (RULE.replace("kind: rnd", "kind: &a rnd"), "rule_anchor", 4),
    "a tag": (RULE.replace("kind: rnd", "kind: !!python/name:os.system rnd"), "rule_anchor", 4),
    "no name": (RULE.replace("name: {ko: 시험 사업, en: Trial}\n", ""), "rule_missing", 2),
    "one language": (RULE.replace(", en: Trial}", "}"), "rule_missing", 3),
    "an unknown fact": (RULE.replace("holds: age_years", "holds: age_yaers"), "rule_unknown_name", 14),
    "a formula that is code": (RULE.replace("age_years <= 7", "__import__('os')"), "rule_formula", 14),
    "a grade there is none of": (RULE.replace("business: BBB", "business: BBBB"), "rule_choice", 22),
    "a name that is not the clause's": (
        RULE.replace("업력 {age_years}", "업력 {region}"),
        "rule_unknown_name",
        15,
    ),
    "an attribute in a reason": (RULE.replace("업력 {age_years}", "업력 {age_years.real}"), "rule_unknown_name", 15),
    "braces": (RULE.replace("업력 {age_years}", "업력 {age_years"), "rule_braces", 15),
    "two conditions": (
        RULE.replace("one_of: {region", "holds: age_years > 0\n    one_of: {region"),
        "rule_one_condition",
        16,
    ),
    "steps out of order": (RULE.replace("[[80, 30], [60, 20]", "[[60, 30], [80, 20]"), "rule_order", 28),
    "rising points": (RULE.replace("[[80, 30], [60, 20]", "[[80, 10], [60, 20]"), "rule_order", 28),
    "text for a number": (RULE.replace("capacity: 2", "capacity: two"), "rule_kind", 9),
    "yes for a number": (RULE.replace("capacity: 2", "capacity: yes"), "rule_kind", 9),
    "places without points": (RULE[: RULE.index("points:\n  - id")], "rule_no_points", 9),
    "a clause of the same name": (RULE.replace("id: region", "id: age"), "rule_id", 11),
}


@pytest.mark.parametrize("how", sorted(BROKEN))
def test_a_rule_that_cannot_be_understood_is_refused_with_its_line(how: str) -> None:
    source, key, line = BROKEN[how]
    with pytest.raises(InputError) as caught:
        read_rule(source.encode())
    assert caught.value.key == f"programmes.{key}" and caught.value.params.get("line") == line
    assert all(message(caught.value, lang) for lang in LANGS)


@given(st.binary(max_size=300))
def test_no_bytes_do_anything_but_be_read_or_refused(source: bytes) -> None:
    with pytest.raises(InputError):
        read_rule(source)


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(InputError):
        read_rule(("programme: " + "[" * 5000).encode())
    with pytest.raises(InputError):
        read_rule(b"x" * 300_000)


def test_every_rule_that_is_shipped_is_understood_and_labelled_an_example() -> None:
    folder = Path(ktop.catalogue.__file__).parent / "programmes"
    rules: list[ProgrammeRule] = [read_rule(path.read_bytes()) for path in sorted(folder.glob("*.yaml"))]
    assert len({rule.id for rule in rules}) == len(rules) == 13
    assert {rule.kind for rule in rules} == {"rnd", "startup", "excellent"}
    assert all(rule.note and "example" in rule.note["en"] for rule in rules)
    assert {use for rule in rules for use in rule.uses} == {"minimum", "points", "outcome"}


def test_what_rules_may_name_is_what_ratings_have() -> None:
    assert set(GRADES.values()) <= {"business", "growth", "risk"} and len(set(SCORES)) == len(SCORES)
