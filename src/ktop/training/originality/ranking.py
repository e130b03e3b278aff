"""How well numbers rank events above others: the little that learning needs to choose by."""

from __future__ import annotations

import numpy as np

from ktop.kernel.arrays import Floats


def mean_rank(y: Floats, z: Floats) -> float:
    """Return the chance that an event's ``z`` is above that of a non-event, ties one half; both must be present."""
    events, others = z[y == 1.0], np.sort(z[y == 0.0])
    below = np.searchsorted(others, events, side="left") + np.searchsorted(others, events, side="right")
    return float(below.mean() / (2.0 * len(others)))
