"""Groups with their names, and the map, as a page shows them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ktop.domain.technology.neighbour_evidence import NeighbourEvidence, NeighbourWords
from ktop.domain.technology.neighbourhood import Neighbourhood
from ktop.models.originality import OriginalityModel
from ktop.models.originality.landscape import group_labels, landscape
from ktop.models.originality.plane import coordinates, distances, scaled

Maker = Callable[..., Neighbourhood]
N = 40
HALVES = np.repeat([0, 1], N // 2)


@pytest.fixture
def halves(make: Maker) -> Neighbourhood:
    """A neighbourhood of two kinds of patents, the nearer one first."""
    alike = np.where(HALVES[:, None] == HALVES[None, :], 0.4, 0.02).astype(np.float32)
    np.fill_diagonal(alike, 1.0)
    return make(3, n=N, pair_similarity=alike)


def words_of(terms: dict[str, Any], df: int = 50) -> NeighbourWords:
    names = list(terms)
    return NeighbourWords(
        terms=np.array(names, dtype=object),
        words=np.array([name.count(" ") + 1 for name in names], dtype=np.int64),
        df=np.full(len(names), df, dtype=np.int64),
        present=np.array([terms[name] for name in names], dtype=np.bool_),
        in_text=np.zeros(len(names), dtype=np.bool_),
        language=np.array(["en"] * len(names), dtype=object),
    )


def test_groups_are_named_by_what_sets_them_apart() -> None:
    first, second, both = HALVES == 0, HALVES == 1, np.ones(N, dtype=bool)
    words = words_of(
        {"image": both, "tumour": first, "tumour image": first, "battery": second, "once": [True] + [False] * 39}
    )
    labels = group_labels(HALVES, words, 20_000)
    assert labels == [["tumour image"], ["battery"]] or labels == [["tumour image", "image"], ["battery"]]


def test_no_patents_make_no_group() -> None:
    nothing = np.empty(0, dtype=np.int64)
    assert group_labels(nothing, words_of({"image": [], "tumour": []}), 20_000) == []


def test_words_that_every_patent_has_name_nothing() -> None:
    words = words_of({"method": HALVES == 0, "battery": HALVES == 1}, df=5000)
    assert group_labels(HALVES, words, 20_000) == [[], []]


def test_the_technology_lies_with_the_group_it_resembles(halves: Neighbourhood) -> None:
    found = landscape(halves)
    assert [group["patents"] for group in found["clusters"]["groups"]] == [20, 20]
    assert found["clusters"]["own"] == 0
    assert found["clusters"]["groups"][0]["nearest"] == halves.patent_ids[0]
    own = np.array(found["map"]["own"])
    spots = np.array([[p["x"], p["y"]] for p in found["map"]["patents"]])
    assert np.abs(spots).max() <= 1.0
    to = np.linalg.norm(spots - own, axis=1)
    assert to[HALVES == 0].mean() < to[HALVES == 1].mean()


def test_closer_similarities_are_used_where_they_are_given(halves: Neighbourhood) -> None:
    one_kind = np.full((N, N), 0.4, dtype=np.float32)
    np.fill_diagonal(one_kind, 1.0)
    found = landscape(halves, NeighbourEvidence(words_of({"image": HALVES == 0}), one_kind))
    assert len(found["clusters"]["groups"]) < 2 or found["clusters"]["groups"][0]["patents"] != 20


def test_a_rating_has_them_as_plain_json_and_the_same_scores(model: OriginalityModel, halves: Neighbourhood) -> None:
    rating = model.rate(halves)
    assert json.loads(json.dumps(rating.details["map"], allow_nan=False)) == rating.details["map"]
    evidence = NeighbourEvidence(words_of({"image": HALVES == 0}), halves.pair_similarity)
    assert model.rate(halves, evidence).scores == rating.scores


def test_nothing_similar_gives_an_empty_map(model: OriginalityModel, make: Maker) -> None:
    details = model.rate(make(1, n=0)).details
    assert details["clusters"]["groups"] == []
    assert details["map"]["patents"] == []


def test_distances_are_shortest_paths_and_reach_every_patent() -> None:
    similar = np.array([[1, 0.9, 0, 0], [0.9, 1, 0.8, 0], [0, 0.8, 1, 0], [0, 0, 0, 1]], dtype=float)
    found = distances(similar, k=1)
    assert found[0, 1] == pytest.approx(0.1)
    assert found[0, 2] == pytest.approx(0.3)  # over the second, not 1 directly
    assert np.isfinite(found).all()


def test_two_kinds_lie_apart_and_twice_in_the_same_places(halves: Neighbourhood) -> None:
    once, again = (coordinates(halves.pair_similarity, halves.similarity) for _ in range(2))
    assert (once == again).all()
    centres = [once[:N][k == HALVES].mean(axis=0) for k in (0, 1)]
    spread = max(np.linalg.norm(once[:N][k == HALVES] - centres[k], axis=1).max() for k in (0, 1))
    assert np.linalg.norm(centres[0] - centres[1]) > spread


def test_patents_that_share_nothing_are_one_step_apart_however_unlike() -> None:
    for similarity in (0.0, -0.5):
        found = distances(np.array([[1.0, similarity], [similarity, 1.0]]))
        assert found.tolist() == [[0.0, 1.0], [1.0, 0.0]]


@pytest.mark.parametrize("seed", range(6))
def test_the_farthest_place_of_each_axis_is_positive(seed: int) -> None:
    points = np.random.default_rng(seed).normal(size=(12, 2)) * (3.0, 1.0)
    placed = scaled(np.linalg.norm(points[:, None] - points[None], axis=2))
    assert (placed[np.argmax(np.abs(placed), axis=0), [0, 1]] > 0).all()


def test_the_map_has_four_decimals(model: OriginalityModel, halves: Neighbourhood) -> None:
    shown = model.rate(halves).details["map"]["patents"]
    assert [patent["similarity"] for patent in shown] == [round(float(s), 4) for s in halves.similarity]
    assert any(round(patent["x"], 3) != patent["x"] == round(patent["x"], 4) for patent in shown)
