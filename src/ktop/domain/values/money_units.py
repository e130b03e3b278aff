"""Units that amounts of money are written in: thousand, million, hundred million won (천원, 백만원, 억원)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

#: Korean numerals that lead 원, and what they multiply it by; a heading or a note may say any of them.
_KOREAN: Mapping[str, int] = {
    "": 1, "십": 10, "백": 100, "천": 10**3, "만": 10**4, "십만": 10**5, "백만": 10**6, "천만": 10**7,
    "억": 10**8, "십억": 10**9, "백억": 10**10, "천억": 10**11, "조": 10**12,
}  # fmt: skip
_ENGLISH: Mapping[str, int] = {
    "": 1, "thousand": 10**3, "thousands": 10**3, "thousandsof": 10**3, "000": 10**3, "'000": 10**3, "000s": 10**3,
    "k": 10**3, "million": 10**6, "millions": 10**6, "millionsof": 10**6, "mn": 10**6, "m": 10**6, "mil": 10**6,
    "hundredmillion": 10**8, "hundredmillions": 10**8, "hundredmillionsof": 10**8, "billion": 10**9, "billions": 10**9,
    "billionsof": 10**9, "bn": 10**9, "trillion": 10**12, "trillions": 10**12, "trn": 10**12,
}  # fmt: skip
#: Words of a unit, without spaces and in lower case → won.
UNIT_WORDS: Mapping[str, int] = {
    **{f"{word}원": won for word, won in _KOREAN.items()},
    **{word: won for word, won in _KOREAN.items() if won >= 10**8},
    **{f"{word}{end}": won for word, won in _ENGLISH.items() for end in ("won", "krw", "koreanwon", "₩")},
    **{f"{start}{word}": won for word, won in _ENGLISH.items() for start in ("won", "krw", "₩")},
    **{f"{start}in{word}": won for word, won in _ENGLISH.items() for start in ("won", "krw")},
}
#: Words of other currencies; amounts in them are not converted.
FOREIGN_WORDS = re.compile(r"달러|불$|유로|엔화|엔$|위안|usd|us\$|\$|eur|€|jpy|¥|cny|rmb|gbp|£|dollar|euro|yen\b|yuan")

_PART = r"([0-9][0-9,]*(?:\.[0-9]+)?) ?(조|천억|백억|십억|억|천만|백만|십만|만|천|백|십)?"
_AMOUNT = re.compile(rf"([-+△▲−]?) ?₩? ?({_PART}(?: ?{_PART})*) ?(원|won|krw)?", re.IGNORECASE)
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?")


def unit_of(words: str) -> int | None:
    """Return how many won a unit is (``천원`` → 1,000, ``KRW million`` → 1,000,000); None where it is none."""
    return UNIT_WORDS.get("".join(words.split()).casefold())


def worded_amount(text: str) -> Decimal | None:
    """Return the won that an amount with its unit in words is: ``3억 5,000만원``, ``1,234천원``, ``₩5,000``.

    None where it is none, or not clear: 천, 백 and 십 without 원 (5천 may be thousands or, as people speak, tens of
    millions), and parts that do not grow smaller.
    """
    plain = " ".join(text.split())
    if plain[:3].casefold() == "krw":
        plain = plain[3:].lstrip() + ("" if plain[-3:].casefold() in ("won", "krw") or plain.endswith("원") else "원")
    match = _AMOUNT.fullmatch(plain)
    if match is None:
        return None
    sign, body, won = match[1], match[2], match[7]
    parts = re.findall(_PART, body)
    if not won and "₩" not in plain and parts[-1][1] in ("", "천", "백", "십"):
        return None
    total, before = Decimal(0), None
    for figure, unit in parts:
        if _GROUPED.fullmatch(figure) is None:
            return None
        try:
            value = Decimal(figure.replace(",", "")) * _KOREAN[unit]
        except InvalidOperation:
            return None
        if before is not None and not value < before:
            return None
        before = Decimal(_KOREAN[unit])
        total += value
    return total if sign in ("", "+") else -total
