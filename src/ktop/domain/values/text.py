"""Names, titles and identifiers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from ktop.domain.values.kind import MISSING_WORDS, RefusedValueError, ValueKind

#: Longest name or title taken.
MAX_TEXT = 300
#: What no file, database or page can hold: control characters and halves of a character (lone surrogates).
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
#: What stands where a program could not read a character: the text is damaged for good.
DAMAGED = "\ufffd"


@dataclass(frozen=True)
class Text(ValueKind[str]):
    """Text of one to ``longest`` characters. ``of_numbers``: a whole number (an id that YAML read so) is taken as text.

    Words such as "none" or "null" can be names, so only a blank, ``-``, ``N/A`` and 미상 mean that the text is missing.
    """

    longest: int = MAX_TEXT
    of_numbers: bool = False
    missing: ClassVar[frozenset[str]] = MISSING_WORDS - {"na", "nan", "nat", "<na>", "null", "none"}

    def _of_text(self, text: str) -> str:
        if len(text) > self.longest:
            raise RefusedValueError("text_too_long", text, limit=str(self.longest))
        if UNWRITABLE.search(text):
            raise RefusedValueError("unwritable_text", text)
        if DAMAGED in text:
            raise RefusedValueError("damaged_text", text)
        return text

    def _of_value(self, given: object) -> str:
        whole = isinstance(given, int | float) and not isinstance(given, bool) and abs(given) < 1e40 and given % 1 == 0
        if whole and self.of_numbers:
            return f"{given:.0f}"
        raise RefusedValueError("not_text", given)


TEXT = Text()
IDENTIFIER = Text(of_numbers=True)
