"""A row of the population as a company record: the facts read back from the record are the row's."""

from __future__ import annotations

import math

from reference_records import to_company_record

from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.facts import company_facts
from ktop.domain.company.record import Company
from ktop.training.reference import build_reference

# A record holds lists: where one count is unknown, the facts of the same list are unknown too.
SAME_LIST = (
    ("rnd_projects_3y", "rnd_projects_completed_3y"),
    ("own_commercialised_3y", "acquired_commercialised_3y"),
    ("certifications_valid", "venture_certified", "innobiz_certified"),
    ("other_ip", "patents_registered", "patents_filed_3y", "patents_cited", "patent_citations", "patent_claims_mean"),
)


def test_the_record_gives_the_rows_facts_back() -> None:
    population = build_reference(400, seed=3)
    compared = 0
    for row in population.iter_rows(named=True):
        facts = company_facts(Company.from_mapping(to_company_record(row)), row["as_of"])
        unknown = {name for names in SAME_LIST if any(row[other] is None for other in names[:2]) for name in names}
        for name in FACTS:
            if name not in row or name in unknown:
                continue
            stated, read = row[name], facts[name]
            if name == "patent_claims_mean" and stated is not None:
                patents = row["patents_registered"] + row["patents_filed_3y"]
                assert isinstance(read, float)
                assert abs(read - stated) <= 0.5 / patents + 1e-9
            elif name == "age_years":
                assert isinstance(read, float)
                assert math.isclose(read, stated, abs_tol=0.01)
            else:
                assert read == stated, (name, row["company_id"])
            compared += 1
    assert compared > 400 * 60


def test_an_unfiled_newest_statement_is_not_replaced_by_an_older_one() -> None:
    population = build_reference(2000, seed=3)
    row = next(
        r for r in population.iter_rows(named=True) if r["sales_krw_t0"] is None and r["sales_krw_t1"] is not None
    )
    facts = company_facts(Company.from_mapping(to_company_record(row)), row["as_of"])
    assert facts["sales_krw_t0"] is None
    assert facts["sales_krw_t1"] == row["sales_krw_t1"]


def test_the_record_names_itself_synthetic() -> None:
    row = build_reference(100, seed=3).row(0, named=True)
    record = to_company_record(row)
    assert "synthetic" in record["source"]
    assert "business_number" not in record
