"""Regions of Korea, the word for outside of it, and country codes."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from ktop.catalogue import Lang, load
from ktop.domain.values.kind import RefusedValueError, ValueKind, half_width

#: Region of a firm outside Korea.
FOREIGN = "foreign"


@functools.cache
def regions() -> Mapping[str, Mapping[Lang, str]]:
    """Return region code → words: the 17 provinces of Korea (ISO 3166-2) and ``foreign``."""
    found: Mapping[str, Mapping[Lang, str]] = load("regions")["regions"]
    return found


@functools.cache
def _region_spellings() -> Mapping[str, str]:
    spellings = dict(load("regions")["aliases"])
    for code, words in regions().items():
        spellings |= {code.casefold(): code, code.removeprefix("KR-").casefold(): code}
        spellings |= {word.casefold(): code for word in words.values()}
    return spellings


def region_code(text: str) -> str | None:
    """Return the region code written as code, Korean or English name (``서울`` → ``KR-11``); None where unknown."""
    return _region_spellings().get(text.strip().casefold())


class RegionCode(ValueKind[str]):
    """A province's ISO 3166-2 code, from the code, its number or the Korean or English name; or ``foreign``."""

    def _of_text(self, text: str) -> str:
        code = region_code(half_width(text))
        if code is None:
            raise RefusedValueError("region_unknown", text)
        return code

    def _of_value(self, given: object) -> str:
        if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given < 100 or given % 1:
            raise RefusedValueError("region_unknown", given)
        return self._of_text(str(int(given)))


class CountryCode(ValueKind[str]):
    """A country's two-letter ISO 3166-1 code in capitals."""

    def _of_text(self, text: str) -> str:
        code = half_width(text).upper()
        if len(code) != 2 or not code.isascii() or not code.isalpha():
            raise RefusedValueError("country_unknown", text)
        return code

    def _of_value(self, given: object) -> str:
        raise RefusedValueError("country_unknown", given)


REGION = RegionCode()
COUNTRY = CountryCode()
