"""What next steps of one rating do to the scores of the others: a step that lowers one of them says so."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.indicators import steps
from ktop.domain.rating.rating import NextStep, Rating
from ktop.models.company_model import CompanyModel
from ktop.models.next_steps import SMALLEST_GAIN, offers_of, with_steps

#: Step → "model:score" → the points that the step changes it by.
Effects = Mapping[str, Mapping[str, float]]


def with_steps_elsewhere(ratings: Sequence[Rating], models: Sequence[CompanyModel], table: FactTable) -> list[Rating]:
    """Return ratings of one company whose next steps also tell the explained scores of the other models they lower.

    ``lowers`` then has entries ``model:score``. ``models`` are those of the ratings (others are not asked), ``table``
    the company as it is.
    """
    ids = {step.text["ko"]: name for name, step in steps().items()}
    wanted = [ids[step.text["ko"]] for rating in ratings for step in rating.next_steps if step.text["ko"] in ids]
    rated = {rating.model.name for rating in ratings}
    chosen = [model for model in models if model.name in rated]
    if len(chosen) < 2 or not wanted:
        return list(ratings)
    effects = _effects(chosen, wanted, table)

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


def _effects(models: Sequence[CompanyModel], wanted: Sequence[str], table: FactTable) -> Effects:
    offered = offers_of(wanted, table)
    rows = with_steps(table, offered)
    changes: dict[str, dict[str, float]] = {step.id: {} for step, _ in offered}
    for model in models:
        scores = model.rate_table(rows, contributions=False).scores
        for name in model.explained:
            for row, (step, _) in enumerate(offered, start=1):
                changes[step.id][f"{model.name}:{name}"] = float(scores[name][row] - scores[name][0])
    return changes
