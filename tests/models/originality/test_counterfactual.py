"""Which terms are tried, and how their gains are told."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ktop.domain.technology.neighbour_evidence import NeighbourWords
from ktop.domain.technology.neighbourhood import Neighbourhood
from ktop.models.originality.counterfactual import MOST_OF_GROUP, candidates, suggestions
from ktop.models.originality.definitions import SCORE, TRAITS

N = 40


@pytest.fixture
def near(make: Callable[..., Neighbourhood]) -> Neighbourhood:
    alike = np.kron(np.eye(2), np.ones((N // 2, N // 2))).astype(np.float32) * 0.4
    np.fill_diagonal(alike, 1.0)
    return make(3, n=N, pair_similarity=alike)


def words_of(rows: list[tuple[str, int, int, bool, str]]) -> NeighbourWords:
    """Return words from (term, patents, position of the one neighbour with it, whether in the text, language)."""
    present = np.zeros((len(rows), N), dtype=bool)
    for i, row in enumerate(rows):
        present[i, row[2]] = True
    return NeighbourWords(
        terms=np.array([row[0] for row in rows], dtype=object),
        words=np.array([row[0].count(" ") + 1 for row in rows]),
        df=np.array([row[1] for row in rows]),
        present=present,
        in_text=np.array([row[3] for row in rows]),
        language=np.array([row[4] for row in rows], dtype=object),
    )


def tried(near: Neighbourhood, rows: list[tuple[str, int, int, bool, str]]) -> list[str]:
    return [one.term for one in candidates(near, words_of(rows), near.pair_similarity)]


def test_rare_terms_that_the_text_lacks_are_tried_phrases_first(near: Neighbourhood) -> None:
    rows = [
        ("quartz", 5, 0, False, "en"),
        ("polarised light", 5, 1, False, "en"),
        ("image", 5, 1, True, "en"),
        ("image reader", 5, 1, False, "en"),  # has a word of the text
        ("common", 5000, 1, False, "en"),
        ("unheard", 0, 1, False, "en"),
        ("\uc218\uc815", 5, 1, False, "ko"),
        ("far away", 5, N - 1, False, "en"),
    ]
    assert tried(near, rows) == ["polarised light", "quartz"]


def test_no_group_gives_all_of_them(near: Neighbourhood) -> None:
    first = [(f"gadget{i}", 5, i, False, "en") for i in range(6)]
    assert len(tried(near, first)) == MOST_OF_GROUP


def test_nothing_similar_gives_nothing_to_try(make: Callable[..., Neighbourhood]) -> None:
    empty = make(1, n=0)
    none = np.empty(0, dtype=object)
    words = NeighbourWords(none, np.empty(0, int), np.empty(0, int), np.empty((0, 0), bool), np.empty(0, bool), none)
    assert candidates(empty, words, empty.pair_similarity) == []


def test_gains_are_differences_the_largest_first(near: Neighbourhood) -> None:
    words = words_of([("quartz", 5, 0, False, "en"), ("mirror", 5, 0, False, "en")])
    two = candidates(near, words, near.pair_similarity)
    before: dict[str, Any] = {**dict.fromkeys(TRAITS, 50.0), SCORE: 50.0, "value": None}
    worse, better = {**before, SCORE: 49.0}, {**before, SCORE: 53.0, "core": 60.0}
    found = suggestions(near, two, before, "B", [(worse, "B"), (better, "A")])
    assert [one["gain"] for one in found["terms"]] == [3.0, -1.0]
    assert [one["raises"] for one in found["terms"]] == [True, False]
    assert found["terms"][0]["traits"]["core"] == 10.0
    assert found["terms"][0]["traits"]["value"] is None
    json.dumps(found, allow_nan=False)
