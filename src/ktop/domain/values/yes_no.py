"""Yes or no, in Korean and English."""

from __future__ import annotations

from ktop.domain.values.kind import RefusedValueError, ValueKind, half_width
from ktop.domain.values.number import Number

YES_WORDS = frozenset({"예", "네", "유", "있음", "여", "yes", "y", "true", "o", "○"})
NO_WORDS = frozenset({"아니오", "아니요", "무", "없음", "부", "no", "n", "false", "x", "×"})


class YesNo(ValueKind[bool]):
    """Yes or no: 예/아니오, 유/무, 있음/없음, 여/부, yes/no, Y/N, true/false, O/X, 1/0."""

    def _of_text(self, text: str) -> bool:
        word = half_width(text).casefold()
        if word in YES_WORDS or word in NO_WORDS:
            return word in YES_WORDS
        try:
            return self._of_value(Number(0, 1)._of_text(text))
        except RefusedValueError:
            raise RefusedValueError("not_yes_no", text) from None

    def _of_value(self, given: object) -> bool:
        if isinstance(given, bool | int | float) and given in (0, 1):
            return bool(given)
        raise RefusedValueError("not_yes_no", given)

    def caption(self, value: bool) -> str:
        """Return 1 or 0, as files and forms keep it."""
        return str(int(value))


YES_NO = YesNo()
