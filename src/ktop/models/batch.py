"""Ratings of many companies as columns: what a model answers about a table, and single ratings taken out of it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ktop.domain.company.indicators import ACCOUNTS
from ktop.domain.rating.rating import Base, Contribution, ModelRef, Probability
from ktop.kernel.arrays import Booleans, Floats, Integers, Texts
from ktop.models.panel_model import Estimate

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Explained:
    """The exact parts of one score for n companies.

    Parameters
    ----------
    base_logit, base_points : where each company starts: the average reference company it is compared with, ``(n,)``.
    logit : the additive quantity, shape ``(n,)``.
    logits, points : parts per indicator, shape ``(n, indicators)``; base + row sum is ``logit`` and the score.
    counted : which indicators the score is made of, shape ``(indicators,)``; the others have no part. None: all.
    """

    base_logit: Floats
    base_points: Floats
    logit: Floats
    logits: Floats
    points: Floats
    counted: Booleans | None = None

    def base(self, row: int) -> Base:
        """Return one company's starting point."""
        return Base(logit=float(self.base_logit[row]), points=float(self.base_points[row]))


@dataclass(frozen=True)
class BatchRatings:
    """What a company model says of n companies; NaN or None where a company could not be rated (``ok`` False).

    Parameters
    ----------
    model : name and version.
    n : number of companies.
    ok : shape ``(n,)``: rated or not. Not rated are rows refused by the table and rows that know no indicator at all.
    indicators, groups : ids of the indicators and the group of each.
    cells : the model's comparison cell of every company, shape ``(n,)``.
    values, levels : raw value and standing among comparable companies (0-100), shape ``(n, indicators)``, NaN missing.
    scores : 0-100 by name.
    grades : symbols by ladder.
    probabilities : by target: value, low and high ends of the 90 % interval; NaN where a target does not apply.
    explained : by score; empty where contributions were not asked for.
    flags : remarks by name, true where they hold (``grade_capped``, ``tracks_disagree`` …).
    columns : further columns of this model, by name.
    details : what this model needs to tell more of one row, by name.
    """

    model: ModelRef
    n: int
    ok: Booleans
    indicators: tuple[str, ...]
    groups: tuple[str, ...]
    cells: Integers
    values: Floats
    levels: Floats
    scores: Mapping[str, Floats]
    grades: Mapping[str, Texts]
    probabilities: Mapping[str, tuple[Floats, Floats, Floats]]
    explained: Mapping[str, Explained] = field(default_factory=dict)
    flags: Mapping[str, Booleans] = field(default_factory=dict)
    columns: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def required(self) -> Booleans:
        """Which indicators a rating is expected to know, shape ``(indicators,)``: all but the optional accounts."""
        return np.array([group != ACCOUNTS for group in self.groups], dtype=bool)

    @property
    def missing(self) -> Integers:
        """Number of missing indicators of every company, the accounts not counted."""
        return np.asarray(np.isnan(self.values[:, self.required]).sum(axis=1), dtype=np.int64)

    @property
    def accounts_known(self) -> Integers | None:
        """Number of ratios of the accounts that are known of every company; None where the model reads none."""
        if self.required.all():
            return None
        return np.asarray((~np.isnan(self.values[:, ~self.required])).sum(axis=1), dtype=np.int64)

    def score(self, name: str, row: int) -> float | None:
        """Return one company's score, None where it cannot be given."""
        value = float(self.scores[name][row])
        return None if np.isnan(value) else value

    def targets_of(self, row: int) -> tuple[str, ...]:
        """Return the targets that apply to one company: those with a probability."""
        return tuple(name for name, (value, _, _) in self.probabilities.items() if not np.isnan(value[row]))

    def probability(self, target: str, row: int) -> Probability:
        """Return one company's probability of an event."""
        value, low, high = (float(column[row]) for column in self.probabilities[target])
        return Probability(value=value, low=low, high=high)

    def contributions(self, row: int) -> tuple[Contribution, ...]:
        """Return one company's contributions to every explained score."""
        known = [_known(column[row]) for column in (self.values, self.levels)]
        return tuple(
            Contribution(score, name, group, value, logit, points, level)
            for score, parts in self.explained.items()
            for name, group, value, logit, points, level, counted in zip(
                self.indicators,
                self.groups,
                known[0],
                parts.logits[row].tolist(),
                parts.points[row].tolist(),
                known[1],
                itertools.repeat(True) if parts.counted is None else parts.counted.tolist(),
                strict=parts.counted is not None,
            )
            if counted
        )

    def to_frame(self, contributions: bool = False) -> pl.DataFrame:
        """Return one row a company: scores, grades, probabilities with intervals, flags, and points where asked for.

        Columns: the score's name, ``grade_<ladder>``, ``p_<target>`` with ``_low`` and ``_high``, the flags, what else
        this model gives, ``indicators_missing``, ``accounts_known`` where the model reads the accounts, and
        ``points_<score>_<indicator>``.
        """
        import polars as pl

        columns: dict[str, Any] = {name: pl.Series(values).fill_nan(None) for name, values in self.scores.items()}
        columns |= {f"grade_{k}": pl.Series(v.tolist(), dtype=pl.String) for k, v in self.grades.items()}
        for target, (value, low, high) in self.probabilities.items():
            for suffix, column in (("", value), ("_low", low), ("_high", high)):
                columns[f"p_{target}{suffix}"] = pl.Series(column).fill_nan(None)
        columns |= {name: pl.Series(flag) for name, flag in self.flags.items()}
        for name, values in self.columns.items():
            # A column of words is one also where no row has any: parts of a table must fit together.
            columns[name] = pl.Series(values.tolist(), dtype=pl.String if values.dtype == object else None)
        columns["indicators_missing"] = pl.Series(self.missing)
        if self.accounts_known is not None:
            columns["accounts_known"] = pl.Series(self.accounts_known)
        if contributions:
            for score, parts in self.explained.items():
                for k, name in enumerate(self.indicators):
                    if parts.counted is not None and not parts.counted[k]:
                        continue
                    columns[f"points_{score}_{name}"] = pl.Series(parts.points[:, k]).fill_nan(None)
        return pl.DataFrame(columns)


def _known(numbers: Floats) -> list[float | None]:
    return [None if number != number else number for number in numbers.tolist()]  # NaN alone differs from itself


def explain(
    estimate: Estimate, shown: Floats, base_points: Floats, ok: Booleans, counted: Booleans | None = None
) -> Explained:
    """Return a score's exact parts from its estimate; ``shown`` is the displayed score, ``base_points`` its start.

    Points are spread as ``ktop.domain.rating.rating.points_of`` does; rows not ``ok`` become NaN.
    """
    distance = estimate.logit - estimate.base
    slope = np.where(distance != 0, (shown - base_points) / np.where(distance != 0, distance, 1.0), 0.0)
    blank = np.where(ok, 0.0, np.nan)
    return Explained(
        estimate.base + blank,
        base_points + blank,
        estimate.logit + blank,
        estimate.contributions + blank[:, None],
        estimate.contributions * slope[:, None] + blank[:, None],
        counted,
    )
