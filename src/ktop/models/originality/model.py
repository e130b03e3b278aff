"""The originality model: rates a technology from its neighbourhood among earlier patents, and explains every point."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ktop.catalogue import LANGS, text
from ktop.domain.rating.rating import Base, Contribution, Input, ModelRef, Rating, Warning, points_of
from ktop.domain.technology.neighbour_evidence import NeighbourEvidence
from ktop.domain.technology.neighbourhood import Neighbourhood, day_number
from ktop.models.originality.advice import Coverage, coverage_of, grounded_ocean
from ktop.models.originality.caps import LADDER as LADDER
from ktop.models.originality.caps import held_grade, is_thin_field, near_duplicate
from ktop.models.originality.definitions import SCORE, TRAITS, measures, neighbours_shown, reads_whole_text, rules
from ktop.models.originality.equating import Equating
from ktop.models.originality.landscape import landscape
from ktop.models.originality.measures import descending_focus, measure_values
from ktop.models.originality.novelty import copied_patent, holder_of_all, novelty
from ktop.models.originality.opinion import opinions
from ktop.models.originality.reference import MODEL, OriginalityReference
from ktop.models.originality.reference_distribution import ReferenceDistribution, ScoredMeasures
from ktop.models.originality.subject import subject_closeness
from ktop.models.originality.surroundings import (
    Ocean,
    age_of_corpus_years,
    language_share,
    ocean_of,
    shown_terms,
    surroundings,
)
from ktop.models.originality.weighing import has_classes

_MOSTLY = 0.5


@dataclass(frozen=True, slots=True)
class Scored:
    """The figures of one technology without words: what a batch needs.

    ``scores`` holds core, originality, value, spillover and score, 0-100, None where it cannot be given; ``grade`` is
    None where the score is. ``duplicate_of`` is the patent that the text repeats, None where it repeats none.
    ``coverage`` is what the corpus can tell of its field; ``held_by`` names the rules that hold the grade below what
    the score alone would give.
    """

    scores: dict[str, float | None]
    grade: str | None
    ocean: Ocean | None
    measured: ScoredMeasures | None
    distribution: ReferenceDistribution
    duplicate_of: int | None
    coverage: Coverage | None = None
    held_by: tuple[str, ...] = ()

    @property
    def density(self) -> int:
        """Number of close earlier patents."""
        return self.ocean.close if self.ocean else 0


class OriginalityModel:
    """Rates technologies against the reference patents of one corpus. Pure: a neighbourhood in, a rating out."""

    name = MODEL

    def __init__(self, reference: OriginalityReference, equating: Equating | None = None) -> None:
        self.reference, self.equating = reference, equating
        self.version = reference.version if equating is None else f"{reference.version}.{equating.digest}"

    def score(self, neighbourhood: Neighbourhood) -> Scored:
        """Return the scores, grade and ocean of a technology; no words."""
        distribution = self.reference.distribution(day_number(neighbourhood.as_of))
        if not is_comparable(neighbourhood, distribution):
            return Scored(dict.fromkeys((*TRAITS, SCORE)), None, None, None, distribution, None)
        focused = descending_focus(neighbourhood)
        values, *again = (
            self._equated(measure_values(each, near), each.technology.language)
            for each, near in (
                (neighbourhood, focused),
                *((half, descending_focus(half)) for half in neighbourhood.halves if is_comparable(half, distribution)),
            )
        )
        certainty = 1.0 if reads_whole_text(self.reference.formulas) else float(rules("certainty"))
        measured = distribution.score(values, certainty, again)
        scores: dict[str, float | None] = {
            trait: measured.points[trait] if _is_known(trait, measured, distribution) else None for trait in TRAITS
        }
        scores[SCORE] = measured.points[SCORE]
        grade, held_by, duplicate = held_grade(
            neighbourhood, distribution, measured.points[SCORE], self.reference.formulas
        )
        coverage = coverage_of(neighbourhood, distribution)
        ocean = grounded_ocean(ocean_of(neighbourhood, focused, distribution), coverage)
        return Scored(scores, grade, ocean, measured, distribution, duplicate, coverage, held_by)

    def _equated(self, values: Mapping[str, float], language: str) -> Mapping[str, float]:
        return values if self.equating is None else self.equating.apply(values, language)

    def rate(self, neighbourhood: Neighbourhood, evidence: NeighbourEvidence | None = None) -> Rating:
        """Return the full rating with contributions, surroundings, opinions and warnings in both languages.

        Where no earlier patent can be compared, scores are None, grades are empty and a warning says why. ``evidence``
        is what has been read of the neighbours beyond the neighbourhood: it names groups and says what of the text is
        in them, and changes no score. It is of the ``neighbours_shown()`` most similar ones.
        """
        scored = self.score(neighbourhood)
        shown = neighbourhood.nearest(neighbours_shown())
        details = surroundings(shown, scored.distribution, scored.ocean)
        details |= shown_terms(evidence)
        details |= landscape(shown, evidence)
        details["novelty"] = (
            None
            if evidence is None or scored.measured is None
            else novelty(neighbourhood, evidence.overlap, scored.duplicate_of is not None, scored.coverage)
        )
        if neighbourhood.left_out:
            details["left_out"] = list(neighbourhood.left_out)
        details["reference"] = {"patents": scored.distribution.size, "version": self.version}
        if scored.coverage is not None:
            details["coverage"] = scored.coverage.to_json()
            details["held_by"] = list(scored.held_by)
        former = reads_whole_text(self.reference.formulas)
        warnings = _warnings(neighbourhood, scored, details["novelty"], "near_duplicate" if former else "copy")
        if scored.measured is None or scored.grade is None or scored.ocean is None or scored.coverage is None:
            return Rating(
                model=self._ref(neighbourhood),
                subject=_subject(neighbourhood),
                as_of=neighbourhood.as_of,
                scores={**scored.scores, "density": None},
                grades={},
                probabilities={},
                logits={},
                base={},
                contributions=(),
                warnings=warnings,
                inputs=_inputs(neighbourhood),
                details=details,
            )
        contributions = _contributions(scored.measured, scored.distribution)
        rating = Rating(
            model=self._ref(neighbourhood),
            subject=_subject(neighbourhood),
            as_of=neighbourhood.as_of,
            scores={**scored.scores, "density": scored.ocean.density},
            grades={LADDER: scored.grade},
            probabilities={},
            logits=dict(scored.measured.z),
            base={name: Base(0.0, points) for name, points in scored.measured.base_points.items()},
            contributions=contributions,
            position={"all": _position(scored.measured.points[SCORE], scored.distribution)},
            opinions=opinions(
                neighbourhood,
                scored.scores,
                scored.grade,
                contributions,
                scored.ocean,
                details,
                scored.distribution.size,
                coverage=scored.coverage,
                copied=scored.duplicate_of,
                held_by=scored.held_by,
            ),
            warnings=warnings,
            inputs=_inputs(neighbourhood),
            details=details,
        )
        rating.check_sums()
        return rating

    def _ref(self, neighbourhood: Neighbourhood) -> ModelRef:
        return ModelRef(self.name, self.version, trained_on=str(neighbourhood.corpus.get("name", "")))


def is_comparable(neighbourhood: Neighbourhood, distribution: ReferenceDistribution) -> bool:
    """Return whether any earlier patent is near enough, and the subject known enough, to speak of a neighbourhood.

    A few words that a poem shares with one patent are not enough: what lies near in meaning must be near, too.
    """
    if neighbourhood.size == 0 or neighbourhood.corpus_size == 0:
        return False
    rule = rules("unrelated")
    closeness, usual = subject_closeness(neighbourhood), distribution.quantile("subject_closeness", rule["quantile"])
    if closeness < rule["subject"] * usual:  # false where either is not known
        return False
    return bool(neighbourhood.similarity[0] >= rule["share"] * distribution.usual_nearest(rule["quantile"]))


def _is_known(trait: str, measured: ScoredMeasures, distribution: ReferenceDistribution) -> bool:
    return any(
        distribution.shares.get(measure.name, 0.0) > 0.0 and not math.isnan(measured.measures[measure.name].value)
        for measure in measures()
        if measure.trait == trait
    )


def _contributions(measured: ScoredMeasures, distribution: ReferenceDistribution) -> tuple[Contribution, ...]:
    """Return every measure's part of its trait and of the overall score; they add up exactly."""
    contributions = []
    weighed = [measure for measure in measures() if measure.name in distribution.weighed]
    for score in (*TRAITS, SCORE):
        logits = {
            measure.name: distribution.shares[measure.name]
            * measured.measures[measure.name].logit
            * (distribution.trait_shares[measure.trait] if score == SCORE else 1.0)
            for measure in weighed
            if score in (SCORE, measure.trait)
        }
        points = points_of(logits, measured.z[score], 0.0, measured.points[score], measured.base_points[score])
        for measure in weighed:
            if measure.name in logits:
                part = measured.measures[measure.name]
                contributions.append(
                    Contribution(
                        score=score,
                        indicator=measure.name,
                        group=measure.trait,
                        value=None if math.isnan(part.value) else part.value,
                        logit=logits[measure.name],
                        points=points[measure.name],
                        level=_merit(part.level, measure.sign),
                    )
                )
    return tuple(contributions)


def _merit(level: float, sign: int) -> float | None:
    """Return a measure's percentile among the reference patents, turned so that more is better; None if not known."""
    if math.isnan(level):
        return None
    return level if sign > 0 else 100.0 - level


def _position(score: float, distribution: ReferenceDistribution) -> dict[str, Any]:
    """Return the standing among the reference patents; a percentile score spreads them evenly by construction."""
    return {"percentile": score, "n": distribution.size, "median": 50.0, "histogram": distribution.histogram}


def _subject(neighbourhood: Neighbourhood) -> dict[str, Any]:
    technology = neighbourhood.technology
    return {
        "kind": "technology",
        "title": technology.title,
        "text": technology.text,
        "language": technology.language,
    }


def _inputs(neighbourhood: Neighbourhood) -> tuple[Input, ...]:
    return (
        Input("summary", neighbourhood.technology.text, "user", neighbourhood.as_of),
        Input("corpus", str(neighbourhood.corpus.get("name", "")), "corpus", neighbourhood.as_of),
        Input("earlier_patents", neighbourhood.corpus_size, "corpus", neighbourhood.as_of),
        Input("neighbours", neighbourhood.size, "corpus", neighbourhood.as_of),
    )


def _warnings(
    neighbourhood: Neighbourhood, scored: Scored, overlap: Mapping[str, Any] | None, copy_rule: str
) -> tuple[Warning, ...]:
    warnings: list[tuple[str, dict[str, Any]]] = []
    if neighbourhood.corpus_size == 0:
        warnings.append(("no_patents", {}))
    elif scored.measured is None:
        nearest = float(neighbourhood.similarity[0]) if neighbourhood.size else 0.0
        warnings.append(("no_close_art", {"nearest": nearest}))
    if scored.duplicate_of is not None:
        i = scored.duplicate_of
        warnings.append(
            (
                "near_duplicate",
                {
                    "patent_id": str(neighbourhood.patent_ids[i]),
                    "title": str(neighbourhood.titles[i]),
                    "similarity": float(neighbourhood.similarity[i]),
                    "grade": rules(copy_rule)["best_grade"],
                },
            )
        )
    elif taken := copied_patent(overlap):
        share = 100.0 * float(taken["share_copied"])
        about = {"patent_id": str(taken["patent_id"]), "title": str(taken["title"]), "share": share}
        warnings.append(("copied", about))
    elif copied := holder_of_all(overlap):
        warnings.append(("all_found", {"patent_id": str(copied["patent_id"]), "title": str(copied["title"])}))
    if neighbourhood.left_out and scored.measured is not None:
        warnings.append(("left_out", {"words": ", ".join(neighbourhood.left_out)}))
    if neighbourhood.corpus.get("synthetic"):
        warnings.append(("synthetic_corpus", {}))
    if 0 < neighbourhood.corpus_size < rules("small_corpus"):
        warnings.append(("small_corpus", {"patents": neighbourhood.corpus_size}))
    few = scored.distribution.later or scored.distribution.size < rules("settings")["window"] // 3
    if few and scored.measured is not None:
        warnings.append(("small_reference", {"n": scored.distribution.size}))
    years = age_of_corpus_years(neighbourhood)
    if years > rules("stale_years"):
        warnings.append(("stale_corpus", {"years": years}))
    if scored.measured is not None:
        other = 1.0 - language_share(neighbourhood, neighbourhood.technology.language)
        if other > _MOSTLY:
            warnings.append(("other_language", {"share": 100.0 * other}))
        if not has_classes(neighbourhood):
            warnings.append(("no_classes", {}))
        if is_thin_field(neighbourhood, scored.distribution):
            nearest, usual = float(neighbourhood.similarity[0]), scored.distribution.usual_nearest(0.5)
            grade = rules("thin_field")["best_grade"]
            warnings.append(("thin_field", {"nearest": nearest, "usual": usual, "grade": grade}))
    swapped = scored.duplicate_of is not None and near_duplicate(neighbourhood) is None
    keys = {"near_duplicate": "swapped"} if swapped else {}
    return tuple(
        Warning(code, {lang: text(f"originality.warn_{keys.get(code, code)}", lang, **values) for lang in LANGS})
        for code, values in warnings
    )
