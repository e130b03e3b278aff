"""The one runtime form of every additive model: look-up tables over few inputs each, explained exactly.

A ``TermModel`` is ``base + sum of tables``. Every input is cut into bins (its own last bin for a missing value), every
table holds one number per combination of the bins of one to four inputs of the same group. Boosted trees and scorecards
are compiled into this form when they are trained; the tables are then the model, and nothing else is needed to rate.

Because a table has few inputs, the Shapley value of each input (Shapley 1953; the part of the difference to the average
of the reference subjects that is due to this input, averaged over all orders of entry) is a table of the same shape,
worked out once. Contributions are therefore exact, and the logit is by definition their sum plus the base.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ktop.kernel.arrays import Floats, Integers

#: Rows worked on at a time: their bins stay near the processor while thousands of tables are gone through.
_CHUNK = 4096
#: Up to so many rows, all tables are looked up at once: going through them one by one costs more than the sums.
_FEW_ROWS = 64
#: Most inputs one table may have: Shapley tables need 2^inputs slices, and a reader can still picture four.
MAX_TABLE_INPUTS = 4


@dataclass(frozen=True, slots=True)
class Table:
    """One term of the model.

    Parameters
    ----------
    inputs : positions of its features, ascending.
    values : logit of every combination of bins, shape ``(bins of input 1, …)``; zero on average over the reference.
    variance : estimation variance of the same cells (logit squared, float32), never smaller in a missing bin than in
        any known bin of the same input.
    cuts : per input, which of its bin edges (by position, ascending) the table tells apart; None for all of them.
    """

    inputs: tuple[int, ...]
    values: Floats
    variance: npt.NDArray[np.float32]
    cuts: tuple[Integers, ...] | None = None


@dataclass(frozen=True)
class TermModel:
    """An additive model of look-up tables.

    Parameters
    ----------
    features, groups : name of each input and the group it belongs to; a table never joins two groups.
    edges : ascending bin edges of each input. A value x falls into bin ``number of edges < x`` (so ``x <= edge`` is the
        lower bin); the last bin, ``len(edges) + 1``, is for a missing value.
    weights : share of the reference subjects in every known bin of each input (each adds up to 1): what "average" means
        where contributions are counted from. A missing value has no weight: the average is that of known values.
    base : average logit over the reference, inputs taken as independent.
    tables : the terms.
    missing_variance : variance of each input's contribution among reference subjects (logit squared): what an unknown
        value of this input could contribute.
    """

    features: tuple[str, ...]
    groups: tuple[str, ...]
    edges: tuple[Floats, ...]
    weights: tuple[Floats, ...]
    base: float
    tables: tuple[Table, ...]
    missing_variance: Floats

    @property
    def bin_counts(self) -> tuple[int, ...]:
        """Number of bins of every input, the missing bin included."""
        return tuple(len(edges) + 2 for edges in self.edges)

    def bins(self, values: Floats) -> Integers:
        """Return the bin of every value. ``values``: shape ``(n, features)``, NaN for missing."""
        if len(values) <= _FEW_ROWS:
            bins = np.count_nonzero(self._padded_edges < values[:, :, None], axis=2)
        else:
            bins = np.empty(values.shape, dtype=np.int64)
            for j, edges in enumerate(self.edges):
                bins[:, j] = np.searchsorted(edges, values[:, j], side="left")
        return np.where(np.isnan(values), self._missing_bins, bins)

    def contributions(self, bins: Integers) -> Floats:
        """Return each input's exact part of the logit, shape ``(n, features)``; ``base`` + row sum is the logit."""
        if len(bins) <= _FEW_ROWS:
            return self._flat.contributions(self._flat.cells(bins))
        parts = np.zeros((len(self.features), len(bins)))
        for start in range(0, len(bins), _CHUNK):
            rows = slice(start, start + _CHUNK)
            columns = np.ascontiguousarray(bins[rows].T)
            for table, places, shares in zip(self.tables, self._places, self._shares, strict=True):
                cells = _cells(table, places, columns)
                for k, j in enumerate(table.inputs):
                    parts[j, rows] += shares[k][cells]
        return np.ascontiguousarray(parts.T)

    def looked_up(self, bins: Integers) -> tuple[Floats, Floats]:
        """Return ``contributions`` and ``estimation_variance`` of the same rows."""
        if len(bins) <= _FEW_ROWS:
            cells = self._flat.cells(bins)
            return self._flat.contributions(cells), self._flat.variance(cells)
        return self.contributions(bins), self.estimation_variance(bins)

    def logit(self, bins: Integers) -> Floats:
        """Return the logit of every row, shape ``(n,)``, as base plus contributions."""
        return add_columns(self.contributions(bins), self.base)

    def variance(self, bins: Integers) -> Floats:
        """Return the variance of every row's logit: estimation plus what its missing inputs could contribute."""
        return self.gap_variance(bins, self.estimation_variance(bins))

    def estimation_variance(self, bins: Integers) -> Floats:
        """Return how much another sample of training subjects would move every row's logit, as a variance."""
        if len(bins) <= _FEW_ROWS:
            return self._flat.variance(self._flat.cells(bins))
        total = np.zeros(len(bins))
        for start in range(0, len(bins), _CHUNK):
            rows = slice(start, start + _CHUNK)
            columns = np.ascontiguousarray(bins[rows].T)
            for table, places in zip(self.tables, self._places, strict=True):
                total[rows] += table.variance.ravel()[_cells(table, places, columns)]
        return total

    def gap_variance(self, bins: Integers, start: Floats | float = 0.0) -> Floats:
        """Return ``start`` plus the variance of what every row's missing inputs could contribute."""
        total = np.zeros(len(bins)) + start
        for j in np.flatnonzero((bins == self._missing_bins).any(axis=0)).tolist():
            total += np.where(bins[:, j] == len(self.edges[j]) + 1, self.missing_variance[j], 0.0)
        return total

    def range(self) -> tuple[float, float]:
        """Return bounds that no logit of this model can pass: the sums of the tables' smallest and largest values."""
        low = self.base + math.fsum(float(table.values.min()) for table in self.tables)
        high = self.base + math.fsum(float(table.values.max()) for table in self.tables)
        return low, high

    @functools.cached_property
    def _padded_edges(self) -> Floats:
        """The edges of every input in a row of one length; beyond its own no value is larger than an edge."""
        padded = np.full((len(self.edges), max(map(len, self.edges), default=0)), np.inf)
        for row, edges in zip(padded, self.edges, strict=True):
            row[: len(edges)] = edges
        return padded

    @functools.cached_property
    def _missing_bins(self) -> Integers:
        """The bin of a missing value of every input."""
        return np.array(self.bin_counts, dtype=np.int64) - 1

    @functools.cached_property
    def _flat(self) -> _FlatTables:
        return _FlatTables.of(self.tables, self._places, self._shares, self.bin_counts)

    @functools.cached_property
    def _shares(self) -> tuple[Floats, ...]:
        """Shapley tables: for every term an array ``(inputs, cells)``."""
        shares = []
        for table, places in zip(self.tables, self._places, strict=True):
            weights = [self.weights[j] for j in table.inputs]
            if places is not None:
                weights = [merged_weights(weight, place) for weight, place in zip(weights, places, strict=True)]
            shares.append(np.ascontiguousarray(shapley_table(table.values, weights).T))
        return tuple(shares)

    @functools.cached_property
    def _places(self) -> tuple[tuple[Integers, ...] | None, ...]:
        """Per table, where each bin of its inputs lies on its axes; None where every bin has its own place."""
        counts = self.bin_counts
        return tuple(
            None
            if table.cuts is None
            else tuple(axis_places(cuts, counts[j]) for j, cuts in zip(table.inputs, table.cuts, strict=True))
            for table in self.tables
        )

    def to_arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the model's numbers as a few flat arrays (names and groups travel beside them as text)."""
        width = max((len(table.inputs) for table in self.tables), default=1)
        inputs = np.full((len(self.tables), width), -1, dtype=np.int16)
        for row, table in enumerate(self.tables):
            inputs[row, : len(table.inputs)] = table.inputs
        arrays: dict[str, npt.NDArray[np.generic]] = {
            "edges": np.concatenate([*self.edges, np.zeros(0)]),
            "edge_counts": np.array([len(edges) for edges in self.edges], dtype=np.int16),
            "weights": np.concatenate([*self.weights, np.zeros(0)]),
            "base": np.array([self.base]),
            "inputs": inputs,
            "values": np.concatenate([table.values.ravel() for table in self.tables] or [np.zeros(0)]),
            "variance": np.concatenate([table.variance.ravel() for table in self.tables] or [np.zeros(0, np.float32)]),
            "missing_variance": self.missing_variance,
        }
        if any(table.cuts is not None for table in self.tables):
            # Models whose tables all tell every bin apart keep the layout they always had.
            axes = [
                np.arange(len(self.edges[j])) if table.cuts is None else table.cuts[k]
                for table in self.tables
                for k, j in enumerate(table.inputs)
            ]
            arrays["cut_counts"] = np.array([len(cuts) for cuts in axes], dtype=np.int16)
            arrays["cuts"] = np.concatenate([*axes, np.zeros(0, np.int64)]).astype(np.int16)
        return arrays

    @classmethod
    def from_arrays(
        cls, features: Sequence[str], groups: Sequence[str], arrays: Mapping[str, npt.NDArray[np.generic]]
    ) -> TermModel:
        """Build the model from what ``to_arrays`` gave."""
        counts = [int(c) for c in arrays["edge_counts"]]
        edges = np.split(np.asarray(arrays["edges"], dtype=np.float64), np.cumsum(counts)[:-1]) if counts else []
        shares = np.asarray(arrays["weights"], dtype=np.float64)
        weights = np.split(shares, np.cumsum([c + 1 for c in counts])[:-1]) if counts else []
        bins = [c + 2 for c in counts]
        tables, start = [], 0
        values, variance = np.asarray(arrays["values"], dtype=np.float64), arrays["variance"].astype(np.float32)
        axes = None
        if "cut_counts" in arrays:
            ends = np.cumsum(arrays["cut_counts"].astype(np.int64))
            axes = iter(np.split(arrays["cuts"].astype(np.int64), ends[:-1]))
        for row in arrays["inputs"]:
            inputs = tuple(int(j) for j in row if j >= 0)
            cuts = None if axes is None else tuple(next(axes) for _ in inputs)
            shape = tuple(bins[j] for j in inputs) if cuts is None else tuple(len(axis) + 2 for axis in cuts)
            stop = start + math.prod(shape)
            tables.append(Table(inputs, values[start:stop].reshape(shape), variance[start:stop].reshape(shape), cuts))
            start = stop
        return cls(
            features=tuple(features),
            groups=tuple(groups),
            edges=tuple(edges),
            weights=tuple(weights),
            base=float(np.asarray(arrays["base"], dtype=np.float64)[0]),
            tables=tuple(tables),
            missing_variance=np.asarray(arrays["missing_variance"], dtype=np.float64),
        )


@dataclass(frozen=True, slots=True)
class _FlatTables:
    """All tables of a model end to end, so that one row is looked up in all of them at once.

    Numbers are added in the order of the tables, as ``TermModel`` adds them for many rows: the bits are the same.

    Parameters
    ----------
    features : the number of inputs of the model.
    used : per (table, input of it): the model's input, shape ``(uses,)``; ``first`` is where each table's uses begin.
    steps : what each bin of a use adds to the table's flat position, shape ``(uses, most bins)``.
    starts : where each table's cells begin in ``values``, shape ``(tables,)``.
    variances : estimation variance of every cell of every table.
    shares, share_starts : the same for the Shapley tables, one a use.
    owner : the table of every use.
    """

    features: int
    used: Integers
    first: Integers
    steps: Integers
    starts: Integers
    variances: Floats
    shares: Floats
    share_starts: Integers
    owner: Integers

    @classmethod
    def of(
        cls,
        tables: Sequence[Table],
        places: Sequence[tuple[Integers, ...] | None],
        shares: Sequence[Floats],
        bin_counts: Sequence[int],
    ) -> _FlatTables:
        used = [j for table in tables for j in table.inputs]
        lengths = np.array([len(table.inputs) for table in tables], dtype=np.int64)
        steps = np.zeros((len(used), max(bin_counts, default=0)), dtype=np.int64)
        use = 0
        for table, own in zip(tables, places, strict=True):
            for k, j in enumerate(table.inputs):
                place = np.arange(bin_counts[j]) if own is None else own[k]
                steps[use, : len(place)] = place * math.prod(table.values.shape[k + 1 :])
                use += 1
        sizes = np.array([table.values.size for table in tables], dtype=np.int64)
        flat_shares = [share for own in shares for share in own]
        return cls(
            features=len(bin_counts),
            used=np.array(used, dtype=np.int64),
            first=np.cumsum(lengths) - lengths,
            steps=steps,
            starts=np.cumsum(sizes) - sizes,
            variances=np.concatenate([np.zeros(0), *(table.variance.ravel() for table in tables)]),
            shares=np.concatenate([np.zeros(0), *flat_shares]),
            share_starts=np.cumsum([0, *map(len, flat_shares)])[:-1].astype(np.int64),
            owner=np.repeat(np.arange(len(tables)), lengths),
        )

    def cells(self, bins: Integers) -> Integers:
        """Return each row's flat position in every table, shape ``(tables, n)``."""
        if not len(self.used):
            return np.zeros((0, len(bins)), dtype=np.int64)
        steps = np.take_along_axis(self.steps, bins.T[self.used], axis=1)
        return np.asarray(np.add.reduceat(steps, self.first, axis=0), dtype=np.int64)

    def contributions(self, cells: Integers) -> Floats:
        """Return each input's part of every row's logit, shape ``(n, features)``."""
        n = cells.shape[1]
        parts = self.shares[cells[self.owner] + self.share_starts[:, None]]
        place = np.arange(n) * self.features + self.used[:, None]
        # ``bincount`` adds in the order given, which is that of the tables.
        sums = np.bincount(place.ravel(), weights=parts.ravel(), minlength=n * self.features)
        return np.asarray(sums, dtype=np.float64).reshape(n, self.features)

    def variance(self, cells: Integers) -> Floats:
        """Return the sum of every row's cells' variances, shape ``(n,)``."""
        n = cells.shape[1]
        own = self.variances[cells + self.starts[:, None]]
        sums = np.bincount(np.tile(np.arange(n), len(own)), weights=own.ravel(), minlength=n)
        return np.asarray(sums, dtype=np.float64)


def _cells(table: Table, places: tuple[Integers, ...] | None, columns: Integers) -> Integers:
    """Return each row's flat position in the table; ``columns`` are the bins by feature, shape ``(features, n)``."""
    axes = [columns[j] for j in table.inputs]
    if places is not None:
        axes = [place[axis] for place, axis in zip(places, axes, strict=True)]
    cells = axes[0]
    for size, axis in zip(table.values.shape[1:], axes[1:], strict=True):
        cells = cells * size + axis
    return np.asarray(cells, dtype=np.int64)


def axis_places(cuts: Integers, bins: int) -> Integers:
    """Return where each of an input's bins lies on an axis that tells only some edges apart; missing stays last."""
    places = np.searchsorted(cuts, np.arange(bins), side="left")
    places[-1] = len(cuts) + 1
    return np.asarray(places, dtype=np.int64)


def merged_weights(weights: Floats, places: Integers) -> Floats:
    """Return the weights of the known places of an axis: sums of the weights of the bins that share one."""
    sums = np.bincount(places[:-1], weights=weights, minlength=int(places[-1]))
    return np.asarray(sums, dtype=np.float64)


def add_columns(parts: Floats, base: float | Floats) -> Floats:
    """Return ``base`` plus the row sums, added column by column: the same bits for one row as for a million."""
    total = np.zeros(len(parts)) + base
    if len(parts) <= _FEW_ROWS:  # running sums add in the same order
        return np.asarray(np.cumsum(np.concatenate((total[:, None], parts), axis=1), axis=1)[:, -1])
    for j in range(parts.shape[1]):
        total += parts[:, j]
    return total


def average(values: Floats, weights: Sequence[Floats], axes: Sequence[int]) -> Floats:
    """Return a table averaged over some axes by the weights of their known bins; the axes stay, with length 1."""
    averaged = values
    for axis in axes:
        known = axis_last(averaged, axis)[..., :-1]
        averaged = (known * weights[axis]).sum(axis=-1, keepdims=True).transpose(_orders(averaged.ndim, axis)[1])
    return averaged


def axis_last(values: Floats, axis: int) -> Floats:
    """Return a view with one axis last, as ``np.moveaxis`` gives it, which takes longer than the sums it is for."""
    return values.transpose(_orders(values.ndim, axis)[0])


@functools.cache
def _orders(ndim: int, axis: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the orders of axes that put ``axis`` last, and that put the last one back."""
    others = [k for k in range(ndim) if k != axis]
    back = list(range(ndim - 1))
    back.insert(axis, ndim - 1)
    return (*others, axis), tuple(back)


def shapley_table(values: Floats, weights: Sequence[Floats]) -> Floats:
    """Return the Shapley value of every input in every cell of a table, shape ``(cells, inputs)``.

    The value v(U) of a set U of inputs is the table averaged over the inputs outside U, each by the weights of its own
    bins (the interventional form of Lundberg and Lee 2017, worked out in full); input i gets the mean of its steps
    v(U + i) - v(U), weighted |U|! (k - |U| - 1)! / k!. The parts add up to the cell less the table's average.

    Parameters
    ----------
    values : the table, its last bin along every axis being that of a missing value.
    weights : per axis, the share of every known bin.
    """
    k = values.ndim
    if k > MAX_TABLE_INPUTS:
        raise ValueError(f"a table has {k} inputs, at most {MAX_TABLE_INPUTS} are allowed")
    held: dict[frozenset[int], Floats] = {}
    for size in range(k + 1):
        for chosen in itertools.combinations(range(k), size):
            held[frozenset(chosen)] = average(values, weights, [axis for axis in range(k) if axis not in chosen])
    shares = np.zeros((*values.shape, k))
    for i in range(k):
        others = [axis for axis in range(k) if axis != i]
        for size in range(k):
            weight = math.factorial(size) * math.factorial(k - size - 1) / math.factorial(k)
            for chosen in itertools.combinations(others, size):
                before = frozenset(chosen)
                shares[..., i] += weight * (held[before | {i}] - held[before])
    return shares.reshape(-1, k)
