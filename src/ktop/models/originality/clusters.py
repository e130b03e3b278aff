"""Groups of the similar patents: communities of their similarity graph, found by Leiden (Traag, Waltman, van Eck 2019).

Written for a few hundred patents at most: dense arrays, ties broken by the order of the patents, no chance, so that a
rating can be given again. Chosen over HDBSCAN and average linkage by measurement (docs/methods/originality.md).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ktop.kernel.arrays import Floats, Integers

#: Each patent is joined to so many of its most similar patents; an edge stands where either of the two names the other.
GRAPH_NEIGHBOURS = 10
#: Resolution of the modularity (Reichardt and Bornholdt 2006): larger values give more and smaller groups.
RESOLUTION = 0.5
#: A group of fewer patents is no group: its patents count as apart.
SMALLEST = 4
_LEAST_GAIN = 1e-12
_MAX_LEVELS = 10
_MAX_SWEEPS = 20


def nearest_graph(similarity: npt.NDArray[np.floating], k: int = GRAPH_NEIGHBOURS) -> Floats:
    """Return the (n, n) weights of the graph in which each is joined to its ``k`` nearest; symmetric, diagonal 0."""
    weights = np.array(similarity, dtype=np.float64)
    np.fill_diagonal(weights, 0.0)
    n = len(weights)
    if n > k + 1:
        order = np.argsort(-weights, axis=1, kind="stable")[:, :k]
        edges = np.zeros((n, n), dtype=np.bool_)
        np.put_along_axis(edges, order, values=True, axis=1)
        weights[~(edges | edges.T)] = 0.0
    return np.maximum(weights, 0.0)


def communities(graph: Floats, resolution: float = RESOLUTION) -> Integers:
    """Return the (n,) community of every node, 0 for that of the first node and so on.

    Modularity sum_c [ w_in(c) - resolution * strength(c)^2 / (2m) ] is raised by moving nodes, each community is parted
    into well joined pieces (refinement), and the pieces are the nodes of the next round.

    Parameters
    ----------
    graph : (n, n) symmetric weights >= 0; the diagonal holds inner weights and is 0 for single nodes.
    """
    n = len(graph)
    member = np.arange(n, dtype=np.int64)
    total = float(graph.sum())
    if total <= 0.0:
        return member
    weights, start = graph, np.arange(n, dtype=np.int64)
    communities = member
    for _ in range(_MAX_LEVELS):
        moved = _moved(weights, start, total, resolution)
        communities = moved[member]
        pieces = _refined(weights, moved, total, resolution)
        count = int(pieces.max()) + 1
        if count == len(weights):
            break
        first = np.zeros(count, dtype=np.int64)
        first[pieces] = moved  # every piece lies in one community
        joined = np.zeros((count, count))
        np.add.at(joined, (pieces[:, None], pieces[None, :]), weights)
        member, weights, start = pieces[member], joined, _numbered(first)
    return _numbered(communities)


def _moved(weights: Floats, start: Integers, total: float, resolution: float) -> Integers:
    """Move single nodes to the community that gains most until none gains."""
    label = start.copy()
    n = len(weights)
    strength = weights.sum(axis=1)
    size = np.bincount(label, weights=strength, minlength=n)
    nodes = list(zip(weights, strength.tolist(), weights.diagonal().tolist(), strict=True))
    for _ in range(_MAX_SWEEPS):
        changed = False
        for i, (row, own_strength, inner) in enumerate(nodes):
            own = label[i]
            size[own] -= own_strength
            joined = np.bincount(label, row, n)
            joined[own] -= inner
            gain = joined - resolution * own_strength * size / total
            best = gain.argmax()
            if gain[best] > gain[own] + _LEAST_GAIN:
                label[i] = own = best
                changed = True
            size[own] += own_strength
        if not changed:
            break
    return _numbered(label)


def _refined(weights: Floats, label: Integers, total: float, resolution: float) -> Integers:
    """Part every community into pieces that hang together: single nodes join pieces of their own community only."""
    n = len(weights)
    piece = np.arange(n, dtype=np.int64)
    strength = weights.sum(axis=1)
    of_community = np.bincount(label, weights=strength)
    size = strength.copy()
    alone = np.ones(n, dtype=np.bool_)
    inner = weights.diagonal()
    for i in range(n):
        if not alone[i]:
            continue
        inside = label == label[i]
        rest = of_community[label[i]] - strength[i]
        if float(weights[i, inside].sum()) - inner[i] < resolution * strength[i] * rest / total:
            continue  # not well joined to its own community
        own = piece[i]
        size[own] -= strength[i]
        joined = np.bincount(piece, weights=weights[i], minlength=n)
        # a piece bears the number of one of its nodes; one that all have left gains nothing
        gain = np.where(inside, joined - resolution * strength[i] * size / total, -np.inf)
        gain[own] = 0.0
        best = int(np.argmax(gain))
        if gain[best] > _LEAST_GAIN and best != own:
            piece[i] = best
            alone[best] = False
        size[piece[i]] += strength[i]
    return _numbered(piece)


def _numbered(label: Integers) -> Integers:
    """Return labels numbered in the order in which they first occur."""
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    numbered: Integers = rank[inverse]
    return numbered


def groups(similarity: npt.NDArray[np.floating]) -> Integers:
    """Return the (n,) group of every patent, the largest group 0; -1 for patents in groups below ``SMALLEST``."""
    if not len(similarity):
        return np.empty(0, dtype=np.int64)
    label = communities(nearest_graph(similarity))
    size = np.bincount(label)
    order = np.lexsort((np.arange(len(size)), -size))
    rank = np.full(len(size), -1, dtype=np.int64)
    large = order[size[order] >= SMALLEST]
    rank[large] = np.arange(len(large))
    return rank[label]
