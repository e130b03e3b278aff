"""Any text means the same, or nothing, in a record, its totals, a batch table, the form, the API and a scheme."""

from __future__ import annotations

import json
import math
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from ktop.catalogue import message
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.facts import company_facts
from ktop.domain.company.kinds import fact_kind
from ktop.domain.company.record import Company
from ktop.domain.party.actor import Actor
from ktop.domain.values.count import Count
from ktop.domain.values.money_units import worded_amount
from ktop.kernel.errors import InputError
from ktop.kernel.settings import Settings
from ktop.training.scheme import Scheme, read_scheme
from ktop.usecases.uploads import parse_record
from ktop.web import forms
from ktop.web.app import create_app

DAY = date(2026, 6, 30)
ROOM = 1e-9
#: Facts that a field of the record fills alone, by the record that says them.
FIELDS: dict[str, Any] = {
    "name_en": lambda text: {"name_en": text},
    "business_number": lambda text: {"business_number": text},
    "founded": lambda text: {"founded": text},
    "ceo_degree": lambda text: {"ceo": {"degree": text}},
    "ceo_technical": lambda text: {"ceo": {"technical": text}},
    "rnd_organisation": lambda text: {"rnd_organisation": text},
    "sales_krw_t0": lambda text: {"statements": [{"year": 2025, "sales": text}]},
    "equity_krw_t0": lambda text: {"statements": [{"year": 2025, "equity": text}]},
    "guarantee_balance_krw": lambda text: {"credit": {"guarantee_balance_krw": text}},
    "tax_arrears": lambda text: {"credit": {"tax_arrears": text}},
    "q07": lambda text: {"checklist": {"q07": text}},
}
TOTALS = ("operating_profit_krw_t0", "staff_total", "patent_claims_mean", "venture_certified", "patents_registered")

figures = st.from_regex(r"[-+−△▲(]?[ ]?[0-9０１]{1,4}([,.][0-9]{1,3}){0,3}[)%e]?[0-9]{0,2}", fullmatch=True)
days = st.from_regex(r"(19|20)?[0-9]{2}[-./년 ]{0,2}[01]?[0-9][-./월 ]{0,2}[0-3]?[0-9][.일]?", fullmatch=True)
WORDS = (
    *(
        "1,2,3",
        "1_0",
        "1e999999999",
        "12명",
        "3억",
        "１２３",
        "(5)",
        "△0",
        "-0",
        "1e3",
        "5e-324",
        "nan",
        "inf",
        "0,123",
    ),
    *("유", "무", "예", "아니오", "O", "X", "여", "부", "없음", "none", "true", "no", "석사", "master", "2", "2.0"),
    *("null", "NA", "N/A", "-", "미상", "해당 없음", "가람", "221-00-44172", "2210044172"),
    *("2024.1.5", "2024. 1. 5.", "2024년 1월 5일", "20240105", "41710", "2014", "2026-02-30", "1799-12-31"),
    *("3억", "5천원", "3억 5,000만원", "△1,234천원", "₩5,000", "3천"),
    *("a\ud800", "a\x00", "\x1c5", "5\x85", "1" * 61, "가" * 301),
)
numbers = st.integers(-(10**20), 10**20).map("{:,}".format)
texts = st.one_of(figures, days, st.sampled_from(WORDS), st.text(max_size=12), numbers)


def answer(read: Any, *args: Any) -> Any:
    """Return what a place reads, or the key of its refusal."""
    try:
        return read(*args)
    except InputError as refused:
        return refused.key


def from_record(fact: str, record: dict[str, Any]) -> Any:
    return company_facts(Company.from_mapping({"name": "가상", **record}), DAY)[fact]


def from_table(fact: str, text: str) -> Any:
    # A table always comes from a file, and no file holds half a character.
    table, problems = FactTable.from_frame(pl.DataFrame({"name": ["가상"], fact: [text]}), DAY)
    return table.row(0)[fact] if problems.ok[0] else problems.found[0][0].key


def from_form(fact: str, text: str) -> Any:
    facts, problems = forms.read({"name": "가상", fact: text}, "en", ("name", fact))
    if fact in problems:
        try:
            forms.kind_asked(fact).parse(text)
        except InputError as refused:
            return refused.key
    value = facts.get(fact)
    return date.fromisoformat(value) if fact == "founded" and value else value


def same(found: Any, expected: Any) -> bool:
    if isinstance(expected, float) and isinstance(found, int | float):
        return abs(found - expected) <= ROOM * max(1.0, abs(expected))
    return bool(found == expected)


@settings(max_examples=150)
@given(texts)
def test_a_text_has_one_meaning_in_record_totals_table_and_form(text: str) -> None:
    for fact in (*FIELDS, *TOTALS):
        read = fact_kind(fact)
        expected = answer(read.parse, text)
        late = isinstance(expected, date) and expected > DAY
        record = FIELDS[fact](text) if fact in FIELDS else {"facts": {fact: text}}
        found = answer(from_record, fact, record)
        assert late or same(found, expected), (fact, text, found)
        if not late and not any("\ud800" <= mark <= "\udfff" for mark in text):
            assert same(from_table(fact, text), expected), (fact, text)
        if FACTS[fact].unit == "krw":
            expected = answer(forms.kind_asked(fact).parse, text)
            plain = answer(read.parse, text)
            if isinstance(expected, float) and isinstance(plain, float):
                assert same(expected, plain * 1_000_000), (fact, text)
            elif worded_amount(text) is not None:  # the form states a unit already
                assert expected == "values.not_a_number", (fact, text)
            else:
                limits = {"values.out_of_range"}  # the form's figure is a million times as much
                assert expected == plain or {expected, plain} & limits, (fact, text)
        assert same(from_form(fact, text), expected), (fact, text)


@settings(max_examples=60)
@given(texts)
def test_a_statement_in_millions_says_what_the_form_does(text: str) -> None:
    record = {"statements": [{"year": 2025, "unit": "million_krw", "equity": text}]}
    found, form = answer(from_record, "equity_krw_t0", record), from_form("equity_krw_t0", text)
    assert same(found, float(form) if isinstance(form, int) else form), text


class Reader:
    """A platform that only reads what the API hands on."""

    def __init__(self) -> None:
        self.read: Any = None
        self.ratings = self

    def rate_company(self, actor: Actor, record: dict[str, Any], as_of: date | None) -> Any:
        self.read = (company_facts(Company.from_mapping(record), DAY), as_of)
        raise InputError("platform.no_company_to_change")  # read: nothing to keep here


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    app = create_app(Settings(solo=True, data=tmp_path_factory.mktemp("api")), Reader())  # type: ignore[arg-type]
    return TestClient(app, raise_server_exceptions=False)


def posted(api: TestClient, body: bytes) -> tuple[int, str, str]:
    answered = api.post("/api/v1/ratings/company?lang=en", content=body, headers={"content-type": "application/json"})
    error = answered.json()
    return answered.status_code, error["code"], error["detail"]


@settings(max_examples=60)
@given(texts)
@example("1,2,3")
@example("△1,234")
def test_the_api_reads_as_the_record_does(api: TestClient, text: str) -> None:
    service: Reader = api.app.state.platform  # type: ignore[attr-defined]
    for fact in ("ceo_technical", "equity_krw_t0", "founded", "name_en"):
        expected = answer(from_record, fact, FIELDS[fact](text))
        service.read = None
        record = {"name": "가상", **FIELDS[fact](text)}
        status, code, _ = posted(api, json.dumps({"record": record}).encode())
        assert status == 422
        assert same(service.read[0][fact], expected) if service.read else code == expected
    expected = answer(fact_kind("founded").parse, text)
    service.read = None
    status, code, _ = posted(api, json.dumps({"record": {"name": "가상"}, "as_of": text}).encode())
    assert service.read[1] == expected if service.read else code == expected


SCHEME: dict[str, Any] = {
    "name": "t",
    "id": "firm",
    "groups": {"g": "g"},
    "features": {"x": {"group": "g"}},
    "targets": {"t": {"outcome": "column", "column": "y"}},
}


def scheme_of(text: str, entry: str) -> Scheme:
    return read_scheme({**SCHEME, entry: text})


@settings(max_examples=150)
@given(texts)
def test_a_scheme_reads_counts_and_yes_or_no_as_every_other_place_does(text: str) -> None:
    for entry, kind in (("members", Count(1, 500)), ("honest_intervals", fact_kind("ceo_technical"))):
        expected = answer(kind.parse, text)
        found = answer(lambda entry=entry: getattr(scheme_of(text, entry), entry))
        assert found == ("models.scheme_value" if expected is None else expected), (entry, text)


HUGE = "1" + "0" * 400


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        ({"as_of": "0001-01-01"}, "values.day_out_of_range", "as_of"),
        ({"as_of": "9999-12-31"}, "values.day_out_of_range", "as_of"),
        ({"as_of": 0}, "values.not_a_date", "as_of"),
        ({"founded": "2026-02-30"}, "values.no_such_day", "founded"),
        ({"facts": {"sales_krw_t0": int(HUGE)}}, "values.out_of_range", "sales_krw_t0"),
        ({"staff": [{"date": "2026-03-31", "total": 1e19}]}, "values.out_of_range", "staff.2026-03-31.total"),
        ({"statements": [{"year": 1e308}]}, "values.out_of_range", "statements.#1.year"),
        ({"statements": [{"year": int(HUGE)}]}, "values.out_of_range", "year"),
        ({"facts": {"\ud800": 1}}, "values.unwritable_text", "facts"),
        ({"\ud800": 1}, "values.unwritable_text", "top level"),
        ({"name": "x\ud800"}, "values.unwritable_text", "name"),
        ({"ip": [{"kind": "\ud800"}]}, "values.not_a_choice", "ip.#1.kind"),
        ({"checklist": {"q01": math.inf}}, "values.not_a_choice", "checklist.q01"),
        ({"statements": [{"year": 2024, "currency": "\ud800"}]}, "company.currency", "statements.2024.currency"),
    ],
    ids=str,
)
def test_hostile_values_are_refused_by_name(api: TestClient, body: dict[str, Any], code: str, place: str) -> None:
    request = {"record": {"name": "x"} | {k: v for k, v in body.items() if k != "as_of"}}
    request |= {"as_of": body["as_of"]} if "as_of" in body else {}
    status, found, sentence = posted(api, json.dumps(request).encode())
    assert (status, found) == (422, code)
    assert place in sentence


def test_an_integer_of_thousands_of_digits_is_refused_by_name(api: TestClient) -> None:
    body = b'{"record": {"name": "x", "facts": {"sales_krw_t0": -1%b}}}' % (b"0" * 5000)
    status, code, sentence = posted(api, body)
    assert (status, code) == (422, "values.out_of_range")
    assert "sales_krw_t0" in sentence
    assert posted(api, b'{"record": 1')[:2] == (422, "web.body_not_json")


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ("name: X\nfounded: 2026-02-30\n", "values.no_such_day"),
        ("name: X\nfounded: 2026-99-99T00:00:00Z\n", "values.not_a_date"),
        ("name: X\nfacts: {staff_total: 1_0}\n", "values.not_a_number"),
        ("name: X\nfacts: {sales_krw_t0: 1" + "0" * 5000 + "}\n", "values.not_a_number"),
        ('{"name": "X", "facts": {"sales_krw_t0": -1' + "0" * 5000 + "}}", "values.out_of_range"),
        ("name: X\nceo: {degree: !!float 1master}\n", "records.not_yaml"),
        ("name: X\nceo: {industry_years: !!int 0x1g}\n", "records.not_yaml"),
        ("name: X\n? [a, b]\n: 1\n", "records.not_yaml"),
        ("name: X\nfounded: !!timestamp soon\n", "records.not_yaml"),
        ('{"name": "a\\ud800"}', "values.unwritable_text"),
        ('{"name": "X", "statements": [{"year": "\\ud800"}]}', "values.not_a_number"),
    ],
    ids=lambda text: text[:40],
)
def test_hostile_files_are_refused_in_one_sentence(source: str, key: str) -> None:
    with pytest.raises(InputError) as refused:
        Company.from_mapping(parse_record(source))
    assert refused.value.key == key
    assert "\n" not in message(refused.value, "en")
