"""Ranked lists of documents made one: the best of several that score alike, and lists fused by rank."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Docs = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float64]

#: Weights of the word index and of text vectors, and the rank constant of reciprocal rank fusion (Cormack et al. 2009),
#: for patents in the question's language and for those in the other one. Measured: docs/patents.md.
FUSION_OWN = (1.0, 0.1, 10)
FUSION_OTHER = (1.0, 3.0, 60)


def best(docs: Sequence[Docs], scores: Sequence[npt.NDArray[np.float32]], limit: int, rank: Any) -> tuple[Docs, Scores]:
    """Return the best of several lists, best first, of equal ones that of lower ``rank`` (``Tables.rank``) first."""
    if not docs:
        return np.empty(0, dtype=np.int64), np.empty(0)
    found, near = np.concatenate(docs), np.concatenate(scores)
    if len(found) > limit:
        kept = np.flatnonzero(near >= np.partition(near, len(near) - limit)[len(near) - limit])
        found, near = found[kept], near[kept]
    order = np.lexsort((rank[found], -near))[:limit]
    return found[order], near[order].astype(np.float64)


def fused(lists: Sequence[tuple[float, Docs, Scores]], constant: int, rank: Any) -> tuple[Docs, Scores]:
    """Fuse ranked lists: the score of a document is the sum of weight / (constant + place), places from 0."""
    docs = np.unique(np.concatenate([found for _, found, _ in lists]))
    score = np.zeros(len(docs), dtype=np.float64)
    for weight, found, _ in lists:
        score[np.searchsorted(docs, found)] += weight / (constant + np.arange(len(found)))
    order = np.lexsort((rank[docs], -score))
    return docs[order], score[order]
