"""Champion against challenger on the same rows: is the difference in AUC, Brier score and calibration more than chance?

Two tests of the AUC are given. DeLong's takes rows as independent; where firms repeat over years that understates the
error, so the decision rests on the bootstrap over whole firms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ktop.kernel.arrays import Floats
from ktop.validation import calibration, discrimination
from ktop.validation._arrays import known_pairs
from ktop.validation.bootstrap import firm_draws, percentile_interval

#: A difference in AUC smaller than this is of no use even where it is significant.
SMALLEST_AUC_GAIN = 0.002
#: Calibration counts as worse where the expected calibration error grows by more than this.
LARGEST_ECE_LOSS = 0.005

Verdict = Literal["better", "no_worse", "worse"]


@dataclass(frozen=True, slots=True)
class DeLong:
    """Two AUCs on the same rows, their difference (second less first), its standard error and two-sided p-value."""

    first: float
    second: float
    difference: float
    error: float
    p_value: float


def delong(y: npt.ArrayLike, first: npt.ArrayLike, second: npt.ArrayLike) -> DeLong:
    """Test the difference of two correlated AUCs (DeLong, DeLong and Clarke-Pearson 1988).

    By mid-ranks (Sun and Xu 2014), in n log n. NaN where a class has fewer than two rows; p is 1 where the two
    predictions rank alike.
    """
    outcomes, a, b = _paired(y, first, second)
    event = outcomes == 1
    m, n = int(event.sum()), int((~event).sum())
    nan = float("nan")
    if m < 2 or n < 2:
        return DeLong(nan, nan, nan, nan, nan)
    placements = []
    for p in (a, b):
        whole, among_events, among_others = _midranks(p), _midranks(p[event]), _midranks(p[~event])
        # Share of non-events below each event, and of events above each non-event.
        placements.append(((whole[event] - among_events) / n, 1.0 - (whole[~event] - among_others) / m))
    aucs = [float(v.mean()) for v, _ in placements]
    by_event = np.cov(np.stack([v for v, _ in placements]))
    by_other = np.cov(np.stack([w for _, w in placements]))
    covariance = by_event / m + by_other / n
    variance = float(covariance[0, 0] + covariance[1, 1] - 2.0 * covariance[0, 1])
    difference = aucs[1] - aucs[0]
    if variance <= 1e-18:
        return DeLong(aucs[0], aucs[1], difference, 0.0, 1.0)
    from scipy.stats import norm

    error = float(np.sqrt(variance))
    return DeLong(aucs[0], aucs[1], difference, error, float(2.0 * norm.sf(abs(difference) / error)))


def clustered_error(y: npt.ArrayLike, first: npt.ArrayLike, second: npt.ArrayLike, firm_ids: npt.ArrayLike) -> float:
    """Return the standard error of the difference of two AUCs on the same rows where firms repeat.

    Every row's part in the difference (its placement values, as in ``delong``) is added up by firm, and the sums are
    taken as independent (Obuchowski 1997). With one row a firm it is DeLong's error but for the small-sample factor.
    """
    outcomes, a, b = (np.asarray(v, dtype=np.float64) for v in (y, first, second))
    event = outcomes == 1
    m, n = int(event.sum()), int((~event).sum())
    parts = np.zeros(len(outcomes))
    for p, way in ((a, -1.0), (b, 1.0)):
        whole = _midranks(p)
        parts[event] += way * (whole[event] - _midranks(p[event])) / n / m
        parts[~event] += way * (1.0 - (whole[~event] - _midranks(p[~event])) / m) / n
    for rows, count in ((event, m), (~event, n)):
        parts[rows] -= parts[rows].sum() / count
    sums = np.bincount(np.unique(np.asarray(firm_ids), return_inverse=True)[1], weights=parts)
    return float(np.sqrt((sums**2).sum()))


def _midranks(values: Floats) -> Floats:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: Floats = (ends - (counts - 1) / 2.0)[place]
    return ranks


def _paired(y: npt.ArrayLike, first: npt.ArrayLike, second: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return outcomes and both predictions of the rows where all three are known."""
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    outcomes = np.where(np.isnan(a) | np.isnan(b), np.nan, np.asarray(y, dtype=np.float64))
    known, one, rows = known_pairs(outcomes, a)
    return known, one, b[rows]


@dataclass(frozen=True, slots=True)
class Difference:
    """Second less first with its 95 % bootstrap interval and two-sided bootstrap p-value."""

    first: float
    second: float
    difference: float
    low: float
    high: float
    p_value: float


def paired_bootstrap(
    y: npt.ArrayLike,
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    firm_ids: npt.ArrayLike | None = None,
    *,
    repeats: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, Difference]:
    """Compare ``auc`` and ``brier`` of two predictions of the same rows, drawing whole firms for both alike.

    Each draw takes the same firms for both, so what the two share cancels out. The p-value is twice the share of draws
    on the far side of zero, at least 1 / (draws + 1). Same seed, same figures.
    """
    outcomes, a, b = _paired(y, first, second)
    known = ~np.isnan(np.asarray(y, dtype=np.float64)) & ~np.isnan(np.asarray(first)) & ~np.isnan(np.asarray(second))
    ranks = [discrimination.ranked(outcomes, p) for p in (a, b)]
    errors = [(p - outcomes) ** 2 for p in (a, b)]
    drawn: dict[str, list[float]] = {"auc": [], "brier": []}
    for weights in firm_draws(known, firm_ids, repeats, seed):
        aucs = [discrimination.auc_of_counts(*rows.sums(weights[rows.order])) for rows in ranks]
        drawn["auc"].append(aucs[1] - aucs[0])
        drawn["brier"].append(float(((errors[1] - errors[0]) * weights).sum() / weights.sum()))
    exact = {
        "auc": [discrimination.auc(outcomes, p) for p in (a, b)],
        "brier": [calibration.brier(outcomes, p) for p in (a, b)],
    }
    return {name: _difference(exact[name], drawn[name], level) for name in drawn}


def _difference(exact: list[float], drawn: list[float], level: float) -> Difference:
    values = np.array(drawn)[np.isfinite(drawn)]
    gap = exact[1] - exact[0]
    if not len(values):
        nan = float("nan")
        return Difference(exact[0], exact[1], gap, nan, nan, nan)
    low, high = percentile_interval(values, level)
    beyond = min(float((values <= 0).mean()), float((values >= 0).mean()))
    p = min(1.0, max(2.0 * beyond, 1.0 / (len(values) + 1)))
    return Difference(exact[0], exact[1], gap, low, high, p)


def compare_target(
    y: npt.ArrayLike,
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    firm_ids: npt.ArrayLike | None = None,
    *,
    repeats: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Return one target's comparison as JSON types, with a verdict on the second (the challenger).

    "better": its AUC is higher by at least ``SMALLEST_AUC_GAIN``, the interval of the firm-clustered bootstrap excludes
    zero, and its calibration error is not larger by ``LARGEST_ECE_LOSS``. "worse": the AUC is lower and the interval
    excludes zero, or the calibration error is larger by that much. "no_worse" otherwise.
    """
    outcomes, a, b = _paired(y, first, second)
    test = delong(outcomes, a, b)
    boot = paired_bootstrap(y, first, second, firm_ids, repeats=repeats, seed=seed)
    lines = [calibration.calibration_line(outcomes, p) for p in (a, b)]
    eces = [calibration.ece(outcomes, p) for p in (a, b)]
    auc = boot["auc"]
    verdict: Verdict = "no_worse"
    if auc.high < 0 or eces[1] - eces[0] > LARGEST_ECE_LOSS:
        verdict = "worse"
    elif auc.low > 0 and auc.difference >= SMALLEST_AUC_GAIN:
        verdict = "better"
    return {
        "rows": len(outcomes),
        "events": int(outcomes.sum()),
        "rate": _plain(outcomes.mean()) if len(outcomes) else None,
        "auc": _as_json(auc),
        "delong": {"error": _plain(test.error), "p_value": _plain(test.p_value)},
        "brier": _as_json(boot["brier"]),
        "slope": [_plain(line.slope) for line in lines],
        "in_the_large": [_plain(line.in_the_large) for line in lines],
        "ece": [_plain(value) for value in eces],
        "rank_correlation": _plain(_spearman(a, b)),
        "verdict": verdict,
    }


def overall(targets: dict[str, dict[str, Any]]) -> Verdict:
    """Return the verdict over all targets: worse on any is worse, better on any (and worse on none) is better."""
    verdicts = {target["verdict"] for target in targets.values()}
    return "worse" if "worse" in verdicts else "better" if "better" in verdicts else "no_worse"


def _spearman(a: Floats, b: Floats) -> float:
    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(np.corrcoef(_midranks(a), _midranks(b))[0, 1])


def _plain(value: Any) -> float | None:
    return None if not np.isfinite(value) else float(value)


def _as_json(comparison: Difference) -> dict[str, float | None]:
    return {
        "champion": _plain(comparison.first),
        "challenger": _plain(comparison.second),
        "difference": _plain(comparison.difference),
        "low": _plain(comparison.low),
        "high": _plain(comparison.high),
        "p_value": _plain(comparison.p_value),
    }
