"""Similarity on what the text is about: words that its own neighbourhood does not use are left out.

A cosine between summary and patent falls with every word of the summary that the patent lacks, so that boiler-plate,
advertising or simply a longer description would make any technology look more original. Here only words count that the
similar patents use clearly more often than patents at large (words of the field), judged for each word by neighbours
that are similar without it. New and rare words have measures of their own (``word_rarity``, ``new_terms``).
"""

from __future__ import annotations

import math

import numpy as np

from ktop.domain.technology.neighbourhood import Neighbourhood
from ktop.kernel.arrays import Booleans, Floats

#: A word of the field is this many times as frequent among the similar patents as among all earlier patents ...
LIFT = 3.0
#: ... and at least this share more; a word that more than the cap of all patents use is held against the cap.
LEAST_SHARE = 0.01
SHARE_CAP = 0.3
#: Fewest similar patents with the word, and fewest words for a text to be about something.
FEWEST_PATENTS = 2
FEWEST_WORDS = 4
_ROUNDS = 2


def focused_similarity(neighbourhood: Neighbourhood) -> Floats:
    """Return the (n,) similarity to each neighbour on words of the field alone, descending order not kept.

    With q the tf-idf vector of the text and F its words of the field, the cosine restricted to F is
    cos_i * m_i(F) / m_i * |q| / |q_F|, where m_i is the part of the dot product that comes from given words. Falls back
    on the plain similarity where the text has fewer than ``FEWEST_WORDS`` words of the field.
    """
    words = neighbourhood.text_terms
    if not len(words.terms) or not neighbourhood.size or neighbourhood.corpus_size < 2:
        return neighbourhood.similarity
    present = words.in_neighbour.astype(np.float64)
    idf = np.log((neighbourhood.corpus_size + 1.0) / (words.df + 1.0)) + 1.0
    weight = words.weight * idf
    mass = (weight * idf)[:, None] * present
    whole = mass.sum(axis=0)
    part = mass / np.where(whole > 0.0, whole, 1.0) * neighbourhood.similarity
    chosen = np.ones(len(words.terms), dtype=bool)
    for _ in range(_ROUNDS):
        found = _words_of_the_field(neighbourhood, part, present, chosen)
        if np.count_nonzero(found) < FEWEST_WORDS:
            break
        chosen = found
    if chosen.all():
        return neighbourhood.similarity
    share = math.sqrt(float(np.square(weight[chosen]).sum() / np.square(weight).sum()))
    focused: Floats = np.where(whole > 0.0, part[chosen].sum(axis=0) / share, neighbourhood.similarity)
    return np.minimum(focused, 1.0)


def _words_of_the_field(neighbourhood: Neighbourhood, part: Floats, present: Floats, chosen: Booleans) -> Booleans:
    """Return which words the neighbours use more than patents at large, each neighbour weighted by its other words."""
    words = neighbourhood.text_terms
    without = np.maximum(part[chosen].sum(axis=0) - part * chosen[:, None], 0.0)
    total = without.sum(axis=1)
    rate = (without * present).sum(axis=1) / np.where(total > 0.0, total, 1.0)
    usual = np.minimum(words.df / neighbourhood.corpus_size, SHARE_CAP)
    characteristic: Booleans = (rate > LIFT * usual + LEAST_SHARE) & (present.sum(axis=1) >= FEWEST_PATENTS)
    return characteristic
