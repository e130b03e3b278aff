"""What every kind of value has in common: how it is read, how it is refused, how it is written back.

A text that can mean only one thing is read; anything else is refused with one sentence that says what was found and
what to write. Every place that takes values (record, totals, batch table, form, API, training scheme) asks the same
kinds, so a text has one meaning wherever it stands.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar

from ktop.catalogue import Lang, messages
from ktop.kernel.errors import InputError

T = TypeVar("T")
#: Where a value stands: a path of the record, or the words of a fact in both languages.
Where: TypeAlias = str | Mapping[Lang, str]

#: What people write where a value is not known (lower case).
MISSING_WORDS = frozenset(
    {"", "-", "n/a", "#n/a", "미상", "해당없음", "해당 없음", "na", "nan", "null", "none"},
)
#: Characters of a value that a sentence repeats.
SHOWN = 40
#: Longest text that can be a number, a date, a code or a word; longer ones are refused unread.
MAX_CHARACTERS = 60
_FULL_WIDTH = str.maketrans({code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)})


class RefusedValueError(InputError):
    """A value that cannot be read; ``at`` adds the place it stands at, which only the reader of the whole knows."""

    def __init__(self, reason: str, given: object, **params: Any) -> None:
        here = messages()["values.here"]
        super().__init__(f"values.{reason}", **{"where": here, "more": "", "value": shown(given), **params})

    def at(self, where: Where, more: str | Mapping[Lang, str] = "") -> InputError:
        """Return the same refusal with its place, and ``more`` (the number of further errors) at its end."""
        return InputError(self.key, **{**self.params, "where": where, "more": more})


def shown(given: object) -> str:
    """Return what a sentence repeats of a value: cut short, and always text that can be sent and stored."""
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, int) and given.bit_length() > 100:  # Python refuses to write out an integer of 4,300 digits
        return f"{'-' if given < 0 else ''}1e+{int(given.bit_length() * 0.30103)}"
    if isinstance(given, int | float):
        return f"{given:,}"
    try:
        text = str(given)
    except (ValueError, RecursionError):  # a list that holds such an integer
        text = type(given).__name__
    return text[:SHOWN].encode("utf-8", "replace").decode("utf-8")


def half_width(text: str) -> str:
    """Return text with full-width letters, digits and signs (１２，３) made plain."""
    return text if text.isascii() else text.translate(_FULL_WIDTH)


class ValueKind(ABC, Generic[T]):
    """One kind of value.

    ``parse`` takes what a file, a form or a program gave: text, or a number, truth value or date that was typed as such
    already. It returns the value in its one normal form, None where the giver says that it is not known, and raises
    ``RefusedValueError`` for what has no meaning or more than one.
    """

    missing: ClassVar[frozenset[str]] = MISSING_WORDS

    def parse(self, given: object) -> T | None:
        """Return the value given, None for one that is not known; raises ``RefusedValueError``."""
        if given is None:
            return None
        if not isinstance(given, str):
            return self._of_value(given)
        text = given.strip()
        return None if text.casefold() in self.missing else self._of_text(text)

    @abstractmethod
    def _of_text(self, text: str) -> T:
        """Return the value of a text without spaces around it, not a missing word."""

    @abstractmethod
    def _of_value(self, given: object) -> T:
        """Return the value of what is no text."""

    def caption(self, value: T) -> str:
        """Return the value as people write it; ``parse`` reads the caption back as the same value."""
        return str(value)
