"""Core-ness as a place in networks: of key terms used together, of similar patents, of meanings.

Pure functions of a ``Neighbourhood``; NaN where it cannot tell.
"""

from __future__ import annotations

import math

import numpy as np

from ktop.domain.neighbourhood import FloatArray, Neighbourhood
from ktop.models.originality.definitions import settings
from ktop.models.originality.weighing import FEWEST, NAN


def term_centrality(neighbourhood: Neighbourhood) -> float:
    """Return the mean cosine of use between key terms among the similar patents, 0 to 1: how tied together they are.

    The weighted degree centrality of the technology's terms in their co-word network (Callon, Courtial, Turner and
    Bauin 1983; Salton's cosine as tie strength): c_ij over the root of c_i c_j, where c counts similar patents, by
    similarity, with a term or both; mean over pairs by the product of the terms' weights.
    """
    terms = neighbourhood.key_terms
    if len(terms.terms) < 2 or neighbourhood.size < FEWEST:
        return NAN
    used = terms.in_neighbour.astype(np.float64)
    together = (used * neighbourhood.similarity) @ used.T
    alone = np.diag(together).copy()
    if not (alone > 0.0).any():
        return NAN
    root = np.sqrt(np.where(alone > 0.0, alone, 1.0))
    cosine = together / root[:, None] / root[None, :]
    pair_weight = np.outer(terms.weight, terms.weight)
    np.fill_diagonal(pair_weight, 0.0)
    return float((cosine * pair_weight).sum() / pair_weight.sum())


def mean_ties(pair_similarity: FloatArray) -> FloatArray:
    """Return each patent's mean similarity to the others of an (n, n) matrix, n at least 2: its degree centrality."""
    n = len(pair_similarity)
    found: FloatArray = (pair_similarity.sum(axis=1) - np.diag(pair_similarity)) / (n - 1)
    return found


def network_centrality(neighbourhood: Neighbourhood) -> float:
    """Return log(mean degree of the similar patents by similarity / their plain mean degree).

    Degree is a patent's mean similarity to the other similar patents (Freeman 1978, for weighted ties). Above 0 where
    the technology is nearest to the patents in the middle of their own network, below 0 at its edge.
    """
    if neighbourhood.size < FEWEST or float(neighbourhood.similarity.sum()) <= 0.0:
        return NAN
    degree = mean_ties(neighbourhood.pair_similarity.astype(np.float64))
    plain = float(degree.mean())
    weighted = float(np.average(degree, weights=neighbourhood.similarity))
    return math.log(weighted / plain) if plain > 0.0 and weighted > 0.0 else NAN


def subject_closeness(neighbourhood: Neighbourhood) -> float:
    """Return the mean cosine of text vectors to the patents nearest in meaning, whatever words they use; -1 to 1.

    Together with a low similarity of words it marks a known subject put in new words.
    """
    known = neighbourhood.semantic[~np.isnan(neighbourhood.semantic)]
    nearest = int(settings()["nearest"])
    if len(known) < nearest:
        return NAN
    return float(np.sort(known)[-nearest:].mean())
