"""Leaves out the sentences of a text that say nothing about its technology, so that length does not buy a grade.

Left out is a sentence that repeats an earlier one, and one that is empty: legal boiler-plate, advertising, advantages
that any product could claim. Emptiness is judged by meaning, a linear rule on the encoder's sentence vector, fitted by
ridge regression to example sentences (``catalogue/patents/sentences.yaml``). How surely the rule must say so depends on
the sentence's words: those that are neither generic nor on a list of idle words (``catalogue/patents/idle_words.yaml``)
are telling and speak against it. Measured in docs/patents.md.
"""

from __future__ import annotations

import functools
import re

import numpy as np
import numpy.typing as npt

from ktop import catalogue
from ktop.domain.technology import Lang
from ktop.patents.encoder import encode
from ktop.patents.text import Analyser, word_list
from ktop.patents.vectors import MAX_SENTENCE_CHARS

#: By words a sentence with this many telling words or fewer is empty if it has at least as many idle ones, and of idle
#: and generic ones together two, or three for each telling word.
MOST_TELLING = 2
EMPTY_PER_TELLING = 3
#: By meaning it is empty above this value of the rule (-1 technical, 1 empty), and so much more for each telling word;
#: above the second value if it is empty by words. With more telling words than the last figure it is never empty.
LEAST_EMPTINESS = 0.1
LEAST_EMPTINESS_OF_IDLE = 0.0
EMPTINESS_PER_TELLING = 0.07
MOST_TELLING_OF_EMPTY = 8
#: A sentence repeats an earlier one that has this share of its telling words.
REPEATED = 0.9
#: Strength of the ridge penalty.
PENALTY = 1.0

_END = re.compile(r"(?<=[.!?。…])\s+(?=\S)|\s*\n+\s*")
_WORD = re.compile(r"[a-z0-9]+")


def substance(text: str, language: Lang, analyser: Analyser) -> str:
    """Return ``text`` without the sentences that tell nothing about a technology; all of it where that would be none.

    Parameters
    ----------
    text : of one or more sentences; ``language`` is the one it is in.
    """
    sentences = [sentence for sentence in _END.split(text) if sentence]
    if len(sentences) < 2:
        return text
    idle, generic = _lists(language)
    words = [set(analyser.terms(sentence, language)) for sentence in sentences]
    telling = [found - idle - generic for found in words]
    kept: list[int] = []
    for i, own in enumerate(telling):
        if not own or not any(len(own & telling[j]) >= REPEATED * len(own) for j in kept):
            kept.append(i)
    unsure = [i for i in kept if len(telling[i]) <= MOST_TELLING_OF_EMPTY]
    gone: set[int] = set()
    for i, value in zip(unsure, emptiness([sentences[i] for i in unsure]).tolist(), strict=True):
        least = LEAST_EMPTINESS + EMPTINESS_PER_TELLING * len(telling[i])
        if _empty_by_words(len(telling[i]), len(words[i] & idle), len(words[i])):
            least = LEAST_EMPTINESS_OF_IDLE
        if value > least:
            gone.add(i)
    found = [sentences[i] for i in kept if i not in gone]
    return " ".join(found) if found else text


def emptiness(sentences: list[str]) -> npt.NDArray[np.float64]:
    """Return how empty sentences are by their meaning, shape (len(sentences),): about -1 technical, 1 empty."""
    weights = _rule()
    return encode([sentence[:MAX_SENTENCE_CHARS] for sentence in sentences]) @ weights[:-1] + weights[-1]


def _empty_by_words(telling: int, idle: int, words: int) -> bool:
    """Return whether a sentence with these numbers of distinct words says nothing about a technology."""
    if telling > MOST_TELLING:
        return False
    return idle >= max(1, telling) and words - telling >= max(2, EMPTY_PER_TELLING * telling)


@functools.cache
def _rule() -> npt.NDArray[np.float64]:
    """Return the weights of the sentence vector and the constant; both kinds of examples weigh the same in all."""
    examples = catalogue.load("patents/sentences")
    kinds = (examples["idle"], examples["technical"])
    vectors = encode([sentence for kind in kinds for sentence in kind]).astype(np.float64)
    known = np.column_stack([vectors, np.ones(len(vectors))])
    target = np.repeat([1.0, -1.0], [len(kind) for kind in kinds])
    weighted = (
        known * np.repeat([len(known) / (2.0 * len(kind)) for kind in kinds], [len(kind) for kind in kinds])[:, None]
    )
    found: npt.NDArray[np.float64] = np.linalg.solve(
        weighted.T @ known + PENALTY * np.eye(known.shape[1]), weighted.T @ target
    )
    return found


@functools.cache
def _lists(language: Lang) -> tuple[frozenset[str], frozenset[str]]:
    """Return the index terms of the words that tell nothing, and of those that do not count either way."""
    listed = catalogue.load("patents/idle_words")[language]
    generic = word_list(f"generic_{language}")
    if language == "ko":
        return frozenset(listed.split()) - generic, generic
    analyser = Analyser()
    stems = [
        frozenset(term for word in words for term in analyser.terms(word, "en"))
        for words in (_WORD.findall(listed), generic)
    ]
    return stems[0] - stems[1], stems[1]
