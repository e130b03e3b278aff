"""Holds raw measures against reference patents: levels, logits, trait and overall scores, all exactly additive."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ktop.kernel.arrays import Floats
from ktop.models.originality.definitions import SCORE, TRAITS, measures, settings
from ktop.models.originality.weights import Weights

#: A measure that fewer reference patents than this have is not used: the corpus cannot give it.
FEWEST_KNOWN = 30
#: Largest share of reference patents with one and the same value for their values to be moved along a trend.
MOST_TIED = 0.1
_HISTOGRAM_BINS = 20
#: Quantiles kept ready: a rating asks for a handful, always the same.
_QUANTILES_KEPT = 256


@dataclass(frozen=True, slots=True)
class PercentileCurve:
    """Turns an additive z into a percentile of the reference patents, 0 to 100, piecewise linear and never falling.

    ``z`` are the distinct reference values, ascending; ``percentile`` their mid-ranks, 0 to 100 exclusive.
    """

    z: Floats
    percentile: Floats

    @classmethod
    def of(cls, values: Floats) -> PercentileCurve:
        """Build the curve from reference values; NaN ones are left out, at least one must be known."""
        known: Floats = np.sort(values[~np.isnan(values)]).astype(np.float64)
        distinct: Floats = np.unique(known).astype(np.float64)
        below = np.searchsorted(known, distinct, side="left")
        through = np.searchsorted(known, distinct, side="right")
        midranks: Floats = (100.0 * (below + through) / (2.0 * len(known))).astype(np.float64)
        return cls(distinct, midranks)

    def at(self, z: float) -> float:
        """Return the percentile at ``z``; beyond the reference, that of its last value and half of the rest."""
        if z < self.z[0]:
            return float(self.percentile[0]) / 2.0
        if z > self.z[-1]:
            return (100.0 + float(self.percentile[-1])) / 2.0
        return float(np.interp(z, self.z, self.percentile))


@dataclass(frozen=True, slots=True)
class ScoredMeasure:
    """One measure's place: raw value, level 0-100 among the reference (both NaN = missing), signed logit (0)."""

    value: float
    level: float
    logit: float


@dataclass(frozen=True, slots=True)
class ScoredMeasures:
    """A technology held against the reference.

    Parameters
    ----------
    measures : each measure by its name.
    z, points : logit and 0-100 score by trait and for ``"score"``.
    base_points : the score at the reference's middle (logit 0) by the same names.
    """

    measures: Mapping[str, ScoredMeasure]
    z: Mapping[str, float]
    points: Mapping[str, float]
    base_points: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class ReferenceDistribution:
    """A window of reference patents, ready for placing technologies.

    Parameters
    ----------
    names, columns : measures and their sorted known reference values.
    shares : weight of each measure in its trait, adding up to 1 over the measures this corpus can give; 0 for others.
    trait_shares : weight of each trait in the score, adding up to 1 over the traits this corpus can give; 0 for others.
    curves : percentile curve of every trait and of ``"score"``.
    z_scores : (w,) the window's own overall logits.
    close : the focused similarity from which a patent counts as close: the median at the catalogue's rank.
    close_counts : (w,) numbers of close patents, ascending.
    nearest : (w,) plain similarities to the nearest patent, ascending.
    later : the window holds patents that were filed after the as-of day (the corpus has too few before it).
    weighed : measures that the version weighs, whether the corpus can give them or not.
    """

    names: tuple[str, ...]
    columns: tuple[Floats, ...]
    shares: Mapping[str, float]
    trait_shares: Mapping[str, float]
    curves: Mapping[str, PercentileCurve]
    z_scores: Floats
    close: float
    close_counts: Floats
    nearest: Floats
    later: bool
    weighed: frozenset[str]

    @classmethod
    def of(
        cls,
        names: tuple[str, ...],
        values: Floats,
        similarity: Floats,
        nearest: Floats,
        years_before: Floats,
        later: bool,
        weights: Weights,
    ) -> ReferenceDistribution:
        """Prepare the window.

        Parameters
        ----------
        names, values : measures and the window's raw values (w, m).
        similarity : (w, n) focused similarities to neighbours, descending.
        nearest : (w,) plain similarity to the nearest neighbour.
        years_before : (w,) years from each patent's filing to the day technologies are rated as of.
        later : see the class.
        weights : how much each measure counts.
        """
        values = np.column_stack([brought_forward(column, years_before) for column in values.T])
        close = _usual_at_rank(similarity, int(settings()["close_rank"]))
        counts = brought_forward(np.count_nonzero(similarity >= close, axis=1).astype(np.float64), years_before)
        columns = tuple(np.sort(column[~np.isnan(column)]) for column in values.T)
        shares = _shares(names, columns, weights)
        trait_shares = _trait_shares(names, shares, weights)
        logits = np.column_stack([_logits(column, values[:, i], names[i]) for i, column in enumerate(columns)])
        z = {
            trait: logits @ np.array([shares[name] if _trait(name) == trait else 0.0 for name in names])
            for trait in TRAITS
        }
        z[SCORE] = np.sum([trait_shares[trait] * z[trait] for trait in TRAITS], axis=0)
        curves = {name: PercentileCurve.of(column) for name, column in z.items()}
        return cls(
            names,
            columns,
            shares,
            trait_shares,
            curves,
            z[SCORE],
            close,
            np.sort(counts),
            np.sort(nearest),
            later,
            frozenset(name for name in names if weights.shares.get(name, 0.0) > 0.0),
        )

    @property
    def size(self) -> int:
        """Number of reference patents in the window."""
        return len(self.z_scores)

    def score(
        self, values: Mapping[str, float], certainty: float = 1.0, again: Sequence[Mapping[str, float]] = ()
    ) -> ScoredMeasures:
        """Return the technology's levels, logits and scores. A missing measure adds nothing to any logit.

        Every logit is multiplied by ``certainty``, 0 to 1: how far one telling of a technology is to be believed.
        ``again`` are the measures by parts of the same text: level and logit are means over all that are known.
        """
        scored = {}
        for name, column in zip(self.names, self.columns, strict=True):
            value = values[name]
            usable = self.shares[name] > 0.0 and not math.isnan(value)
            level, logit = math.nan, 0.0
            if usable:
                taken = [value, *(other[name] for other in again if not math.isnan(other[name]))]
                levels = _levels(column, np.array(taken))
                level = math.fsum(levels) / len(levels)
                mean = math.fsum(bounded_logits(levels)) / len(levels)
                logit = certainty * _SIGNS[name] * mean
            scored[name] = ScoredMeasure(value, 100.0 * level, logit)
        z = {
            trait: math.fsum(self.shares[name] * scored[name].logit for name in self.names if _trait(name) == trait)
            for trait in TRAITS
        }
        z[SCORE] = math.fsum(self.trait_shares[trait] * z[trait] for trait in TRAITS)
        return ScoredMeasures(
            measures=scored,
            z=z,
            points={name: self.curves[name].at(value) for name, value in z.items()},
            base_points={name: self.curves[name].at(0.0) for name in z},
        )

    # --- density -----------------------------------------------------------------------------------------------------

    def density_percentile(self, count: int) -> float:
        """Return the mid-rank percentile, 0-100, of a number of close patents among the reference patents."""
        return 100.0 * float(_midranks(self.close_counts, count))

    def growth_percentile(self, growth: float) -> float:
        """Return the percentile, 0-100, of a filing growth among the reference patents; NaN where it is not known."""
        column = self.columns[self.names.index("filing_growth")]
        return math.nan if math.isnan(growth) or not len(column) else 100.0 * float(_midranks(column, growth))

    @functools.lru_cache(maxsize=_QUANTILES_KEPT)  # noqa: B019 - few distributions are held by it
    def quantile(self, name: str, quantile: float) -> float:
        """Return a quantile of a measure among the reference patents; NaN where none has it."""
        column = self.columns[self.names.index(name)]
        return float(np.quantile(column, quantile)) if len(column) else math.nan

    @functools.lru_cache(maxsize=_QUANTILES_KEPT)  # noqa: B019 - as above
    def usual_nearest(self, quantile: float) -> float:
        """Return a quantile of the reference patents' similarity to their nearest patent."""
        return float(np.quantile(self.nearest, quantile))

    @functools.cached_property
    def histogram(self) -> dict[str, list[float]]:
        """Edges of bins of the score, 0-100, and how many reference patents lie in each: about equally many."""
        curve = self.curves[SCORE]
        percentiles = np.interp(self.z_scores, curve.z, curve.percentile)
        bins = (percentiles * _HISTOGRAM_BINS / 100.0).astype(np.int64)
        return {
            "edges": [100.0 * i / _HISTOGRAM_BINS for i in range(_HISTOGRAM_BINS + 1)],
            "counts": np.bincount(bins, minlength=_HISTOGRAM_BINS).tolist(),
        }


def brought_forward(column: Floats, years_before: Floats) -> Floats:
    """Return reference values shifted along their own trend to the day technologies are rated as of.

    A corpus fills up: later patents have nearer neighbours and older terms whatever they are worth. The trend is the
    least-squares line over the window; NaN stays NaN. (Kelly et al. 2021 take out year means for the same reason.)
    A column in which many patents have one value (no new term at all) stays as it is: moved by a hair they would all
    rank below, or all above, a technology with the same value.
    """
    known = ~np.isnan(column)
    if np.count_nonzero(known) < FEWEST_KNOWN:
        return column
    if np.unique(column[known], return_counts=True)[1].max() > MOST_TIED * np.count_nonzero(known):
        return column
    away = years_before[known] - years_before[known].mean()
    spread = float(away @ away)
    if spread <= 0.0:
        return column
    slope = float(away @ column[known]) / spread
    return column - slope * years_before


def _usual_at_rank(similarity: Floats, rank: int) -> float:
    return float(np.median(np.nan_to_num(similarity[:, min(rank, similarity.shape[1]) - 1])))


_SIGNS = {measure.name: measure.sign for measure in measures()}
_TRAIT_OF = {measure.name: measure.trait for measure in measures()}


def _trait(name: str) -> str:
    return _TRAIT_OF[name]


def _shares(names: tuple[str, ...], columns: tuple[Floats, ...], weights: Weights) -> dict[str, float]:
    """Return each measure's weight within its trait; one that the corpus cannot give, or that is constant, has none."""
    usable = {
        name: weights.shares.get(name, 0.0) if len(column) >= FEWEST_KNOWN and column[0] < column[-1] else 0.0
        for name, column in zip(names, columns, strict=True)
    }
    total = {trait: math.fsum(w for name, w in usable.items() if _trait(name) == trait) for trait in TRAITS}
    return {name: w / total[_trait(name)] if w else 0.0 for name, w in usable.items()}


def _trait_shares(names: tuple[str, ...], shares: Mapping[str, float], weights: Weights) -> dict[str, float]:
    given = {_trait(name) for name in names if shares[name] > 0.0}
    total = math.fsum(weights.trait(trait) for trait in given)
    return {trait: weights.trait(trait) / total if trait in given else 0.0 for trait in TRAITS}


def _midranks(column: Floats, values: Floats | float) -> Floats:
    """Return the share of ``column`` (sorted) below each of ``values``, ties counted half."""
    ranks: Floats = (column.searchsorted(values, "left") + column.searchsorted(values, "right")) / (2.0 * len(column))
    return ranks


def _levels(column: Floats, values: Floats) -> Floats:
    """Return the mid-ranks of ``values``, kept off 0 and 1 by half a patent at each end: their logits are finite."""
    return (_midranks(column, values) * len(column) + 0.5) / (len(column) + 1.0)


def bounded_logits(levels: Floats) -> Floats:
    """Return ln(u / (1 - u)) of mid-ranks u between 0 and 1, held within ``settings.most_logit`` on both sides.

    A technology that lies outside the reference on a measure, as one of a field that the corpus hardly has, is not told
    apart from one at its edge: far out wordings differ most, and a single measure must not decide (winsorising; Huber
    1981). Never falling in u.
    """
    most = float(settings()["most_logit"])
    logits: Floats = np.clip(np.log(levels / (1.0 - levels)), -most, most)
    return logits


def _logits(column: Floats, values: Floats, name: str) -> Floats:
    """Return the signed logits of many values, 0 where missing."""
    logits = np.zeros(len(values))
    known = ~np.isnan(values)
    if len(column):
        below = np.searchsorted(column, values[known], side="left")
        through = np.searchsorted(column, values[known], side="right")
        level = ((below + through) / 2.0 + 0.5) / (len(column) + 1.0)
        logits[known] = _SIGNS[name] * bounded_logits(level)
    return logits
