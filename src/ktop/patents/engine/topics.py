"""Text topics: clusters of the corpus's own text vectors, a stand-in for classes where a corpus has none."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
import polars as pl

from ktop.patents.analysis.terms import PAIR, term_code
from ktop.patents.analysis.text import word_list
from ktop.patents.engine.lsa import SparseRows

MAX_TOPICS = 120
WORDS_PER_NAME = 3
_ROUNDS = 20

Float32 = npt.NDArray[np.float32]


def number_of_topics(patents: int) -> int:
    """Return how many topics a corpus is divided into: 0.6 times the root of its size, 2 to ``MAX_TOPICS``."""
    return 0 if patents < 10 else max(2, min(MAX_TOPICS, round(0.6 * math.sqrt(patents))))


def cluster(vectors: Float32, k: int, seed: int) -> tuple[Float32, npt.NDArray[np.int64]]:
    """Return unit centres (k, d) and the centre of each vector: spherical k-means from a spread-out start.

    ``vectors`` have unit length; fewer than ``k`` of them, or fewer distinct ones, give fewer centres. Deterministic
    for a seed.
    """
    k = min(k, len(vectors))
    if k == 0:
        return np.zeros((0, vectors.shape[1]), dtype=np.float32), np.zeros(len(vectors), dtype=np.int64)
    centres = vectors[_spread_out(vectors, k, np.random.default_rng(seed))]
    owners = np.full(len(vectors), -1)
    for _ in range(_ROUNDS):
        nearest = np.argmax(vectors @ centres.T, axis=1)
        if np.array_equal(nearest, owners):
            break
        owners = nearest
        sums = np.zeros_like(centres)
        np.add.at(sums, owners, vectors)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(lengths > 1e-9, sums / np.maximum(lengths, 1e-9), centres).astype(np.float32)
    return centres, owners


def _spread_out(vectors: Float32, k: int, random: np.random.Generator) -> list[int]:
    """Choose starting points far from one another (k-means++ on cosine distance)."""
    chosen = [int(random.integers(len(vectors)))]
    distance = np.maximum(1.0 - vectors @ vectors[chosen[0]], 0.0).astype(np.float64)
    while len(chosen) < k:
        total = distance.sum()
        if total <= 0:
            break
        pick = int(np.searchsorted(np.cumsum(distance), random.random() * total))
        chosen.append(min(pick, len(vectors) - 1))
        distance = np.minimum(distance, np.maximum(1.0 - vectors @ vectors[chosen[-1]], 0.0))
    return chosen


def name_topics(
    sample: SparseRows,
    owners: npt.NDArray[np.int64],
    topics: int,
    vocabulary: pl.DataFrame,
) -> list[str]:
    """Return a name for each topic: the words most characteristic of it (share within, times log of rarity).

    ``sample`` has the terms of some patents, ``owners`` (len(sample),) the topic of each.
    """
    generic = word_list("generic_en") | word_list("generic_ko")
    words = vocabulary.filter(
        ~pl.col("term").str.contains(PAIR, literal=True) & ~pl.col("surface").is_in(list(generic))
    )
    if topics == 0 or words.is_empty():
        return [str(topic + 1) for topic in range(topics)]
    codes = np.array([term_code(term) for term in words["term"]], dtype=np.uint32)
    order = np.argsort(codes)
    counts = np.zeros((topics, len(codes)), dtype=np.float64)
    for row, (start, stop) in enumerate(itertools.pairwise(sample.offsets.tolist())):
        terms = sample.codes[start:stop]
        at = np.minimum(np.searchsorted(codes, terms, sorter=order), len(codes) - 1)
        places = order[at]
        counts[owners[row], places[codes[places] == terms]] += 1
    sizes = np.maximum(np.bincount(owners, minlength=topics), 1)[:, None]
    share = counts / sizes
    overall = counts.sum(axis=0) / max(len(owners), 1)
    score = share * np.log((share + 1e-9) / (overall + 1e-9))
    surfaces = words["surface"].to_list()
    names: list[str] = []
    for topic in range(topics):
        best = [i for i in np.argsort(-score[topic], kind="stable")[:WORDS_PER_NAME] if counts[topic, i] > 0]
        names.append(" · ".join(surfaces[i] for i in best) or str(topic + 1))
    repeated = {name for name in names if names.count(name) > 1}
    return [f"{name} ({topic + 1})" if name in repeated else name for topic, name in enumerate(names)]
