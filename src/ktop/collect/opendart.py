"""OpenDART (전자공시): codes of the companies that file, their overview, and their annual statements."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ktop.catalogue import load
from ktop.collect.addresses import region_of
from ktop.collect.answer import Operation, Verdict
from ktop.collect.payload import Node, UnreadableError, amount, day, digits, entries, read, text
from ktop.collect.value import Identity, Scope, Value, plain_name

#: ``status`` of an answer, which is always HTTP 200.
_STATUS: Mapping[str, Verdict] = {
    "000": Verdict("found"),
    "013": Verdict("no_data", "013"),
    "014": Verdict("no_data", "014"),
    **{code: Verdict("not_permitted", code) for code in ("010", "011", "012", "901")},
    **{code: Verdict("quota", code) for code in ("020", "021")},
}
_ANNUAL = "11011"
_MAX_CODES_BYTES = 100 * 1024**2
_NUMBERING = re.compile(r"^[\sⅠ-Ⅻ0-9IVX]+\.|\(.*?\)|[\s*]")
_SCOPES: Mapping[str, Scope] = {"OFS": "separate", "CFS": "consolidated"}


def judge(content: bytes) -> Verdict:
    """Tell what kind of answer it is by its status."""
    try:
        answer = read(content)
    except UnreadableError:
        return Verdict("broken", "unreadable")
    status = text(answer, "status") or text(answer, "result", "status")
    return Verdict("broken", "no_status") if status is None else _STATUS.get(status, Verdict("broken", status))


def judge_codes(content: bytes) -> Verdict:
    """Tell what kind of answer to ``corpCode.xml`` it is: a ZIP, or an error in XML."""
    if not content.startswith(b"PK"):
        return judge(content)
    return Verdict("found") if _listing(content) is not None else Verdict("broken", "zip")


CODES = Operation("opendart", "codes", "/corpCode.xml", "crtfc_key", judge_codes, {})
COMPANY = Operation("opendart", "company", "/company.json", "crtfc_key", judge, {})
STATEMENTS = Operation("opendart", "statements", "/fnlttSinglAcntAll.json", "crtfc_key", judge, {"reprt_code": _ANNUAL})
MAIN_ACCOUNTS = Operation(
    "opendart", "main_accounts", "/fnlttSinglAcnt.json", "crtfc_key", judge, {"reprt_code": _ANNUAL}
)


@dataclass(frozen=True, slots=True)
class Filer:
    """A company that files: its code of eight digits and the name it has there."""

    code: str
    name: str


def filers(content: bytes) -> list[Filer]:
    """Return the companies of ``corpCode.xml``."""
    listing = _listing(content)
    if listing is None:
        return []
    try:
        found = entries(read(listing), "result", "list")
    except UnreadableError:
        return []
    named = ((digits(entry, "corp_code", length=8), text(entry, "corp_name")) for entry in found)
    return [Filer(code, name) for code, name in named if code and name]


def candidates(known: Sequence[Filer], names: Sequence[str], most: int = 10) -> list[str]:
    """Return the codes of companies with one of the names; which of them it is, their numbers tell."""
    wanted = {plain_name(name) for name in names}
    same = [filer.code for filer in known if plain_name(filer.name) in wanted]
    return same[:most] if same or len(known) > most else [filer.code for filer in known]


def _listing(content: bytes) -> bytes | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            (entry,) = (one for one in archive.infolist() if one.filename.lower().endswith(".xml"))
            if entry.file_size > _MAX_CODES_BYTES:
                return None
            return archive.read(entry)
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, RuntimeError, NotImplementedError, EOFError):
        return None


def is_company(content: bytes, identity: Identity) -> bool:
    """Return whether an overview is the company's: by its business number, else by its corporate number."""
    try:
        answer = read(content)
    except UnreadableError:
        return False
    number, registered = digits(answer, "bizr_no", length=10), digits(answer, "jurir_no", length=13)
    if number is not None:
        return number == identity.business_number
    return registered is not None and registered == identity.corporate_number


def company(content: bytes, asked: Mapping[str, str], identity: Identity) -> Sequence[Value]:
    """Return what an overview states, nothing where it is another company's."""
    if not is_company(content, identity):
        return []
    answer = read(content)
    found: dict[str, Any] = {
        "name": text(answer, "corp_name"),
        "name_en": text(answer, "corp_name_eng"),
        "business_number": digits(answer, "bizr_no", length=10),
        "corporate_number": digits(answer, "jurir_no", length=13),
        "industry": _industry(answer),
        "founded": day(answer, "est_dt"),
        "region": region_of(text(answer, "adres")),
    }
    return [Value(path, value) for path, value in found.items() if value is not None]


def _industry(answer: Node) -> str | None:
    code = text(answer, "induty_code")
    return code if code and code.isascii() and code.isdigit() and 2 <= len(code) <= 5 else None


def closing_month(content: bytes) -> int | None:
    """Return the month that the company's fiscal year ends in."""
    try:
        month = text(read(content), "acc_mt")
    except UnreadableError:
        return None
    return int(month) if month and month.isascii() and month.isdigit() and 1 <= int(month) <= 12 else None


def statements(content: bytes, asked: Mapping[str, str], identity: Identity) -> Sequence[Value]:
    """Return the amounts of an annual report, in won, with those of the two years before as it restates them."""
    try:
        answer = read(content)
    except UnreadableError:
        return []
    best: dict[tuple[str, Scope], tuple[tuple[int, ...], Value]] = {}
    for row in entries(answer, "list"):
        if not _is_annual_won(row, identity):
            continue
        scope = _SCOPES.get(text(row, "fs_div") or asked.get("fs_div", ""), "")
        year, item = text(row, "bsns_year") or asked.get("bsns_year", ""), _item(row)
        if item is None or not scope or not (len(year) == 4 and year.isascii() and year.isdigit()):
            continue
        name, rank = item
        for back, column in enumerate(("thstrm", "frmtrm", "bfefrmtrm")):
            found = amount(row, f"{column}_amount")
            if found is None:
                continue
            path = f"statements.{int(year) - back}.{name}"
            value = Value(path, found, _filed(row), scope, text(row, "rcept_no") or "")
            if (path, scope) not in best or rank < best[path, scope][0]:
                best[path, scope] = (rank, value)
    return [value for _, value in best.values()]


def _is_annual_won(row: Node, identity: Identity) -> bool:
    code = text(row, "corp_code")
    if identity.dart_code and code and code != identity.dart_code:
        return False
    return (text(row, "currency") or "KRW") == "KRW" and (text(row, "reprt_code") or _ANNUAL) == _ANNUAL


def foreign_currencies(content: bytes) -> set[str]:
    """Return the currencies other than won that statements are written in; no amount is taken from these."""
    try:
        rows = entries(read(content), "list")
    except UnreadableError:
        return set()
    return {found for row in rows if (found := text(row, "currency")) and found != "KRW"}


def _filed(row: Node) -> Any:
    """Return the day that a filing's number begins with."""
    number = text(row, "rcept_no") or ""
    return day({"day": number[:8]}, "day") if len(number) == 14 else None


def _item(row: Node) -> tuple[str, tuple[int, ...]] | None:
    """Return the record's item of an account, and how well it fits: smaller is better."""
    part, ident = text(row, "sj_div") or "", text(row, "account_id") or ""
    name = _NUMBERING.sub("", text(row, "account_nm") or "")
    line = amount(row, "ord")
    for item, account in load("sources")["accounts"].items():
        if part not in account["in"]:
            continue
        by_id = ident in account["ids"]
        if by_id or name in account["names"]:
            place = account["ids"].index(ident) if by_id else account["names"].index(name)
            return item, (0 if by_id else 1, account["in"].index(part), place, int(line) if line is not None else 9999)
    return None


def year_ends(content: bytes, asked: Mapping[str, str], identity: Identity) -> Sequence[Value]:
    """Return the amounts of main accounts, with the day the fiscal year ended where the filing states it."""
    found = list(statements(content, asked, identity))
    try:
        rows = entries(read(content), "list")
    except UnreadableError:
        return found
    for row in rows:
        stated = re.findall(r"[0-9]{4}\.[0-9]{2}\.[0-9]{2}", text(row, "thstrm_dt") or "")
        ended, year = day({"day": stated[-1]}, "day") if stated else None, text(row, "bsns_year") or ""
        if ended is not None and year.isdigit() and ended.year in (int(year), int(year) + 1):
            scope = _SCOPES.get(text(row, "fs_div") or "", "")
            if scope:
                found.append(Value(f"statements.{int(year)}.year_end", ended, scope=scope))
                break
    return found
