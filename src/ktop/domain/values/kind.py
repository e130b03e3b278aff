"""What every kind of value has in common: how it is read, how it is refused, how it is written back.

A text that can mean only one thing is read; anything else is refused with one sentence that says what was found and
what to write. Every place that takes values (record, totals, batch table, form, API, training scheme) asks the same
kinds, so a text has one meaning wherever it stands.
"""

from __future__ import annotations

import re
import unicodedata
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
    {"", "-", "–", "—", "n/a", "미상", "해당없음", "해당 없음", "na", "nan", "nat", "<na>", "null", "none"},
)
#: Characters of a value that a sentence repeats.
SHOWN = 40
#: Longest text that can be a number, a date, a code or a word; longer ones are refused unread.
MAX_CHARACTERS = 60
_FULL_WIDTH = str.maketrans({code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " "})
#: Characters that nobody sees: zero-width spaces and joiners of words, direction marks, byte order marks, soft hyphens.
#: The joiners inside words and pictures (U+200C, U+200D) belong to their text and stay.
_UNSEEN = dict.fromkeys((0x00AD, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF))
_SPACES = dict.fromkeys((0x00A0, 0x2007, 0x202F), " ")
_AS_SEEN = {**_UNSEEN, **_SPACES}
#: A text kept from being read as a number when a spreadsheet opens the file: ``="0012"``.
_GUARDED = re.compile(r'="([^"]*)"')
#: What a spreadsheet shows where it has no value, with the cell's name where our reader knows it: ``#REF! (F12)``.
_ERROR = re.compile(
    r"(#(?:DIV/0|REF|VALUE|NULL|NUM|NAME|N/A|SPILL|CALC|FIELD|BLOCKED|CONNECT|BUSY|UNKNOWN|EXTERNAL|PYTHON|ERROR"
    r"|GETTING_DATA|FORMULA|YEAR|MERGED)[!?]?|Err:5[0-9]{2}|#{3,})"
    r"(?: \([A-Z]{1,3}[0-9]{1,7}(?::[A-Z]{1,3}[0-9]{1,7})?\))?",
    re.IGNORECASE,
)
#: Errors that our reader of spreadsheets writes (``ktop.kernel.workbooks``) and the sentence of each.
_OWN_ERRORS = {"#FORMULA!": "formula_not_calculated", "#YEAR!": "year_in_date_cell", "#MERGED!": "merged_amount"}


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


def as_seen(text: str) -> str:
    """Return text as people see it, without spaces around it.

    Hangul taken apart (as macOS names files) is put together, characters without width are left out, no-break spaces
    become plain ones, and the guard of a spreadsheet (``="0012"``) is taken off.
    """
    if text.isascii():
        plain = text.strip()
    else:
        plain = unicodedata.normalize("NFC", text.translate(_AS_SEEN)).strip()
    guarded = _GUARDED.fullmatch(plain) if plain.startswith("=") else None
    return guarded[1].strip() if guarded else plain


def refuse_error(text: str) -> None:
    """Raise ``RefusedValueError`` for the error value of a spreadsheet: it is no value, and not "not known" either."""
    found = _ERROR.fullmatch(text) if text[:1] in "#Ee" else None
    if found:
        reason = _OWN_ERRORS.get(found[1].upper(), "error_value")
        raise RefusedValueError(reason, text)


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
        text = as_seen(given)
        if text.casefold() in self.missing:
            return None
        refuse_error(text)
        return self._of_text(text)

    @abstractmethod
    def _of_text(self, text: str) -> T:
        """Return the value of a text without spaces around it, not a missing word."""

    @abstractmethod
    def _of_value(self, given: object) -> T:
        """Return the value of what is no text."""

    def caption(self, value: T) -> str:
        """Return the value as people write it; ``parse`` reads the caption back as the same value."""
        return str(value)
