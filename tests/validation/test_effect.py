"""A planted effect is found, none is not invented, and where nothing can be told nothing is."""

from __future__ import annotations

import numpy as np
import pytest

from ktop.validation.effect import Panel, estimate_effect

YEARS = np.arange(2015, 2022)


def _panel(seed: int, firms: int = 400, effect: float = 0.2, apart: float = 0.0, confounding: float = 0.5) -> Panel:
    """Firms whose growth and whose chance of support both hang on x; ``apart``: supported ones grew faster anyway."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=firms)
    supported = rng.random(firms) < 1 / (1 + np.exp(-(x - 0.5)))
    start = np.where(supported, rng.choice([2018, 2019, 2020], firms), 0)
    t = YEARS[None, :] - 2015
    trend = 0.1 * t * (1 + confounding * x[:, None]) + apart * t * supported[:, None]
    after = (start[:, None] > 0) & (YEARS[None, :] >= start[:, None])
    outcome = rng.normal(size=firms)[:, None] + trend + rng.normal(0, 0.3, (firms, len(YEARS))) + effect * after
    return Panel(firms, YEARS, start, outcome, {"x": np.repeat(x[:, None], len(YEARS), axis=1)})


def test_a_planted_effect_lies_in_the_interval_and_plain_before_and_after_does_not() -> None:
    found = [estimate_effect(_panel(seed)) for seed in range(20)]
    told = [one for one in found if one.att is not None]
    assert len(told) >= 18, "the tests of the years before refuse one or two in 100 by chance"
    inside = sum(one.att.low <= 0.2 <= one.att.high for one in told if one.att)
    assert inside >= 17
    assert all(one.naive is not None and one.naive.low > 0.25 for one in found), "growth alone looks like an effect"


def test_no_effect_is_seldom_called_one() -> None:
    told = [one.att for one in (estimate_effect(_panel(seed, effect=0.0)) for seed in range(100, 120)) if one.att]
    assert sum(one.low > 0 or one.high < 0 for one in told) <= 4


def test_the_second_opinion_compares_what_is_alike() -> None:
    found = estimate_effect(_panel(1, firms=1500))
    x = next(one for one in found.balance if one.covariate == "x")
    assert abs(x.before) > 0.5 and abs(x.after) < 0.15
    assert found.matched is not None and abs(found.matched.value - 0.2) < 0.1


def test_years_before_support_show_no_effect_and_those_after_do() -> None:
    found = estimate_effect(_panel(2, firms=1500))
    for one in found.by_event_time:
        assert (one.effect.low > 0) == (one.year >= 0)


@pytest.mark.parametrize(
    ("panel", "why"),
    [
        (_panel(1, apart=0.1), "pretrend"),
        (_panel(1, firms=60), "few_supported"),
        (Panel(400, YEARS, np.full(400, 2019), _panel(1).outcome, {}), "few_others"),
        (Panel(400, YEARS, np.where(_panel(1).treated_from > 0, 2016, 0), _panel(1).outcome, {}), "no_years_before"),
        (
            Panel(
                400,
                YEARS,
                _panel(1).treated_from,
                _panel(1).outcome,
                {"z": np.repeat((_panel(1).treated_from[:, None] > 0) * 9.0, 7, axis=1)},
            ),
            "not_comparable",
        ),
    ],
)
def test_where_nothing_can_be_told_nothing_is(panel: Panel, why: str) -> None:
    found = estimate_effect(panel)
    assert found.refused == why and found.att is None


def test_groups_that_moved_alike_are_seldom_refused_and_those_that_drift_apart_nearly_always() -> None:
    alike = [estimate_effect(_panel(seed, firms=150)) for seed in range(200, 225)]
    assert sum(one.refused == "pretrend" for one in alike) <= 3
    drifting = [estimate_effect(_panel(seed, apart=0.08)) for seed in range(300, 310)]
    assert sum(one.refused == "pretrend" for one in drifting) >= 9
    drifts = [one.pretrend.drift for one in drifting if one.pretrend is not None]
    assert sum(one.low <= 0.08 <= one.high for one in drifts) >= 8, "the drift that was planted is the one that is told"


def test_bounds_widen_with_the_departure_and_end_where_the_result_ends() -> None:
    found = estimate_effect(_panel(2, firms=1500)).sensitivity
    assert found is not None and found.holds_to is not None and found.straight is not None
    widths = [one.high - one.low for one in found.relative]
    assert widths == sorted(widths) and found.straight[0] < 0.2 < found.straight[1]
    for one in found.relative:
        assert (one.low > 0) == (one.times < found.holds_to), "beyond it zero lies inside"
    nothing = estimate_effect(_panel(4, effect=0.0)).sensitivity
    assert nothing is not None and nothing.holds_to is None
