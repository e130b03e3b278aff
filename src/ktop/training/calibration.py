"""Fitting the calibration layers of a model on scores it did not train on: slope, level by year, rate of each cell."""

from __future__ import annotations

import numpy as np

from ktop.kernel.arrays import Floats, Integers
from ktop.models.calibration import Platt, expit, logit
from ktop.validation.logistic import fit_logistic

#: A year with fewer rows of either outcome says nothing of the level.
_FEWEST_FOR_LEVEL = 10
#: The slope of a useless score: the order of subjects stays.
_LEAST_SLOPE = 1e-6
#: Added to the curvature, so that a score that is the same for all has a slope, too (that it started from).
_RIDGE = 1e-9


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
    design = np.column_stack([np.ones(len(raw)), (raw - centre) / spread])
    start = np.array([float(logit(np.array([goal.mean()]))[0]), 1.0])
    level, slope = fit_logistic(design, goal, offset, start, _RIDGE)[0]
    slope = max(float(slope) / spread, _LEAST_SLOPE)
    return Platt(intercept=float(level) - slope * centre, slope=slope)


def fit_platt_by_year(raw: Floats, outcome: Floats, year: Integers) -> Platt:
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
    usable = ((events > 0) & (events < np.bincount(place, minlength=len(distinct))))[place]
    start = fit_platt(raw, outcome)
    years = np.unique(place[usable])
    if len(years) < 2:
        return start
    centre, spread = float(np.mean(raw)), float(np.std(raw)) or 1.0
    design = np.column_stack([place[usable, None] == years, (raw[usable] - centre) / spread]).astype(np.float64)
    begin = np.append(np.full(len(years), start(np.array(centre))), start.slope * spread)
    slope = max(float(fit_logistic(design, outcome[usable], 0.0, begin, _RIDGE)[0][-1]) / spread, _LEAST_SLOPE)
    return Platt(_intercept(start.intercept, slope * raw, outcome), slope)


def _intercept(start: float, sloped: Floats, outcome: Floats) -> float:
    """Return the intercept that makes the mean probability of sloped logits the event rate."""
    return float(fit_logistic(np.ones((len(sloped), 1)), outcome, sloped, np.array([start]))[0][0])


def level_shift(raw: Floats, rate: float) -> float:
    """Return what moves logits, shape ``(n,)``, so that their mean probability is ``rate`` (between 0 and 1).

    Calibration in the large (Cox 1958; of a change of prevalence alone, Elkan 2001): the order of the rows stays.
    """
    start = float(logit(np.array([rate]))[0]) - float(np.mean(raw))
    return _intercept(start, raw, np.full(len(raw), rate))


def mean_level(line: Platt, raw: Floats, outcome: Floats, year: Integers) -> Platt:
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


def fit_offsets(raw: Floats, outcome: Floats, chains: Integers, cells: int, prior_sd: float = 0.15) -> Floats:
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
