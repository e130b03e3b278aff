"""Cuts a technology summary into features and a patent's text into sentences, to hold the two side by side."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ktop.domain.technology.summary import Lang
from ktop.patents.analysis.text import Analyser, Word, word_list

#: A sentence with more content words is cut at its commas, into parts of at least ``PART_WORDS``.
LONG_WORDS = 9
PART_WORDS = 3
#: A part with fewer content words says too little to be compared.
FEWEST_WORDS = 3
MAX_FEATURES = 12
_MAX_SENTENCES = 60

_SENTENCE_END = re.compile(r"(?<=[.!?。])\s+(?=\S)|\s*[;；•●■▶▪①-⑳]\s*|\s+-\s+(?=\S)")
_COMMA = re.compile(r"(?<=[,，、])\s+")
#: A full stop after one of these, or after a single letter, ends no sentence.
_SHORT_FORMS = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|fig|no|approx|cf|al|pat|u\.s|[a-z]))\.$", re.IGNORECASE)


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, at most ``_MAX_SENTENCES``; enumerations and semicolons part as full stops do."""
    found: list[str] = []
    for piece in _SENTENCE_END.split(text):
        piece = piece.strip()
        if not piece:
            continue
        if found and _SHORT_FORMS.search(found[-1]):
            found[-1] = f"{found[-1]} {piece}"
        else:
            found.append(piece)
    return found[:_MAX_SENTENCES]


def content_words(text: str, language: Lang, analyser: Analyser) -> list[Word]:
    """Return the words of a text that carry content, each once, in their order."""
    generic = word_list(f"generic_{language}")
    known: dict[str, Word] = {}
    for run in analyser.runs(text, language):
        for word in run:
            if word.surface not in generic and word.terms[0] not in generic and not word.surface.isdigit():
                known.setdefault(word.terms[0], word)
    return list(known.values())


def features(text: str, language: Lang, analyser: Analyser) -> list[tuple[str, Sequence[Word]]]:
    """Return the parts of a summary that can be compared, with the content words of each, in the text's order."""
    found: list[tuple[str, Sequence[Word]]] = []
    for sentence in sentences(text):
        parts = [sentence]
        if len(content_words(sentence, language, analyser)) > LONG_WORDS:
            parts = _clauses(sentence, language, analyser)
        for part in parts:
            words = content_words(part, language, analyser)
            if len(words) >= FEWEST_WORDS:
                found.append((part.rstrip(",，、 "), words))
    return found


def _clauses(sentence: str, language: Lang, analyser: Analyser) -> list[str]:
    """Cut a long sentence at its commas; a part that is too small stays with the next, the last with the one before."""
    parts: list[str] = []
    begun = ""
    for piece in _COMMA.split(sentence):
        begun = f"{begun} {piece}".strip()
        if len(content_words(begun, language, analyser)) >= PART_WORDS:
            parts.append(begun)
            begun = ""
    if begun and parts:
        parts[-1] = f"{parts[-1]} {begun}"
    elif begun:
        parts.append(begun)
    return parts
