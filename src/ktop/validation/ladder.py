"""Grades against outcomes: event rate per grade with interval and test, order of the ladder, migration."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ktop.kernel.arrays import Floats, Integers
from ktop.validation._arrays import known_pairs
from ktop.validation.bootstrap import firm_draws
from ktop.validation.calibration import jeffreys_interval

#: Level of the tests per grade.
TEST_LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class GradeRow:
    """One grade: firms, events, event rate with its Jeffreys interval (95 %), mean prediction, and the test of the two.

    ``p_value`` is two-sided; ``passes`` says it is not below 5 %. All figures are NaN (``passes`` None) without firms.
    """

    grade: str
    n: int
    share: float
    events: int
    rate: float
    low: float
    high: float
    predicted: float
    p_value: float
    passes: bool | None


def jeffreys_p_value(events: int, n: int, predicted: float, alternative: Literal["two-sided", "greater"]) -> float:
    """Return the Jeffreys test of a predicted event rate.

    The true rate given the data is Beta(events + 1/2, n - events + 1/2). "greater": P(true rate <= predicted), small
    where the prediction understates the rate (ECB, Instructions for reporting the validation results of internal
    models, 2019). "two-sided": twice the smaller tail.
    """
    from scipy.stats import beta

    below = float(beta.cdf(predicted, events + 0.5, n - events + 0.5))
    return below if alternative == "greater" else min(1.0, 2.0 * min(below, 1.0 - below))


def grade_table(
    y: npt.ArrayLike, p: npt.ArrayLike, grades: npt.ArrayLike, symbols: Sequence[str]
) -> tuple[GradeRow, ...]:
    """Return one row for each grade of the ladder, best first, grades without firms included.

    Parameters
    ----------
    y, p : outcomes (0, 1, NaN unknown) and predicted probabilities, shape (n,).
    grades : grade symbol of each row, None where there is none.
    symbols : the ladder, best grade first.
    """
    outcomes, predictions, known = known_pairs(y, p)
    given = np.asarray(grades, dtype=object)[known]
    graded = int(np.isin(given.astype(str), list(symbols)).sum())
    rows = []
    for symbol in symbols:
        inside = given == symbol
        n, events = int(inside.sum()), int(outcomes[inside].sum())
        if not n:
            nan = float("nan")
            rows.append(GradeRow(symbol, 0, 0.0, 0, nan, nan, nan, nan, nan, None))
            continue
        low, high = jeffreys_interval(events, n)
        predicted = float(predictions[inside].mean())
        p_value = jeffreys_p_value(events, n, predicted, "two-sided")
        passes = p_value >= TEST_LEVEL
        rows.append(GradeRow(symbol, n, n / graded, events, events / n, low, high, predicted, p_value, passes))
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class Monotonicity:
    """Whether event rates run in the ladder's order.

    ``inversions`` are neighbouring grades (with firms) in the wrong order; ``significant`` those of them whose rates
    differ at 5 % (one-sided two-proportion test). ``spearman`` is the rank correlation of grade and outcome.
    """

    strict: bool
    inversions: tuple[tuple[str, str], ...]
    significant: tuple[tuple[str, str], ...]
    spearman: float


def monotonicity(table: Sequence[GradeRow], rising: bool) -> Monotonicity:
    """Return the order of the event rates; ``rising`` where the rate should rise from the best grade to the worst.

    Failure rises down its ladder; high growth falls.
    """
    used = [row for row in table if row.n]
    sign = 1.0 if rising else -1.0
    inversions, significant = [], []
    strict = len(used) > 1
    for better, worse in itertools.pairwise(used):
        gap = sign * (worse.rate - better.rate)
        strict &= gap > 0
        if gap < 0:
            inversions.append((better.grade, worse.grade))
            if _proportions_p_value(better, worse) < TEST_LEVEL:
                significant.append((better.grade, worse.grade))
    return Monotonicity(strict, tuple(inversions), tuple(significant), _spearman(used))


def _proportions_p_value(a: GradeRow, b: GradeRow) -> float:
    """Return the one-sided p-value of the pooled two-proportion z test in the direction found."""
    from scipy.stats import norm

    pooled = (a.events + b.events) / (a.n + b.n)
    error = np.sqrt(pooled * (1.0 - pooled) * (1.0 / a.n + 1.0 / b.n))
    return float(norm.sf(abs(a.rate - b.rate) / error)) if error > 0 else 1.0


def _spearman(rows: Sequence[GradeRow]) -> float:
    """Return Spearman's rank correlation of grade position and outcome over all firms, ties by mean rank."""
    n = np.array([row.n for row in rows], dtype=np.float64)
    events = np.array([row.events for row in rows], dtype=np.float64)
    total = n.sum()
    if len(rows) < 2 or not 0 < events.sum() < total:
        return float("nan")
    rank = np.cumsum(n) - n + (n + 1.0) / 2.0
    # With a 0/1 outcome the rank correlation is the point-biserial correlation of the grade's ranks.
    mean = (rank * n).sum() / total
    rate = events.sum() / total
    covariance = ((rank - mean) * (events - rate * n)).sum()
    return float(covariance / np.sqrt((n * (rank - mean) ** 2).sum() * total * rate * (1.0 - rate)))


def chance_of_strict_order(
    y: npt.ArrayLike,
    grades: npt.ArrayLike,
    symbols: Sequence[str],
    rising: bool,
    *,
    firm_ids: npt.ArrayLike | None = None,
    repeats: int = 400,
    seed: int = 0,
) -> float:
    """Return the share of firm-clustered bootstrap draws in which event rates are strictly in order.

    Grades without firms in a draw are left out of that draw.
    """
    outcomes = np.asarray(y, dtype=np.float64)
    position = np.array([{s: i for i, s in enumerate(symbols)}.get(g, -1) for g in np.asarray(grades, dtype=object)])
    known = ~np.isnan(outcomes) & (position >= 0)
    outcomes, position = outcomes[known], position[known]
    if not len(outcomes):
        return float("nan")
    ordered = 0
    for weights in firm_draws(known, firm_ids, repeats, seed):
        n = np.bincount(position, weights, len(symbols))
        events = np.bincount(position, weights * outcomes, len(symbols))
        rates = events[n > 0] / n[n > 0]
        ordered += bool((np.diff(rates) > 0).all() if rising else (np.diff(rates) < 0).all())
    return ordered / repeats


@dataclass(frozen=True, slots=True)
class Migration:
    """Grades of the same firms at two times: ``counts[i, j]`` firms moved from grade i to grade j."""

    symbols: tuple[str, ...]
    counts: Integers

    @property
    def shares(self) -> Floats:
        """Each row as shares of the firms that started there; NaN where none did."""
        starts = self.counts.sum(axis=1, keepdims=True)
        shares: Floats = np.divide(self.counts, starts, out=np.full(self.counts.shape, np.nan), where=starts > 0)
        return shares

    def within(self, notches: int) -> float:
        """Return the share of firms that moved at most ``notches`` grades, NaN without firms."""
        i, j = np.indices(self.counts.shape)
        total = self.counts.sum()
        return float(self.counts[np.abs(i - j) <= notches].sum() / total) if total else float("nan")


def migration(before: npt.ArrayLike, after: npt.ArrayLike, symbols: Sequence[str]) -> Migration:
    """Return how grades of the same firms moved; rows without a grade at either time are left out."""
    place = {symbol: index for index, symbol in enumerate(symbols)}
    counts = np.zeros((len(symbols), len(symbols)), dtype=np.int64)
    for first, second in zip(np.asarray(before, dtype=object), np.asarray(after, dtype=object), strict=True):
        if first in place and second in place:
            counts[place[first], place[second]] += 1
    return Migration(tuple(symbols), counts)
