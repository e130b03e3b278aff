"""Sentences of the written analysis (분석의견) that the company models share, made from the exact contributions.

Every sentence is a catalogue template filled with figures of the rating itself, and names these figures in its
``basis`` as paths into the rating's JSON (``scores.index``, ``contributions.growth.rnd_intensity``): text and number
cannot disagree, and a test looks every path up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ktop.catalogue import LANGS, Lang, text
from ktop.domain.company.indicators import Indicator, steps
from ktop.domain.rating.percentile import percentile_words
from ktop.domain.rating.rating import NextStep, Opinion, Probability
from ktop.models.batch import BatchRatings
from ktop.models.opinion_figures import percent, points, seed_of, shown_value, variant, within_sentence

#: Parts smaller than this many points are not worth a sentence.
SMALLEST_POINTS = 0.5
#: Most strengths and most weaknesses told per score.
MOST = 3
#: Standing among comparable companies from which a part is put as a strength, and up to which as a weakness.
GOOD_LEVEL, POOR_LEVEL = 55.0, 45.0
#: Ratio of a probability to the reference mean → how it is put.
_RATIOS = ((1.5, "far_above"), (1.1, "above"), (0.9, "near"), (0.6, "below"), (0.0, "far_below"))


def sentence(key: str, kind: str, basis: Sequence[str], params: Mapping[Lang, Mapping[str, Any]]) -> list[Opinion]:
    """Return one sentence in both languages; ``params`` holds its values by language."""
    return [Opinion(lang=lang, text=text(key, lang, **params[lang]), basis=tuple(basis), kind=kind) for lang in LANGS]


def both(**values: Any) -> dict[Lang, dict[str, Any]]:
    """Return the same template values for both languages."""
    return {lang: dict(values) for lang in LANGS}


def probability_sentence(target: str, probability: Probability, mean: float, everybody: float) -> list[Opinion]:
    """Return the sentence that says how likely an event is.

    ``mean`` is the mean probability of comparable reference companies, ``everybody`` that of all of them.
    """
    ratio = probability.value / mean
    put = next(name for least, name in _RATIOS if ratio >= least)
    params: dict[Lang, dict[str, Any]] = {
        lang: {
            "event": text(f"opinion.event_{target}", lang),
            "value": percent(probability.value),
            "low": percent(probability.low),
            "high": percent(probability.high),
            "mean": percent(mean),
            "all": percent(everybody),
        }
        for lang in LANGS
    }
    basis = (f"probabilities.{target}", f"details.peer_rates.{target}", f"details.reference_rates.{target}")
    return sentence(f"opinion.probability_{put}", "summary", basis, params)


def part_sentences(
    indicators: Sequence[Indicator],
    batch: BatchRatings,
    row: int,
    score: str,
    score_key: str,
    kind: str,
    most: int = MOST,
    skip: frozenset[str] = frozenset(),
) -> list[Opinion]:
    """Return the sentences on the parts that raise (kind "strength") or lower ("weakness") a score most.

    ``score_key`` is the catalogue key of the score's name; indicators in ``skip`` have been told elsewhere.
    """
    worth = batch.explained[score].points[row] * (1 if kind == "strength" else -1)
    order = [int(k) for k in np.argsort(-worth, kind="stable") if worth[k] >= SMALLEST_POINTS]
    chosen = [k for k in order if batch.indicators[k] not in skip][:most]
    if not order:
        names: dict[Lang, dict[str, Any]] = {lang: {"score": text(score_key, lang)} for lang in LANGS}
        return sentence(f"opinion.{kind}_none", kind, (f"scores.{score}",), names)
    # The scores of one company take different wordings.
    choice = seed_of(batch.values[row]) + list(batch.explained).index(score) + (kind == "weakness")
    spoken: list[Opinion] = []
    for place, k in enumerate(chosen):
        key = _part_key(kind, place == 0 and not skip, batch.values[row, k], batch.levels[row, k])
        params: dict[Lang, dict[str, Any]] = {}
        for lang in LANGS:
            params[lang] = {
                "name": within_sentence(indicators[k].labels[lang]),
                "score": text(score_key, lang),
                "points": points(float(worth[k])),
            }
            if not np.isnan(batch.values[row, k]):
                params[lang]["shown"] = shown_value(indicators[k], float(batch.values[row, k]), lang)
            if not np.isnan(batch.levels[row, k]):
                params[lang]["standing"] = percentile_words(float(batch.levels[row, k]), lang)
        basis = (f"contributions.{score}.{batch.indicators[k]}",)
        spoken += _capitalised(sentence(variant(f"opinion.{key}", choice + place), kind, basis, params))
    return spoken


def _part_key(kind: str, first: bool, value: float, level: float) -> str:
    if np.isnan(value):
        return "weakness_missing" if kind == "weakness" else "strength_none"
    if np.isnan(level) or (level < GOOD_LEVEL if kind == "strength" else level > POOR_LEVEL):
        return f"{kind}_plain"  # the standing alone would not seem to be a strength (or a weakness)
    return f"{kind}_first" if first else kind


def advice_sentence(taken: Sequence[NextStep], score_keys: Mapping[str, str], seed: int) -> list[Opinion]:
    """Return the sentence on the most useful of the computed next steps."""
    if not taken:
        return sentence("opinion.advice_none", "advice", ("next_steps",), both())
    best = taken[0]
    months = next((step.months for step in steps().values() if step.text == best.text), 12)
    params: dict[Lang, dict[str, Any]] = {
        lang: {
            "step": best.text[lang],
            "score": text(score_keys[best.score], lang),
            "points": points(best.points),
            "months": months,
        }
        for lang in LANGS
    }
    return sentence(variant("opinion.advice", seed), "advice", ("next_steps.0",), params)


def caution_sentences(
    indicators: Sequence[Indicator], batch: BatchRatings, row: int, score: str, synthetic: bool
) -> list[Opinion]:
    """Return the cautions: what is missing, and that a model was trained on synthetic companies."""
    missing = [k for k in np.flatnonzero(batch.required).tolist() if np.isnan(batch.values[row, k])]
    cautions: list[Opinion] = []
    if missing:
        key = "opinion.caution_missing" if len(missing) <= 4 else "opinion.caution_missing_many"
        params: dict[Lang, dict[str, Any]] = {
            lang: {
                "names": ", ".join(within_sentence(indicators[k].labels[lang]) for k in missing[:4]),
                "count": len(missing),
            }
            for lang in LANGS
        }
        basis = [f"contributions.{score}.{batch.indicators[k]}" for k in missing]
        cautions += sentence(key, "caution", basis, params)
    if synthetic:
        cautions += sentence("opinion.caution_synthetic", "caution", ("model.trained_on",), both())
    return cautions


def _capitalised(spoken: list[Opinion]) -> list[Opinion]:
    """Begin every sentence with a capital letter (English indicator names may stand first)."""
    return [Opinion(o.lang, o.text[:1].upper() + o.text[1:], o.basis, o.kind) for o in spoken]
