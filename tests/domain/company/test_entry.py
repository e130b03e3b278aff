"""What is entered on top of a record: the untouched stays to the last detail, the touched is as typed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ktop.domain.company.entry import (
    CompanyEntry,
    Mark,
    entered_facts,
    marks_of,
    problems_of,
    record_of_entry,
    year_of_statements,
)
from ktop.domain.company.record import Company
from ktop.usecases.companies.examples import example_records

DAY = date(2026, 11, 28)
RECORDS = example_records()


def entered(record: dict[str, Any], **changes: Any) -> dict[str, Any]:
    facts = {**entered_facts(record, DAY), **changes}
    return record_of_entry(CompanyEntry(facts, year_of_statements(record, DAY), marks_of(record)), record, DAY)


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_shown_and_sent_back_is_the_same_record(name: str) -> None:
    assert Company.from_mapping(entered(RECORDS[name])) == Company.from_mapping(RECORDS[name])


@pytest.mark.parametrize("name", RECORDS)
def test_only_what_was_changed_changes(name: str) -> None:
    record = RECORDS[name]
    before = entered_facts(record, DAY)
    more = {"sales_krw_t0": (before["sales_krw_t0"] or 0) + 1, "patents_registered": 9}
    changed = entered(record, **more)
    after = entered_facts(changed, DAY)
    assert {fact for fact in after if after[fact] != before[fact]} == set(more)
    assert changed.get("rnd_projects") == record.get("rnd_projects"), "details nobody touched stay"
    assert "ip" not in changed, "a list cannot stand beside another total"


def test_statements_take_the_year_that_was_chosen_and_marks_their_place() -> None:
    marks = {"statements": Mark("evidenced", "audit"), "q01": Mark("", "patent"), "staff": Mark("confirmed")}
    facts = {"name": "a", "sales_krw_t0": 5.0, "sales_krw_t1": 4.0, "staff_total": 3, "q01": 4}
    record = record_of_entry(CompanyEntry(facts, 2025, marks), None, DAY)
    assert [(one["year"], one["sales"]) for one in record["statements"]] == [(2025, 5.0), (2024, 4.0)]
    stated = {one["path"]: (one["source"], one.get("status")) for one in record["sources"]}
    assert stated == {
        "statements": ("audit", "evidenced"),
        "facts.staff_total": ("self-reported", "confirmed"),
        "checklist.q01": ("patent", None),
    }
    assert marks_of(record) == marks
    moved = record_of_entry(CompanyEntry(facts, 2024, marks), record, DAY)
    assert [one["year"] for one in moved["statements"]] == [2024, 2023]


def test_every_contradiction_is_told_at_once() -> None:
    facts = {"staff_total": 12, "research_staff": 50, "technical_staff": 13, "industry": "C99", "founded": "2030-01-01"}
    assert problems_of(facts, DAY).keys() == {"research_staff", "technical_staff", "industry", "founded"}
    assert problems_of({"staff_total": 12, "research_staff": 12, "equity_krw_t0": 5}, DAY) == {}
