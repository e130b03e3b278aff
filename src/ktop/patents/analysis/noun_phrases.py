"""Whole noun phrases of a text: what a reader would call its terms.

English has no part-of-speech tagger here, so that a row of content words may hold a verb or end in an adjective or a
participle. Lists of the catalogue (``patents/stop_terms.yaml``) and endings cut it there. Korean rows are nouns, but of
verbs, too (검출하다), run over words that only point or count (상기, 소정), hold a particle that the dictionary takes
for part of a noun (유입구가), and stop within words that it lacks (라카아제). Closed classes of Korean words
(``patents/korean_phrases.yaml``) and what else the text has say where a phrase begins and ends. Terms that measures are
taken on are not touched by any of it.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ktop import catalogue
from ktop.domain.technology.summary import Lang
from ktop.patents.analysis.text import Run, Word, word_list

#: Longer rows are mostly sentences run together; of them the last words, which hold the head, are the phrase.
MAX_WORDS = 6

#: What may stand between two words of a row that the row does not hold; neither a particle nor a word that points.
_GAP = r"\s*(?!(?:상기|하기|해당|각각)|[의에와과]\s)[^\W\d_]{0,2}\s*"
_IN_WORD = re.compile("[가-힣0-9]")
_HANGUL = re.compile("[가-힣]*")
#: Latin words that a hyphen joins to one before or after them, looked for so many letters back.
_HYPHENED_BEFORE, _HYPHENED_AFTER = re.compile("(?:[A-Za-z0-9]+-)+$"), re.compile("(?:-[A-Za-z0-9]+)+")
_HYPHENED_LETTERS = 40
#: Number of final consonants of a syllable, none included, and the place of ㄹ among them.
_FINALS, _FINAL_L = 28, 8
#: Last syllables that may be no part of a noun: particles, whether they follow a vowel, and words of time and place.
_ENDINGS = dict.fromkeys("이은을과", False) | dict.fromkeys("가는를와로", True) | dict.fromkeys("시위내의")
#: What a dictionary's noun may lack at its end, in syllables; more is another word.
_MISSING_SYLLABLES = 4

_VERB_ENDINGS = ("ates", "izes", "ises", "ifies")
_NO_PLURAL = ("ss", "us", "is", "ics")
#: First syllables of what makes a verb of a Korean noun.
_VERBAL = "하해한할함했되된될됨돼됐"
#: Particles of two syllables that the dictionary takes for part of a noun it lacks, longer than any noun that ends so.
_AS = ("로서", "로써")
#: What follows a noun that is one part of a verb, an adjective or an adverb.
_NO_NOUN = (
    *_VERBAL,
    *("시키", "시켜", "시킨", "시킬", "시킴", "당하", "당한", "받"),
    *("적", "히", "없", "있", "스러", "스럽", "롭"),
)


def noun_phrases(text: str, runs: Iterable[Run], language: Lang) -> Iterator[Run]:
    """Yield the noun phrases of a text, repeats included; none of words alone that tell nothing.

    Parameters
    ----------
    runs : the text's rows of content words, as ``Analyser.runs`` gives them.
    """
    empty, lowered = empty_words(language), text.lower()
    parts = [part for run in runs for part in (_english(run) if language == "en" else _korean(run, lowered))]
    alone = Counter(part[0].surface for part in parts if len(part) == 1)
    for part in parts:
        kept = [word for word in part if len(word.surface) > 1]
        while kept and kept[0].surface.isdigit():
            kept.pop(0)
        if not kept or all(word.surface in empty or word.surface.isdigit() for word in kept):
            continue
        if language == "ko" and (
            _is_cut(kept[0].surface, lowered)
            or (len(kept) == 1 and _tells_nothing(kept[0].surface, lowered, alone[kept[0].surface]))
        ):
            continue
        yield tuple(kept[-MAX_WORDS:])


def as_written(words: Sequence[Word], text: str) -> str | None:
    """Return a Korean noun phrase as its text has it, whole words from the first to the last, None where it has not.

    The row of nouns lacks syllables that are no noun to the dictionary (전 of 전고체, 적 of 대면적, 아제 of 라카아제)
    and nouns of one syllable (겔), so that its words alone are cut. What it only has before 적 (전기적) is no term.
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
    found = [place for place in found if not text.startswith("적", place[1])]
    if not found:
        return None
    rests = {end: _missing(text, end) for _, end in found}
    start, end = min(
        found, key=lambda place: (_within_word(text, place[0]), rests[place[1]], place[1] - place[0], place[0])
    )
    while _within_word(text, start):
        start -= 1
    return " ".join(_with_hyphens(text, start, end + rests[end]).split())


def _with_hyphens(text: str, start: int, end: int) -> str:
    """Return a piece of a text with what hyphens join to its first and last Latin word: deep-learning, not learning."""
    before = _HYPHENED_BEFORE.search(text, max(0, start - _HYPHENED_LETTERS), start) if text[start].isascii() else None
    after = _HYPHENED_AFTER.match(text, end) if text[end - 1].isascii() else None
    return (before[0] if before else "") + text[start:end] + (after[0] if after else "")


def _missing(text: str, end: int) -> int:
    """Return how many syllables a word goes on for, particles left out: 2 after 라카 in "라카아제를", 0 in "라카를"."""
    rest = _HANGUL.match(text, end)
    letters = rest[0] if rest else ""
    if not letters or letters.startswith(_NO_NOUN):
        return 0
    particles = _listed("particles")
    for syllables in range(min(len(letters), _MISSING_SYLLABLES) + 1):
        left = letters[syllables:]
        if not left or left in particles or (syllables and left[0] in _VERBAL and left[0] != "해"):
            return syllables or _of_the_noun(text, end, letters)
    return 0


def _of_the_noun(text: str, end: int, letter: str) -> int:
    """Return 1 where what looks like a particle (인 of 얼라인) has one itself somewhere (얼라인을), else 0."""
    whole = text[max(0, end - 2) : end] + letter
    return int(len(letter) == 1 and any(whole + particle in text for particle in "을를이가과와"))


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


def _is_verb(word: str, text: str, alone: int) -> bool:
    """Return whether a Korean noun is part of a verb or adjective (검출한, 인접하여) as often as it stands alone."""
    followed = [text[place + len(word) : place + len(word) + 1].strip() for place in _places(word, text)]
    verbs = sum(letter in _VERBAL for letter in followed if letter)
    return bool(followed) and verbs >= min(alone, len(followed))


def _tells_nothing(word: str, text: str, alone: int) -> bool:
    """Return whether a Korean word is no term by itself: part of a verb, a place (상측), an act, a number of things."""
    if word in _listed("no_term_alone") or _listed_pattern("places").fullmatch(word):
        return True
    return _listed_pattern("labels").fullmatch(word) is not None or _is_verb(word, text, alone)


@functools.cache
def _listed(name: str) -> frozenset[str]:
    """Return one list of ``catalogue/patents/korean_phrases.yaml``."""
    return frozenset(catalogue.load("patents/korean_phrases")[name].split())


@functools.cache
def _listed_pattern(name: str) -> re.Pattern[str]:
    return re.compile(catalogue.load("patents/korean_phrases")[name])


def _korean(run: Run, text: str) -> Iterator[list[Word]]:
    """Yield the parts of a row of nouns between words that only point or count, each without what ends no phrase."""
    for part in _between_breaks(run, text):
        while part and _ends_no_phrase(part[-1].surface, len(part)):
            part.pop()
        while part and part[0].surface in _listed("heads"):
            part.pop(0)
        if part:
            yield part


def _ends_no_phrase(word: str, words: int) -> bool:
    """Return whether no phrase of so many words ends in this one; a place alone is told apart elsewhere."""
    return word in _listed("tails") or (words > 1 and _listed_pattern("places_behind").fullmatch(word) is not None)


def _between_breaks(run: Run, text: str) -> Iterator[list[Word]]:
    part: list[Word] = []
    for word in run:
        stem = word.surface[: -_ending(word.surface, text)] if _ending(word.surface, text) else ""
        if word.surface not in _listed("breaks"):
            part.append(Word(stem, (stem,)) if stem else word)
        if part and (stem or word.surface in _listed("breaks")):
            yield part
            part = []
    if part:
        yield part


def _ending(word: str, text: str) -> int:
    """Return how many last syllables of a word are a particle (유입구가) or a word of time and place (토출시).

    Only where the text has the word without it, too, and where the particle is that which such a word takes.
    """
    if word.endswith(_AS):
        return len(_AS[0])
    stem, last = word[:-1], word[-1]
    if len(stem) < 2 or last not in _ENDINGS or not "가" <= stem[-1] <= "힣":
        return 0
    final = (ord(stem[-1]) - ord("가")) % _FINALS
    if not (_ENDINGS[last] is None or (final == 0) is _ENDINGS[last] or (last == "로" and final == _FINAL_L)):
        return 0
    return int(any(not text.startswith(last, place + len(stem)) for place in _places(stem, text)))


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
