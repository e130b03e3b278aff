"""Leaves out the sentences of a text that say nothing about its technology, so that length does not buy a grade.

Left out is a sentence that repeats an earlier one, and one that is empty: legal boiler-plate, advertising, advantages
that any product could claim (``ktop.patents.analysis.sentence_rule`` tells which). Measured in
docs/methods/originality.md.
"""

from __future__ import annotations

import functools
import re

import numpy as np
import numpy.typing as npt

from ktop.domain.technology.summary import Lang
from ktop.patents.analysis.encoder import encode_remembered
from ktop.patents.analysis.sentence_rule import SURELY_TECHNICAL, empty, telling_words, values
from ktop.patents.analysis.text import Analyser
from ktop.patents.engine.vectors import MAX_SENTENCE_CHARS

#: A sentence with more telling words is never empty.
MOST_TELLING_OF_EMPTY = 8
#: A sentence repeats an earlier one that has this share of its telling words.
REPEATED = 0.9

#: Where one sentence ends and the next begins.
SENTENCE_END = re.compile(r"(?<=[.!?。…])\s+(?=\S)|\s*\n+\s*")


@functools.lru_cache(maxsize=128)  # one rating asks several times, and others may ask meanwhile
def without_boilerplate(text: str, language: Lang, analyser: Analyser) -> str:
    """Return ``text`` without the sentences that tell nothing about a technology; all of it where that would be none.

    Parameters
    ----------
    text : of one or more sentences; ``language`` is the one it is in.
    """
    sentences = [sentence for sentence in SENTENCE_END.split(text) if sentence]
    if len(sentences) < 2:
        return text
    telling = [telling_words(analyser.terms(sentence, language), language) for sentence in sentences]
    kept: list[int] = []
    for i, own in enumerate(telling):
        if not own or not any(len(own & telling[j]) >= REPEATED * len(own) for j in kept):
            kept.append(i)
    gone = _empty([sentences[i] for i in kept], [len(telling[i]) for i in kept])
    found = [sentences[i] for i, leave in zip(kept, gone.tolist(), strict=True) if not leave]
    return " ".join(found) if found else text


def _empty(sentences: list[str], telling: list[int]) -> npt.NDArray[np.bool_]:
    """Return which of the different sentences of one text are empty, shape (len(sentences),)."""
    counts = np.array(telling)
    doubtful = counts <= MOST_TELLING_OF_EMPTY
    if not doubtful.any():
        return doubtful
    vectors = encode_remembered([sentence[:MAX_SENTENCE_CHARS] for sentence in sentences])
    by_themselves = values(vectors, counts)
    if not np.any(by_themselves[doubtful] > SURELY_TECHNICAL):
        return np.zeros(len(sentences), dtype=np.bool_)
    return empty(vectors, by_themselves) & doubtful
