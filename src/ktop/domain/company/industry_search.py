"""Finds an industry's code by ordinary words: what a firm makes or does, not how a statistician calls it."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

from ktop.catalogue import Lang, load
from ktop.domain.values.industry import industry_digits

#: Share of a query's letter pairs that an industry's words must hold.
_LEAST = 0.5


def industries_like(words: str, lang: Lang) -> Sequence[tuple[str, str]]:
    """Return industries (code with its section letter, label), the best first; a code finds itself and its division."""
    digits = industry_digits(words.strip()) if words.strip() else None
    entries: Mapping[str, Mapping[str, object]] = load("industries")["ksic"]
    if digits is not None:
        found = [code for code in (digits[:3], digits[:2]) if code in entries]
        return [_shown(code, lang) for code in found]
    wanted = [folded for word in words.casefold().replace("·", " ").split() if (folded := word.strip(" ,."))]
    scores: dict[str, float] = {}
    for code, held in _words().items():
        score = sum(_likeness(word, held) for word in wanted) / len(wanted) if wanted else 0.0
        if score >= _LEAST:
            scores[code] = score
    return [_shown(code, lang) for code in sorted(scores, key=lambda code: (-scores[code], code))]


def _likeness(word: str, held: Sequence[str]) -> float:
    """Return how well a word stands among others, 0 to 1: as one of them, as the beginning or a part of one."""
    best = 0.0
    for other in held:
        if word == other:
            return 1.0
        if len(word) > 1 and (other.startswith(word) or word.startswith(other)) and len(other) > 1:
            best = max(best, 0.9 * min(len(word), len(other)) / max(len(word), len(other)) + 0.1)
        elif len(word) > 1 and word in other:
            best = max(best, 0.6)
    return best


@functools.cache
def _words() -> Mapping[str, tuple[str, ...]]:
    """Return the words of each industry: those of its label in both languages, and what people call it."""
    found: dict[str, tuple[str, ...]] = {}
    also: Mapping[str, str] = load("industry_words")
    for code, entry in load("industries")["ksic"].items():
        told = f"{entry['label']['ko']} {entry['label']['en']} {also.get(code, '')}"
        for sign in "·,()/":
            told = told.replace(sign, " ")
        found[code] = tuple(word.removesuffix("업") for word in told.casefold().split() if word != "및")
    return found


def _shown(code: str, lang: Lang) -> tuple[str, str]:
    entry = load("industries")["ksic"][code]
    return f"{entry['section']}{code}", str(entry["label"][lang])
