"""Groups of similar patents: known structure is found, always in the same way."""

from __future__ import annotations

import numpy as np
import pytest

from ktop.models.originality.clusters import SMALLEST, communities, groups, nearest_graph


def blocks(sizes: list[int], inside: float = 0.5, between: float = 0.05, seed: int = 1) -> np.ndarray:
    """Return similarities of patents in blocks, with noise."""
    rng = np.random.default_rng(seed)
    of = np.repeat(np.arange(len(sizes)), sizes)
    noise = rng.uniform(-0.04, 0.04, (len(of), len(of)))
    found = np.where(of[:, None] == of[None, :], inside, between) + (noise + noise.T) / 2
    np.fill_diagonal(found, 1.0)
    return np.clip(found, 0, 1)


def modularity(graph: np.ndarray, label: np.ndarray, resolution: float) -> float:
    total, strength = graph.sum(), graph.sum(axis=1)
    same = label[:, None] == label[None, :]
    return float(((graph - resolution * np.outer(strength, strength) / total) * same).sum() / total)


def test_blocks_are_found_the_largest_first() -> None:
    found = groups(blocks([12, 40, 25]))
    assert found.tolist() == [2] * 12 + [0] * 40 + [1] * 25


def test_the_order_of_the_patents_does_not_matter() -> None:
    similar = blocks([30, 20, 14])
    order = np.random.default_rng(3).permutation(len(similar))
    shuffled = groups(similar[np.ix_(order, order)])
    assert (shuffled == groups(similar)[order]).all()


def test_no_single_move_raises_the_modularity_of_what_is_found() -> None:
    graph = nearest_graph(blocks([15, 15, 15], 0.3, 0.15, seed=7))
    label = communities(graph, 1.0)
    best = modularity(graph, label, 1.0)
    for i in range(len(label)):
        for other in range(int(label.max()) + 1):
            moved = label.copy()
            moved[i] = other
            assert modularity(graph, moved, 1.0) <= best + 1e-9


def test_a_bridge_does_not_hold_a_community_together() -> None:
    """Two cliques joined by one weak edge are two communities, however the search begins."""
    graph = np.zeros((10, 10))
    graph[:5, :5] = graph[5:, 5:] = 1.0
    np.fill_diagonal(graph, 0.0)
    graph[4, 5] = graph[5, 4] = 0.5
    assert communities(graph).tolist() == [0] * 5 + [1] * 5


@pytest.mark.parametrize("n", [0, 1, 2, SMALLEST - 1])
def test_few_patents_are_no_group(n: int) -> None:
    assert groups(np.eye(n)).tolist() == [-1] * n


def test_unlike_patents_are_no_group() -> None:
    assert set(groups(np.eye(30)).tolist()) == {-1}


def test_in_the_graph_each_is_joined_to_its_nearest_only() -> None:
    similar = blocks([4], inside=0.5, seed=2)
    graph = nearest_graph(similar, k=2)
    np.fill_diagonal(similar, 0.0)
    nearest = np.argsort(-similar, axis=1)[:, :2]
    joined = {frozenset((i, int(j))) for i in range(4) for j in nearest[i]}
    assert {frozenset((int(i), int(j))) for i, j in np.argwhere(graph > 0)} == joined
    assert len(joined) < 6, "some pair of the four is left out"
