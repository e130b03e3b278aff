"""How fast synthetic firms are expected to grow, from their capabilities with saturation and interaction."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ktop.training.reference.draw import student
from ktop.training.reference.parameters import Array, linear, parameters


def growth_score(v: Mapping[str, Array]) -> Array:
    """Return the score behind expected growth, mean 0 over the firms.

    Each capability counts as saturation * tanh(capability / saturation); spending pays more where skilled people are
    (input x infra) and projects more where results reach the market (activity x output).
    """
    spec = parameters("growth")
    bound = spec["saturation"]
    parts = {name: bound * np.tanh(v[name] / bound) for name in spec["score"]}
    score = linear(spec["score"], parts)
    score += spec["input_infra"] * _both(v["input"], v["infra"])
    score += spec["activity_output"] * _both(v["activity"], v["output"])
    centred: Array = score - score.mean()
    return centred


def _both(a: Array, b: Array) -> Array:
    # A product of two rising logistic curves: never falls in either, high only where both are high.
    value: Array = 4.0 / ((1.0 + np.exp(-1.5 * a)) * (1.0 + np.exp(-1.5 * b)))
    return value


def expected_growth(year: Array, v: Mapping[str, Array], strength: float = 1.0) -> Array:
    """Return the expected log growth of sales in the calendar year ``year`` (shape (n,)).

    ``strength`` scales the part that capabilities explain. Needs ``growth_score`` and ``ln_sales`` (ln(sales / 4 bn))
    among the variables.
    """
    spec = parameters("growth")
    score = v["growth_score"]
    capability = spec["effect"] * score + spec["convexity"] * np.maximum(score, 0.0) ** 2
    calendar = spec["calendar"]
    first = min(calendar)
    table = np.array([calendar[key] for key in sorted(calendar)])
    shock = table[np.clip(year - first, 0, len(table) - 1)]
    value: Array = linear(spec["level"], v) + strength * capability + shock
    return value


def growth_shock(rng: np.random.Generator, v: Mapping[str, Array]) -> Array:
    """Return one year's surprise in log growth: heavy-tailed, its spread falls with size as sales to a small power."""
    spec = parameters("growth")
    spread = spec["yearly_sd"] * np.exp(spec["yearly_sd_size"] * v["ln_sales"])
    value: Array = np.minimum(spread, 3.0 * spec["yearly_sd"]) * student(rng, spec["tail_df"], len(v["ln_sales"]))
    return value
