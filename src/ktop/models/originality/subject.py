"""What the patents nearest in meaning say, whatever words they use: the subject, its age, its pace and its breadth.

Vectors of two wordings, or of two languages, lie close together, so that these measures hardly hang on how a technology
is told (docs/methods/originality.md). Pure functions of a ``Neighbourhood``; NaN where it cannot tell.
"""

from __future__ import annotations

import math

import numpy as np

from ktop.domain.technology.neighbourhood import Neighbourhood, day_number
from ktop.kernel.arrays import Floats
from ktop.models.originality.definitions import settings
from ktop.models.originality.weighing import DAYS_PER_YEAR, FEWEST, NAN, diversity, reading_day

#: Patents nearest in meaning that centrality is read from.
AROUND = 100
#: Added to shares of young patents before their ratio is taken, so that a handful of patents does not decide it.
SHARE_PRIOR = 0.02
#: Years added to mean ages, so that a corpus of a few weeks has a ratio, too.
AGE_PRIOR = 0.1


def subject_closeness(neighbourhood: Neighbourhood) -> float:
    """Return the mean cosine of text vectors to the patents nearest in meaning; -1 to 1."""
    cosine = neighbourhood.in_meaning.cosine
    return float(cosine.mean()) if len(cosine) >= FEWEST else NAN


def local_centrality(neighbourhood: Neighbourhood) -> float:
    """Return closeness to the nearest patents in meaning less how close these lie together; NaN where not asked.

    The local outlier factor (Breunig, Kriegel, Ng and Sander 2000) as a difference of cosines: a technology amid a
    loose new field is as central as one amid a dense old one.
    """
    near = neighbourhood.in_meaning
    if len(near.among) < FEWEST or len(near.among) != len(near.cosine):
        return NAN
    return float(near.cosine[:AROUND].mean() - near.among[:AROUND].mean())


def wording_gap(neighbourhood: Neighbourhood) -> float:
    """Return mean closeness of meaning less mean likeness of words over the similar patents.

    Large where a known subject is put in new words.
    """
    known = ~np.isnan(neighbourhood.semantic)
    if np.count_nonzero(known) < FEWEST:
        return NAN
    return float((neighbourhood.semantic[known] - neighbourhood.lexical[known]).mean())


def young_share(neighbourhood: Neighbourhood) -> float:
    """Return log(share of young patents among those nearest in meaning / among all earlier patents).

    Young is a patent filed within ``settings.recent_years``; near ones count by how much nearer they are than the last.
    """
    young = float(settings()["recent_years"])
    ages, weights = _ages(neighbourhood)
    every = corpus_ages(neighbourhood)
    if not len(ages) or every is None:
        return NAN
    years, counts = every
    near = float(np.average(ages <= young, weights=weights))
    usual = float(counts[years <= young].sum() / counts.sum())
    return math.log((near + SHARE_PRIOR) / (usual + SHARE_PRIOR))


def cycle_time(neighbourhood: Neighbourhood) -> float:
    """Return log(mean age of the patents nearest in meaning / of all earlier patents).

    The pace of the field (technology cycle time, Narin 1994, on text), relative to the corpus, which has a beginning.
    """
    ages, weights = _ages(neighbourhood)
    every = corpus_ages(neighbourhood)
    if not len(ages) or every is None:
        return NAN
    years, counts = every
    usual = float(np.average(years, weights=counts))
    near = float(np.average(ages, weights=weights))
    return math.log((near + AGE_PRIOR) / (usual + AGE_PRIOR))


def topic_breadth(neighbourhood: Neighbourhood) -> float:
    """Return the diversity of text topics among the patents nearest in meaning, 0 to 1, nearer ones counting more."""
    topic = neighbourhood.in_meaning.topic
    known = topic >= 0
    if np.count_nonzero(known) < FEWEST:
        return NAN
    return diversity(np.bincount(topic[known], weights=_nearness(neighbourhood)[known]).astype(np.float64))


def _nearness(neighbourhood: Neighbourhood) -> Floats:
    """Return by how much nearer each patent is than the farthest; never all zero."""
    cosine = neighbourhood.in_meaning.cosine
    nearness: Floats = np.maximum(cosine - cosine.min(initial=1.0), 0.0) + 1e-9
    return nearness


def _ages(neighbourhood: Neighbourhood) -> tuple[Floats, Floats]:
    """Return years since filing of the patents nearest in meaning, and their weights; none under five of them."""
    filed = neighbourhood.in_meaning.filing_day
    if len(filed) < FEWEST:
        return np.empty(0), np.empty(0)
    return (reading_day(neighbourhood) - filed) / DAYS_PER_YEAR, _nearness(neighbourhood)


def corpus_ages(neighbourhood: Neighbourhood) -> tuple[Floats, Floats] | None:
    """Return ages in years and how many earlier patents have about each: every year's filings spread over its quarters.

    None for a corpus without earlier patents.
    """
    counts = neighbourhood.patents_per_year.astype(np.float64)
    if not counts.sum() > 0.0:
        return None
    first = neighbourhood.years.astype(np.float64)
    # the as-of year holds only what was filed before the as-of day
    as_of = 1970.0 + day_number(neighbourhood.as_of) / DAYS_PER_YEAR
    length = np.clip(as_of - first, 1e-6, 1.0)
    middles = first[:, None] + length[:, None] * (np.arange(_PARTS) + 0.5) / _PARTS
    read = 1970.0 + reading_day(neighbourhood) / DAYS_PER_YEAR
    ages = np.maximum(read - middles.ravel(), 0.0)
    return ages, np.repeat(counts / _PARTS, _PARTS)


_PARTS = 4
