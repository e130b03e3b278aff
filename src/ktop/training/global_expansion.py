"""How the global-expansion model is trained: three targets, each on the firms it applies to, then scales by stage."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ktop.catalogue import load
from ktop.domain.company.expansion import is_exporter
from ktop.domain.company.indicators import abroad_checklist_items, global_expansion_items, indicator_groups
from ktop.kernel.progress import Progress, silent
from ktop.models.artefact import Artefact
from ktop.models.calibration import PercentileScale
from ktop.models.global_expansion.model import SCORE_DIGITS, STAGES, joined_stages
from ktop.training.fit import train_scheme
from ktop.training.reference.abroad import abroad_version
from ktop.training.release_parts import group_ranges, scored_reference, with_reference

NAME = "global-expansion"
TARGETS = ("entry", "export_growth", "staying")
SETTINGS = {
    "method": "boosting", "rounds": 250, "learning_rate": 0.06, "leaves": 4, "depth": 2, "max_bin": 12,
    "min_leaf_rows": 150, "l2": 10.0, "feature_fraction": 0.5, "table_inputs": 3,
}  # fmt: skip


def scheme(seed: int) -> dict[str, Any]:
    """Return the scheme: 18 items and 15 answers by value, three targets known only of the firms they apply to."""
    words = {**indicator_groups("global_expansion"), **indicator_groups("abroad_checklist")}
    return {
        "name": NAME,
        "id": "company_id",
        "groups": {group: dict(label) for group, label in words.items()},
        "features": {
            item.id: {
                "expression": item.expression.source,
                "group": item.group,
                "monotone": {target: item.sign(target) for target in TARGETS},
            }
            for item in (*global_expansion_items(), *abroad_checklist_items())
        },
        "targets": {target: {"outcome": "column", "column": target} for target in TARGETS},
        "tracks": {"ai": SETTINGS},
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


def train_global_expansion(reference: pl.DataFrame, seed: int, progress: Progress = silent) -> Artefact:
    """Train the model on a reference population (``build_reference``); the same input gives the same artefact."""
    rules = load("company_models")[NAME] | {"abroad_version": abroad_version()}
    exports, sales = (
        reference[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in ("exports_krw_t0", "sales_krw_t0")
    )
    exporting, known = is_exporter(exports, sales)
    reference, exporting = reference.filter(pl.Series(known)), exporting[known]
    artefact = train_scheme(scheme(seed), reference, progress=progress)
    model, values, cells, labels = scored_reference(artefact, reference)
    estimates = {target: model.targets[target].estimate(values, cells) for target in TARGETS}
    joined = joined_stages(model, rules["stages"], estimates, exporting)
    parts = model.group_logits(joined.contributions)
    scales, shown = {}, np.zeros(len(exporting))
    probabilities = {}
    for stage in STAGES:
        here = exporting == (stage == "exporting")
        bounds = group_ranges(model, rules["stages"][stage])
        start = float(joined.base[here][0])
        low, high = (start + sum(ends[k] for ends in bounds.values()) for k in (0, 1))
        scales[f"{stage}_expansion"] = PercentileScale.fit(np.round(joined.logit[here], SCORE_DIGITS), low, high)
        shown[here] = scales[f"{stage}_expansion"](np.round(joined.logit[here], SCORE_DIGITS))
        for group, ends in bounds.items():
            scales[f"{stage}_{group}"] = PercentileScale.fit(np.round(parts[group][here], SCORE_DIGITS), *ends)
        for target in rules["stages"][stage]:
            probabilities[target] = np.where(here, estimates[target].probability, np.nan)
    return with_reference(
        artefact,
        scales=scales,
        shown={"expansion": shown},
        labels=labels,
        rules=rules,
        probabilities=probabilities,
        chains=model.chains(cells),
    )
