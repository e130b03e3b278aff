"""Logistic regression by maximum likelihood: the one solver that calibration is fitted and measured with."""

from __future__ import annotations

import numpy as np

from ktop.kernel.arrays import Floats

#: Newton steps; it converges in fewer than ten wherever there is a maximum.
_MAX_STEPS = 100
#: A coefficient beyond this means that the classes are separated and the likelihood has no maximum.
_MAX_COEFFICIENT = 1e3


class NoMaximumError(ArithmeticError):
    """The likelihood has no maximum: the classes are separated, or an input is a sum of others."""


def fit_logistic(
    design: Floats, y: Floats, offset: Floats | float = 0.0, start: Floats | None = None, ridge: float = 0.0
) -> tuple[Floats, Floats]:
    """Return coefficients and information matrix of a logistic regression, by Newton's method with short steps.

    Parameters
    ----------
    design : inputs, shape ``(n, k)``; a column of ones where an intercept is wanted.
    y : outcomes, or shares from 0 to 1, shape ``(n,)``.
    offset : known part of the logit.
    start : coefficients to start from, shape ``(k,)``; zeros where None.
    ridge : added to the diagonal of the information while a step is worked out; the maximum stays where it is.

    Raises ``NoMaximumError`` where there is no maximum.
    """
    beta = np.zeros(design.shape[1]) if start is None else start
    for _ in range(_MAX_STEPS):
        fitted = 0.5 * (1.0 + np.tanh(0.5 * (offset + design @ beta)))
        information = design.T @ (design * (fitted * (1.0 - fitted))[:, None])
        try:
            step = np.linalg.solve(information + ridge * np.eye(len(beta)), design.T @ (y - fitted))
        except np.linalg.LinAlgError as error:
            raise NoMaximumError from error
        # Short steps keep the first iterations from overshooting where predictions are far off.
        beta = beta + step * min(1.0, 4.0 / max(float(np.abs(step).max()), 1e-300))
        if np.abs(beta).max() > _MAX_COEFFICIENT:
            raise NoMaximumError
        if np.abs(step).max() < 1e-10:
            return beta, information
    raise NoMaximumError
