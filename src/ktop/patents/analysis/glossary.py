"""The hand-written glossary of technical words, Korean and English, looked up either way."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from ktop import catalogue
from ktop.domain.technology.summary import Lang
from ktop.patents.analysis.terms import PAIR
from ktop.patents.analysis.text import Analyser


@functools.cache
def _entries() -> Mapping[str, tuple[str, ...]]:
    """Return Korean word → English words, the usual one first."""
    entries: dict[str, tuple[str, ...]] = {}
    for group in catalogue.load("patents/glossary").values():
        for korean, english in group.items():
            entries[korean] = tuple(word.strip() for word in english.split(","))
    return entries


@functools.cache
def _index_term(english: str) -> str:
    """Return English words as the index has them: stems, joined by the pair mark."""
    return PAIR.join(Analyser().terms(english, "en"))


@functools.cache
def _reverse() -> Mapping[str, tuple[str, ...]]:
    """Return English index term → Korean words."""
    found: dict[str, list[str]] = {}
    for korean, english in _entries().items():
        for word in english:
            found.setdefault(_index_term(word), []).append(korean)
    return {term: tuple(words) for term, words in found.items()}


def synonyms(word: str, language: Lang) -> list[str]:
    """Return other words of the same language that the glossary gives for the same thing, the usual one first."""
    if language == "ko":
        meant = {_index_term(english) for english in _entries().get(word, ())[:1]}
        found = [korean for term in sorted(meant) for korean in _reverse().get(term, ())]
    else:
        found = [english for korean in _reverse().get(_index_term(word), ())[:1] for english in _entries()[korean]]
    return [other for other in dict.fromkeys(found) if other.casefold() != word.casefold()]


def counterparts(term: str, surface: str, source: Lang) -> list[tuple[str, str]]:
    """Return (index term, spelling) of the glossary's words of the other language; empty where it has none.

    A pair of Korean words is put together from the first words of both ("컬러 영상": color image), and so is a compound
    without an entry from the two entries it is made of, the longest first one (객체검출: object detection).
    """
    if source == "en":
        return [(korean, korean) for korean in _reverse().get(term, ())]
    words = _entries().get(surface) or _entries().get(surface.replace(" ", "")) or _of_compound(surface)
    if words is None and " " in surface:
        parts = [_entries().get(word) for word in surface.split(" ")]
        known = [part[0] for part in parts if part]
        words = (" ".join(known),) if len(known) == len(parts) else None
    return [(index_term, word) for word in words or () if (index_term := _index_term(word))]


@functools.lru_cache(maxsize=50_000)
def _of_compound(surface: str) -> tuple[str, ...] | None:
    """Return English words for a compound of two entries of two syllables or more, None for any other word."""
    for end in range(len(surface) - 2, 1, -1):
        first, second = _entries().get(surface[:end]), _entries().get(surface[end:])
        if first and second:
            whole = f"{first[0]} {second[0]}"
            # The index has words and pairs: of a longer phrase the last word, its head, is asked for.
            return (whole if len(whole.split()) == 2 else second[0],)
    return None
