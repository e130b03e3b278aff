"""Whether a text that shares a patent's shingles says it again sentence by sentence, or only shares its field.

Patents of one applicant share words and pairs of words without being copies. In a copy every sentence has one of the
patent's beside it with the same words in the same order, swapped ones left out (Ratcliff and Metzener 1988). Only what
shingles point to is looked at, because the texts must be read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

import numpy as np

from ktop.domain.technology.summary import Lang
from ktop.kernel.arrays import Floats, Integers
from ktop.patents.analysis.features import sentences
from ktop.patents.analysis.terms import term_code
from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.questions import Question
from ktop.patents.neighbours.copies import MOST_RARE
from ktop.patents.neighbours.stored_text import stored_texts
from ktop.patents.neighbours.term_statistics import EarlierPatents

#: Shingles below this share of a copy's are not looked at, and no more patents than these.
LOOKED_AT = 0.70
MOST_LOOKED_AT = 12
#: Share of the words in order, by rarity, that copies with three words in ten swapped hardly ever fall below and other
#: patents hardly ever reach (docs/methods/originality.md).
ALIGNED = 0.56
#: A pair of sentences with fewer words in common is not aligned.
_FEWEST_COMMON = 2

Terms = Sequence[str]


def confirmed(
    index: PatentIndex, question: Question, earlier: EarlierPatents, docs: Integers, copied: Floats
) -> Floats:
    """Return how far a text is a copy of each patent as far as its sentences agree, too, (n,).

    Parameters
    ----------
    copied : (n,) what their shingles say (``copies.copied``); only ever lowered.
    """
    found = copied.copy()
    near = np.argsort(-copied, kind="stable")[:MOST_LOOKED_AT]
    near = near[copied[near] >= LOOKED_AT]
    if not len(near):
        return found
    ours = _cut(index, question.text, question.language)
    ids = index.ids_of(docs[near])
    texts = stored_texts(index, dict(zip(ids, index.tables.day[docs[near]].tolist(), strict=True)))
    for i, name in zip(near.tolist(), ids, strict=True):
        if name in texts:
            theirs = _cut(index, texts[name], question.language)
            found[i] = min(copied[i], aligned_share(ours, theirs, _rarity(earlier, ours, theirs)) / ALIGNED)
    return found


def aligned_share(ours: Sequence[Terms], theirs: Sequence[Terms], rarity: Mapping[str, float]) -> float:
    """Return the share of one of two texts that stands in the other, sentence by sentence and in order, 0 to 1.

    The larger of both ways: a part of a patent is a copy, and so is a longer text with a patent in it.
    """
    return max(_share(ours, theirs, rarity), _share(theirs, ours, rarity))


def _share(one: Sequence[Terms], other: Sequence[Terms], rarity: Mapping[str, float]) -> float:
    whole = found = 0.0
    for sentence in one:
        own = set(sentence)
        whole += sum(rarity[term] for term in sentence)
        found += max(
            (
                sum(rarity[term] for block in blocks for term in sentence[block.a : block.a + block.size])
                for near in other
                if len(own.intersection(near)) >= _FEWEST_COMMON
                for blocks in [SequenceMatcher(None, sentence, near, autojunk=False).get_matching_blocks()]
            ),
            default=0.0,
        )
    return found / whole if whole > 0.0 else 0.0


def _cut(index: PatentIndex, text: str, language: Lang) -> list[Terms]:
    return [index.analyser.terms(sentence, language) for sentence in sentences(text)]


def _rarity(earlier: EarlierPatents, *texts: Sequence[Terms]) -> dict[str, float]:
    terms = sorted({term for text in texts for sentence in text for term in sentence})
    codes = np.array([term_code(term) for term in terms], dtype=np.uint32)
    unique, place = np.unique(codes, return_inverse=True)
    df = np.minimum(earlier.document_frequencies(unique)[place], earlier.size)
    rarity = np.minimum(np.log((earlier.size + 1.0) / (df + 1.0)), MOST_RARE)
    return dict(zip(terms, rarity.tolist(), strict=True))
