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

from ktop.domain.neighbourhood import Labels, Neighbourhood, day_number
from ktop.models.originality import measures as m
from ktop.models.originality.definitions import measures

TODAY = day_number(date(2020, 7, 1))
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
    assert m.nearest_similarity(similarity) == 0.9
    assert math.isnan(m.backward_similarity(np.zeros(0))) and math.isnan(m.nearest_similarity(np.zeros(0)))


def test_term_dependence_takes_off_what_all_patents_use(neighbourhood: Neighbourhood) -> None:
    terms = replace(
        neighbourhood.key_terms,
        in_neighbour=np.ones_like(neighbourhood.key_terms.in_neighbour),
        df=np.full(8, 5_000),
    )
    everyone = replace(neighbourhood, key_terms=terms)
    assert m.term_dependence(everyone) == pytest.approx(1.0 - 5_000 / 20_000)


def test_term_binding_is_zero_for_terms_that_everybody_uses(neighbourhood: Neighbourhood) -> None:
    terms = neighbourhood.key_terms
    everyone = replace(neighbourhood, key_terms=replace(terms, in_neighbour=np.ones_like(terms.in_neighbour)))
    assert m.term_binding(everyone) == pytest.approx(0.0, abs=0.02)


def test_term_binding_rises_where_users_are_alike(neighbourhood: Neighbourhood) -> None:
    pair = np.full((40, 40), 0.1, dtype=np.float32)
    pair[:10, :10] = 0.5
    present = np.zeros((8, 40), dtype=bool)
    present[0, :10] = True
    found = replace(
        neighbourhood, pair_similarity=pair, key_terms=replace(neighbourhood.key_terms, in_neighbour=present)
    )
    whole = (90 * 0.5 + (40 * 39 - 90) * 0.1) / (40 * 39)
    assert m.term_binding(found) == pytest.approx(math.log(0.501 / whole), rel=1e-5)


def test_term_age_counts_new_terms_as_zero_years(neighbourhood: Neighbourhood) -> None:
    terms = replace(
        neighbourhood.key_terms,
        weight=np.array([1.0] * 8),
        df=np.array([5, 0, 5, 0, 5, 0, 5, 0]),
        first_day=np.where(np.arange(8) % 2 == 0, TODAY - 4 * YEAR, np.nan),
    )
    assert m.term_age(replace(neighbourhood, key_terms=terms)) == pytest.approx(2.0)


def test_term_rarity_is_one_for_new_terms_and_zero_for_terms_of_every_patent(neighbourhood: Neighbourhood) -> None:
    new = replace(neighbourhood.key_terms, df=np.zeros(8, dtype=np.int64))
    common = replace(neighbourhood.key_terms, df=np.full(8, 20_000))
    assert m.term_rarity(replace(neighbourhood, key_terms=new)) == pytest.approx(1.0)
    assert m.term_rarity(replace(neighbourhood, key_terms=common)) == pytest.approx(0.0)


def test_new_pairs_counts_pairs_of_known_terms_only(neighbourhood: Neighbourhood) -> None:
    terms = replace(neighbourhood.key_terms, weight=np.ones(8), df=np.array([9, 9, 9, 9, 0, 0, 0, 0]))
    pair_df = np.array([0 if (i, j) == (1, 0) else 3 for i, j in neighbourhood.term_pairs])
    assert m.new_pairs(replace(neighbourhood, key_terms=terms, pair_df=pair_df)) == pytest.approx(1 / 6)


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
    assert m.term_age(later) == pytest.approx(m.term_age(neighbourhood) + 0.5, abs=0.2)


def test_follow_on_is_positive_where_later_patents_are_more_alike(neighbourhood: Neighbourhood) -> None:
    """Neighbours in order of filing; similarity rises with the later of the two filing dates."""
    filed = TODAY - np.linspace(4.5 * YEAR, 30, 40)
    newer = np.maximum.outer(np.arange(40), np.arange(40)) / 40.0
    pair = (0.1 + 0.5 * newer).astype(np.float32)
    rising = replace(neighbourhood, filing_day=filed, pair_similarity=pair)
    falling = replace(rising, pair_similarity=(0.7 - 0.5 * newer).astype(np.float32))
    assert m.follow_on(rising) > 0.05 > -0.05 > m.follow_on(falling)


def test_outside_share_leaves_the_largest_class_out(neighbourhood: Neighbourhood) -> None:
    labels = Labels.of([("A61B",)] * 30 + [("G06T",)] * 10)
    even = replace(neighbourhood, classes=labels, similarity=np.full(40, 0.3))
    assert m.outside_share(even) == pytest.approx(0.25)
    assert m.class_generality(even) == pytest.approx((1 - 0.75**2 - 0.25**2) * 40 / 39)


def test_topics_stand_in_where_a_corpus_has_no_classes(neighbourhood: Neighbourhood) -> None:
    without = replace(neighbourhood, classes=Labels.of([()] * 40))
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


def test_an_empty_neighbourhood_gives_missing_values_only(make: Callable[..., Neighbourhood]) -> None:
    found = m.measure_values(make(0, n=0, terms=0))
    assert set(found) == {measure.name for measure in measures()}
    assert all(math.isnan(value) for value in found.values())
