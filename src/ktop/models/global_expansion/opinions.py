"""The written analysis (분석의견) of the global-expansion model: stage, prospects, groups, parts, advice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ktop.catalogue import LANGS, Lang
from ktop.domain.company.indicators import Indicator, indicator_groups
from ktop.domain.rating.percentile import percentile_words
from ktop.domain.rating.rating import NextStep, Opinion
from ktop.models.batch import BatchRatings
from ktop.models.opinion import advice_sentence, caution_sentences, part_sentences, probability_sentence, sentence
from ktop.models.opinion_figures import seed_of, variant, within_sentence

SCORE = "global_expansion.score_expansion"


def opinions(
    indicators: Sequence[Indicator],
    batch: BatchRatings,
    row: int,
    prospects: Mapping[Lang, str],
    rates: Mapping[str, tuple[float, float]],
    taken: Sequence[NextStep],
) -> tuple[Opinion, ...]:
    """Return the sentences about one company.

    Parameters
    ----------
    prospects : words of the prospects abroad.
    rates : of each target that applies: its mean probability among comparable reference companies, and among all.
    taken : the computed next steps, best first.
    """
    seed = seed_of(batch.values[row])
    stage, score = str(batch.columns["stage"][row]), float(batch.scores["expansion"][row])
    params: dict[Lang, dict[str, Any]] = {
        lang: {
            "score": f"{score:.1f}",
            # The score is the percentile among the firms at the same stage.
            "standing": percentile_words(score, lang),
            "prospects": prospects[lang],
        }
        for lang in LANGS
    }
    basis = ("details.stage.name", "scores.expansion", "details.prospects_abroad.level")
    spoken = sentence(variant(f"global_expansion.summary_{stage}", seed), "summary", basis, params)
    spoken += _groups(batch, row, seed)
    for target, (mean, everybody) in rates.items():
        spoken += probability_sentence(target, batch.probability(target, row), mean, everybody)
    for kind in ("strength", "weakness"):
        spoken += part_sentences(indicators, batch, row, "expansion", SCORE, kind)
    spoken += advice_sentence(taken, {"expansion": SCORE}, seed)
    spoken += caution_sentences(indicators, batch, row, "expansion", batch.model.trained_on == "synthetic")
    return tuple(spoken)


def _groups(batch: BatchRatings, row: int, seed: int) -> list[Opinion]:
    words = {**indicator_groups("global_expansion"), **indicator_groups("abroad_checklist")}
    scores = {group: float(batch.scores[group][row]) for group in words}
    best, worst = max(scores, key=lambda g: scores[g]), min(scores, key=lambda g: scores[g])
    params: dict[Lang, dict[str, Any]] = {
        lang: {
            "best": words[best][lang],
            "worst": within_sentence(words[worst][lang]),
            "best_score": f"{scores[best]:.1f}",
            "worst_score": f"{scores[worst]:.1f}",
        }
        for lang in LANGS
    }
    basis = [f"scores.{name}" for name in (best, worst)]
    return sentence(variant("global_expansion.groups", seed >> 3), "summary", basis, params)
