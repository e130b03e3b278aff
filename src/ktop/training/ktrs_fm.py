"""How KTRS-FM is trained: two targets, each by two independent tracks, then the scales of its two scores."""

from __future__ import annotations

from typing import Any

import polars as pl

from ktop.catalogue import load
from ktop.domain.company.indicators import checklist_items, indicator_groups, ktrs_fm_items
from ktop.domain.rating.grades import ladder
from ktop.models.artefact import Artefact
from ktop.models.calibration import PercentileScale
from ktop.models.panel_model import PanelModel
from ktop.training.fit import Progress, train_scheme
from ktop.training.panel import Panel
from ktop.training.release_parts import with_reference

BOOSTING = {
    "method": "boosting", "rounds": 300, "learning_rate": 0.06, "leaves": 4, "depth": 2, "max_bin": 10,
    "min_leaf_rows": 200, "l2": 10.0, "feature_fraction": 0.5, "table_inputs": 3,
}  # fmt: skip
#: Who is compared with whom: for the level shown beside each item, and for each cell's own event rate.
CELLS = ("industry_group", "size", "age_band")
FEWEST_PER_CELL = 200


def scheme(seed: int) -> dict[str, Any]:
    """Return the scheme of KTRS-FM: 39 items, growth and failure, a boosted track and a scorecard track."""
    items = (*ktrs_fm_items(), *checklist_items())
    groups = {**indicator_groups("ktrs_fm"), **indicator_groups("checklist")}
    return {
        "name": "ktrs-fm",
        "id": "company_id",
        "groups": {name: dict(words) for name, words in groups.items()},
        "features": {
            item.id: {
                "expression": item.expression.source,
                "group": item.group,
                "monotone": {"high_growth": item.direction, "failure": -item.direction},
            }
            for item in items
        },
        "targets": {
            "high_growth": {"outcome": "column", "column": "high_growth"},
            "failure": {"outcome": "column", "column": "failure_3y"},
        },
        "tracks": {"ai": BOOSTING, "statistics": {"method": "scorecard", "prebins": 12}},
        "comparison": {"cells": list(CELLS), "minimum": FEWEST_PER_CELL, "levels": False, "base_rates": True},
        "missing": "cautious",
        "honest_intervals": True,
        "seed": seed,
    }


def train_ktrs_fm(reference: pl.DataFrame, seed: int, progress: Progress | None = None) -> Artefact:
    """Train KTRS-FM on a reference population (``build_reference``); the same input gives the same artefact."""
    artefact = train_scheme(scheme(seed), reference, progress=progress)
    model = PanelModel.from_artefact(artefact)
    data = Panel(reference, "company_id", None)
    names = sorted({name for expression in model.expressions.values() for name in expression.names})
    values = model.values(data.columns(names), data.n)
    labels = data.labels(("industry_group", "size", "age_band", "region"))
    cells = model.cells(labels, data.n)
    growth = model.targets["high_growth"].estimate(values, cells)
    failure = model.targets["failure"].estimate(values, cells)
    low, high = model.targets["failure"].range()
    scales = {
        "growth": PercentileScale.fit(growth.logit, *model.targets["high_growth"].range()),
        "risk": PercentileScale.fit(-failure.logit, -high, -low),
    }
    shown = {"growth": scales["growth"](growth.logit), "risk": scales["risk"](-failure.logit)}
    ladders = {
        name: {
            "target": target,
            "symbols": list(ladder(name).symbols),
            "cuts": list(ladder(name).cuts or ()),
            "better": ladder(name).better,
        }
        for name, target in (("growth", "high_growth"), ("risk", "failure"))
    }
    return with_reference(
        Artefact({**artefact.meta, "ladders": ladders}, artefact.arrays),
        scales=scales,
        shown=shown,
        labels=labels,
        rules=load("company_models")["ktrs-fm"],
        probabilities={"high_growth": growth.probability, "failure": failure.probability},
        chains=model.chains(cells),
    )
