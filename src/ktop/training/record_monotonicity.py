"""More must not be less: what improving one fact of a company's record by itself does to everything a model answers.

Every input of a model moves it one way only, but a fact may stand in several inputs, and below a fraction line in some.
So the record itself is improved, fact by fact, and everything is rated anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ktop.domain.company.fact_spec import FACTS, FactSpec, fact_rules
from ktop.domain.company.fact_table import FactTable, derive
from ktop.domain.rating.grades import ladder
from ktop.kernel.arrays import Booleans, Floats
from ktop.models.batch import BatchRatings
from ktop.models.company_model import CompanyModel

#: An amount is improved by this share of itself, and nothing by this many won.
MONEY_SHARE, MONEY_FROM_NOTHING = 0.30, 10_000_000.0
#: Years and claims are improved by so many; counts, answers and levels by one.
NUMBER_STEP = 3.0
#: Losses up to so many points are those of a display, not of a judgement.
TOLERATED_POINTS = 0.5


@dataclass(frozen=True, slots=True)
class Losses:
    """What improving one fact cost the companies it could be improved for.

    Parameters
    ----------
    fact : its name.
    companies : how many it was improved for.
    worst : by answer (score, 100 times a probability of growth or of no failure, ladder in grades): the largest loss.
    share : share of these companies that lost more than ``TOLERATED_POINTS`` of a score or probability, or a grade.
    """

    fact: str
    companies: int
    worst: Mapping[str, float]
    share: float


def directed_facts() -> tuple[FactSpec, ...]:
    """Return the facts that have a direction, in the catalogue's order."""
    return tuple(spec for spec in FACTS.values() if spec.direction and spec.numeric)


def improved(table: FactTable, spec: FactSpec) -> tuple[FactTable, Booleans]:
    """Return the companies with one fact improved, and which of them it could be improved for, shape ``(n,)``.

    It cannot where the fact is unknown, at its limit, or where the company would contradict itself (more technical
    staff than staff).
    """
    now: Floats = table.columns[spec.name].astype(np.float64)
    better = now + spec.direction * _step(spec, now)
    low = -np.inf if spec.minimum is None else float(spec.minimum)
    high = np.inf if spec.maximum is None else float(spec.maximum)
    if spec.kind == "flag" or spec.choices:
        codes = [float(code) for code in spec.choices if isinstance(code, int)]
        low, high = min(codes), max(codes)
    better = np.clip(better, low, high)
    columns = {**table.columns, spec.name: better}
    possible = ~np.isnan(now) & (better != now)
    for rule in fact_rules():
        if spec.name in rule.holds.names:
            held = rule.holds.evaluate({name: columns[name] for name in rule.holds.names})
            possible &= ~(held == 0)
    changed = {**columns, spec.name: np.where(possible, better, now)}
    derive(changed, table.as_of)
    return FactTable(n=table.n, as_of=table.as_of, columns=changed, ok=table.ok), possible


def _step(spec: FactSpec, now: Floats) -> Floats:
    if spec.unit == "krw":
        return np.where(now == 0, MONEY_FROM_NOTHING, MONEY_SHARE * np.abs(now))
    return np.full(len(now), NUMBER_STEP if spec.kind == "number" else 1.0)


def losses(model: CompanyModel, table: FactTable) -> tuple[Losses, ...]:
    """Return what improving each directed fact costs the companies of a table, by one model."""
    before = _answers(model.rate_table(table, contributions=False))
    found = []
    for spec in directed_facts():
        changed, possible = improved(table, spec)
        if not possible.any():
            continue
        after = _answers(model.rate_table(changed, contributions=False))
        lost = {name: (before[name] - after[name])[possible] for name in before}
        some = np.zeros(int(possible.sum()), dtype=bool)
        for name, by in lost.items():
            some |= by > (0 if name.startswith("grade_") else TOLERATED_POINTS)
        # Where a target applies to none of the companies, nothing of it is lost.
        worst = {name: float(np.nanmax(by, initial=0.0)) for name, by in lost.items()}
        found.append(Losses(spec.name, int(possible.sum()), worst, float(some.mean())))
    return tuple(found)


def _answers(batch: BatchRatings) -> dict[str, Floats]:
    """Return everything a model answers so that more is better: points, per cent, grades counted from the worst."""
    answers = dict(batch.scores)
    for target, (value, _, _) in batch.probabilities.items():
        answers[f"p_{target}"] = 100 * ((1 - value) if target == "failure" else value)
    for name, symbols in batch.grades.items():
        place = {symbol: -k for k, symbol in enumerate(ladder(name).symbols)}
        answers[f"grade_{name}"] = np.array([place.get(symbol, np.nan) for symbol in symbols], dtype=np.float64)
    return answers
