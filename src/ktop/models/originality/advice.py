"""What is advised and what cannot be said: from copies, novelty evidence and coverage, by one table of the catalogue.

Every sentence on filing, risk and ocean follows from the same facts (catalogue/originality_advice.yaml), so that none
of them contradicts another.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ktop.catalogue import Lang, load, text
from ktop.domain.technology.neighbourhood import Neighbourhood
from ktop.models.originality.definitions import rules
from ktop.models.originality.reference_distribution import ReferenceDistribution
from ktop.models.originality.subject import subject_closeness
from ktop.models.originality.surroundings import Ocean, age_of_corpus_years

#: The ocean and the risk that stand where the corpus gives no ground for a better one.
UNCLEAR, UNKNOWN = "unclear", "unknown"
#: The ocean with few close patents and growing filings, and the limit of a corpus that has few patents of the field.
EMERGING, FEW = "emerging", "distant"
#: Which entry of ``withheld`` an ocean's name is judged by.
_WITHHELD = {"blue": "blue_ocean", EMERGING: "emerging_ocean"}


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the corpus can tell of a technology's field.

    Parameters
    ----------
    limits : names of what limits it, in the catalogue's order; empty where nothing does.
    first_year, last_year : first and last year with an earlier patent, None for a corpus without any.
    nearest : similarity of the nearest patent, 0-1.
    patents : earlier patents of the corpus.
    """

    limits: tuple[str, ...]
    first_year: int | None
    last_year: int | None
    nearest: float
    patents: int

    def beside(self, features: int) -> Coverage:
        """Return the same, limited further where fewer features of the text than needed could be compared."""
        few = features < int(_limit("brief")["features"])
        return dataclasses.replace(self, limits=(*self.limits, "brief")) if few else self

    def withholds(self, what: str) -> tuple[str, ...]:
        """Return the limits for which ``what`` (``low_risk``, ``blue_ocean`` ...) is not said; empty: it may be."""
        named: Collection[str] = load("originality_advice")["withheld"][what]
        return tuple(limit for limit in self.limits if limit in named)

    def why(self, limits: Sequence[str], lang: Lang) -> str:
        """Return what the limits are, in one clause after another."""
        figures = self.to_json()
        told = (text(f"originality.limit_{limit}", lang, **figures) for limit in limits)
        return ". ".join(told) if lang == "ko" else "; ".join(told)

    def to_json(self) -> dict[str, Any]:
        """Return JSON types for a rating's ``details``."""
        return dataclasses.asdict(self) | {"limits": list(self.limits)}


def coverage_of(neighbourhood: Neighbourhood, distribution: ReferenceDistribution) -> Coverage:
    """Return what the corpus can tell of a technology that has at least one neighbour."""
    filled = neighbourhood.years[neighbourhood.patents_per_year > 0]
    first, last = (int(filled[0]), int(filled[-1])) if len(filled) else (None, None)
    nearest = float(neighbourhood.similarity[0])
    quantile = float(_limit("distant")["quantile"])
    closeness = subject_closeness(neighbourhood)
    holds = {
        "thin": nearest < distribution.usual_nearest(rules("thin_field")["quantile"]),
        "distant": nearest < distribution.usual_nearest(quantile)
        or closeness < distribution.quantile("subject_closeness", quantile),  # false where either is not known
        "late": first is None or neighbourhood.as_of.year - first < int(_limit("late")["years"]),
        "ended": age_of_corpus_years(neighbourhood) > rules("stale_years"),
        "small": neighbourhood.corpus_size < rules("small_corpus"),
    }
    limits = tuple(name for name in load("originality_advice")["limits"] if holds.get(name, False))
    return Coverage(limits, first, last, nearest, neighbourhood.corpus_size)


def grounded_ocean(ocean: Ocean, coverage: Coverage) -> Ocean:
    """Return the ocean, its name ``unclear`` where few close patents may mean that the corpus lacks them."""
    judged_by = _WITHHELD.get(ocean.name)
    withheld = () if judged_by is None else coverage.withholds(judged_by)
    return dataclasses.replace(ocean, name=UNCLEAR, withheld=withheld) if withheld else ocean


def filing_advice(*, copy: str, risk: str, originality: float, limits: Collection[str]) -> str:
    """Return the advice on filing: that of the table's first row of which every condition fits.

    Parameters
    ----------
    copy : ``verbatim``, ``taken``, ``all_found`` or ``none``.
    risk : ``high``, ``medium``, ``low``, ``unknown``, or ``none`` where nothing could be compared.
    originality : 0-100.
    limits : of the coverage.
    """
    for row in _filing():
        low, high = row.get("originality", (0.0, float("inf")))
        fits = (
            ("copy" not in row or copy in row["copy"])
            and ("risk" not in row or risk in row["risk"])
            and ("limits" not in row or any(limit in limits for limit in row["limits"]))
            and low <= originality < high
        )
        if fits:
            return str(row["advice"])
    raise ValueError("the catalogue's table of advice on filing leaves a gap")


@functools.cache
def _filing() -> tuple[Mapping[str, Any], ...]:
    return tuple(load("originality_advice")["filing"])


def _limit(name: str) -> Mapping[str, Any]:
    entry: Mapping[str, Any] = load("originality_advice")["limits"][name]
    return entry
