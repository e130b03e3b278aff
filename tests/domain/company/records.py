"""A small valid company record for tests; every name and number in it is invented."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

from ktop.domain.values.registration_numbers import BusinessNumber, CorporateNumber

AS_OF = date(2026, 6, 30)

_RECORD: dict[str, Any] = {
    "name": "가람시험(가상)",
    "business_number": BusinessNumber.invented(77).formatted,
    "corporate_number": CorporateNumber.invented(77).formatted,
    "industry": "C29280",
    "region": "KR-30",
    "founded": "2016-06-30",
    "ceo": {"industry_years": 12, "degree": "master", "technical": True, "founding_record": 1},
    "staff": [
        {"date": "2025-06-30", "total": 8, "technical": 3, "research": 1, "advanced_degree": 1},
        {"date": "2026-03-31", "total": 12, "technical": 5, "research": 2, "advanced_degree": 2},
        {"date": "2026-09-30", "total": 99, "technical": 50, "research": 20, "advanced_degree": 9},
    ],
    "statements": [
        {"year": 2023, "sales": 800_000_000, "net_income": -20_000_000},
        {"year": 2024, "unit": "thousand_krw", "sales": 900_000, "rnd_expense": 40_000, "equity": 300_000},
        {"year": 2025, "unit": "million_krw", "sales": 1_200, "total_assets": 900, "rnd_expense": 60, "equity": 350},
        {"year": 2026, "unit": "million_krw", "sales": 9_999},
    ],
    "rnd_projects": [
        {"start": "2020-01-01", "end": "2023-06-30", "result": "success"},  # ended the day the window begins: outside
        {"start": "2020-01-01", "end": "2023-07-01", "result": "success"},
        {"start": "2025-01-01", "end": "2026-01-31", "result": "failure"},
        {"start": "2026-05-01"},
        {"start": "2026-07-01"},
    ],
    "certifications": [
        {"kind": "venture", "issued": "2023-06-30", "expires": "2026-06-30"},
        {"kind": "iso", "issued": "2022-01-01", "expires": "2026-06-29"},
        {"kind": "nep", "issued": "2026-06-30"},
        {"kind": "innobiz", "issued": "2026-07-01"},
    ],
    "commercialisations": [
        {"kind": "own", "date": "2023-07-01"},
        {"kind": "own", "date": "2023-06-30"},
        {"kind": "acquired", "date": "2026-06-30"},
    ],
    "ip": [
        {
            "kind": "patent",
            "status": "registered",
            "filed": "2020-01-01",
            "registered": "2021-01-01",
            "claims": 10,
            "cited_by": 4,
        },
        {
            "kind": "patent",
            "status": "lapsed",
            "filed": "2015-01-01",
            "registered": "2016-01-01",
            "ended": "2026-06-30",
            "claims": 6,
            "cited_by": 0,
        },
        {
            "kind": "patent",
            "status": "lapsed",
            "filed": "2015-01-01",
            "registered": "2016-01-01",
            "ended": "2026-07-01",
            "cited_by": 2,
        },
        {"kind": "patent", "status": "pending", "filed": "2025-01-01", "claims": 14},
        {"kind": "patent", "status": "pending", "filed": "2026-07-01", "claims": 400},
        {"kind": "trademark", "status": "registered", "registered": "2020-01-01"},
        {"kind": "design", "status": "pending", "filed": "2026-01-01"},
    ],
    "rnd_organisation": "institute",
    "credit": {
        "tax_arrears": False,
        "default_record_3y": False,
        "business_suspended": False,
        "guarantee_balance_krw": 0,
    },
    "checklist": {"q01": 5, "q25": 2},
    "source": "기업 제출",
    "source_date": "2026-06-01",
}


def record(**changes: Any) -> dict[str, Any]:
    """Return the record with some fields changed; a field given as ``...`` is left out."""
    changed = copy.deepcopy(_RECORD) | changes
    return {name: value for name, value in changed.items() if value is not ...}
