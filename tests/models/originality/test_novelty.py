"""From matches to a risk: by the catalogue's rules, with the evidence beside it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ktop.domain.rating.rating import Rating
from ktop.domain.technology.neighbour_evidence import (
    Match,
    NearPatent,
    NeighbourEvidence,
    NeighbourWords,
    Overlap,
    ShownTerm,
)
from ktop.domain.technology.neighbourhood import Neighbourhood, day_number
from ktop.models.originality import OriginalityModel
from ktop.models.originality.definitions import rules
from ktop.models.originality.novelty import holder_of_all, novelty


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
    evidence = NeighbourEvidence(words, neighbourhood.pair_similarity, overlap_of([0.9, 0.8, 0.1, 0.1]))
    rating = model.rate(neighbourhood, evidence)
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
    rating = model.rate(neighbourhood, NeighbourEvidence(words, neighbourhood.pair_similarity, terms=terms))
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
    evidence = NeighbourEvidence(words, neighbourhood.pair_similarity, overlap_of([0.1, 0.0, 0.0]))
    rating = model.rate(well_covered(neighbourhood), evidence)
    korean, english = (opinion.text for opinion in rating.opinions if opinion.basis == ("novelty",))
    assert "0%" not in korean and "찾지 못했습니다" in korean
    assert "0 %" not in english and "none of 3" in english and "before 1990" in english


def well_covered(neighbourhood: Neighbourhood) -> Neighbourhood:
    """Return the neighbourhood in a corpus that reaches back far and has the field."""
    years = np.arange(1990, 2021)
    near = np.linspace(0.7, 0.2, 40)
    return replace(neighbourhood, similarity=near, years=years, patents_per_year=np.full(len(years), 900))


def told_of(rating: Rating) -> dict[str, str]:
    """Return the English sentences on filing and on novelty, by their first ground."""
    return {o.basis[0]: o.text for o in rating.opinions if o.kind == "advice" and o.lang == "en"}


def closer_with(neighbourhood: Neighbourhood, found: Overlap) -> NeighbourEvidence:
    none = np.empty(0, dtype=object)
    words = NeighbourWords(none, np.empty(0, int), np.empty(0, int), np.empty((0, 40), bool), np.empty(0, bool), none)
    return NeighbourEvidence(words, neighbourhood.pair_similarity, found)


def test_where_the_corpus_hardly_covers_the_field_nothing_is_called_new(
    model: OriginalityModel, neighbourhood: Neighbourhood
) -> None:
    distribution = model.reference.distribution(day_number(neighbourhood.as_of))
    nearest = distribution.usual_nearest(rules("thin_field")["quantile"]) - 0.001
    thin = replace(neighbourhood, similarity=np.linspace(nearest, nearest / 2.0, 40))
    rating = model.rate(thin, closer_with(thin, overlap_of([0.1, 0.0])))
    assert rating.details["novelty"]["risk"] == "unknown"
    told = told_of(rating)
    assert "not judged" in told["originality"] and "worth considering" not in told["originality"]
    assert "2 of 2 features" in told["novelty"] and "risk low" not in told["novelty"]
    held = model.rate(thin, closer_with(thin, overlap_of([0.9, 0.9])))
    assert held.details["novelty"]["risk"] == "high"  # what was found was found


def test_what_one_patent_holds_word_for_word_is_told_with_the_patent(
    model: OriginalityModel, neighbourhood: Neighbourhood
) -> None:
    near = replace(neighbourhood, similarity=np.linspace(0.7, 0.2, 40))
    rating = model.rate(near, closer_with(near, overlap_of([0.3, 0.1], [1.0, 0.96])))
    told = {warning.code: warning.text for warning in rating.warnings}
    for lang in ("ko", "en"):
        assert str(near.patent_ids[1]) in told["all_found"][lang]
    assert rating.grades == model.rate(near).grades  # a warning, no other grade
    assert holder_of_all(novelty(near, overlap_of([1.0, 0.9]), is_duplicate=False)) is None
    assert holder_of_all(novelty(near, overlap_of([1.0, 0.0], [0.0, 1.0]), is_duplicate=False)) is None


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ([[0.9, 0.8], [0.0, 0.0]], "every feature (2)"),
        ([[0.9, 0.0], [0.0, 0.9]], "Only their combination may be new"),
        ([[0.9, 0.0, 0.0], [0.0, 0.9, 0.0]], "1 of 3"),
    ],
    ids=["all in one", "all in two", "one missing"],
)
def test_claims_are_not_built_on_what_is_not_missing(
    model: OriginalityModel, neighbourhood: Neighbourhood, scores: Any, said: str
) -> None:
    near = replace(neighbourhood, similarity=np.linspace(0.7, 0.2, 40))
    told = told_of(model.rate(near, closer_with(near, overlap_of(*scores))))["novelty"]
    assert said in told
    assert ("what is missing" in told) is (said == "1 of 3")


def test_a_patent_put_into_a_longer_text_is_told(model: OriginalityModel, neighbourhood: Neighbourhood) -> None:
    near = replace(neighbourhood, similarity=np.linspace(0.7, 0.2, 40))
    found = overlap_of([0.3, 0.1], [0.2, 0.1])
    taken = replace(found, near=(found.near[0], replace(found.near[1], copied=0.8)))
    rating = model.rate(near, closer_with(near, taken))
    told = {warning.code: warning.text for warning in rating.warnings}
    assert all(
        str(near.patent_ids[1]) in told["copied"][lang] and "80" in told["copied"][lang] for lang in ("ko", "en")
    )
    assert rating.details["novelty"]["risk"] == "high" and "all_found" not in told
    little = replace(found, near=(found.near[0], replace(found.near[1], copied=0.3)))
    assert "copied" not in [warning.code for warning in model.rate(near, closer_with(near, little)).warnings]
