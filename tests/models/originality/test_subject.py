"""Measures on the patents nearest in meaning, against values worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from ktop.domain.technology.neighbourhood import NearestInMeaning, Neighbourhood, day_number
from ktop.models.originality import subject

TODAY = day_number(date(2020, 7, 1))
YEAR = 365.25


def near(
    found: Neighbourhood, cosine: list[float], years: list[float] | None = None, topic: list[int] | None = None
) -> Neighbourhood:
    """Return the neighbourhood with other patents nearest in meaning, filed ``years`` before the day."""
    filed = TODAY - YEAR * np.array(years or [1.0] * len(cosine))
    return replace(found, in_meaning=NearestInMeaning(np.array(cosine), filed, np.array(topic or [0] * len(cosine))))


def test_closeness_is_the_mean_cosine(neighbourhood: Neighbourhood) -> None:
    assert subject.subject_closeness(near(neighbourhood, [0.9, 0.8, 0.7, 0.6, 0.5])) == pytest.approx(0.7)
    assert math.isnan(subject.subject_closeness(near(neighbourhood, [0.9])))
    assert math.isnan(subject.subject_closeness(replace(neighbourhood, in_meaning=NearestInMeaning.none())))


def test_the_gap_is_meaning_less_words(neighbourhood: Neighbourhood) -> None:
    apart = replace(neighbourhood, semantic=np.full(40, 0.6), lexical=np.full(40, 0.15))
    assert subject.wording_gap(apart) == pytest.approx(0.45)
    assert math.isnan(subject.wording_gap(replace(apart, semantic=np.full(40, np.nan))))


def test_ages_of_the_corpus_are_those_of_its_filings(neighbourhood: Neighbourhood) -> None:
    even = replace(neighbourhood, years=np.array([2018, 2019, 2020]), patents_per_year=np.array([100, 100, 50]))
    found = subject.corpus_ages(even)
    assert found is not None
    ages, counts = found
    assert counts.sum() == pytest.approx(250)
    # filings of 2020 lie in its first half, on average a quarter of a year ago; those of 2018 two years
    assert float(np.average(ages, weights=counts)) == pytest.approx((50 * 0.25 + 100 * 1.0 + 100 * 2.0) / 250, abs=0.01)
    assert subject.corpus_ages(replace(even, patents_per_year=np.zeros(3, dtype=np.int64))) is None


def test_young_patents_are_held_against_the_corpus(neighbourhood: Neighbourhood) -> None:
    even = replace(
        neighbourhood, years=np.arange(2010, 2020), patents_per_year=np.full(10, 100), as_of=date(2020, 1, 1)
    )
    cosine = [0.9] * 4 + [0.8] * 6 + [0.1]  # the last one counts nothing
    young = near(even, cosine, [1.0] * 4 + [6.0] * 7)
    weight_young, weight_all = 4 * 0.8, 4 * 0.8 + 6 * 0.7
    wanted = math.log((weight_young / weight_all + 0.02) / (0.2 + 0.02))
    assert subject.young_share(young) == pytest.approx(wanted, abs=1e-6)
    as_all = near(even, [0.9] * 10, [0.5 + i for i in range(10)])
    assert subject.young_share(as_all) == pytest.approx(0.0, abs=1e-6)
    assert subject.cycle_time(as_all) == pytest.approx(0.0, abs=0.15)
    assert subject.cycle_time(near(even, [0.9] * 10, [1.0] * 10)) < -1.0


def test_breadth_is_the_diversity_of_topics(neighbourhood: Neighbourhood) -> None:
    cosine = [0.9] * 10 + [0.5]
    found = near(neighbourhood, cosine, topic=[1] * 6 + [2] * 4 + [3])
    assert subject.topic_breadth(found) == pytest.approx(1.0 - 0.6**2 - 0.4**2)
    assert subject.topic_breadth(near(neighbourhood, cosine, topic=[1] * 11)) == pytest.approx(0.0, abs=1e-6)
    assert math.isnan(subject.topic_breadth(near(neighbourhood, cosine, topic=[-1] * 11)))


def test_no_patent_near_in_meaning_is_missing_not_zero(neighbourhood: Neighbourhood) -> None:
    alone = replace(neighbourhood, in_meaning=NearestInMeaning.none())
    for measure in (subject.subject_closeness, subject.young_share, subject.cycle_time, subject.topic_breadth):
        assert math.isnan(measure(alone))
