"""One of a few codes, written as the code or as its Korean or English word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ktop.domain.values.kind import MAX_CHARACTERS, RefusedValueError, ValueKind, as_seen, half_width
from ktop.domain.values.number import figure_of

Code = TypeVar("Code", bound=str | int)


@dataclass(frozen=True)
class Choice(ValueKind[Code], Generic[Code]):
    """One of ``codes``. ``words``: what else may be written for each (labels, codes of another place).

    A word of the choice wins over a word for missing: "없음" and "none" are a degree of organisation, not an unknown.
    """

    codes: tuple[Code, ...]
    words: Mapping[str, Code]
    _spellings: dict[str, Code] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        spellings = {_folded(word): code for word, code in self.words.items()}
        object.__setattr__(self, "_spellings", spellings | {_folded(str(code)): code for code in self.codes})

    def parse(self, given: object) -> Code | None:
        """Return the code given, None for one that is not known; raises ``RefusedValueError``."""
        if isinstance(given, str):
            written = self._written(as_seen(given)) if len(given) <= MAX_CHARACTERS else None
            if written is not None:
                return written
        return super().parse(given)

    def _written(self, text: str) -> Code | None:
        return self._spellings.get(_folded(text))

    def _of_text(self, text: str) -> Code:
        try:
            return self._of_value(float(figure_of(text)))  # 2.0 and full-width figures
        except RefusedValueError:
            raise self._refusal(text) from None

    def _of_value(self, given: object) -> Code:
        whole = isinstance(given, int | float) and not isinstance(given, bool) and abs(given) < 1e6 and given % 1 == 0
        found = self._written(f"{given:.0f}") if whole else None
        if found is None:
            raise self._refusal(given)
        return found

    def caption(self, value: Code) -> str:
        """Return the code."""
        return value if isinstance(value, str) else f"{value:.0f}"

    def _refusal(self, given: object) -> RefusedValueError:
        return RefusedValueError("not_a_choice", given, choices=", ".join(map(str, self.codes)))


def _folded(text: str) -> str:
    return "".join(half_width(text).casefold().split())
