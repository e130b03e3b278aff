"""Every measure against values worked out by hand, and what it does where it cannot tell."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from ktop.domain.technology.neighbourhood import LabelSets, Neighbourhood, day_number
from ktop.models.originality import follow_on
from ktop.models.originality import measures as m
from ktop.models.originality.definitions import measures

AS_OF = date(2020, 7, 1)
TODAY = day_number(AS_OF)
YEAR = 365.25


def test_diversity_is_that_of_trajtenberg_and_of_hall() -> None:
    counts = np.array([3.0, 2.0])
    assert m.diversity(counts) == pytest.approx(1 - (0.6**2 + 0.4**2))
    assert m.diversity(counts, 5) == pytest.approx(0.48 * 5 / 4)
    assert m.diversity(np.array([4.0])) == 0.0
    assert math.isnan(m.diversity(np.zeros(2)))
    assert math.isnan(m.diversity(np.array([1.0]), 1.0))


@pytest.mark.real_data
def test_diversity_gives_the_nber_values(shared_data: Path) -> None:
    """The published GENERAL and ORIGINAL values are 1 less the sum of squared shares of a whole-number split."""
    with (shared_data / "patents" / "nber_examples" / "partition_check.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == 27
    for row in rows:
        counts = np.array([float(part) for part in row["example_class_counts"].split("+")])
        assert m.diversity(counts) == pytest.approx(float(row["published_value"]), abs=6e-5)


def test_backward_similarity_is_the_mean_of_the_twenty_nearest() -> None:
    similarity = np.linspace(0.9, 0.1, 60)
    assert m.backward_similarity(similarity) == pytest.approx(similarity[:20].mean())
    assert math.isnan(m.backward_similarity(np.zeros(0)))


def test_filing_growth_is_relative_to_the_corpus(neighbourhood: Neighbourhood) -> None:
    filed = np.concatenate([np.full(30, TODAY - YEAR), np.full(10, TODAY - 4 * YEAR)])
    flat = np.full(len(neighbourhood.years), 1_000)
    flat[-1] = 500  # the as-of day is in the middle of the year
    steady = replace(neighbourhood, filing_day=filed, patents_per_year=flat)
    assert m.filing_growth(steady) == pytest.approx(math.log(32 / 12), abs=0.01)
    doubling = replace(steady, patents_per_year=np.concatenate([flat[:-4], [2000, 2000, 2000, 1000]]))
    assert m.filing_growth(doubling) < m.filing_growth(steady) - 0.4


def test_growth_is_counted_from_the_end_of_a_corpus_that_ended_earlier(neighbourhood: Neighbourhood) -> None:
    later = replace(neighbourhood, as_of=date(2028, 1, 1))
    assert m.reading_day(later) == day_number(date(2021, 1, 1))
    assert not math.isnan(m.filing_growth(later))


def test_follow_on_is_positive_where_later_patents_are_more_alike(neighbourhood: Neighbourhood) -> None:
    """Neighbours in order of filing; similarity rises with the later of the two filing dates."""
    filed = TODAY - np.linspace(4.5 * YEAR, 30, 40)
    newer = np.maximum.outer(np.arange(40), np.arange(40)) / 40.0
    pair = (0.1 + 0.5 * newer).astype(np.float32)
    rising = replace(neighbourhood, filing_day=filed, pair_similarity=pair)
    falling = replace(rising, pair_similarity=(0.7 - 0.5 * newer).astype(np.float32))
    assert m.follow_on(rising) > 0.05 > -0.05 > m.follow_on(falling)


def test_outside_share_leaves_the_largest_class_out(neighbourhood: Neighbourhood) -> None:
    labels = LabelSets.of([("A61B",)] * 30 + [("G06T",)] * 10)
    even = replace(neighbourhood, classes=labels, similarity=np.full(40, 0.3))
    assert m.outside_share(even) == pytest.approx(0.25)
    assert m.class_generality(even) == pytest.approx((1 - 0.75**2 - 0.25**2) * 40 / 39)


def test_topics_stand_in_where_a_corpus_has_no_classes(neighbourhood: Neighbourhood) -> None:
    without = replace(neighbourhood, classes=LabelSets.of([()] * 40))
    assert m.has_classes(neighbourhood) and not m.has_classes(without)
    assert not math.isnan(m.class_generality(without))


def test_claims_and_citations_are_missing_not_zero_without_data(neighbourhood: Neighbourhood) -> None:
    unknown = replace(neighbourhood, measures={})
    assert math.isnan(m.neighbour_claims(unknown)) and math.isnan(m.neighbour_citations(unknown))
    nothing = replace(neighbourhood, measures={"claims": np.full(40, np.nan), "citations": np.full(40, np.nan)})
    assert math.isnan(m.neighbour_claims(nothing)) and math.isnan(m.neighbour_citations(nothing))
    ten = replace(neighbourhood, measures={"claims": np.full(40, 10.0), "citations": np.zeros(40)})
    assert m.neighbour_claims(ten) == pytest.approx(10.0)
    assert m.neighbour_citations(ten) == 0.0


def test_new_terms_are_those_no_earlier_patent_has(neighbourhood: Neighbourhood) -> None:
    terms = replace(neighbourhood.key_terms, weight=np.ones(8), df=np.array([0, 0, 5, 5, 5, 5, 5, 5]))
    assert m.new_terms(replace(neighbourhood, key_terms=terms)) == pytest.approx(0.25)


def test_atypical_pairs_are_a_z_score_against_chance(neighbourhood: Neighbourhood) -> None:
    df = np.full(8, 200)
    pairs = np.array([(i, j) for i in range(8) for j in range(i)])
    both = np.full(len(pairs), 2)  # 200 x 200 / 20,000 = 2 by chance
    found = replace(neighbourhood, key_terms=replace(neighbourhood.key_terms, df=df), term_pairs=pairs, pair_df=both)
    assert m.atypical_pairs(found) == pytest.approx(0.0)
    spread = math.sqrt(2.0 * 0.99 * 0.99 * 20_000 / 19_999)
    assert m.atypical_pairs(replace(found, pair_df=both * 0)) == pytest.approx(math.asinh(-2.0 / spread))
    assert math.isnan(m.atypical_pairs(replace(found, term_pairs=pairs[:4], pair_df=both[:4])))


def test_uptake_counts_young_terms_only(neighbourhood: Neighbourhood) -> None:
    terms = replace(
        neighbourhood.key_terms,
        weight=np.ones(8),
        df=np.array([20, 20, 0, 0, 0, 0, 0, 0]),
        first_day=np.array([TODAY - 2 * YEAR, TODAY - 9 * YEAR] + [np.nan] * 6),
    )
    assert follow_on.term_uptake(replace(neighbourhood, key_terms=terms)) == pytest.approx(
        math.log1p(10.0) / 8, rel=1e-3
    )
    none = replace(terms, df=np.zeros(8, dtype=np.int64))
    assert math.isnan(follow_on.term_uptake(replace(neighbourhood, key_terms=none)))


def test_family_size_is_missing_without_families(neighbourhood: Neighbourhood) -> None:
    assert math.isnan(follow_on.family_size(neighbourhood))
    sizes = {"family_size": np.where(np.arange(40) % 2 == 0, 1.0, 4.0)}
    even = replace(neighbourhood, measures=sizes, similarity=np.full(40, 0.3))
    assert follow_on.family_size(even) == pytest.approx(2.0)


def test_sequels_are_later_patents_that_resemble(neighbourhood: Neighbourhood) -> None:
    filed = TODAY - np.arange(40, 0, -1) * 30.0  # the first ones are the oldest
    pair = np.zeros((40, 40), dtype=np.float32)
    np.fill_diagonal(pair, 1.0)
    pair[0, 30:] = pair[30:, 0] = 0.5  # ten late patents resemble the oldest, nothing else does
    found = replace(neighbourhood, filing_day=filed, pair_similarity=pair, similarity=np.full(40, 0.2))
    weights = follow_on.follow_on_weights(found)
    assert np.flatnonzero(weights).tolist() == list(range(30, 40)) and weights[30] == pytest.approx(0.1)
    labels = [("A01B",)] * 30 + [("H04L",)] * 5 + [("G06F",)] * 5
    spread = replace(found, classes=LabelSets.of(labels))
    assert follow_on.later_fields(spread) == pytest.approx(0.5 * 10 / 9)
    assert follow_on.later_applicants(replace(found, applicants=LabelSets.of([("one",)] * 40))) == 0.0


def test_an_empty_neighbourhood_gives_missing_values_only(make: Callable[..., Neighbourhood]) -> None:
    found = m.measure_values(make(0, n=0, terms=0))
    assert set(found) == {measure.name for measure in measures()}
    assert all(math.isnan(value) for value in found.values())


def test_follow_on_counts_neither_itself_nor_filings_of_its_own_day(neighbourhood: Neighbourhood) -> None:
    """Five patents of each of three days: only those of the middle day have later and earlier ones."""
    day = np.repeat([0, 1, 2], 5)
    between = np.array([[0.9, 0.2, 0.3], [0.2, 0.9, 0.4], [0.3, 0.4, 0.9]])  # of one day: alike, and not to be counted
    pair = between[day][:, day].astype(np.float32)
    np.fill_diagonal(pair, 1.0)
    filed = TODAY - np.array([1000.0, 700.0, 400.0])[day]
    found = replace(neighbourhood.nearest(15), filing_day=filed, pair_similarity=pair, similarity=np.full(15, 0.5))
    assert m.follow_on(found) == pytest.approx(math.log(0.4 / 0.2), rel=1e-6)


def test_follow_on_looks_five_years_either_way(neighbourhood: Neighbourhood) -> None:
    """Patents of five and a half years before would make the past more alike; they are not looked at."""
    day = np.repeat([0, 1, 2, 3], [5, 5, 5, 2])
    between = np.full((4, 4), 0.3)
    between[1, 2] = between[2, 1] = 0.6
    between[3, :] = between[:, 3] = 0.9
    pair = between[day][:, day].astype(np.float32)
    np.fill_diagonal(pair, 1.0)
    filed = TODAY - np.array([1500.0, 1000.0, 500.0, 1000.0 + 5.5 * YEAR])[day]
    filed[day == 0] -= 0.25 * YEAR  # the first of the three days stays within five years of the far one
    found = replace(neighbourhood.nearest(17), filing_day=filed, pair_similarity=pair, similarity=np.full(17, 0.5))
    middle_only = replace(found, similarity=np.where(day == 1, 0.5, 0.0))
    assert m.follow_on(middle_only) == pytest.approx(math.log(0.6 / 0.3), rel=1e-6)


def test_pairs_with_a_word_that_no_earlier_patent_has_do_not_count(neighbourhood: Neighbourhood) -> None:
    df = np.array([200] * 5 + [0] * 3)
    pairs = np.array([(i, j) for i in range(8) for j in range(8) if i != j])
    old = (df[pairs] > 0).all(axis=1)
    both = np.where(old, 3, 0)  # the pairs of old words are above chance, the others would be at it
    found = replace(neighbourhood, key_terms=replace(neighbourhood.key_terms, df=df), term_pairs=pairs, pair_df=both)
    alone = m.atypical_pairs(replace(found, term_pairs=pairs[old], pair_df=both[old]))
    assert m.atypical_pairs(found) == alone > 0.0


def test_a_corpus_of_one_patent_tells_nothing_of_new_terms(neighbourhood: Neighbourhood) -> None:
    assert math.isnan(m.new_terms(replace(neighbourhood, corpus_size=1)))
    assert not math.isnan(m.new_terms(replace(neighbourhood, corpus_size=2)))
