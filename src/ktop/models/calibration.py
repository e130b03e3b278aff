"""Logits, probabilities and the layer that makes a raw model score a calibrated probability (Platt 1999)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Logits beyond this are cut before ``exp``: the probability is 0 or 1 to the last digit anyway.
_LOGIT_LIMIT = 700.0
_FEWEST_FOR_LEVEL = 10


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


def fit_platt(raw: Floats, outcome: Floats, offset: Floats | float = 0.0) -> Platt:
    """Fit the two numbers of the calibration layer by maximum likelihood on scores the model did not train on.

    Parameters
    ----------
    raw : raw logits, shape ``(n,)``.
    outcome : 0 or 1, shape ``(n,)``. Platt's smoothed targets keep the fit finite when the classes separate.
    offset : what is added to the calibrated logit afterwards, and so must be there while fitting.
    """
    events = float(outcome.sum())
    goal = np.where(outcome > 0, (events + 1.0) / (events + 2.0), 1.0 / (len(outcome) - events + 2.0))
    centre, spread = float(np.mean(raw)), float(np.std(raw)) or 1.0
    x = (raw - centre) / spread
    a, b = float(logit(np.array([goal.mean()]))[0]), 1.0
    for _ in range(100):
        p = expit(a + b * x + offset)
        w = np.maximum(p * (1.0 - p), 1e-12)
        gradient = np.array([np.sum(p - goal), np.sum((p - goal) * x)])
        hessian = np.array([[np.sum(w), np.sum(w * x)], [np.sum(w * x), np.sum(w * x * x) + 1e-9]])
        step = np.linalg.solve(hessian, gradient)
        step *= min(1.0, 4.0 / max(float(np.abs(step).max()), 1e-300))
        a, b = a - float(step[0]), b - float(step[1])
        if float(np.abs(step).max()) < 1e-12:
            break
    slope = max(b / spread, 1e-6)
    return Platt(intercept=a - slope * centre, slope=slope)


def fit_platt_by_year(raw: Floats, outcome: Floats, year: npt.NDArray[np.int64]) -> Platt:
    """Fit the calibration layer where the level of the outcome moves from year to year.

    The slope is the one within years (every year has its own intercept while it is fitted); the intercept then makes
    the mean probability of all rows their event rate. One line through all years together would mistake the movement
    of the level for timidity or boldness of the scores: its slope comes out too small. Years without both outcomes
    count for the level only. With one usable year this is ``fit_platt``.

    Parameters
    ----------
    raw, outcome : as in ``fit_platt``.
    year : of every row, shape ``(n,)``.
    """
    distinct, place = np.unique(year, return_inverse=True)
    events = np.bincount(place, weights=outcome, minlength=len(distinct))
    count = np.bincount(place, minlength=len(distinct))
    usable = ((events > 0) & (events < count))[place]
    if len(np.unique(place[usable])) < 2:
        return fit_platt(raw, outcome)
    start = fit_platt(raw, outcome)
    where = np.unique(place[usable], return_inverse=True)[1]
    x, y = raw[usable], outcome[usable]
    levels, slope = np.full(int(where.max()) + 1, start.intercept), start.slope
    for _ in range(100):
        p = expit(levels[where] + slope * x)
        w = np.maximum(p * (1.0 - p), 1e-12)
        # Newton's step with the years' intercepts eliminated: their block of the Hessian is diagonal.
        own, cross = np.bincount(where, weights=w), np.bincount(where, weights=w * x)
        miss, miss_x = np.bincount(where, weights=p - y), float(np.sum((p - y) * x))
        change = (miss_x - float(np.sum(cross * miss / own))) / (
            float(np.sum(w * x * x) - np.sum(cross**2 / own)) + 1e-9
        )
        change = float(np.clip(change, -1.0, 1.0))
        shifts = np.clip((miss - cross * change) / own, -2.0, 2.0)
        slope, levels = slope - change, levels - shifts
        if max(abs(change), float(np.abs(shifts).max())) < 1e-12:
            break
    slope = max(slope, 1e-6)
    return Platt(_intercept(start.intercept, slope * raw, outcome), slope)


def _intercept(start: float, sloped: Floats, outcome: Floats) -> float:
    """Return the intercept that makes the mean probability of sloped logits the event rate (Newton's method)."""
    level = start
    for _ in range(100):
        p = expit(level + sloped)
        change = float(np.sum(p - outcome) / max(np.sum(p * (1.0 - p)), 1e-12))
        level -= float(np.clip(change, -2.0, 2.0))
        if abs(change) < 1e-12:
            break
    return level


def mean_level(line: Platt, raw: Floats, outcome: Floats, year: npt.NDArray[np.int64]) -> Platt:
    """Return ``line`` with the intercept that is right for the average year (through the cycle).

    Each year's own intercept is found with the slope held; years with fewer than ten rows of either outcome are left
    out, and every other year counts alike, however many rows it has.
    """
    levels = []
    for one in np.unique(year):
        x, y = line.slope * raw[year == one], outcome[year == one]
        if min(y.sum(), len(y) - y.sum()) < _FEWEST_FOR_LEVEL:
            continue
        levels.append(_intercept(line.intercept, x, y))
    return Platt(float(np.mean(levels)), line.slope) if levels else line


def fit_offsets(
    raw: Floats, outcome: Floats, chains: npt.NDArray[np.int64], cells: int, prior_sd: float = 0.15
) -> Floats:
    """Return what each comparison cell's event rate adds to the logit beyond what the model explains.

    Cells are nested: a cell's number is its parent's plus its own step, and steps are shrunk towards zero (a normal
    prior of ``prior_sd``), so a small cell stays near the coarser one that holds it.

    Parameters
    ----------
    raw : calibrated logits of rows the model did not train on, shape ``(n,)``.
    outcome : 0 or 1, shape ``(n,)``.
    chains : shape ``(n, depths)``: the cells each row lies in, coarsest first, -1 where it has none at a depth.
    cells : number of cells; the result has this shape, zero for cells without rows.
    """
    offsets = np.zeros(cells)
    standing = np.zeros(len(raw))
    for depth in range(chains.shape[1]):
        cell = chains[:, depth]
        rows = cell >= 0
        step = np.zeros(cells)
        for _ in range(50):
            p = expit(raw[rows] + standing[rows] + step[cell[rows]])
            gradient = np.bincount(cell[rows], weights=p - outcome[rows], minlength=cells) + step / prior_sd**2
            curvature = np.bincount(cell[rows], weights=p * (1 - p), minlength=cells) + 1 / prior_sd**2
            change = gradient / curvature
            step -= np.clip(change, -1.0, 1.0)
            if float(np.abs(change).max()) < 1e-12:
                break
        standing[rows] += step[cell[rows]]
        # Rows of one cell share its whole chain, so any of them tells the cell's own number.
        offsets[cell[rows]] = standing[rows]
    return offsets


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
