"""How Tech-Index is trained: the general scheme training, then the scales of its scores."""

from __future__ import annotations

from typing import Any

import polars as pl

from ktop.catalogue import load
from ktop.domain.company.indicators import ACCOUNTS, accounts_ratios, indicator_groups, tech_index_indicators
from ktop.kernel.progress import Progress, silent
from ktop.models.accounts import accounts_of
from ktop.models.artefact import Artefact
from ktop.models.calibration import PercentileScale
from ktop.models.panel_model import weighted_estimate
from ktop.training.fit import train_scheme
from ktop.training.release_parts import accounts_group, group_ranges, scored_reference, with_reference

SETTINGS = {
    "method": "boosting", "rounds": 200, "learning_rate": 0.05, "leaves": 6, "depth": 3, "max_bin": 12,
    "min_leaf_rows": 200, "l2": 10.0, "feature_fraction": 0.7, "table_inputs": 4,
}  # fmt: skip


def scheme(seed: int) -> dict[str, Any]:
    """Return the scheme of Tech-Index: 14 indicators as levels among comparable firms, two targets, one track.

    The accounts are grown beside the 14 indicators: the capabilities are what these say, and the accounts' part of each
    probability is what they add.
    """
    targets = ("high_growth", "sustainable_growth")
    return {
        "name": "tech-index",
        "id": "company_id",
        "groups": {
            **{name: dict(words) for name, words in indicator_groups("indicators").items()},
            **accounts_group(),
        },
        "features": {
            indicator.id: {
                "expression": indicator.expression.source,
                "group": indicator.group,
                "monotone": {target: indicator.sign(target) for target in targets},
            }
            for indicator in (*tech_index_indicators(), *accounts_ratios())
        },
        "targets": {target: {"outcome": "column", "column": target} for target in targets},
        "tracks": {"ai": SETTINGS},
        "comparison": {
            "cells": ["industry_group", "size", "age_band"],
            "minimum": 200,
            "levels": True,
            "base_rates": True,
        },
        "missing": "cautious",
        "honest_intervals": True,
        "seed": seed,
    }


def train_tech_index(reference: pl.DataFrame, seed: int, progress: Progress = silent) -> Artefact:
    """Train Tech-Index on a reference population (``build_reference``); the same input gives the same artefact."""
    artefact = train_scheme(scheme(seed), reference, progress=progress)
    rules = load("company_models")["tech-index"]
    model, values, cells, labels = scored_reference(artefact, reference)
    inputs = model.inputs(values, cells)
    estimates = {target: model.targets[target].estimate(inputs, cells) for target in rules["index_weights"]}
    index = weighted_estimate(
        [(weight, model.targets[target], estimates[target]) for target, weight in rules["index_weights"].items()]
    ).without(accounts_of(model.groups))
    bounds = {group: ends for group, ends in group_ranges(model, rules["index_weights"]).items() if group != ACCOUNTS}
    start = float(index.base[0])
    low, high = (start + sum(ends[k] for ends in bounds.values()) for k in (0, 1))
    scales = {"index": PercentileScale.fit(index.logit, low, high)}
    parts = model.group_logits(index.contributions)
    for group, ends in bounds.items():
        scales[group] = PercentileScale.fit(parts[group], *ends)
    shown = {"index": scales["index"](index.logit)}
    return with_reference(
        artefact,
        scales=scales,
        shown=shown,
        labels=labels,
        rules=rules,
        probabilities={target: estimate.probability for target, estimate in estimates.items()},
        chains=model.chains(cells),
    )
