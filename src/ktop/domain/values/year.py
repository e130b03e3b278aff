"""Calendar and fiscal years."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ktop.domain.values.count import Count
from ktop.domain.values.kind import half_width
from ktop.domain.values.number import Number

_YEAR = re.compile(r"([0-9]{4}) ?년(?:도)?")


class _YearFigure(Number):
    """The number of a year, whose limits are told without thousands separators."""

    def _limit(self, value: float) -> str:
        return f"{value:.0f}"


@dataclass(frozen=True)
class Year(Count):
    """A year of four digits from ``minimum`` to ``maximum``: ``2024`` or ``2024년``, never two digits."""

    minimum: int = 1950
    maximum: int = 2200

    def _of_text(self, text: str) -> int:
        named = _YEAR.fullmatch(half_width(text))
        return super()._of_text(named[1] if named else text)

    def _figure(self) -> Number:
        return _YearFigure(self.minimum, self.maximum)

    def caption(self, value: int) -> str:
        """Return the four digits."""
        return str(value)
