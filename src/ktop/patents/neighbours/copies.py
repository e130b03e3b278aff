"""How far the text of a technology is that of an earlier patent, words swapped or not.

Text and patent are compared by their words and pairs of neighbouring words: shingles of one and two words, whose
containment tells copies (Broder 1997). The index holds every patent's shingles, so that among the neighbours the exact
share is at hand; a sketch such as MinHash would only estimate it. Each shingle counts by its rarity: what any two
patents of a field share says nothing.
"""

from __future__ import annotations

import numpy as np

from ktop.kernel.arrays import Floats, Integers
from ktop.patents.analysis.terms import term_code
from ktop.patents.engine import term_kernels
from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.questions import Question
from ktop.patents.engine.sorted_search import among
from ktop.patents.neighbours.document_terms import terms_together
from ktop.patents.neighbours.similarity import PAIR_WEIGHT
from ktop.patents.neighbours.term_statistics import EarlierPatents

#: Rarity counts up to this: a misprint is no stronger evidence than a rare word.
MOST_RARE = 8.0
#: Shared words that either share must rest on.
FEWEST_ALIKE, FEWEST_CONTAINED = 8, 12
#: Shares of all (Dice) and of the smaller of both (overlap) that a copy with three words in ten swapped hardly ever
#: falls below and other patents hardly ever reach (docs/methods/originality.md has the distributions).
COPIED_OF_ALL, COPIED_OF_SMALLER = 0.40, 0.47
#: Share of the smaller one's pairs: the words of a field come together anew in every text, its pairs in a copy alone.
COPIED_PAIRS = 0.25
#: Fewer pairs than these say nothing of a text told again as a whole.
FEWEST_PAIRS = 6


def copied(index: PatentIndex, question: Question, earlier: EarlierPatents, docs: Integers) -> Floats:
    """Return how far the text is a copy of each of some patents of its language, (n,): from 1 on it is one.

    The larger of Dice's share over ``COPIED_OF_ALL`` (the whole told again) and the overlap over ``COPIED_OF_SMALLER``
    (a part of a patent, or a patent within a longer text), as far as pairs are shared, too; 0 where they rest on too
    few words.
    """
    found = np.zeros(len(docs))
    own = np.array(sorted({term_code(term) for term in question.counts}), dtype=np.uint32)
    if not len(own) or not len(docs):
        return found
    number, theirs = terms_together(index, docs)
    ends = np.concatenate([[0], np.cumsum(number)])
    codes, place, _ = term_kernels.distinct(np.concatenate([own, theirs]))
    df = np.minimum(earlier.document_frequencies(codes), earlier.size)
    rarity = np.minimum(np.log((earlier.size + 1.0) / (df + 1.0)), MOST_RARE)
    rarity = np.where(codes & 1, PAIR_WEIGHT * rarity, rarity)
    mine = float(rarity[place[: len(own)]].sum())
    own_pairs = int(np.count_nonzero(own & 1))
    rare, is_pair = rarity[place[len(own) :]], (theirs & 1).astype(np.bool_)
    is_own = among(codes, own)[place[len(own) :]]
    owner = np.repeat(np.arange(len(docs)), number)
    words, their_pairs, shared = (
        np.bincount(owner[chosen], minlength=len(docs)) for chosen in (is_own & ~is_pair, is_pair, is_own)
    )
    few = np.minimum(own_pairs, their_pairs)
    pairs = (shared - words) / np.maximum(few, 1) / COPIED_PAIRS
    for i in np.flatnonzero(words >= min(FEWEST_ALIKE, FEWEST_CONTAINED)).tolist():
        part = slice(ends[i], ends[i + 1])
        common, other = float(rare[part][is_own[part]].sum()), float(rare[part].sum())
        if words[i] >= FEWEST_ALIKE and mine + other > 0.0:
            alike = 2.0 * common / (mine + other) / COPIED_OF_ALL
            found[i] = min(alike, pairs[i]) if few[i] >= FEWEST_PAIRS else alike
        if words[i] >= FEWEST_CONTAINED and min(mine, other) > 0.0:
            found[i] = max(found[i], min(common / min(mine, other) / COPIED_OF_SMALLER, pairs[i]))
    return found
