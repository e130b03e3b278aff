"""What a released company model carries besides its trained scheme: score scales, positions, rules and rates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ktop.models.artefact import Artefact
from ktop.models.calibration import PercentileScale
from ktop.models.glass_box import Floats
from ktop.models.levels import Labels
from ktop.models.panel_model import PanelModel
from ktop.models.position import PositionReference


def group_ranges(model: PanelModel, weights: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """Return bounds that no group's part of the weighted mean logit can pass."""
    low = dict.fromkeys(model.groups, 0.0)
    high = dict(low)
    for target, weight in weights.items():
        part = model.targets[target]
        for track, (terms, _) in part.tracks.items():
            factor = weight * part.factors[track]
            for table in terms.tables:
                group = model.groups[table.inputs[0]]
                low[group] += factor * float(table.values.min())
                high[group] += factor * float(table.values.max())
    return {group: (low[group], high[group]) for group in low}


def with_reference(
    artefact: Artefact,
    scales: Mapping[str, PercentileScale],
    shown: Mapping[str, Floats],
    labels: Mapping[str, Labels],
    rules: Mapping[str, Any],
    rates: Mapping[str, float],
    **arrays: npt.NDArray[np.generic],
) -> Artefact:
    """Return the artefact with the scales, the position reference of the scores ``shown``, the rules and the rates."""
    position = PositionReference.fit(shown, labels)
    meta = dict(artefact.meta)
    meta["scales"] = list(scales)
    meta["position"] = {"groups": [list(group) for group in position.groups], "scores": list(position.scores)}
    meta["rules"] = rules
    meta["rates"] = {target: float(f"{rate:.12g}") for target, rate in rates.items()}
    found = {**artefact.arrays, **arrays}
    for name, scale in scales.items():
        found[f"scale/{name}/knots"], found[f"scale/{name}/scores"] = scale.knots, scale.scores
    found |= {f"position/{name}": array for name, array in position.to_arrays().items()}
    return Artefact(meta, found)
