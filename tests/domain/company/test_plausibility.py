"""Figures that cannot well stand beside each other are told, and rated as they stand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.plausibility import implausible_warnings, plausible_ratios
from ktop.domain.company.rated_subject import RatedSubject
from ktop.training.reference import build_reference

from .records import record

DAY = date(2026, 6, 30)


def table(**facts: float) -> FactTable:
    """A table of one company with these facts."""
    return FactTable.from_columns({name: np.array([value]) for name, value in facts.items()}, DAY)


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"rnd_expense_krw_t0": 1e12, "sales_krw_t0": 1e4}, ["10,000,000,000%", "10,000%"]),
        ({"net_income_krw_t0": -2e9, "total_assets_krw_t0": 1e8}, ["-2,000%", "-1,000%"]),
        ({"equity_krw_t0": 2e9, "borrowings_krw_t0": 9e9, "total_assets_krw_t0": 4.4e9}, ["250%", "105%"]),
        ({"interest_expense_krw_t0": 3e6, "borrowings_krw_t0": 0.0}, ["is 3,000,000 KRW", "Check Borrowings"]),
        ({"patent_claims_mean": 300.0}, ["300 claims", "150 claims"]),
        ({"training_expense_krw_t0": 5e9, "staff_total": 10}, ["500,000,000 KRW per person"]),
    ],
)
def test_a_figure_beyond_its_limit_is_told_with_the_limit(facts: dict[str, float], told: list[str]) -> None:
    (warnings,) = implausible_warnings(table(**facts)).values()
    assert [warning.code for warning in warnings] == ["implausible"]
    for part in told:
        assert part in warnings[0].text["en"]


@pytest.mark.parametrize(
    "facts",
    [
        {"rnd_expense_krw_t0": 6e9, "sales_krw_t0": 5e8},  # a biotech firm: twelve times its sales
        {"rnd_expense_krw_t0": 6e9, "sales_krw_t0": 0.0},
        {"rnd_expense_krw_t0": 6e9},
        {"equity_krw_t0": -2e9, "borrowings_krw_t0": 6e9, "total_assets_krw_t0": 4.4e9},
        {"interest_expense_krw_t0": 3e6},  # borrowings not known
        {"interest_expense_krw_t0": 0.0, "borrowings_krw_t0": 0.0},
        {"patent_claims_mean": 150.0},
    ],
)
def test_an_unusual_firm_is_not_doubted(facts: dict[str, float]) -> None:
    assert not implausible_warnings(table(**facts))


def test_the_reference_population_is_plausible() -> None:
    frame = build_reference(5000, 17)
    columns = {name: frame[name].to_numpy() for name in frame.columns if frame[name].dtype.is_numeric()}
    found = implausible_warnings(FactTable.from_columns(columns, DAY))
    assert len(found) <= 5, "a limit lies where ordinary firms are"
    assert len(plausible_ratios()) >= 10


def test_a_record_is_rated_with_the_warning() -> None:
    content = record()
    content["statements"][2]["rnd_expense"] = 1e8
    content["statements"][2]["sales"] = 1
    subject = RatedSubject.of(content, DAY)
    assert "implausible" in {warning.code for warning in subject.warnings}


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({"rnd_expense": 1e10}, ["amounts_large"]),
        ({"rnd_expense": 1e12}, ["amounts_large", "implausible"]),
        ({"marketing_expense": 2.5e10}, ["amounts_large", "implausible"]),
        ({"rnd_expense": 4e8}, []),
        # A fact of today's rating too (sales two years before): told once, by that name.
        ({"sales": 8e5, "rnd_expense": 4e7}, []),
    ],
)
def test_amounts_of_a_statement_too_old_to_be_rated_are_doubted_by_its_year(
    changed: dict[str, float], codes: list[str]
) -> None:
    content = record()
    content["statements"][0] |= changed
    subject = RatedSubject.of(content, DAY)
    told = [warning for warning in subject.warnings if "2023" in warning.text["en"]]
    assert [warning.code for warning in told] == codes
    for warning in told:
        assert "2023년" in warning.text["ko"]
        assert "latest year" not in warning.text["en"] and "최근" not in warning.text["ko"]
    if "sales" not in changed:
        assert subject.facts == RatedSubject.of(record(), DAY).facts, "no fact of today hangs on it"


def test_citations_of_some_patents_are_told_as_such() -> None:
    granted = {"kind": "patent", "status": "registered", "filed": "2020-01-01", "registered": "2021-01-01"}
    some = RatedSubject.of({**record(), "ip": [{**granted, "cited_by": 3}, granted, granted]}, DAY)
    (told,) = [warning.text["en"] for warning in some.warnings if warning.code == "citations_partly_known"]
    assert "2 granted" in told and "the 1 looked up" in told
    for ip in ([granted], [{**granted, "cited_by": 0}], []):
        codes = {warning.code for warning in RatedSubject.of({**record(), "ip": ip}, DAY).warnings}
        assert "citations_partly_known" not in codes
