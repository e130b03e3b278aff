"""Tells claims apart: those of one running text in several languages, those cancelled, those that refer to another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from ktop.patents.readers.plain_text import plain_text

#: One number or ranges of numbers: ``18``, ``1.-18.``, ``1. - 5.``, ``1-3, 5.``, ``1 to 4 and 7``.
_NUMBERS = r"\d{1,3}\s*[.)]?(?:\s*(?:[-~\u2010-\u2015,;&]|to|through|thru|and)+\s*\d{1,3}\s*[.)]?)*"
_LABEL = r"(?:claims?|청구항|請求項|权利要求|權利要求|ansprüche|anspruch|revendications?)"
#: Words by which an office says that a claim is there no more.
_GONE = (
    r"(?:(?:has|have)\s+been\s+|is\s+|are\s+)?"
    r"(?:cancel(?:l?ed)?|deleted|void|not\s+entered|삭제|취소|删除|刪除|取消|削除|gestrichen|entfallen|annulée?s?|supprimée?s?)"
)
CANCELLED = re.compile(
    rf"^\W*(?:{_LABEL}\s*)?(?:{_NUMBERS})?[\s.:\-\u2010-\u2015\])】]*[\[(]*\s*{_GONE}"
    r"(?=\s*(?:$|[)\].,;】]|without\b|by\b|herein\b|in\s+(?:this|a|the)\b|됨|함))",
    re.IGNORECASE,
)
#: What a claim says that rests on another one.
_REFERS = re.compile(
    r"\bclaims?\s+\d|청구항\s*\d|제\s*\d+\s*항|(?:权利要求|權利要求|請求項|请求项|請求项)\s*\d|"
    r"\b(?:anspruch|ansprüchen?|patentanspruch)\s+\d|\brevendications?\s+\d",
    re.IGNORECASE,
)
#: Marks of a claim's beginning that nothing else looks like: 【請求項1】, [청구항 2], 청구항 3 at the line's start.
_LABELLED = re.compile(
    r"[【\[(]\s*(?:請求項|请求项|청구항|權利要求|权利要求|claim)\s*(\d{1,3})\s*[】\])]"
    r"|^[ \t]*(?:청구항|請求項|权利要求|權利要求|claim|(?:patent)?anspruch|revendication)"
    r"\s*(\d{1,3})\s*(?=[.:：)\n]|$)"
    r"|^[ \t]*청구항\s*(\d{1,3})[ \t]+(?!에|의|또는|및|내지|중|과\b|와\b)"
    r"|^[ \t]*제\s*(\d{1,3})\s*항\s*(?=[.:：)\n]|$)",
    re.MULTILINE | re.IGNORECASE,
)
_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
#: A number that may begin a claim: at the start of a line, or within one after the end of a sentence. The last number
#: of a range (of cancelled claims) counts.
_NUMBERED = re.compile(
    rf"(?:^[ \t]*|(?<=[.。)\]】])[ \t]*)(?:\d{{1,3}}\s*[.)]?\s*[-~\u2010-\u2015]\s*)?(?P<number>\d{{1,3}})"
    rf"\s*(?:[.)](?=\s+\S|[A-Z{_CJK}(\[])|、|[ \t]+(?=\())",
    re.MULTILINE,
)
#: What a claim ends with; a part of one ends with a comma, a semicolon or "and".
_ENDED = (".", "。", "!", ")", "]", "】")


_CANCELLED_BEFORE = re.compile(rf"{_GONE}\s*[)\].】]+\s*\Z", re.IGNORECASE)


class _Mark(NamedTuple):
    number: int
    start: int
    strong: bool


def split_claims(text: str) -> list[str]:
    """Return the claims of a text that holds one or all of them, each as one line with its number as printed.

    Claims are told by their marks (``【請求項１】``, ``청구항 2``) or by numbers that rise by one: at the start of a
    line, or after the end of a sentence where no line ends between them (``1.一种…。2.根据权利要求1…``). Numbered parts
    of one claim are no claims: they follow no full stop, or do not rise by one. A range of cancelled claims is one.
    """
    text = plain_text(text)
    for marks in (_labelled(text), _numbered(text, lines_only=True), _numbered(text, lines_only=False)):
        pieces = _cut(text, _rising(text, marks))
        if pieces:
            return pieces
    return [" ".join(text.split())] if text.strip() else []


def separate_claims(entries: Sequence[str]) -> list[str]:
    """Return the claims of a source's entries: several are a claim each, a single one may hold all of them."""
    return split_claims(entries[0]) if len(entries) == 1 else [" ".join(entry.split()) for entry in entries]


def _labelled(text: str) -> list[_Mark]:
    return [
        _Mark(int(next(group for group in match.groups() if group)), match.start(), True)
        for match in _LABELLED.finditer(text)
    ]


def _numbered(text: str, *, lines_only: bool) -> list[_Mark]:
    marks = []
    for match in _NUMBERED.finditer(text):
        before = text[: match.start()].rstrip()[-1:]
        at_line = match.start() == 0 or text[match.start() - 1] == "\n"
        ends_cancelled = before in (")", "]", "】") and _CANCELLED_BEFORE.search(
            text, max(0, match.start() - 30), match.start()
        )
        if at_line or (not lines_only and (before in (".", "。") or ends_cancelled)):
            marks.append(_Mark(int(match["number"]), match.start(), not before or before in _ENDED))
    return marks


def _rising(text: str, marks: Sequence[_Mark]) -> list[_Mark]:
    """Return the marks whose numbers rise by one from the first; of several with one number the one that fits best.

    The first is number 1, or whatever comes first where a text begins with cancelled claims.
    """
    cancelled = bool(CANCELLED.search(text))
    position = 0 if cancelled else next((i for i, mark in enumerate(marks) if mark.number == 1), len(marks))
    chosen: list[_Mark] = []
    while position < len(marks):
        wanted = chosen[-1].number + 1 if chosen else marks[position].number
        same = [index for index in range(position, len(marks)) if marks[index].number == wanted]
        if not same:
            break
        strong = next((index for index in same if marks[index].strong), None)
        if strong is None:
            index = same[0]
        else:  # a weak one counts where the next number follows before the strong one
            follows = any(mark.number == wanted + 1 and mark.strong for mark in marks[same[0] : strong])
            index = same[0] if follows else strong
        chosen.append(marks[index])
        position = index + 1
    return chosen


def _cut(text: str, marks: Sequence[_Mark]) -> list[str]:
    """Return the pieces from mark to mark; none where there are not two."""
    if len(marks) < 2:
        return []
    ends = [*(mark.start for mark in marks), len(text)]
    return [" ".join(text[start:end].split()) for start, end in pairwise(ends)]


def live_claims(claims: Sequence[str]) -> list[str]:
    """Return the claims that stand: not blank and not cancelled."""
    return [text for text in claims if text and not CANCELLED.search(text)]


def counted_claims(claims: Sequence[str]) -> int | None:
    """Return how many claims there are, None where there are none or where all stand in one text.

    A claim by itself cannot refer to another one: a lone text that does holds several claims.
    """
    if len(claims) == 1 and _REFERS.search(claims[0]):
        return None
    return len(claims) or None
