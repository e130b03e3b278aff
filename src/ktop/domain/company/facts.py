"""The flat facts of one company record as of a day, and where each of them comes from.

Only what was known on the day counts: statements that had ended, head-counts taken, rights filed by then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from ktop.domain.company.classification import age_band_of, age_years, size_of
from ktop.domain.company.fact_spec import FACTS, FactSpec, FactValue
from ktop.domain.company.kinds import FACT_CODES, fact_kind
from ktop.domain.company.periods import FLOWS, periods_of
from ktop.domain.company.provenance import paths_of_facts, source_of
from ktop.domain.company.totals import add_totals
from ktop.domain.rating.rating import Input
from ktop.domain.values.industry import industry_group
from ktop.domain.values.kind import RefusedValueError
from ktop.domain.values.region import FOREIGN
from ktop.kernel.errors import InputError

if TYPE_CHECKING:
    from ktop.domain.company.record import Company, IpRight, StaffCount, Statement

#: Length of the window of the facts named ``…_3y``.
WINDOW_YEARS = 3

_DEGREES = FACT_CODES["degree"][1]
_ORGANISATIONS = FACT_CODES["rnd_organisation"][1]
# Amounts taken from the newest statement and the ones before it: (item of the record, fact stem, how many years).
AMOUNTS: Sequence[tuple[str, str, int]] = (
    ("sales", "sales_krw", 3),
    ("operating_profit", "operating_profit_krw", 3),
    ("net_income", "net_income_krw", 3),
    ("total_assets", "total_assets_krw", 2),
    ("capital_stock", "capital_stock_krw", 1),
    ("equity", "equity_krw", 2),
    ("intangible_assets", "intangible_assets_krw", 1),
    ("rnd_expense", "rnd_expense_krw", 2),
    ("training_expense", "training_expense_krw", 1),
    ("marketing_expense", "marketing_expense_krw", 1),
    ("interest_expense", "interest_expense_krw", 3),
    ("dividends", "dividends_krw", 1),
    ("borrowings", "borrowings_krw", 1),
)


def years_before(day: date, years: int) -> date:
    """Return the same day ``years`` earlier (28 February for a 29th that year does not have)."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def company_facts(company: Company, as_of: date) -> dict[str, FactValue]:
    """Return every fact of ``FACTS`` for one company as of a day, None where missing.

    Raises ``InputError`` where the company was founded after ``as_of`` or a value is beyond its fact's limits.
    """
    return _facts_and_details(company, as_of)[0]


def _facts_and_details(company: Company, as_of: date) -> tuple[dict[str, FactValue], frozenset[str]]:
    """Return every fact, and the names of those that the record's details tell, before its totals fill the rest."""
    if company.founded is not None and company.founded > as_of:
        raise InputError("company.founded_after_as_of", founded=str(company.founded), as_of=str(as_of))
    facts: dict[str, FactValue] = dict.fromkeys(FACTS)
    facts |= _identity(company, as_of) | _people(company, as_of) | _statements(company, as_of)
    facts |= _activity(company, as_of) | _rights(company, as_of) | _credit(company)
    facts |= company.checklist or {}
    detailed = frozenset(name for name, value in facts.items() if value is not None)
    add_totals(facts, company.facts or {})
    if facts["size"] is None and isinstance(facts["staff_total"], int | float):
        facts["size"] = size_of(np.array([float(facts["staff_total"])]))[0]
    for name, value in facts.items():
        _within_limits(FACTS[name], value)
    return facts, detailed


def facts_and_inputs(company: Company, as_of: date) -> tuple[dict[str, FactValue], tuple[Input, ...]]:
    """Return what ``company_facts`` does, and every fact with its source and date, for the rating's ``inputs``.

    Missing facts have neither. A value whose source nobody stated has source None: the company's own word.
    """
    values, detailed = _facts_and_details(company, as_of)
    paths = paths_of_facts(newest_statement(company, as_of), newest_staff(company, as_of))
    inputs = []
    for name, value in values.items():
        if value is None and FACTS[name].optional:
            continue
        path = paths[name] if name in detailed else f"facts.{name}"
        source, day, status = (None, None, None) if value is None else source_of(company, path)
        shown = value.isoformat() if isinstance(value, date) else value
        inputs.append(Input(name=name, value=shown, source=source, date=day, status=status))
    return values, tuple(inputs)


def earlier_facts(company: Company, as_of: date) -> dict[int, dict[str, FactValue]]:
    """Return, by year, the amounts and the head-count that were newest on the last day of each statement before t0."""
    newest = newest_statement(company, as_of)
    found: dict[int, dict[str, FactValue]] = {}
    for statement in company.statements or ():
        if newest is not None and statement.year < newest.year:
            staff = newest_staff(company, statement.ends)
            heads = None if staff is None else staff.total
            found[statement.year] = {**_statements(company, statement.ends), "staff_total": heads}
    return found


def newest_statement(company: Company, as_of: date) -> Statement | None:
    """Return the statement of t0: the newest whose fiscal year had ended on ``as_of``."""
    ended = [statement for statement in company.statements or () if statement.ends <= as_of]
    return max(ended, key=lambda statement: statement.year, default=None)


def newest_staff(company: Company, as_of: date) -> StaffCount | None:
    """Return the newest head-count taken on or before ``as_of``."""
    taken = [count for count in company.staff or () if count.date <= as_of]
    return max(taken, key=lambda count: count.date, default=None)


def _identity(company: Company, as_of: date) -> dict[str, FactValue]:
    ages = age_years(np.array([company.founded], dtype="datetime64[D]"), as_of)
    return {
        "company_id": company.company_id or company.business_number,
        "name": company.name,
        "name_en": company.name_en,
        "business_number": company.business_number,
        "corporate_number": company.corporate_number,
        "industry": company.industry,
        "region": FOREIGN if company.foreign else company.region,
        "founded": company.founded,
        "age_years": None if company.founded is None else float(ages[0]),
        "age_band": age_band_of(ages)[0],
        "industry_group": None if company.industry is None else industry_group(company.industry, company.foreign),
    }


def _people(company: Company, as_of: date) -> dict[str, FactValue]:
    facts: dict[str, FactValue] = {}
    ceo = company.ceo
    if ceo is not None:
        facts |= {
            "ceo_industry_years": ceo.industry_years,
            "ceo_degree": None if ceo.degree is None else _DEGREES[ceo.degree],
            "ceo_technical": _flag(ceo.technical),
            "ceo_founding_record": ceo.founding_record,
        }
    count = newest_staff(company, as_of)
    if count is not None:
        facts |= {
            "staff_total": count.total,
            "technical_staff": count.technical,
            "research_staff": count.research,
            "advanced_degree_staff": count.advanced_degree,
            "size": size_of(np.array([np.nan if count.total is None else float(count.total)]))[0],
        }
    if company.rnd_organisation is not None:
        facts["rnd_organisation"] = _ORGANISATIONS[company.rnd_organisation]
    return facts


def _statements(company: Company, as_of: date) -> dict[str, FactValue]:
    newest = newest_statement(company, as_of)
    if newest is None:
        return {}
    by_year = {statement.year: statement for statement in company.statements or ()}
    periods = periods_of(company.statements or ())
    facts: dict[str, FactValue] = {}
    for item, stem, years in AMOUNTS:
        for back in range(years):
            statement = by_year.get(newest.year - back)
            amount = None if statement is None else statement.krw(item)
            if amount is not None and item in FLOWS:
                amount = periods[newest.year - back].yearly(amount)
            facts[f"{stem}_t{back}"] = amount
    return facts


def _counted(entries: Sequence[Any] | None, holds: Callable[[Any], bool]) -> int | None:
    """Return how many entries hold; None (not known) where the list itself is absent."""
    return None if entries is None else sum(1 for entry in entries if holds(entry))


def _activity(company: Company, as_of: date) -> dict[str, FactValue]:
    begin = years_before(as_of, WINDOW_YEARS)

    def within(day: date | None) -> bool:
        return day is not None and begin < day <= as_of

    def valid(kind: str | None) -> Callable[[Any], bool]:
        return lambda entry: (
            (kind is None or entry.kind == kind)
            and entry.issued <= as_of
            and (entry.expires is None or entry.expires >= as_of)
        )

    def held(kind: str) -> int | None:
        count = _counted(company.certifications, valid(kind))
        return None if count is None else min(count, 1)

    projects, sold = company.rnd_projects, company.commercialisations
    return {
        "rnd_projects_3y": _counted(projects, lambda p: p.start <= as_of and (p.end is None or p.end > begin)),
        "rnd_projects_completed_3y": _counted(projects, lambda p: p.result == "success" and within(p.end)),
        "certifications_valid": _counted(company.certifications, valid(None)),
        "venture_certified": held("venture"),
        "innobiz_certified": held("innobiz"),
        "own_commercialised_3y": _counted(sold, lambda s: s.kind == "own" and within(s.date)),
        "acquired_commercialised_3y": _counted(sold, lambda s: s.kind == "acquired" and within(s.date)),
        "patents_filed_3y": _counted(company.ip, lambda right: right.kind == "patent" and within(right.filed)),
    }


def _rights(company: Company, as_of: date) -> dict[str, FactValue]:
    if company.ip is None:
        return {}

    def in_force(right: IpRight) -> bool:
        if right.registered is None or right.registered > as_of:
            return False
        if right.ended is not None:
            return right.ended > as_of
        return right.status == "registered"

    patents = [right for right in company.ip if right.kind == "patent" and _known_by(right, as_of)]
    claims = [right.claims for right in patents if right.claims is not None]
    # What is not known of one patent does not undo what is known of the others; ``citations_unknown`` tells of it.
    citations = [right.cited_by for right in patents if right.cited_by is not None]
    known = bool(citations) or not patents
    return {
        "patent_claims_mean": sum(claims) / len(claims) if claims else None,
        "patents_registered": sum(1 for right in patents if in_force(right)),
        "patents_cited": sum(1 for times in citations if times > 0) if known else None,
        "patent_citations": sum(citations) if known else None,
        "other_ip": sum(1 for right in company.ip if right.kind != "patent" and in_force(right)),
    }


def citations_unknown(company: Company, as_of: date) -> tuple[int, int]:
    """Return of how many granted patents nobody looked the citations up, and of how many patents somebody did.

    A pending application that nobody looked up is not expected to be cited yet.
    """
    patents = [right for right in company.ip or () if right.kind == "patent" and _known_by(right, as_of)]
    unknown = sum(1 for right in patents if right.cited_by is None and right.registered is not None)
    return unknown, sum(1 for right in patents if right.cited_by is not None)


def _known_by(right: IpRight, as_of: date) -> bool:
    first = right.filed or right.registered
    return first is None or first <= as_of


def _credit(company: Company) -> dict[str, FactValue]:
    credit = company.credit
    if credit is None:
        return {}
    return {
        "tax_arrears": _flag(credit.tax_arrears),
        "default_record_3y": _flag(credit.default_record_3y),
        "business_suspended": _flag(credit.business_suspended),
        "guarantee_balance_krw": credit.guarantee_balance_krw,
    }


def _flag(value: bool | None) -> int | None:
    return None if value is None else int(value)


def _within_limits(spec: FactSpec, value: FactValue) -> None:
    """Raise ``InputError`` for a fact made from details that is beyond its limits."""
    if spec.minimum is not None and isinstance(value, int | float):
        try:
            fact_kind(spec.name).parse(value)
        except RefusedValueError as error:
            raise error.at(spec.label_with_name) from None
