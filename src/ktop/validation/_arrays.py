"""What every measure of this room does first: check shapes, leave out what is unknown."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ktop.kernel.arrays import Booleans, Floats


def known_pairs(y: npt.ArrayLike, p: npt.ArrayLike) -> tuple[Floats, Floats, Booleans]:
    """Return outcomes and predictions of the rows where both are known, and the mask of these rows.

    Parameters
    ----------
    y : outcomes 0 or 1, NaN where unknown; shape (n,).
    p : predicted probabilities in [0, 1] (or any score where a measure only ranks), NaN where unknown; shape (n,).

    Raises ``ValueError`` for unequal shapes or an outcome other than 0, 1 and NaN: programming errors of the caller.
    """
    outcomes, predictions = np.asarray(y, dtype=np.float64), np.asarray(p, dtype=np.float64)
    if outcomes.ndim != 1 or outcomes.shape != predictions.shape:
        raise ValueError(f"outcomes {outcomes.shape} and predictions {predictions.shape} must be equally long vectors")
    known = ~(np.isnan(outcomes) | np.isnan(predictions))
    outcomes, predictions = outcomes[known], predictions[known]
    if not np.isin(outcomes, (0.0, 1.0)).all():
        raise ValueError("an outcome is 0, 1 or unknown (NaN)")
    return outcomes, predictions, known


def plain(value: float | np.floating | None) -> float | None:
    """Return a plain float for JSON, None where there is no finite figure."""
    return None if value is None or not np.isfinite(value) else float(value)
