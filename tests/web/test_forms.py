"""The company form: what is typed becomes facts and facts become what is typed, exactly; blank is missing."""

from __future__ import annotations

import math

import invented
from hypothesis import given
from hypothesis import strategies as st

from ktop.domain.company.fact_spec import FACTS
from ktop.domain.values.kind import MISSING_WORDS, half_width
from ktop.web import forms


def test_form_asks_for_every_given_fact_but_identifiers() -> None:
    shown = {f.name for s in forms.sections("ko") for _, fields in s.groups for f in fields}
    given_facts = {spec.name for spec in FACTS.values() if not spec.derived}
    assert given_facts - shown == {"company_id", "corporate_number"}


def test_checklist_has_its_questions_and_answers() -> None:
    checklist = next(s for s in forms.sections("en") if s.name == "checklist")
    fields = [f for _, fields in checklist.groups for f in fields]
    assert len(fields) == 25
    assert len(checklist.groups) == 4
    assert all(len(f.options) == 5 and f.kind == "radio" for f in fields)


def test_facts_survive_the_form() -> None:
    facts = {name: invented.FACTS.get(name) for name in (spec.name for spec in forms.asked())}
    again, problems = forms.read(forms.typed(facts), "ko")
    assert not problems
    assert again == {name: value for name, value in facts.items() if value is not None}


@given(st.floats(0, 1e15, allow_nan=False), st.integers(0, 500_000))
def test_amounts_survive_the_form(sales: float, staff: int) -> None:
    typed = forms.typed({"name": "a", "sales_krw_t0": sales, "staff_total": staff})
    again, problems = forms.read(typed, "ko")
    assert not problems
    assert again["staff_total"] == staff
    assert math.isclose(again["sales_krw_t0"], sales, rel_tol=1e-12, abs_tol=1e-9)


@given(st.dictionaries(st.sampled_from([spec.name for spec in forms.asked()]), st.text(max_size=40)))
def test_anything_typed_is_read_or_said(typed: dict[str, str]) -> None:
    facts, problems = forms.read(typed, "en")
    for name, value in typed.items():
        said = name in facts or name in problems
        # Words such as NA say that a value is missing, and a number of zeros only fills its place.
        missing = half_width(value).strip().casefold() in {*MISSING_WORDS, "-", "n/a", ""}
        missing |= name.endswith("_number") and set(half_width(value)) - set(" -") == {"0"}
        assert not (name in facts and name in problems) and (said or missing)
        assert not said or value.strip() or name == "name"


def test_blank_is_missing_and_zero_is_zero() -> None:
    facts, problems = forms.read({"name": "a", "staff_total": " ", "patents_registered": "0"}, "ko")
    assert facts == {"name": "a", "patents_registered": 0}
    assert not problems


def test_numbers_are_read_as_people_write_them() -> None:
    facts, _ = forms.read({"name": "a", "operating_profit_krw_t0": "−1,234.5", "founded": "2016.05.02"}, "ko")
    assert facts["operating_profit_krw_t0"] == -1_234_500_000
    assert facts["founded"] == "2016-05-02"
    for wrong in ("1e999", "1e999999999", "12명", "--3", "1e16", "1_0", "1,2,3"):
        assert forms.read({"name": "a", "staff_total": wrong}, "ko")[1]
