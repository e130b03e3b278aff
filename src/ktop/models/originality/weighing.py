"""What measures of a neighbourhood share: means, diversities, fields, and the day that ages are counted from."""

from __future__ import annotations

import math
from datetime import date

import numpy as np

from ktop.domain.technology.neighbourhood import LabelSets, Neighbourhood, day_number
from ktop.kernel.arrays import Floats

DAYS_PER_YEAR = 365.25
#: Fewest neighbours with classes, applicants, claims ... for a mean or a diversity to mean anything.
FEWEST = 5
#: Fewest earlier and later neighbours of one neighbour for its own follow-on ratio.
FEWEST_AROUND = 3
NAN = math.nan


def fields_of(neighbourhood: Neighbourhood) -> LabelSets:
    """Return the neighbours' classes; their text topics where fewer than half of them have a class."""
    with_class = int(np.count_nonzero(neighbourhood.classes.counts))
    return neighbourhood.classes if 2 * with_class >= neighbourhood.size else neighbourhood.topics


def has_classes(neighbourhood: Neighbourhood) -> bool:
    """Return whether fields are patent classes (else text topics)."""
    return fields_of(neighbourhood) is neighbourhood.classes


def diversity(weights: Floats, n_effective: float | None = None) -> float:
    """Return 1 less the sum of squared shares (Trajtenberg, Henderson and Jaffe 1997), 0 (one class) to 1.

    Parameters
    ----------
    weights : weight of each class; shares are weights over their sum. NaN where the sum is zero.
    n_effective : number of observations behind the weights; with it, the result is multiplied by n / (n - 1), which
        takes out the bias of small samples (Hall 2005), and never exceeds 1.
    """
    total = float(weights.sum())
    if total <= 0.0:
        return NAN
    index = 1.0 - float(np.square(weights / total).sum())
    if n_effective is None:
        return index
    if n_effective <= 1.0:
        return NAN
    return min(1.0, index * n_effective / (n_effective - 1.0))


def effective_number(weights: Floats) -> float:
    """Return Kish's effective sample size, (sum w)^2 / sum w^2."""
    squares = float(np.square(weights).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0.0 else 0.0


def labelled(labels: LabelSets, weights: Floats) -> Floats:
    """Return the weights, (..., rows), with those of rows without any label set to zero."""
    return np.where(labels.counts > 0, weights, 0.0)


def spread(labels: LabelSets, row_weights: Floats) -> float:
    """Return the diversity of labels over weighted rows, with Hall's correction; NaN under five labelled rows."""
    weights = labelled(labels, row_weights)
    if np.count_nonzero(weights) < FEWEST:
        return NAN
    return diversity(labels.weights(weights), effective_number(weights))


def weighted_mean(values: Floats, weights: Floats) -> float:
    """Return the weighted mean of the known values; NaN under five of them."""
    known = ~np.isnan(values)
    total = float(weights[known].sum())
    if np.count_nonzero(known) < FEWEST or total <= 0.0:
        return NAN
    return float((values[known] * weights[known]).sum() / total)


def reading_day(neighbourhood: Neighbourhood) -> int:
    """Return the day that ages and growth are counted back from: the as-of day, or an earlier end of the corpus.

    Days since 1970. A corpus that ended long ago would otherwise make every technology look old and every field shrink.
    """
    filled = neighbourhood.years[neighbourhood.patents_per_year > 0]
    as_of = day_number(neighbourhood.as_of)
    return min(as_of, day_number(date(int(filled[-1]) + 1, 1, 1))) if len(filled) else as_of
