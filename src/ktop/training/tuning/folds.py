"""Inner validation: which rows train a candidate and which judge it, no firm on both sides and no later year first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ktop.kernel.arrays import Booleans, Floats, Integers

#: Firms are split into so many folds; into more where events are few, so that each training keeps most of them.
FOLDS, FOLDS_OF_FEW, FEW_EVENTS = 3, 5, 150
#: The newest years judge that hold about this share of the events, where the years before keep enough of them.
JUDGED_SHARE, FEWEST_TAUGHT_EVENTS = 0.35, 60
#: A candidate trains on at most so many rows; every firm with an event stays.
MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Fold:
    """Positions of the rows that train and of those that judge."""

    taught: Integers
    judged: Integers


@dataclass(frozen=True, slots=True)
class Folds:
    """The folds, and how they were made: ``first_judged`` is the first year that judges, None where all rows do."""

    folds: tuple[Fold, ...]
    first_judged: int | None
    gap: int


def inner_folds(y: Floats, firm: Integers, year: Integers | None, years: int, seed: int) -> Folds:
    """Split rows with a known outcome by firm, and by time where there are years enough.

    Parameters
    ----------
    y, firm, year : outcome (0 or 1), firm number and year (None without one) of every row.
    years : years until an outcome is known: so many lie between the last year that trains and the first that judges,
        where the data bear it.
    """
    events = int(min(y.sum(), len(y) - y.sum()))
    count = FOLDS_OF_FEW if events < FEW_EVENTS else FOLDS
    numbers = np.unique(firm, return_inverse=True)[1]
    random = np.random.default_rng(seed)
    place = _balanced(numbers, y, count, random)
    first, gap = _first_judged(y, year, years)
    later = np.ones(len(y), dtype=bool) if first is None or year is None else year >= first
    earlier = np.ones(len(y), dtype=bool) if first is None or year is None else year < first - gap
    kept = _thinned(numbers, y, random)
    folds = []
    for k in range(count):
        taught = np.flatnonzero((place[numbers] != k) & earlier & kept)
        folds.append(Fold(taught, np.flatnonzero((place[numbers] == k) & later)))
    return Folds(tuple(folds), first, gap)


def _balanced(numbers: Integers, y: Floats, count: int, random: np.random.Generator) -> Integers:
    """Return each firm's fold; firms with an event and those without are dealt out apart, so that no fold lacks any."""
    firms = int(numbers.max()) + 1
    eventful = np.bincount(numbers, weights=y, minlength=firms) > 0
    place = np.zeros(firms, dtype=np.int64)
    for some in (eventful, ~eventful):
        chosen = random.permutation(np.flatnonzero(some))
        place[chosen] = np.arange(len(chosen)) % count
    return place


def _first_judged(y: Floats, year: Integers | None, years: int) -> tuple[int | None, int]:
    """Return the first year that judges and the years left out before it; None where time cannot be kept apart."""
    if year is None:
        return None, 0
    rare = y if y.sum() * 2 <= len(y) else 1 - y
    for first in sorted(np.unique(year), reverse=True):
        judged = float(rare[year >= first].sum())
        if judged < JUDGED_SHARE * rare.sum():
            continue
        for gap in (max(years - 1, 0), 0):
            taught = float(rare[year < first - gap].sum())
            if taught >= max(FEWEST_TAUGHT_EVENTS, 0.8 * judged):
                return int(first), gap
        return None, 0
    return None, 0


def _thinned(numbers: Integers, y: Floats, random: np.random.Generator) -> Booleans:
    """Return which rows may train: all, or where they are too many all of the firms with an event and some others."""
    if len(y) <= MOST_ROWS:
        return np.ones(len(y), dtype=bool)
    firms = int(numbers.max()) + 1
    rows = np.bincount(numbers, minlength=firms)
    eventful = np.bincount(numbers, weights=y, minlength=firms) > 0
    needed = MOST_ROWS - int(rows[eventful].sum())
    if needed < MOST_ROWS // 2:  # events are no rarity: firms are drawn without regard to them
        share = MOST_ROWS / len(y)
        return np.asarray((random.random(firms) < share)[numbers])
    share = needed / max(int(rows[~eventful].sum()), 1)
    return np.asarray((eventful | (random.random(firms) < share))[numbers])
