"""Headings as offices write them: the fact they stand for, the unit and the revision they state, or nothing."""

from __future__ import annotations

import unicodedata

import pytest

from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.headings import CompanyHeadings, Heading, heading_of, states_foreign_currency, unit_in_note
from ktop.kernel.errors import InputError


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("기업명", Heading("name")),
        (" 업 체 명* ", Heading("name")),
        ("ＮＡＭＥ", Heading("name")),
        (unicodedata.normalize("NFD", "사업자등록번호"), Heading("business_number")),
        ("사업자\n등록번호", Heading("business_number")),
        ("매출액(최근)(천원)", Heading("sales_krw_t0", 1_000)),
        ("매출액(최근) [단위: 백만원]", Heading("sales_krw_t0", 10**6)),
        ("매출액(최근, 억원)", Heading("sales_krw_t0", 10**8)),
        ("매출액(최근)_천원", Heading("sales_krw_t0", 1_000)),
        ("매출액(최근)(원)", Heading("sales_krw_t0", 1)),
        ("Sales (latest year) [KRW million]", Heading("sales_krw_t0", 10**6)),
        ("sales_krw_t0 (in thousands)", Heading("sales_krw_t0", 1_000)),
        ("재무제표(천원)\n매출액(최근)", Heading("sales_krw_t0", 1_000)),
        ("매출액(백만원)\n1년 전", Heading("sales_krw_t1", 10**6)),
        ("매출액\n최근\n(천원)", Heading("sales_krw_t0", 1_000)),
        ("인력\n총인원\n(명)", Heading("staff_total")),
        ("총인원(명)", Heading("staff_total")),
        ("기술개발 수행 건수(3년)(건)", Heading("rnd_projects_3y")),
        ("표준산업분류 코드(9차)", Heading("industry", revision=9)),
        ("KSIC 11", Heading("industry", revision=11)),
        ("KSIC 코드(제10차 개정)", Heading("industry", revision=10)),
        ("총인원(천원)", None),
        ("매출액(최근)(달러)", None),
        ("매출액", None),
        ("비고", None),
        ("", None),
        ("가" * 1_000, None),
    ],
)
def test_a_heading_means_one_fact_or_none(words: str, found: Heading | None) -> None:
    assert heading_of(words) == found


def test_every_fact_is_found_by_its_name_and_labels() -> None:
    for fact, spec in FACTS.items():
        for words in (fact, spec.label["ko"], spec.label["en"], *spec.aliases):
            assert heading_of(words) == Heading(fact), words


@pytest.mark.parametrize(
    ("note", "won"),
    [
        ("(단위: 천원)", 1_000),
        ("단위 : 백만원, 명", 10**6),
        ("[금액단위:억원]", 10**8),
        ("2026년 기업 현황 (단위 : 천 원)", 1_000),
        ("(Unit: KRW million)", 10**6),
        ("(in thousands of KRW)", 1_000),
        ("(천원)", 1_000),
        ("(단위: 명)", None),
        ("2026년 평가 대상 기업 현황", None),
        ("매출 3억원 이상 기업", None),
    ],
)
def test_a_note_states_one_unit_or_none(note: str, won: int | None) -> None:
    assert unit_in_note(note) == won


@pytest.mark.parametrize(
    ("note", "key"),
    [
        ("(단위: 천원, 백만원)", "facts.several_units"),
        ("단위: 천달러", "facts.foreign_currency"),
        ("(단위: USD)", "facts.foreign_currency"),
    ],
)
def test_a_note_of_several_units_or_another_currency_is_refused(note: str, key: str) -> None:
    with pytest.raises(InputError) as refused:
        unit_in_note(note)
    assert refused.value.key == key


def test_units_and_currencies_are_told_from_headings() -> None:
    headings = CompanyHeadings()
    assert all(map(headings.is_unit, ("(천원)", "명", "단위: 백만원", "(명)", "(단위: 천원, 명)", "%")))
    assert not any(map(headings.is_unit, ("기업명", "가람", "3", "", "현황(천원)")))
    assert states_foreign_currency("매출액(최근)(USD)") and not states_foreign_currency("매출액(최근)(원)")
    assert not states_foreign_currency("비고(달러)")
