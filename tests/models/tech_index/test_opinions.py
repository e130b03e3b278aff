"""What is said of a company's capabilities."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ktop.models.tech_index import opinions


@pytest.mark.parametrize(("gap", "said"), [(20.0, "even"), (20.5, "some"), (44.5, "some"), (45.0, "uneven")])
def test_how_far_apart_the_best_and_the_worst_capability_are(
    monkeypatch: pytest.MonkeyPatch, gap: float, said: str
) -> None:
    keys: list[str] = []

    def sentence(key: str, *_: Any) -> list[Any]:
        keys.append(key)
        return []

    monkeypatch.setattr(opinions, "sentence", sentence)
    groups = list(opinions.indicator_groups("indicators"))
    scores = {group: np.array([50.0]) for group in groups[2:]} | {
        groups[0]: np.array([40.0]),
        groups[1]: np.array([40.0 + gap]),
    }
    opinions._balance(SimpleNamespace(scores=scores), 0, 3)
    assert len(keys) == 1 and said in keys[0].replace("uneven", "UNEVEN" if said == "even" else "uneven")
