"""Figures as text, in both languages; missing is never zero."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime

import pytest

from ktop.report import labels, numbers


@pytest.mark.parametrize(
    ("krw", "ko", "en"),
    [
        (0, "0원", "KRW 0"),
        (9_999, "9,999원", "KRW 9,999"),
        (300_000, "30만 원", "KRW 300,000"),
        (99_999_999, "1억 원", "KRW 100 m"),
        (123_456_789, "1억 2,346만 원", "KRW 123 m"),
        (8_234_500_000, "82억 3,450만 원", "KRW 8.23 bn"),
        (45_678_900_000, "457억 원", "KRW 45.7 bn"),
        (2_500_000_000_000, "25,000억 원", "KRW 2.5 tn"),
        (-620_000_000, "−6억 2,000만 원", "−KRW 620 m"),
        (None, "미입력", "missing"),
        (math.nan, "미입력", "missing"),
    ],
)
def test_money(krw: float | None, ko: str, en: str) -> None:
    assert numbers.money(krw, "ko") == ko
    assert numbers.money(krw, "en") == en


def test_small_figures() -> None:
    assert numbers.figure(1234.0, "ko") == "1,234"
    assert numbers.figure(0.0123, "ko") == "0.01"
    assert numbers.figure(-3.456, "en") == "−3.46"
    assert numbers.figure(None, "en") == "missing"
    assert numbers.points(-0.001) == "±0.00"
    assert numbers.points(-1.239) == "−1.24"
    assert numbers.percent(0.2741, "ko") == "27.4%"
    assert numbers.score(None, "ko") == "산출 불가"


def test_days() -> None:
    assert numbers.day(date(2026, 3, 1), "ko") == "2026년 3월 1일"
    assert numbers.day("2026-03-01", "en") == "1 March 2026"
    assert numbers.day("not a day", "en") == "not a day"
    assert numbers.moment(datetime(2026, 3, 31, 15, 4, tzinfo=UTC), "ko") == "2026년 4월 1일 00:04 KST"


def test_values_with_their_units() -> None:
    assert labels.indicator_value("tech-index", "human_asset_investment", 620_000.0, "ko") == "62만 원/명"
    assert labels.indicator_value("tech-index", "intangible_assets", 5.5, "en") == "5.50%"
    assert labels.indicator_value("ktrs-fm", "q01", 4.0, "ko") == "4번 답"
    assert labels.indicator_value("ktrs-fm", "q01", math.nan, "ko") is None
    assert labels.indicator_value("originality", "unmet_pairs", 0.25, "ko") == "25%"
    assert labels.indicator_value("originality", "filing_growth", 0.0, "en") == "1 times"
    assert labels.indicator_value("tech-index", "technology_certification", 1.0, "en") == "1 certification"
    assert labels.indicator_value("tech-index", "technology_certification", 2.0, "en") == "2 certifications"
    assert labels.fact_value("rnd_organisation", 2.0, "en") == "certified corporate R&D institute"
    assert labels.fact_value("tax_arrears", 0, "ko") == "아니오"
    assert labels.fact_value("sales_krw_t0", 8_234_500_000.0, "ko") == "8,234,500,000원"
    assert labels.fact_value("sales_krw_t0", None, "en") == "missing"
    assert labels.fact("no_such_fact", "en") == "no such fact"
