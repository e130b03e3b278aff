"""The rule over an application: each clause fails alone with its reason; share and fee are those of its terms."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from ktop.catalogue import load
from ktop.domain.decision.verdict import Failure
from ktop.domain.finance.case import Application
from ktop.domain.finance.eligibility import Eligibility, find

DAY = date(2026, 7, 15)
ASKED = Application("rating", "research", 80_000_000, 36)


def found(
    *, grade: str = "A-", status: str = "possible", age: float | None = 9.0, days: int = 0, amount: int = 80_000_000
) -> Eligibility:
    results: list[dict[str, Any]] = [
        {"grades": {"index": "T3"}, "inputs": [{"name": "age_years", "value": None}]},
        {
            "grades": {"business": grade},
            "details": {"guarantee": {"status": status, "amount_krw": 100_000_000}},
            "inputs": [{"name": "age_years", "value": age}],
        },
    ]
    return find(replace(ASKED, amount_krw=amount), results, DAY - timedelta(days=days), DAY)


def failed(given: Eligibility) -> list[str]:
    return [name for name, verdict in given.verdicts.items() if isinstance(verdict, Failure)]


def test_the_terms_are_those_of_the_named_rule() -> None:
    """Worked out by hand from ``guarantee-terms-1``: another figure is another version."""
    assert load("finance")["guarantee_rule"]["version"] == "guarantee-terms-1"
    given = found()
    assert given.eligible and given.reason() == {"ko": "", "en": ""}
    assert (given.share_percent, given.fee_percent, given.limit_krw) == (85, 1.0, 100_000_000)
    assert [found(grade=grade).fee_percent for grade in ("AAA", "BBB+", "BB-", "C")] == [0.8, 1.2, 1.4, 3.0]
    assert [found(age=age).share_percent for age in (6.99, 7.0, None)] == [90, 85, 85], "unknown is not young"


@pytest.mark.parametrize(
    ("changes", "clause", "told"),
    [
        ({"grade": ""}, "rated", "기업 평가를 먼저"),
        ({"days": 91}, "recent", "91일"),
        ({"status": "refused"}, "guarantee_possible", "소액보증 요건"),
        ({"amount": 100_000_001}, "within_limit", "1억 원"),
    ],
)
def test_each_clause_fails_alone_and_says_why(changes: dict[str, Any], clause: str, told: str) -> None:
    given = found(**changes)
    assert failed(given) == [clause] and told in given.reason()["ko"] and not given.eligible
    assert given.reason()["en"]


def test_at_the_limit_is_within_it() -> None:
    assert found(amount=100_000_000, days=90).eligible


def test_what_else_the_company_asked_for_or_did_not_repay_counts() -> None:
    results = [
        {"grades": {"business": "A"}, "details": {"guarantee": {"status": "possible", "amount_krw": 100_000_000}}}
    ]
    together = find(ASKED, results, DAY, DAY, 20_000_001)
    assert failed(together) == ["within_limit"] and "2,000만" in together.reason()["ko"]
    assert find(ASKED, results, DAY, DAY, 20_000_000).eligible
    assert failed(find(ASKED, results, DAY, DAY, in_default=True)) == ["not_in_default"]


def test_without_a_decision_only_that_is_said() -> None:
    given = find(ASKED, [{"grades": {}, "details": {}}], DAY, DAY)
    assert failed(given) == ["rated"] and (given.fee_percent, given.limit_krw) == (None, 0)
