"""What each kind of value reads and refuses: the borders, one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.catalogue import LANGS, message
from ktop.domain.values.choice import Choice
from ktop.domain.values.count import Count
from ktop.domain.values.day import DAY
from ktop.domain.values.industry import INDUSTRY
from ktop.domain.values.kind import RefusedValueError, ValueKind, shown
from ktop.domain.values.money import Money
from ktop.domain.values.number import Number
from ktop.domain.values.region import COUNTRY, REGION
from ktop.domain.values.registration_numbers import BUSINESS_NUMBER, CORPORATE_NUMBER
from ktop.domain.values.share import Share
from ktop.domain.values.text import IDENTIFIER, TEXT
from ktop.domain.values.year import Year
from ktop.domain.values.yes_no import YES_NO

MONEY = Money(-1e15, 1e15)
MILLIONS = Money(-1e15, 1e15, unit_krw=1_000_000)
SEOUL = timezone(timedelta(hours=9))
COUNT = Count(0, 500_000)
SIZE = Choice[str](("none", "small"), {"없음": "none", "작은 것": "small"})
DEGREE = Choice[int]((0, 1, 2), {"none": 0, "석사": 2})
KINDS: tuple[ValueKind[Any], ...] = (
    *(MONEY, MILLIONS, COUNT, Number(0, 200), Share(0, 1), Year(), DAY, YES_NO, SIZE, DEGREE, TEXT, IDENTIFIER),
    *(INDUSTRY, REGION, COUNTRY, BUSINESS_NUMBER, CORPORATE_NUMBER),
)


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        (MONEY, "1,234,567.5", 1234567.5),
        (MONEY, "△1,234", -1234),
        (MONEY, "▲ 1,234", -1234),
        (MONEY, "−1,234", -1234),
        (MONEY, "-1234", -1234),
        (MONEY, "(1,234)", -1234),
        (MONEY, "（１，２３４）", -1234),
        (MONEY, "+5", 5),
        (MONEY, ".5", 0.5),
        (MONEY, "1.5E9", 1.5e9),
        (MONEY, "-0", 0),
        (MONEY, " 미상 ", None),
        (MONEY, "-", None),
        (MONEY, None, None),
        (MILLIONS, "0.1", 100_000),
        (MILLIONS, "△1.5", -1_500_000),
        (COUNT, "1,003", 1003),
        (COUNT, "12.0", 12),
        (COUNT, 12.0, 12),
        (COUNT, "007", 7),
        (Share(0, 1), "20%", 0.2),
        (Share(0, 1), "２０ ％", 0.2),
        (Share(0, 1), "0.2", 0.2),
        (Year(), "2024년", 2024),
        (Year(), 2024, 2024),
        (DAY, "2024.1.5", date(2024, 1, 5)),
        (DAY, "2024. 1. 5.", date(2024, 1, 5)),
        (DAY, "2024년 1월 5일", date(2024, 1, 5)),
        (DAY, "20240105", date(2024, 1, 5)),
        (DAY, 20240105, date(2024, 1, 5)),
        (DAY, "2024-01-05 23:59:59", date(2024, 1, 5)),
        (DAY, datetime(2024, 1, 5, 9), date(2024, 1, 5)),  # noqa: DTZ001 - spreadsheets have no zone
        (DAY, "2024-02-29", date(2024, 2, 29)),
        (DAY, "1800-01-01", date(1800, 1, 1)),
        (DAY, "2199-12-31", date(2199, 12, 31)),
        (DAY, datetime(2023, 6, 30, tzinfo=SEOUL), date(2023, 6, 30)),
        (DAY, datetime(2023, 6, 29, 15, tzinfo=UTC), date(2023, 6, 30)),
        (DAY, datetime(2023, 6, 29, tzinfo=UTC), date(2023, 6, 29)),
        (DAY, datetime(2023, 6, 29, 9, tzinfo=UTC), date(2023, 6, 29)),
        (DAY, "\u200b2024\u00ad-01-05", date(2024, 1, 5)),
        (YES_NO, "유", True),
        (YES_NO, "무", False),
        (YES_NO, "O", True),
        (YES_NO, "ｘ", False),
        (YES_NO, "아니요", False),
        (YES_NO, "1", True),
        (YES_NO, 0.0, False),
        (SIZE, "none", "none"),
        (SIZE, "없음", "none"),
        (SIZE, "작은것", "small"),
        (SIZE, "N/A", None),
        (DEGREE, "２", 2),
        (DEGREE, "2.0", 2),
        (DEGREE, "석사", 2),
        (DEGREE, "none", 0),
        (TEXT, " None ", "None"),
        (TEXT, "N/A", None),
        (IDENTIFIER, 17, "17"),
        (INDUSTRY, "ｃ29280", "C29280"),
        (INDUSTRY, 62010.0, "62010"),
        (INDUSTRY, "1110", "1110"),
        (INDUSTRY, "01110", "01110"),
        (INDUSTRY, 2620, "2620"),
        (INDUSTRY, 62, "62"),
        (INDUSTRY, "KSIC-11 c29271", "C29271"),
        (INDUSTRY, "C29271(제10차)", "C29271"),
        (INDUSTRY, "9차: 69110", "N761"),
        (TEXT, "가\u200b나\u00a0다", "가나 다"),
        (TEXT, "\u1112\u1161\u11ab", "한"),
        (TEXT, "#101", "#101"),
        (BUSINESS_NUMBER, "000-00-00000", None),
        (CORPORATE_NUMBER, 0, None),
        (REGION, "41", "KR-41"),
        (REGION, 41, "KR-41"),
        (REGION, 11.0, "KR-11"),
        (COUNTRY, "de", "DE"),
        (BUSINESS_NUMBER, "１０１－００－４４５０５", "101-00-44505"),
    ],
)
def test_what_can_mean_only_one_thing_is_read(kind: ValueKind[Any], given: Any, value: Any) -> None:
    found = kind.parse(given)
    assert found == value
    assert type(found) is type(value) or isinstance(found, float)


@pytest.mark.parametrize(
    ("kind", "given", "reason"),
    [
        *((MONEY, text, "comma_groups") for text in ("1,2,3", "12,50", "0,123", "1,234,5", ",5", "1,2345", "(1,2)")),
        *(
            (MONEY, text, "not_a_number")
            for text in ("1_0", "3억", "5원", "- 5", "--5", "△-5", "(5", "1e", "0x10", "١٢")
        ),
        *((MONEY, text, "not_a_number") for text in ("1_234,567", "1__000", "inf", "1" * 61, "1e-999", "12 34")),
        *((MONEY, number, "not_a_number") for number in (True, float("nan"), [], {}, b"5")),
        *((MONEY, big, "out_of_range") for big in (1e16, "1e999999999", 10**400, -(10**5000), float("inf"), "-1e16")),
        (MILLIONS, "1,000,000,001", "out_of_range"),
        (MILLIONS, "1e999999999", "out_of_range"),
        (COUNT, "12명", "not_a_number"),
        (COUNT, "1.5", "not_whole"),
        (COUNT, "-1", "out_of_range"),
        (COUNT, 1e19, "out_of_range"),
        (Share(0, 1), "20", "out_of_range"),
        (Share(0, 1), "120%", "out_of_range"),
        (Year(), "24", "out_of_range"),
        (Year(), 1e308, "out_of_range"),
        (Year(), "24년", "not_a_number"),
        *((DAY, text, "not_a_date") for text in ("24.1.5", "5/1/2024", "2024", "2024-1", "41710", 41710, 2014, True)),
        *((DAY, text, "not_a_date") for text in ("2024-01-05 25:00", "2024-01-05T00:00:00Z", 20240105.5, 10**400)),
        *((DAY, text, "no_such_day") for text in ("2026-02-30", "2023.2.29", "20241301", "0000-01-01")),
        *((DAY, day, "day_out_of_range") for day in (date.min, date.max, "1799-12-31", "2200-01-01")),
        (DAY, datetime(2023, 6, 29, 20, tzinfo=UTC), "day_depends_on_zone"),
        (DAY, datetime(2023, 6, 29, 15), "day_depends_on_zone"),  # noqa: DTZ001 - written without a zone
        *((DAY, f"2023-06-29{clock}", "day_depends_on_zone") for clock in (" 15:00", "T15:00:00", " 15:00:00.000")),
        *((DAY, day, "day_placeholder") for day in ("1900-01-01", "18991230", date(1899, 12, 31), "1904-01-01")),
        *((DAY, day, "day_out_of_range") for day in ("0001-01-01", "9999-12-31")),
        *((kind, "#DIV/0! (F12)", "error_value") for kind in (MONEY, COUNT, DAY, YES_NO, SIZE, TEXT, INDUSTRY, REGION)),
        *((TEXT, words, "error_value") for words in ("#N/A", "#REF!", "#NAME?", "#value!", "Err:502", "########")),
        *((kind, "#FORMULA! (B2)", "formula_not_calculated") for kind in (MONEY, TEXT)),
        (DAY, "#YEAR! (E5)", "year_in_date_cell"),
        (TEXT, "\ufffd\u0676", "damaged_text"),
        *((YES_NO, given, "not_yes_no") for given in ("perhaps", "2", 2, "yes no", "1e999999999", [])),
        *((SIZE, given, "not_a_choice") for given in ("big", 1, True, "1" * 5000)),
        *((DEGREE, given, "not_a_choice") for given in ("3", 3, True, 0.5, 10**400, "1,0")),
        (TEXT, "가" * 301, "text_too_long"),
        (TEXT, "a\ud800", "unwritable_text"),
        (TEXT, "a\x00b", "unwritable_text"),
        (TEXT, 7, "not_text"),
        (IDENTIFIER, 10**400, "not_text"),
        (IDENTIFIER, 1.5, "not_text"),
        (INDUSTRY, "X1", "industry_unknown"),
        *((INDUSTRY, code, "industry_zero_lost") for code in (1110, 3211, 2020.0, 310, 111, 1300)),
        *((INDUSTRY, code, "industry_revision") for code in ("72(8차)", "KSIC 8 72209", "12차 C29271")),
        (INDUSTRY, 10**400, "industry_unknown"),
        (REGION, "Atlantis", "region_unknown"),
        *((REGION, given, "region_unknown") for given in (-11, 100, 4111, 41.5, True)),
        (COUNTRY, "Germany", "country_unknown"),
        (BUSINESS_NUMBER, "123", "business_number_digits"),
        (BUSINESS_NUMBER, "1234567890", "business_number_check_digit"),
        (CORPORATE_NUMBER, 10**400, "corporate_number_digits"),
    ],
    ids=shown,
)
def test_everything_else_is_refused_with_its_reason(kind: ValueKind[Any], given: Any, reason: str) -> None:
    with pytest.raises(RefusedValueError) as refused:
        kind.parse(given)
    assert refused.value.key == f"values.{reason}"
    for lang in LANGS:
        sentence = message(refused.value.at("ceo.x"), lang)
        assert sentence.encode("utf-8")
        assert "{" not in sentence.replace(shown(given), "")
        assert len(sentence) < 300


anything = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(10**300, 10**4000), st.floats(), st.dates(), st.datetimes(),
    st.text(), st.text(st.characters(categories=["Cs", "Nd", "Po", "Zs"])), st.lists(st.integers(), max_size=2),
)  # fmt: skip


@given(st.sampled_from(KINDS), anything)
def test_any_value_is_read_missing_or_refused_and_its_caption_reads_the_same(kind: ValueKind[Any], given: Any) -> None:
    try:
        value = kind.parse(given)
    except RefusedValueError as refused:
        for lang in LANGS:
            assert message(refused, lang).encode("utf-8")
        return
    if value is not None:
        again = kind.parse(kind.caption(value))
        assert again == (pytest.approx(value, abs=1e-9) if isinstance(value, float) else value)
