"""Industry codes: KSIC of Korea, ISIC and NACE abroad."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from ktop.catalogue import load
from ktop.domain.values.kind import MAX_CHARACTERS, RefusedValueError, ValueKind, half_width

_CODE = re.compile(r"^[A-Ua-u]?[\s.\-]?(\d{2,5})$")
#: A code with the revision of KSIC it is taken from: ``C29271(10차)``, ``KSIC11 62010``, ``9차: 69110``.
_REVISED = re.compile(
    r"(?:(?:KSIC|SIC)[\s\-]*(?P<a>[0-9]{1,2})|(?:제\s*)?(?P<b>[0-9]{1,2})\s*차)?\s*[:\s]?\s*"
    r"(?P<code>[A-U]?[\s.\-]?[0-9]{2,5})\s*(?:\(\s*(?:제\s*)?(?P<c>[0-9]{1,2})\s*차\s*(?:개정)?\))?"
)


def industry_digits(code: str) -> str | None:
    """Return the digits of an industry code (``C29271`` → ``29271``); None where it is not one.

    A section letter and the dots of ISIC and NACE (``26.11``) are passed over; two to five digits must remain.
    """
    match = _CODE.match(code.strip().replace(".", ""))
    return match[1] if match else None


def _entry(digits: str, foreign: bool) -> Mapping[str, Any] | None:
    catalogue = load("industries")
    for length in range(min(len(digits), 3), 1, -1):
        prefix = digits[:length]
        for scheme in ("isic", "ksic") if foreign else ("ksic",):
            entry: Mapping[str, Any] | None = catalogue[scheme].get(prefix)
            if entry:
                return entry
    return None


@functools.lru_cache(maxsize=8192)
def industry_group(code: str, foreign: bool = False) -> str | None:
    """Return the industry group of a code, None where its division does not exist.

    ``foreign`` reads the code as ISIC Rev. 4 (or NACE Rev. 2), else as KSIC Rev. 10.
    """
    digits = industry_digits(code)
    entry = _entry(digits, foreign) if digits else None
    return str(entry["group"]) if entry else None


@functools.lru_cache(maxsize=8192)
def section_fits(code: str, foreign: bool = False) -> bool:
    """Return whether a section letter written before the digits is the one their division belongs to."""
    digits = industry_digits(code)
    letter = code.strip()[:1].upper()
    entry = _entry(digits, foreign) if digits else None
    return entry is None or not letter.isalpha() or entry["section"] == letter


def of_revision(code: str, revision: int) -> str:
    """Return a KSIC code of the 9th, 10th or 11th revision as one of the 10th, whose divisions the catalogue names.

    Raises ``RefusedValueError`` for another revision: up to the 8th the same digits meant other industries (72 was
    computing and is architecture and engineering now).
    """
    if revision not in load("industries")["revisions"]:
        raise RefusedValueError("industry_revision", code, revision=str(revision))
    digits = industry_digits(code)
    moved = load("industries")["revisions"][revision].get((digits or "")[:2])
    return code if digits is None or moved is None else moved["section"] + moved["division"] + digits[2:3]


@functools.cache
def _led_by_zero() -> frozenset[str]:
    return frozenset(load("industries")["led_by_zero"])


def may_have_lost_a_zero(digits: str) -> bool:
    """Return whether a code of three or four digits may be one of farming, fishing or mining without its first zero.

    ``1110`` may be 01110 (cereals) or the four digits of beverages. Five digits are a whole class, two a division.
    """
    return len(digits) in (3, 4) and any(code.startswith(f"0{digits}") for code in _led_by_zero())


class IndustryCode(ValueKind[str]):
    """An industry code in capitals: section letter and two to five digits, or the digits alone (``C29271``, ``62``).

    Whether its division exists depends on the country (KSIC or ISIC): ``existing`` asks that. A number of three or
    four digits that may have lost its first zero (1110 for 01110) is refused; the same digits as text are taken.
    """

    def _of_text(self, text: str) -> str:
        code = half_width(text).upper()
        if industry_digits(code) is None:
            match = _REVISED.fullmatch(code) if len(code) <= MAX_CHARACTERS else None
            revision = match and (match["a"] or match["b"] or match["c"])
            if match is None or not revision:
                raise RefusedValueError("industry_unknown", text)
            return of_revision(match["code"], int(revision))
        return code

    def _of_value(self, given: object) -> str:
        if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given < 1e6 or given % 1:
            raise RefusedValueError("industry_unknown", given)
        if may_have_lost_a_zero(str(int(given))):
            raise RefusedValueError("industry_zero_lost", f"{given:.0f}")
        return self._of_text(str(int(given)))

    def existing(self, code: str, foreign: bool) -> str:
        """Return the code; raises ``RefusedValueError`` where its division does not exist or has another letter."""
        if industry_group(code, foreign) is None:
            raise RefusedValueError("industry_unknown", code)
        if not section_fits(code, foreign):
            raise RefusedValueError("industry_section", code)
        return code


INDUSTRY = IndustryCode()
