"""Reference patents: the sample, the trend taken out, the percentile curve."""

from __future__ import annotations

import math
from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.domain.technology.neighbourhood import day_number
from ktop.kernel.errors import InputError
from ktop.models.originality import OriginalityReference, build_reference, choose_sample
from ktop.models.originality.reference import FEWEST_EARLIER
from ktop.models.originality.reference_distribution import PercentileCurve, ReferenceDistribution, brought_forward


def test_sample_is_repeatable_and_spread_over_time() -> None:
    days = np.random.default_rng(0).integers(0, 10_000, 20_000)
    chosen = choose_sample(days, 500, 7)
    np.testing.assert_array_equal(chosen, choose_sample(days, 500, 7))
    assert len(set(chosen.tolist())) == 500
    assert not np.array_equal(chosen, choose_sample(days, 500, 8))
    counts = np.histogram(days[chosen], bins=10, range=(0, 10_000))[0]
    assert counts.min() > 35 and counts.max() < 65


def test_sample_passes_over_the_start_of_the_corpus() -> None:
    days = np.arange(5_000)
    assert choose_sample(days, 100, 1).min() >= FEWEST_EARLIER
    assert len(choose_sample(days[:FEWEST_EARLIER], 100, 1)) == 0


def test_no_sample_is_refused() -> None:
    with pytest.raises(InputError):
        build_reference(lambda patent_id: pytest.fail(patent_id), [], seed=1)


def test_a_trend_is_taken_out_and_missing_stays_missing() -> None:
    years_before = np.linspace(3, 0, 100)
    noise = np.random.default_rng(1).normal(0, 0.1, 100)
    rising = 5.0 - 2.0 * years_before + noise
    rising[10] = np.nan
    brought = brought_forward(rising, years_before)
    assert np.isnan(brought[10]) and np.isnan(brought).sum() == 1
    assert np.nanmean(brought[:30]) == pytest.approx(np.nanmean(brought[-30:]), abs=0.1)
    assert np.nanmean(brought) == pytest.approx(5.0, abs=0.1)


def test_too_few_values_have_no_trend() -> None:
    values = np.arange(10.0)
    np.testing.assert_array_equal(brought_forward(values, values), values)


def test_values_that_many_patents_share_are_not_moved() -> None:
    """A trend of a hair would put all of them below, or above, a technology with the very same value."""
    values = np.zeros(100)
    values[::4] = np.linspace(0.1, 0.4, 25)
    np.testing.assert_array_equal(brought_forward(values, np.linspace(0.0, 3.0, 100)), values)


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=60), st.floats(-80, 80), st.floats(-80, 80))
def test_percentile_never_falls_and_stays_within_0_and_100(values: list[float], a: float, b: float) -> None:
    curve = PercentileCurve.of(np.array(values))
    low, high = sorted((a, b))
    assert 0.0 < curve.at(low) <= curve.at(high) < 100.0


def test_percentile_of_reference_values_is_their_midrank() -> None:
    curve = PercentileCurve.of(np.array([1.0, 2.0, 2.0, 4.0]))
    assert [curve.at(z) for z in (1.0, 2.0, 4.0)] == [12.5, 50.0, 87.5]
    assert curve.at(3.0) == pytest.approx(68.75)


def test_beyond_the_reference_half_of_the_rest_is_left() -> None:
    curve = PercentileCurve.of(np.array([1.0, 2.0, 2.0, 3.0]))  # mid-ranks 12.5, 50, 87.5
    assert (curve.at(0.0), curve.at(1.0), curve.at(2.0), curve.at(9.0)) == (6.25, 12.5, 50.0, 93.75)


def test_a_growth_that_is_not_known_has_no_percentile() -> None:
    known = SimpleNamespace(names=["filing_growth"], columns=[np.array([0.1, 0.2])])
    assert ReferenceDistribution.growth_percentile(known, 0.15) == 50.0
    assert math.isnan(ReferenceDistribution.growth_percentile(known, math.nan))
    nobody = SimpleNamespace(names=["filing_growth"], columns=[np.empty(0)])
    assert math.isnan(ReferenceDistribution.growth_percentile(nobody, 0.15))


def test_a_measure_is_averaged_over_the_text_and_its_halves(reference: OriginalityReference) -> None:
    distribution = reference.distribution(day_number(date(2020, 7, 1)))
    name = max(distribution.names, key=lambda each: distribution.shares[each])
    low, high = (distribution.quantile(name, quantile) for quantile in (0.3, 0.7))
    middle = {each: distribution.quantile(each, 0.5) for each in distribution.names}
    one, two, both, gone = (
        distribution.score({**middle, name: low}, 0.65, again).measures[name]
        for again in ([], [{**middle, name: high}] * 2, [{**middle, name: high}], [{**middle, name: math.nan}])
    )
    other = distribution.score({**middle, name: high}, 0.65).measures[name]
    assert both.value == low and both.logit == pytest.approx((one.logit + other.logit) / 2)
    assert two.level == pytest.approx((one.level + 2 * other.level) / 3)
    assert gone == one, "a half that lacks a measure leaves it to the text"
    unknown = distribution.score({**middle, name: math.nan}, 0.65, [{**middle, name: high}]).measures[name]
    assert math.isnan(unknown.level) and unknown.logit == 0.0, "what the text does not give no half gives"
