"""The bootstrap over firms: whole firms are drawn, because rows of one firm are not independent."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ktop.kernel.arrays import Booleans, Floats


def firm_draws(known: Booleans, firm_ids: npt.ArrayLike | None, repeats: int, seed: int) -> Iterator[Floats]:
    """Yield, draw by draw, how often each of the ``known`` rows counts: as often as its firm was drawn.

    Firms are drawn with replacement, as many as there are (Field and Welsh 2007: drawing rows understates the error).
    Without ``firm_ids`` every row is its own firm. Same seed, same draws; none where no row is known.
    """
    ids = np.arange(int(known.sum())) if firm_ids is None else np.asarray(firm_ids)[known].astype(str)
    firm = np.unique(ids, return_inverse=True)[1]
    firms = int(firm.max()) + 1 if len(firm) else 0
    rng = np.random.default_rng(seed)
    for _ in range(repeats if firms else 0):
        yield np.bincount(rng.integers(0, firms, firms), minlength=firms).astype(np.float64)[firm]


def percentile_interval(drawn: npt.ArrayLike, level: float) -> tuple[float, float]:
    """Return the ends that hold ``level`` of the finite figures drawn; NaN where there are none."""
    values = np.asarray(drawn, dtype=np.float64)
    values = values[np.isfinite(values)]
    if not len(values):
        return float("nan"), float("nan")
    low, high = np.quantile(values, [(1.0 - level) / 2.0, 1.0 - (1.0 - level) / 2.0])
    return float(low), float(high)
