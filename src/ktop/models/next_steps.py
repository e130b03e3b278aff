"""Next best steps (다음 단계): every change a company can make, re-rated, ranked by what it gains.

A step changes facts, not indicators: one more researcher is also one more employee, so every indicator moves as it
would. All steps are rated in one table with the company as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.indicators import Step, steps
from ktop.domain.rating.rating import NextStep
from ktop.models.batch import BatchRatings
from ktop.models.facts import shifted_table

if TYPE_CHECKING:
    from ktop.models.company_model import CompanyModel

#: Most steps shown per score, and the smallest gain in points worth showing.
MOST = 5
SMALLEST_GAIN = 0.05


def next_steps(model: CompanyModel, table: FactTable, batch: BatchRatings) -> tuple[NextStep, ...]:
    """Return the steps that raise an explained score of the one company in ``table``, the largest gain first.

    ``batch`` is the company's own rating. A step with an unknown fact, without effect, or beyond a fact's limit is not
    offered; at most ``MOST`` are given per score.
    """
    offered = _offered(model, table)
    if not offered:
        return ()
    shifts: dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]] = {}
    for row, (_, amounts) in enumerate(offered):
        for fact, amount in amounts.items():
            shifts.setdefault(fact, np.zeros(len(offered)))[row] = amount
    after = model.rate_table(shifted_table(table, shifts, len(offered)))
    found: list[NextStep] = []
    for score in model.explained:
        gains = after.scores[score] - batch.scores[score][0]
        order = [int(i) for i in np.argsort(-gains, kind="stable") if gains[i] >= SMALLEST_GAIN]
        for row in order[:MOST]:
            step = offered[row][0]
            k = _moved(model, step, batch, after, row, score)
            before, now = float(batch.values[0, k]), float(after.values[row, k])
            found.append(
                NextStep(
                    indicator=batch.indicators[k],
                    from_value=None if np.isnan(before) else before,
                    to_value=now,
                    score=score,
                    points=float(gains[row]),
                    effort=step.effort,
                    text=dict(step.text),
                )
            )
    return tuple(sorted(found, key=lambda step: -step.points))


def _offered(model: CompanyModel, table: FactTable) -> list[tuple[Step, dict[str, float]]]:
    """Return the steps this company can take, with the amounts they add to its facts."""
    names = dict.fromkeys(name for indicator in model.indicators for name in indicator.feasible)
    columns = {name: column for name, column in table.columns.items() if FACTS[name].numeric}
    found = []
    for name in names:
        step = steps()[name]
        amounts = {fact: float(amount.evaluate(columns)[0]) for fact, amount in step.changes.items()}
        after = {fact: float(columns[fact][0]) + amount for fact, amount in amounts.items()}
        if any(np.isnan(value) for value in after.values()) or all(amount == 0 for amount in amounts.values()):
            continue
        limits = [(FACTS[fact].maximum, value) for fact, value in after.items()]
        if all(limit is None or value <= limit for limit, value in limits):
            found.append((step, amounts))
    return found


def _moved(model: CompanyModel, step: Step, batch: BatchRatings, after: BatchRatings, row: int, score: str) -> int:
    """Return the position of the indicator that carries a step's effect: of those it is meant for, the most moved."""
    gains = after.explained[score].logits[row] - batch.explained[score].logits[0]
    if score == "risk":  # explained by the logit of failure: less is better
        gains = -gains
    meant = [k for k, indicator in enumerate(model.indicators) if step.id in indicator.feasible]
    known = [k for k in meant if not np.isnan(after.values[row, k])]
    return max(known or meant, key=lambda k: (float(gains[k]), -k))
