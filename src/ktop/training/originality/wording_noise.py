"""How far the measures of one technology differ between two wordings of it: noise that learning must reckon with.

A pair of wordings tells the same technology, so that half the mean product of what their logits differ by is the
covariance of the error that a wording brings (as duplicate determinations give it in the laboratory, Dahlberg 1940).
Errors of measures are not independent: a word replaced moves rarity, age and pairs of terms together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ktop.kernel.arrays import Floats
from ktop.models.artefact import FORMAT, Artefact, load, save

_KIND = "originality-wording"


@dataclass(frozen=True, eq=False)
class WordingNoise:
    """The covariance of the measures' signed logits between wordings of one technology.

    Parameters
    ----------
    names : (m,) names of the measures.
    covariance : (m, m) symmetric, no negative eigenvalue beyond rounding; in squared logits.
    pairs : pairs of wordings that it was measured on.
    reference : version of the reference that the logits were read from, and the key of its index.
    """

    names: tuple[str, ...]
    covariance: Floats
    pairs: int
    reference: str

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits that name exactly this noise."""
        return hashlib.sha256(np.ascontiguousarray(self.covariance).tobytes()).hexdigest()[:8]

    def save(self, path: Path) -> None:
        """Write to a file."""
        meta = {
            "format": FORMAT,
            "kind": _KIND,
            "names": list(self.names),
            "pairs": self.pairs,
            "reference": self.reference,
        }
        save(Artefact(meta, {"covariance": self.covariance}), path)

    @classmethod
    def load(cls, path: Path) -> WordingNoise:
        """Read from a file. Raises ``KtopError`` or ``KeyError`` for a file that holds something else."""
        artefact = load(path)
        meta = artefact.meta
        covariance = artefact.arrays["covariance"].astype(np.float64)
        return cls(tuple(meta["names"]), covariance, int(meta["pairs"]), meta["reference"])


def noise_of(kinds: Sequence[Floats]) -> Floats:
    """Return the (m, m) covariance of the error of one wording, the mean over kinds of change, each counting the same.

    Parameters
    ----------
    kinds : for each kind of change (n, m): the logits of one wording less those of the other. Kinds without a pair are
        passed over; at least one must have one.
    """
    parts = [differences.T @ differences / (2.0 * len(differences)) for differences in kinds if len(differences)]
    covariance: Floats = np.mean(parts, axis=0)
    return covariance


def steadied(weights: Floats, spread: Floats, noise: Floats) -> Floats:
    """Return weights that come nearest to a score when wordings differ; their sum stays.

    With x a patent's logits and e the error of a wording, the mean of (w'(x + e) - weights'x)^2 is
    (w - weights)' spread (w - weights) + w' noise w; its minimum is sought. Training with noise added to the inputs is
    such a penalty (Bishop 1995). Every measure keeps a twentieth of its weight: readers see what it says.
    A measure that the patents do not have, so that neither its spread nor its error is known, keeps its share.

    Parameters
    ----------
    weights : (m,) learned weights, at or above zero.
    spread, noise : (m, m) covariances of the logits among patents, and of the error of one wording.
    """
    from scipy.optimize import lsq_linear

    known = np.flatnonzero(np.diag(spread) > 0.0)
    steady: Floats = weights.copy()
    whole = float(weights[known].sum())
    if not len(known) or whole <= 0.0:
        return steady
    c, e = spread[np.ix_(known, known)], noise[np.ix_(known, known)]
    root = np.linalg.cholesky(c + e + _LEAST_VARIANCE * np.eye(len(known)))
    bounds = (_KEPT * weights[known], np.inf)
    best = lsq_linear(root.T, np.linalg.solve(root, c @ weights[known]), bounds, method="bvls").x
    steady[known] = best * whole / best.sum()
    return steady


#: Least share of its weight that a measure keeps.
_KEPT = 0.05
#: Added to variances, so that measures that always go together have an answer.
_LEAST_VARIANCE = 1e-6
