"""Where a company stands: its score against the reference companies, all or of the same industry, size, age, region.

A model keeps, per score and comparison group, a few quantiles and a histogram of the reference companies' scores; no
single company can be read from them.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ktop.kernel.arrays import Booleans, Floats, Integers, Texts

#: Comparison groups by name → the label column that makes them; "all" has none.
COMPARISONS: Mapping[str, str | None] = {
    "all": None,
    "industry": "industry_group",
    "size": "size",
    "age": "age_band",
    "region": "region",
}
BINS = 20
QUANTILES = 51
#: A comparison with fewer reference companies says too little and is left out.
FEWEST = 100


@dataclass(frozen=True)
class PositionReference:
    """Score distributions of the reference companies.

    Parameters
    ----------
    groups : (comparison, label) of each distribution; the label of "all" is "".
    scores : names of the scores.
    counts : companies per group.
    quantiles : shape ``(groups, scores, QUANTILES)``, evenly spaced from the smallest to the largest.
    histograms : shape ``(groups, scores, BINS)``, companies per twentieth of 0-100.
    """

    groups: tuple[tuple[str, str], ...]
    scores: tuple[str, ...]
    counts: Integers
    quantiles: Floats
    histograms: Integers

    @classmethod
    def fit(cls, scores: Mapping[str, Floats], labels: Mapping[str, Texts]) -> PositionReference:
        """Measure the distributions of ``scores`` (each shape ``(n,)``, 0-100)."""
        n = len(next(iter(scores.values())))
        groups: list[tuple[str, str]] = []
        chosen: list[Booleans] = []
        for comparison, column in COMPARISONS.items():
            if column is None:
                groups.append((comparison, ""))
                chosen.append(np.ones(n, dtype=bool))
                continue
            for label in sorted({str(value) for value in labels[column] if value is not None}):
                rows = np.asarray(labels[column] == label, dtype=bool)
                if int(rows.sum()) >= FEWEST:
                    groups.append((comparison, label))
                    chosen.append(rows)
        levels = np.linspace(0, 1, QUANTILES)
        quantiles = [[np.quantile(score[rows], levels) for score in scores.values()] for rows in chosen]
        histograms = [
            [np.histogram(score[rows], bins=BINS, range=(0, 100))[0] for score in scores.values()] for rows in chosen
        ]
        return cls(
            tuple(groups),
            tuple(scores),
            np.array([int(rows.sum()) for rows in chosen]),
            np.array(quantiles).astype(np.float32).astype(np.float64),
            np.array(histograms, dtype=np.int64),
        )

    def of(self, score: str, value: float, labels: Mapping[str, str | None]) -> dict[str, Any]:
        """Return the position of one company's score by comparison: percentile, n, median, histogram and label.

        ``percentile`` is the share of reference companies at or below, 0-100. A comparison is left out where the
        company's label is not known or has too few reference companies.
        """
        k = self.scores.index(score)
        positions: dict[str, Any] = {}
        for comparison, column in COMPARISONS.items():
            label = "" if column is None else labels.get(column)
            g = self._places.get((comparison, label))
            if g is not None:
                positions[comparison] = {
                    "score": score,
                    "label": label or None,
                    "percentile": _at(self._curves[g, k], value),
                    "n": int(self.counts[g]),
                    "median": float(self.quantiles[g, k, QUANTILES // 2]),
                    "histogram": self.histograms[g, k].tolist(),
                }
        return positions

    @functools.cached_property
    def _places(self) -> dict[tuple[str, str | None], int]:
        """Position of each group."""
        return {group: g for g, group in enumerate(self.groups)}

    @functools.cached_property
    def _curves(self) -> dict[tuple[int, int], tuple[Floats, Floats]]:
        """The curve of each group and score, see ``_curve``."""
        return {(g, k): _curve(self.quantiles[g, k]) for g in range(len(self.groups)) for k in range(len(self.scores))}

    def to_arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the numbers to store; the names travel as text."""
        return {
            "counts": self.counts.astype(np.int32),
            "quantiles": self.quantiles.astype(np.float32),
            "histograms": self.histograms.astype(np.int32),
        }

    @classmethod
    def from_arrays(
        cls,
        groups: Sequence[Sequence[str]],
        scores: Sequence[str],
        arrays: Mapping[str, npt.NDArray[np.generic]],
    ) -> PositionReference:
        """Build the reference from what ``to_arrays`` gave."""
        return cls(
            tuple((str(comparison), str(label)) for comparison, label in groups),
            tuple(scores),
            arrays["counts"].astype(np.int64),
            arrays["quantiles"].astype(np.float64),
            arrays["histograms"].astype(np.int64),
        )


def percentile(quantiles: Floats, value: float) -> float:
    """Return the share of a distribution at or below ``value``, 0-100, from its evenly spaced quantiles."""
    return _at(_curve(quantiles), value)


def _curve(quantiles: Floats) -> tuple[Floats, Floats]:
    """Return the distinct values of evenly spaced quantiles, and the share of the distribution at or below each."""
    distinct, first = np.unique(quantiles, return_index=True)
    last = np.append(first[1:], len(quantiles)) - 1
    return distinct, last * (100.0 / (len(quantiles) - 1))


def _at(curve: tuple[Floats, Floats], value: float) -> float:
    return float(np.interp(value, *curve, left=0.0, right=100.0))
