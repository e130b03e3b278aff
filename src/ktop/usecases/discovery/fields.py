"""Which fields of technology a text is near in meaning: firms are found in other words, and in the other language.

Explicit semantic analysis (Gabrilovich and Markovitch 2007): a text is told by the concepts it is near, here the
classes and subclasses of the patent classification, which have names in both languages. Some names are near to
whatever is asked (hubs: Radovanović, Nanopoulos and Ivanović 2010), so nearness counts in standard deviations above
that of words which mean nothing. Measured in docs/finance.md.
"""

from __future__ import annotations

import functools
import random
from dataclasses import dataclass

import numpy as np

from ktop.catalogue import load
from ktop.kernel.arrays import Floats
from ktop.patents.analysis.encoder import encode

#: Standard deviations from which a text is near a field, and a question: it is short, and a name would be near, too.
_NEAR_TEXT, _NEAR_QUESTION = 1.0, 4.5
_MOST_FIELDS = 8
_LONGEST_TEXT = 600
_SYLLABLES = (
    "가나다라마바사아자차카타파하거너더러머버서어저처고노도로모보소오조초구누두루무부수우주추기니디리미비시이지치"
)
_NONSENSE = 400


@dataclass(frozen=True, slots=True)
class _Fields:
    """Symbols and vectors of the fields, (fields, 512); mean and deviation of cosines with words that mean nothing."""

    symbols: tuple[str, ...]
    vectors: Floats
    usual: Floats
    spread: Floats


def text_fields(text: str) -> dict[str, float]:
    """Return symbol of a field → weight of those that a text is near, the squares of which add up to 1."""
    return _near(text, _NEAR_TEXT)


def asked_fields(question: str) -> dict[str, float]:
    """Return the same of a question; nothing of a name, or of words that the encoder does not know."""
    return _near(question, _NEAR_QUESTION)


def _near(text: str, least: float) -> dict[str, float]:
    if not text.strip():
        return {}
    fields = _fields()
    cosines = fields.vectors @ encode([text[:_LONGEST_TEXT]])[0].astype(np.float64)
    above = (cosines - fields.usual) / fields.spread
    best = [place for place in np.argsort(-above, kind="stable")[:_MOST_FIELDS] if above[place] >= least]
    weights = above[best] - least + 1
    if not best:
        return {}
    symbols = (fields.symbols[place] for place in best)
    return dict(zip(symbols, map(float, weights / np.linalg.norm(weights)), strict=True))


@functools.cache
def _fields() -> _Fields:
    told = load("patent_classes")
    lines = told["classes"] | told["subclasses"]
    names = [line.split(" | ") for line in lines.values()]
    vectors = (encode([korean for korean, _ in names]) + encode([english for _, english in names])).astype(np.float64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = encode(_nonsense()).astype(np.float64) @ vectors.T
    return _Fields(tuple(lines), vectors, cosines.mean(axis=0), cosines.std(axis=0))


def _nonsense() -> list[str]:
    chance = random.Random(1)  # noqa: S311 - no secret
    korean = ["".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4))) for _ in range(_NONSENSE)]
    syllables = [consonant + vowel for consonant in "bcdfghklmnprst" for vowel in "aeiou"]
    return korean + ["".join(chance.choices(syllables, k=chance.randint(2, 4))).title() for _ in range(_NONSENSE)]
