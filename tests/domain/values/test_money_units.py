"""Amounts with their unit in words: what has one meaning is read to the won, the rest is left to be refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.domain.values.kind import RefusedValueError
from ktop.domain.values.money import Money
from ktop.domain.values.money_units import unit_of, worded_amount


@pytest.mark.parametrize(
    ("words", "won"),
    [
        ("원", 1), ("천원", 1_000), ("천 원", 1_000), ("만원", 10_000), ("백만원", 10**6), ("백만 원", 10**6),
        ("천만원", 10**7), ("억원", 10**8), ("억", 10**8), ("십억원", 10**9), ("조원", 10**12), ("KRW", 1),
        ("KRW thousand", 1_000), ("thousand won", 1_000), ("thousands of KRW", 1_000), ("KRW 000", 1_000),
        ("million KRW", 10**6), ("KRW in millions", 10**6), ("hundred million won", 10**8), ("KRW bn", 10**9),
    ],
)  # fmt: skip
def test_a_unit_is_so_many_won(words: str, won: int) -> None:
    assert unit_of(words) == won


@pytest.mark.parametrize(
    "words", ["", "천", "명", "건", "%", "최근", "천명", "USD", "천달러", "백만", "원가", "thousand"]
)
def test_other_words_are_no_unit(words: str) -> None:
    assert unit_of(words) is None


@pytest.mark.parametrize(
    ("text", "won"),
    [
        ("3억", 3 * 10**8), ("3억원", 3 * 10**8), ("1.5억", 150_000_000), ("5천원", 5_000),
        ("10,240백만원", 10_240 * 10**6), ("1억2천만3천원", 120_003_000),
        ("3억 5천만원", 350_000_000), ("3억 5,000만원", 350_000_000), ("1조 2,000억", 12 * 10**11),
        ("△1,234천원", -1_234_000), ("-2억원", -2 * 10**8), ("₩1,234,000", 1_234_000), ("KRW 5,000", 5_000),
        ("5,000 KRW", 5_000), ("1,234원", 1_234), ("0원", 0), ("0.1백만원", 100_000), ("5천만", 5 * 10**7),
    ],
)  # fmt: skip
def test_an_amount_in_words_is_read_to_the_won(text: str, won: int) -> None:
    assert worded_amount(text) == won
    assert Money(-1e15, 1e15, worded=True).parse(text) == won


@pytest.mark.parametrize(
    "text",
    [
        "5천",
        "12백",
        "5",
        "1억 20000만원",
        "5천만 3억",
        "1,2억",
        "12,50만원",
        "억",
        "천원",
        "3억달러",
        "3억 원정도",
        "1억-2억",
        "3 4억",
    ],
)
def test_what_is_not_clear_is_left_to_be_refused(text: str) -> None:
    assert worded_amount(text) is None
    if text != "5":
        with pytest.raises(RefusedValueError):
            Money(-1e15, 1e15, worded=True).parse(text)


def test_where_a_place_states_its_unit_words_are_refused() -> None:
    for kind in (Money(-1e15, 1e15), Money(-1e15, 1e15, unit_krw=1_000_000)):
        with pytest.raises(RefusedValueError):
            kind.parse("3억원")


@given(st.integers(1, 9_999), st.integers(0, 9_999), st.integers(0, 9_999))
def test_the_parts_of_an_amount_add_up(eok: int, man: int, won: int) -> None:
    text = f"{eok:,}억" + (f" {man:,}만" if man else "") + (f" {won:,}" if won else "") + "원"
    assert worded_amount(text) == Decimal(eok * 10**8 + man * 10**4 + won)
