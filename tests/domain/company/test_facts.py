"""Facts of one record as of a day: windows, missing against zero, provenance, warnings."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.facts import company_facts, facts_and_inputs
from ktop.domain.company.rated_subject import RatedSubject
from ktop.domain.company.record import Company
from ktop.domain.company.warnings import company_warnings
from ktop.kernel.errors import InputError

from .records import AS_OF, record


def facts(as_of: date = AS_OF, **changes: Any) -> dict[str, Any]:
    return company_facts(Company.from_mapping(record(**changes)), as_of)


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("sales_krw_t0", 1_200_000_000),
        ("sales_krw_t1", 900_000_000),
        ("sales_krw_t2", 800_000_000),
        ("rnd_expense_krw_t0", 60_000_000),
        ("rnd_expense_krw_t1", 40_000_000),
        ("net_income_krw_t0", None),
        ("equity_krw_t1", 300_000_000),
        ("staff_total", 12),
        ("technical_staff", 5),
        ("ceo_degree", 2),
        ("ceo_technical", 1),
        ("rnd_organisation", 2),
        ("rnd_projects_3y", 3),
        ("rnd_projects_completed_3y", 1),
        ("certifications_valid", 2),
        ("venture_certified", 1),
        ("innobiz_certified", 0),
        ("own_commercialised_3y", 1),
        ("acquired_commercialised_3y", 1),
        ("patents_filed_3y", 1),
        ("patent_claims_mean", 10.0),
        ("patents_registered", 2),
        ("patents_cited", 2),
        ("patent_citations", 6),
        ("other_ip", 1),
        ("guarantee_balance_krw", 0),
        ("tax_arrears", 0),
        ("q01", 5),
        ("q02", None),
        ("q25", 2),
        ("industry_group", "machinery"),
        ("size", "small"),
        ("age_band", "growth"),
    ],
)
def test_a_fact_of_the_record(fact: str, value: Any) -> None:
    assert facts()[fact] == value


def test_every_fact_is_answered() -> None:
    assert list(facts()) == list(FACTS)


def test_only_what_was_known_on_the_day_counts() -> None:
    earlier = facts(date(2025, 12, 30))
    assert earlier["sales_krw_t0"] == 900_000_000, "the year 2025 had not ended yet"
    assert earlier["staff_total"] == 8
    assert facts(date(2025, 12, 31))["sales_krw_t0"] == 1_200_000_000


def test_a_fiscal_year_ends_on_its_own_day() -> None:
    march = [{"year": 2025, "year_end": "2026-03-31", "sales": 5}]
    assert facts(date(2026, 3, 30), statements=march)["sales_krw_t0"] is None
    assert facts(date(2026, 3, 31), statements=march)["sales_krw_t0"] == 5


def test_a_gap_between_statements_stays_a_gap() -> None:
    found = facts(statements=[{"year": 2023, "sales": 1}, {"year": 2025, "sales": 3}])
    assert (found["sales_krw_t0"], found["sales_krw_t1"], found["sales_krw_t2"]) == (3, None, 1)


LISTS = {
    "rnd_projects": ["rnd_projects_3y", "rnd_projects_completed_3y"],
    "certifications": ["certifications_valid", "venture_certified", "innobiz_certified"],
    "commercialisations": ["own_commercialised_3y", "acquired_commercialised_3y"],
    "ip": ["patents_filed_3y", "patents_registered", "patents_cited", "patent_citations", "other_ip"],
}


@pytest.mark.parametrize("name", LISTS)
def test_an_absent_list_is_unknown_and_an_empty_one_is_zero(name: str) -> None:
    unknown, none = facts(**{name: ...}), facts(**{name: []})
    for fact in LISTS[name]:
        assert unknown[fact] is None
        assert none[fact] == 0
    assert unknown["patent_claims_mean"] is None or name != "ip"
    assert none["patent_claims_mean"] is None or name != "ip"


@pytest.mark.parametrize(
    "part", ["ceo", "staff", "statements", "rnd_organisation", "credit", "checklist", "founded", "industry"]
)
def test_nothing_is_filled_in_for_an_absent_part(part: str) -> None:
    full, without = facts(), facts(**{part: ...})
    lost = {fact for fact in FACTS if full[fact] is not None and without[fact] is None}
    assert lost
    assert all(without[fact] == full[fact] for fact in FACTS if fact not in lost)


def test_citations_nobody_looked_up_are_unknown() -> None:
    granted = {"kind": "patent", "status": "registered", "filed": "2020-01-01", "registered": "2021-01-01"}
    pending = {"kind": "patent", "status": "pending", "filed": "2025-01-01"}
    assert facts(ip=[granted])["patents_cited"] is None
    assert facts(ip=[pending])["patents_cited"] is None
    assert facts(ip=[{**granted, "cited_by": 3}, granted])["patent_citations"] == 3
    assert facts(ip=[{**granted, "cited_by": 3}, granted])["patents_cited"] == 1
    assert facts(ip=[{**granted, "cited_by": 3}, pending])["patent_citations"] == 3
    assert facts(ip=[{**granted, "cited_by": 0}])["patents_cited"] == 0


def test_a_lapsed_right_without_its_day_is_not_in_force() -> None:
    lapsed = {"kind": "patent", "status": "lapsed", "filed": "2015-01-01", "registered": "2016-01-01"}
    assert facts(ip=[lapsed])["patents_registered"] == 0


def test_a_leap_day_has_a_day_three_years_before() -> None:
    assert (
        facts(date(2028, 2, 29), commercialisations=[{"kind": "own", "date": "2025-03-01"}])["own_commercialised_3y"]
        == 1
    )
    assert (
        facts(date(2028, 2, 29), commercialisations=[{"kind": "own", "date": "2025-02-28"}])["own_commercialised_3y"]
        == 0
    )


def test_a_firm_founded_after_the_day_is_refused() -> None:
    with pytest.raises(InputError) as refused:
        facts(date(2016, 6, 29))
    assert refused.value.key == "company.founded_after_as_of"


def test_a_value_beyond_its_facts_limits_is_refused() -> None:
    with pytest.raises(InputError) as refused:
        facts(ceo={"industry_years": 99})
    assert refused.value.key == "values.out_of_range"
    assert "ceo_industry_years" in refused.value.params["where"]["en"]


def test_a_foreign_firm_is_compared_by_isic() -> None:
    korean, foreign = facts(industry="26"), facts(industry="28", region="foreign", country="DE")
    assert korean["industry_group"] == "electronics"
    assert foreign["industry_group"] == "machinery"
    assert facts(industry="28")["industry_group"] == "electronics"
    assert foreign["region"] == "foreign"


def test_every_value_carries_its_source_and_the_nearest_path_wins() -> None:
    sources = [
        {"path": "statements", "source": "A", "date": "2026-04-01"},
        {"path": "statements.2025", "source": "B", "date": "2026-04-02"},
        {"path": "statements.2025.sales", "source": "C"},
        {"path": "staff.2026-03-31", "source": "D"},
        {"path": "checklist.q01", "source": "E"},
        {"path": "ceo.degree", "source": "F"},
    ]
    inputs = {i.name: i for i in facts_and_inputs(Company.from_mapping(record(sources=sources)), AS_OF)[1]}
    assert list(inputs) == [name for name, spec in FACTS.items() if not spec.optional]
    assert (inputs["sales_krw_t1"].source, inputs["sales_krw_t1"].date) == ("A", date(2026, 4, 1))
    assert inputs["total_assets_krw_t0"].source == "B"
    assert (inputs["sales_krw_t0"].source, inputs["sales_krw_t0"].date) == ("C", None)
    assert inputs["technical_staff"].source == "D"
    assert (inputs["q01"].source, inputs["q25"].source) == ("E", "기업 제출")
    assert (inputs["ceo_degree"].source, inputs["ceo_technical"].source) == ("F", "기업 제출")
    assert inputs["founded"].value == "2016-06-30"
    assert (inputs["net_income_krw_t0"].value, inputs["net_income_krw_t0"].source) == (None, None)


def test_warnings_name_what_is_old_unused_or_unsourced() -> None:
    def codes(as_of: date = AS_OF, **changes: Any) -> set[str]:
        warnings = company_warnings(Company.from_mapping(record(**changes)), as_of)
        assert all(set(warning.text) == {"ko", "en"} for warning in warnings)
        return {warning.code for warning in warnings}

    assert codes() == {"future"}
    assert "statement_old" in codes(date(2028, 12, 31))
    assert "staff_old" in codes(date(2028, 12, 31))
    assert "statement_none" in codes(statements=[])
    assert "statement_none" not in codes(statements=[], facts={"sales_krw_t0": 1e9})
    assert "no_source" in codes(source=...)
    assert "corporate_number" in codes(corporate_number="110111-0062433")


def test_amounts_given_without_a_statement_are_said_to_be_used() -> None:
    told = company_warnings(Company.from_mapping(record(statements=[], facts={"sales_krw_t0": 1e9})), AS_OF)
    said = next(warning.text for warning in told if warning.code == "statement_totals")
    assert "1 of 24" in said["en"] and "1개(모두 24개" in said["ko"]


def test_a_table_of_records_holds_the_same_facts() -> None:
    for company in (Company.from_mapping(record()), Company.from_mapping({"name": "가람"})):
        table = RatedSubject.of(company, AS_OF).table
        assert table.row(0) == company_facts(company, AS_OF)
        assert table.ok.all()
