"""What each public source would answer about the made-up companies, in its documented format, errors included."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from xml.sax.saxutils import escape

from ktop.collect.stand_in import answers
from ktop.collect.stand_in.answers import Ask, Reply
from ktop.collect.stand_in.companies import MadeUpCompany, made_up_companies

#: A key that the stand-ins take, of the form of a real one; any other is refused as the source would refuse it.
KEY = "made-up-key-0123456789abcdef0123456789abcd"


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
            return answers.dart_status("010", "등록되지 않은 키입니다.", path)
        if path == "/corpCode.xml":
            return self._codes()
        company = self.company(dart_code=query.get("corp_code", ""))
        if company is None:
            return answers.dart_status("013", "조회된 데이타가 없습니다.", path)
        if path == "/company.json":
            return answers.json_reply(
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
        rows = answers.dart_rows(company, query) if path.startswith("/fnlttSinglAcnt") else []
        if path == "/fnlttSinglAcnt.json":  # main accounts say whose they are, and for which day or year
            year = query.get("bsns_year", "")
            ended = {"BS": f"{year}.12.31 현재", "IS": f"{year}.01.01 ~ {year}.12.31"}
            rows = [{**row, "fs_div": "OFS", "thstrm_dt": ended[row["sj_div"]]} for row in rows]
        if not rows:
            return answers.dart_status("013", "조회된 데이타가 없습니다.", path)
        return answers.json_reply({"status": "000", "message": "정상", "list": rows})

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
            return answers.kipris_reply(code="30", message="SERVICE_KEY_IS_NOT_REGISTERED_ERROR")
        operation = path.rsplit("/", 1)[-1]
        if operation == "corpBsApplicantInfoV3":
            company = self.company(business_number=query.get("BusinessRegistrationNumber", ""))
            if company is None or not company.applicant_code:
                return answers.kipris_reply()
            return answers.kipris_reply(answers.applicant(company))
        if operation == "getAdvancedSearch":
            company = self.company(applicant_code=query.get("applicant", ""))
            if company is not None and "patUtiMod" not in path:
                others = company.designs if "design" in path else company.trademarks
                found = "".join(answers.other_item(right, company.name) for right in others)
                return answers.kipris_reply(found, code="00", total=len(others))
            if company is None:
                return answers.kipris_reply("", code="00")
            size, page = min(int(query.get("numOfRows", "30")), 500), int(query.get("pageNo", "1"))
            shown = company.rights[(page - 1) * size : page * size]
            found = "".join(answers.search_item(right, company.name) for right in shown)
            return answers.kipris_reply(found, code="00", total=len(company.rights))
        number = (
            query.get("applicationNumber") or query.get("standardCitationApplicationNumber") or query.get("application")
        )
        right = next((one for company in self._companies for one in company.rights if one.application == number), None)
        if right is None:
            return answers.kipris_reply("", code="00" if first else "")
        if operation == "getBibliographyDetailInfoSearch":
            return answers.kipris_reply(answers.bibliography(right), code="00")
        if operation == "BasicInfo":
            return answers.kipris_reply(answers.events(right))
        if operation == "citationInfoV3":
            return answers.kipris_reply(answers.citations(right))
        if operation == "citingInfo":
            cited = (
                f"<citingInfo><ApplicationNumber>10{2100 + n}0000001</ApplicationNumber></citingInfo>"
                for n in range(right.cited_by)
            )
            return answers.kipris_reply("".join(cited))
        if operation == "registrationInfo":
            gone = "<disappearanceFlag>Y</disappearanceFlag><terminationCauseName>등록료불납</terminationCauseName>"
            ended = f"<terminationDate>{right.ended:%Y%m%d}</terminationDate>" if right.ended else ""
            return answers.kipris_reply(f"<registrationInfo>{gone}{ended}</registrationInfo>")
        return answers.kipris_reply(code="12", message="NO_OPENAPI_SERVICE_ERROR")

    # ── data.go.kr: FSC, NTS, NPS, certificates ──────────────────────────────────────────────────────────────────────

    def fsc(self, path: str, query: Ask, headers: Ask, body: bytes) -> Reply:
        if query.get("serviceKey") != self._key:
            return answers.portal_refusal()
        if path.endswith("getCorpOutline_V2"):
            company = self.company(business_number=query.get("bzno", ""), corporate_number=query.get("crno", ""))
            return answers.portal_reply([] if company is None else answers.outlines(company))
        company = self.company(corporate_number=query.get("crno", ""))
        if company is not None and company.subsidiary and path.endswith("getConsSubsComp_V2"):
            return answers.portal_reply([{"crno": company.corporate_number, "sbrdEnpNm": company.subsidiary}])
        if company is None or not path.endswith("getSummFinaStat_V2"):
            return answers.portal_reply([])
        return answers.portal_reply([answers.summary(company, year) for year in company.amounts])

    def nts(self, path: str, query: Ask, headers: Ask, body: bytes) -> Reply:
        if query.get("serviceKey") != self._key:
            return answers.json_reply({"code": -4, "msg": "등록되지 않은 인증키 입니다."}, 401)
        if path.endswith("/validate"):
            validated = [self._validated(one) for one in json.loads(body)["businesses"]]
            return answers.json_reply({"status_code": "OK", "data": validated})
        numbers = json.loads(body or b"{}").get("b_no", [])
        rows = []
        for number in numbers:
            active = self.company(business_number=str(number)) is not None
            known = {"b_stt": "계속사업자", "b_stt_cd": "01", "tax_type": "부가가치세 일반과세자"}
            unknown = {"b_stt": "", "b_stt_cd": "", "tax_type": "국세청에 등록되지 않은 사업자등록번호입니다."}
            rows.append({"b_no": number, **(known if active else unknown), "end_dt": "", "utcc_yn": "N"})
        return answers.json_reply({"request_cnt": len(rows), "match_cnt": len(rows), "status_code": "OK", "data": rows})

    def _validated(self, asked: Mapping[str, str]) -> dict[str, Any]:
        company = self.company(business_number=asked["b_no"])
        right = company is not None and (f"{company.founded:%Y%m%d}", "가상인") == (asked["start_dt"], asked["p_nm"])
        told = {"valid": "01"} if right else {"valid": "02", "valid_msg": "확인할 수 없습니다."}
        return {"b_no": asked["b_no"], **told, "request_param": dict(asked)}

    def nps(self, path: str, query: Ask, headers: Ask, body: bytes) -> Reply:
        if query.get("serviceKey") != self._key:
            return answers.portal_refusal()
        if path.endswith("getBassInfoSearchV2"):
            shown = query.get("bzowrRgstNo", "")
            found = [one for one in self._companies if one.staff and one.business_number.startswith(shown or "-")]
            return answers.portal_reply([row for one in found for row in answers.workplaces(one)])
        company = next(
            (one for one in self._companies if query.get("seq", "") in ("1" + one.dart_code, "2" + one.dart_code)), None
        )
        if company is None:
            return answers.portal_reply([])
        people = company.staff - 6 if query["seq"].startswith("1") else 6
        return answers.portal_reply([{"seq": query["seq"], "jnngpCnt": people, "crrmmNtcAmt": people * 390_000}])

    def certificates(self, path: str, query: Ask, headers: Ask, body: bytes) -> Reply:
        if query.get("serviceKey") != self._key:
            return answers.json_reply({"code": -401, "msg": "유효하지 않은 인증키 입니다."}, 401)
        name = query.get("cond[업체명::EQ]", "")
        if path.startswith("/15125362"):
            begun = [one for one in self._companies if one.startup_until and name == one.name]
            found = [
                {"업체명": one.name, "사업자등록번호": one.business_number, "유효기간종료일": str(one.startup_until)}
                for one in begun
            ]
            return answers.json_reply({"page": 1, "perPage": 100, "totalCount": len(found), "data": found})
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
        counts = {"totalCount": len(rows), "currentCount": len(rows)}
        return answers.json_reply({"page": 1, "perPage": 100, **counts, "data": rows})

    # ── NTIS, EPO, USPTO ─────────────────────────────────────────────────────────────────────────────────────────────

    def ntis(self, path: str, query: Ask, headers: Ask, body: bytes) -> Reply:
        if query.get("apprvKey") != self._key:
            return answers.xml_reply("<ERROR><CODE>AUTH</CODE><MESSAGE>등록되지 않은 인증키입니다.</MESSAGE></ERROR>")
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
        total = f"<TOTALHITS>{len(projects)}</TOTALHITS>"
        return answers.xml_reply(f"<RESULT>{total}<RESULTSET>{hits}</RESULTSET></RESULT>")

    def epo(self, path: str, query: Ask, headers: Ask, body: bytes) -> Reply:
        if path == "/auth/accesstoken":
            return answers.json_reply({"access_token": self._key, "expires_in": "1199"})
        if headers.get("authorization") != f"Bearer {self._key}":
            return Reply(401, "application/xml", b"<fault><code>CLIENT.InvalidAccessToken</code></fault>")
        asked = path.rsplit("/docdb/KR.", 1)[-1].split(".")[0]
        for company in self._companies:
            if path.startswith("/rest-services/family") and any(one.priority[2:] == asked for one in company.abroad):
                members = "".join(answers.family_member(one) for one in company.abroad if one.priority[2:] == asked)
                return answers.epo_reply(f'<ops:patent-family legal="true">{members}</ops:patent-family>')
            if query.get("q") == f'pa="{company.name_en}"' and company.abroad:
                found = "".join(answers.exchange_document(one, company.name_en) for one in company.abroad)
                total = f'total-result-count="{len(company.abroad)}"'
                return answers.epo_reply(
                    f"<ops:biblio-search {total}><ops:search-result>{found}</ops:search-result></ops:biblio-search>"
                )
        return Reply(404, "application/xml", b"<fault><code>SERVER.EntityNotFound</code></fault>")

    def uspto(self, path: str, query: Ask, headers: Ask, body: bytes) -> Reply:
        if headers.get("x-api-key") != self._key:
            return answers.json_reply({"message": "Forbidden"}, 403)
        for company in self._companies:
            if company.abroad and query.get("q", "").endswith(f':"{company.name_en}"'):
                rows = [answers.file_wrapper(one, company.name_en) for one in company.abroad]
                return answers.json_reply({"count": len(rows), "patentFileWrapperDataBag": rows})
        return answers.json_reply({"code": 404, "error": "Not Found"}, 404)


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
