"""Stand-ins that misbehave as the sources do: throttled, slow, cut off, errors in other formats and inside HTTP 200."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal, TypeAlias

from ktop.collect.answer import Outcome
from ktop.collect.stand_in.answers import Ask, Reply
from ktop.collect.stand_in.services import KEY, Services

#: ``throttled``: HTTP 429. ``down``: HTTP 503. ``moved``: a redirect, never followed. ``slow``: bytes that drip.
#: ``cut``: less than was announced. ``page``: a page of maintenance. ``nothing``: no content; both with HTTP 200.
#: ``quota``, ``refused``, ``failed``, ``none``: what each source itself says of these, mostly with HTTP 200.
Fault: TypeAlias = Literal[
    "throttled", "down", "moved", "slow", "cut", "page", "nothing", "quota", "refused", "failed", "none"
]
EXPECTED: Mapping[Fault, Outcome] = {
    "throttled": "quota",
    "down": "broken",
    "moved": "broken",
    "slow": "broken",
    "cut": "broken",
    "page": "broken",
    "nothing": "broken",
    "quota": "quota",
    "refused": "not_permitted",
    "failed": "broken",
    "none": "no_data",
}
_PAGE = "<!DOCTYPE html><html><body>시스템 점검 중입니다.</body></html>".encode()


def _json(text: str, status: int = 200) -> Reply:
    return Reply(status, "application/json", text.encode())


def _xml(text: str, status: int = 200) -> Reply:
    return Reply(status, "application/xml", text.encode())


def _portal(code: str) -> Reply:
    """Return an error of data.go.kr: XML with HTTP 200, also to a request for JSON."""
    return _xml(
        "<OpenAPI_ServiceResponse><cmmMsgHeader><errMsg>SERVICE ERROR</errMsg>"
        f"<returnAuthMsg>ERROR</returnAuthMsg><returnReasonCode>{code}</returnReasonCode></cmmMsgHeader>"
        "</OpenAPI_ServiceResponse>"
    )


def _kipris(code: str) -> Reply:
    return _xml(f"<response><header><resultCode>{code}</resultCode></header></response>")


def _epo(code: str, status: int) -> Reply:
    return _xml(f'<fault xmlns="http://ops.epo.org"><code>{code}</code><message>error</message></fault>', status)


_EMPTY_PORTAL = '{"response":{"header":{"resultCode":"00"},"body":{"totalCount":0,"items":""}}}'
#: What each source says where its quota is used up, where a key may not, where it fails, and where it knows nothing.
SAID: Mapping[str, Mapping[str, Reply]] = {
    "opendart": {
        "quota": _json('{"status":"020","message":"요청 제한을 초과하였습니다."}'),
        "refused": _json('{"status":"010","message":"등록되지 않은 키입니다."}'),
        "failed": _json('{"status":"900","message":"정의되지 않은 오류가 발생하였습니다."}'),
        "none": _json('{"status":"013","message":"조회된 데이타가 없습니다."}'),
    },
    "kipris": {
        "quota": _kipris("22"),
        "refused": _kipris("30"),
        "failed": _kipris("99"),
        "none": _xml("<response><header><resultCode></resultCode></header><body><items/></body></response>"),
    },
    "fsc": {
        "quota": _portal("22"),
        "refused": _portal("30"),
        "failed": _portal("04"),
        "none": _json(_EMPTY_PORTAL),
    },
    "nps": {
        "quota": _portal("22"),
        "refused": _portal("31"),
        "failed": _portal("99"),
        "none": _json(_EMPTY_PORTAL),
    },
    "nts": {
        "quota": _json('{"code":-10,"msg":"트래픽을 초과한 호출입니다."}'),
        "refused": _json('{"code":-4,"msg":"등록되지 않은 인증키 입니다."}', 401),
        "failed": _json('{"status_code":"INTERNAL_ERROR"}'),
        "none": _json('{"status_code":"OK","data":[{"b_no":"0000000000","b_stt_cd":""}]}'),
    },
    "certificates": {
        "quota": _json('{"code":-10,"msg":"트래픽을 초과한 호출입니다."}'),
        "refused": _portal("30"),
        "failed": _json('{"code":-999,"msg":"UNKNOWN ERROR"}'),
        "none": _json('{"page":1,"perPage":100,"totalCount":0,"currentCount":0,"data":[]}'),
    },
    "ntis": {
        "quota": _xml("<ERROR><CODE>LIMIT</CODE><MESSAGE>일일 사용량을 초과했습니다.</MESSAGE></ERROR>"),
        "refused": _xml("<ERROR><CODE>IP</CODE><MESSAGE>등록되지 않은 IP입니다.</MESSAGE></ERROR>"),
        "failed": _xml("<ERROR><CODE>E500</CODE><MESSAGE>잠시 후 다시 시도하세요.</MESSAGE></ERROR>"),
        "none": _xml("<RESULT><TOTALHITS>0</TOTALHITS><RESULTSET/></RESULT>"),
    },
    "epo": {
        "quota": _epo("CLIENT.QuotaPerHourExceeded", 403),
        "refused": _epo("CLIENT.InvalidAccessToken", 400),
        "failed": _epo("SERVER.DomainAccess", 500),
        "none": _epo("SERVER.EntityNotFound", 404),
    },
    "uspto": {
        "quota": _json('{"code":429,"error":"Too Many Requests"}', 429),
        "refused": _json('{"message":"Forbidden"}', 403),
        "failed": _json('{"code":500,"error":"Internal Server Error"}'),
        "none": _json('{"code":404,"error":"Not Found"}', 404),
    },
}


class FaultyServices(Services):
    """Stand-ins of which some misbehave.

    Parameters
    ----------
    faults : source → how it misbehaves; it may be changed while they are served.
    """

    def __init__(self, today: date, key: str = KEY, faults: Mapping[str, Fault] | None = None) -> None:
        super().__init__(today, key)
        self.faults: dict[str, Fault] = dict(faults or {})
        self.asked = 0

    def reply(self, path: str, query: Ask, headers: Ask, body: bytes) -> Reply:
        """Answer as the source would, or misbehave; a token of the EPO is always given."""
        self.asked += 1
        source = path.split("/")[1]
        fault = self.faults.get(source)
        good = super().reply(path, query, headers, body)
        if fault is None or path.endswith("/auth/accesstoken"):
            return good
        if fault in SAID.get(source, {}):
            return SAID[source][fault]
        return {
            "throttled": Reply(429, "text/plain", b"slow down"),
            "down": Reply(503, "text/html", _PAGE),
            "moved": Reply(302, "text/html", b""),
            "slow": Reply(good.status, good.media_type, good.content, drips=True),
            "cut": Reply(good.status, good.media_type, good.content, cut=True),
            "page": Reply(200, "text/html", _PAGE),
        }.get(fault, Reply(200, "text/plain", b""))
