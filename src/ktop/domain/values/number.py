"""Numbers as Koreans write them: thousands separators, accounting negatives, full-width digits."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal

from ktop.domain.values.kind import MAX_CHARACTERS, RefusedValueError, ValueKind, half_width

_GROUPS = r"[1-9][0-9]{0,2}(?:(?:,[0-9]{3})+|(?:_[0-9]{3})+)(?:\.[0-9]+)?"
_UNSIGNED = rf"(?:{_GROUPS}|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)"
#: Signs: + and - close to the figure; △ ▲ − (the accounting signs for a negative) also before a space; brackets.
_NUMBER = re.compile(rf"([-+]?)({_UNSIGNED})|([△▲−]) *({_UNSIGNED})|\( *({_UNSIGNED}) *\)")


def figure_of(text: str) -> str:
    """Return a number's plain form for ``float`` or ``Decimal``: ``-1234`` for ``△1,234``."""
    plain = half_width(text)
    match = _NUMBER.fullmatch(plain) if len(plain) <= MAX_CHARACTERS else None
    if match is None:
        grouped = len(plain) <= MAX_CHARACTERS and "," in plain and _NUMBER.fullmatch(plain.replace(",", ""))
        raise RefusedValueError("comma_groups" if grouped else "not_a_number", text)
    sign, figure, _, negative, bracketed = match.groups()
    unsigned = (figure or negative or bracketed).replace(",", "").replace("_", "")
    if float(unsigned) == 0 and re.search("[1-9]", re.split("[eE]", unsigned)[0]):
        raise RefusedValueError("not_a_number", text)  # 1e-999 is not zero
    return unsigned if figure and sign != "-" else f"-{unsigned}"


@dataclass(frozen=True)
class Number(ValueKind[float]):
    """A number from ``minimum`` to ``maximum``.

    ``1,234.5``, ``1234.5``, ``1.5e3`` and full-width digits; negative also ``△1,234``, ``▲1,234``, ``−1,234`` and
    ``(1,234)``. Separators (commas, or underscores as YAML has them) that do
    not stand every three digits, units and words are refused.
    """

    minimum: float
    maximum: float

    def _of_text(self, text: str) -> float:
        return self._within(float(figure_of(text)), text)

    def _of_value(self, given: object) -> float:
        if isinstance(given, bool) or not isinstance(given, int | float) or given != given:  # NaN
            raise RefusedValueError("not_a_number", given)
        return self._within(given, given)

    def _within(self, value: float, given: object) -> float:
        if not self.minimum <= value <= self.maximum:  # exact also for an integer that no float can hold
            low, high = self._limit(self.minimum), self._limit(self.maximum)
            raise RefusedValueError("out_of_range", given, minimum=low, maximum=high)
        return float(value) + 0.0  # -0 is 0

    def _limit(self, value: float) -> str:
        return f"{value:,.0f}" if value == math.floor(value) else f"{value:,g}"

    def caption(self, value: float) -> str:
        """Return the number with thousands separators, every digit kept and no exponent."""
        return written(Decimal(repr(float(value))))


def written(value: Decimal) -> str:
    """Return a number without trailing zeros, with thousands separators from 1,000 on; a tiny one with its exponent."""
    plain = format(value.normalize(), "f")
    if len(plain) > MAX_CHARACTERS // 2:
        return str(value.normalize())
    return f"{Decimal(plain):,f}" if abs(value) >= 1000 else plain


def integer_of_json(digits: str) -> int | float:
    """Return a JSON integer; one of more digits than Python converts is beyond any limit, as infinity is."""
    return int(digits) if len(digits) <= 1000 else math.copysign(math.inf, -1 if digits[0] == "-" else 1)
