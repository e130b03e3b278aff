"""The written analysis (분석의견) of models of growth and risk: grades, balance, parts, advice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ktop.catalogue import LANGS, Lang
from ktop.domain.company.indicators import Indicator
from ktop.domain.rating.percentile import percentile_words
from ktop.domain.rating.rating import NextStep, Opinion
from ktop.models.batch import BatchRatings
from ktop.models.opinion import (
    SMALLEST_POINTS,
    advice_sentence,
    caution_sentences,
    part_sentences,
    probability_sentence,
    sentence,
)
from ktop.models.opinion_figures import points, seed_of, shown_value, variant, within_sentence

SCORES: Mapping[str, str] = {"growth": "growth_risk.score_growth", "risk": "growth_risk.score_risk"}
#: Scores from which a company counts as good, and below which as weak, in the sentence on balance.
GOOD, WEAK = 60.0, 40.0
#: Items told as good for both scores, and parts told per score.
MOST_SHARED, MOST_EACH = 2, 2


def opinions(
    indicators: Sequence[Indicator],
    batch: BatchRatings,
    row: int,
    percentiles: Mapping[str, float],
    rates: Mapping[str, tuple[float, float]],
    taken: Sequence[NextStep],
) -> tuple[Opinion, ...]:
    """Return the sentences about one company.

    Parameters
    ----------
    percentiles : standing of the growth and the risk score among all reference companies, 0-100.
    rates : mean probability of each target among comparable reference companies, and among all of them.
    taken : the computed next steps, best first.
    """
    seed = seed_of(batch.values[row])
    grades = {name: str(symbols[row]) for name, symbols in batch.grades.items()}
    growth, risk = (float(batch.scores[name][row]) for name in SCORES)
    same: dict[Lang, dict[str, Any]] = {lang: dict(grades) for lang in LANGS}
    basis = [f"grades.{name}" for name in grades]
    spoken = sentence(variant("growth_risk.summary", seed), "summary", basis, same)
    shown: dict[Lang, dict[str, Any]] = {
        lang: {
            "growth": f"{growth:.1f}",
            "risk": f"{risk:.1f}",
            "growth_standing": percentile_words(percentiles["growth"], lang),
            "risk_standing": percentile_words(percentiles["risk"], lang),
        }
        for lang in LANGS
    }
    basis = ["scores.growth", "scores.risk", "position.all.percentile", "details.positions.risk.all.percentile"]
    spoken += sentence(variant("growth_risk.standing", seed), "summary", basis, shown)
    empty: dict[Lang, dict[str, Any]] = {lang: {} for lang in LANGS}
    spoken += sentence(
        f"growth_risk.balance_{_balance(growth, risk)}", "summary", ("scores.growth", "scores.risk"), empty
    )
    for target, (mean, everybody) in rates.items():
        spoken += probability_sentence(target, batch.probability(target, row), mean, everybody)
    shared, shared_ids = _shared_strengths(indicators, batch, row, seed)
    spoken += shared
    for kind in ("strength", "weakness"):
        for score, key in SCORES.items():
            skip = shared_ids if kind == "strength" else frozenset()
            spoken += part_sentences(indicators, batch, row, score, key, kind, MOST_EACH, skip)
    spoken += advice_sentence(taken, SCORES, seed)
    spoken += caution_sentences(indicators, batch, row, "growth", batch.model.trained_on == "synthetic")
    return tuple(spoken)


def _balance(growth: float, risk: float) -> str:
    if growth >= GOOD and risk < WEAK:
        return "fast_risky"
    if growth < WEAK and risk >= GOOD:
        return "safe_slow"
    if min(growth, risk) >= 50:
        return "both_good"
    if max(growth, risk) < 50:
        return "both_weak"
    if min(growth, risk) >= WEAK and max(growth, risk) < GOOD:
        return "middle"
    return "growth_ahead" if growth > risk else "safety_ahead"


def _shared_strengths(
    indicators: Sequence[Indicator], batch: BatchRatings, row: int, seed: int
) -> tuple[list[Opinion], frozenset[str]]:
    """Return sentences on the items that raise both scores most, and the ids of these items."""
    parts = np.stack([batch.explained[score].points[row] for score in SCORES])
    order = [int(k) for k in np.argsort(-parts.sum(axis=0), kind="stable") if parts[:, k].min() >= SMALLEST_POINTS]
    spoken: list[Opinion] = []
    chosen = [k for k in order if not np.isnan(batch.values[row, k])][:MOST_SHARED]
    for place, k in enumerate(chosen):
        params: dict[Lang, dict[str, Any]] = {}
        for lang in LANGS:
            shown = shown_value(indicators[k], float(batch.values[row, k]), lang)
            level = float(batch.levels[row, k])
            peers = percentile_words(level, lang) if level >= 50 else ""
            params[lang] = {
                "name": within_sentence(indicators[k].labels[lang]),
                "shown": f"{shown}, {peers}" if peers else shown,
                "growth": points(float(parts[0, k])),
                "risk": points(float(parts[1, k])),
            }
        basis = [f"contributions.{score}.{batch.indicators[k]}" for score in SCORES]
        spoken += sentence(variant("growth_risk.strength_both", seed + place), "strength", basis, params)
    return spoken, frozenset(batch.indicators[k] for k in chosen)
