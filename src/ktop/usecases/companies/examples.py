"""The made-up companies that come with the project, to try the platform with."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from ktop.catalogue import load
from ktop.domain.company.facts import company_facts
from ktop.domain.company.record import Company
from ktop.kernel.clock import today
from ktop.kernel.errors import NotFoundError
from ktop.usecases.companies.interface import CompanyCard
from ktop.usecases.uploads import read_record

#: In a checkout the examples lie beside ``src``.
EXAMPLES = Path(__file__).resolve().parents[4] / "examples"


@cache
def example_records() -> dict[str, dict[str, Any]]:
    """Return the example company records by file name, those of the catalogue first, in its order."""
    records = {path.stem: read_record(path) for path in sorted((EXAMPLES / "companies").glob("*.yaml"))}
    order = [*(name for name in load("demo_companies") if name in records)]
    return {name: records[name] for name in (*order, *(name for name in records if name not in order))}


def example_record(name: str) -> dict[str, Any]:
    """Return one example company record; raises ``NotFoundError`` for a name there is none of."""
    if name not in example_records():
        raise NotFoundError("platform.no_such_company")
    return example_records()[name]


@cache
def company_cards() -> tuple[CompanyCard, ...]:
    """Return the example companies as a list shows them."""
    cards = []
    for name, record in example_records().items():
        company = Company.from_mapping(record)
        facts = company_facts(company, company.source_date or today())  # as they are rated: they do not age
        labels = {
            key: None if facts[key] is None else str(facts[key]) for key in ("industry_group", "size", "age_band")
        }
        cards.append(
            CompanyCard(
                id=name,
                name=company.name,
                name_en=company.name_en,
                industry=company.industry,
                region=company.region,
                about=load("demo_companies").get(name, {}),
                **labels,
            )
        )
    return tuple(cards)
