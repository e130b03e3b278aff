"""Facts given as totals fill what details leave open, with their own source, and never overrule details."""

from __future__ import annotations

from datetime import date

import pytest

from ktop.domain.company.facts import company_facts, facts_and_inputs
from ktop.domain.company.record import Company
from ktop.kernel.errors import InputError

DAY = date(2024, 6, 30)


def test_totals_fill_what_is_missing_and_keep_their_source() -> None:
    record = {
        "name": "가상",
        "facts": {"patents_registered": "1,003", "staff_total": 12, "sales_krw_t0": None},
        "sources": [{"path": "facts", "source": "survey", "date": "2023-05-01"}],
    }
    company = Company.from_mapping(record)
    facts = company_facts(company, DAY)
    assert (facts["patents_registered"], facts["staff_total"], facts["size"]) == (1003, 12, "small")
    assert type(facts["patents_registered"]) is int and type(facts["staff_total"]) is int
    assert facts["sales_krw_t0"] is None, "an empty total stays missing"
    given = {entry.name: entry for entry in facts_and_inputs(company, DAY)[1]}
    assert (given["staff_total"].source, given["staff_total"].date) == ("survey", date(2023, 5, 1))
    assert given["name"].source is None


def test_details_prevail() -> None:
    record = {"name": "가상", "ip": [], "facts": {"patents_registered": 9}}
    assert company_facts(Company.from_mapping(record), DAY)["patents_registered"] == 0


@pytest.mark.parametrize(
    ("facts", "key"),
    [
        ({"patents_registerd": 1}, "company.unknown_field_near"),
        ({"zzzz": 1}, "company.unknown_total"),
        ({"name": 1}, "company.unknown_total"),
        ({"q01": 1}, "company.unknown_total"),
        ({"staff_total": -1}, "values.out_of_range"),
        ({"staff_total": 1.5}, "values.not_whole"),
        ({"ceo_degree": 9}, "values.not_a_choice"),
        ({"staff_total": float("inf")}, "values.out_of_range"),
        ({"staff_total": "many"}, "values.not_a_number"),
        ({"staff_total": 3, "technical_staff": 4}, "facts.exceeds"),
    ],
)
def test_wrong_totals_are_refused_by_name(facts: dict[str, object], key: str) -> None:
    with pytest.raises(InputError) as caught:
        company_facts(Company.from_mapping({"name": "가상", "facts": facts}), DAY)
    assert caught.value.key == key
