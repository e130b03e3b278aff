"""How KTRS-FM and the start-up model are trained: growth and failure, each by two independent tracks, then the scales.

They differ in their items, in the firms they are trained on and in whether each group of items has a score of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ktop.catalogue import load
from ktop.domain.company.indicators import (
    Indicator,
    accounts_ratios,
    checklist_items,
    indicator_groups,
    ktrs_fm_items,
    startup_items,
)
from ktop.domain.rating.grades import ladder
from ktop.kernel.progress import Progress, silent
from ktop.models.artefact import Artefact
from ktop.models.calibration import PercentileScale
from ktop.models.growth_risk import TARGETS
from ktop.training.fit import train_scheme
from ktop.training.release_parts import accounts_group, group_ranges, scored_reference, with_reference


@dataclass(frozen=True, slots=True)
class _Recipe:
    """What one model differs in: its quantitative items, the boosting rounds and smallest leaf its sample bears, and
    whether it reads the accounts."""

    items: Callable[[], tuple[Indicator, ...]]
    item_groups: str
    rounds: int
    min_leaf_rows: int
    accounts: bool


_RECIPES: Mapping[str, _Recipe] = {
    "ktrs-fm": _Recipe(ktrs_fm_items, "ktrs_fm", rounds=300, min_leaf_rows=200, accounts=True),
    "start-up": _Recipe(startup_items, "startup", rounds=250, min_leaf_rows=150, accounts=False),
}


def scheme(name: str, seed: int) -> dict[str, Any]:
    """Return the scheme of "ktrs-fm" (39 items and the accounts) or "start-up" (40 items, none of them financial).

    The accounts are grown beside the items: their part of a probability is what they add to what the items say.
    """
    recipe = _RECIPES[name]
    items: tuple[Indicator, ...] = (*recipe.items(), *checklist_items())
    words = {**indicator_groups(recipe.item_groups), **indicator_groups("checklist")}
    groups: dict[str, Any] = {group: dict(label) for group, label in words.items()}
    if recipe.accounts:
        items, groups = (*items, *accounts_ratios()), {**groups, **accounts_group()}
    targets = {"high_growth": "high_growth", "failure": "failure_3y"}
    boosting = {
        "method": "boosting", "rounds": recipe.rounds, "learning_rate": 0.06, "leaves": 4, "depth": 2, "max_bin": 10,
        "min_leaf_rows": recipe.min_leaf_rows, "l2": 10.0, "feature_fraction": 0.5, "table_inputs": 3,
    }  # fmt: skip
    return {
        "name": name,
        "id": "company_id",
        "groups": groups,
        "features": {
            item.id: {
                "expression": item.expression.source,
                "group": item.group,
                "monotone": {target: item.sign(target) for target in targets},
            }
            for item in items
        },
        "targets": {target: {"outcome": "column", "column": column} for target, column in targets.items()},
        # Bins of two per cent: equity used up is that rare, and decides.
        "tracks": {"ai": boosting, "statistics": {"method": "scorecard", "prebins": 40, "min_share": 0.02}},
        # Who is compared with whom: for the level shown beside each item, and for each cell's own event rate.
        "comparison": {
            "cells": ["industry_group", "size", "age_band"],
            "minimum": 200,
            "levels": False,
            "base_rates": True,
        },
        "missing": "cautious",
        "honest_intervals": True,
        "seed": seed,
    }


def train_growth_risk(name: str, reference: pl.DataFrame, seed: int, progress: Progress = silent) -> Artefact:
    """Train "ktrs-fm" or "start-up" on a reference population (``build_reference``); same input, same artefact.

    A model that may rate young firms only is trained on those of the population.
    """
    rules = load("company_models")[name]
    if "small_guarantee_age_years" in rules:
        reference = reference.filter(pl.col("age_years") <= rules["small_guarantee_age_years"])
    artefact = train_scheme(scheme(name, seed), reference, progress=progress)
    model, values, cells, labels = scored_reference(artefact, reference)
    growth = model.targets["high_growth"].estimate(values, cells)
    failure = model.targets["failure"].estimate(values, cells)
    low, high = model.targets["failure"].range()
    scales = {
        "growth": PercentileScale.fit(growth.logit, *model.targets["high_growth"].range()),
        "risk": PercentileScale.fit(-failure.logit, -high, -low),
    }
    if weights := rules.get("group_weights"):
        joined = weights["high_growth"] * growth.contributions + weights["failure"] * failure.contributions
        bounds = group_ranges(model, weights)
        for group, z in model.group_logits(np.asarray(joined)).items():
            scales[group] = PercentileScale.fit(z, *bounds[group])
    rungs = {grade: ladder(grade) for grade in TARGETS}
    ladders = {
        grade: {
            "target": target,
            "symbols": list(rungs[grade].symbols),
            "cuts": list(rungs[grade].cuts or ()),
            "better": rungs[grade].better,
        }
        for grade, target in TARGETS.items()
    }
    return with_reference(
        Artefact({**artefact.meta, "ladders": ladders}, artefact.arrays),
        scales=scales,
        shown={"growth": scales["growth"](growth.logit), "risk": scales["risk"](-failure.logit)},
        labels=labels,
        rules=rules,
        probabilities={"high_growth": growth.probability, "failure": failure.probability},
        chains=model.chains(cells),
    )
