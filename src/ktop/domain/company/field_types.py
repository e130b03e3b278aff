"""Field types of the company record: each is one kind of value (``ktop.domain.values``) in pydantic's terms.

Optional fields take a word for missing (blank, ``N/A``, 미상) as absent; those named ``Needed…`` must hold a value.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field

from ktop.domain.company.errors import refuse, told
from ktop.domain.company.kinds import record_choice
from ktop.domain.values.count import Count
from ktop.domain.values.day import DAY
from ktop.domain.values.industry import INDUSTRY
from ktop.domain.values.kind import ValueKind
from ktop.domain.values.money import Money
from ktop.domain.values.number import Number as NumberKind
from ktop.domain.values.region import COUNTRY, REGION
from ktop.domain.values.registration_numbers import BUSINESS_NUMBER, CORPORATE_NUMBER
from ktop.domain.values.text import IDENTIFIER, MAX_TEXT, TEXT
from ktop.domain.values.year import Year as YearKind
from ktop.domain.values.yes_no import YES_NO

#: Largest amount taken, in the statement's unit: far above any firm, far below where floats lose whole won.
MAX_AMOUNT = 1.0e15
MAX_WHOLE = 10_000_000
MAX_CLAIMS = 2000
MAX_CAREER_YEARS = 1_000
#: Longest period a statement may state.
MOST_MONTHS = 24
FIRST_YEAR, LAST_YEAR = 1950, 2200


def read(kind: ValueKind[Any]) -> BeforeValidator:
    """Return the validator of a field that may be missing."""
    return BeforeValidator(lambda value: told(kind, value))


def needed(kind: ValueKind[Any]) -> BeforeValidator:
    """Return the validator of a field that must be there."""
    return BeforeValidator(lambda value: _there(told(kind, value)))


def choice(name: str) -> BeforeValidator:
    """Return the validator of a choice (``values`` in company.yaml) that may be missing."""
    return BeforeValidator(lambda value: told(record_choice(name), value))


def needed_choice(name: str) -> BeforeValidator:
    """Return the validator of a choice that must be there."""
    return BeforeValidator(lambda value: _there(told(record_choice(name), value)))


def _there(value: Any) -> Any:
    if value is None:
        raise refuse("company.missing_field")
    return value


# The limits stand in the kinds; they are repeated as ``Field`` for pydantic to write them into the JSON Schema.
_Text: TypeAlias = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
_Amount: TypeAlias = Annotated[float, Field(ge=0, le=MAX_AMOUNT)]
_Signed: TypeAlias = Annotated[float, Field(ge=-MAX_AMOUNT, le=MAX_AMOUNT)]
Text = Annotated[_Text | None, read(TEXT)]
NeededText = Annotated[_Text, needed(TEXT)]
Identifier = Annotated[_Text | None, read(IDENTIFIER)]
Day = Annotated[date | None, read(DAY)]
NeededDay = Annotated[date, needed(DAY)]
YesNo = Annotated[bool | None, read(YES_NO)]
CareerYears = Annotated[Annotated[float, Field(ge=0)] | None, read(NumberKind(0, MAX_CAREER_YEARS))]
Whole = Annotated[Annotated[int, Field(ge=0, le=MAX_WHOLE)] | None, read(Count(0, MAX_WHOLE))]
Months = Annotated[Annotated[int, Field(ge=1, le=MOST_MONTHS)] | None, read(Count(1, MOST_MONTHS))]
Claims = Annotated[Annotated[int, Field(ge=0, le=MAX_CLAIMS)] | None, read(Count(0, MAX_CLAIMS))]
NeededYear = Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR), needed(YearKind(FIRST_YEAR, LAST_YEAR))]
Amount = Annotated[_Amount | None, read(Money(0, MAX_AMOUNT))]
Signed = Annotated[_Signed | None, read(Money(-MAX_AMOUNT, MAX_AMOUNT))]
BusinessNumber = Annotated[str | None, read(BUSINESS_NUMBER)]
CorporateNumber = Annotated[str | None, read(CORPORATE_NUMBER)]
Industry = Annotated[str | None, read(INDUSTRY)]
Region = Annotated[str | None, read(REGION)]
Country = Annotated[str | None, read(COUNTRY)]
