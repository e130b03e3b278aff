"""Other ways of choosing: a gain that is there is told, one that is not is not invented."""

from __future__ import annotations

import numpy as np

from ktop.kernel.arrays import Floats
from ktop.validation.panel import Panel
from ktop.validation.selection import simulate_selection

YEARS = np.arange(2015, 2022)


def _chosen_by_technology(seed: int, by_market: float, firms: int = 1500) -> tuple[Panel, Floats, Floats]:
    """Firms chosen by their technology, whose gain hangs on their market alone; also their score and true gain."""
    rng = np.random.default_rng(seed)
    technology, market = rng.normal(size=(2, firms))
    score = technology + rng.normal(0, 0.5, firms)
    chosen = rng.random(firms) < 1 / (1 + np.exp(-(score - 0.7)))
    start = np.where(chosen, rng.choice([2018, 2019, 2020], firms), 0)
    after = (start[:, None] > 0) & (YEARS[None, :] >= start[:, None])
    gain = 0.1 + by_market * market
    trend = 0.1 * (YEARS[None, :] - 2015) * (1 + 0.3 * technology[:, None])
    outcome = rng.normal(size=firms)[:, None] + trend + gain[:, None] * after + rng.normal(0, 0.3, (firms, 7))
    kept = {"technology": technology, "market": market}
    whole = {name: np.repeat(values[:, None], 7, axis=1) for name, values in kept.items()}
    return Panel(firms, YEARS, start, outcome, whole), score, gain


def test_choosing_by_predicted_effect_is_told_to_more_than_double_it_where_it_would() -> None:
    inside = 0
    for seed in range(8):
        panel, score, gain = _chosen_by_technology(seed, by_market=0.15)
        told = simulate_selection(panel, score)
        assert told is not None
        ways = {(one.way, one.share): one for one in told.selections}
        actual, best = ways["actual", 1.0], ways["effect", 1.0]
        assert best.gain is not None and best.gain.low > 0 and best.effect.value > 1.5 * actual.effect.value
        assert best.places == actual.places
        inside += actual.effect.low <= gain[panel.supported].mean() <= actual.effect.high
    assert inside >= 7


def test_no_gain_is_invented_where_all_firms_gain_alike() -> None:
    wrong = 0
    for seed in range(20, 40):
        panel, score, _ = _chosen_by_technology(seed, by_market=0.0, firms=700)
        told = simulate_selection(panel, score)
        assert told is not None
        wrong += next(one.gain.low > 0 for one in told.selections if one.way == "effect" and one.gain)
    assert wrong <= 2


def test_a_threshold_chooses_the_best_scores_and_those_without_one_never() -> None:
    panel, score, _ = _chosen_by_technology(1, by_market=0.15)
    score = np.where(np.arange(1500) % 3 == 0, np.nan, score)
    told = simulate_selection(panel, score)
    assert told is not None
    places = {one.share: one.places for one in told.selections if one.way == "score"}
    count = next(one.places for one in told.selections if one.way == "actual")
    assert places == {0.5: round(0.5 * count), 1.0: count, 1.5: round(1.5 * count)}


def test_few_firms_and_groups_that_do_not_overlap_are_told_nothing() -> None:
    panel, score, _ = _chosen_by_technology(1, by_market=0.15, firms=150)
    assert simulate_selection(panel, score) is None
    panel, _, _ = _chosen_by_technology(1, by_market=0.15)
    apart = np.where(panel.supported, 9.0, -9.0)
    assert simulate_selection(panel, apart) is None
    assert simulate_selection(panel, None) is not None
