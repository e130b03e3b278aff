"""What people may try to lift an originality score: words and sentences that add nothing, and copies of patents.

Each attack makes of a patent's own text another one. ``ADDED`` are added to a text whose patent (and family) is left
out of the corpus: the score must hardly move. ``COPIED`` tell a patent that is in the corpus once more: the grade must
be the worst.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from ktop.patents.corpus.corpus import Corpus

_WORD = re.compile(r"[A-Za-z]{4,}|[가-힣]{2,}")
_SYLLABLES = {
    "en": ("bra", "cre", "dol", "fen", "gri", "hux", "jor", "kel", "lum", "nov", "plo", "quar", "ris", "sto", "vex"),
    "ko": ("갸", "뇨", "됴", "륨", "뮤", "뷰", "쇽", "얍", "죡", "츌", "큐", "튬", "폅", "흄"),
}
#: Words that this many patents have at least are common, and those of which one patent has are used once.
_COMMON, _ONCE = 200, 1
BUZZ = {
    "en": "It uses quantum entanglement, a decentralised blockchain of smart contracts and metaverse avatars.",
    "ko": "이 기술은 양자 얽힘과 탈중앙화 블록체인 스마트 계약, 메타버스 아바타를 이용한다.",
}
_PLAIN = {"en": "It further comprises {}.", "ko": "또한 {}을 포함한다."}
_SIX = {"en": "A {} {} is coupled to the {} {} through a {} {}.", "ko": "{} {}은 {} {}을 통하여 {} {}에 결합된다."}


@dataclass(frozen=True)
class Vocabulary:
    """Words of one language in a corpus that attacks draw from, and sentences of its patents."""

    language: str
    common: Sequence[str]
    once: Sequence[str]
    sentences: Sequence[str]

    @classmethod
    def of(cls, corpus: Corpus, language: str) -> Vocabulary:
        """Count the words of all titles and abstracts in a language."""
        with corpus.reading():
            rows = corpus.patents().select("title", "abstract", "language", "id").collect().sort("id")
        texts = rows.filter(pl.col("language") == language).select("title", pl.col("abstract").fill_null(""))
        counts: Counter[str] = Counter()
        sentences = []
        for title, abstract in texts.iter_rows():
            counts.update(set(_WORD.findall(f"{title} {abstract}".lower())))
            sentences += [part.strip() for part in abstract.split(". ")[1:2]]
        return cls(
            language,
            sorted(word for word, n in counts.items() if n >= min(_COMMON, max(2, len(texts) // 20))),
            sorted(word for word, n in counts.items() if n == _ONCE),
            [sentence for sentence in sentences if len(sentence) > 60],
        )


Attack = Callable[[str, Vocabulary, random.Random], str]


def _with_sentence(text: str, sentence: str) -> str:
    return f"{text.rstrip().rstrip('.')}. {sentence}"


def _invented(language: str, draw: random.Random) -> str:
    return "".join(draw.choice(_SYLLABLES[language]) for _ in range(3))


def _listed(text: str, words: Sequence[str], language: str) -> str:
    return _with_sentence(text, _PLAIN[language].format(", ".join(words)))


def _scattered(text: str, share: float, words: Callable[[], str], draw: random.Random) -> str:
    """Put another word in place of a share of the longer words."""
    return " ".join(
        words() if len(word) > 3 and draw.random() < share else word  # short words are articles and particles
        for word in text.split()
    )


def invented_words(text: str, known: Vocabulary, draw: random.Random) -> str:
    """Add one sentence of six invented words."""
    return _with_sentence(text, _SIX[known.language].format(*(_invented(known.language, draw) for _ in range(6))))


def words_used_once(text: str, known: Vocabulary, draw: random.Random) -> str:
    """Add one sentence of twelve words that one patent of the corpus uses."""
    return _listed(text, draw.sample(list(known.once), min(12, len(known.once))), known.language)


def fashionable_sentence(text: str, known: Vocabulary, draw: random.Random) -> str:
    """Add a sentence of quantum and blockchain."""
    return _with_sentence(text, BUZZ[known.language])


def sentence_of_another_field(text: str, known: Vocabulary, draw: random.Random) -> str:
    """Add a sentence of another patent drawn by chance."""
    return _with_sentence(text, draw.choice(list(known.sentences)))


def invented_scattered(text: str, known: Vocabulary, draw: random.Random) -> str:
    """Put invented words in place of one word in twenty."""
    return _scattered(text, 0.05, lambda: _invented(known.language, draw), draw)


def once_used_scattered(text: str, known: Vocabulary, draw: random.Random) -> str:
    """Put words that are used once in place of one word in twenty."""
    return _scattered(text, 0.05, lambda: draw.choice(list(known.once)), draw)


def two_strange_sentences(text: str, known: Vocabulary, draw: random.Random) -> str:
    """Add a sentence of another patent and six words used once: combinations that nobody has."""
    return words_used_once(sentence_of_another_field(text, known, draw), known, draw)


def _swapped(share: float, rare: bool) -> Attack:
    def attack(text: str, known: Vocabulary, draw: random.Random) -> str:
        words = list(known.once if rare else known.common)
        return _scattered(text, share, lambda: draw.choice(words), draw)

    return attack


def verbatim(text: str, known: Vocabulary, draw: random.Random) -> str:
    """Return the text as it is."""
    return text


ADDED: Mapping[str, Attack] = {
    "invented_words": invented_words,
    "words_used_once": words_used_once,
    "fashionable_sentence": fashionable_sentence,
    "sentence_of_another_field": sentence_of_another_field,
    "invented_scattered": invented_scattered,
    "once_used_scattered": once_used_scattered,
    "two_strange_sentences": two_strange_sentences,
}
COPIED: Mapping[str, Attack] = {
    "verbatim": verbatim,
    "swapped_10_common": _swapped(0.1, rare=False),
    "swapped_10_rare": _swapped(0.1, rare=True),
    "swapped_30_common": _swapped(0.3, rare=False),
    "swapped_30_rare": _swapped(0.3, rare=True),
}
