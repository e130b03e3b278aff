"""What a reader should know about a company record before relying on its rating: old, unused or unsourced data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from ktop.catalogue import LANGS, text
from ktop.domain.company.fact_spec import FACTS, FactValue
from ktop.domain.company.facts import AMOUNTS, citations_unknown, newest_staff, newest_statement
from ktop.domain.company.periods import FEWEST_MONTHS, YEAR_MONTHS, first_months, periods_of
from ktop.domain.rating.rating import Warning
from ktop.domain.values.registration_numbers import CorporateNumber

if TYPE_CHECKING:
    from ktop.domain.company.fact_table import FactTable
    from ktop.domain.company.record import Company, Statement

#: A statement is filed within a few months of its year end, so after this many months a newer one should exist.
OLD_STATEMENT_MONTHS = 18
OLD_STAFF_MONTHS = 12
_DAYS_PER_MONTH = 30.4375
#: Facts of credit that speak against a firm and that no model reads.
CREDIT = ("tax_arrears", "default_record_3y", "business_suspended")


def company_warnings(company: Company, as_of: date) -> tuple[Warning, ...]:
    """Return the record's warnings as of a day, in both languages; empty where there is nothing to say."""
    found: list[Warning] = []
    number = company.corporate_number
    if number is not None and not CorporateNumber.parse(number).follows_check_digit:
        found.append(_warning("corporate_number", value=number))
    statement = newest_statement(company, as_of)
    if statement is None:
        found.append(_without_statement(company))
    elif (months := _months(statement.ends, as_of)) > OLD_STATEMENT_MONTHS:
        found.append(_warning("statement_old", year=statement.year, months=months))
    found += _periods(company, statement)
    staff = newest_staff(company, as_of)
    if staff is not None and (months := _months(staff.date, as_of)) > OLD_STAFF_MONTHS:
        found.append(_warning("staff_old", date=str(staff.date), months=months))
    unknown, looked_up = citations_unknown(company, as_of)
    if unknown and looked_up:
        found.append(_warning("citations_partly_known", unknown=unknown, known=looked_up))
    later = _later(company, as_of)
    if later:
        found.append(_warning("future", as_of=str(as_of), count=later))
    if company.source is None:
        found.append(_warning("no_source"))
    return tuple(found)


def credit_warnings(facts: Mapping[str, FactValue]) -> tuple[Warning, ...]:
    """Return that no model counts what the record says of arrears, default and closing; empty where it says nothing."""
    said = [name for name in CREDIT if facts.get(name)]
    if not said:
        return ()
    labels = {lang: ", ".join(FACTS[name].label[lang] for name in said) for lang in LANGS}
    told = {lang: text("company.warn_credit_not_rated", lang, items=labels[lang]) for lang in LANGS}
    return (Warning(code="credit_not_rated", text=told),)


def credit_warnings_of(table: FactTable) -> Mapping[int, tuple[Warning, ...]]:
    """Return the same of every row that says something of them, by its position."""
    said = {name: table.columns[name] == 1 for name in CREDIT}
    rows = np.flatnonzero(np.any(list(said.values()), axis=0)).tolist()
    return {row: credit_warnings({name: bool(column[row]) for name, column in said.items()}) for row in rows}


def _without_statement(company: Company) -> Warning:
    """Return what a missing statement means: amounts given as totals are used without one."""
    amounts = [f"{stem}_t{back}" for _, stem, years in AMOUNTS for back in range(years)]
    known = sum((company.facts or {}).get(name) is not None for name in amounts)
    if not known:
        return _warning("statement_none")
    return _warning("statement_totals", known=known, all=len(amounts))


def _periods(company: Company, newest: Statement | None) -> list[Warning]:
    """Return what was done about statements of other periods than a year, among the three years that are used."""
    found = []
    periods = periods_of(company.statements or ())
    for statement in company.statements or ():
        if newest is None or not newest.year - 3 < statement.year <= newest.year:
            continue
        period = periods[statement.year]
        if period.gap:
            found.append(_warning("period_gap", year=statement.year, months=period.gap))
        elif period.months != YEAR_MONTHS:
            code = "period_annualised" if period.months >= FEWEST_MONTHS else "period_set_aside"
            hint = "_year_ends" if period.told_by == "year_ends" else ""
            found.append(_warning(f"{code}{hint}", year=statement.year, months=period.months))
        elif period.told_by != "stated" and (alive := first_months(company.founded, statement.ends, YEAR_MONTHS)):
            found.append(_warning("period_first", year=statement.year, months=alive))
    return found


def _warning(code: str, **params: Any) -> Warning:
    return Warning(code=code, text={lang: text(f"company.warn_{code}", lang, **params) for lang in LANGS})


def _months(day: date, as_of: date) -> int:
    return int((as_of - day).days / _DAYS_PER_MONTH)


def _later(company: Company, as_of: date) -> int:
    """Return how many dated entries lie after the day and were left out."""
    days = [
        *(statement.ends for statement in company.statements or ()),
        *(count.date for count in company.staff or ()),
        *(project.start for project in company.rnd_projects or ()),
        *(certification.issued for certification in company.certifications or ()),
        *(sale.date for sale in company.commercialisations or ()),
        *(right.filed or right.registered for right in company.ip or ()),
    ]
    return sum(1 for day in days if day is not None and day > as_of)
