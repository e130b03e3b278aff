"""Advice, risk and ocean follow from one table: they never contradict each other, and say what a corpus cannot tell."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ktop.catalogue import LANGS, load, messages
from ktop.domain.rating.rating import Rating
from ktop.domain.technology.neighbour_evidence import (
    Match,
    NearPatent,
    NeighbourEvidence,
    NeighbourWords,
    Overlap,
)
from ktop.domain.technology.neighbourhood import Neighbourhood, day_number
from ktop.models.originality import OriginalityModel
from ktop.models.originality.advice import Coverage, filing_advice
from ktop.models.originality.opinion import _ocean
from ktop.models.originality.surroundings import Ocean

LONG = np.arange(1990, 2021)


def rated(model: OriginalityModel, found: Neighbourhood, scores: list[float], copied: float = 0.0) -> Rating:
    """Rate a technology of which the nearest patent has each feature to a share."""
    none = np.empty(0, dtype=object)
    words = NeighbourWords(none, np.empty(0, int), np.empty(0, int), np.empty((0, 40), bool), np.empty(0, bool), none)
    matches = tuple(Match("a sentence", score, ("word",)) for score in scores)
    features = tuple(f"feature {f}" for f in range(len(scores)))
    overlap = Overlap(features, np.full(len(scores), 1 / len(scores)), (NearPatent(0, matches, copied),))
    return model.rate(found, NeighbourEvidence(words, found.pair_similarity, overlap))


def covered(found: Neighbourhood, **changes: Any) -> Neighbourhood:
    """Return the neighbourhood with nothing that limits what the corpus can tell, and what ``changes`` say."""
    own = {
        "similarity": np.linspace(0.7, 0.2, 40),
        "years": LONG,
        "patents_per_year": np.full(len(LONG), 900),
        "in_meaning": replace(found.in_meaning, cosine=np.full(len(found.in_meaning.cosine), 0.9)),
    }
    return replace(found, **(own | changes))


def english(rating: Rating, kind: str = "advice") -> str:
    return " ".join(o.text for o in rating.opinions if o.lang == "en" and o.kind == kind)


def test_the_table_answers_every_case_and_every_answer_has_its_sentence() -> None:
    table = load("originality_advice")
    cases = itertools.product(
        ("verbatim", "taken", "all_found", "none"),
        ("high", "medium", "low", "unknown", "none"),
        (0.0, 34.9, 35.0, 60.0, 100.0),
        ([], ["thin"], ["late", "small"]),
    )
    given = {filing_advice(copy=c, risk=r, originality=o, limits=limits) for c, r, o, limits in cases}
    assert given == {row["advice"] for row in table["filing"]}
    assert {f"originality.advice_{advice}" for advice in given} <= messages().keys()
    assert {f"originality.limit_{limit}" for limit in table["limits"]} <= messages().keys()
    assert all(set(limits) <= set(table["limits"]) for limits in table["withheld"].values())


@pytest.mark.parametrize("originality", [0.0, 50.0, 100.0])
def test_filing_is_never_called_worth_considering_on_a_copy_or_a_high_risk(originality: float) -> None:
    for copy, risk in [("verbatim", "high"), ("taken", "high"), ("all_found", "low"), ("none", "high")]:
        advice = filing_advice(copy=copy, risk=risk, originality=originality, limits=())
        assert advice in ("copy", "known")


def test_a_verbatim_copy_names_the_patent_and_why_its_grade_is_held(
    model: OriginalityModel, neighbourhood: Neighbourhood
) -> None:
    similarity = np.concatenate([[0.95], np.full(39, 0.02)])
    rating = rated(model, covered(neighbourhood, similarity=similarity), [1.0, 1.0, 1.0])
    told = english(rating)
    assert "no ground" in told and str(neighbourhood.patent_ids[0]) in told
    assert "worth considering" not in told and "risk low" not in told
    held = [o for o in rating.opinions if "near_duplicate" in o.basis]
    assert rating.details["held_by"] == ["near_duplicate"] and [o.lang for o in held] == ["ko", "en"]
    assert all(rating.grades["originality"] in o.text and str(neighbourhood.patent_ids[0]) in o.text for o in held)


def test_a_copy_with_swapped_words_is_not_called_a_low_risk(
    model: OriginalityModel, neighbourhood: Neighbourhood
) -> None:
    """No feature is found word for word, which says nothing of novelty where the text follows a patent."""
    copied = np.full(neighbourhood.size, 0.1)
    copied[4] = 1.2
    patent = str(neighbourhood.patent_ids[4])
    for scores in ([0.0, 0.0, 0.0], [0.9, 0.0, 0.0]):
        rating = rated(model, covered(neighbourhood, copied=copied), scores)
        told = english(rating)
        assert rating.details["novelty"]["risk"] == "high" and "Novelty risk high" in told and "no ground" in told
        assert "risk low" not in told and told.count(patent) == 2 and "swapped" in told
        warned = next(warning.text for warning in rating.warnings if warning.code == "near_duplicate")
        assert "words swapped" in warned["en"] and "낱말만" in warned["ko"] and "almost the same" not in warned["en"]


def test_a_word_that_counts_nothing_is_not_told_as_a_new_term(
    model: OriginalityModel, neighbourhood: Neighbourhood
) -> None:
    terms = neighbourhood.key_terms
    invented = replace(terms, terms=np.array(["drelluvian hexatron", *terms.terms[1:]], dtype=object), df=0 * terms.df)
    found = covered(neighbourhood, key_terms=invented)
    plain, warned = (rated(model, replace(found, left_out=out), [0.0, 0.0, 0.0]) for out in ((), ("Drelluvian",)))
    new = [next(o.text for o in rating.opinions if "no earlier patent uses" in o.text) for rating in (plain, warned)]
    assert "drelluvian" in new[0] and "drelluvian" not in new[1] and str(terms.terms[1]) in new[1]


@pytest.mark.parametrize(("limits", "urges"), [((), True), (("late",), True), (("distant",), False)])
def test_an_emerging_field_of_which_the_corpus_has_few_patents_urges_nobody(
    limits: tuple[str, ...], urges: bool
) -> None:
    emerging = Ocean("emerging", 1, False, 3.0, 90.0, 1.5, 41, 43)
    told = {lang: _ocean(lang, emerging, Coverage(limits, 2005, 2017, 0.2, 36_879)).text for lang in LANGS}
    assert ("timing of one's own filing" in told["en"]) is ("시점이 중요" in told["ko"]) is urges
    assert ("has few patents of this field" in told["en"]) is ("분야의 특허가 적어" in told["ko"]) is not urges


def test_a_patent_taken_into_a_longer_text_is_advised_on_as_a_copy(
    model: OriginalityModel, neighbourhood: Neighbourhood
) -> None:
    assert "no ground" in english(rated(model, covered(neighbourhood), [0.2, 0.1, 0.0], copied=0.8))


def test_a_low_risk_needs_ground(model: OriginalityModel, neighbourhood: Neighbourhood) -> None:
    good = rated(model, covered(neighbourhood), [0.1, 0.0, 0.0])
    assert good.details["novelty"]["risk"] == "low" and good.details["novelty"]["withheld"] == []
    assert good.details["coverage"]["limits"] == []
    late = np.arange(2010, 2021)
    for limit, changes, said in (
        ("late", {"years": late, "patents_per_year": np.full(len(late), 900)}, "begins in 2010"),
        ("ended", {"patents_per_year": np.where(LONG < 2014, 900, 0)}, "ends in 2013"),
        ("small", {"corpus_size": 4000}, "only 4,000"),
        ("distant", {"in_meaning": replace(neighbourhood.in_meaning, cosine=np.full(80, 0.42))}, "few patents"),
    ):
        rating = rated(model, covered(neighbourhood, **changes), [0.1, 0.0, 0.0])
        assert rating.details["novelty"]["risk"] == "unknown"
        assert rating.details["novelty"]["withheld"] == [limit]
        told = english(rating)
        assert said in told and "risk low" not in told and "worth considering" not in told
        assert rating.scores == model.rate(covered(neighbourhood, **changes)).scores  # words only
    brief = rated(model, covered(neighbourhood), [0.1, 0.0])
    assert brief.details["novelty"]["withheld"] == ["brief"]


def test_what_was_found_was_found_whatever_the_corpus_lacks(
    model: OriginalityModel, neighbourhood: Neighbourhood
) -> None:
    late = np.arange(2010, 2021)
    rating = rated(model, covered(neighbourhood, years=late, patents_per_year=np.full(11, 900)), [0.9, 0.9, 0.0])
    assert rating.details["novelty"]["risk"] == "medium" and rating.details["novelty"]["withheld"] == []


def test_few_close_patents_in_a_corpus_that_begins_late_are_no_blue_ocean(
    model: OriginalityModel, neighbourhood: Neighbourhood
) -> None:
    as_of = day_number(neighbourhood.as_of)
    few = {
        "similarity": np.concatenate([[0.7], np.full(39, 0.05)]),
        "filing_day": as_of - np.concatenate([np.full(4, 200.0), np.full(36, 1600.0)]),
    }
    assert model.rate(covered(neighbourhood, **few)).details["ocean"]["ocean"] == "blue"
    late = np.arange(2008, 2021)
    found = covered(neighbourhood, **few, years=late, patents_per_year=np.full(13, 900))
    rating = model.rate(found)
    assert rating.details["ocean"]["ocean"] == model.score(found).ocean.name == "unclear"
    assert rating.details["ocean"]["withheld"] == ["late"]
    assert "begins in 2008" in english(rating, "summary") and "blue ocean" not in english(rating, "summary").lower()
