"""Amounts of money in won, entered in won or in a larger unit that the place states."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ktop.domain.values.kind import RefusedValueError
from ktop.domain.values.number import Number, figure_of, written


@dataclass(frozen=True)
class Money(Number):
    """An amount of won; ``minimum`` and ``maximum`` are in won.

    ``unit_krw`` is the unit the place asks for (1,000,000 in the form, where 1.5 is 1,500,000 won). Words of a unit
    (``3억``, ``5천원``) are refused: beside a stated unit they can mean two amounts.
    """

    unit_krw: int = 1

    def _of_text(self, text: str) -> float:
        figure = figure_of(text)
        value = float(figure)
        if self.unit_krw != 1 and 1e-30 < abs(value) <= self.maximum:
            value = float(Decimal(figure) * self.unit_krw)  # exact: 0.1 million is 100,000 won
        else:
            value *= self.unit_krw
        return self._within(value, text)

    def _of_value(self, given: object) -> float:
        if self.unit_krw != 1 and isinstance(given, int | float) and not isinstance(given, bool):
            if not abs(given) <= self.maximum:
                raise RefusedValueError("not_a_number", given)
            return self._of_text(repr(given))
        return super()._of_value(given)

    def _limit(self, value: float) -> str:
        return written(Decimal(repr(float(value))) / self.unit_krw)

    def caption(self, value: float) -> str:
        """Return the amount in the place's unit; less than a billionth of a won is nothing."""
        return "0" if abs(value) < 1e-9 else written(Decimal(repr(float(value))) / self.unit_krw)
