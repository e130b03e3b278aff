"""Writes printed characters in their plain form: full width, decomposed, mathematical letters, USPTO's brace codes."""

from __future__ import annotations

import re
import unicodedata

#: Characters whose plain form means the same: full width (but for < > &, which are mark-up once they are plain),
#: half-width katakana, ligatures of Latin letters, mathematical letters and digits. Superscripts, fractions, circled
#: digits and squared units stay: x² is not x2.
_SAME_MEANING = re.compile(
    "[\u3000\uff01-\uff05\uff07-\uff1b\uff1d\uff1f-\uff5e\uff61-\uff9f\uffe0-\uffe6\ufb00-\ufb06"
    "\u2102\u210a-\u2113\u2115\u2119-\u211d\u2124\u2128\u212c\u212d\u212f-\u2131\u2133\u2134\U0001d400-\U0001d7ff]+"
)
#: Marks that show nothing: zero-width blank and joiner, byte order mark within a text, soft hyphen.
_INVISIBLE = re.compile("[\u200b\u2060\ufeff\u00ad]")
#: ``{acute over (e)}``, ``{umlaut(u)}``, ``{Dot under (a)}``: how the USPTO writes accents in plain letters.
_BRACE_CODE = re.compile(r"\{\s*([A-Za-z][A-Za-z ]{2,30}?)\s*\(\s*([^\W_][\u0300-\u036f]{0,3})\s*\)\s*\}")
_OVER = {
    "acute": "\u0301", "grave": "\u0300", "circumflex": "\u0302", "tilde": "\u0303", "macron": "\u0304",
    "overline": "\u0305", "overscore": "\u0305", "breve": "\u0306", "dot": "\u0307", "umlaut": "\u0308",
    "diaeresis": "\u0308", "dieresis": "\u0308", "double dot": "\u0308", "hook": "\u0309", "ring": "\u030a",
    "double acute": "\u030b", "hacek": "\u030c", "haeck": "\u030c", "caron": "\u030c", "double grave": "\u030f",
    "cedilla": "\u0327", "ogonek": "\u0328", "underscore": "\u0332", "right arrow": "\u20d7", "left arrow": "\u20d6",
    "bar": "\u0304", "comma": "\u0326",
}  # fmt: skip
_UNDER = {
    "grave": "\u0316", "acute": "\u0317", "dot": "\u0323", "umlaut": "\u0324", "diaeresis": "\u0324", "ring": "\u0325",
    "comma": "\u0326", "cedilla": "\u0327", "ogonek": "\u0328", "hacek": "\u032c", "caron": "\u032c",
    "circumflex": "\u032d", "breve": "\u032e", "tilde": "\u0330", "macron": "\u0331", "bar": "\u0331",
}  # fmt: skip
#: Letters that no accent composes.
_STRUCK = {"o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "d": "đ", "D": "Đ", "h": "ħ", "H": "Ħ", "t": "ŧ", "T": "Ŧ"}
_MAX_NESTED = 3


def plain_text(text: str) -> str:
    """Return a printed text with every character in its plain, composed form.

    ``ＬＥＤ`` → ``LED``; Hangul in parts (as macOS writes it) → whole syllables; ``𝐱`` → ``x``; ``Caf{acute over (e)}``
    → ``Café``. A brace code over more than one letter, or of a name that no accent has, stays as printed.
    """
    if text.isascii():
        return _without_brace_codes(text) if "{" in text else text
    text = _INVISIBLE.sub("", text)
    text = _SAME_MEANING.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    if "{" in text:
        text = _without_brace_codes(text)
    return unicodedata.normalize("NFC", text)


def _without_brace_codes(text: str) -> str:
    for _ in range(_MAX_NESTED):
        text, found = _BRACE_CODE.subn(_accented, text)
        if not found:
            break
    return unicodedata.normalize("NFC", text)


def _accented(match: re.Match[str]) -> str:
    words = match[1].lower().split()
    under = bool({"under", "below"} & set(words))
    name = " ".join(word for word in words if word not in ("over", "above", "under", "below"))
    letter = match[2]
    if name in ("slash", "stroke") and letter in _STRUCK:
        return _STRUCK[letter]
    mark = (_UNDER if under else _OVER).get(name)
    return match[0] if mark is None else letter + mark
