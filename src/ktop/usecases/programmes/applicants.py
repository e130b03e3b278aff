"""Applicants as rules look at them: their facts and the figures of their ratings, as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from ktop.catalogue import load
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.rated_subject import RatedSubject
from ktop.domain.decision.programme import GRADES, SCORES, SME_LIMIT
from ktop.domain.decision.screening import Columns
from ktop.domain.values.registration_numbers import BUSINESS_NUMBER, clean_digits
from ktop.models.company_model import CompanyModel
from ktop.usecases.companies.evidence import rate_table_on_evidence

#: Models whose scores and grades rules may name.
MODELS = ("tech-index", "ktrs-fm")


def facts_of_record(record: Mapping[str, Any], as_of: date) -> dict[str, Any]:
    """Return what is known of a company by its record as of a day, JSON-ready; raises ``InputError`` as rating does."""
    return _known(RatedSubject.of(record, as_of).facts)


def facts_of_row(table: FactTable, row: int) -> dict[str, Any]:
    """Return what is known of one company of a table, JSON-ready."""
    return _known(table.row(row))


def table_of(rows: Sequence[Mapping[str, Any]], ok: Sequence[bool], as_of: date) -> FactTable:
    """Return companies as a table of facts; ``ok`` is False for those whose row could not be read."""
    columns: dict[str, Any] = {name: [row.get(name) for row in rows] for name in FACTS}
    return FactTable.from_columns(columns, as_of, ok=np.array(ok, dtype=bool))


def rated(models: Sequence[CompanyModel], table: FactTable) -> list[dict[str, Any]]:
    """Return the figures of each company's ratings under the names that rules use; missing ones are left out."""
    named: dict[str, list[Any]] = {}
    for model in models:
        ratings, prefix = rate_table_on_evidence(model, table), model.name.replace("-", "_")
        for name, column in ratings.to_frame().to_dict().items():
            if f"{prefix}_{name}" in SCORES or f"{prefix}_{name}" in GRADES:
                values = [value if ok else None for value, ok in zip(column.to_list(), ratings.ok, strict=True)]
                named[f"{prefix}_{name}"] = values
    return [
        {name: values[row] for name, values in named.items() if values[row] is not None and values[row] == values[row]}
        for row in range(table.n)
    ]


def columns_of(table: FactTable, figures: Sequence[Mapping[str, Any]]) -> Columns:
    """Return every column that a rule may name."""
    columns: dict[str, Any] = dict(table.columns) | sme_limit(table)
    for name in SCORES:
        columns[name] = np.array([one.get(name, np.nan) for one in figures], dtype=np.float64)
    for name in GRADES:
        columns[name] = np.array([one.get(name) for one in figures], dtype=object)
    return columns


def sme_limit(facts: FactTable) -> dict[str, Any]:
    """Return the largest sales of a small or medium-sized firm of each company's industry."""
    limits = load("guarantee")["sme_sales_limit_krw"]
    groups = facts.columns["industry_group"]
    return {SME_LIMIT: np.array([limits.get(group, np.nan) for group in groups], dtype=np.float64)}


def identities(facts: FactTable) -> list[str | None]:
    """Return what tells applicants apart: the business number, where there is a real one."""
    return [business_number(given) for given in facts.columns["business_number"]]


def business_number(given: Any) -> str | None:
    """Return the ten digits of a business number, None where there is none."""
    number = BUSINESS_NUMBER.parse(given) if given is not None else None
    return None if number is None else clean_digits(number)


def figures_of(prefix: str, rating: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of one rating under the names that rules use."""
    return {
        **{f"{prefix}_{name}": value for name, value in rating["scores"].items()},
        **{f"{prefix}_grade_{name}": value for name, value in rating["grades"].items()},
        **{f"{prefix}_p_{name}": value["value"] for name, value in rating["probabilities"].items()},
    }


def _known(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in facts.items()
        if value is not None
    }
