"""Gathers the ratings that an institution keeps, with what became of the firms, as a table to retrain a model on.

A row is a firm as it was known at one fiscal year: the facts of its last rating that stands on that year. Its outcomes
are read from what the same firm told later: sales, income and equity of the three years that followed, by the default
definitions of the catalogue, and whether a later rating tells of a default or a closed business. What nobody told later
is empty.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any

import numpy as np
import polars as pl

from ktop.domain.company.classification import DAYS_PER_YEAR
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.facts import company_facts, newest_statement
from ktop.domain.company.outcomes import HORIZON_YEARS, failure_within
from ktop.domain.company.periods import FLOWS, periods_of
from ktop.domain.company.record import Company
from ktop.kernel.errors import InputError
from ktop.store.ratings import RatedRecord
from ktop.training.reference.build import outcomes

#: Facts that say which firm it is; an appraisal to learn from needs none of them.
NAMING = frozenset({"company_id", "name", "name_en", "business_number", "corporate_number", "founded"})
_FACTS = {name: spec for name, spec in FACTS.items() if name not in NAMING}
#: Amounts that outcomes are made of.
_FOLLOWED = ("sales", "net_income", "total_assets", "equity", "dividends")
_FAILURE = f"failure_{HORIZON_YEARS}y"
OUTCOMES = ("high_growth", "sustainable_growth", _FAILURE)


def collected_appraisals(records: Iterable[RatedRecord], pseudonym: Callable[[str], str]) -> pl.DataFrame:
    """Return the facts of every firm and fiscal year with the outcomes known since, firms under a pseudonym.

    ``records`` come firm by firm, each oldest first. The table is what ``ktop models retrain`` takes; it is empty where
    nothing was rated.
    """
    rows = [row for firm, told in groupby(records, key=lambda one: one.firm) for row in _of_firm(pseudonym(firm), told)]
    kinds: dict[str, Any] = {name: pl.Float64 if spec.numeric else pl.String for name, spec in _FACTS.items()}
    amounts = {f"{item}_krw_f{k}": pl.Float64 for item in _FOLLOWED for k in range(HORIZON_YEARS + 1)}
    first = {"company_id": pl.String, "as_of": pl.Date, "base_year": pl.Int64}
    frame = pl.DataFrame(rows, schema={**first, **kinds, **amounts, _FAILURE: pl.Float64})
    if frame.height:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a year that nobody told of has no median
            frame = frame.with_columns(outcomes(frame))
    else:
        frame = frame.with_columns(*(pl.lit(None, pl.Int8).alias(name) for name in OUTCOMES[:2]))
    return frame.select("company_id", "as_of", *kinds, *(pl.col(name).cast(pl.Int8) for name in OUTCOMES))


def _of_firm(firm: str, records: Iterable[RatedRecord]) -> list[dict[str, Any]]:
    told = []
    for record in records:
        try:
            company = Company.from_mapping(record.record)
            told.append((record.as_of, company, company_facts(company, record.as_of)))
        except InputError:
            continue  # a record of an older version that today's rules refuse
    if not told:
        return []
    told.sort(key=lambda one: one[0])
    filed = _filed(told[-1][1])
    failed = next((day for day, _, facts in told if facts["default_record_3y"] or facts["business_suspended"]), None)
    last = told[-1][0]
    rows = {}
    for day, company, facts in told:
        newest = newest_statement(company, day)
        if newest is None:
            continue
        known = failure_within(_years(day), np.nan if failed is None else _years(failed), _years(last))
        rows[newest.year] = {
            "company_id": firm,
            "as_of": day,
            "base_year": newest.year,
            **{name: _plain(facts[name], spec.numeric) for name, spec in _FACTS.items()},
            **{
                f"{item}_krw_f{k}": filed.get(newest.year + k, {}).get(item)
                for item in _FOLLOWED
                for k in range(HORIZON_YEARS + 1)
            },
            _FAILURE: None if np.isnan(known) else float(known),
        }
    return list(rows.values())


def _filed(company: Company) -> Mapping[int, Mapping[str, float]]:
    """Return fiscal year → amounts in won of a record's statements, flows as of twelve months."""
    statements = company.statements or ()
    periods = periods_of(statements)
    found: dict[int, dict[str, float]] = {}
    for statement in statements:
        for item in _FOLLOWED:
            amount = statement.krw(item)
            if amount is not None and item in FLOWS:
                amount = periods[statement.year].yearly(amount)
            if amount is not None:
                found.setdefault(statement.year, {})[item] = amount
    return found


def _years(day: Any) -> float:
    return float(day.toordinal() / DAYS_PER_YEAR)


def _plain(value: Any, numeric: bool) -> Any:
    return None if value is None else float(value) if numeric else str(value)
