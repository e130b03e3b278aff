"""Whole numbers of things: persons, projects, patents, rounds."""

from __future__ import annotations

from dataclasses import dataclass

from ktop.domain.values.kind import RefusedValueError, ValueKind
from ktop.domain.values.number import Number


@dataclass(frozen=True)
class Count(ValueKind[int]):
    """A whole number from ``minimum`` to ``maximum``, written like any number (``1,003``, ``12.0``); no unit words."""

    minimum: int
    maximum: int

    def _of_text(self, text: str) -> int:
        return self._whole(self._figure()._of_text(text), text)

    def _of_value(self, given: object) -> int:
        return self._whole(self._figure()._of_value(given), given)

    def _figure(self) -> Number:
        return Number(self.minimum, self.maximum)

    @staticmethod
    def _whole(value: float, given: object) -> int:
        if value != int(value):
            raise RefusedValueError("not_whole", given)
        return int(value)

    def caption(self, value: int) -> str:
        """Return the number with thousands separators."""
        return f"{int(value):,}"
