"""The company record: what it takes, and the one sentence it refuses with."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.catalogue import LANGS, message
from ktop.domain.company.record import Company, company_schema
from ktop.domain.values.registration_numbers import CorporateNumber
from ktop.kernel.errors import InputError

from .records import record

EXAMPLES = sorted((Path(__file__).resolve().parents[3] / "examples" / "companies").glob("*.yaml"))


def refusal(data: Any) -> InputError:
    with pytest.raises(InputError) as refused:
        Company.from_mapping(data)
    for lang in LANGS:
        assert "{" not in message(refused.value, lang)
    return refused.value


def test_the_record_is_read() -> None:
    company = Company.from_mapping(record())
    assert company.founded == date(2016, 6, 30)
    assert company.statements is not None
    assert company.statements[2].krw("sales") == 1_200_000_000
    assert not company.foreign


def test_only_the_name_is_needed_and_absent_stays_unknown() -> None:
    company = Company.from_mapping({"name": "가람"})
    assert company.ip is None
    assert Company.from_mapping({"name": "가람", "ip": []}).ip == ()


@pytest.mark.parametrize(
    ("changes", "path", "value"),
    [
        ({"founded": "2016. 6. 30."}, "founded", date(2016, 6, 30)),
        ({"founded": "20160630"}, "founded", date(2016, 6, 30)),
        ({"founded": 20160630}, "founded", date(2016, 6, 30)),
        ({"region": "대전광역시"}, "region", "KR-30"),
        ({"region": "대전"}, "region", "KR-30"),
        ({"region": "Daejeon"}, "region", "KR-30"),
        ({"rnd_organisation": "기업부설연구소"}, "rnd_organisation", "institute"),
        ({"industry": "c29280"}, "industry", "C29280"),
        ({"industry": 29280}, "industry", "29280"),
        ({"company_id": 17}, "company_id", "17"),
        ({"name": "  가람  "}, "name", "가람"),
        ({"country": "kr"}, "country", "KR"),
    ],
)
def test_usual_ways_of_writing_are_taken(changes: dict[str, Any], path: str, value: Any) -> None:
    assert getattr(Company.from_mapping(record(**changes)), path) == value


def test_amounts_may_have_thousands_commas_and_statements_may_run_backwards() -> None:
    company = Company.from_mapping(record(statements=[{"year": 2025, "sales": "1,200,000"}, {"year": 2024}]))
    assert company.statements is not None
    assert [s.year for s in company.statements] == [2024, 2025]
    assert company.statements[1].sales == 1_200_000


def test_a_foreign_firm_needs_no_korean_numbers_and_is_read_by_isic() -> None:
    foreign = {"name": "Beispiel", "country": "DE", "region": "foreign", "industry": "28.41"}
    company = Company.from_mapping(foreign)
    assert company.foreign
    assert refusal({**foreign, "country": None}).key == "company.country_needed"
    assert refusal({**foreign, "region": "KR-11"}).key == "company.country_conflict"
    assert refusal({**foreign, "country": "Germany"}).key == "values.country_unknown"


@pytest.mark.parametrize(
    ("changes", "key", "part"),
    [
        ({"naem": "x"}, "company.unknown_field_near", "'name'"),
        ({"사업자등록번호": "1"}, "company.unknown_field_near", "business_number"),
        ({"zzzzzz": 1}, "company.unknown_field", "zzzzzz"),
        ({"statements": [{"year": 2024, "slaes": 1}]}, "company.unknown_field_near", "statements.2024"),
        ({"name": ...}, "company.missing_field", "name"),
        ({"name": None}, "company.missing_field", "name"),
        ({"name": " "}, "company.missing_field", "name"),
        ({"name": "가" * 301}, "values.text_too_long", "300"),
        ({"name": 7}, "values.not_text", "name"),
        ({"business_number": "123"}, "values.business_number_digits", "123"),
        ({"business_number": "1234567890"}, "values.business_number_check_digit", "1234567890"),
        ({"corporate_number": "1"}, "values.corporate_number_digits", "1"),
        ({"industry": "X1"}, "values.industry_unknown", "X1"),
        ({"industry": "C04"}, "values.industry_unknown", "C04"),
        ({"industry": "A29280"}, "values.industry_section", "A29280"),
        ({"region": "Atlantis"}, "values.region_unknown", "Atlantis"),
        ({"founded": "last year"}, "values.not_a_date", "last year"),
        ({"founded": "2016-02-30"}, "values.no_such_day", "2016-02-30"),
        ({"ceo": {"degree": "professor"}}, "values.not_a_choice", "bachelor"),
        ({"ceo": {"technical": "perhaps"}}, "values.not_yes_no", "perhaps"),
        ({"ceo": 3}, "company.not_a_group", "ceo"),
        ({"ceo": {"industry_years": -1}}, "values.out_of_range", "-1"),
        ({"ceo": {"founding_record": 1.5}}, "values.not_whole", "1.5"),
        ({"staff": {"total": 3}}, "company.not_a_list", "staff"),
        ({"staff": [{"total": 3}]}, "company.missing_field", "staff.#1.date"),
        ({"staff": [{"date": "2025-01-01"}, {"date": "2025-01-01"}]}, "company.date_twice", "2025-01-01"),
        ({"staff": [{"date": "2025-01-01", "total": 3, "technical": 4}]}, "company.exceeds", "technical"),
        (
            {"statements": [{"year": 2024}, {"year": 2022}, {"year": 2023}]},
            "company.years_out_of_order",
            "2024, 2022, 2023",
        ),
        ({"statements": [{"year": 2024}, {"year": 2024}]}, "company.year_twice", "2024"),
        ({"statements": [{"year": 2024, "year_end": "2026-03-31"}]}, "company.year_end", "2026-03-31"),
        ({"statements": [{"year": 2024, "currency": "USD"}]}, "company.currency", "USD"),
        ({"statements": [{"year": 2024, "unit": "dollar"}]}, "values.not_a_choice", "million_krw"),
        ({"statements": [{"year": 2024, "sales": "3억"}]}, "values.not_a_number", "3억"),
        ({"statements": [{"year": 2024, "sales": "1,2,3"}]}, "values.comma_groups", "1,2,3"),
        ({"statements": [{"year": 2024, "sales": True}]}, "values.not_a_number", "true"),
        ({"statements": [{"year": 2024, "sales": float("nan")}]}, "values.not_a_number", "nan"),
        ({"statements": [{"year": 2024, "sales": float("inf")}]}, "values.out_of_range", "inf"),
        ({"statements": [{"year": 2024, "sales": 1e18}]}, "values.out_of_range", "1,000,000,000,000,000"),
        ({"statements": [{"year": 2024, "sales": -1}]}, "values.out_of_range", "statements.2024.sales"),
        ({"statements": [{"year": 2024, "total_assets": 5, "equity": 6}]}, "company.exceeds", "equity"),
        ({"rnd_projects": [{"start": "2024-01-01", "end": "2023-01-01"}]}, "company.before", "2023-01-01"),
        ({"rnd_projects": [{"start": "2024-01-01", "result": "success"}]}, "company.result_without_end", "success"),
        ({"ip": [{"kind": "patent", "status": "registered"}]}, "company.registered_without_date", "ip.#1"),
        ({"ip": [{"kind": "patent", "status": "granted"}]}, "values.not_a_choice", "registered"),
        ({"ip": [{"kind": "patent", "status": "pending", "claims": 9999}]}, "values.out_of_range", "2,000"),
        ({"checklist": {"q01": 6}}, "values.not_a_choice", "q01"),
        ({"checklist": {"q26": 1}}, "company.unknown_field", "q26"),
        ({"checklist": {"q1": 1}}, "company.unknown_field", "q1"),
        ({"sources": [{"path": "balance", "source": "x"}]}, "company.source_path", "balance"),
        ({"certifications": [{"kind": "venture", "issued": "2024-01-01"}] * 5001}, "company.too_many", "5,000"),
    ],
)
def test_one_sentence_says_what_is_wrong_and_where(changes: dict[str, Any], key: str, part: str) -> None:
    error = refusal(record(**changes))
    assert error.key == key
    for lang in LANGS:
        assert part in message(error, lang)
        assert "\n" not in message(error, lang)


def test_further_errors_are_counted() -> None:
    one = refusal(record(ceo={"degree": "x"}))
    two = refusal(record(ceo={"degree": "x", "technical": "perhaps"}))
    many = refusal(record(ceo={"degree": "x", "technical": "perhaps"}, region="x"))
    assert message(one, "en").count("more place") == 0
    assert "one more place" in message(two, "en")
    assert "2 more places" in message(many, "en")
    assert "2곳 더" in message(many, "ko")


@pytest.mark.parametrize("data", [[], None, "name: x", 3])
def test_a_record_that_is_no_mapping_is_refused(data: Any) -> None:
    assert refusal(data).key in ("company.not_a_group", "company.missing_field")


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(Company.model_fields)), json_values, max_size=4))
def test_any_values_are_taken_or_refused_in_words(changes: dict[str, Any]) -> None:
    try:
        Company.from_mapping(record(**changes))
    except InputError as error:
        for lang in LANGS:
            assert message(error, lang)


def test_a_corporate_number_off_the_check_digit_rule_is_taken() -> None:
    digits = CorporateNumber.invented(5).digits
    off = digits[:-1] + str((int(digits[-1]) + 1) % 10)
    assert Company.from_mapping(record(corporate_number=off)).corporate_number == f"{off[:6]}-{off[6:]}"


def test_a_company_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Company.from_mapping(record()).name = "other"  # type: ignore[misc]


def test_the_schema_takes_what_the_reader_takes() -> None:
    jsonschema_rs = pytest.importorskip("jsonschema_rs")
    schema = company_schema()
    json.dumps(schema)
    validator = jsonschema_rs.validator_for(schema)
    assert validator.is_valid(record())
    assert not validator.is_valid(record(name=...))
    assert not validator.is_valid(record(zzz=1))
    assert not validator.is_valid(record(checklist={"q01": 9}))
    assert not validator.is_valid(record(checklist={"q99": 1}))
    assert validator.is_valid(record(facts={"patents_registered": 4}))
    assert not validator.is_valid(record(facts={"patents_registered": -4}))
    assert not validator.is_valid(record(facts={"name": 4}))
    assert schema["properties"]["founded"]["x-label"]["ko"] == "설립일"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_are_valid_and_belong_to_nobody(path: Path) -> None:
    import yaml

    company = Company.from_mapping(yaml.safe_load(path.read_text("utf-8")))
    assert "가상" in company.name
    assert company.business_number is not None
    assert company.business_number[4:6] == "00"


def test_there_are_three_examples() -> None:
    assert len(EXAMPLES) >= 3


@pytest.mark.parametrize(
    ("unit", "won"),
    [
        ("천원", 1_000),
        ("천 원", 1_000),
        ("thousand won", 1_000),
        ("백만원", 10**6),
        ("KRW mn", 10**6),
        ("억원", 10**8),
        ("원", 1),
    ],
)
def test_a_statement_takes_its_unit_as_offices_write_it(unit: str, won: int) -> None:
    company = Company.from_mapping({"name": "가", "statements": [{"year": 2024, "unit": unit, "sales": 3}]})
    assert company.statements is not None
    assert company.statements[0].krw("sales") == 3 * won
