"""Parsers of sources: whatever comes, none fails or invents a value, and every kind of answer stays what it is."""

from __future__ import annotations

import copy
import dataclasses
import json
import operator
import os
import random
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ktop.collect import certificates, epo, fsc, kipris, korean_portal, nps, ntis, nts, opendart, uspto
from ktop.collect.answer import OUTCOMES, Answer, Operation
from ktop.collect.merging import Stated, gather
from ktop.collect.parsing import PARSERS, Kept, giving, identify, states
from ktop.collect.payload import amount, count, day, digits, read
from ktop.collect.stand_in.companies import made_up_companies
from ktop.collect.stand_in.services import KEY, Services
from ktop.collect.value import Identity, Value, plain_name
from ktop.domain.company.record import Company
from ktop.domain.values.text import UNWRITABLE

#: `KTOP_FUZZ=1000 ./test tests/collect` tries as many payloads a parser.
FUZZ = int(os.environ.get("KTOP_FUZZ", "25"))
TODAY = date(2026, 6, 30)
NOW = datetime(2026, 6, 30, 3, tzinfo=UTC)
GARAM, NARU = made_up_companies(TODAY)
IDENTITY = Identity(
    GARAM.business_number,
    GARAM.corporate_number,
    GARAM.dart_code,
    (GARAM.applicant_code,),
    (GARAM.name, GARAM.former_name),
    (GARAM.name_en,),
)
NARU_IDENTITY = Identity(NARU.business_number)
SERVICES = Services(TODAY)
NUMBER = GARAM.rights[0].application
KEYS = {"serviceKey": KEY, "crtfc_key": KEY, "ServiceKey": KEY, "accessKey": KEY, "apprvKey": KEY}
#: What each parser reads of the stand-ins: path, question.
GOOD: Mapping[tuple[str, str], tuple[str, dict[str, str]]] = {
    ("opendart", "company"): ("/opendart/company.json", {"corp_code": GARAM.dart_code}),
    ("opendart", "main_accounts"): (
        "/opendart/fnlttSinglAcnt.json",
        {"corp_code": GARAM.dart_code, "bsns_year": "2025"},
    ),
    ("nts", "status"): ("/nts/status", {}),
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
    ("kipris", "legal_status"): (
        "/kipris/openapi/rest/legStatusST27InfoSearchService/BasicInfo",
        {"applicationNumber": GARAM.rights[4].application},
    ),
    ("kipris", "citations"): (
        "/kipris/openapi/rest/CitationService/citationInfoV3",
        {"applicationNumber": GARAM.rights[2].application},
    ),
    ("kipris", "designs"): (
        "/kipris/kipo-api/kipi/designInfoSearchService/getAdvancedSearch",
        {"applicant": GARAM.applicant_code},
    ),
    ("kipris", "trademarks"): (
        "/kipris/kipo-api/kipi/trademarkInfoSearchService/getAdvancedSearch",
        {"applicant": GARAM.applicant_code},
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


#: Readers that give no value by themselves, and what they read of the stand-ins.
OTHERS: Mapping[tuple[str, str], tuple[Callable[[bytes], object], str, dict[str, str]]] = {
    ("nts", "validation"): (lambda content: nts.is_right(content, IDENTITY), "/nts/validate", {}),
    ("opendart", "codes"): (lambda content: opendart.filers(content), "/opendart/corpCode.xml", {}),
    ("fsc", "subsidiaries"): (
        lambda content: fsc.subsidiaries(content, IDENTITY),
        "/fsc/x/getConsSubsComp_V2",
        {"crno": GARAM.corporate_number},
    ),
    ("nps", "sites"): (
        lambda content: nps.sites(content, IDENTITY)[0],
        "/nps/getBassInfoSearchV2",
        {"bzowrRgstNo": GARAM.business_number[:6]},
    ),
    ("nps", "site"): (
        lambda content: nps.insured(content),
        "/nps/getDetailInfoSearchV2",
        {"seq": f"1{GARAM.dart_code}"},
    ),
    ("certificates", "startups"): (
        lambda content: certificates.startup_until(content, NARU_IDENTITY),
        "/certificates/15125362/v1/x",
        {"cond[업체명::EQ]": NARU.name},
    ),
}
BODIES = {
    ("nts", "status"): {"b_no": [GARAM.business_number]},
    ("nts", "validation"): nts.validation(GARAM.business_number, GARAM.founded, "가상인"),
}


def good(of: tuple[str, str]) -> tuple[bytes, dict[str, str]]:
    path, asked = GOOD[of] if of in GOOD else OTHERS[of][1:]
    headers = {"authorization": f"Bearer {KEY}", "x-api-key": KEY}
    body = json.dumps(BODIES.get(of, {})).encode()
    return SERVICES.reply(path, {**asked, **KEYS}, headers, body).content, asked


def test_every_parser_is_tried() -> None:
    assert set(PARSERS) == set(GOOD), "a parser that no stand-in answers for is not fuzzed"


@pytest.mark.parametrize("of", (*GOOD, *OTHERS), ids="-".join)
def test_every_parser_reads_its_stand_in(of: tuple[str, str]) -> None:
    content, asked = good(of)
    assert PARSERS[of](content, asked, IDENTITY) if of in GOOD else OTHERS[of][0](content)


#: What a field may hold that no source documents.
ODD: Sequence[Any] = (
    None,
    True,
    [],
    {},
    [[]],
    "",
    "-",
    "△5",
    "(7",
    -1,
    0.5,
    10**40,
    "9" * 20,
    "0000-00-00",
    "2026-13-45",
)


def with_odd_fields(content: bytes, seed: int, words: str) -> bytes:
    """Return a well-formed answer of which some fields hold something else than they should, or stand for another."""
    chance = random.Random(seed)
    if content.startswith(b"<"):
        root = ET.fromstring(content)
        leaves = [one for one in root.iter() if not len(one)]
        for one in chance.sample(leaves, min(len(leaves), chance.randrange(1, 5))):
            one.text = chance.choice([str(chance.choice(ODD)), chance.choice(leaves).text, words.translate(NO_XML)])
        return ET.tostring(root)
    answer = json.loads(content)
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        for name in list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
            places.append((node, name))
            walk(node[name])

    walk(answer)
    for node, name in chance.sample(places, min(len(places), chance.randrange(1, 5))):
        node[name] = chance.choice([chance.choice(ODD), copy.deepcopy(operator.getitem(*chance.choice(places))), words])
    return json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace")


#: Signs that no XML may hold.
NO_XML = dict.fromkeys([*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF])


def damaged(content: bytes, seed: int, junk: bytes, words: str) -> bytes:
    """Return an answer with bytes cut out, put in and changed, cut short, or with parts of it given twice."""
    chance = random.Random(seed)
    found = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 3, 11))):
        place, kind = chance.randrange(len(found) + 1), chance.randrange(6)
        if kind == 0:
            found[place : place + chance.randrange(1, 30)] = b""
        elif kind == 1:
            found[place:place] = junk
        elif kind == 2:
            found[place : place + 1] = words.encode("utf-8", "replace")[:1]
        elif kind == 3:
            found[place:place] = found[max(0, place - chance.randrange(400)) : place]
        elif kind == 4 and chance.random() < 0.3:
            del found[place:]
        else:  # a digit becomes another one: still well-formed, and wrong
            digits_at = [at for at, sign in enumerate(found) if 48 <= sign <= 57]
            if digits_at:
                found[chance.choice(digits_at)] = chance.choice(b"0123456789")
    return bytes(found)


def scalars(node: Any) -> Iterator[str]:
    """Give all that an answer holds as text, names of its parts and written-out lengths of its lists included."""
    if isinstance(node, Mapping):
        for name, value in node.items():
            yield str(name)
            yield from scalars(value)
    elif isinstance(node, list):
        for value in node:
            yield from scalars(value)
    else:
        yield str(node)


def stands_in(value: Value, content: bytes, asked: Mapping[str, str]) -> bool:
    """Return whether a value is one that the answer or its question holds; words of a fixed list by their source's."""
    plain = [*scalars(read(content)), *asked.values()]
    last, told = value.path.split(".")[-1], value.value
    if last in ("cited_by", "cites"):
        return int(told) <= content.count(b"<c") or any(text.isdigit() and int(text) == told for text in plain)  # type: ignore[arg-type]
    if last in FIXED or isinstance(told, bool):
        return True  # held against its words by the parser's own table
    if isinstance(told, date):
        spelt = re.compile(rf"{told.year}[-./ ]?0?{told.month}[-./ ]?0?{told.day}")
        return any(spelt.search(text) for text in plain)
    if isinstance(told, int | float):
        return any(str(int(abs(told))) in text.replace(",", "") for text in plain)
    return last == "number" or any(bare(told) in bare(text) for text in plain)


def bare(text: str) -> str:
    """Return words without markup, spaces, hyphens and signs that nobody can write."""
    return "".join(UNWRITABLE.sub("", re.sub(r"<[^<>]{1,200}>", "", text)).replace("-", "").split())


#: Last parts of paths whose values are words of ours for a source's.
FIXED = frozenset({"status", "kind", "region", "funding"})


@pytest.mark.parametrize("of", (*GOOD, *OTHERS), ids="-".join)
@settings(max_examples=FUZZ, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32 - 1), junk=st.binary(max_size=40), words=st.text(max_size=12))
def test_no_payload_breaks_a_parser_or_makes_it_invent(of: tuple[str, str], seed: int, junk: bytes, words: str) -> None:
    content, asked = good(of)
    plain = seed % 2 or content.startswith(b"PK")
    broken = damaged(content, seed, junk, words) if plain else with_odd_fields(content, seed, words)
    if of in OTHERS:
        OTHERS[of][0](broken)  # raises nothing
        return
    values = PARSERS[of](broken, asked, IDENTITY)
    stated = [Stated(value, of[0], "a", NOW) for value in values]
    Company.from_mapping(gather(GARAM.business_number, stated, accept_names=True).record)
    for value in values:
        assert stands_in(value, broken, asked), (value, broken[:2000])


def without_each_field(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Give an answer once without each of its fields: entries of a JSON object, elements of XML that hold text."""
    if content.startswith(b"<"):
        root = ET.fromstring(content)
        for parent in root.iter():
            for place, child in enumerate(list(parent)):
                if not len(child):
                    parent.remove(child)
                    yield child.tag.rsplit("}", 1)[-1], ET.tostring(root)
                    parent.insert(place, child)
        return
    answer = json.loads(content)

    def walk(node: Any) -> Iterator[tuple[str, bytes]]:
        if isinstance(node, dict):
            for name in list(node):
                kept = dict(node)
                del node[name]
                yield name, json.dumps(answer, ensure_ascii=False).encode()
                node.clear()
                node.update(kept)
                yield from walk(node[name])
        elif isinstance(node, list):
            for entry in node:
                yield from walk(entry)

    yield from walk(answer)


#: Field of an answer → last part of the path of the value that is missing without it.
FIELD_OF: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("fsc", "summary"): {"enpSaleAmt": "sales", "enpTcptAmt": "equity", "enpCptlAmt": "capital_stock"},
    ("fsc", "outline"): {"enpEstbDt": "founded", "enpBsadr": "region", "enpEmpeCnt": "total"},
    ("opendart", "company"): {"est_dt": "founded", "adres": "region", "induty_code": "industry"},
    ("opendart", "statements"): {"sj_div": "sales", "thstrm_amount": "sales"},
    ("nts", "status"): {"b_stt_cd": "business_suspended"},
    ("kipris", "applicants"): {"CorporationNumber": "corporate_number", "ApplicantNumber": "corporate_number"},
    ("kipris", "search"): {"applicationDate": "filed", "registerDate": "registered", "inventionTitle": "title"},
    ("kipris", "bibliography"): {"claimCount": "claims", "registerDate": "registered"},
    ("kipris", "registration"): {"terminationDate": "ended"},
    ("kipris", "legal_status"): {"eventDate": "ended", "keyEventCode": "ended"},
    ("ntis", "projects"): {"TotalEnd": "end", "Korean": "title", "TotalStart": "start"},
    ("epo", "search"): {"invention-title": "title", "date": "filed"},
    ("epo", "family"): {"date": "registered"},
    ("uspto", "search"): {"filingDate": "filed", "grantDate": "registered", "inventionTitle": "title"},
    ("certificates", "ventures"): {"벤처유효종료일": "expires", "벤처유효시작일": "issued"},
}


@pytest.mark.parametrize("of", FIELD_OF, ids="-".join)
def test_what_is_missing_in_the_payload_is_missing_in_the_record(of: tuple[str, str]) -> None:
    content, asked = good(of)
    whole = {value.path for value in PARSERS[of](content, asked, IDENTITY)}
    lost: set[str] = set()
    for name, less in without_each_field(content):
        values = {value.path for value in PARSERS[of](less, asked, IDENTITY)}
        # without the day of its newest snapshot an outline's former one holds; a right abroad has another number then
        assert values <= whole or of[0] in ("fsc", "epo"), "a missing field brings no new value"
        if name in FIELD_OF[of] and any(path.split(".")[-1] == FIELD_OF[of][name] for path in whole - values):
            lost.add(name)
    assert lost == set(FIELD_OF[of])


def told_by_events(*events: tuple[str, str, str, str]) -> dict[str, object]:
    listed = "".join(
        f"<legalStatusST27Info><keyEventCode>{code}</keyEventCode><detailedEventCode>{detail}</detailedEventCode>"
        f"<currentStageCode>{stage}</currentStageCode><eventDate>{on}</eventDate></legalStatusST27Info>"
        for on, code, detail, stage in events
    )
    content = f"<response><header><resultCode/></header><body><items>{listed}</items></body></response>".encode()
    assert kipris.LEGAL_STATUS.judge(content).outcome == ("found" if events else "no_data")
    asked = {"applicationNumber": NUMBER}
    return {one.path.split(".")[-1]: one.value for one in kipris.legal_status(content, asked, IDENTITY)}


def test_a_rights_state_follows_from_its_events() -> None:
    filed, granted = ("20180110", "A10", "A12", "1"), ("20190320", "F10", "F11", "4")
    ceased, renamed = ("20230321", "H10", "H13", "6"), ("20230501", "R10", "R18", "6")
    gone = {"ended": date(2023, 3, 21), "status": "lapsed"}
    assert told_by_events(granted, filed) == {} == told_by_events()
    assert told_by_events(filed, granted, ceased) == gone == told_by_events(renamed, ceased, granted, filed)
    assert told_by_events(filed, granted, ceased, ("20230601", "U10", "U11", "4")) == {}, "paid after all"
    assert told_by_events(filed, ("20190320", "B10", "B15", "6"))["status"] == "refused"
    assert told_by_events(filed, ("20190320", "B10", "B12", "6"))["status"] == "lapsed"
    assert told_by_events(filed, ("20190320", "B10", "B15", "2")) == {}, "the case went on"
    assert told_by_events(granted, (*ceased[:3], "")) == gone
    assert told_by_events((*ceased[:3], ""), ("20230601", "K10", "", "")) == {}, (
        "without stages what follows may revive"
    )
    assert told_by_events(("soon", "H10", "H13", "6"), ("20230321", "H1", "", "6")) == {}


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
    (kipris.SEARCH, b"<response><header><resultCode>11</resultCode></header></response>", "broken"),
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
    year_end = Stated(Value("statements.2025.year_end", date(2026, 3, 31)), "opendart", "2", NOW)
    gathered = gather(GARAM.business_number, [*found, year_end])
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


def told_of(source: str, operation: str, content: bytes) -> list[str]:
    kept = Kept("1", Answer(source, operation, "{}", NOW, "found", "", content))
    return [notice.key.removeprefix("collect.") for notice in states([kept], IDENTITY)[1]]


def test_what_a_person_should_know_before_rating_is_told() -> None:
    def status(code: str, ended: str) -> bytes:
        row = {"b_no": GARAM.business_number, "b_stt_cd": code, "end_dt": ended}
        return json.dumps({"status_code": "OK", "data": [row]}).encode()

    assert told_of("nts", "status", status("01", "")) == []
    assert told_of("nts", "status", status("03", "20250131")) == ["business_closed_since"]
    assert told_of("nts", "status", status("02", "soon")) == ["business_suspended"]
    assert told_of("nts", "status", status("", "20250131")) == ["business_unregistered"]
    for of in (("opendart", "statements"), ("fsc", "summary")):
        content, asked = good(of)
        assert told_of(*of, content) == []
        dollars = content.replace(b'"KRW"', b'"USD"')
        assert told_of(*of, dollars) == ["foreign_currency"]
        assert not [one for one in PARSERS[of](dollars, asked, IDENTITY) if not one.path.endswith("year_end")]


def test_an_answer_about_others_says_nothing_of_the_company() -> None:
    kept = [
        Kept(str(n), Answer(*of, "{}", NOW, "found", "", good(of)[0]))
        for n, of in enumerate([("opendart", "codes"), ("nps", "sites"), ("nts", "status"), ("fsc", "outline")])
    ]
    other = dataclasses.replace(IDENTITY, business_number="1010055512", corporate_number=None, dart_code=None, names=())
    assert giving(kept, other) == frozenset()
    assert giving(kept, IDENTITY) == {"nts", "fsc"}


def test_another_companys_answers_give_nothing() -> None:
    other = dataclasses.replace(IDENTITY, business_number="1010055512", corporate_number="1101000000001")
    for of in (("opendart", "company"), ("fsc", "outline"), ("fsc", "summary"), ("kipris", "applicants")):
        content, asked = good(of)
        assert not PARSERS[of](content, asked, other), of
