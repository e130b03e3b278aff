"""What each public source would answer about the made-up companies, in its documented format, errors included."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from xml.sax.saxutils import escape

from ktop.collect.stand_in.companies import MadeUpAbroad, MadeUpCompany, MadeUpRight, made_up_companies

#: A key that the stand-ins take, of the form of a real one; any other is refused as the source would refuse it.
KEY = "made-up-key-0123456789abcdef0123456789abcd"


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, media type and content of an answer; ``drips``: a byte now and then, ``cut``: it ends before its end."""

    status: int
    media_type: str
    content: bytes
    drips: bool = False
    cut: bool = False


Ask = Mapping[str, str]


class Services:
    """All stand-ins. ``today`` decides which fiscal years are closed."""

    def __init__(self, today: date, key: str = KEY) -> None:
        self._companies, self._key = made_up_companies(today), key

    def reply(self, path: str, query: Ask, headers: Ask, body: bytes) -> Reply:
        """Answer a request to ``/SOURCE/…``; a path that no source has gives 404."""
        for beginning, answer in _SERVICES.items():
            if path.startswith(beginning):
                return answer(self, path.removeprefix(beginning), query, headers, body)
        return Reply(404, "text/plain", b"not found")

    def company(self, **wanted: str) -> MadeUpCompany | None:
        """Return the company with a number, None where there is none."""
        for name, value in wanted.items():
            plain = value.replace("-", "")
            if plain:
                return next((one for one in self._companies if getattr(one, name) == plain), None)
        return None

    # ── OpenDART ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def opendart(self, path: str, query: Ask, headers: Ask, body: bytes) -> Reply:
        if query.get("crtfc_key") != self._key:
            return _dart("010", "등록되지 않은 키입니다.", path)
        if path == "/corpCode.xml":
            return self._codes()
        company = self.company(dart_code=query.get("corp_code", ""))
        if company is None:
            return _dart("013", "조회된 데이타가 없습니다.", path)
        if path == "/company.json":
            return _json(
                {
                    "status": "000",
                    "message": "정상",
                    "corp_code": company.dart_code,
                    "corp_name": company.name,
                    "corp_name_eng": company.name_en,
                    "stock_code": "",
                    "ceo_nm": "가상인",
                    "jurir_no": company.corporate_number,
                    "bizr_no": company.business_number,
                    "adres": company.address,
                    "induty_code": company.industry,
                    "est_dt": f"{company.founded:%Y%m%d}",
                    "acc_mt": "12",
                }
            )
        rows = _dart_rows(company, query) if path.startswith("/fnlttSinglAcnt") else []
        if path == "/fnlttSinglAcnt.json":  # main accounts say whose they are, and for which day or year
            year = query.get("bsns_year", "")
            ended = {"BS": f"{year}.12.31 현재", "IS": f"{year}.01.01 ~ {year}.12.31"}
            rows = [{**row, "fs_div": "OFS", "thstrm_dt": ended[row["sj_div"]]} for row in rows]
        if not rows:
            return _dart("013", "조회된 데이타가 없습니다.", path)
        return _json({"status": "000", "message": "정상", "list": rows})

    def _codes(self) -> Reply:
        listed = "".join(
            f"<list><corp_code>{one.dart_code}</corp_code><corp_name>{escape(one.name)}</corp_name>"
            "<stock_code> </stock_code><modify_date>20250101</modify_date></list>"
            for one in self._companies
            if one.dart_code
        )
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("CORPCODE.xml", f'<?xml version="1.0" encoding="UTF-8"?><result>{listed}</result>')
        return Reply(200, "application/x-msdownload", packed.getvalue())

    # ── KIPRIS Plus ──────────────────────────────────────────────────────────────────────────────────────────────────

    def kipris(self, path: str, query: Ask, headers: Ask, body: bytes) -> Reply:
        first = path.startswith("/kipo-api/kipi/")
        if query.get("ServiceKey" if first else "accessKey") != self._key:
            return _kipris(code="30", message="SERVICE_KEY_IS_NOT_REGISTERED_ERROR")
        operation = path.rsplit("/", 1)[-1]
        if operation == "corpBsApplicantInfoV3":
            company = self.company(business_number=query.get("BusinessRegistrationNumber", ""))
            return _kipris("" if company is None or not company.applicant_code else _applicant(company))
        if operation == "getAdvancedSearch":
            company = self.company(applicant_code=query.get("applicant", ""))
            if company is not None and "patUtiMod" not in path:
                others = company.designs if "design" in path else company.trademarks
                found = "".join(_other_item(right, company.name) for right in others)
                return _kipris(found, code="00", total=len(others))
            if company is None:
                return _kipris("", code="00")
            size, page = min(int(query.get("numOfRows", "30")), 500), int(query.get("pageNo", "1"))
            shown = company.rights[(page - 1) * size : page * size]
            found = "".join(_search_item(right, company.name) for right in shown)
            return _kipris(found, code="00", total=len(company.rights))
        number = (
            query.get("applicationNumber") or query.get("standardCitationApplicationNumber") or query.get("application")
        )
        right = next((one for company in self._companies for one in company.rights if one.application == number), None)
        if right is None:
            return _kipris("", code="00" if first else "")
        if operation == "getBibliographyDetailInfoSearch":
            return _kipris(_bibliography(right), code="00")
        if operation == "BasicInfo":
            return _kipris(_events(right))
        if operation == "citationInfoV3":
            return _kipris(_citations(right))
        if operation == "citingInfo":
            cited = (
                f"<citingInfo><ApplicationNumber>10{2100 + n}0000001</ApplicationNumber></citingInfo>"
                for n in range(right.cited_by)
            )
            return _kipris("".join(cited))
        if operation == "registrationInfo":
            gone = "<disappearanceFlag>Y</disappearanceFlag><terminationCauseName>등록료불납</terminationCauseName>"
            ended = f"<terminationDate>{right.ended:%Y%m%d}</terminationDate>" if right.ended else ""
            return _kipris(f"<registrationInfo>{gone}{ended}</registrationInfo>")
        return _kipris(code="12", message="NO_OPENAPI_SERVICE_ERROR")

    # ── data.go.kr: FSC, NTS, NPS, certificates ──────────────────────────────────────────────────────────────────────

    def fsc(self, path: str, query: Ask, headers: Ask, body: bytes) -> Reply:
        if query.get("serviceKey") != self._key:
            return _portal_refusal()
        if path.endswith("getCorpOutline_V2"):
            company = self.company(business_number=query.get("bzno", ""), corporate_number=query.get("crno", ""))
            return _portal([] if company is None else _outlines(company))
        company = self.company(corporate_number=query.get("crno", ""))
        if company is not None and company.subsidiary and path.endswith("getConsSubsComp_V2"):
            return _portal([{"crno": company.corporate_number, "sbrdEnpNm": company.subsidiary}])
        if company is None or not path.endswith("getSummFinaStat_V2"):
            return _portal([])
        return _portal([_summary(company, year) for year in company.amounts])

    def nts(self, path: str, query: Ask, headers: Ask, body: bytes) -> Reply:
        if query.get("serviceKey") != self._key:
            return _json({"code": -4, "msg": "등록되지 않은 인증키 입니다."}, 401)
        if path.endswith("/validate"):
            return _json({"status_code": "OK", "data": [self._validated(b) for b in json.loads(body)["businesses"]]})
        numbers = json.loads(body or b"{}").get("b_no", [])
        rows = []
        for number in numbers:
            active = self.company(business_number=str(number)) is not None
            known = {"b_stt": "계속사업자", "b_stt_cd": "01", "tax_type": "부가가치세 일반과세자"}
            unknown = {"b_stt": "", "b_stt_cd": "", "tax_type": "국세청에 등록되지 않은 사업자등록번호입니다."}
            rows.append({"b_no": number, **(known if active else unknown), "end_dt": "", "utcc_yn": "N"})
        return _json({"request_cnt": len(rows), "match_cnt": len(rows), "status_code": "OK", "data": rows})

    def _validated(self, asked: Mapping[str, str]) -> dict[str, Any]:
        company = self.company(business_number=asked["b_no"])
        right = company is not None and (f"{company.founded:%Y%m%d}", "가상인") == (asked["start_dt"], asked["p_nm"])
        told = {"valid": "01"} if right else {"valid": "02", "valid_msg": "확인할 수 없습니다."}
        return {"b_no": asked["b_no"], **told, "request_param": dict(asked)}

    def nps(self, path: str, query: Ask, headers: Ask, body: bytes) -> Reply:
        if query.get("serviceKey") != self._key:
            return _portal_refusal()
        if path.endswith("getBassInfoSearchV2"):
            shown = query.get("bzowrRgstNo", "")
            found = [one for one in self._companies if one.staff and one.business_number.startswith(shown or "-")]
            return _portal([row for one in found for row in _workplaces(one)])
        company = next(
            (one for one in self._companies if query.get("seq", "") in ("1" + one.dart_code, "2" + one.dart_code)), None
        )
        if company is None:
            return _portal([])
        people = company.staff - 6 if query["seq"].startswith("1") else 6
        return _portal([{"seq": query["seq"], "jnngpCnt": people, "crrmmNtcAmt": people * 390_000}])

    def certificates(self, path: str, query: Ask, headers: Ask, body: bytes) -> Reply:
        if query.get("serviceKey") != self._key:
            return _json({"code": -401, "msg": "유효하지 않은 인증키 입니다."}, 401)
        name = query.get("cond[업체명::EQ]", "")
        if path.startswith("/15125362"):
            begun = [one for one in self._companies if one.startup_until and name == one.name]
            found = [
                {"업체명": one.name, "사업자등록번호": one.business_number, "유효기간종료일": str(one.startup_until)}
                for one in begun
            ]
            return _json({"page": 1, "perPage": 100, "totalCount": len(found), "data": found})
        rows = [
            {
                "업체명": one.name,
                "사업자등록번호": one.business_number,
                "벤처확인유형": "혁신성장유형",
                "벤처유효시작일": one.venture[0].isoformat(),
                "벤처유효종료일": one.venture[1].isoformat(),
            }
            for one in self._companies
            if one.venture and name in (one.name, "")
        ]
        return _json({"page": 1, "perPage": 100, "totalCount": len(rows), "currentCount": len(rows), "data": rows})

    # ── NTIS, EPO, USPTO ─────────────────────────────────────────────────────────────────────────────────────────────

    def ntis(self, path: str, query: Ask, headers: Ask, body: bytes) -> Reply:
        if query.get("apprvKey") != self._key:
            return _xml("<ERROR><CODE>AUTH</CODE><MESSAGE>등록되지 않은 인증키입니다.</MESSAGE></ERROR>")
        name = query.get("addQuery", "").removeprefix("PB01=")
        company = next((one for one in self._companies if name in (one.name, one.former_name) and name), None)
        projects = () if company is None else company.projects
        hits = "".join(
            f'<HIT NO="{place}"><ProjectNumber>{number}</ProjectNumber><ProjectTitle><Korean>{escape(title)}</Korean>'
            f"</ProjectTitle><ResearchAgency><Name>{escape(name)}</Name></ResearchAgency><ProjectPeriod>"
            f"<TotalStart>{begins:%Y%m%d}</TotalStart><TotalEnd>{ends:%Y%m%d}</TotalEnd></ProjectPeriod>"
            "<GovernmentFunds>150000000</GovernmentFunds></HIT>"
            for place, (number, title, begins, ends) in enumerate(projects, 1)
        )
        return _xml(f"<RESULT><TOTALHITS>{len(projects)}</TOTALHITS><RESULTSET>{hits}</RESULTSET></RESULT>")

    def epo(self, path: str, query: Ask, headers: Ask, body: bytes) -> Reply:
        if path == "/auth/accesstoken":
            return _json({"access_token": self._key, "expires_in": "1199"})
        if headers.get("authorization") != f"Bearer {self._key}":
            return Reply(401, "application/xml", b"<fault><code>CLIENT.InvalidAccessToken</code></fault>")
        asked = path.rsplit("/docdb/KR.", 1)[-1].split(".")[0]
        for company in self._companies:
            if path.startswith("/rest-services/family") and any(one.priority[2:] == asked for one in company.abroad):
                members = "".join(_family_member(one) for one in company.abroad if one.priority[2:] == asked)
                return _xml(f'{_EPO_ROOT}<ops:patent-family legal="true">{members}</ops:patent-family>{_EPO_END}')
            if query.get("q") == f'pa="{company.name_en}"' and company.abroad:
                found = "".join(_exchange_document(one, company.name_en) for one in company.abroad)
                return _xml(
                    f'{_EPO_ROOT}<ops:biblio-search total-result-count="{len(company.abroad)}"><ops:search-result>'
                    f"{found}</ops:search-result></ops:biblio-search>{_EPO_END}"
                )
        return Reply(404, "application/xml", b"<fault><code>SERVER.EntityNotFound</code></fault>")

    def uspto(self, path: str, query: Ask, headers: Ask, body: bytes) -> Reply:
        if headers.get("x-api-key") != self._key:
            return _json({"message": "Forbidden"}, 403)
        for company in self._companies:
            if company.abroad and query.get("q", "").endswith(f':"{company.name_en}"'):
                rows = [_file_wrapper(one, company.name_en) for one in company.abroad]
                return _json({"count": len(rows), "patentFileWrapperDataBag": rows})
        return _json({"code": 404, "error": "Not Found"}, 404)


_SERVICES: Mapping[str, Callable[[Services, str, Ask, Ask, bytes], Reply]] = {
    "/opendart": Services.opendart,
    "/kipris": Services.kipris,
    "/fsc": Services.fsc,
    "/nts": Services.nts,
    "/nps": Services.nps,
    "/certificates": Services.certificates,
    "/ntis": Services.ntis,
    "/epo": Services.epo,
    "/uspto": Services.uspto,
}


_EPO_ROOT = '<ops:world-patent-data xmlns="http://www.epo.org/exchange" xmlns:ops="http://ops.epo.org">'
_EPO_END = "</ops:world-patent-data>"


def _reference(name: str, country: str, number: str, kind: str, on: date) -> str:
    return (
        f'<{name}><document-id document-id-type="docdb"><country>{country}</country><doc-number>{number}</doc-number>'
        f"<kind>{kind}</kind><date>{on:%Y%m%d}</date></document-id></{name}>"
    )


def _published(right: MadeUpAbroad) -> str:
    kind, on = ("B2", right.granted) if right.granted else ("A1", right.filed)
    return _reference("publication-reference", "US", right.publication, kind, on)


def _family_member(right: MadeUpAbroad) -> str:
    applied = _reference("application-reference", "US", right.application, "A", right.filed)
    priority = _reference("priority-claim", "KR", right.priority[2:], "A", right.filed)
    event = (
        f'<ops:legal code="LAPS" desc="LAPSE FOR FAILURE TO PAY MAINTENANCE FEES" infl="-">'
        f"<ops:L007EP>{right.lapsed}</ops:L007EP></ops:legal>"
        if right.lapsed
        else ""
    )
    return f"<ops:family-member>{_published(right)}{applied}{priority}{event}</ops:family-member>"


def _exchange_document(right: MadeUpAbroad, applicant: str) -> str:
    applied = _reference("application-reference", "US", right.application, "A", right.filed)
    return (
        f'<exchange-document country="US" doc-number="{right.publication}" kind="{"B2" if right.granted else "A1"}">'
        f'<bibliographic-data>{_published(right)}{applied}<invention-title lang="en">GAS SENSOR</invention-title>'
        f"<parties><applicants><applicant><applicant-name><name>{escape(applicant)}</name></applicant-name></applicant>"
        "</applicants></parties></bibliographic-data></exchange-document>"
    )


def _file_wrapper(right: MadeUpAbroad, applicant: str) -> dict[str, Any]:
    meta = {
        "firstApplicantName": applicant,
        "inventionTitle": "GAS SENSOR",
        "filingDate": right.filed.isoformat(),
        **({"grantDate": right.granted.isoformat()} if right.granted else {}),
    }
    return {"applicationNumberText": right.application[-8:], "applicationMetaData": meta}


def _json(answer: Any, status: int = 200) -> Reply:
    return Reply(status, "application/json;charset=UTF-8", json.dumps(answer, ensure_ascii=False).encode())


def _xml(text: str) -> Reply:
    return Reply(200, "application/xml", f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode())


def _dart(status: str, message: str, path: str) -> Reply:
    if path.endswith(".xml"):
        return _xml(f"<result><status>{status}</status><message>{message}</message></result>")
    return _json({"status": status, "message": message})


_DART_ACCOUNTS = (
    ("IS", "ifrs-full_Revenue", "수익(매출액)", 0),
    ("IS", "dart_OperatingIncomeLoss", "영업이익(손실)", 1),
    ("IS", "ifrs-full_ProfitLoss", "당기순이익(손실)", 2),
    ("BS", "ifrs-full_Assets", "자산총계", 3),
    ("BS", "ifrs-full_Equity", "자본총계", 5),
    ("IS", "-표준계정코드 미사용-", "경상연구개발비", 6),
)


def _dart_rows(company: MadeUpCompany, query: Ask) -> list[dict[str, str]]:
    """Return the rows of an annual report: separate statements only, amounts as text in won."""
    year = int(query.get("bsns_year", "0") or 0)
    if year not in company.amounts or query.get("fs_div", "OFS") != "OFS":
        return []
    rows = []
    for line, (part, ident, name, column) in enumerate(_DART_ACCOUNTS, 1):
        columns = {}
        for back, which in enumerate(("thstrm", "frmtrm", "bfefrmtrm")):
            amounts = company.amounts.get(year - back)
            columns[f"{which}_amount"] = "" if amounts is None else str(amounts[column])
        rows.append(
            {
                "rcept_no": f"{year + 1}0331000001",
                "reprt_code": "11011",
                "bsns_year": str(year),
                "corp_code": company.dart_code,
                "sj_div": part,
                "account_id": ident,
                "account_nm": name,
                "account_detail": "-",
                "ord": str(line),
                "currency": "KRW",
                **columns,
            }
        )
    return rows


def _kipris(items: str = "", *, code: str = "", message: str = "", total: int | None = None) -> Reply:
    header = f"<header><resultCode>{code}</resultCode><resultMsg>{message}</resultMsg></header>"
    count = "" if total is None else f"<count><totalCount>{total}</totalCount></count>"
    body = "" if message else f"<body><items>{items}</items></body>"
    return _xml(f"<response>{header}{body}{count}</response>")


def _applicant(company: MadeUpCompany) -> str:
    number, registered = company.business_number, company.corporate_number
    return (
        f"<corpBsApplicantInfo><ApplicantNumber>{company.applicant_code}</ApplicantNumber>"
        f"<ApplicantName>{escape(company.name)}</ApplicantName>"
        f"<CorporationNumber>{registered[:6]}-{registered[6:]}</CorporationNumber>"
        f"<BusinessRegistrationNumber>{number[:3]}-{number[3:5]}-{number[5:]}</BusinessRegistrationNumber>"
        "</corpBsApplicantInfo>"
    )


def _registration(right: MadeUpRight) -> str:
    return f"10{right.application[6:13]}0000" if right.registered else ""


def _search_item(right: MadeUpRight, name: str) -> str:
    granted = f"{right.registered:%Y%m%d}" if right.registered else ""
    return (
        f"<item><applicantName>{escape(name)}</applicantName><applicationNumber>{right.application}</applicationNumber>"
        f"<applicationDate>{right.filed:%Y%m%d}</applicationDate><inventionTitle>{escape(right.title)}</inventionTitle>"
        f"<ipcNumber>G01N 27/12</ipcNumber><registerStatus>{right.state}</registerStatus>"
        f"<registerNumber>{_registration(right)}</registerNumber><registerDate>{granted}</registerDate></item>"
    )


def _other_item(right: MadeUpRight, name: str) -> str:
    granted = f"{right.registered:%Y%m%d}" if right.registered else ""
    title = "articleName" if right.application.startswith("30") else "title"
    return (
        f"<item><applicantName>{escape(name)}</applicantName><applicationNumber>{right.application}</applicationNumber>"
        f"<applicationDate>{right.filed:%Y%m%d}</applicationDate><{title}>{escape(right.title)}</{title}>"
        f"<applicationStatus>{right.state}</applicationStatus><registrationDate>{granted}</registrationDate></item>"
    )


def _bibliography(right: MadeUpRight) -> str:
    granted = f"{right.registered:%Y.%m.%d}" if right.registered else ""
    shown = f"{right.application[:2]}-{right.application[2:6]}-{right.application[6:]}"
    return (
        f"<item><biblioSummaryInfoArray><biblioSummaryInfo><applicationNumber>{shown}</applicationNumber>"
        f"<claimCount>{right.claims}</claimCount><registerDate>{granted}</registerDate>"
        "</biblioSummaryInfo></biblioSummaryInfoArray></item>"
    )


def _events(right: MadeUpRight) -> str:
    """Return the events of a right by WIPO ST.27: filed, published, granted, and ceased for unpaid fees."""
    events = [("A10", "A12", "0", "1", "PA0109", right.filed)]
    if right.registered:
        events.append(("F10", "F11", "2", "4", "PR0701", right.registered))
    if right.ended:
        events.append(("H10", "H13", "4", "6", "PC1903", right.ended))
    return "".join(
        f"<legalStatusST27Info><applicationNumber>{right.application}</applicationNumber>"
        f"<supplySerialNumber>{place}</supplySerialNumber><keyEventCode>{key}</keyEventCode>"
        f"<detailedEventCode>{detail}</detailedEventCode><stateCode>{'N' if key == 'H10' else 'A'}</stateCode>"
        f"<previousStageCode>{before}</previousStageCode><currentStageCode>{after}</currentStageCode>"
        f"<nationalEventCode>{national}</nationalEventCode><eventDate>{on:%Y%m%d}</eventDate></legalStatusST27Info>"
        for place, (key, detail, before, after, national, on) in enumerate(events, 1)
    )


def _citations(right: MadeUpRight) -> str:
    """Return what a right cites; the service lists a document as it was written and in its standard form."""
    listed = []
    for number in range(right.claims % 4):
        plain = f"2099{number:07d}"
        standard = (
            f"<StandardCitationLiteraturenumber>{plain}</StandardCitationLiteraturenumber>"
            "<StandardCitationLiteratureCountryCode>KR</StandardCitationLiteratureCountryCode>"
        )
        written = f"<OriginalcitationLiteraturenumber>KR10{plain} A</OriginalcitationLiteraturenumber>"
        listed += [
            f"<citationInfoV3>{written}</citationInfoV3>",
            f"<citationInfoV3>{written}{standard}</citationInfoV3>",
        ]
    return "".join(listed)


def _portal(rows: list[dict[str, Any]]) -> Reply:
    body = {"numOfRows": 100, "pageNo": 1, "totalCount": len(rows), "items": {"item": rows} if rows else ""}
    return _json({"response": {"header": {"resultCode": "00", "resultMsg": "NORMAL SERVICE."}, "body": body}})


def _portal_refusal() -> Reply:
    """Return the refusal of a key, which is XML with HTTP 200 whatever was asked for."""
    return _xml(
        "<OpenAPI_ServiceResponse><cmmMsgHeader><errMsg>SERVICE ERROR</errMsg>"
        "<returnAuthMsg>SERVICE_KEY_IS_NOT_REGISTERED_ERROR</returnAuthMsg>"
        "<returnReasonCode>30</returnReasonCode></cmmMsgHeader></OpenAPI_ServiceResponse>"
    )


def _outlines(company: MadeUpCompany) -> list[dict[str, Any]]:
    row = {
        "crno": company.corporate_number,
        "bzno": company.business_number,
        "corpNm": company.name,
        "corpEnsnNm": company.name_en,
        "enpEstbDt": f"{company.founded:%Y%m%d}",
        "enpBsadr": company.address,
        "enpEmpeCnt": str(company.staff),
        "lastOpegDt": "20260601",
    }
    former = {**row, "corpNm": company.former_name, "enpEmpeCnt": "31", "lastOpegDt": "20210601"}
    return [row, former] if company.former_name else [row]


def _summary(company: MadeUpCompany, year: int) -> dict[str, Any]:
    sales, operating, net, assets, debt, equity, _ = company.amounts[year]
    return {
        "basDt": f"{year}1231",
        "crno": company.corporate_number,
        "bizYear": str(year),
        "curCd": "KRW",
        "fnclDcd": "120",
        "fnclDcdNm": "별도요약재무제표",
        "enpSaleAmt": str(sales),
        "enpBzopPft": str(operating),
        "enpCrtmNpf": str(net),
        "enpTastAmt": str(assets),
        "enpTdbtAmt": str(debt),
        "enpTcptAmt": str(equity),
        "enpCptlAmt": "500000000",
        "fnclDebtRto": f"{debt / equity * 100:.2f}",
    }


def _workplaces(company: MadeUpCompany) -> list[dict[str, str]]:
    shown = f"{company.business_number[:6]}****"
    row = {
        "dataCrtYm": "202605",
        "wkplNm": company.name,
        "bzowrRgstNo": shown,
        "wkplJnngStcd": "1",
        "wkplStylDvcd": "1",
    }
    other = {**row, "seq": "3" + company.dart_code, "wkplNm": "다른상사(가상)"}
    return [{**row, "seq": "1" + company.dart_code}, {**row, "seq": "2" + company.dart_code}, other]
