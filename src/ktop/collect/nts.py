"""National Tax Service (국세청): whether a business is active, and whether what is said of it is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from ktop.collect import korean_portal
from ktop.collect.answer import Operation, Verdict
from ktop.collect.payload import UnreadableError, day, digits, entries, read, text
from ktop.collect.value import Identity, Value

#: ``b_stt_cd``: 01 active, 02 suspended, 03 closed.
_SUSPENDED = {"01": False, "02": True, "03": True}
_CODES: Mapping[str, Verdict] = {
    "-4": Verdict("not_permitted", "-4"),
    "-401": Verdict("not_permitted", "-401"),
    "-10": Verdict("quota", "-10"),
    "-5": Verdict("broken", "-5"),
}


def judge(content: bytes) -> Verdict:
    """Tell what kind of answer it is. A number that is not registered is answered without a state."""
    try:
        answer = read(content)
    except UnreadableError:
        return Verdict("broken", "unreadable")
    code = text(answer, "code")
    if code is not None and code != "0":
        return _CODES.get(code, Verdict("broken", code))
    if text(answer, "status_code") not in (None, "OK"):
        return Verdict("broken", text(answer, "status_code") or "")
    rows = entries(answer, "data")
    if rows:
        return (
            Verdict("found") if any(text(row, "b_stt_cd") or text(row, "valid") for row in rows) else Verdict("no_data")
        )
    portal = korean_portal.judge(content)
    return portal if portal.outcome in ("not_permitted", "quota") else Verdict("broken", "no_rows")


STATUS = Operation("nts", "status", "/status", "serviceKey", judge, {}, "POST")
VALIDATION = Operation("nts", "validation", "/validate", "serviceKey", judge, {}, "POST")


def status(content: bytes, asked: Mapping[str, str], identity: Identity) -> Sequence[Value]:
    """Return whether the business is suspended or closed; nothing where the number is not registered."""
    try:
        rows = entries(read(content), "data")
    except UnreadableError:
        return []
    own = [row for row in rows if digits(row, "b_no", length=10) == identity.business_number]
    found = _SUSPENDED.get(text(own[0], "b_stt_cd") or "") if own else None
    return [] if found is None else [Value("credit.business_suspended", found)]


def ended(content: bytes, identity: Identity) -> tuple[str, date | None] | None:
    """Return that the business is ``suspended``, ``closed`` or ``unregistered``, and since when; None where active."""
    try:
        rows = entries(read(content), "data")
    except UnreadableError:
        return None
    own = [row for row in rows if digits(row, "b_no", length=10) == identity.business_number]
    if not own:
        return None
    words = {"02": "suspended", "03": "closed", "": "unregistered"}.get(text(own[0], "b_stt_cd") or "")
    return None if words is None else (words, day(own[0], "end_dt"))


def validation(business_number: str, opened: date, representative: str) -> dict[str, Any]:
    """Return what is asked: whether number, day of opening and the representative's name go together."""
    asked = {"b_no": business_number, "start_dt": f"{opened:%Y%m%d}", "p_nm": representative}
    empty = dict.fromkeys(("p_nm2", "b_nm", "corp_no", "b_sector", "b_type", "b_adr"), "")
    return {"businesses": [{**asked, **empty}]}


def is_right(content: bytes, identity: Identity) -> bool | None:
    """Return whether number, name and day of opening go together; None where the answer does not say."""
    try:
        rows = entries(read(content), "data")
    except UnreadableError:
        return None
    own = [row for row in rows if digits(row, "b_no", length=10) == identity.business_number]
    return {"01": True, "02": False}.get(text(own[0], "valid") or "") if own else None
