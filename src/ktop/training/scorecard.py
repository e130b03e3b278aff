"""Training of the statistics track: a scorecard of weights of evidence whose order agrees with experience.

Every input is cut into a few bins. A bin's weight of evidence is ``woe = ln(event odds in the bin / event odds of
all)``, and the score is a logistic regression on the woe of all inputs with coefficients that may not be negative, so
that no input can turn round what its own table says. For an input with a sign, neighbouring bins whose event rates run
against the sign are pooled (isotonic regression by pooling adjacent violators, the best fit of all monotone ones).

Runs on NumPy alone. The compiled form is one table per input.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ktop.kernel.arrays import Floats, Integers
from ktop.models.calibration import expit, logit
from ktop.training.terms import RawTerms


@dataclass(frozen=True, slots=True)
class ScorecardSettings:
    """How the scorecard is made.

    Parameters
    ----------
    prebins : quantile bins an input starts from.
    min_share : smallest share of the rows a bin may hold.
    l2 : ridge penalty of the regression on standardised woe, per row.
    prior_events : pseudo-events (and, in proportion, non-events) added to every bin: holds small bins near the mean.
    """

    prebins: int = 20
    min_share: float = 0.03
    l2: float = 1e-4
    prior_events: float = 2.0


def fit_scorecard(
    X: Floats, outcome: Floats, weights: Sequence[Floats], signs: Sequence[int], settings: ScorecardSettings
) -> tuple[RawTerms, list[RawTerms]]:
    """Fit the scorecard on all rows, and once per weighting on the same bins.

    Parameters
    ----------
    X : shape ``(n, features)``, NaN for missing.
    outcome : 0 or 1, shape ``(n,)``.
    weights : row weights of each member of the bag.
    signs : monotone sign of every feature for this outcome.

    Returns the scorecard and its members (for scores outside their training rows, and for the spread).
    """
    edges = tuple(monotone_edges(X[:, j], outcome, sign, settings) for j, sign in enumerate(signs))
    bins = np.empty(X.shape, dtype=np.int64)
    for j, cuts in enumerate(edges):
        missing = np.isnan(X[:, j])
        bins[:, j] = np.where(missing, len(cuts) + 1, np.searchsorted(cuts, X[:, j], side="left"))
    full = _fit(bins, edges, outcome, np.ones(len(outcome)), signs, settings)
    return full, [_fit(bins, edges, outcome, weight, signs, settings) for weight in weights]


def monotone_edges(x: Floats, outcome: Floats, sign: int, settings: ScorecardSettings) -> Floats:
    """Return the bin edges of one input: quantile bins, pooled until large enough and, with a sign, monotone."""
    known = ~np.isnan(x)
    values, events = x[known], outcome[known]
    if len(values) == 0:
        return np.zeros(0)
    quantiles = np.quantile(values, np.linspace(0, 1, settings.prebins + 1)[1:-1], method="inverted_cdf")
    edges = np.unique(quantiles)
    edges = edges[edges < values.max()]
    bins = np.searchsorted(edges, values, side="left")
    count = np.bincount(bins, minlength=len(edges) + 1).astype(np.float64)
    hits = np.bincount(bins, weights=events, minlength=len(edges) + 1)
    smallest = settings.min_share * len(values)
    blocks: list[list[float]] = []  # rows, events, last pre-bin
    for b in range(len(count)):
        blocks.append([count[b], hits[b], b])
        while len(blocks) > 1 and (
            blocks[-2][0] < smallest
            or (sign and sign * (blocks[-1][1] / blocks[-1][0] - blocks[-2][1] / blocks[-2][0]) <= 0)
        ):
            last = blocks.pop()
            blocks[-1] = [blocks[-1][0] + last[0], blocks[-1][1] + last[1], last[2]]
    while len(blocks) > 1 and blocks[-1][0] < smallest:
        last = blocks.pop()
        blocks[-1] = [blocks[-1][0] + last[0], blocks[-1][1] + last[1], last[2]]
    return np.asarray(edges[[int(block[2]) for block in blocks[:-1]]], dtype=np.float64)


def _fit(
    bins: Integers,
    edges: tuple[Floats, ...],
    outcome: Floats,
    weight: Floats,
    signs: Sequence[int],
    settings: ScorecardSettings,
) -> RawTerms:
    rate = float(np.average(outcome, weights=weight))
    prior = np.array([settings.prior_events, settings.prior_events * (1 - rate) / max(rate, 1e-9)])
    average = float(logit(np.array([min(max(rate, 1e-9), 1 - 1e-9)]))[0])
    tables, columns, knows = [], [], []
    for j, cuts in enumerate(edges):
        size = len(cuts) + 2
        events = np.bincount(bins[:, j], weights=weight * outcome, minlength=size) + prior[0]
        others = np.bincount(bins[:, j], weights=weight * (1 - outcome), minlength=size) + prior[1]
        woe = np.log(events / others) - average
        if signs[j]:  # the pseudo-events can bend neighbours by a hair
            running = np.maximum.accumulate if signs[j] > 0 else np.minimum.accumulate
            woe[:-1] = running(woe[:-1])
        tables.append(woe)
        columns.append(woe[bins[:, j]])
        knows.append(bool((bins[:, j] == size - 1).any()))
    intercept, coefficients = nonnegative_logistic(np.column_stack(columns), outcome, weight, settings.l2)
    terms = RawTerms(edges, tuple(knows))
    terms.add([({}, round(intercept, 10))])
    for j, (cuts, woe) in enumerate(zip(edges, tables, strict=True)):
        bounds = np.concatenate([[-np.inf], cuts, [np.inf]])
        # Cut to ten digits, so that the last bits of long sums cannot make two trainings differ.
        points = [float(value) for value in np.round(coefficients[j] * woe, 10)]
        for b in range(len(cuts) + 1):
            terms.add([({j: (float(bounds[b]), float(bounds[b + 1]), False)}, points[b])])
        if knows[j]:
            terms.add([({j: (np.inf, np.inf, True)}, points[-1])])
    return terms


def nonnegative_logistic(
    X: Floats, outcome: Floats, weight: Floats, l2: float, sweeps: int = 60, tolerance: float = 1e-9
) -> tuple[float, Floats]:
    """Fit a ridge logistic regression whose coefficients are zero or positive.

    Newton steps on the quadratic model of the likelihood, each solved by projected coordinate descent; deterministic.
    Returns the intercept and the coefficients, shape ``(features,)``.
    """
    total = float(weight.sum())
    scale = np.sqrt(np.average(X**2, axis=0, weights=weight))
    scale[scale == 0] = 1.0
    A = np.column_stack([np.ones(len(X)), X / scale])
    beta = np.zeros(A.shape[1])
    rate = float(np.average(outcome, weights=weight))
    beta[0] = float(logit(np.array([min(max(rate, 1e-9), 1 - 1e-9)]))[0])
    penalty = np.full(A.shape[1], l2)
    penalty[0] = 0.0
    for _ in range(sweeps):
        p = expit(A @ beta)
        gradient = A.T @ (weight * (p - outcome)) / total + penalty * beta
        curvature = (A * (weight * np.maximum(p * (1 - p), 1e-9))[:, None]).T @ A / total + np.diag(penalty + 1e-12)
        goal = _nonnegative_quadratic(curvature, curvature @ beta - gradient, beta)
        step = goal - beta
        largest = float(np.abs(step).max())
        beta = beta + step * min(1.0, 2.0 / max(largest, 1e-300))
        if largest < tolerance:
            break
    return float(beta[0]), np.asarray(beta[1:] / scale)


def _nonnegative_quadratic(H: Floats, c: Floats, start: Floats) -> Floats:
    """Minimise x'Hx / 2 - c'x over x[1:] >= 0 by coordinate descent from ``start``."""
    x = start.copy()
    # Plain numbers beside the array: millions of steps on single elements of arrays took most of a training.
    rows, diagonal, aims, values = list(H), H.diagonal().tolist(), c.tolist(), x.tolist()
    for _ in range(500):
        moved = 0.0
        for j, row in enumerate(rows):
            new = values[j] + (aims[j] - float(row.dot(x))) / diagonal[j]
            if j and new < 0.0:
                new = 0.0
            moved = max(moved, abs(new - values[j])) if new != values[j] else moved
            values[j] = x[j] = new
        if moved < 1e-12:
            break
    return x
