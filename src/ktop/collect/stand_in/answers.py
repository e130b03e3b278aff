"""The answers of each public source, written in its documented format about a made-up company or its rights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from xml.sax.saxutils import escape

from ktop.collect.stand_in.companies import MadeUpAbroad, MadeUpCompany, MadeUpRight


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, media type and content of an answer; ``drips``: a byte now and then, ``cut``: it ends before its end."""

    status: int
    media_type: str
    content: bytes
    drips: bool = False
    cut: bool = False


Ask = Mapping[str, str]


def _reference(name: str, country: str, number: str, kind: str, on: date) -> str:
    return (
        f'<{name}><document-id document-id-type="docdb"><country>{country}</country><doc-number>{number}</doc-number>'
        f"<kind>{kind}</kind><date>{on:%Y%m%d}</date></document-id></{name}>"
    )


def _published(right: MadeUpAbroad) -> str:
    kind, on = ("B2", right.granted) if right.granted else ("A1", right.filed)
    return _reference("publication-reference", "US", right.publication, kind, on)


def epo_reply(content: str) -> Reply:
    """Return an answer of the EPO around its content."""
    spaces = 'xmlns="http://www.epo.org/exchange" xmlns:ops="http://ops.epo.org"'
    return xml_reply(f"<ops:world-patent-data {spaces}>{content}</ops:world-patent-data>")


def family_member(right: MadeUpAbroad) -> str:
    """Return one patent abroad as EPO writes a member of a family, with the event that ended it."""
    applied = _reference("application-reference", "US", right.application, "A", right.filed)
    priority = _reference("priority-claim", "KR", right.priority[2:], "A", right.filed)
    event = (
        f'<ops:legal code="LAPS" desc="LAPSE FOR FAILURE TO PAY MAINTENANCE FEES" infl="-">'
        f"<ops:L007EP>{right.lapsed}</ops:L007EP></ops:legal>"
        if right.lapsed
        else ""
    )
    return f"<ops:family-member>{_published(right)}{applied}{priority}{event}</ops:family-member>"


def exchange_document(right: MadeUpAbroad, applicant: str) -> str:
    """Return one patent abroad as EPO writes a document that a search found."""
    applied = _reference("application-reference", "US", right.application, "A", right.filed)
    return (
        f'<exchange-document country="US" doc-number="{right.publication}" kind="{"B2" if right.granted else "A1"}">'
        f'<bibliographic-data>{_published(right)}{applied}<invention-title lang="en">GAS SENSOR</invention-title>'
        f"<parties><applicants><applicant><applicant-name><name>{escape(applicant)}</name></applicant-name></applicant>"
        "</applicants></parties></bibliographic-data></exchange-document>"
    )


def file_wrapper(right: MadeUpAbroad, applicant: str) -> dict[str, Any]:
    """Return one patent abroad as USPTO writes its file wrapper."""
    meta = {
        "firstApplicantName": applicant,
        "inventionTitle": "GAS SENSOR",
        "filingDate": right.filed.isoformat(),
        **({"grantDate": right.granted.isoformat()} if right.granted else {}),
    }
    return {"applicationNumberText": right.application[-8:], "applicationMetaData": meta}


def json_reply(answer: Any, status: int = 200) -> Reply:
    """Return an answer in JSON."""
    return Reply(status, "application/json;charset=UTF-8", json.dumps(answer, ensure_ascii=False).encode())


def xml_reply(text: str) -> Reply:
    """Return an answer in XML."""
    return Reply(200, "application/xml", f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode())


def dart_status(status: str, message: str, path: str) -> Reply:
    """Return an OpenDART answer without rows, in the format that the path asks for."""
    if path.endswith(".xml"):
        return xml_reply(f"<result><status>{status}</status><message>{message}</message></result>")
    return json_reply({"status": status, "message": message})


_DART_ACCOUNTS = (
    ("IS", "ifrs-full_Revenue", "수익(매출액)", 0),
    ("IS", "dart_OperatingIncomeLoss", "영업이익(손실)", 1),
    ("IS", "ifrs-full_ProfitLoss", "당기순이익(손실)", 2),
    ("BS", "ifrs-full_Assets", "자산총계", 3),
    ("BS", "ifrs-full_Equity", "자본총계", 5),
    ("IS", "-표준계정코드 미사용-", "경상연구개발비", 6),
)


def dart_rows(company: MadeUpCompany, query: Ask) -> list[dict[str, str]]:
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


def kipris_reply(items: str = "", *, code: str = "", message: str = "", total: int | None = None) -> Reply:
    """Return an answer of KIPRIS around its items; ``code``: a refusal."""
    header = f"<header><resultCode>{code}</resultCode><resultMsg>{message}</resultMsg></header>"
    count = "" if total is None else f"<count><totalCount>{total}</totalCount></count>"
    body = "" if message else f"<body><items>{items}</items></body>"
    return xml_reply(f"<response>{header}{body}{count}</response>")


def applicant(company: MadeUpCompany) -> str:
    """Return a company as KIPRIS writes an applicant."""
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


def search_item(right: MadeUpRight, name: str) -> str:
    """Return a patent as an item of KIPRIS' search."""
    granted = f"{right.registered:%Y%m%d}" if right.registered else ""
    return (
        f"<item><applicantName>{escape(name)}</applicantName><applicationNumber>{right.application}</applicationNumber>"
        f"<applicationDate>{right.filed:%Y%m%d}</applicationDate><inventionTitle>{escape(right.title)}</inventionTitle>"
        f"<ipcNumber>G01N 27/12</ipcNumber><registerStatus>{right.state}</registerStatus>"
        f"<registerNumber>{_registration(right)}</registerNumber><registerDate>{granted}</registerDate></item>"
    )


def other_item(right: MadeUpRight, name: str) -> str:
    """Return a design or a mark as an item of KIPRIS' search."""
    granted = f"{right.registered:%Y%m%d}" if right.registered else ""
    title = "articleName" if right.application.startswith("30") else "title"
    return (
        f"<item><applicantName>{escape(name)}</applicantName><applicationNumber>{right.application}</applicationNumber>"
        f"<applicationDate>{right.filed:%Y%m%d}</applicationDate><{title}>{escape(right.title)}</{title}>"
        f"<applicationStatus>{right.state}</applicationStatus><registrationDate>{granted}</registrationDate></item>"
    )


def bibliography(right: MadeUpRight) -> str:
    """Return a patent's bibliography."""
    granted = f"{right.registered:%Y.%m.%d}" if right.registered else ""
    shown = f"{right.application[:2]}-{right.application[2:6]}-{right.application[6:]}"
    return (
        f"<item><biblioSummaryInfoArray><biblioSummaryInfo><applicationNumber>{shown}</applicationNumber>"
        f"<claimCount>{right.claims}</claimCount><registerDate>{granted}</registerDate>"
        "</biblioSummaryInfo></biblioSummaryInfoArray></item>"
    )


def events(right: MadeUpRight) -> str:
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


def citations(right: MadeUpRight) -> str:
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


def portal_reply(rows: list[dict[str, Any]]) -> Reply:
    """Return rows as services of the public data portal write them."""
    body = {"numOfRows": 100, "pageNo": 1, "totalCount": len(rows), "items": {"item": rows} if rows else ""}
    return json_reply({"response": {"header": {"resultCode": "00", "resultMsg": "NORMAL SERVICE."}, "body": body}})


def portal_refusal() -> Reply:
    """Return the refusal of a key, which is XML with HTTP 200 whatever was asked for."""
    return xml_reply(
        "<OpenAPI_ServiceResponse><cmmMsgHeader><errMsg>SERVICE ERROR</errMsg>"
        "<returnAuthMsg>SERVICE_KEY_IS_NOT_REGISTERED_ERROR</returnAuthMsg>"
        "<returnReasonCode>30</returnReasonCode></cmmMsgHeader></OpenAPI_ServiceResponse>"
    )


def outlines(company: MadeUpCompany) -> list[dict[str, Any]]:
    """Return the outline of a company as the FSC writes it."""
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


def summary(company: MadeUpCompany, year: int) -> dict[str, Any]:
    """Return the summary of one year's statement as the FSC writes it, amounts in won."""
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


def workplaces(company: MadeUpCompany) -> list[dict[str, str]]:
    """Return a company's workplaces as the pension service writes them, the business number cut after six digits."""
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
