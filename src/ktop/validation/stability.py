"""Stability: whether scores and inputs still come from the model's own population (PSI, CSI), and figures by period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ktop.kernel.arrays import Floats
from ktop.validation._arrays import known_pairs
from ktop.validation.discrimination import auc

#: Usual reading of PSI and CSI (Siddiqi 2006): below the first stable, from the second on shifted.
STABLE_BELOW, SHIFTED_FROM = 0.10, 0.25
#: Share put in place of an empty bin, so that the logarithm exists.
EMPTY_SHARE = 1e-4


def psi_of_shares(expected: Floats, actual: Floats) -> float:
    """Return the population stability index of two sets of shares: sum (a - e) ln(a / e), at least 0.

    Empty bins count as a share of 0.0001. The symmetrised Kullback-Leibler divergence (Jeffreys 1946) under the name
    credit scoring uses (Siddiqi 2006).
    """
    e, a = np.maximum(expected, EMPTY_SHARE), np.maximum(actual, EMPTY_SHARE)
    return float(((a - e) * np.log(a / e)).sum())


def psi(expected: npt.ArrayLike, actual: npt.ArrayLike, bins: int = 10) -> float:
    """Return the population stability index of numbers or symbols.

    Numbers are cut at the quantiles of ``expected`` (fewer bins where values repeat); symbols are compared as they are.
    Missing values (NaN, None) are a bin of their own. NaN where either side has no rows.
    """
    base, now = np.asarray(expected), np.asarray(actual)
    if not len(base) or not len(now):
        return float("nan")
    if base.dtype.kind in "fiub" and now.dtype.kind in "fiub":
        first, second = _binned(base.astype(np.float64), now.astype(np.float64), bins)
    else:
        values = {value: index for index, value in enumerate(sorted({str(v) for v in base} | {str(v) for v in now}))}
        first = np.array([values[str(v)] for v in base])
        second = np.array([values[str(v)] for v in now])
    count = int(max(first.max(), second.max())) + 1
    return psi_of_shares(
        np.bincount(first, minlength=count) / len(first), np.bincount(second, minlength=count) / len(second)
    )


def _binned(base: Floats, now: Floats, bins: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    known = base[~np.isnan(base)]
    edges = np.unique(np.quantile(known, np.linspace(0.0, 1.0, bins + 1)[1:-1])) if len(known) else np.empty(0)
    missing = len(edges) + 1
    # A value equal to an edge belongs below it, so that a heap at the lowest value (usually zero) is a bin.
    return tuple(  # type: ignore[return-value]
        np.where(np.isnan(values), missing, np.searchsorted(edges, values, side="left")) for values in (base, now)
    )


def verdict(index: float) -> Literal["stable", "watch", "shifted", "unknown"]:
    """Return the usual reading of a PSI or CSI."""
    if not np.isfinite(index):
        return "unknown"
    return "stable" if index < STABLE_BELOW else "watch" if index < SHIFTED_FROM else "shifted"


def csi(expected: Mapping[str, npt.ArrayLike], actual: Mapping[str, npt.ArrayLike], bins: int = 10) -> dict[str, float]:
    """Return the characteristic stability index of every input that both sides have: PSI input by input."""
    return {name: psi(values, actual[name], bins) for name, values in expected.items() if name in actual}


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """One period: rows with known outcome, event rate, mean prediction and AUC (NaN where a class is absent)."""

    period: Any
    n: int
    events: int
    rate: float
    predicted: float
    auc: float


def by_period(y: npt.ArrayLike, p: npt.ArrayLike, periods: npt.ArrayLike) -> tuple[PeriodRow, ...]:
    """Return the figures of each period, in their order."""
    outcomes, predictions, known = known_pairs(y, p)
    when = np.asarray(periods)[known]
    rows = []
    for period in np.unique(when):
        inside = when == period
        rows.append(
            PeriodRow(
                period=period.item() if isinstance(period, np.generic) else period,
                n=int(inside.sum()),
                events=int(outcomes[inside].sum()),
                rate=float(outcomes[inside].mean()),
                predicted=float(predictions[inside].mean()),
                auc=auc(outcomes[inside], predictions[inside]),
            )
        )
    return tuple(rows)
