"""The written analysis (분석의견) of Tech-Index: index, balance of capabilities, probabilities, parts, advice."""

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

#: Distance between the best and the worst capability up to which they count as even, and from which as uneven.
EVEN, UNEVEN = 20.0, 45.0


def opinions(
    indicators: Sequence[Indicator],
    batch: BatchRatings,
    row: int,
    percentile: float,
    perspective: Mapping[Lang, str],
    rates: Mapping[str, tuple[float, float]],
    taken: Sequence[NextStep],
) -> tuple[Opinion, ...]:
    """Return the sentences about one company.

    Parameters
    ----------
    percentile : the index's standing among all reference companies, 0-100.
    perspective : words of the growth perspective.
    rates : mean probability of each target among comparable reference companies, and among all of them.
    taken : the computed next steps, best first.
    """
    seed = seed_of(batch.values[row])
    index = float(batch.scores["index"][row])
    params: dict[Lang, dict[str, Any]] = {
        lang: {
            "index": f"{index:.1f}",
            "standing": percentile_words(percentile, lang),
            "perspective": perspective[lang],
        }
        for lang in LANGS
    }
    basis = ("scores.index", "position.all.percentile", "details.growth_perspective.level")
    spoken = sentence(variant("tech_index.summary", seed), "summary", basis, params)
    spoken += _balance(batch, row, seed)
    for target, (mean, everybody) in rates.items():
        spoken += probability_sentence(target, batch.probability(target, row), mean, everybody)
    for kind in ("strength", "weakness"):
        spoken += part_sentences(indicators, batch, row, "index", "tech_index.score_index", kind)
    spoken += advice_sentence(taken, {"index": "tech_index.score_index"}, seed)
    spoken += caution_sentences(indicators, batch, row, "index", batch.model.trained_on == "synthetic")
    return tuple(spoken)


def _balance(batch: BatchRatings, row: int, seed: int) -> list[Opinion]:
    groups = indicator_groups("indicators")
    scores = {group: float(batch.scores[group][row]) for group in groups}
    best, worst = max(scores, key=lambda g: scores[g]), min(scores, key=lambda g: scores[g])
    gap = scores[best] - scores[worst]
    key = "even" if gap <= EVEN else "some" if gap < UNEVEN else "uneven"
    params: dict[Lang, dict[str, Any]] = {
        lang: {
            "best": within_sentence(groups[best][lang]),
            "worst": within_sentence(groups[worst][lang]),
            "best_score": f"{scores[best]:.1f}",
            "worst_score": f"{scores[worst]:.1f}",
            "gap": f"{gap:.1f}",
        }
        for lang in LANGS
    }
    basis = [f"scores.{group}" for group in groups]
    return sentence(variant(f"tech_index.balance_{key}", seed >> 3), "summary", basis, params)
