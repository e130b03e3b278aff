"""A map of the technology among the similar patents: two dimensions in which near means similar.

Distances run along the graph of nearest patents (Isomap; Tenenbaum, de Silva and Langford 2000), because cosines of
unlike patents are all about equally small; they are laid out by classical scaling (Torgerson 1952). No chance is used.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ktop.kernel.arrays import Floats
from ktop.models.originality.clusters import GRAPH_NEIGHBOURS, nearest_graph

_LEAST = 1e-9


def distances(similarity: npt.NDArray[np.floating], k: int = GRAPH_NEIGHBOURS) -> Floats:
    """Return the (n, n) lengths of shortest paths, each step 1 - cosine, over the ``k`` nearest and a spanning tree."""
    direct = 1.0 - np.clip(np.asarray(similarity, dtype=np.float64), 0.0, 1.0)
    direct = (direct + direct.T) / 2.0
    np.fill_diagonal(direct, 0.0)
    path = np.where(nearest_graph(1.0 - direct, k) > 0.0, direct, np.inf)
    np.fill_diagonal(path, 0.0)
    for i, j in _spanning_tree(direct):  # so that every patent can be reached
        path[i, j] = path[j, i] = direct[i, j]
    for via in range(len(path)):  # Floyd 1962
        np.minimum(path, path[:, via, None] + path[None, via, :], out=path)
    return path


def _spanning_tree(direct: Floats) -> list[tuple[int, int]]:
    """Return the edges of the shortest spanning tree (Prim 1957)."""
    n = len(direct)
    left = direct.copy()  # infinite towards those that are reached
    near, parent = left[0].copy(), np.zeros(n, dtype=np.int64)
    near[0] = left[:, 0] = np.inf
    edges = []
    for _ in range(n - 1):
        j = int(near.argmin())
        edges.append((int(parent[j]), j))
        near[j] = left[:, j] = np.inf
        parent[left[j] < near] = j
        np.minimum(near, left[j], out=near)
    return edges


def scaled(distance: Floats) -> Floats:
    """Return (n, 2) coordinates by classical scaling; the largest entry of an axis is made positive."""
    n = len(distance)
    if n < 2:
        return np.zeros((n, 2))
    squared = distance**2
    centred = -0.5 * (squared - squared.mean(axis=0) - squared.mean(axis=1)[:, None] + squared.mean())
    values, vectors = np.linalg.eigh(centred)
    chosen = vectors[:, [-1, -2]] * np.sqrt(np.maximum(values[[-1, -2]], 0.0))
    signs = np.sign(chosen[np.argmax(np.abs(chosen), axis=0), [0, 1]])
    placed: Floats = chosen * np.where(signs == 0, 1.0, signs)
    return placed


def coordinates(similarity: npt.NDArray[np.floating], own: Floats) -> Floats:
    """Return (n + 1, 2) coordinates of the patents and, last, of the technology: centred, the farthest at most 1 away.

    Parameters
    ----------
    similarity : (n, n) cosines of the patents among themselves.
    own : (n,) similarity of the technology to each.
    """
    n = len(own)
    whole = np.ones((n + 1, n + 1))
    whole[:n, :n] = similarity
    whole[n, :n] = whole[:n, n] = own
    placed = scaled(distances(whole))
    return placed / max(float(np.abs(placed).max(initial=0.0)), _LEAST)
