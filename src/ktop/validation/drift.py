"""Drift: whether companies rated lately are still like those a model was made on, and what it said still comes true.

Needs NumPy alone, so that a running platform can measure it. A PSI of few companies is large by chance: every index
comes with the value that chance alone stays under in 95 of 100 samples of that size, and counts only beyond it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ktop.kernel.arrays import Floats
from ktop.validation._arrays import known_pairs, plain
from ktop.validation.calibration import calibration_line
from ktop.validation.stability import psi_of_shares, verdict

FORMAT = "drift-1"
#: Below this many companies nothing is said about a distribution.
FEWEST = 30
#: p-values of the number of events below which calibration is watched, and counts as drifted.
WATCH_P, DRIFTED_P = 0.05, 0.001
#: A month is remarked on from this many standard deviations from the mean of the months before it, at least three.
VOLUME_SIGMAS = 3.0
FEWEST_MONTHS = 3

State = Literal["stable", "watch", "shifted", "unknown"]
_ORDER: Mapping[str, int] = {"unknown": 0, "stable": 1, "watch": 2, "shifted": 3}


def index_of(expected: npt.ArrayLike, actual: npt.ArrayLike, rows: int, base_rows: int) -> dict[str, Any]:
    """Return the PSI of two sets of shares with its verdict and what chance stays under (``chance``).

    Where nothing moved, n m / (n + m) PSI follows nearly a chi-squared with one degree of freedom fewer than classes
    (Yurdakul and Naranjo 2020).
    """
    e, a = np.asarray(expected, dtype=np.float64), np.asarray(actual, dtype=np.float64)
    # An empty class counts as half a company: a fixed tiny share would make every small sample look shifted.
    value = float("nan")
    if rows and base_rows:
        used = (e > 0) | (a > 0)
        value = psi_of_shares(np.maximum(e[used], 0.5 / base_rows), np.maximum(a[used], 0.5 / rows))
    degrees = max(int(((e > 0) | (a > 0)).sum()) - 1, 1)
    size = rows * base_rows / max(rows + base_rows, 1)
    chance = _chi_squared_95(degrees) / size if size else float("inf")
    state: State = "unknown" if rows < FEWEST else verdict(value) if value > chance else "stable"
    return {"value": plain(value), "chance": plain(chance), "verdict": state}


def _chi_squared_95(degrees: int) -> float:
    """Return the 95 % point of a chi-squared distribution (Wilson and Hilferty 1931), within 1 % from one degree on."""
    z, c = 1.6448536269514722, 2.0 / (9.0 * degrees)
    return float(degrees * (1.0 - c + z * math.sqrt(c)) ** 3)


def numbers_drift(base: Mapping[str, Any], values: npt.ArrayLike, base_rows: int) -> dict[str, Any]:
    """Hold numbers against a baseline ``{"edges", "shares"}``; the last share is that of missing values.

    ``above_before`` and ``above_now`` are the shares of known values above the baseline's middle edge: which way they
    went.
    """
    given = np.asarray(values, dtype=np.float64)
    edges, shares = np.asarray(base["edges"], dtype=np.float64), np.asarray(base["shares"], dtype=np.float64)
    place = np.where(np.isnan(given), len(edges) + 1, np.searchsorted(edges, given, side="left"))
    now = np.bincount(place, minlength=len(shares)) / max(len(given), 1)
    index = index_of(shares, now, len(given), base_rows)
    above = [_above(part, len(edges)) for part in (shares, now)]
    return index | {
        "missing_before": float(shares[-1]),
        "missing_now": float(now[-1]),
        "above_before": above[0],
        "above_now": above[1],
    }


def _above(shares: Floats, edges: int) -> float | None:
    known = float(shares[:-1].sum())
    return float(shares[edges // 2 + 1 : -1].sum()) / known if edges and known else None


def labels_drift(base: Mapping[str, float], labels: Sequence[str | None], base_rows: int) -> dict[str, Any]:
    """Hold labels (grades, regions ...) against the shares they had."""
    given = ["" if label is None else str(label) for label in labels]
    names = sorted({*base, *given})
    now = [given.count(name) / max(len(given), 1) for name in names]
    return index_of([base.get(name, 0.0) for name in names], now, len(given), base_rows)


def calibration_drift(y: npt.ArrayLike, p: npt.ArrayLike) -> dict[str, Any]:
    """Say whether events come as often as predicted, among the companies whose outcome is known.

    The number of events is tested against its mean and variance under the predictions, sum p and sum p (1 - p), by the
    normal approximation (Spiegelhalter 1986 in its simplest form).
    """
    outcomes, predictions, _ = known_pairs(y, p)
    n, events = len(outcomes), float(outcomes.sum())
    expected = float(predictions.sum())
    spread = math.sqrt(float((predictions * (1.0 - predictions)).sum())) if n else 0.0
    z = (events - expected) / spread if spread else float("nan")
    p_value = math.erfc(abs(z) / math.sqrt(2.0)) if math.isfinite(z) else float("nan")
    state: State = "unknown"
    if n >= FEWEST and math.isfinite(p_value):
        state = "shifted" if p_value < DRIFTED_P else "watch" if p_value < WATCH_P else "stable"
    return {
        "known": n,
        "events": int(events),
        "rate": plain(events / n) if n else None,
        "predicted": plain(expected / n) if n else None,
        "p_value": plain(p_value),
        "slope": plain(calibration_line(outcomes, predictions).slope) if n else None,
        "verdict": state,
    }


def volume(months: Sequence[str]) -> dict[str, Any]:
    """Count companies per month (``YYYY-MM``); say whether the newest month stands out of those before it.

    The months before give a mean m over k months; the newest count is taken as Poisson, so its distance has the
    variance m (1 + 1 / k). Months without companies count.
    """
    if not months:
        return {"months": [], "verdict": "unknown", "expected": None}
    counts = [(month, months.count(month)) for month in _every_month(min(months), max(months))]
    earlier = [count for _, count in counts[:-1]][-12:]
    state: State = "unknown"
    mean = sum(earlier) / len(earlier) if earlier else None
    if mean and len(earlier) >= FEWEST_MONTHS:
        z = (counts[-1][1] - mean) / math.sqrt(mean * (1.0 + 1.0 / len(earlier)))
        state = "watch" if abs(z) > VOLUME_SIGMAS else "stable"
    return {"months": [{"month": m, "companies": c} for m, c in counts], "verdict": state, "expected": mean}


def _every_month(first: str, last: str) -> list[str]:
    (year, month), end = map(int, first.split("-")), tuple(map(int, last.split("-")))
    months = []
    while (year, month) <= end:
        months.append(f"{year:04d}-{month:02d}")
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return months


def drift(
    baseline: Mapping[str, Any],
    *,
    features: Mapping[str, npt.ArrayLike],
    scores: Mapping[str, npt.ArrayLike],
    probabilities: Mapping[str, npt.ArrayLike],
    grades: Mapping[str, Sequence[str | None]],
    labels: Mapping[str, Sequence[str | None]],
    outcomes: Mapping[str, npt.ArrayLike] | None = None,
    months: Sequence[str] = (),
) -> dict[str, Any]:
    """Return everything at once; what either side lacks is left out. The arrays hold rated companies only.

    ``outcomes`` are 0/1 by target, NaN where not known yet. ``verdict`` is the worst found among scores, probabilities,
    grades and calibration: inputs and the mix of companies explain drift, they are not drift of the model by itself.
    """
    base_rows = int(baseline["rows"])
    rows = len(np.asarray(next(iter(scores.values())))) if scores else 0
    report: dict[str, Any] = {
        "rows": rows,
        "scores": _all(numbers_drift, baseline["scores"], scores, base_rows),
        "probabilities": _all(numbers_drift, baseline["probabilities"], probabilities, base_rows),
        "grades": _all(labels_drift, baseline["grades"], grades, base_rows),
        "features": _all(numbers_drift, baseline["features"], features, base_rows),
        "labels": _all(labels_drift, baseline["labels"], labels, base_rows),
        "mean_probabilities": {
            name: {
                "before": baseline["mean_probabilities"][name],
                "now": plain(np.nanmean(np.asarray(values, dtype=np.float64))) if rows else None,
            }
            for name, values in probabilities.items()
            if name in baseline["mean_probabilities"]
        },
        "calibration": {
            name: calibration_drift(y, probabilities[name])
            for name, y in (outcomes or {}).items()
            if name in probabilities
        },
        "volume": volume(months),
    }
    decisive = [part["verdict"] for key in ("scores", "probabilities", "grades") for part in report[key].values()]
    decisive += [part["verdict"] for part in report["calibration"].values()]
    report["verdict"] = max(decisive, key=lambda state: _ORDER[state], default="unknown")
    return report


def _all(measure: Any, base: Mapping[str, Any], now: Mapping[str, Any], base_rows: int) -> dict[str, Any]:
    return {name: measure(base[name], values, base_rows) for name, values in now.items() if name in base}
