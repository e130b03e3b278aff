"""What the words of a text say of it: all of its words, weighed by rarity, rather than a few key terms.

Another wording of a technology has other key terms, and what is measured on twenty of them changes with every one that
comes or goes. Measured on all words the same quantities agree much better between two wordings (docs/methods/
originality.md). Pure functions of a ``Neighbourhood``; NaN where it cannot tell.
"""

from __future__ import annotations

import math

import numpy as np

from ktop.domain.technology.neighbourhood import Neighbourhood
from ktop.kernel.arrays import Floats, Integers
from ktop.models.originality.focus import FEWEST_WORDS, SHARE_CAP
from ktop.models.originality.weighing import FEWEST, FEWEST_AROUND, NAN

#: A word of the field is so many times as frequent there as among all patents, of which fewer than this share have it.
FIELD_LIFT = 1.5
FIELD_SHARE = 0.05


def word_dependence(neighbourhood: Neighbourhood) -> float:
    """Return by how much more the similar patents use the text's words than all earlier patents do, weighed by rarity.

    0 where they use them as all patents do; up to 1.
    """
    weights_and_use = _weights_and_use(neighbourhood)
    if weights_and_use is None:
        return NAN
    weight, used = weights_and_use
    usual = np.minimum(neighbourhood.text_terms.df / neighbourhood.corpus_size, SHARE_CAP)
    return float(np.average(used - usual, weights=weight))


def unexplained_share(neighbourhood: Neighbourhood) -> float:
    """Return the share of the text's content that the similar patents lack: 1 - their mean use of its words, by rarity.

    Distance to the earlier art, on the side of the text (backward similarity, Kelly et al. 2021), 0 to 1.
    """
    weights_and_use = _weights_and_use(neighbourhood)
    if weights_and_use is None:
        return NAN
    weight, used = weights_and_use
    return float(np.average(1.0 - used, weights=weight))


def field_dependence(neighbourhood: Neighbourhood) -> float:
    """Return what ``word_dependence`` does, over the patents nearest in meaning: they stay when the words change."""
    words, use = neighbourhood.text_terms, neighbourhood.field_use
    if not len(use) or neighbourhood.corpus_size < 2:
        return NAN
    usual = np.minimum(words.df / neighbourhood.corpus_size, SHARE_CAP)
    return float(np.average(use - usual, weights=_weights(neighbourhood)))


def field_gap(neighbourhood: Neighbourhood) -> float:
    """Return the share of the field's words in the text that the patents nearest in meaning lack, by rarity, 0 to 1."""
    chosen = _words_of_the_field(neighbourhood)
    if chosen is None:
        return NAN
    return float(np.average(1.0 - neighbourhood.field_use[chosen], weights=_weights(neighbourhood)[chosen]))


def field_rarity(neighbourhood: Neighbourhood) -> float:
    """Return ``word_rarity`` over the field's words in the text alone: how it is told, for whom, does not count."""
    chosen = _words_of_the_field(neighbourhood)
    if chosen is None:
        return NAN
    words = neighbourhood.text_terms
    rarity = 1.0 - np.log1p(words.df[chosen]) / math.log1p(neighbourhood.corpus_size)
    return float(np.average(rarity, weights=words.weight[chosen]))


def _words_of_the_field(neighbourhood: Neighbourhood) -> Integers | None:
    """Return where the text's words stand that the patents nearest in meaning use more than others; None under four.

    Words that a large share of all patents has are those of claims and reports, of which people use more or fewer.
    """
    use, words = neighbourhood.field_use, neighbourhood.text_terms
    if not len(use) or neighbourhood.corpus_size < 2:
        return None
    usual = words.df / neighbourhood.corpus_size
    chosen = np.flatnonzero((use > FIELD_LIFT * usual) & (usual < FIELD_SHARE))
    return chosen if len(chosen) >= FEWEST_WORDS else None


def word_rarity(neighbourhood: Neighbourhood) -> float:
    """Return 1 - log(1 + df) / log(1 + N), weighted over the words: 1 where all are new (Arts, Hou and Gomez 2021)."""
    words = neighbourhood.text_terms
    if not len(words.terms) or neighbourhood.corpus_size < 2:
        return NAN
    rarity = 1.0 - np.log1p(words.df) / math.log1p(neighbourhood.corpus_size)
    return float(np.average(rarity, weights=words.weight))


def word_centrality(neighbourhood: Neighbourhood) -> float:
    """Return the mean cosine of use between the text's words among the similar patents, 0 to 1.

    How tied together the words are in the co-word network of the field: weighted degree centrality (Callon, Courtial,
    Turner and Bauin 1983; Salton's cosine as tie strength); mean over pairs by the product of the words' weights.
    """
    pairs = _pairs(neighbourhood)
    if pairs is None:
        return NAN
    together, alone, weight = pairs
    return float(np.average(together / np.sqrt(alone), weights=weight))


def unmet_pairs(neighbourhood: Neighbourhood) -> float:
    """Return the weighted share of pairs of known words of the text that no similar patent combines.

    Known is a word that three similar patents or more use (new combinations, Arts, Hou and Gomez 2021, within the
    field: two rare words never meet in a patent of another one either).
    """
    pairs = _pairs(neighbourhood)
    if pairs is None:
        return NAN
    together, _, weight = pairs
    return float(np.average(together == 0.0, weights=weight))


def _weights(neighbourhood: Neighbourhood) -> Floats:
    """Return each word's weight in the text times its inverse document frequency, shape (t,)."""
    words = neighbourhood.text_terms
    weights: Floats = words.weight * (np.log((neighbourhood.corpus_size + 1.0) / (words.df + 1.0)) + 1.0)
    return weights


def _weights_and_use(neighbourhood: Neighbourhood) -> tuple[Floats, Floats] | None:
    """Return the words' weights and the share of the similar patents, by similarity, that use each; both (t,)."""
    total = float(neighbourhood.similarity.sum())
    if not len(neighbourhood.text_terms.terms) or total <= 0.0 or neighbourhood.corpus_size < 2:
        return None
    used: Floats = neighbourhood.text_terms.in_neighbour @ (neighbourhood.similarity / total)
    return _weights(neighbourhood), used


def _pairs(neighbourhood: Neighbourhood) -> tuple[Floats, Floats, Floats] | None:
    """Return for each pair of words in use how many similar patents use both, and the products of uses and weights."""
    used: Floats = neighbourhood.text_terms.in_neighbour.astype(np.float64)
    known = np.flatnonzero(used.sum(axis=1) >= FEWEST_AROUND)
    if len(known) < FEWEST or neighbourhood.corpus_size < 2:
        return None
    together: Floats = used[known] @ used[known].T
    alone, weight = together.diagonal(), _weights(neighbourhood)[known]
    each = ~np.tri(len(known), dtype=np.bool_)
    return together[each], np.outer(alone, alone)[each], np.outer(weight, weight)[each]
