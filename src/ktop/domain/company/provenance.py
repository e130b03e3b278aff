"""Where each fact of a company record comes from: the paths it is made of and the source stated for them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from ktop.domain.company.fact_spec import CHECKLISTS, FACTS
from ktop.domain.rating.rating import Status

if TYPE_CHECKING:
    from ktop.domain.company.record import Company, StaffCount, Statement

_PLAIN: Mapping[str, str] = {
    "age_years": "founded",
    "age_band": "founded",
    "industry_group": "industry",
    "ceo_industry_years": "ceo.industry_years",
    "ceo_degree": "ceo.degree",
    "ceo_technical": "ceo.technical",
    "ceo_founding_record": "ceo.founding_record",
    "rnd_projects_3y": "rnd_projects",
    "rnd_projects_completed_3y": "rnd_projects",
    "certifications_valid": "certifications",
    "venture_certified": "certifications",
    "innobiz_certified": "certifications",
    "own_commercialised_3y": "commercialisations",
    "acquired_commercialised_3y": "commercialisations",
    "patents_filed_3y": "ip",
    "patent_claims_mean": "ip",
    "patents_registered": "ip",
    "patents_cited": "ip",
    "patent_citations": "ip",
    "other_ip": "ip",
    "tax_arrears": "credit.tax_arrears",
    "default_record_3y": "credit.default_record_3y",
    "business_suspended": "credit.business_suspended",
    "guarantee_balance_krw": "credit.guarantee_balance_krw",
}
_STAFF = {
    "staff_total": "total",
    "technical_staff": "technical",
    "research_staff": "research",
    "advanced_degree_staff": "advanced_degree",
    "size": "total",
}


def paths_of_facts(statement: Statement | None, staff: StaffCount | None) -> dict[str, str]:
    """Return fact → path in the record, e.g. ``sales_krw_t1`` → ``statements.2023.sales``.

    ``statement`` and ``staff`` are those of the rating day; without them their facts are missing anyway.
    """
    paths = {}
    for name, spec in FACTS.items():
        if spec.group == "statement":
            stem, back = name.rsplit("_krw_t", 1)
            year = "" if statement is None else statement.year - int(back)
            paths[name] = f"statements.{year}.{stem}"
        elif name in _STAFF:
            paths[name] = f"staff.{staff.date if staff else ''}.{_STAFF[name]}"
        elif spec.group in CHECKLISTS:
            paths[name] = f"checklist.{name}"
        else:
            paths[name] = _PLAIN.get(name, name)
    return paths


def source_of(company: Company, path: str) -> tuple[str | None, date | None, Status | None]:
    """Return source, date and status of the value at ``path``: of the longest stated path that holds it, else the
    record's own.
    """
    best = max(
        (entry for entry in company.sources if path == entry.path or path.startswith(f"{entry.path}.")),
        key=lambda entry: len(entry.path),
        default=None,
    )
    if best is None:
        return company.source, company.source_date, company.source_status
    return best.source, best.date, best.status


def fingerprint(record: Mapping[str, Any], path: str) -> str | None:
    """Return a hash of what a record (as JSON) says at a path of its sources, None where it says nothing.

    A figure of a statement counts with its unit; a list is compared whole.
    """
    steps = path.split(".")
    here: Any = record.get(steps[0])
    if steps[0] in ("statements", "staff") and len(steps) > 1:
        named = "year" if steps[0] == "statements" else "date"
        entry = next((one for one in here or () if str(one.get(named)) == steps[1]), None)
        here = None if entry is None else entry.get(steps[2]) if len(steps) == 3 else entry
        if isinstance(here, int | float) and entry is not None:
            here = [float(here), str(entry.get("unit") or "krw")]
    elif len(steps) == 2 and isinstance(here, Mapping):
        here = here.get(steps[1])
    elif len(steps) > 1:
        return None
    if here is None:
        return None
    return hashlib.sha256(json.dumps(here, ensure_ascii=False, sort_keys=True, default=str).encode()).hexdigest()
