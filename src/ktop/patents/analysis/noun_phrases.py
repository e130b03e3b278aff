"""Whole noun phrases of a text: what a reader would call its terms.

English has no part-of-speech tagger here, so that a row of content words may hold a verb or end in an adjective or a
participle. Lists of the catalogue (``patents/stop_terms.yaml``) and endings cut it there. Korean rows are nouns, but of
verbs, too (검출하다).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence

from ktop import catalogue
from ktop.domain.technology.summary import Lang
from ktop.patents.analysis.text import Run, Word, word_list

#: Longer rows are mostly sentences run together; of them the last words, which hold the head, are the phrase.
MAX_WORDS = 6

#: What may stand between two words of a row that the row does not hold.
_GAP = r"\s*[가-힣A-Za-z]{0,2}\s*"
_IN_WORD = re.compile("[가-힣0-9]")

_VERB_ENDINGS = ("ates", "izes", "ises", "ifies")
_NO_PLURAL = ("ss", "us", "is", "ics")
#: First syllables of what makes a verb of a Korean noun.
_VERBAL = "하해한할함했되된될됨돼됐"


def noun_phrases(text: str, runs: Iterable[Run], language: Lang) -> Iterator[Run]:
    """Yield the noun phrases of a text, repeats included; none of words alone that tell nothing.

    Parameters
    ----------
    runs : the text's rows of content words, as ``Analyser.runs`` gives them.
    """
    empty, lowered = empty_words(language), text.lower()
    for run in runs:
        for phrase in _english(run) if language == "en" else [run]:
            kept = [word for word in phrase if len(word.surface) > 1]
            while kept and kept[0].surface.isdigit():
                kept.pop(0)
            if not kept or all(word.surface in empty or word.surface.isdigit() for word in kept):
                continue
            if language == "ko" and (
                _is_cut(kept[0].surface, lowered) or (len(kept) == 1 and _is_verb(kept[0].surface, lowered))
            ):
                continue
            yield tuple(kept[-MAX_WORDS:])


def as_written(words: Sequence[Word], text: str) -> str | None:
    """Return a Korean noun phrase as its text has it, whole words from the first to the last, None where it has not.

    The row of nouns lacks syllables that are no noun to the dictionary (전 of 전고체, 적 of 대면적) and nouns of one
    syllable (겔), so that its words alone are cut. A lone word that the text only has before 적 (전기적) is no term.
    """
    lowered = text.lower()
    if len(lowered) != len(text):  # the capital of some letters is one letter of several
        lowered = text
    pattern = _GAP.join(re.escape(word.surface) for word in words)
    if words[0].surface[0].isascii():
        pattern = "(?<![a-z])" + pattern
    if words[-1].surface[-1].isascii():
        pattern += "(?![a-z])"
    found = [(match.start(), match.end()) for match in re.finditer(pattern, lowered)]
    if len(words) == 1:
        found = [place for place in found if not text.startswith("적", place[1])]
    if not found:
        return None
    start, end = min(found, key=lambda place: (_within_word(text, place[0]), place[1] - place[0], place[0]))
    while _within_word(text, start):
        start -= 1
    return " ".join(text[start:end].split())


def _within_word(text: str, place: int) -> bool:
    return place > 0 and _IN_WORD.fullmatch(text[place - 1]) is not None


def is_term(words: Sequence[Word], language: Lang) -> bool:
    """Return whether a piece of a row of content words could be a term: its last word a noun, one word telling."""
    empty = empty_words(language)
    if all(word.surface in empty or word.terms[0] in empty for word in words):
        return False
    if language == "ko":
        return True
    if any(_breaks(word.surface) for word in words) or not _ends_phrase(words[-1].surface):
        return False
    return len(words) > 1 or not _is_bare_gerund(words[0].surface)


@functools.cache
def empty_words(language: Lang) -> frozenset[str]:
    """Return the words, as written, that say nothing of a technology by themselves: generic and idle ones."""
    return word_list(f"generic_{language}") | frozenset(catalogue.load("patents/idle_words")[language].split())


def _is_cut(word: str, text: str) -> bool:
    """Return whether a Korean word stands only at the end of others: 리퍼 of 그리퍼, which the dictionary lacks."""
    return not any(place == 0 or not "가" <= text[place - 1] <= "힣" for place in _places(word, text))


def _is_verb(word: str, text: str) -> bool:
    """Return whether a Korean noun is part of a verb or adjective wherever the text has it (검출한, 인접하여)."""
    followed = [text[place + len(word) : place + len(word) + 1].strip() for place in _places(word, text)]
    return bool(followed) and all(letter in _VERBAL and letter for letter in followed)


def _places(word: str, text: str) -> Iterator[int]:
    """Yield where a word stands in a text of small letters; a pattern for each word would take longer to make."""
    word = word.lower()
    place = text.find(word)
    while place >= 0:
        yield place
        place = text.find(word, place + len(word))


def _english(run: Run) -> Iterator[list[Word]]:
    """Yield the parts of a row between words that no phrase contains, each up to its last noun."""
    for part in _parts(run):
        while part and not _ends_phrase(part[-1].surface):
            part.pop()
        if part and not (len(part) == 1 and _is_bare_gerund(part[0].surface)):
            yield part


def _parts(run: Run) -> Iterator[list[Word]]:
    """Yield what stands between verbs and the like; a plural ends a part, since nouns before a noun are singular."""
    part: list[Word] = []
    for word in run:
        breaks = _breaks(word.surface)
        if not breaks:
            part.append(word)
        if part and (breaks or _is_plural(word.surface)):
            yield part
            part = []
    if part:
        yield part


def _breaks(word: str) -> bool:
    if word.endswith(_VERB_ENDINGS):
        return word not in word_list("nouns_ates_en")
    return word in word_list("phrase_breaks_en")


def _is_plural(word: str) -> bool:
    if len(word) <= 3 or not word.endswith("s") or word.endswith(_NO_PLURAL):
        return False
    return word not in word_list("words_s_en")


def _ends_phrase(word: str) -> bool:
    if word.isdigit() or len(word) == 1 or word in word_list("phrase_tails_en"):
        return False
    return not word.endswith("ed") or word in word_list("nouns_ed_en")


def _is_bare_gerund(word: str) -> bool:
    return word.endswith("ing") and word not in word_list("nouns_ing_en")
