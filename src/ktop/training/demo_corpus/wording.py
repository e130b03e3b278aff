"""Word forms for made-up abstracts: Korean particles and verb endings, English articles and verb inflection."""

from __future__ import annotations

import re

from ktop.catalogue import particle

_FIRST_SYLLABLE, _LAST_SYLLABLE = "가", "힣"
_FINALS = 28  # final consonants (with none) per vowel of a Hangul syllable block
_VOWELS = 21
_NIEUN, _RIEUL = 4, 8  # index of the finals ㄴ and ㄹ
_VOWEL_I, _VOWEL_YEO = 20, 6  # index of the vowels ㅣ and ㅕ
_PLAIN_ENDINGS = frozenset({"는", "고", "며", "기", "도록", "지"})

#: Sound of the first letters decides a or an; spelling misleads for these.
_LIKE_CONSONANT = re.compile(r"^(?:u[^aeiou][aeiou]|uni|eu|one\b|use)", re.IGNORECASE)
_LIKE_VOWEL = re.compile(r"^(?:hour|honest|X-ray|[AEFHILMNORSX](?:[A-Z]|-))")
#: Verbs that double their last letter before -ing.
_DOUBLED = re.compile(
    r"^(?:allot|control|cut|emit|grip|jet|let|level|map|permit|refer|set|shred|spin|split|stop|submit|tap|transfer|transmit"
    r"|trap|trim|wrap)$"
)
_STARRED = re.compile(r"(^|\*)([A-Za-z]+)")


def _with_final(stem: str, final: int) -> str:
    """Return ``stem`` with a final consonant added to its last syllable, which must be open."""
    code = ord(stem[-1]) - ord(_FIRST_SYLLABLE)
    return stem[:-1] + chr(ord(_FIRST_SYLLABLE) + code + final)


def is_open(word: str) -> bool:
    """Return whether ``word`` ends in a Hangul syllable without a final consonant."""
    last = word[-1:]
    return _FIRST_SYLLABLE <= last <= _LAST_SYLLABLE and (ord(last) - ord(_FIRST_SYLLABLE)) % _FINALS == 0


class KoreanNoun(str):
    """A Korean noun; ``f"{noun:을}"`` adds the particle that fits its last sound."""

    def __format__(self, spec: str) -> str:
        return str(self) + particle(str(self), spec) if spec else str(self)


class KoreanVerb(str):
    """A Korean verb stem that ends in a vowel (단축하, 줄이).

    The formats ``는 고 며 기 도록 지 여 ㄴ다 ㄹ`` conjugate it.
    """

    def __format__(self, spec: str) -> str:
        stem = str(self)
        if spec in _PLAIN_ENDINGS:
            return stem + spec
        if spec == "ㄴ다":
            return _with_final(stem, _NIEUN) + "다"
        if spec == "ㄹ":
            return _with_final(stem, _RIEUL)
        if spec == "여":
            if stem.endswith("하"):
                return stem + "여"
            code = ord(stem[-1]) - ord(_FIRST_SYLLABLE)
            initial, vowel = divmod(code // _FINALS, _VOWELS)
            if vowel == _VOWEL_I:
                return stem[:-1] + chr(ord(_FIRST_SYLLABLE) + (initial * _VOWELS + _VOWEL_YEO) * _FINALS)
            return stem + "어"
        if spec:
            raise ValueError(f"unknown Korean ending {spec!r}")
        return stem


def article(phrase: str) -> str:
    """Return ``"a"`` or ``"an"`` for an English noun phrase."""
    if _LIKE_VOWEL.match(phrase):
        return "an"
    if _LIKE_CONSONANT.match(phrase):
        return "a"
    return "an" if phrase[:1].lower() in "aeiou" else "a"


class EnglishNoun(str):
    """An English noun phrase without article; a leading ``~`` marks a plural or mass noun, which takes no a or an.

    Formats ``a A the The`` put the article before it (with a capital in the latter of each pair).
    """

    @property
    def countable(self) -> bool:
        return not self.startswith("~")

    def __format__(self, spec: str) -> str:
        phrase = self.removeprefix("~")
        if spec in ("the", "The"):
            return f"{spec} {phrase}"
        if spec in ("a", "A"):
            if not self.countable:
                return phrase[:1].upper() + phrase[1:] if spec == "A" else phrase
            indefinite = article(phrase)
            return f"{indefinite.capitalize() if spec == 'A' else indefinite} {phrase}"
        if spec:
            raise ValueError(f"unknown English article {spec!r}")
        return phrase


def third_person(verb: str) -> str:
    """Return the third person singular present of a regular English verb."""
    if re.search(r"[^aeiou]y$", verb):
        return verb[:-1] + "ies"
    return verb + ("es" if re.search(r"(?:s|x|z|ch|sh|o)$", verb) else "s")


def gerund(verb: str) -> str:
    """Return the -ing form of an English verb."""
    if _DOUBLED.match(verb):
        return verb + verb[-1] + "ing"
    if re.search(r"[^eoy]e$", verb):
        return verb[:-1] + "ing"
    return verb + "ing"


class EnglishVerb(str):
    """An English verb phrase in base form; ``s`` and ``ing`` inflect its first word and every word marked ``*``."""

    def __format__(self, spec: str) -> str:
        inflect = {"": lambda verb: verb, "s": third_person, "ing": gerund}[spec]
        return _STARRED.sub(lambda match: inflect(match[2]), str(self))
