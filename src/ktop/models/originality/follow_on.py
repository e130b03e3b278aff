"""What came after the similar patents, up to the as-of day: uptake of young terms, families, spread of sequels.

Pure functions of a ``Neighbourhood``; NaN where it cannot tell. A sequel of a similar patent is another one that was
filed later; nothing filed on or after the as-of day is ever in a neighbourhood.
"""

from __future__ import annotations

import math

import numpy as np

from ktop.domain.technology.neighbourhood import Neighbourhood
from ktop.kernel.arrays import Floats
from ktop.models.originality.definitions import settings
from ktop.models.originality.weighing import (
    DAYS_PER_YEAR,
    NAN,
    fields_of,
    reading_day,
    spread,
    weighted_mean,
)

#: A young term has been in use for a year at least where its uptake per year is worked out.
_LEAST_YEARS = 0.5


def term_uptake(neighbourhood: Neighbourhood) -> float:
    """Return how fast patents took up the technology's young key terms: log(1 + patents a year), mean over all terms.

    A term is young for five years after its first use; others, and new ones, count 0 (reuse of new words, Arts, Hou and
    Gomez 2021, read before the day instead of after it).
    """
    terms = neighbourhood.key_terms
    if not (terms.df > 0).any():
        return NAN
    age = (reading_day(neighbourhood) - terms.first_day) / DAYS_PER_YEAR
    young = (terms.df > 0) & (age <= float(settings()["young_years"]))
    taken = np.log1p(terms.df / np.maximum(age, _LEAST_YEARS))
    return float(np.average(np.where(young, taken, 0.0), weights=terms.weight))


def family_size(neighbourhood: Neighbourhood) -> float:
    """Return the geometric mean of the similar patents' family members filed by then, by similarity.

    A wide family is paid for where value is expected (Putnam 1996; Harhoff, Scherer and Vopel 2003).
    """
    families = neighbourhood.measures.get("family_size")
    if families is None:
        return NAN
    logs = np.log(np.where(families > 0, families, np.nan))
    return math.exp(mean) if not math.isnan(mean := weighted_mean(logs, neighbourhood.similarity)) else NAN


def follow_on_weights(neighbourhood: Neighbourhood) -> Floats:
    """Return each similar patent's weight as a sequel, (n,): similarity to earlier ones times theirs to the text."""
    filed = neighbourhood.filing_day
    after = filed[None, :] > filed[:, None]
    if not neighbourhood.pair_similarity.size:
        return np.zeros(neighbourhood.size)
    ties = neighbourhood.pair_similarity.astype(np.float64) * after
    weights: Floats = neighbourhood.similarity @ ties
    return weights


def later_fields(neighbourhood: Neighbourhood) -> float:
    """Return the diversity of classes among the sequels of the similar patents, with Hall's correction."""
    return spread(fields_of(neighbourhood), follow_on_weights(neighbourhood))


def later_applicants(neighbourhood: Neighbourhood) -> float:
    """Return the diversity of applicants among the sequels of the similar patents, with Hall's correction."""
    return spread(neighbourhood.applicants, follow_on_weights(neighbourhood))
