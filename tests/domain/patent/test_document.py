"""Patent numbers and classes in their one written form."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.domain.patent.document import (
    Patent,
    korean_registration_number,
    normalise_application_number,
    normalise_class,
    normalise_family,
    normalise_publication_number,
)


@pytest.mark.parametrize(
    ("printed", "country", "kind", "expected"),
    [
        ("US 7,654,321 B2", None, None, "US7654321B2"),
        ("US07654321", None, None, "US7654321"),
        ("7654321", "US", None, "US7654321"),
        ("US-2012278883-A1", None, None, "US20120278883A1"),
        ("US20080250823A1", None, None, "US20080250823A1"),
        ("D. 271298", "US", None, "USD271298"),
        ("D0435854", "US", "S1", "USD435854S1"),
        ("RE039411", "US", "E1", "USRE39411E1"),
        ("KR10-2019-0012345A", None, None, "KR1020190012345A"),
        ("KR20190012345A", None, None, "KR1020190012345A"),
        ("10-2019-0012345", "KR", "A", "KR1020190012345A"),
        ("2020170000524", "KR", "U", "KR2020170000524U"),
        ("EP 1 234 567 A1", None, None, "EP1234567A1"),
        ("WO2010/055701 A1", None, None, "WO2010055701A1"),
        ("JPH10123456A", None, None, "JPH10123456A"),
        ("", None, None, None),
        ("not a number", None, None, None),
        ("US", None, None, None),
        ("US0000000", None, None, None),
        ("7654321", None, None, None),
        ("특허 123", "KR", None, None),
    ],
)
def test_publication_numbers(printed: str, country: str | None, kind: str | None, expected: str | None) -> None:
    assert normalise_publication_number(printed, country=country, kind=kind) == expected


@given(
    st.sampled_from(["US", "KR", "EP", "WO", "JP", "CN"]),
    st.integers(1, 10**11 - 1),
    st.sampled_from(["", "A", "A1", "B1", "B2", "U", "S1"]),
    st.sampled_from(["", " ", "-", "/"]),
)
def test_the_written_form_is_stable(country: str, number: int, kind: str, separator: str) -> None:
    once = normalise_publication_number(f"{country}{separator}{number}{separator}{kind}")
    assert once is not None
    assert normalise_publication_number(once) == once
    assert normalise_publication_number(once.lower()) == once


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_none(printed: str) -> None:
    found = normalise_publication_number(printed)
    assert found is None or (found.isascii() and found.isalnum() and normalise_publication_number(found) == found)


def test_korean_registration_numbers() -> None:
    assert korean_registration_number("1027251420000") == "KR102725142B1"
    assert korean_registration_number("20-0482576") == "KR200482576Y1"
    assert korean_registration_number("3010197730000") is None, "a design right is no patent"
    assert korean_registration_number("") is None


def test_application_numbers_keep_their_zeros() -> None:
    assert normalise_application_number("09/782,496", country="US") == "US09782496"
    assert normalise_application_number("1020230003245", country="KR") == "KR1020230003245"
    assert normalise_application_number("unknown", country="US") is None


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("G06F  17/30", "G06F17/30"),
        ("B24B 3/34", "B24B3/34"),
        ("A47L  514", "A47L5/14"),
        ("B08B003/00", "B08B3/00"),
        ("A61B", "A61B"),
        ("Y10T74/18288", "Y10T74/18288"),
        ("not a class", None),
        ("H01M0010052500", "H01M10/0525"),
        ("H01M0010052500000", "H01M10/0525"),
        ("A01B0001000000", "A01B1/00"),
        ("G06F-017/30", "G06F17/30"),
        ("Int. Cl.7 G06F 17/30", "G06F17/30"),
        ("Int. Cl.⁷: H01L 21/00", "H01L21/00"),
        ("IPC8: A61K 9/16", "A61K9/16"),
        ("IPC(7) : G06F 17/60", "G06F17/60"),
        ("INT.CL(2006.01): B65D 1/00", "B65D1/00"),
        ("7 G06F 17/30", "G06F17/30"),
        ("7B 60L   7/26", "B60L7/26"),
        ("A61B 5/00 (2006.01) I", "A61B5/00"),
        ("G06F 17/30 20060101AFI20051220RMJP", "G06F17/30"),
        ("H04L 12/56 H", "H04L12/56"),
        ("B66D1/12A", "B66D1/12"),
        ("C12N 15/09 @A", "C12N15/09"),
        ("A 61 B 5/00", "A61B5/00"),
        ("g06f 17\u204430", "G06F17/30"),
        ("Ｇ０６Ｆ　１７／３０", "G06F17/30"),
        ("GO6F 17/30", "G06F17/30"),
        ("HOlL 21/00", "H01L21/00"),
        ("705/26", None),
        ("G06", None),
    ],
)
def test_classes(printed: str, expected: str | None) -> None:
    assert normalise_class(printed) == expected


def test_place_in_time_never_comes_before_filing() -> None:
    filed, published = date(2010, 1, 1), date(2011, 7, 1)
    assert Patent("US1", "t", filing_date=filed, publication_date=published).known_from == filed
    assert Patent("US1", "t", publication_date=published).known_from == published
    assert Patent("US1", "t").known_from is None


def test_subclasses_are_distinct_and_fall_back_on_cpc() -> None:
    assert Patent("US1", "t", ipc=("G06F17/30", "G06F3/01", "H04L9/00")).subclasses == ("G06F", "H04L")
    assert Patent("US1", "t", cpc=("A61B5/00",)).subclasses == ("A61B",)


@pytest.mark.parametrize(
    "printed",
    [
        "-1", "0", "00", "-1.0", "0.0", "", " ", "N/A", "n/a", "NA", "#N/A", "nan", "NaN", "NULL", "None", "<NA>",
        "(none)", "-", "--", "?", "\u2014", "unknown", "not available", "없음", "해당 없음", None,
    ],
)  # fmt: skip
def test_a_stand_in_is_no_family(printed: str | None) -> None:
    assert normalise_family(printed) is None


def test_a_family_of_any_length_is_answered_at_once() -> None:
    for text in ("a" + "-" * 1_000_000 + "a", "9" * 10_000, "0" * 10_000, "-" * 1_000_000 + "1"):
        assert normalise_family(text) == (None if set(text) == {"0"} else text)


@pytest.mark.parametrize(
    ("printed", "family"),
    [
        ("47000001", "47000001"),
        ("47000001.0", "47000001"),
        (" EP  1234 ", "EP 1234"),
        ("ZZF000000", "ZZF000000"),
        ("Nan-7", "Nan-7"),
        ("1", "1"),
    ],
)
def test_a_family_is_kept_as_printed(printed: str, family: str) -> None:
    assert normalise_family(printed) == family == normalise_family(family)
