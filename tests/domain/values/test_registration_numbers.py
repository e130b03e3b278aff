"""Business and corporate registration numbers: check digits, forms people write, invented numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.domain.values.registration_numbers import BusinessNumber, CorporateNumber, clean_digits
from ktop.kernel.errors import InputError


def business_check_by_hand(nine: str) -> int:
    """The published rule, step by step, written apart from the code under test."""
    digits = [int(d) for d in nine]
    total = sum(d * w for d, w in zip(digits[:8], [1, 3, 7, 1, 3, 7, 1, 3], strict=True))
    tens, ones = divmod(digits[8] * 5, 10)
    return (10 - (total + 10 * tens + ones + tens) % 10) % 10


def test_the_widely_used_sample_number() -> None:
    assert BusinessNumber.parse("123-45-67891").digits == "1234567891"


@given(st.integers(0, 999_999_999))
def test_the_check_digit_follows_the_published_rule(serial: int) -> None:
    nine = f"{serial:09d}"
    assert BusinessNumber.check_digit(nine) == business_check_by_hand(nine)


@given(st.integers(0, 999_999_999), st.integers(0, 7), st.integers(1, 9))
def test_one_wrong_digit_of_the_first_eight_is_noticed(serial: int, place: int, shift: int) -> None:
    nine = f"{serial:09d}"
    number = nine + str(BusinessNumber.check_digit(nine))
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    with pytest.raises(InputError) as refused:
        BusinessNumber.parse(wrong)
    assert refused.value.key == "values.business_number_check_digit"


@pytest.mark.parametrize(
    "text", ["123-45-67891", "1234567891", " 123 45 67891 ", "１２３-４５-６７８９１", "123.45.67891", "123–45–67891"]
)
def test_usual_ways_of_writing_a_number(text: str) -> None:
    assert BusinessNumber.parse(text).formatted == "123-45-67891"


@pytest.mark.parametrize("text", ["", "123456789", "12345678911", "12345678a1", "일이삼", "१२३४५६७८९१"])
def test_what_is_not_ten_digits_is_refused(text: str) -> None:
    with pytest.raises(InputError) as refused:
        BusinessNumber.parse(text)
    assert refused.value.key == "values.business_number_digits"


@given(st.integers(0, 3_999_999))
def test_invented_numbers_are_valid_and_belong_to_nobody(serial: int) -> None:
    number = BusinessNumber.invented(serial)
    assert BusinessNumber.parse(number.formatted) == number
    assert number.digits[3:5] == "00"


def test_invented_numbers_differ() -> None:
    assert len({BusinessNumber.invented(i).digits for i in range(20_000)}) == 20_000


def test_many_numbers_are_checked_at_once() -> None:
    numbers = ["1234567891", "1234567890"]
    assert BusinessNumber.valid(np.array([[int(d) for d in n] for n in numbers])).tolist() == [True, False]


def test_the_registrys_own_worked_example_of_a_corporate_number() -> None:
    assert CorporateNumber.check_digit("110111006243") == 2
    assert CorporateNumber.parse("110111-0062432").follows_check_digit


def test_a_corporate_number_off_the_rule_is_kept_and_can_be_asked() -> None:
    number = CorporateNumber.parse("110111-0062433")
    assert not number.follows_check_digit
    assert str(number) == "110111-0062433"


@pytest.mark.parametrize("text", ["", "110111-006243", "110111-00624321", "abcdef-1234567"])
def test_what_is_not_thirteen_digits_is_refused(text: str) -> None:
    with pytest.raises(InputError) as refused:
        CorporateNumber.parse(text)
    assert refused.value.key == "values.corporate_number_digits"


@given(st.integers(0, 999_999))
def test_invented_corporate_numbers_follow_the_rule(serial: int) -> None:
    assert CorporateNumber.parse(str(CorporateNumber.invented(serial))).follows_check_digit


@given(st.text(max_size=30))
def test_cleaning_never_adds_anything(text: str) -> None:
    assert len(clean_digits(text)) <= len(text)
