"""A bank's rule gives terms by grade and never more than was asked for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.domain.finance.loan_rule import graded_letters, read_rule, terms
from ktop.kernel.errors import InputError

TYPED: dict[str, Any] = {
    "most_krw": "200,000,000",
    "most_months": "48",
    "interest_percent": {"AAA": "3.5", "A": 4, "BBB": ""},
}


@given(st.sampled_from([*graded_letters(), "AAA+", "A-"]), st.integers(1, 10**10), st.integers(1, 180))
def test_terms_stay_within_the_rule_and_what_was_asked(grade: str, amount: int, months: int) -> None:
    rule = read_rule(TYPED)
    found = terms(rule, grade, amount, months)
    if grade.rstrip("+-") not in ("AAA", "A"):
        assert (found.loan_krw, found.figures()) == (None, {}) and found.reason is not None
        return
    assert found.figures() == {
        "rule_loan_krw": min(amount, 200_000_000),
        "rule_months": min(months, 48),
        "rule_interest_percent": 3.5 if grade.startswith("AAA") else 4.0,
    }
    assert (found.reason is None) == (amount <= 200_000_000 and months <= 48)


@pytest.mark.parametrize(
    "wrong",
    [
        {"most_krw": "0"},
        {"most_months": "many"},
        {"interest_percent": {}},
        {"interest_percent": {"A": "21"}},
        {"interest_percent": {"Z": "3"}},
    ],
)
def test_an_odd_rule_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        read_rule({**TYPED, **wrong})
