"""The model: exact sums, no look-ahead, missing stays missing, duplicates and strangers are told."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ktop.catalogue import LANGS, load, messages, text
from ktop.domain.rating.grades import ladder
from ktop.domain.rating.rating import Contribution
from ktop.domain.technology.neighbourhood import NearestInMeaning, Neighbourhood, day_number
from ktop.kernel.errors import InputError
from ktop.models.originality import OriginalityModel, OriginalityReference, compare
from ktop.models.originality.definitions import SCORE, TRAITS, measures, rules
from ktop.models.originality.model import LADDER
from ktop.models.originality.opinion import _names, _ocean, _speaks, _terms_in_use, value_text
from ktop.models.originality.surroundings import Ocean, age_of_corpus_years, newcomers, ocean_of

Make = Callable[..., Neighbourhood]
#: The years of a corpus that reaches back far enough.
LONG = np.arange(1990, 2021)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 100), terms=st.integers(0, 12))
def test_every_point_is_accounted_for(model: OriginalityModel, make: Make, seed: int, n: int, terms: int) -> None:
    rating = model.rate(make(seed, n=n, terms=terms))
    rating.check_sums(1e-9)
    for score in rating.base:
        logit = math.fsum(c.logit for c in rating.contributions if c.score == score)
        assert rating.base[score].logit + logit == pytest.approx(rating.logits[score], abs=1e-9)
    json.dumps(rating.to_json(), allow_nan=False)


def test_scores_and_grade_lie_on_their_scales(model: OriginalityModel, make: Make) -> None:
    ratings = [model.rate(make(seed)) for seed in range(400, 480)]
    scores = np.array(
        [[rating.scores[name] for name in (*TRAITS, SCORE, "density")] for rating in ratings], dtype=float
    )
    assert scores.min() >= 0 and scores.max() <= 100
    assert np.all(np.abs(np.median(scores[:, :5], axis=0) - 50) < 30)
    for rating in ratings:
        if "thin_field" not in [warning.code for warning in rating.warnings]:
            assert rating.grades == {"originality": ladder("originality").grade_of(rating.scores[SCORE])}


def test_no_calibrated_probability_is_pretended(model: OriginalityModel, neighbourhood: Neighbourhood) -> None:
    assert model.rate(neighbourhood).probabilities == {}


def test_nearer_earlier_art_lowers_originality(model: OriginalityModel, neighbourhood: Neighbourhood) -> None:
    nearer = replace(neighbourhood, similarity=np.minimum(0.84, neighbourhood.similarity * 1.5))
    assert model.rate(nearer).scores["originality"] < model.rate(neighbourhood).scores["originality"]


def test_rarer_words_raise_originality(model: OriginalityModel, neighbourhood: Neighbourhood) -> None:
    words = neighbourhood.text_terms
    raised = model.rate(replace(neighbourhood, text_terms=replace(words, df=words.df // 20)))
    assert raised.scores["originality"] > model.rate(neighbourhood).scores["originality"]


def test_missing_measures_are_none_and_add_nothing(model: OriginalityModel, neighbourhood: Neighbourhood) -> None:
    rating = model.rate(replace(neighbourhood, measures={}))
    parts = [c for c in rating.contributions if c.indicator in ("neighbour_claims", "neighbour_citations")]
    assert len(parts) == 4
    assert all(part.value is None and part.logit == 0.0 and part.points == 0.0 and part.level is None for part in parts)


def test_a_trait_without_any_measure_has_no_score(model: OriginalityModel, make: Make) -> None:
    bare = make(3, terms=0, measures={}, applicants=make(0).applicants.of([()] * 40))
    bare = replace(bare, classes=bare.classes.of([()] * 40), topics=bare.topics.of([()] * 40))
    bare = replace(bare, pair_similarity=bare.pair_similarity * 0, in_meaning=NearestInMeaning.none())
    rating = model.rate(bare)
    assert rating.scores["spillover"] is None and rating.scores["core"] is None
    assert rating.scores[SCORE] is not None
    rating.check_sums()


def test_a_subject_that_no_patent_is_near_to_has_no_score(
    model: OriginalityModel, neighbourhood: Neighbourhood
) -> None:
    """Words in common with one patent are not enough."""
    far = replace(neighbourhood.in_meaning, cosine=neighbourhood.in_meaning.cosine * 0.2)
    rating = model.rate(replace(neighbourhood, in_meaning=far))
    assert rating.scores[SCORE] is None and not rating.grades
    assert "no_close_art" in [warning.code for warning in rating.warnings]


def test_reference_patents_filed_later_are_never_used(reference: OriginalityReference) -> None:
    as_of = day_number(date(2016, 1, 1))
    earlier = reference.filing_day < as_of
    cut = OriginalityReference(
        patent_ids=tuple(np.array(reference.patent_ids, dtype=object)[earlier]),
        filing_day=reference.filing_day[earlier],
        names=reference.names,
        values=reference.values[earlier],
        similarity=reference.similarity[earlier],
        nearest=reference.nearest[earlier],
        corpus=reference.corpus,
        seed=reference.seed,
    )
    whole, part = reference.distribution(as_of), cut.distribution(as_of)
    assert not whole.later and whole.size == part.size
    for a, b in zip(whole.columns, part.columns, strict=True):
        np.testing.assert_array_equal(a, b)


def test_too_few_earlier_reference_patents_are_told(reference: OriginalityReference, make: Make) -> None:
    rating = OriginalityModel(reference).rate(make(1, as_of=date(2012, 2, 1)))
    assert "small_reference" in {warning.code for warning in rating.warnings}


def test_table_survives_writing_and_names_itself(reference: OriginalityReference, tmp_path) -> None:
    reference.save(tmp_path)
    again = OriginalityReference.load(tmp_path)
    assert again.version == reference.version and again.patent_ids == reference.patent_ids
    assert re.fullmatch("[0-9a-f]{8}", reference.digest)
    np.testing.assert_array_equal(again.values, reference.values)
    changed = replace(reference, values=reference.values + 1.0)
    assert changed.version != reference.version
    first = (tmp_path / "originality_reference.npz").read_bytes()
    reference.save(tmp_path)
    assert (tmp_path / "originality_reference.npz").read_bytes() == first


def test_a_table_of_other_formulas_is_refused(reference: OriginalityReference, tmp_path, monkeypatch) -> None:
    reference.save(tmp_path)
    monkeypatch.setattr("ktop.models.originality.reference.installed_versions", lambda: ("9.9.9",))
    with pytest.raises(InputError) as refused:
        OriginalityReference.load(tmp_path)
    assert refused.value.key == "originality.other_version"


def test_a_pasted_patent_is_named_and_held_down(model: OriginalityModel, neighbourhood: Neighbourhood) -> None:
    similarity = neighbourhood.similarity.copy()
    similarity[0] = 0.97
    rating = model.rate(replace(neighbourhood, similarity=similarity))
    told = {warning.code: warning.text for warning in rating.warnings}
    assert str(neighbourhood.patent_ids[0]) in told["near_duplicate"]["ko"]
    best = rules("near_duplicate")["best_grade"]
    assert not ladder("originality").notches(rating.grades["originality"], best) > 0


def test_a_text_with_nothing_similar_gets_no_score_and_a_reason(
    model: OriginalityModel, neighbourhood: Neighbourhood
) -> None:
    stranger = model.rate(replace(neighbourhood, similarity=np.full(40, 0.001), lexical=np.full(40, 0.001)))
    assert set(stranger.scores.values()) == {None} and stranger.grades == {}
    assert stranger.warnings[0].code == "no_close_art"
    assert stranger.opinions == () and stranger.contributions == ()


def test_an_empty_corpus_is_no_crash(model: OriginalityModel, make: Make) -> None:
    empty = make(0, n=0, terms=0, corpus_size=0)
    rating = model.rate(empty)
    assert rating.warnings[0].code == "no_patents"
    json.dumps(rating.to_json(), allow_nan=False)


def test_warnings_about_the_corpus(model: OriginalityModel, neighbourhood: Neighbourhood) -> None:
    near = np.linspace(0.7, 0.2, 40)

    def codes(**changes: object) -> set[str]:
        changed: dict[str, Any] = {"similarity": near, **changes}
        return {warning.code for warning in model.rate(replace(neighbourhood, **changed)).warnings}

    assert codes() == set()
    assert codes(corpus={"name": "demo", "synthetic": True}) == {"synthetic_corpus"}
    assert codes(corpus_size=900) == {"small_corpus"}
    assert "stale_corpus" in codes(as_of=date(2027, 1, 1))
    assert codes(language=np.array(["ko"] * 40, dtype=object)) == {"other_language"}


def test_without_a_score_nothing_is_said_of_its_percentile(reference: OriginalityReference, make: Make) -> None:
    rating = OriginalityModel(reference).rate(make(0, n=0, terms=0, corpus_size=0, as_of=date(1990, 1, 1)))
    assert "small_reference" not in {warning.code for warning in rating.warnings}


def test_nobody_is_new_to_a_corpus_that_begins_now(neighbourhood: Neighbourhood) -> None:
    young = replace(neighbourhood, filing_day=np.full(40, day_number(neighbourhood.as_of) - 100))
    assert newcomers(young)
    first = neighbourhood.as_of.year - 1
    begins = replace(young, years=np.array([first, first + 1]), patents_per_year=np.array([50, 50]))
    assert newcomers(begins) == []


def test_a_weakness_is_told_against_the_reference_and_not_as_a_fact_of_its_own() -> None:
    """A low level says less than is usual, never few: a diversity of .96 or an age ratio of 1.0 may be low."""
    for name in ("cycle_time", "young_share", "applicant_diversity", "later_applicants", "class_generality",
                 "backward_diversity", "topic_breadth", "later_fields", "term_reach", "outside_share"):  # fmt: skip
        assert "기준 특허의 경우보다" in messages()[f"originality.weak_{name}"]["ko"]
        assert "usual for reference patents" in messages()[f"originality.weak_{name}"]["en"]


def test_a_field_that_the_corpus_hardly_covers_is_told(model: OriginalityModel, neighbourhood: Neighbourhood) -> None:
    distribution = model.reference.distribution(day_number(neighbourhood.as_of))
    usual = distribution.usual_nearest(rules("thin_field")["quantile"])
    for nearest, told in ((usual - 0.001, True), (usual + 0.001, False)):
        rating = model.rate(replace(neighbourhood, similarity=np.linspace(nearest, nearest / 2.0, 40)))
        texts = [warning.text for warning in rating.warnings if warning.code == "thin_field"]
        assert bool(texts) is told
        assert not told or rating.grades[LADDER] in ("BBB", "BB", "B", "C")
        assert all(f"{nearest:.2f}" in text[lang] for text in texts for lang in ("ko", "en"))


def test_a_text_of_no_field_is_not_graded_well(model: OriginalityModel, neighbourhood: Neighbourhood) -> None:
    distribution = model.reference.distribution(day_number(neighbourhood.as_of))
    words = replace(neighbourhood.text_terms, df=neighbourhood.text_terms.df // 50)
    found = replace(neighbourhood, text_terms=words, in_meaning=replace(neighbourhood.in_meaning))
    best = rules("thin_field")["best_grade"]
    nearest = distribution.usual_nearest(rules("thin_field")["quantile"]) - 0.001
    thin = model.score(replace(found, similarity=np.linspace(nearest, nearest / 2.0, 40)))
    assert thin.grade is not None and (thin.grade == best or not ladder(LADDER).at_least(thin.grade, best))


def test_ocean_follows_density_and_growth(model: OriginalityModel, make: Make) -> None:
    as_of = day_number(date(2020, 7, 1))
    young = as_of - np.concatenate([np.full(36, 200.0), np.full(4, 1600.0)])
    old = as_of - np.concatenate([np.full(4, 200.0), np.full(36, 1600.0)])
    crowd, few = np.linspace(0.8, 0.6, 40), np.concatenate([[0.7], np.full(39, 0.05)])
    found = {
        (name_density, name_growth): model.rate(
            make(1, similarity=similarity, filing_day=filed, years=LONG, patents_per_year=np.full(len(LONG), 900))
        ).details["ocean"]["ocean"]
        for name_density, similarity in (("crowd", crowd), ("few", few))
        for name_growth, filed in (("young", young), ("old", old))
    }
    assert found == {
        ("crowd", "young"): "red",
        ("crowd", "old"): "declining",
        ("few", "young"): "emerging",
        ("few", "old"): "blue",
    }


def test_density_counts_close_patents(model: OriginalityModel, make: Make) -> None:
    few = model.rate(make(1, similarity=np.concatenate([[0.5], np.full(39, 0.01)])))
    assert few.details["density"]["close_patents"] == 1
    crowd = model.rate(make(1, similarity=np.full(40, 0.7)))
    assert crowd.details["density"]["close_patents"] == 40 and crowd.details["ocean"]["at_least"]
    assert crowd.scores["density"] > few.scores["density"]


def test_opinions_speak_both_languages_and_name_their_grounds(model: OriginalityModel, make: Make) -> None:
    names = {measure.name for measure in measures()} | {*TRAITS, SCORE, "density", "filing_growth"}
    for seed in range(20):
        rating = model.rate(make(seed))
        spoken = {lang: [o for o in rating.opinions if o.lang == lang] for lang in LANGS}
        assert [o.kind for o in spoken["ko"]] == [o.kind for o in spoken["en"]]
        assert {"summary", "advice", "caution"} <= {o.kind for o in spoken["ko"]}
        for opinion in rating.opinions:
            assert set(opinion.basis) <= names
            assert not re.search(r"[{}]|nan|None", opinion.text), opinion.text


def test_strengths_and_weaknesses_agree_with_their_points(model: OriginalityModel, make: Make) -> None:
    for seed in range(20):
        rating = model.rate(make(seed))
        points = {c.indicator: c.points for c in rating.contributions if c.score == SCORE}
        for opinion in rating.opinions:
            if opinion.kind in ("strength", "weakness"):
                (name,) = opinion.basis
                assert (points[name] > 0) == (opinion.kind == "strength")
                assert f"{points[name]:+.1f}" in opinion.text


def test_a_strength_stands_in_the_upper_half_and_is_not_nothing(model: OriginalityModel, make: Make) -> None:
    for seed in range(8):
        rating = model.rate(make(seed=seed))
        own = {part.indicator: part for part in rating.contributions if part.score == "score"}
        for opinion in rating.opinions:
            if opinion.kind in ("strength", "weakness") and opinion.basis[0] in own:
                part = own[opinion.basis[0]]
                assert part.level is not None
                assert part.level > 50.0 if opinion.kind == "strength" else part.level < 50.0
                told = re.search(r"기준 특허의 (\d+)%보다|better than (\d+) %", opinion.text)
                assert told is not None
                assert int(told[1] or told[2]) == round(min(99.0, max(1.0, part.level)))
        for part in own.values():
            assert part.level is None or part.logit == 0.0 or (part.level > 50.0) == (part.logit > 0.0)


def test_a_measure_of_which_there_is_nothing_is_no_strength() -> None:
    part = Contribution("score", "term_uptake", "value", 0.0, 0.2, 50.0, 91.0)
    assert not _speaks(part, 1.0)
    assert _speaks(replace(part, value=0.1), 1.0)
    assert not _speaks(replace(part, value=0.1, level=None), 1.0)
    assert not _speaks(replace(part, value=0.1, points=0.01), 1.0)
    assert _speaks(replace(part, points=-50.0, level=9.0), -1.0)
    assert _speaks(Contribution("score", "backward_similarity", "originality", 0.0, 0.2, 50.0, 99.0), 1.0)


def test_the_standing_is_told_from_its_nearer_end(model: OriginalityModel, make: Make) -> None:
    for seed in range(6):
        rating = model.rate(make(seed=seed))
        score = rating.scores[SCORE]
        assert score is not None
        english = next(o.text for o in rating.opinions if o.lang == "en" and o.basis == (SCORE,))
        told = f"{'top' if score >= 50.0 else 'bottom'} {max(1.0, min(score, 100.0 - score)):.0f} %"
        assert told in english


def test_a_sentence_that_ends_with_a_name_has_one_point() -> None:
    assert _names(["Acme, Inc.", "Beta Inc."], "en") == "Acme, Inc., Beta Inc"
    assert _names(["Acme, Inc.", "Beta Inc."], "ko") == "Acme, Inc., Beta Inc."


def test_every_measure_can_be_spoken_of() -> None:
    for measure in measures():
        for tone in ("strong", "weak"):
            assert set(messages()[f"originality.{tone}_{measure.name}"]) == {"ko", "en"}


def test_weights_are_whole() -> None:
    assert math.isclose(math.fsum(load("originality")["traits"].values()), 1.0)
    for trait in TRAITS:
        assert math.isclose(math.fsum(m.weight for m in measures() if m.trait == trait), 1.0), trait


def test_two_technologies_side_by_side(model: OriginalityModel, make: Make) -> None:
    a, b = model.rate(make(7)), model.rate(make(8))
    found = compare(a.to_json(), b.to_json())
    gap = found["scores"][SCORE]["difference"]
    assert gap == pytest.approx(a.scores[SCORE] - b.scores[SCORE])
    parts = math.fsum(pair["difference"] for pair in found["points"].values()) + found["base"]["difference"]
    assert parts == pytest.approx(gap, abs=1e-9)
    assert {opinion["lang"] for opinion in found["opinions"]} == {"ko", "en"}
    assert compare(a.to_json(), a.to_json())["scores"][SCORE]["difference"] == 0.0
    assert len(compare(a.to_json(), a.to_json())["shared_patents"]) == 20
    json.dumps(found, allow_nan=False)


def test_ratings_of_other_models_or_versions_are_not_compared(
    model: OriginalityModel, reference: OriginalityReference, make: Make
) -> None:
    rating = model.rate(make(7))
    other = replace(rating, model=replace(rating.model, name="tech-index"))
    with pytest.raises(InputError) as refused:
        compare(rating.to_json(), other.to_json())
    assert refused.value.key == "originality.not_comparable"
    with pytest.raises(InputError) as refused:
        compare(rating.to_json(), replace(rating, model=replace(rating.model, version="0")).to_json())
    assert refused.value.key == "originality.different_references"


def test_the_same_neighbourhood_gives_the_same_rating(model: OriginalityModel, make: Make) -> None:
    assert model.rate(make(9)).to_json() == model.rate(make(9)).to_json()


def test_a_corpus_ends_with_its_last_year_that_has_a_patent(neighbourhood: Neighbourhood) -> None:
    years = np.array([2017, 2018, 2019])
    found = replace(neighbourhood, as_of=date(2020, 12, 31), years=years, patents_per_year=np.array([5, 1, 0]))
    assert age_of_corpus_years(found) == pytest.approx((365 + 366) / 365.25)
    assert math.isnan(age_of_corpus_years(replace(found, patents_per_year=np.zeros(3, dtype=np.int64))))


def test_the_histogram_of_standings_covers_the_whole_scale_evenly(
    model: OriginalityModel, neighbourhood: Neighbourhood
) -> None:
    histogram = model.rate(neighbourhood).position["all"]["histogram"]
    assert histogram["edges"][0] == 0.0 and histogram["edges"][-1] == 100.0
    assert np.diff(histogram["edges"]) == pytest.approx(100.0 / len(histogram["counts"]))
    assert sum(histogram["counts"]) == model.rate(neighbourhood).position["all"]["n"]


def test_standings_are_spread_evenly_since_the_score_is_a_percentile(
    model: OriginalityModel, neighbourhood: Neighbourhood
) -> None:
    assert np.ptp(model.rate(neighbourhood).position["all"]["histogram"]["counts"]) <= 1


def test_one_close_patent_that_is_all_there_is_is_at_least_one(make: Make) -> None:
    place = SimpleNamespace(close=0.0, density_percentile=lambda n: 40.0, growth_percentile=lambda g: 50.0)
    for size, at_least in ((0, False), (1, True)):
        found = make(1, n=size)
        assert ocean_of(found, found.similarity, place).at_least == at_least


def test_the_words_in_use_are_the_four_that_weigh_most() -> None:
    words = [("a", 1.0, 1), ("b", 0.5, 9), ("c", 1.0, 2), ("d", 1.0, 0), ("e", 0.1, 50), ("f", 0.9, 3)]
    terms = [{"term": term, "weight": weight, "similar_patents": n} for term, weight, n in words]
    assert _terms_in_use({"measured_terms": terms}, "en") == "e, b, f, c"
    assert _terms_in_use({"measured_terms": terms[3:4]}, "en") == text("originality.missing", "en")


def test_more_crowded_than_all_is_not_said(make: Make) -> None:
    for density, said in ((100.0, "99"), (98.0, "98")):
        ocean = Ocean("red", 12, False, density, 50.0, 1.2, 5, 4)
        spoken = _ocean("en", ocean).text
        assert re.findall(r"\b(?:98|99|100)\b", spoken) == [said], spoken


def test_the_dependence_on_words_is_told_in_points() -> None:
    assert value_text("word_dependence", 0.125, "en") == text("originality.value_points", "en", value=12.5)
