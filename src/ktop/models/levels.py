"""Levels: where a value stands among comparable reference subjects, 0 to 100, from a distribution stored in the model.

A level is the mid-rank percentile (the share below plus half the share equal) of the value within its cell, for example
industry group x size x age band. A cell with too few reference subjects is not kept; its subjects are compared with the
next coarser one (the last label is left out first). Each cell keeps a few knots per input; between knots the level is a
straight line, so it never falls when the value rises.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ktop.kernel.arrays import Booleans, Floats, Integers, Texts

#: Knots kept per input and cell. Where an input takes fewer distinct values, all are kept and levels are exact.
KNOTS = 48


@dataclass(frozen=True)
class LevelReference:
    """The versioned reference distribution of every input in every cell.

    Parameters
    ----------
    cells : names of the label columns that make a cell, coarsest first.
    keys : the labels of each kept cell; a shorter key is a coarser cell, ``()`` everybody.
    counts : reference subjects per kept cell.
    values, levels : knots, shape ``(kept cells, inputs, KNOTS)``, ascending, the unused tail repeats the last knot.
    """

    cells: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...]
    counts: Integers
    values: Floats
    levels: Floats

    @classmethod
    def fit(cls, X: Floats, labels: Mapping[str, Texts], cells: Sequence[str], minimum: int) -> LevelReference:
        """Measure the distribution of ``X``, shape ``(n, inputs)``, in every cell of ``minimum`` rows or more."""
        keys: list[tuple[str, ...]] = [()]
        members: list[Booleans] = [np.ones(len(X), dtype=bool)]
        for depth in range(1, len(cells) + 1):
            columns = [labels[name] for name in cells[:depth]]
            for key in itertools.product(*[sorted({str(v) for v in column if v is not None}) for column in columns]):
                chosen = np.logical_and.reduce([column == part for column, part in zip(columns, key, strict=True)])
                if int(chosen.sum()) >= minimum:
                    keys.append(tuple(key))
                    members.append(chosen)
        values = np.zeros((len(keys), X.shape[1], KNOTS))
        levels = np.zeros_like(values)
        for c, chosen in enumerate(members):
            for j in range(X.shape[1]):
                values[c, j], levels[c, j] = _knots(X[chosen, j])
        # Stored as float32; rounding the values now keeps fitting and use identical.
        values = values.astype(np.float32).astype(np.float64)
        levels = levels.astype(np.float32).astype(np.float64)
        return cls(tuple(cells), tuple(keys), np.array([int(m.sum()) for m in members]), values, levels)

    def find(self, labels: Mapping[str, Texts], n: int) -> Integers:
        """Return the kept cell of every row: the finest one that its known labels lead to."""
        place = {key: c for c, key in enumerate(self.keys)}
        if not self.cells:
            return np.zeros(n, dtype=np.int64)
        columns = [labels[name] for name in self.cells]
        cell_of: dict[tuple[str | None, ...], int] = {}
        cells = np.zeros(n, dtype=np.int64)
        for i, row in enumerate(zip(*columns, strict=True)):
            if row not in cell_of:
                cell_of[row] = self._finest(row, place)
            cells[i] = cell_of[row]
        return cells

    def chains(self, cells: Integers) -> Integers:
        """Return every cell on the way to each row's cell, coarsest first, shape ``(n, depths)``; -1 where none."""
        place = {key: c for c, key in enumerate(self.keys)}
        ways = np.full((len(self.keys), len(self.cells)), -1, dtype=np.int64)
        for c, key in enumerate(self.keys):
            for depth in range(len(key)):
                ways[c, depth] = place[key[: depth + 1]]
        chains: Integers = ways[cells]
        return chains

    def _finest(self, row: tuple[str | None, ...], place: Mapping[tuple[str, ...], int]) -> int:
        best = 0
        for depth in range(1, len(row) + 1):
            key = row[:depth]
            if None in key or key not in place:
                break
            best = place[tuple(str(part) for part in key)]
        return best

    def __call__(self, X: Floats, cells: Integers) -> Floats:
        """Return the level of every value, same shape as ``X``, NaN where it is missing."""
        levels = np.full(X.shape, np.nan)
        for c in np.unique(cells):
            rows = cells == c
            for j in range(X.shape[1]):
                column = X[rows, j]
                level = np.interp(column, self.values[c, j], self.levels[c, j], left=0.0, right=100.0)
                levels[rows, j] = np.where(np.isnan(column), np.nan, level)
        return levels

    def to_arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the numbers to store; names and keys travel as text."""
        return {
            "counts": self.counts.astype(np.int32),
            "values": self.values.astype(np.float32),
            "levels": self.levels.astype(np.float32),
        }

    @classmethod
    def from_arrays(
        cls,
        cells: Sequence[str],
        keys: Sequence[Sequence[str]],
        arrays: Mapping[str, npt.NDArray[np.generic]],
    ) -> LevelReference:
        """Build the reference from what ``to_arrays`` gave."""
        return cls(
            tuple(cells),
            tuple(tuple(key) for key in keys),
            arrays["counts"].astype(np.int64),
            arrays["values"].astype(np.float64),
            arrays["levels"].astype(np.float64),
        )


def _knots(column: Floats) -> tuple[Floats, Floats]:
    """Return ascending values and their mid-rank levels, each of length KNOTS."""
    known = np.sort(column[~np.isnan(column)])
    if len(known) == 0:
        return np.zeros(KNOTS), np.full(KNOTS, 50.0)
    distinct, first, count = np.unique(known, return_index=True, return_counts=True)
    middle = 100.0 * (first + count / 2.0) / len(known)
    if len(distinct) > KNOTS:
        # Evenly spaced standings, plus the values that many share (zero above all).
        heavy = np.argsort(-count, kind="stable")[: KNOTS // 6]
        spread = np.searchsorted(middle, np.linspace(middle[0], middle[-1], KNOTS - len(heavy)))
        chosen = np.unique(np.concatenate([heavy, np.minimum(spread, len(distinct) - 1)]))
        distinct, middle = distinct[chosen], middle[chosen]
    # A value stored as float32 must still be found at its own knot.
    largest = float(np.finfo(np.float32).max)
    stored = np.clip(distinct, -largest, largest).astype(np.float32).astype(np.float64)
    rounded, keep = np.unique(stored, return_index=True)
    middle = middle[keep]
    tail = KNOTS - len(rounded)
    return np.pad(rounded, (0, tail), mode="edge"), np.pad(middle, (0, tail), mode="edge")
