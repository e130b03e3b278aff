"""What surrounds a technology, for a reader: ocean, trend, applicants, fields, similarities, terms, neighbours."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from ktop.domain.technology.neighbour_evidence import NeighbourEvidence
from ktop.domain.technology.neighbourhood import Neighbourhood, day_of
from ktop.kernel.arrays import Floats
from ktop.models.originality.definitions import rules, settings
from ktop.models.originality.forecast import forecast
from ktop.models.originality.measures import (
    DAYS_PER_YEAR,
    close_neighbours,
    corpus_growth,
    fields_of,
    filing_growth,
    has_classes,
    reading_day,
    recent_filings,
)
from ktop.models.originality.reference_distribution import ReferenceDistribution

NEIGHBOURS_SHOWN = 20
TERMS_SHOWN = 20
OVERLAP_TERMS_SHOWN = 5
APPLICANTS_SHOWN = 10
NEWCOMERS_SHOWN = 5
FIELDS_SHOWN = 8
#: Patent applications are laid open 18 months after filing: younger years are not complete.
SECRET_DAYS = 548
_BINS = np.round(np.linspace(0.0, 1.0, 41), 3)


@dataclass(frozen=True, slots=True)
class Ocean:
    """How crowded the technology's surroundings are and how they grow.

    Parameters
    ----------
    name : ``red`` (crowded and active), ``declining`` (crowded, filings falling), ``emerging`` (few, growing) or
        ``blue`` (few, not growing).
    close : number of close earlier patents; ``at_least`` where every neighbour looked at is close.
    density : percentile, 0-100, of that number among reference patents.
    growth : percentile of the growth of similar filings; NaN where too few were filed to tell.
    growth_ratio : growth of similar filings relative to that of all patents; 1 = as all patents, NaN as above.
    recent, previous : similar filings in the last three years and the three years before.
    withheld : why a better name is withheld and ``name`` is ``unclear`` (limits of the coverage, see ``advice``).
    """

    name: str
    close: int
    at_least: bool
    density: float
    growth: float
    growth_ratio: float
    recent: int
    previous: int
    withheld: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return JSON types; None for what is not known."""
        return {
            "ocean": self.name,
            "close_patents": self.close,
            "at_least": self.at_least,
            "density_percentile": self.density,
            "growth_percentile": _known(self.growth),
            "growth_ratio": _known(self.growth_ratio),
            "recent_filings": self.recent,
            "previous_filings": self.previous,
            "withheld": list(self.withheld),
        }


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def ocean_of(neighbourhood: Neighbourhood, focused: Floats, distribution: ReferenceDistribution) -> Ocean:
    """Return the ocean by the catalogue's rules; a growth that is not known counts as the middle.

    ``focused`` are the similarities that closeness is judged by (``descending_focus``).
    """
    close = close_neighbours(focused, distribution.close)
    density = distribution.density_percentile(close)
    growth = filing_growth(neighbourhood)
    place = distribution.growth_percentile(growth)
    recent, previous = recent_filings(neighbourhood)
    return Ocean(
        name=_ocean_name(density, 50.0 if math.isnan(place) else place),
        close=close,
        at_least=close == neighbourhood.size > 0,
        density=density,
        growth=place,
        growth_ratio=math.exp(growth),
        recent=recent,
        previous=previous,
    )


def _ocean_name(density: float, growth: float) -> str:
    for rule in rules("ocean"):
        (d_low, d_high), (g_low, g_high) = rule["density"], rule["growth"]
        if d_low <= density <= d_high and g_low <= growth <= g_high:
            return str(rule["name"])
    raise ValueError("the catalogue's ocean rules leave a gap")


def surroundings(
    neighbourhood: Neighbourhood, distribution: ReferenceDistribution, ocean: Ocean | None
) -> dict[str, Any]:
    """Return everything a page or report shows beside the scores, as JSON types."""
    details: dict[str, Any] = {
        "neighbours": neighbours(neighbourhood),
        "key_terms": (measured := key_terms(neighbourhood)),
        "measured_terms": measured,
        "trend": trend(neighbourhood),
        "applicants": applicants(neighbourhood),
        "newcomers": newcomers(neighbourhood),
        "fields": fields(neighbourhood),
        "similarity_distribution": similarity_distribution(neighbourhood, distribution),
        "corpus": dict(neighbourhood.corpus) | {"patents": neighbourhood.corpus_size},
        "corpus_growth": _known(math.exp(corpus_growth(neighbourhood, reading_day(neighbourhood)))),
    }
    if ocean is not None:
        details["ocean"] = ocean.to_json()
        details["density"] = {
            "close_patents": ocean.close,
            "per_1000_patents": 1000.0 * ocean.close / neighbourhood.corpus_size,
            "percentile": ocean.density,
            "close_similarity": distribution.close,
        }
    return details


def neighbours(neighbourhood: Neighbourhood) -> list[dict[str, Any]]:
    """Return the nearest patents, each with the key terms it shares with the technology."""
    return [
        {
            "patent_id": str(neighbourhood.patent_ids[i]),
            "title": str(neighbourhood.titles[i]),
            "similarity": float(neighbourhood.similarity[i]),
            "filing_date": day_of(int(neighbourhood.filing_day[i])).isoformat(),
            "applicants": list(neighbourhood.applicants.row(i)),
            "classes": list(neighbourhood.classes.row(i)),
            "language": str(neighbourhood.language[i]),
            "shared_terms": shared_terms(neighbourhood, i),
        }
        for i in range(min(NEIGHBOURS_SHOWN, neighbourhood.size))
    ]


def shared_terms(neighbourhood: Neighbourhood, i: int) -> list[str]:
    """Return the key terms that neighbour ``i`` has, too, the weightiest first; no word of a phrase before it."""
    terms = neighbourhood.key_terms
    shared: list[str] = []
    for t in np.argsort(-terms.weight, kind="stable"):
        term = str(terms.terms[t])
        if terms.in_neighbour[t, i] and not any(set(term.split()) < set(other.split()) for other in shared):
            shared.append(term)
    return shared[:OVERLAP_TERMS_SHOWN]


def key_terms(neighbourhood: Neighbourhood) -> list[dict[str, Any]]:
    """Return the technology's key terms with what earlier patents say of each, the weightiest first."""
    terms = neighbourhood.key_terms
    order = np.argsort(-terms.weight, kind="stable")[:TERMS_SHOWN]
    return [
        {
            "term": str(terms.terms[t]),
            "weight": float(terms.weight[t]),
            "patents": int(terms.df[t]),
            "recent": int(terms.df_recent[t]),
            "previous": int(terms.df_previous[t]),
            "first_year": None if math.isnan(terms.first_day[t]) else day_of(int(terms.first_day[t])).year,
            "similar_patents": int(np.count_nonzero(terms.in_neighbour[t])),
            "new": bool(terms.df[t] == 0),
        }
        for t in order
    ]


def shown_terms(evidence: NeighbourEvidence | None) -> dict[str, Any]:
    """Return ``key_terms`` as whole noun phrases where they were looked for; a number is None where it is not known."""
    if evidence is None or not evidence.terms:
        return {}
    return {"key_terms": [term.to_json() for term in evidence.terms]}


def trend(neighbourhood: Neighbourhood) -> dict[str, Any]:
    """Return similar filings by year beside all filings, the first year that cannot be complete yet, and a forecast.

    ``forecast`` is None where the complete years are too few to tell.
    """
    years = [int(year) for year in neighbourhood.years]
    filed = Counter(day_of(int(day)).year for day in neighbourhood.filing_day)
    incomplete_from = (neighbourhood.as_of - timedelta(days=SECRET_DAYS - 1)).year
    counts = [filed[year] for year in years]
    complete = sum(year < incomplete_from for year in years)
    ahead = forecast(
        neighbourhood.years[:complete].astype(np.float64),
        np.array(counts[:complete], dtype=np.float64),
        neighbourhood.patents_per_year[:complete].astype(np.float64),
    )
    return {
        "years": years,
        "counts": counts,
        "all_patents": [int(count) for count in neighbourhood.patents_per_year],
        "incomplete_from": incomplete_from,
        "forecast": None if ahead is None else ahead.to_json(),
    }


def _by_applicant(neighbourhood: Neighbourhood) -> dict[str, list[int]]:
    owned: dict[str, list[int]] = {}
    for i in range(neighbourhood.size):
        for name in neighbourhood.applicants.row(i):
            owned.setdefault(name, []).append(i)
    return owned


def _by_patents(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(entries, key=lambda entry: (-int(entry["patents"]), str(entry["name"])))


def applicants(neighbourhood: Neighbourhood) -> list[dict[str, Any]]:
    """Return who filed most of the similar patents, with the span of years."""
    entries: list[dict[str, Any]] = []
    for name, rows in _by_applicant(neighbourhood).items():
        years = [day_of(int(neighbourhood.filing_day[i])).year for i in rows]
        entries.append({"name": name, "patents": len(rows), "first_year": min(years), "last_year": max(years)})
    return _by_patents(entries)[:APPLICANTS_SHOWN]


def newcomers(neighbourhood: Neighbourhood) -> list[dict[str, Any]]:
    """Return applicants whose first similar patent was filed within the last three years, the busiest first.

    Nobody where the corpus does not reach further back: everybody would be new to it.
    """
    age = (reading_day(neighbourhood) - neighbourhood.filing_day) / DAYS_PER_YEAR
    years = float(settings()["growth_years"])
    if not len(neighbourhood.years) or neighbourhood.as_of.year - int(neighbourhood.years.min()) <= years:
        return []
    entries: list[dict[str, Any]] = [
        {"name": name, "patents": len(rows), "first_year": day_of(int(neighbourhood.filing_day[rows].min())).year}
        for name, rows in _by_applicant(neighbourhood).items()
        if float(age[rows].max()) <= years
    ]
    return _by_patents(entries)[:NEWCOMERS_SHOWN]


def fields(neighbourhood: Neighbourhood) -> dict[str, Any]:
    """Return the classes (or text topics) of the similar patents with their weighted shares, the largest first."""
    labels = fields_of(neighbourhood)
    weights = labels.weights(neighbourhood.similarity)
    total = float(weights.sum())
    order = np.argsort(-weights, kind="stable")[:FIELDS_SHOWN]
    return {
        "kind": "class" if has_classes(neighbourhood) else "topic",
        "shares": [
            {"name": labels.names[c], "share": float(weights[c]) / total} for c in order if total > 0 and weights[c] > 0
        ],
    }


def similarity_distribution(neighbourhood: Neighbourhood, distribution: ReferenceDistribution) -> dict[str, Any]:
    """Return how similar the corpus and the neighbours are, and where the technology's nearest patents lie.

    ``counts`` is of the fixed sample of the corpus, ``neighbour_counts`` of the similar patents; ``usual_nearest`` is
    what reference patents have to their own nearest patent (lower quartile, median, upper quartile).
    """
    nearest = float(neighbourhood.similarity[0]) if neighbourhood.size else None
    return {
        "edges": _BINS.tolist(),
        "counts": np.histogram(np.clip(neighbourhood.background, 0, 1), _BINS)[0].tolist(),
        "neighbour_counts": np.histogram(np.clip(neighbourhood.similarity, 0, 1), _BINS)[0].tolist(),
        "nearest": nearest,
        "mean_nearest": float(neighbourhood.similarity[: int(settings()["nearest"])].mean()) if nearest else None,
        "close_similarity": distribution.close,
        "usual_nearest": [distribution.usual_nearest(q) for q in (0.25, 0.5, 0.75)],
    }


def age_of_corpus_years(neighbourhood: Neighbourhood) -> float:
    """Return the years from the end of the last year with any patent to the as-of day; NaN for an empty corpus."""
    filled = neighbourhood.years[neighbourhood.patents_per_year > 0]
    if not len(filled):
        return math.nan
    return (neighbourhood.as_of - date(int(filled[-1]), 12, 31)).days / 365.25


def language_share(neighbourhood: Neighbourhood, language: str) -> float:
    """Return the share of the neighbours written in ``language``; NaN where there is none."""
    if not neighbourhood.size:
        return math.nan
    return float(np.mean(np.array([str(code) == language for code in neighbourhood.language])))
