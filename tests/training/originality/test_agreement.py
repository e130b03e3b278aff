"""Weights learned from what tellings agree on: noise loses weight, signs and traits keep their bounds."""

from __future__ import annotations

import numpy as np
import pytest

from ktop.kernel.arrays import Floats
from ktop.models.originality.definitions import TRAITS
from ktop.training.originality.agreement import (
    KEPT,
    LEAST_TRAIT,
    MOST_TRAIT,
    OUTCOME_SHARES,
    Evidence,
    Told,
    gap_of,
    in_top_tenth,
    learn_agreement,
    pairs_told_apart,
    rank_within_years,
    rounded,
)

#: Two measures a trait, and one that must not count. The first of each trait is steady, the second is all noise.
NAMES = [trait for trait in TRAITS for _ in range(2)] + [TRAITS[0]]
START = np.array([0.125] * 8 + [0.0])


def told(draw: np.random.Generator, n: int) -> Told:
    true = draw.normal(size=(n, 9))
    error = np.array([0.2, 2.0] * 4 + [0.0])
    one, other = (true + error * draw.normal(size=true.shape) for _ in range(2))
    return Told(one, other)


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    draw = np.random.default_rng(3)
    pairs = [draw.normal(0.3, 1.0, size=(2, 9)) for _ in range(20)]
    gaps = {name: np.full(9, 0.1) for name in OUTCOME_SHARES}
    return Evidence(NAMES, START, told(draw, 300), told(draw, 100), pairs, gaps)


@pytest.fixture(scope="module")
def learned(evidence: Evidence) -> Floats:
    return learn_agreement(evidence)


def test_what_tellings_do_not_agree_on_loses_weight(evidence: Evidence, learned: Floats) -> None:
    assert (learned[0:8:2] > 2.0 * learned[1:8:2]).all()
    assert evidence.told.reliability(learned) > evidence.told.reliability(START) + 0.1


def test_no_weight_is_below_its_bound_and_no_trait_outside_its_own(learned: Floats) -> None:
    assert learned.sum() == pytest.approx(1.0) and (learned >= KEPT * START - 1e-6).all()
    assert learned[8] == 0.0, "a measure that stands against its trait has no weight, however steady it is"
    for trait in TRAITS:
        share = learned[np.array(NAMES) == trait].sum()
        assert LEAST_TRAIT - 1e-4 <= share <= MOST_TRAIT + 1e-4


def test_a_measure_that_parts_breakthroughs_and_outcomes_gains(evidence: Evidence, learned: Floats) -> None:
    better = [pair + np.array([0.0] * 6 + [2.0, 0.0, 0.0]) for pair in evidence.pairs]
    gaps = {name: gap + np.array([0.0] * 6 + [0.5, 0.0, 0.0]) for name, gap in evidence.gaps.items()}
    again = learn_agreement(Evidence(NAMES, START, evidence.told, evidence.worded, better, gaps))
    assert again[6] > learned[6] + 0.02
    differences = np.concatenate(better)
    assert (differences @ again).mean() > (differences @ learned).mean()
    assert pairs_told_apart(again, better) >= pairs_told_apart(learned, better) > 0.5


def test_rounded_weights_add_up_to_one(learned: Floats) -> None:
    found = rounded(learned)
    assert found.sum() == pytest.approx(1.0, abs=1e-12)
    assert found == pytest.approx(learned, abs=0.003) and np.round(found, 3) == pytest.approx(found, abs=1e-12)


def test_outcomes_are_judged_within_their_year() -> None:
    years = np.repeat([2005, 2006, 2007], [20, 20, 5])
    figures = np.concatenate([np.arange(20.0), 100.0 + np.arange(20.0), np.arange(5.0)])
    reached = in_top_tenth(figures, years)
    assert np.flatnonzero(reached == 1.0).tolist() == [18, 19, 38, 39]
    assert np.isnan(reached[40:]).all(), "five patents have no top tenth"
    logits = np.stack([figures, -figures], axis=1)
    gap = gap_of(logits, reached, years)
    assert gap[0] == pytest.approx(10.0) and gap[1] == pytest.approx(-10.0)
    assert rank_within_years(logits, reached, years, np.array([1.0, 0.0])) == 1.0
    assert rank_within_years(logits, reached, years, np.array([0.0, 1.0])) == 0.0
