"""What a model's own population looked like, in a few shares: what later ratings are held against to see drift.

A baseline lies beside every model version (``<name>-<version>.baseline.json``). It holds shares of classes only; no
company can be read from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ktop.domain.company.fact_table import FactTable
from ktop.kernel.arrays import Floats, Texts
from ktop.models.company_model import CompanyModel

FORMAT = "baseline-1"
#: Classes a feature, score or probability is cut into, at its quantiles.
CLASSES = 10
#: Labels whose mix is followed.
LABELS = ("industry_group", "size", "age_band", "region")


def baseline(model: CompanyModel, table: FactTable) -> dict[str, Any]:
    """Return the shares of every feature, score, probability, grade and label among the companies ``model`` rates.

    ``{"rows", "features": {name: {"edges", "shares"}}, "scores", "probabilities", "grades": {ladder: {symbol: share}},
    "labels": {name: {label: share}}}``; the last share of a number is that of missing values.
    """
    batch = model.rate_table(table, contributions=False)
    rated = batch.ok
    numbers = {name: batch.values[rated, k] for k, name in enumerate(batch.indicators)}
    return {
        "format": FORMAT,
        "model": {"name": model.name, "version": model.version},
        "rows": int(rated.sum()),
        "features": {name: _numbers(values) for name, values in numbers.items()},
        "scores": {name: _numbers(values[rated]) for name, values in batch.scores.items()},
        "probabilities": {name: _numbers(value[rated]) for name, (value, _, _) in batch.probabilities.items()},
        "mean_probabilities": {n: _mean(value[rated]) for n, (value, _, _) in batch.probabilities.items()},
        "grades": {name: label_shares(symbols[rated]) for name, symbols in batch.grades.items()},
        "labels": {name: label_shares(table.columns[name][rated]) for name in LABELS},
    }


def _mean(values: Floats) -> float:
    """Return the mean over the companies that a target applies to."""
    return float(f"{values[~np.isnan(values)].mean():.9g}")


def _numbers(values: Floats) -> dict[str, Any]:
    known = values[~np.isnan(values)]
    edges = np.unique(np.quantile(known, np.linspace(0.0, 1.0, CLASSES + 1)[1:-1])) if len(known) else np.empty(0)
    # Nine digits: an edge must not hang on the last bit of an interpolation.
    rounded = np.array([float(f"{edge:.9g}") for edge in edges])
    return {"edges": rounded.tolist(), "shares": class_shares(values, rounded).tolist()}


def class_shares(values: Floats, edges: npt.ArrayLike) -> Floats:
    """Return the share of values in each class, the last one for missing; a value equal to an edge lies below it."""
    cuts = np.asarray(edges, dtype=np.float64)
    place = np.where(np.isnan(values), len(cuts) + 1, np.searchsorted(cuts, values, side="left"))
    counts = np.bincount(place, minlength=len(cuts) + 2)
    shares: Floats = np.round(counts / max(len(values), 1), 9)
    return shares


def label_shares(labels: Texts) -> Mapping[str, float]:
    """Return the share of every label, ``""`` for a missing one, in the labels' order."""
    names, counts = np.unique(np.array(["" if label is None else str(label) for label in labels]), return_counts=True)
    return {str(name): round(int(count) / len(labels), 9) for name, count in zip(names, counts, strict=True)}
