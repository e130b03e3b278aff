"""From matches to a risk: by the catalogue's rules, with the evidence beside it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from ktop.domain.closer_look import CloserLook, Match, NearPatent, NeighbourWords, Overlap, ShownTerm
from ktop.domain.neighbourhood import Neighbourhood
from ktop.models.originality import OriginalityModel
from ktop.models.originality.novelty import novelty


def overlap_of(*scores: list[float]) -> Overlap:
    """Return an overlap of equally weighty features, a row of scores for each of the nearest patents."""
    count = len(scores[0])
    near = tuple(
        NearPatent(n, tuple(Match("a sentence" if s else "", s, ("word",) if s else ()) for s in row))
        for n, row in enumerate(scores)
    )
    return Overlap(tuple(f"feature {f}" for f in range(count)), np.full(count, 1 / count), near)


@pytest.mark.parametrize(
    ("scores", "risk", "single", "joint"),
    [
        ([[0.9, 0.8, 0.7, 0.9], [0.0, 0.0, 0.0, 0.0]], "high", 1.0, 1.0),
        ([[0.9, 0.8, 0.1, 0.1], [0.0, 0.0, 0.0, 0.0]], "medium", 0.5, 0.5),
        ([[0.9, 0.1, 0.1, 0.1], [0.1, 0.9, 0.1, 0.1]], "medium", 0.25, 0.5),
        ([[0.59, 0.1, 0.1, 0.1], [0.1, 0.3, 0.1, 0.0]], "low", 0.0, 0.0),
    ],
    ids=["one has all", "one has half", "two have half", "none"],
)
def test_the_risk_follows_from_what_is_found(
    neighbourhood: Neighbourhood, scores: Any, risk: str, single: float, joint: float
) -> None:
    found = novelty(neighbourhood, overlap_of(*scores), is_duplicate=False)
    assert found is not None
    assert (found["risk"], found["single"], found["joint"]) == (risk, pytest.approx(single), pytest.approx(joint))
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_a_near_duplicate_is_always_at_risk(neighbourhood: Neighbourhood) -> None:
    found = novelty(neighbourhood, overlap_of([0.0, 0.0]), is_duplicate=True)
    assert found is not None
    assert found["risk"] == "high"
    assert found["features"][0]["patent_id"] is None  # nothing was found, so no patent is named


def test_without_texts_nothing_is_said(neighbourhood: Neighbourhood) -> None:
    assert novelty(neighbourhood, None, is_duplicate=False) is None
    assert novelty(neighbourhood, Overlap(("a",), np.ones(1), ()), is_duplicate=False) is None


def test_a_rating_speaks_of_it_in_both_languages(model: OriginalityModel, neighbourhood: Neighbourhood) -> None:
    none = np.empty(0, dtype=object)
    words = NeighbourWords(none, np.empty(0, int), np.empty(0, int), np.empty((0, 40), bool), np.empty(0, bool), none)
    closer = CloserLook(words, neighbourhood.pair_similarity, overlap_of([0.9, 0.8, 0.1, 0.1]))
    rating = model.rate(neighbourhood, closer)
    spoken = [opinion for opinion in rating.opinions if opinion.basis == ("novelty",)]
    assert [opinion.lang for opinion in spoken] == ["ko", "en"]
    assert "not legal advice" in spoken[1].text
    assert str(neighbourhood.patent_ids[0]) in spoken[0].text
    assert rating.scores == model.rate(neighbourhood).scores


def test_whole_phrases_are_shown_and_those_measured_stay(model: OriginalityModel, neighbourhood: Neighbourhood) -> None:
    none = np.empty(0, dtype=object)
    words = NeighbourWords(none, np.empty(0, int), np.empty(0, int), np.empty((0, 40), bool), np.empty(0, bool), none)
    terms = (ShownTerm("zeppelin mast", 1.0, 0, 0, 0, None, 0), ShownTerm("안테나", 0.5))
    plain = model.rate(neighbourhood)
    rating = model.rate(neighbourhood, CloserLook(words, neighbourhood.pair_similarity, terms=terms))
    assert [(t["term"], t["patents"], t["new"]) for t in rating.details["key_terms"]] == [
        ("zeppelin mast", 0, True),
        ("안테나", None, False),
    ]
    assert rating.details["measured_terms"] == plain.details["measured_terms"] == plain.details["key_terms"]
    assert rating.scores == plain.scores
    assert any("zeppelin mast" in opinion.text for opinion in rating.opinions)
    assert not any("안테나" in opinion.text for opinion in rating.opinions)
    assert json.loads(json.dumps(rating.details["key_terms"], allow_nan=False)) == rating.details["key_terms"]


def test_features_of_which_nothing_was_found_are_told_without_a_share(
    model: OriginalityModel, neighbourhood: Neighbourhood
) -> None:
    none = np.empty(0, dtype=object)
    words = NeighbourWords(none, np.empty(0, int), np.empty(0, int), np.empty((0, 40), bool), np.empty(0, bool), none)
    rating = model.rate(neighbourhood, CloserLook(words, neighbourhood.pair_similarity, overlap_of([0.1, 0.0])))
    korean, english = (opinion.text for opinion in rating.opinions if opinion.basis == ("novelty",))
    assert "0%" not in korean and "찾지 못했습니다" in korean
    assert "0 %" not in english and "none of the" in english
