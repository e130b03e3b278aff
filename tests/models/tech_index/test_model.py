"""The Tech-Index: its growth perspective at the borders of the levels."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

import numpy as np

from ktop.models.registry import ModelRegistry
from ktop.models.tech_index.model import TechIndexModel


def test_a_level_of_the_growth_perspective_begins_at_its_own_borders() -> None:
    released = ModelRegistry().model("tech-index")
    assert isinstance(released, TechIndexModel)
    first, *others = released.weights
    model = SimpleNamespace(weights=released.weights, rates=dict.fromkeys(released.weights, 1.0), card=released.card)
    lines = released.card["rules"]["growth_perspective"]
    for line, lower in pairwise(lines):
        for shift, expected in ((0.0, line), (-1e-9, lower)):
            ratios = dict.fromkeys(others, line["worst"] + shift) | {first: line["best"]}
            batch = SimpleNamespace(probabilities={name: (np.array([ratio]),) for name, ratio in ratios.items()})
            assert TechIndexModel.perspective(model, batch, 0) == expected
