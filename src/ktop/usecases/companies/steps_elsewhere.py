"""What next steps of one rating do to the scores of the others: a step that lowers one of them says so."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.indicators import steps
from ktop.domain.rating.rating import NextStep, Rating
from ktop.models.company_model import CompanyModel
from ktop.models.next_steps import SMALLEST_GAIN, StepEffects, offers_of, with_steps

#: Step → "model:score" → the points that the step changes it by.
Effects = Mapping[str, Mapping[str, float]]


def with_steps_elsewhere(
    ratings: Sequence[Rating],
    models: Sequence[CompanyModel],
    table: FactTable,
    known: Mapping[str, StepEffects] | None = None,
) -> list[Rating]:
    """Return ratings of one company whose next steps also tell the explained scores of the other models they lower.

    ``lowers`` then has entries ``model:score``. ``models`` are those of the ratings (others are not asked), ``table``
    the company as it is. ``known`` is what models found as they rated; the others rate once more.
    """
    ids = {step.text["ko"]: name for name, step in steps().items()}
    wanted = [ids[step.text["ko"]] for rating in ratings for step in rating.next_steps if step.text["ko"] in ids]
    rated = {rating.model.name for rating in ratings}
    chosen = [model for model in models if model.name in rated]
    if len(chosen) < 2 or not wanted:
        return list(ratings)
    found = {model.name: changes.changes for model in chosen if (changes := (known or {}).get(model.name)) is not None}
    effects = _effects(chosen, wanted, table, {name: changes for name, changes in found.items() if changes is not None})

    def told(step: NextStep, own: str) -> NextStep:
        elsewhere = {
            score: change
            for score, change in effects.get(ids.get(step.text["ko"], ""), {}).items()
            if change <= -SMALLEST_GAIN and not score.startswith(f"{own}:")
        }
        return dataclasses.replace(step, lowers={**step.lowers, **elsewhere})

    return [
        dataclasses.replace(rating, next_steps=tuple(told(step, rating.model.name) for step in rating.next_steps))
        for rating in ratings
    ]


def _effects(
    models: Sequence[CompanyModel],
    wanted: Sequence[str],
    table: FactTable,
    known: Mapping[str, Mapping[str, Mapping[str, float]]],
) -> Effects:
    found = dict(known)
    others = [model for model in models if model.name not in found]
    if others:
        offered = offers_of(wanted, table)
        rows = with_steps(table, offered)
        for model in others:
            effects = StepEffects(wanted)
            effects.take_over(offered, model.explained, model.rate_table(rows, contributions=False))
            found[model.name] = effects.changes or {}
    changes: dict[str, dict[str, float]] = {}
    for model in models:
        for step, scores in found[model.name].items():
            changes.setdefault(step, {}).update({f"{model.name}:{score}": change for score, change in scores.items()})
    return changes
