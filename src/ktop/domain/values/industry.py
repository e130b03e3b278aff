"""Industry codes: KSIC of Korea, ISIC and NACE abroad."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from ktop.catalogue import Lang, load
from ktop.domain.values.kind import RefusedValueError, ValueKind, half_width

_CODE = re.compile(r"^[A-Ua-u]?[\s.\-]?(\d{2,5})$")


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


def industry_label(code: str, foreign: bool = False) -> Mapping[Lang, str] | None:
    """Return the Korean and English name of a code's division, None where it does not exist."""
    digits = industry_digits(code)
    entry = _entry(digits, foreign) if digits else None
    return entry["label"] if entry else None


class IndustryCode(ValueKind[str]):
    """An industry code in capitals: section letter and two to five digits, or the digits alone (``C29271``, ``62``).

    Whether its division exists depends on the country (KSIC or ISIC): ``existing`` asks that.
    """

    def _of_text(self, text: str) -> str:
        code = half_width(text).upper()
        if industry_digits(code) is None:
            raise RefusedValueError("industry_unknown", text)
        return code

    def _of_value(self, given: object) -> str:
        if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given < 1e6 or given % 1:
            raise RefusedValueError("industry_unknown", given)
        return self._of_text(str(int(given)))

    def existing(self, code: str, foreign: bool) -> str:
        """Return the code; raises ``RefusedValueError`` where its division does not exist or has another letter."""
        if industry_group(code, foreign) is None:
            raise RefusedValueError("industry_unknown", code)
        if not section_fits(code, foreign):
            raise RefusedValueError("industry_section", code)
        return code


INDUSTRY = IndustryCode()
