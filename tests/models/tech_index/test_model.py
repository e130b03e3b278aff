"""The Tech-Index: its growth perspective at the borders of the levels."""

from __future__ import annotations

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
    for k, line in enumerate(lines[:-1]):
        rest = (other for other in lines[k + 1 :] if other["best"] <= line["best"])
        lower = next(other for other in rest if other["worst"] < line["worst"])
        for shift, expected in ((0.0, line), (-1e-9, lower)):
            ratios = dict.fromkeys(others, line["worst"] + shift) | {first: line["best"]}
            batch = SimpleNamespace(probabilities={name: (np.array([ratio]),) for name, ratio in ratios.items()})
            assert TechIndexModel.perspective(model, batch, 0) == expected
