"""Field types of the company record: they read what people write (thousands commas, dotted dates, Korean words)."""

from __future__ import annotations

import functools
import math
import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from ktop.catalogue import load
from ktop.domain.company.errors import refuse

#: Longest name or title taken.
MAX_TEXT = 300
#: Largest amount taken, in the statement's unit: far above any firm, far below where floats lose whole won.
MAX_AMOUNT = 1.0e15

_DOTTED = re.compile(r"^(\d{4})\s*[.\-/]\s*(\d{1,2})\s*[.\-/]\s*(\d{1,2})\s*\.?$")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_THOUSANDS = re.compile(r"^[-+]?\d{1,3}(,\d{3})+(\.\d+)?$")
_YES_NO = {"예": True, "네": True, "yes": True, "y": True, "true": True, "1": True} | {
    "아니오": False,
    "아니요": False,
    "no": False,
    "n": False,
    "false": False,
    "0": False,
}


def number_of_text(value: Any) -> Any:
    """Return a number written with thousands commas without them; refuse true, false and infinity."""
    if isinstance(value, bool) or (isinstance(value, float) and not math.isfinite(value)):
        raise refuse("company.not_a_number", value=str(value).lower())
    if isinstance(value, str):
        text = value.strip()
        return text.replace(",", "") if _THOUSANDS.match(text) else text
    return value


def text_of_number(value: Any) -> Any:
    """Return an identifier that YAML read as a whole number as text again."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def stripped(value: Any) -> Any:
    """Return text without spaces around it."""
    return value.strip() if isinstance(value, str) else value


def day_of_text(value: Any) -> Any:
    """Return the date written as 2024-12-31, 2024.12.31, 2024/12/31 or 20241231."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = str(value).strip()
    match = _DOTTED.match(text) or _COMPACT.match(text)
    try:
        if match and not isinstance(value, (bool, float)):
            return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        pass
    raise refuse("company.not_a_date", value=text[:40])


def yes_no_of_text(value: Any) -> Any:
    """Return whether yes or no was written, in Korean or English."""
    if isinstance(value, bool):
        return value
    answer = _YES_NO.get(str(value).strip().casefold())
    if answer is None:
        raise refuse("company.not_yes_no", value=str(value)[:40])
    return answer


@functools.cache
def _spellings(kind: str) -> dict[str, str]:
    spellings: dict[str, str] = {}
    for code, words in load("company")["values"][kind].items():
        spellings |= {code.casefold(): code, words["ko"].casefold(): code, words["en"].casefold(): code}
    return spellings


def choice(kind: str) -> BeforeValidator:
    """Return a validator that takes a value's code or its Korean or English word (``values`` in company.yaml)."""

    def read(value: Any) -> Any:
        code = _spellings(kind).get(str(value).strip().casefold())
        if code is None:
            codes = ", ".join(load("company")["values"][kind])
            raise refuse("company.not_a_choice", value=str(value)[:40], choices=codes)
        return code

    return BeforeValidator(read)


# Limits stand before the reading validator: pydantic then writes them into the JSON Schema.
Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT), BeforeValidator(stripped)]
Day = Annotated[date, BeforeValidator(day_of_text)]
YesNo = Annotated[bool, BeforeValidator(yes_no_of_text)]
Number = Annotated[float, Field(ge=0, allow_inf_nan=False), BeforeValidator(number_of_text)]
Whole = Annotated[int, Field(ge=0, le=10_000_000), BeforeValidator(number_of_text)]
Year = Annotated[int, Field(ge=1950, le=2200), BeforeValidator(number_of_text)]
Claims = Annotated[int, Field(ge=0, le=2000), BeforeValidator(number_of_text)]
Answer = Annotated[int, Field(ge=1, le=5), BeforeValidator(number_of_text)]
Amount = Annotated[float, Field(ge=0, le=MAX_AMOUNT, allow_inf_nan=False), BeforeValidator(number_of_text)]
Signed = Annotated[float, Field(ge=-MAX_AMOUNT, le=MAX_AMOUNT, allow_inf_nan=False), BeforeValidator(number_of_text)]
