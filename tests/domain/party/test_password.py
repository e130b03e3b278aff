"""Passwords: long enough, none that is guessed first, and no rules on kinds of characters."""

from __future__ import annotations

import pytest

from ktop.domain.party.password import check_password, normalised
from ktop.kernel.errors import InputError


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("fourteen chars", "password_short"),
        ("a" * 257, "password_long"),
        ("passwordpassword", "password_common"),
        ("P@ssw0rd!!2026!!", "password_common"),
        ("1234567890123456", "password_common"),
        ("qwertyuiopasdfgh", "password_common"),
        ("abcdefghijklmnop", "password_common"),
        ("비밀번호비밀번호비밀번호비밀번호", "password_common"),
        ("qlalfqjsgh!12345", "password_common"),
        ("aaaaaaaaaaaaaaaa", "password_common"),
        ("bank-bank-bank-bank", "password_common"),
        ("hongkildong.hongkildong", "password_about_you"),
    ],
)
def test_a_password_that_is_guessed_is_refused(password: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        check_password(password, beside_second_factor=False, about=("hongkildong", "Hanbit Motion"))


@pytest.mark.parametrize("password", ["correct horse staple", "푸른 고래가 겨울 밤을 건너간다", "tanrekoivulminaa"])
def test_any_characters_will_do(password: str) -> None:
    check_password(password, beside_second_factor=False, about=("hongkildong", "Hanbit Motion"))


def test_beside_a_second_factor_eight_characters_are_enough() -> None:
    check_password("tanrekoi", beside_second_factor=True)
    with pytest.raises(InputError):
        check_password("tanreko", beside_second_factor=True)


def test_one_password_however_it_is_typed() -> None:
    assert normalised("한글") == normalised("한글")
