"""The ratings of a table as columns."""

from __future__ import annotations

import numpy as np
import pytest

from ktop.models.registry import ModelRegistry
from ktop.training.reference import build_reference
from ktop.training.release import reference_table


@pytest.mark.parametrize("name", ["tech-index", "ktrs-fm"])
def test_scores_and_probabilities_stand_in_columns_of_their_names(name: str) -> None:
    table = reference_table(build_reference(120, 9))
    batch = ModelRegistry().model(name).rate_table(table, contributions=False)
    frame = batch.to_frame()
    assert frame.height == 120 and batch.probabilities
    for score, values in batch.scores.items():
        np.testing.assert_array_equal(frame[score].fill_null(np.nan).to_numpy(), values)
    for target, (value, low, high) in batch.probabilities.items():
        for suffix, values in (("", value), ("_low", low), ("_high", high)):
            np.testing.assert_array_equal(frame[f"p_{target}{suffix}"].fill_null(np.nan).to_numpy(), values)


def test_points_are_columns_only_where_they_are_asked_for() -> None:
    table = reference_table(build_reference(100, 9))
    batch = ModelRegistry().model("tech-index").rate_table(table, contributions=True)
    plain, whole = batch.to_frame(), batch.to_frame(contributions=True)
    points = {name for name in whole.columns if name.startswith("points_index_")}
    assert len(points) == batch.required.sum() == 14  # the accounts are no part of the index
    assert set(whole.columns) == {*plain.columns, *points} and not points & set(plain.columns)
