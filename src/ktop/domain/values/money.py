"""Amounts of money in won, entered in won or in a larger unit that the place states."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ktop.domain.values.kind import MAX_CHARACTERS, RefusedValueError, half_width
from ktop.domain.values.money_units import worded_amount
from ktop.domain.values.number import Number, figure_of, written


@dataclass(frozen=True)
class Money(Number):
    """An amount of won; ``minimum`` and ``maximum`` are in won.

    ``unit_krw`` is the unit the place asks for (1,000,000 in the form, where 1.5 is 1,500,000 won). Words of a unit
    (``3억``, ``5천원``) are refused where the place states a unit: beside it they can mean two amounts. ``worded`` says
    that it states none, so that the words count.
    """

    unit_krw: int = 1
    worded: bool = False

    def _of_text(self, text: str) -> float:
        try:
            figure = figure_of(text)
        except RefusedValueError:
            amount = (
                worded_amount(half_width(text))
                if self.worded and self.unit_krw == 1 and len(text) <= MAX_CHARACTERS
                else None
            )
            if amount is None:
                raise
            return self._within(float(amount), text)
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
