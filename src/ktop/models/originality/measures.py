"""What a technology's neighbourhood says about the four traits, as raw numbers: pure functions of a ``Neighbourhood``.

Every function returns NaN where the neighbourhood cannot tell; never zero for missing. Formulas and their sources stand
in docs/methods/originality.md.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ktop.domain.technology.neighbourhood import Neighbourhood, day_number
from ktop.kernel.arrays import Floats
from ktop.models.originality import subject, words
from ktop.models.originality.definitions import settings
from ktop.models.originality.focus import focused_similarity
from ktop.models.originality.follow_on import family_size, later_applicants, later_fields, term_uptake
from ktop.models.originality.weighing import DAYS_PER_YEAR as DAYS_PER_YEAR
from ktop.models.originality.weighing import (
    FEWEST,
    FEWEST_AROUND,
    NAN,
    diversity,
    effective_number,
    labelled,
    spread,
    weighted_mean,
)
from ktop.models.originality.weighing import fields_of as fields_of
from ktop.models.originality.weighing import has_classes as has_classes
from ktop.models.originality.weighing import reading_day as reading_day

#: Filings added to both sides of a growth ratio, so that a few filings do not look like an explosion.
GROWTH_PRIOR = 2.0
#: Least variance of a co-occurrence count, and the share of pairs that the atypical ones are looked for in.
_LEAST_VARIANCE = 1e-9
_RAREST = 0.1


def measure_values(neighbourhood: Neighbourhood, focused: Floats | None = None) -> dict[str, float]:
    """Return every measure by its name in the catalogue.

    ``focused`` is what ``descending_focus`` gives, where it is known already.
    """
    near = descending_focus(neighbourhood) if focused is None else focused
    return {
        "word_dependence": words.word_dependence(neighbourhood),
        "field_dependence": words.field_dependence(neighbourhood),
        "local_centrality": subject.local_centrality(neighbourhood),
        "word_centrality": words.word_centrality(neighbourhood),
        "subject_closeness": subject.subject_closeness(neighbourhood),
        "neighbour_claims": neighbour_claims(neighbourhood),
        "neighbour_citations": neighbour_citations(neighbourhood),
        "backward_similarity": backward_similarity(near),
        "wording_gap": subject.wording_gap(neighbourhood),
        "word_rarity": words.word_rarity(neighbourhood),
        "unexplained_share": words.unexplained_share(neighbourhood),
        "field_rarity": words.field_rarity(neighbourhood),
        "field_gap": words.field_gap(neighbourhood),
        "new_terms": new_terms(neighbourhood),
        "unmet_pairs": words.unmet_pairs(neighbourhood),
        "atypical_pairs": atypical_pairs(neighbourhood),
        "backward_diversity": backward_diversity(neighbourhood),
        "follow_on": follow_on(neighbourhood),
        "filing_growth": filing_growth(neighbourhood),
        "young_share": subject.young_share(neighbourhood),
        "term_uptake": term_uptake(neighbourhood),
        "cycle_time": subject.cycle_time(neighbourhood),
        "family_size": family_size(neighbourhood),
        "class_generality": class_generality(neighbourhood),
        "outside_share": outside_share(neighbourhood),
        "applicant_diversity": applicant_diversity(neighbourhood),
        "term_reach": term_reach(neighbourhood),
        "topic_breadth": subject.topic_breadth(neighbourhood),
        "later_fields": later_fields(neighbourhood),
        "later_applicants": later_applicants(neighbourhood),
    }


def _nearest(neighbourhood: Neighbourhood) -> int:
    return min(int(settings()["nearest"]), neighbourhood.size)


# --- core-ness -------------------------------------------------------------------------------------------------------


def neighbour_claims(neighbourhood: Neighbourhood) -> float:
    """Return the geometric mean of the similar patents' numbers of claims, weighted by similarity."""
    claims = neighbourhood.measures.get("claims")
    if claims is None:
        return NAN
    logs = np.log(np.where(claims > 0, claims, np.nan))
    return math.exp(mean) if not math.isnan(mean := weighted_mean(logs, neighbourhood.similarity)) else NAN


def neighbour_citations(neighbourhood: Neighbourhood) -> float:
    """Return the citations a year that the similar patents received by the as-of day, weighted by similarity."""
    citations = neighbourhood.measures.get("citations")
    if citations is None:
        return NAN
    per_year = citations / np.maximum(neighbourhood.age_years, 1.0)
    return weighted_mean(per_year, neighbourhood.similarity)


# --- originality -----------------------------------------------------------------------------------------------------


def descending_focus(neighbourhood: Neighbourhood) -> Floats:
    """Return the similarities on words of the field (``focused_similarity``), the largest first."""
    return np.sort(focused_similarity(neighbourhood))[::-1]


def backward_similarity(focused: Floats) -> float:
    """Return the mean of the largest focused similarities (Kelly et al. 2021: backward similarity)."""
    nearest = focused[: int(settings()["nearest"])]
    return float(nearest.mean()) if len(nearest) else NAN


def new_terms(neighbourhood: Neighbourhood) -> float:
    """Return the weighted share of key terms that no earlier patent has (new words, Arts, Hou and Gomez 2021)."""
    terms = neighbourhood.key_terms
    if not len(terms.terms) or neighbourhood.corpus_size < 2:
        return NAN
    return float(terms.weight[terms.df == 0].sum() / terms.weight.sum())


def atypical_pairs(neighbourhood: Neighbourhood) -> float:
    """Return how far the rarest tenth of the pairs of known key terms falls below chance: arsinh of a z-score.

    z = (patents with both - expected) / standard deviation, where n_a n_b / N of N earlier patents would have both by
    chance (hypergeometric); the tenth percentile over the pairs is the novelty of Uzzi, Mukherjee, Stringer and Jones
    (2013). Lower is less typical. NaN under five pairs.
    """
    terms, total = neighbourhood.key_terms, neighbourhood.corpus_size
    if not len(neighbourhood.term_pairs) or total < 2:
        return NAN
    a, b = terms.df[neighbourhood.term_pairs].T.astype(np.float64)
    known = (a > 0) & (b > 0)
    if np.count_nonzero(known) < FEWEST:
        return NAN
    a, b, both = a[known], b[known], neighbourhood.pair_df[known]
    expected = a * b / total
    variance = expected * (1.0 - a / total) * (1.0 - b / total) * total / (total - 1.0)
    z = (both - expected) / np.sqrt(np.maximum(variance, _LEAST_VARIANCE))
    return float(np.arcsinh(np.quantile(z, _RAREST)))


def backward_diversity(neighbourhood: Neighbourhood) -> float:
    """Return the diversity of classes of the nearest earlier patents, the technology's textual prior art."""
    n = _nearest(neighbourhood)
    weights = neighbourhood.similarity.copy()
    weights[n:] = 0.0
    fields = fields_of(neighbourhood)
    weights = labelled(fields, weights)
    if np.count_nonzero(weights) < FEWEST:
        return NAN
    return diversity(fields.weights(weights))


# --- value creation --------------------------------------------------------------------------------------------------


def follow_on(neighbourhood: Neighbourhood) -> float:
    """Return log(forward / backward similarity) of the similar patents among themselves (Kelly et al. 2021).

    For each neighbour, the mean similarity to those filed within five years after it (and before the as-of day) is
    divided by that to those filed within five years before it; mean over neighbours, weighted by similarity.
    """
    filed = neighbourhood.filing_day
    if neighbourhood.size < 2 * FEWEST_AROUND + 1 or not neighbourhood.pair_similarity.size:
        return NAN
    gap = filed[None, :] - filed[:, None]
    window = float(settings()["follow_on_years"]) * DAYS_PER_YEAR
    later = (gap > 0) & (gap <= window)
    earlier = (gap < 0) & (gap >= -window)
    similar = neighbourhood.pair_similarity.astype(np.float64)
    n_later, n_earlier = later.sum(axis=1), earlier.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        forward = (similar * later).sum(axis=1) / n_later
        backward = (similar * earlier).sum(axis=1) / n_earlier
        ratio = np.log(forward / backward)
    enough = (n_later >= FEWEST_AROUND) & (n_earlier >= FEWEST_AROUND) & np.isfinite(ratio)
    return weighted_mean(np.where(enough, ratio, np.nan), neighbourhood.similarity)


def recent_filings(neighbourhood: Neighbourhood) -> tuple[int, int]:
    """Return how many similar patents were filed in the last three years and in the three years before those."""
    years = float(settings()["growth_years"])
    age = (reading_day(neighbourhood) - neighbourhood.filing_day) / DAYS_PER_YEAR
    return int(np.count_nonzero(age <= years)), int(np.count_nonzero((age > years) & (age <= 2 * years)))


def corpus_filings(neighbourhood: Neighbourhood, until: int) -> tuple[float, float]:
    """Return the filings of the whole corpus in the three years before day ``until`` and in the three before those.

    Yearly counts are cut in proportion to the days within a year.
    """
    years = float(settings()["growth_years"])
    end = 1970.0 + until / DAYS_PER_YEAR
    edges = np.concatenate([neighbourhood.years.astype(np.float64), [neighbourhood.years[-1] + 1.0]])
    # the as-of year holds only what was filed before the as-of day
    as_of = 1970.0 + day_number(neighbourhood.as_of) / DAYS_PER_YEAR
    edges[-1] = max(min(edges[-1], as_of), edges[-2] + 1e-6)
    below = np.concatenate([[0.0], np.cumsum(neighbourhood.patents_per_year)])
    at = np.interp([end, end - years, end - 2 * years], edges, below)
    return float(at[0] - at[1]), float(at[1] - at[2])


def corpus_growth(neighbourhood: Neighbourhood, until: int) -> float:
    """Return log(recent / previous) of all filings before ``until``; NaN for a corpus too young or small to tell."""
    if not len(neighbourhood.years):
        return NAN
    recent, previous = corpus_filings(neighbourhood, until)
    if recent < FEWEST or previous < FEWEST:
        return NAN
    return math.log(recent / previous)


def filing_growth(neighbourhood: Neighbourhood) -> float:
    """Return log(recent / previous) of similar filings less that of the corpus; NaN under five filings in six years."""
    recent, previous = recent_filings(neighbourhood)
    whole = corpus_growth(neighbourhood, reading_day(neighbourhood))
    if recent + previous < FEWEST or math.isnan(whole):
        return NAN
    return math.log((recent + GROWTH_PRIOR) / (previous + GROWTH_PRIOR)) - whole


# --- spillover -------------------------------------------------------------------------------------------------------


def class_generality(neighbourhood: Neighbourhood) -> float:
    """Return the diversity of classes of all similar patents, with Hall's correction."""
    return spread(fields_of(neighbourhood), neighbourhood.similarity)


def applicant_diversity(neighbourhood: Neighbourhood) -> float:
    """Return the diversity of applicants of all similar patents, with Hall's correction."""
    return spread(neighbourhood.applicants, neighbourhood.similarity)


def outside_share(neighbourhood: Neighbourhood) -> float:
    """Return the weighted share of similar patents without the class that is most common among them."""
    fields = fields_of(neighbourhood)
    weights = labelled(fields, neighbourhood.similarity)
    if np.count_nonzero(weights) < FEWEST:
        return NAN
    main = int(np.argmax(fields.weights(weights)))
    rows = np.repeat(np.arange(neighbourhood.size), fields.counts)
    inside = np.zeros(neighbourhood.size, dtype=bool)
    inside[rows[fields.codes == main]] = True
    return float(weights[~inside].sum() / weights.sum())


def term_reach(neighbourhood: Neighbourhood) -> float:
    """Return the diversity of classes among the similar patents with each key term, weighted mean over terms."""
    terms = neighbourhood.key_terms
    fields = fields_of(neighbourhood)
    users = labelled(fields, np.where(terms.in_neighbour, neighbourhood.similarity, 0.0))
    enough = np.count_nonzero(users, axis=1) >= FEWEST_AROUND
    reached = [diversity(fields.weights(row), effective_number(row)) for row in users[enough]]
    return float(np.average(reached, weights=terms.weight[enough])) if reached else NAN


def close_neighbours(similarity: npt.NDArray[np.floating], threshold: float) -> int:
    """Return how many similarities reach ``threshold``."""
    return int(np.count_nonzero(similarity >= threshold))
