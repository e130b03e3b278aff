"""What a released company model carries besides its trained scheme: score scales, positions, rules and rates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from ktop.domain.company.indicators import indicator_groups
from ktop.kernel.arrays import Floats, Integers, Texts
from ktop.models.artefact import Artefact
from ktop.models.calibration import PercentileScale
from ktop.models.panel_model import PanelModel
from ktop.models.position import PositionReference
from ktop.training.panel import Panel


def accounts_group() -> dict[str, Any]:
    """Return the group of the accounts as a scheme has it: grown beside all others, by value."""
    return {name: {**words, "beside": "all"} for name, words in indicator_groups("accounts").items()}


def scored_reference(
    artefact: Artefact, reference: pl.DataFrame
) -> tuple[PanelModel, Floats, Integers, Mapping[str, Texts]]:
    """Return a trained model, the values of its items for every reference company, their cells and their labels."""
    model = PanelModel.from_artefact(artefact)
    data = Panel(reference, "company_id", None)
    names = sorted({name for expression in model.expressions.values() for name in expression.names})
    values = model.values(data.columns(names), data.n)
    labels = data.labels(("industry_group", "size", "age_band", "region"))
    return model, values, model.cells(labels, data.n), labels


def group_ranges(model: PanelModel, weights: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """Return bounds that no group's part of the weighted mean logit can pass; a weight may be negative."""
    low = dict.fromkeys(model.groups, 0.0)
    high = dict(low)
    for target, weight in weights.items():
        part = model.targets[target]
        for track, (terms, _) in part.tracks.items():
            factor = weight * part.factors[track]
            for table in terms.tables:
                group = model.groups[table.inputs[0]]
                ends = sorted((factor * float(table.values.min()), factor * float(table.values.max())))
                low[group] += ends[0]
                high[group] += ends[1]
    return {group: (low[group], high[group]) for group in low}


def with_reference(
    artefact: Artefact,
    scales: Mapping[str, PercentileScale],
    shown: Mapping[str, Floats],
    labels: Mapping[str, Texts],
    rules: Mapping[str, Any],
    probabilities: Mapping[str, Floats],
    chains: Integers,
) -> Artefact:
    """Return the artefact with what its scores and texts refer to.

    Parameters
    ----------
    scales : of every displayed score.
    shown, labels : the reference companies' scores and labels, for positions.
    rules : the model's entry in catalogue/company_models.yaml.
    probabilities : the reference companies' probabilities by target, for the means they are compared with; NaN where a
        target does not apply to a company.
    chains : the comparison cells each reference company lies in (``LevelReference.chains``).
    """
    position = PositionReference.fit(shown, labels)
    meta = dict(artefact.meta)
    meta["scales"] = list(scales)
    meta["position"] = {"groups": [list(group) for group in position.groups], "scores": list(position.scores)}
    meta["rules"] = rules
    meta["rates"] = {target: float(f"{p[~np.isnan(p)].mean():.12g}") for target, p in probabilities.items()}
    arrays = dict(artefact.arrays)
    cells = len(artefact.meta["peers"]["keys"])
    for target, p in probabilities.items():
        arrays[f"peer_rates/{target}"] = _means(p, chains, cells).astype(np.float32)
    for name, scale in scales.items():
        arrays[f"scale/{name}/knots"], arrays[f"scale/{name}/scores"] = scale.knots, scale.scores
    arrays |= {f"position/{name}": array for name, array in position.to_arrays().items()}
    return Artefact(meta, arrays)


def _means(p: Floats, chains: Integers, cells: int) -> Floats:
    """Return the mean of ``p`` over the rows of every cell; a row counts in each cell of its chain and in cell 0.

    Rows whose ``p`` is NaN count in none.
    """
    there = ~np.isnan(p)
    p, chains = p[there], chains[there]
    means = np.full(cells, float(p.mean()))
    for depth in range(chains.shape[1]):
        rows = chains[:, depth] >= 0
        here = chains[rows, depth]
        count = np.bincount(here, minlength=cells)
        filled = count > 0
        means[filled] = np.bincount(here, weights=p[rows], minlength=cells)[filled] / count[filled]
    return means
