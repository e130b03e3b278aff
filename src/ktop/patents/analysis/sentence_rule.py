"""Tells how empty a sentence is: whether it says anything about a technology, by its meaning, words and surroundings.

*By itself*: a linear rule on the encoder's sentence vector and the number of telling words, fitted by ridge regression
to example sentences by kind (``catalogue/patents/sentences.yaml``), about -1 technical and 1 empty. Its weights are
data (``catalogue/patents/sentence_rule.yaml``); ``benchmarks/empty_sentences.py`` makes them and judges the rule on
kinds of sentences that it was not fitted to. *In its text*: a sentence that is close to what the technical ones of its
text are about belongs to them, one that has nothing to do with them does not. That is centrality in a text (Erkan and
Radev 2004, LexRank), with the mean of the sentences weighted by how technical they are in place of their graph.
Measured in docs/methods/originality.md.
"""

from __future__ import annotations

import functools
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ktop import catalogue
from ktop.domain.technology.summary import Lang
from ktop.kernel.arrays import Booleans, Floats
from ktop.patents.analysis.text import Analyser, word_list

#: Strength of the ridge penalty.
PENALTY = 2.0
#: A sentence is empty if its value + CLOSENESS_WEIGHT x (NEUTRAL_CLOSENESS - closeness) is above LEAST_EMPTINESS.
#: Chosen, like the penalty, by cross-validation over kinds of sentences.
LEAST_EMPTINESS = 0.05
CLOSENESS_WEIGHT = 1.5
NEUTRAL_CLOSENESS = 0.3
#: A sentence with a value at or below this is technical wherever it stands: values of others need not be known.
SURELY_TECHNICAL = -0.35
#: A sentence counts as surroundings by how far its value lies below this.
NEUTRAL_VALUE = 0.3


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence with its kind, and whether it is an empty one."""

    sentence: str
    language: Lang
    kind: str
    idle: bool


def examples() -> list[Example]:
    """Return the example sentences of the catalogue."""
    stored = catalogue.load("patents/sentences")
    return [
        Example(sentence, language, kind, side == "idle")
        for side in ("idle", "technical")
        for kind, by_language in stored[side].items()
        for language, sentences in by_language.items()
        for sentence in sentences.splitlines()
    ]


def telling_words(terms: Collection[str], language: Lang) -> frozenset[str]:
    """Return the index terms of a sentence that are neither generic nor on the list of idle words."""
    idle, generic = _lists(language)
    return frozenset(terms) - idle - generic


def values(vectors: npt.NDArray[np.float32], telling: npt.ArrayLike) -> Floats:
    """Return how empty sentences are by themselves, shape (n,): about -1 technical, 1 empty.

    Parameters
    ----------
    vectors : (n, 512) sentence vectors of the encoder.
    telling : (n,) how many different telling words each has.
    """
    found: Floats = _known(vectors, telling) @ _weights()
    return found


def empty(vectors: npt.NDArray[np.float32], by_themselves: Floats) -> Booleans:
    """Return which of all sentences of one text, shape (n,), say nothing about its technology."""
    close = closeness(vectors, by_themselves)
    far = np.where(np.isnan(close), 0.0, NEUTRAL_CLOSENESS - close)
    found: Booleans = by_themselves + CLOSENESS_WEIGHT * far > LEAST_EMPTINESS
    return found & (by_themselves > SURELY_TECHNICAL)


def closeness(vectors: npt.NDArray[np.float32], by_themselves: Floats) -> Floats:
    """Return each sentence's cosine with the mean of the other technical ones, shape (n,); NaN where there is none."""
    weights = np.maximum(NEUTRAL_VALUE - by_themselves, 0.0)
    known = vectors.astype(np.float64)
    others = (weights @ known)[None, :] - weights[:, None] * known
    lengths = np.sqrt(np.sum(others**2, axis=1))
    alone = lengths < 1e-6 * max(1.0, float(weights.sum()))
    found: Floats = np.where(alone, np.nan, np.sum(others * known, axis=1) / np.where(alone, 1.0, lengths))
    return found


def fit(vectors: npt.NDArray[np.float32], telling: npt.ArrayLike, idle: Booleans) -> Floats:
    """Return the rule's weights, shape (514,): of the vector, of log(1 + telling words), and the constant.

    ``idle`` tells which of the sentences are empty; both sides weigh the same in all.
    """
    known = _known(vectors, telling)
    weight = np.where(idle, 0.5 * len(idle) / np.count_nonzero(idle), 0.5 * len(idle) / np.count_nonzero(~idle))
    weighted = known * weight[:, None]
    normal = weighted.T @ known + PENALTY * np.eye(known.shape[1])
    return np.linalg.solve(normal, weighted.T @ np.where(idle, 1.0, -1.0)).astype(np.float64, copy=False)


def _known(vectors: npt.NDArray[np.float32], telling: npt.ArrayLike) -> Floats:
    return np.column_stack(
        [vectors.astype(np.float64), np.log1p(np.asarray(telling, dtype=np.float64)), np.ones(len(vectors))]
    )


@functools.cache
def _weights() -> Floats:
    return np.array(catalogue.load("patents/sentence_rule")["weights"], dtype=np.float64)


@functools.cache
def _lists(language: Lang) -> tuple[frozenset[str], frozenset[str]]:
    """Return the index terms of the words that tell nothing, and of those that do not count either way."""
    listed = catalogue.load("patents/idle_words")[language]
    generic = word_list(f"generic_{language}")
    if language == "ko":
        return frozenset(listed.split()) - generic, generic
    analyser = Analyser()
    stems = [
        frozenset(term for word in words for term in analyser.terms(word, "en")) for words in (listed.split(), generic)
    ]
    return stems[0] - stems[1], stems[1]
