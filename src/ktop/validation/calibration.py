"""Calibration: whether predicted probabilities are the frequencies that follow (Brier, slope, ECE, Hosmer-Lemeshow)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ktop.kernel.arrays import Floats
from ktop.validation._arrays import known_pairs
from ktop.validation.logistic import NoMaximumError, fit_logistic

#: Probabilities are kept this far from 0 and 1 before a logit is taken.
EDGE = 1e-9


def brier(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Return the mean squared distance of prediction and outcome, 0 (best) to 1 (Brier 1950); NaN without rows."""
    outcomes, predictions, _ = known_pairs(y, p)
    return float(np.mean((predictions - outcomes) ** 2)) if len(outcomes) else float("nan")


def brier_skill(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Return 1 - Brier / Brier of predicting the event rate for everybody: 1 is perfect, 0 no better than that.

    NaN where all outcomes are equal.
    """
    outcomes, _, _ = known_pairs(y, p)
    spread = float(np.var(outcomes)) if len(outcomes) else 0.0
    return 1.0 - brier(y, p) / spread if spread else float("nan")


@dataclass(frozen=True, slots=True)
class CalibrationLine:
    """logit P(event) = intercept + slope * logit(prediction), with standard errors; NaN where no line exists.

    Slope 1 and intercept 0 are perfect; a slope above 1 says predictions are too timid, below 1 too bold.
    ``in_the_large`` is the intercept at slope 1: above 0 the event is more frequent than predicted.
    """

    intercept: float
    slope: float
    intercept_error: float
    slope_error: float
    in_the_large: float


def calibration_line(y: npt.ArrayLike, p: npt.ArrayLike) -> CalibrationLine:
    """Fit the calibration line by maximum likelihood (Cox 1958)."""
    outcomes, predictions, _ = known_pairs(y, p)
    if len(outcomes) == 0 or outcomes.min() == outcomes.max():
        return _no_line(float("nan"))
    clipped = np.clip(predictions, EDGE, 1.0 - EDGE)
    logit = np.log(clipped / (1.0 - clipped))
    try:
        in_the_large = float(fit_logistic(np.ones((len(logit), 1)), outcomes, logit)[0][0])
    except NoMaximumError:
        in_the_large = float("nan")
    if np.ptp(logit) == 0.0:
        return _no_line(in_the_large)
    try:
        (intercept, slope), information = fit_logistic(np.column_stack([np.ones_like(logit), logit]), outcomes)
    except NoMaximumError:
        return _no_line(in_the_large)
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    return CalibrationLine(float(intercept), float(slope), float(errors[0]), float(errors[1]), in_the_large)


def _no_line(in_the_large: float) -> CalibrationLine:
    nan = float("nan")
    return CalibrationLine(nan, nan, nan, nan, in_the_large)


def equal_count_bins(p: Floats, bins: int) -> npt.NDArray[np.intp]:
    """Return each row's bin, 0 = lowest predictions, bins as equal in count as ties allow (ties stay together)."""
    edges = np.quantile(p, np.linspace(0.0, 1.0, bins + 1)[1:-1])
    bins_of = np.searchsorted(np.unique(edges), p, side="left")
    return np.unique(bins_of, return_inverse=True)[1]


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """One row of the reliability table. ``low`` and ``high`` are the Jeffreys interval (95 %) of the event rate."""

    n: int
    events: int
    predicted: float
    rate: float
    low: float
    high: float


def reliability_table(
    y: npt.ArrayLike, p: npt.ArrayLike, bins: int = 10, by: npt.ArrayLike | None = None, level: float = 0.95
) -> tuple[ReliabilityBin, ...]:
    """Return mean prediction and event rate in bins of equal count, lowest first, with Jeffreys intervals of ``level``.

    Bins are those of the predictions, or of another figure ``by`` (shape of ``p``, rows without it are left out):
    predictions that are right on average can contradict what a figure tells.
    """
    outcomes, predictions, known = known_pairs(y, p)
    figure = predictions if by is None else np.asarray(by, dtype=np.float64)[known]
    told = ~np.isnan(figure)
    outcomes, predictions, figure = outcomes[told], predictions[told], figure[told]
    if not len(outcomes):
        return ()
    which = equal_count_bins(figure, bins)
    rows = []
    for index in range(int(which.max()) + 1):
        inside = which == index
        n, events = int(inside.sum()), int(outcomes[inside].sum())
        low, high = jeffreys_interval(events, n, level)
        rows.append(ReliabilityBin(n, events, float(predictions[inside].mean()), events / n, low, high))
    return tuple(rows)


def jeffreys_interval(events: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return the equal-tailed Jeffreys interval of an event rate (Brown, Cai and DasGupta 2001).

    Quantiles of Beta(events + 1/2, n - events + 1/2); the lower end is 0 without events, the upper 1 with only events.
    """
    from scipy.stats import beta

    if n <= 0:
        return 0.0, 1.0
    tail = (1.0 - level) / 2.0
    low = 0.0 if events == 0 else float(beta.ppf(tail, events + 0.5, n - events + 0.5))
    high = 1.0 if events == n else float(beta.ppf(1.0 - tail, events + 0.5, n - events + 0.5))
    return low, high


def ece(y: npt.ArrayLike, p: npt.ArrayLike, bins: int = 10) -> float:
    """Return the expected calibration error, 0-1: mean |event rate - mean prediction| over bins of equal count.

    Naeini, Cooper and Hauskrecht (2015), with equal-count bins, which are steadier for rare events. NaN without rows.
    """
    table = reliability_table(y, p, bins)
    n = sum(row.n for row in table)
    return sum(row.n * abs(row.rate - row.predicted) for row in table) / n if n else float("nan")


@dataclass(frozen=True, slots=True)
class HosmerLemeshow:
    """Statistic, degrees of freedom and p-value; a small p-value speaks against the probabilities."""

    statistic: float
    degrees: int
    p_value: float


def hosmer_lemeshow(y: npt.ArrayLike, p: npt.ArrayLike, bins: int = 10, fitted: bool = False) -> HosmerLemeshow:
    """Return the Hosmer-Lemeshow test over bins of equal count (Hosmer and Lemeshow 1980).

    sum over bins of (events - expected)^2 / (expected * (1 - expected / n)), chi-squared with as many degrees of
    freedom as bins; two fewer where ``fitted`` says that the model was fitted to these very rows.
    """
    from scipy.stats import chi2

    table = reliability_table(y, p, bins)
    degrees = len(table) - (2 if fitted else 0)
    expected = np.array([row.n * row.predicted for row in table])
    variance = np.array([row.n * row.predicted * (1.0 - row.predicted) for row in table])
    if degrees < 1 or not (variance > 0).all():
        return HosmerLemeshow(float("nan"), max(degrees, 0), float("nan"))
    events = np.array([row.events for row in table])
    statistic = float(((events - expected) ** 2 / variance).sum())
    return HosmerLemeshow(statistic, degrees, float(chi2.sf(statistic, degrees)))
