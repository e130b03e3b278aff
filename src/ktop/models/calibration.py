"""Logits, probabilities, the layer that makes a raw model score a calibrated one (Platt 1999), and displayed scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ktop.kernel.arrays import Floats

#: Logits beyond this are cut before ``exp``: the probability is 0 or 1 to the last digit anyway.
_LOGIT_LIMIT = 700.0


def expit(z: Floats) -> Floats:
    """Return 1 / (1 + exp(-z)), elementwise."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(z, -_LOGIT_LIMIT, _LOGIT_LIMIT))), dtype=np.float64)


def logit(p: Floats) -> Floats:
    """Return log(p / (1 - p)), elementwise, for p strictly between 0 and 1."""
    return np.asarray(np.log(p) - np.log1p(-p), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Platt:
    """The calibrated logit ``intercept + slope * raw``; ``slope`` is positive, so the order of subjects stays."""

    intercept: float
    slope: float

    def __call__(self, raw: Floats) -> Floats:
        """Return calibrated logits."""
        return self.intercept + self.slope * raw

    def after(self, first: Platt) -> Platt:
        """Return the one layer that does ``first`` and then this."""
        return Platt(self.intercept + self.slope * first.intercept, self.slope * first.slope)


@dataclass(frozen=True)
class PercentileScale:
    """A displayed 0-100 score: the standing of a logit among reference subjects.

    ``knots`` ascend strictly, ``scores`` too, from 0 to 100; between them the score is a straight line. The first and
    last knot are the logits that the model cannot pass, so the scale is strictly increasing wherever it is used.
    """

    knots: Floats
    scores: Floats

    def __call__(self, z: Floats) -> Floats:
        """Return the score of every logit."""
        return np.interp(z, self.knots, self.scores)

    @classmethod
    def fit(cls, z: Floats, low: float, high: float, points: int = 201) -> PercentileScale:
        """Build the scale from reference logits ``z`` and the model's own bounds ``low`` and ``high``.

        Inner knots are quantiles of ``z`` at their mid-rank; equal quantiles become one knot at their mean standing.
        """
        levels = np.linspace(0.0, 1.0, points)[1:-1]
        values = np.quantile(z, levels)
        knots, where = np.unique(values, return_inverse=True)
        scores = np.bincount(where, weights=levels * 100.0) / np.bincount(where)
        low, high = min(low, float(z.min())) - 1e-6, max(high, float(z.max())) + 1e-6
        return cls(np.concatenate([[low], knots, [high]]), np.concatenate([[0.0], scores, [100.0]]))
