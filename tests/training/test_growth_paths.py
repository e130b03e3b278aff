"""Counting growth paths: groups and quartiles are those that a plain count over the population gives."""

from __future__ import annotations

import numpy as np
import polars as pl

from ktop.catalogue import load
from ktop.models.registry import ModelRegistry
from ktop.training.growth_paths import growth_paths
from ktop.training.reference import build_reference
from ktop.training.release import reference_table


def test_cells_are_counted_as_a_plain_count_does_and_small_groups_left_out() -> None:
    population, model = build_reference(6_000, 5), ModelRegistry().model("ktrs-fm")
    told = growth_paths(model, population, {"firms": 6_000})
    batch = model.rate_table(reference_table(population), contributions=False)
    frame = population.with_columns(
        cell=pl.Series([f"{g}|{r}" for g, r in zip(batch.grades["growth"], batch.grades["risk"], strict=True)])
    )
    rose = (pl.col("high_growth") == 1) & (pl.col("failure_3y") == 0)
    fell = (pl.col("failure_3y") == 1) | (
        (pl.col("failure_3y") == 0) & (pl.col("sales_krw_f3") < pl.col("sales_krw_f0"))
    )
    least, shown = load("growth_paths")["least_firms"], set()
    for (cell,), part in frame.group_by("cell"):
        groups = {"rose": part.filter(rose), "fell": part.filter(fell)}
        if min(len(group) for group in groups.values()) < least:
            assert cell not in told["cells"]
            continue
        shown.add(cell)
        for name, group in groups.items():
            found = told["cells"][str(cell)][name]
            assert found["firms"] == len(group)
            filed = group["patents_filed_3y"].drop_nulls().to_numpy()
            assert found["facts"]["patents_filed"] == [len(filed), *np.quantile(filed, (0.25, 0.5, 0.75)).tolist()]
    assert shown == set(told["cells"]) and len(shown) >= 2
    assert set(frame["cell"].unique()) - shown  # the rule of small groups was needed
    assert growth_paths(model, population, {"firms": 6_000}) == told
