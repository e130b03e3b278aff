"""Which signs the data reject: how far a model free of signs moves against each of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ktop.kernel.arrays import Floats
from ktop.training.tuning.candidate import Candidate
from ktop.training.tuning.trial import grow

#: Points of a feature's range that its effect is read at, and rows it is averaged over.
_POINTS, _ROWS = 12, 200


def against_signs(
    candidate: Candidate, X: Floats, y: Floats, groups: Sequence[str], signs: Sequence[int], rounds: int, seed: int
) -> Floats:
    """Return how far (logit) a model free of signs moves against each sign over its feature's range, 0 without one.

    The effect is the partial dependence (Friedman 2001): the mean logit of some rows with the feature set to each of
    its quantiles.
    """
    random = np.random.default_rng(seed)
    some = X[random.permutation(len(X))[:_ROWS]]
    asked, places = [], []
    for j, sign in enumerate(signs):
        known = X[~np.isnan(X[:, j]), j]
        if not sign or not len(known):
            continue
        points = np.unique(np.quantile(known, np.linspace(0.02, 0.98, _POINTS)))
        for point in points:
            changed = some.copy()
            changed[:, j] = point
            asked.append(changed)
        places.append((j, len(points)))
    found = np.zeros(len(signs))
    if not asked:
        return found
    free = [0] * len(signs)
    (path,) = grow(candidate, (X, y, np.concatenate(asked)), (groups, free), [np.ones(len(y))], (rounds,), seed)
    curves = path[-1].reshape(-1, len(some)).mean(axis=1)
    at = 0
    for j, count in places:
        steps = np.diff(curves[at : at + count])
        found[j] = float(-np.minimum(signs[j] * steps, 0.0).sum())
        at += count
    return found
