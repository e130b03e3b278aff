"""Industry codes, regions and peer cells."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.domain.company.classification import (
    age_band_of,
    age_years,
    size_of,
)
from ktop.domain.values.industry import industry_digits, industry_group, section_fits
from ktop.domain.values.region import region_code


def age(founded: str, as_of: str) -> float:
    return float(age_years(np.array([founded], dtype="datetime64[D]"), date.fromisoformat(as_of))[0])


@pytest.mark.parametrize(
    ("founded", "as_of", "years"),
    [
        ("2023-06-30", "2026-06-30", 3.0),
        ("2023-06-30", "2023-06-30", 0.0),
        ("2020-02-29", "2024-02-29", 4.0),
        ("2016-07-31", "2026-07-31", 10.0),
        ("2025-12-15", "2026-06-15", 0.5),
    ],
)
def test_an_age_is_whole_on_its_anniversary(founded: str, as_of: str, years: float) -> None:
    assert age(founded, as_of) == years


@given(st.dates(date(1950, 1, 1), date(2030, 1, 1)), st.integers(0, 30_000))
def test_an_age_is_close_to_days_over_a_mean_year_and_never_falls(founded: date, days: int) -> None:
    as_of = founded + timedelta(days=days)
    years = age(str(founded), str(as_of))
    assert years == pytest.approx(days / 365.25, abs=0.01)
    assert age(str(founded), str(as_of + timedelta(days=1))) >= years


def test_bands_hold_their_bounds() -> None:
    assert size_of(np.array([0, 9, 10, 49, 50, np.nan])).tolist() == [
        "micro",
        "micro",
        "small",
        "small",
        "medium",
        None,
    ]
    bands = age_band_of(np.array([0, 3, 3.01, 10, 10.01, np.nan])).tolist()
    assert bands == ["startup", "startup", "growth", "growth", "mature", None]


@pytest.mark.parametrize(
    ("code", "foreign", "group"),
    [
        ("C29271", False, "machinery"),
        ("29271", False, "machinery"),
        ("C 26", False, "electronics"),
        ("J58222", False, "software_ict"),
        ("58111", False, "services_other"),  # books, not software
        ("27", False, "electronics"),
        ("28.41", True, "machinery"),
        ("28", False, "electronics"),
        ("C26.11", True, "electronics"),
        ("04", False, None),
        ("C", False, None),
        ("123456", False, None),
        ("C2x", False, None),
    ],
)
def test_the_group_of_a_code(code: str, foreign: bool, group: str | None) -> None:
    assert industry_group(code, foreign) == group


def test_a_section_letter_must_belong_to_its_digits() -> None:
    assert section_fits("C29")
    assert section_fits("29")
    assert not section_fits("J29")
    assert industry_digits("c29271") == "29271"


def test_regions_by_code_name_and_short_name() -> None:
    for text in ("KR-45", "45", "전북특별자치도", "전북", "전라북도", "jeonbuk"):
        assert region_code(text) == "KR-45"
    assert region_code("해외") == region_code("Foreign") == "foreign"
    assert region_code("KR-99") is None
