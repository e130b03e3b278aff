"""Parsers of sources: whatever comes, none fails or invents a value, and every kind of answer stays what it is."""

from __future__ import annotations

import dataclasses
import json
import os
import random
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ktop.collect import certificates, epo, fsc, kipris, korean_portal, nps, ntis, nts, opendart, uspto
from ktop.collect.answer import OUTCOMES, Answer, Operation
from ktop.collect.merging import Choice, Stated, gather
from ktop.collect.parsing import PARSERS, Kept, identify, states
from ktop.collect.payload import amount, count, day, digits
from ktop.collect.stand_in.companies import made_up_companies
from ktop.collect.stand_in.services import KEY, Services
from ktop.collect.value import Identity, Value, plain_name
from ktop.domain.company.record import Company

#: `KTOP_FUZZ=1000 ./test tests/collect` tries as many payloads a parser.
FUZZ = int(os.environ.get("KTOP_FUZZ", "25"))
TODAY = date(2026, 6, 30)
NOW = datetime(2026, 6, 30, 3, tzinfo=UTC)
GARAM = made_up_companies(TODAY)[0]
IDENTITY = Identity(
    GARAM.business_number,
    GARAM.corporate_number,
    GARAM.dart_code,
    (GARAM.applicant_code,),
    (GARAM.name, GARAM.former_name),
    (GARAM.name_en,),
)
SERVICES = Services(TODAY)
NUMBER = GARAM.rights[0].application
KEYS = {"serviceKey": KEY, "crtfc_key": KEY, "ServiceKey": KEY, "accessKey": KEY, "apprvKey": KEY}
#: What each parser reads of the stand-ins: path, question.
GOOD: Mapping[tuple[str, str], tuple[str, dict[str, str]]] = {
    ("opendart", "company"): ("/opendart/company.json", {"corp_code": GARAM.dart_code}),
    ("opendart", "statements"): (
        "/opendart/fnlttSinglAcntAll.json",
        {"corp_code": GARAM.dart_code, "bsns_year": "2025", "fs_div": "OFS"},
    ),
    ("fsc", "outline"): ("/fsc/x/getCorpOutline_V2", {"bzno": GARAM.business_number}),
    ("fsc", "summary"): ("/fsc/x/getSummFinaStat_V2", {"crno": GARAM.corporate_number}),
    ("kipris", "applicants"): (
        "/kipris/openapi/rest/CorpBsApplicantService/corpBsApplicantInfoV3",
        {"BusinessRegistrationNumber": GARAM.business_number},
    ),
    ("kipris", "search"): (
        "/kipris/kipo-api/kipi/patUtiModInfoSearchSevice/getAdvancedSearch",
        {"applicant": GARAM.applicant_code, "numOfRows": "6"},
    ),
    ("kipris", "bibliography"): (
        "/kipris/kipo-api/kipi/patUtiModInfoSearchSevice/getBibliographyDetailInfoSearch",
        {"applicationNumber": NUMBER},
    ),
    ("kipris", "citing"): (
        "/kipris/openapi/rest/CitingService/citingInfo",
        {"standardCitationApplicationNumber": GARAM.rights[1].application},
    ),
    ("kipris", "registration"): (
        "/kipris/openapi/rest/RegistrationService/registrationInfo",
        {"application": GARAM.rights[4].application},
    ),
    ("ntis", "projects"): ("/ntis/public_project", {"addQuery": f"PB01={GARAM.name}"}),
    ("epo", "search"): ("/epo/rest-services/published-data/search/biblio", {"q": f'pa="{GARAM.name_en}"'}),
    ("epo", "family"): (
        f"/epo/rest-services/family/application/docdb/KR.{GARAM.abroad[1].priority[2:]}.A/legal",
        {"number": f"KR.{GARAM.abroad[1].priority[2:]}.A"},
    ),
    ("uspto", "search"): ("/uspto/patent/applications/search", {"q": f'firstApplicantName:"{GARAM.name_en}"'}),
    ("certificates", "ventures"): ("/certificates/15084581/v1/x", {"cond[업체명::EQ]": GARAM.name}),
}


def good(of: tuple[str, str]) -> tuple[bytes, dict[str, str]]:
    path, asked = GOOD[of]
    headers = {"authorization": f"Bearer {KEY}", "x-api-key": KEY}
    return SERVICES.reply(path, {**asked, **KEYS}, headers, b"").content, asked


@pytest.mark.parametrize("of", GOOD, ids="-".join)
def test_every_parser_reads_its_stand_in(of: tuple[str, str]) -> None:
    content, asked = good(of)
    assert PARSERS[of](content, asked, IDENTITY)


@pytest.mark.parametrize("of", GOOD, ids="-".join)
@settings(max_examples=FUZZ, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32 - 1), junk=st.binary(max_size=40), words=st.text(max_size=12))
def test_no_payload_breaks_a_parser_or_makes_it_invent(of: tuple[str, str], seed: int, junk: bytes, words: str) -> None:
    content, asked = good(of)
    chance = random.Random(seed)
    damaged = bytearray(content)
    for _ in range(chance.randrange(1, 12)):
        place = chance.randrange(len(damaged) + 1)
        kind = chance.randrange(4)
        if kind == 0:
            damaged[place : place + chance.randrange(1, 30)] = b""
        elif kind == 1:
            damaged[place:place] = junk
        elif kind == 2:
            damaged[place : place + 1] = words.encode("utf-8", "replace")[:1]
        else:
            del damaged[place:]
    values = PARSERS[of](bytes(damaged), asked, IDENTITY)
    stated = [Stated(value, of[0], "a", NOW) for value in values]
    Company.from_mapping(gather(GARAM.business_number, stated, accept_names=True).record)
    # what is not in the payload is not in the record: years and whole numbers stand in it as they are
    for value in values:
        if value.path.startswith("statements.") and not value.path.endswith("year_end"):
            assert str(int(abs(float(value.value)))) in bytes(damaged).decode("utf-8", "ignore").replace(",", "")


def without_each_field(content: bytes) -> list[tuple[str, bytes]]:
    """Return a JSON answer once without each of its fields."""
    answer = json.loads(content)
    found = []

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            for name in list(node):
                value = node.pop(name)
                found.append((name, json.dumps(answer, ensure_ascii=False).encode()))
                node[name] = value
                walk(value)
        elif isinstance(node, list):
            for entry in node:
                walk(entry)

    walk(answer)
    return found


FIELD_OF = {
    ("fsc", "summary"): {"enpSaleAmt": "sales", "enpTcptAmt": "equity", "enpCptlAmt": "capital_stock"},
    ("fsc", "outline"): {"enpEstbDt": "founded", "enpBsadr": "region", "enpEmpeCnt": "total"},
    ("opendart", "company"): {"est_dt": "founded", "adres": "region", "induty_code": "industry"},
}


@pytest.mark.parametrize("of", FIELD_OF, ids="-".join)
def test_what_is_missing_in_the_payload_is_missing_in_the_record(of: tuple[str, str]) -> None:
    content, asked = good(of)
    whole = {value.path for value in PARSERS[of](content, asked, IDENTITY)}
    lost = 0
    for name, less in without_each_field(content):
        values = {value.path for value in PARSERS[of](less, asked, IDENTITY)}
        assert values <= whole or of == ("fsc", "outline"), "a missing field brings no new value"
        if name in FIELD_OF[of]:
            gone = {path for path in whole - values if path.split(".")[-1] == FIELD_OF[of][name]}
            lost += len(gone)
    assert lost >= len(FIELD_OF[of])


ANSWERS: list[tuple[Operation, bytes, str]] = [
    (opendart.COMPANY, b'{"status":"000"}', "found"),
    (opendart.COMPANY, b'{"status":"013"}', "no_data"),
    (opendart.COMPANY, b'{"status":"010"}', "not_permitted"),
    (opendart.COMPANY, b'{"status":"020"}', "quota"),
    (opendart.COMPANY, b'{"status":"800"}', "broken"),
    (opendart.CODES, b"<result><status>901</status></result>", "not_permitted"),
    (opendart.CODES, b"PK\x03\x04 no archive", "broken"),
    (fsc.OUTLINE, b'{"response":{"header":{"resultCode":"00"},"body":{"items":""}}}', "no_data"),
    (fsc.OUTLINE, b'{"response":{"header":{"resultCode":"03"}}}', "no_data"),
    (
        fsc.OUTLINE,
        b"<OpenAPI_ServiceResponse><cmmMsgHeader><returnReasonCode>22</returnReasonCode></cmmMsgHeader>"
        b"</OpenAPI_ServiceResponse>",
        "quota",
    ),
    (nps.SITES, b"<cmmMsgHeader><returnReasonCode>30</returnReasonCode></cmmMsgHeader>", "not_permitted"),
    (nps.SITES, b"<html>maintenance</html>", "broken"),
    (nts.STATUS, b'{"status_code":"OK","data":[{"b_no":"1010070018","b_stt_cd":""}]}', "no_data"),
    (nts.STATUS, b'{"code":-4,"msg":"x"}', "not_permitted"),
    (kipris.SEARCH, b"<response><header><resultCode></resultCode></header><body><items/></body></response>", "no_data"),
    (kipris.SEARCH, b"<response><header><resultCode></resultCode></header><body/></response>", "broken"),
    (kipris.SEARCH, b"<response><header><resultCode>30</resultCode></header></response>", "not_permitted"),
    (kipris.SEARCH, b"<response><header><resultCode>22</resultCode></header></response>", "quota"),
    (ntis.PROJECTS, b"<RESULT><TOTALHITS>0</TOTALHITS></RESULT>", "no_data"),
    (ntis.PROJECTS, b"<ERROR><MESSAGE>IP is not registered</MESSAGE></ERROR>", "not_permitted"),
    (certificates.VENTURES, b'{"data":[]}', "no_data"),
    (certificates.VENTURES, b'{"code":-10}', "quota"),
    (epo.SEARCH, b"<fault><code>SERVER.EntityNotFound</code></fault>", "no_data"),
    (epo.SEARCH, b"<fault><code>CLIENT.RobotDetected</code></fault>", "quota"),
    (uspto.SEARCH, b'{"message":"Forbidden"}', "not_permitted"),
    (uspto.SEARCH, b'{"code":404}', "no_data"),
    (kipris.CITING, b'<!DOCTYPE x [<!ENTITY a "b">]><response/>', "broken"),
]


@pytest.mark.parametrize(("operation", "content", "outcome"), ANSWERS)
def test_kinds_of_answers_stay_apart(operation: Operation, content: bytes, outcome: str) -> None:
    assert operation.judge(content).outcome == outcome


OPERATIONS = [opendart.COMPANY, opendart.CODES, fsc.OUTLINE, nts.STATUS, kipris.SEARCH, ntis.PROJECTS]
OPERATIONS += [certificates.VENTURES, epo.SEARCH, uspto.SEARCH]


@settings(max_examples=4 * FUZZ, deadline=None)
@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=100).map(lambda t: f"<r>{t}</r>".encode())))
def test_no_content_breaks_a_judge(content: bytes) -> None:
    for operation in OPERATIONS:
        assert operation.judge(content).outcome in OUTCOMES


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        *[("1,234", 1234.0), ("-5", -5.0), ("(1,000)", -1000.0), ("△7", -7.0), ("0", 0.0), ("12.00", 12.0)],
        *[("", None), ("-", None), ("1,23", None), ("1.5", None), ("1e9", None), ("(-3)", None), ("9" * 18, None)],
    ],
)
def test_amounts_are_read_or_missing(words: str, expected: float | None) -> None:
    assert amount({"a": words}, "a") == expected


def test_single_values_are_read_or_missing() -> None:
    assert day({"d": "2024.1.31"}, "d") == date(2024, 1, 31) and day({"d": "20240230"}, "d") is None
    assert digits({"n": "110111-1234567"}, "n", length=13) == "1101111234567"
    assert digits({"n": "11011"}, "n", length=13) is None and count({"n": "-3"}, "n") is None
    assert plain_name("(주)가람센서") == plain_name("가람센서 주식회사") == plain_name("㈜ 가람 센서")
    assert korean_portal.plain_key("a%2Bb%3D") == "a+b=" and korean_portal.plain_key("a+b=") == "a+b="


def stated(path: str, value: Any, source: str, **more: Any) -> Stated:
    return Stated(Value(path, value, **more), source, f"{source}-{path}", NOW)


def test_sources_are_believed_in_order_and_stand_side_by_side() -> None:
    found = gather(
        "1010070018", [stated("founded", date(2014, 3, 1), "fsc"), stated("founded", date(2014, 3, 12), "opendart")]
    )
    merged = found.values["founded"]
    assert (merged.value, merged.state, len(merged.stated)) == (date(2014, 3, 12), "differs", 2)


def test_a_factor_of_a_unit_is_told() -> None:
    both = [
        stated("statements.2024.sales", 5_000_000_000.0, "opendart", scope="separate"),
        stated("statements.2024.sales", 5_000_000.0, "fsc", scope="separate"),
    ]
    assert gather("1010070018", both).values["statements.2024.sales"].state == "unit"


def test_a_later_report_restates_and_scopes_are_never_mixed() -> None:
    all_of_them = [
        stated("statements.2023.sales", 100.0, "opendart", scope="separate", order="20240331"),
        stated("statements.2023.sales", 90.0, "opendart", scope="separate", order="20250331"),
        stated("statements.2024.sales", 120.0, "opendart", scope="separate", order="20250331"),
        stated("statements.2024.equity", 999.0, "opendart", scope="consolidated", order="20250331"),
    ]
    found = gather("1010070018", all_of_them)
    assert found.scope == "separate" and "statements.2024.equity" not in found.values
    assert found.values["statements.2023.sales"].value == 90.0
    assert [one.value.value for one in found.values["statements.2023.sales"].stated] == [90.0, 100.0]
    consolidated = [
        dataclasses.replace(one, value=dataclasses.replace(one.value, scope="consolidated")) for one in all_of_them
    ]
    assert gather("1010070018", consolidated).scope == "consolidated"


def test_a_choice_holds_until_its_source_changes() -> None:
    choice = Choice("industry", "C27212", "27213", True, "main product changed")
    same = gather("1010070018", [stated("industry", "27213", "opendart")], [choice])
    assert (same.record["industry"], same.values["industry"].state) == ("C27212", "corrected")
    changed = gather("1010070018", [stated("industry", "26410", "opendart")], [choice])
    assert (changed.record["industry"], changed.values["industry"].state) == ("C27212", "changed")
    entry = next(one for one in changed.record["sources"] if one["path"] == "industry")
    assert entry["source"] == "user" and "status" not in entry, "a correction is one's own word"


def test_parts_that_do_not_hold_are_left_out_and_told() -> None:
    odd = [
        stated("statements.2024.total_assets", 10.0, "fsc", scope="separate"),
        stated("statements.2024.equity", 20.0, "fsc", scope="separate"),
        stated("ip.1020190000001.kind", "patent", "kipris"),
        stated("ip.1020190000001.status", "registered", "kipris"),  # without a day
        stated("name", "가람센서(가상)", "fsc"),
    ]
    found = gather("1010070018", odd)
    assert set(found.left_out) == {"statements.2024", "ip.1020190000001"}
    assert set(found.record) == {"business_number", "name", "sources"}
    Company.from_mapping(found.record)


def test_a_right_abroad_is_the_companys_where_it_claims_its_priority() -> None:
    content, asked = good(("epo", "family"))
    found = {value.path.split(".")[2]: value for value in PARSERS["epo", "family"](content, asked, IDENTITY)}
    assert found["status"].value == "registered" and found["registered"].value == GARAM.abroad[1].granted
    assert all(value.sure for value in found.values())
    assert not PARSERS["epo", "family"](content, {"number": "KR.20200000001.A"}, IDENTITY), "another priority"
    ended = content.replace(b"</ops:family-member>", LAPSED + b"</ops:family-member>")
    lapsed = {value.path.split(".")[2]: value.value for value in PARSERS["epo", "family"](ended, asked, IDENTITY)}
    assert (lapsed["status"], lapsed["ended"]) == ("lapsed", date(2026, 5, 1))
    national = ended.replace(b'"LAPS"', b'"PG25"')
    told = {value.path.split(".")[2]: value.value for value in PARSERS["epo", "family"](national, asked, IDENTITY)}
    assert told["status"] == "registered" and "ended" not in told, "a lapse in one state ends nothing"
    by_name, asked_name = good(("epo", "search"))
    paths = {value.path for value in PARSERS["epo", "search"](by_name, asked_name, IDENTITY)}
    us, asked_us = good(("uspto", "search"))
    assert {value.path for value in PARSERS["uspto", "search"](us, asked_us, IDENTITY)} <= paths, "one right, one name"


LAPSED = b'<ops:legal code="LAPS" infl="-"><ops:L007EP desc="Gazette DATE">2026-05-01</ops:L007EP></ops:legal>'


def test_a_fiscal_year_that_ends_elsewhere_is_told_with_its_day() -> None:
    company, _ = good(("opendart", "company"))
    march = Kept("1", Answer("opendart", "company", "{}", NOW, "found", "", company.replace(b'"12"', b'"03"')))
    _, told = states([march], IDENTITY)
    assert ("collect.other_fiscal_year", {"month": 3}) in [(one.key, one.params) for one in told]
    row = {"bsns_year": "2025", "fs_div": "OFS", "sj_div": "IS", "account_nm": "매출액", "thstrm_amount": "1,000"}
    row |= {"thstrm_dt": "2025.04.01 ~ 2026.03.31", "reprt_code": "11011", "rcept_no": "20260630000001"}
    other = {**row, "fs_div": "CFS", "thstrm_amount": "5,000"}
    content = json.dumps({"status": "000", "list": [other, row]}).encode()
    found = [Stated(one, "opendart", "1", NOW) for one in opendart.year_ends(content, {}, IDENTITY)]
    gathered = gather(
        GARAM.business_number, [*found, stated("statements.2025.year_end", date(2026, 3, 31), "opendart")]
    )
    assert gathered.record["statements"] == [{"year": 2025, "sales": 1000, "year_end": "2026-03-31"}]
    foreign = json.dumps({"status": "000", "list": [{**row, "currency": "USD"}]}).encode()
    assert not opendart.statements(foreign, {}, IDENTITY), "another currency is no won"


def test_former_names_and_subsidiaries_are_told_and_not_mixed_in() -> None:
    outline, _ = good(("fsc", "outline"))
    kept = Kept("1", Answer("fsc", "outline", "{}", NOW, "found", "", outline))
    identity, told = identify(GARAM.business_number, [kept])
    assert identity.names == (GARAM.name, GARAM.former_name)
    assert [one.key for one in told] == ["collect.several_names"]
    reply = SERVICES.reply("/fsc/x/getConsSubsComp_V2", {"crno": GARAM.corporate_number, **KEYS}, {}, b"")
    owned = Kept("2", Answer("fsc", "subsidiaries", "{}", NOW, "found", "", reply.content))
    found, notices = states([owned], IDENTITY)
    assert not found and [one.key for one in notices] == ["collect.subsidiaries"]
    assert not identity.named(GARAM.subsidiary)


def test_another_companys_answers_give_nothing() -> None:
    other = dataclasses.replace(IDENTITY, business_number="1010055512", corporate_number="1101000000001")
    for of in (("opendart", "company"), ("fsc", "outline"), ("fsc", "summary"), ("kipris", "applicants")):
        content, asked = good(of)
        assert not PARSERS[of](content, asked, other), of
