"""Next best steps (다음 단계): every change a company can make, re-rated, ranked by what it gains.

A step changes facts, not indicators: one more researcher is also one more employee, so every indicator moves as it
would. All steps are rated in one table with the company as it is: whoever rates asks here for the steps and the table,
and afterwards for what they gained.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ktop.catalogue import load
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.indicators import Indicator, Step, steps
from ktop.domain.expression import evaluate_all
from ktop.domain.rating.rating import NextStep
from ktop.domain.values.region import FOREIGN
from ktop.kernel.arrays import Floats
from ktop.models.batch import BatchRatings
from ktop.models.facts import shifted_table

#: A step, and what it adds to facts.
Offer: TypeAlias = tuple[Step, dict[str, float]]


@dataclass(slots=True)
class StepEffects:
    """What steps, of whichever model, change of one model's explained scores; filled where the model rates a company.

    Parameters
    ----------
    steps : ids of the steps that are asked about.
    changes : step that the company can take → score → points; None until the model has rated.
    """

    steps: Sequence[str]
    changes: dict[str, dict[str, float]] | None = None

    def take_over(self, offered: Sequence[Offer], explained: Sequence[str], batch: BatchRatings) -> None:
        """Read them off the rating of ``with_steps``: row 0 the company as it is, then a row for each step."""
        self.changes = {
            step.id: {name: float(batch.scores[name][row] - batch.scores[name][0]) for name in explained}
            for row, (step, _) in enumerate(offered, start=1)
        }


#: Most steps shown per score, and the smallest gain in points worth showing.
MOST = 5
SMALLEST_GAIN = 0.05


def offered_steps(indicators: Sequence[Indicator], table: FactTable) -> list[Offer]:
    """Return the steps the one company of ``table`` can take, with the amounts they add to its facts.

    A step with an unknown fact, without effect or beyond a fact's limit is not offered, nor one that such a firm cannot
    take (``Step.unless``, ``Step.in_korea``).
    """
    return offers_of((name for indicator in indicators for name in indicator.feasible), table)


def offers_of(names: Iterable[str], table: FactTable) -> list[Offer]:
    """Return the steps of these ids that the one company of ``table`` can take; see ``offered_steps``."""
    columns = table.numbers()
    abroad = table.columns["region"][0] == FOREIGN
    asked = [step for name in dict.fromkeys(names) if not ((step := steps()[name]).in_korea and abroad)]
    barred = iter(evaluate_all([step.unless for step in asked if step.unless], columns, table.n)[0])
    asked = [step for step in asked if not (step.unless and next(barred) == 1)]
    worked_out = iter(evaluate_all([amount for step in asked for amount in step.changes.values()], columns, table.n)[0])
    offered = []
    for step in asked:
        amounts = {fact: float(next(worked_out)) for fact in step.changes}
        after = {fact: float(columns[fact][0]) + amount for fact, amount in amounts.items()}
        if any(np.isnan(value) for value in after.values()) or all(amount == 0 for amount in amounts.values()):
            continue
        limits = [(FACTS[fact].maximum, value) for fact, value in after.items()]
        if all(limit is None or value <= limit for limit, value in limits):
            offered.append((step, amounts))
    return offered


def with_steps(table: FactTable, offered: Sequence[Offer]) -> FactTable:
    """Return a table whose first row is the company as it is, and each further row the company after a step."""
    if not offered:
        return table
    shifts: dict[str, Floats] = {}
    for row, (_, amounts) in enumerate(offered, start=1):
        for fact, amount in amounts.items():
            shifts.setdefault(fact, np.zeros(len(offered) + 1))[row] = amount
    return shifted_table(table, shifts, len(offered) + 1)


def steps_taken(
    indicators: Sequence[Indicator],
    explained: Sequence[str],
    offered: Sequence[Offer],
    batch: BatchRatings,
    table: FactTable,
) -> tuple[NextStep, ...]:
    """Return the steps that raise an explained score, the largest gain first, at most ``MOST`` a score.

    ``batch`` is the rating of ``with_steps``: row 0 the company as it is, then a row for each of ``offered`` (further
    rows are not looked at); ``table`` the company as it is, which prices are worked out from. A gain is told as
    ``told_gain`` bounds it.
    """
    costs = _costs([step for step, _ in offered], table)
    sales = float(table.columns["sales_krw_t0"][0])
    taken: list[NextStep] = []
    for score in explained:
        rated = batch.scores[score][1:] - batch.scores[score][0]
        gains = np.array([told_gain(rated[i], offered[i][0], costs[i], sales) for i in range(len(offered))])
        order = [int(i) for i in np.argsort(-gains, kind="stable") if gains[i] >= SMALLEST_GAIN]
        for place in order[:MOST]:
            step = offered[place][0]
            k = _moved(indicators, step, batch, place + 1, score)
            before, now = float(batch.values[0, k]), float(batch.values[place + 1, k])
            taken.append(
                NextStep(
                    indicator=batch.indicators[k],
                    from_value=None if np.isnan(before) else before,
                    to_value=now,
                    score=score,
                    points=float(gains[place]),
                    effort=step.effort,
                    text=dict(step.text),
                    rated_points=float(rated[place]),
                    lowers=_lowered(batch, place + 1, score),
                    months=step.months,
                    cost_krw=costs[place],
                    evidence=dict(step.evidence),
                )
            )
    return tuple(sorted(taken, key=lambda step: -step.points))


def told_gain(rated: float, step: Step, cost_krw: tuple[int, int] | None, sales_krw: float) -> float:
    """Return what is told of the points that rating again with a step gave.

    Mere spending counts by the share that followed in firms that spent more, and an expense that is trivial beside the
    firm's sales at most the points the catalogue allows (``steps.yaml``); every other step counts whole.
    """
    gain = float(rated) * step.counted
    rule = load("steps")["trivial"]
    if step.spending and (cost_krw is None or not cost_krw[1] >= rule["share_of_sales"] * sales_krw):
        return min(gain, float(rule["most_points"]))
    return gain


def _costs(offered: Sequence[Step], table: FactTable) -> list[tuple[int, int] | None]:
    """Return the least and the most each step costs, KRW; None where a fact it depends on is missing."""
    ends = evaluate_all([formula for step in offered for formula in step.cost_krw], table.numbers(), table.n)[0]
    pairs = zip(ends[::2].tolist(), ends[1::2].tolist(), strict=True)
    return [None if np.isnan(low) or np.isnan(high) else (round(low), round(high)) for low, high in pairs]


def _lowered(batch: BatchRatings, row: int, score: str) -> dict[str, float]:
    """Return the other scores that a step lowers by a noticeable amount, with their points."""
    changes = {name: float(values[row] - values[0]) for name, values in batch.scores.items() if name != score}
    return {name: change for name, change in changes.items() if change <= -SMALLEST_GAIN}


def _moved(indicators: Sequence[Indicator], step: Step, batch: BatchRatings, row: int, score: str) -> int:
    """Return the position of the indicator that carries a step's effect: of those it is meant for, the most moved."""
    gains = batch.explained[score].logits[row] - batch.explained[score].logits[0]
    if score == "risk":  # explained by the logit of failure: less is better
        gains = -gains
    meant = [k for k, indicator in enumerate(indicators) if step.id in indicator.feasible]
    known = [k for k in meant if not np.isnan(batch.values[row, k])]
    return max(known or meant, key=lambda k: (float(gains[k]), -k))
