"""Turns one row of the reference population into a company record, for demonstrations and round-trip tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

_DEGREES = ("none", "bachelor", "master", "doctor")
_ORGANISATIONS = ("none", "department", "institute")
_OTHER_CERTIFICATIONS = ("iso", "mainbiz", "gs", "net", "nep", "green", "excellent_performance")
_OTHER_RIGHTS = ("trademark", "design", "utility_model", "software")
_STATEMENT_ITEMS = (
    "sales",
    "operating_profit",
    "net_income",
    "total_assets",
    "equity",
    "intangible_assets",
    "rnd_expense",
    "training_expense",
    "marketing_expense",
    "interest_expense",
    "dividends",
    "borrowings",
)

Row = Mapping[str, Any]
Record = dict[str, Any]


def to_company_record(row: Row) -> Record:
    """Return a company record (docs/formats.md) whose facts as of ``row["as_of"]`` are those of the row.

    ``row`` is one row of ``build_reference`` as a mapping (``frame.row(i, named=True)``). A record holds lists, not
    counts, so three things follow: where one count of a list is unknown the whole list is left out; claims are whole
    numbers, so the mean number of claims agrees within half a claim over the number of patents; entries have made-up
    dates inside their windows. The record names its source as synthetic.
    """
    day: date = row["as_of"]
    record: Record = {
        "company_id": row["company_id"],
        "name": row["name"],
        "name_en": row["name_en"],
        "industry": row["industry"],
        "region": row["region"],
        "founded": row["founded"].isoformat(),
        "ceo": {
            "industry_years": row["ceo_industry_years"],
            "degree": _symbol(_DEGREES, row["ceo_degree"]),
            "technical": _yes(row["ceo_technical"]),
            "founding_record": row["ceo_founding_record"],
        },
        "staff": [
            {
                "date": day.isoformat(),
                "total": row["staff_total"],
                "technical": row["technical_staff"],
                "research": row["research_staff"],
                "advanced_degree": row["advanced_degree_staff"],
            }
        ],
        "statements": _statements(row),
        "rnd_projects": _projects(row, day),
        "certifications": _certifications(row, day),
        "commercialisations": _commercialisations(row, day),
        "ip": _rights(row, day),
        "rnd_organisation": _symbol(_ORGANISATIONS, row["rnd_organisation"]),
        "credit": {
            "tax_arrears": _yes(row["tax_arrears"]),
            "default_record_3y": _yes(row["default_record_3y"]),
            "business_suspended": _yes(row["business_suspended"]),
            "guarantee_balance_krw": row["guarantee_balance_krw"],
        },
        "checklist": {f"q{i:02d}": row[f"q{i:02d}"] for i in range(1, 26)},
        "source": f"synthetic reference population {row['generator_version']}",
        "source_date": day.isoformat(),
    }
    known: Record = _known(record)
    return known


def _known(value: Any) -> Any:
    """Leave out what is not known, so that a record says only what somebody stated."""
    if isinstance(value, dict):
        return {name: _known(entry) for name, entry in value.items() if entry is not None}
    if isinstance(value, list):
        return [_known(entry) for entry in value]
    return value


def _symbol(symbols: tuple[str, ...], code: int | None) -> str | None:
    return None if code is None else symbols[code]


def _yes(code: int | None) -> bool | None:
    return None if code is None else bool(code)


def _spread(last: date, years: float, index: int, of: int) -> str:
    """Return the day of entry ``index`` when ``of`` entries lie evenly in the ``years`` that end on ``last``."""
    return (last - timedelta(days=round(years * 365 * (index + 0.5) / of))).isoformat()


def _statements(row: Row) -> list[Record]:
    statements = []
    for back in (2, 1, 0):
        items = {item: row.get(f"{item}_krw_t{back}") for item in _STATEMENT_ITEMS}
        # The entry of the base year stays even when nothing of it is known: an older year must not pass for it.
        if back == 0 or any(value is not None for value in items.values()):
            statements.append({"year": row["base_year"] - back, **items})
    return statements


def _projects(row: Row, day: date) -> list[Record] | None:
    total, completed = row["rnd_projects_3y"], row["rnd_projects_completed_3y"]
    if total is None or completed is None:
        return None
    projects = []
    for index in range(total):
        end = _spread(day, 2.8, index, total)
        begin = (date.fromisoformat(end) - timedelta(days=540)).isoformat()
        result = "success" if index < completed else "failure"
        projects.append({"start": begin, "end": end, "result": result})
    return projects


def _certifications(row: Row, day: date) -> list[Record] | None:
    total = row["certifications_valid"]
    if total is None:
        return None
    kinds = ["venture"] * row["venture_certified"] + ["innobiz"] * row["innobiz_certified"]
    kinds += [_OTHER_CERTIFICATIONS[i % len(_OTHER_CERTIFICATIONS)] for i in range(total - len(kinds))]
    later = (day + timedelta(days=365)).isoformat()
    return [{"kind": k, "issued": _spread(day, 2.0, i, total), "expires": later} for i, k in enumerate(kinds)]


def _commercialisations(row: Row, day: date) -> list[Record] | None:
    own, acquired = row["own_commercialised_3y"], row["acquired_commercialised_3y"]
    if own is None or acquired is None:
        return None
    kinds = ["own"] * own + ["acquired"] * acquired
    return [{"kind": kind, "date": _spread(day, 2.8, i, len(kinds))} for i, kind in enumerate(kinds)]


def _rights(row: Row, day: date) -> list[Record] | None:
    other = row["other_ip"]
    if other is None:
        return None
    registered, filed = row["patents_registered"], row["patents_filed_3y"]
    cited, citations = row["patents_cited"], row["patent_citations"]
    claims = _whole_claims(row["patent_claims_mean"], registered + filed)
    rights: list[Record] = []
    for index in range(registered):
        grant = _spread(day - timedelta(days=730), 6.0, index, registered)
        times = None
        if cited is not None and citations is not None:
            # All citations beyond one for each cited patent go to the first.
            times = int(index < cited) + (citations - cited if index == 0 else 0)
        rights.append(
            {
                "kind": "patent",
                "status": "registered",
                "filed": (date.fromisoformat(grant) - timedelta(days=500)).isoformat(),
                "registered": grant,
                "claims": claims[index],
                "cited_by": times,
            }
        )
    for index in range(filed):
        rights.append(
            {
                "kind": "patent",
                "status": "pending",
                "filed": _spread(day, 2.8, index, filed),
                "claims": claims[registered + index],
                "cited_by": 0 if cited is not None else None,
            }
        )
    for index in range(other):
        kind = _OTHER_RIGHTS[index % len(_OTHER_RIGHTS)]
        rights.append({"kind": kind, "status": "registered", "registered": _spread(day, 5.0, index, other)})
    return rights


def _whole_claims(mean: float | None, patents: int) -> list[int | None]:
    """Return whole numbers of claims whose mean is as near ``mean`` as whole numbers allow."""
    if mean is None:
        return [None] * patents
    total = round(mean * patents)
    return [total // patents + (1 if index < total % patents else 0) for index in range(patents)]
