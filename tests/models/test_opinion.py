"""Sentences that every model says alike."""

from __future__ import annotations

import pytest

from ktop.catalogue import text
from ktop.domain.rating.rating import Probability
from ktop.models.opinion import probability_sentence
from ktop.models.opinion_figures import percent


@pytest.mark.parametrize(
    ("ratio", "put"),
    [
        *((1.5, "far_above"), (1.49, "above"), (1.1, "above"), (1.09, "near"), (0.9, "near"), (0.89, "below")),
        *((0.6, "below"), (0.59, "far_below"), (0.0, "far_below")),
    ],
)
def test_a_probability_is_put_by_its_ratio_to_that_of_its_peers(ratio: float, put: str) -> None:
    value = ratio * 0.5
    _, english = probability_sentence("failure", Probability(value, 0.1, 0.95), 0.5, 0.25)
    shares = {"value": percent(value), "low": "10.0%", "high": "95.0%", "mean": "50.0%", "all": "25.0%"}
    event = text("opinion.event_failure", "en")
    assert english.text == text(f"opinion.probability_{put}", "en", event=event, **shares)
