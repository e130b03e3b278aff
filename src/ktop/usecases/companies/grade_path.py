"""The path to the next technology-business grade: the fewest changes that a firm can make and that reach it.

Changes are the steps of the catalogue that are more than spending, and one level more on an answer of the checklist.
Combinations of up to five of the most telling ones are rated in one table; those that reach a better grade are then
rated as what-if rates them, by the rules of the form and of evidence, and the first that still reaches it is the path.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ktop.catalogue import LocalText, load
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.rated_subject import RatedSubject
from ktop.domain.rating.grades import ladders
from ktop.domain.rating.rating import Rating
from ktop.kernel.arrays import Floats
from ktop.kernel.errors import InputError
from ktop.models.company_model import CompanyModel
from ktop.models.facts import shifted_table
from ktop.models.next_steps import offered_steps
from ktop.usecases.companies.rating import what_if

LADDER = "business"
#: Changes that are tried together at most, of how many that move the scores most.
MOST_TOGETHER, MOST_TELLING = 5, 10
#: Combinations that are rated whole before the search is given up.
MOST_RATED_WHOLE = 6
_BEST_ANSWER = 5.0
_EFFORTS = ("low", "medium", "high")


@dataclass(frozen=True, slots=True)
class PathChange:
    """One change of a path: what to do, and the facts it changes with their values before and after.

    ``text`` is empty for an answer of the checklist: the fact itself says what it is. ``effort`` is "low", "medium" or
    "high", "" for an answer.
    """

    text: LocalText
    effort: str
    facts: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class GradePath:
    """How a firm may reach a better grade.

    Parameters
    ----------
    model : name of the model whose grade it is.
    grade : the grade now; ``reached`` the one that the changes lead to, None where nothing tried reaches a better.
    changes : the fewest found, empty where ``reached`` is None.
    probabilities : target → value now and after, where a better grade is reached.
    tried : changes that could be made at all.
    by_proof : whether proving the answers as they are gives the better grade, so that nothing is to be changed.
    """

    model: str
    grade: str
    reached: str | None
    changes: tuple[PathChange, ...]
    probabilities: Mapping[str, tuple[float, float]]
    tried: int
    by_proof: bool = False


@dataclass(frozen=True, slots=True)
class _Lever:
    text: LocalText
    effort: str
    amounts: Mapping[str, float]


def grade_path(model: CompanyModel, subject: RatedSubject, now: Rating) -> GradePath | None:
    """Return the path from the grade of ``now``, the rating of ``subject`` by ``model``; None without such a grade.

    A firm that has the best grade has none either.
    """
    grade = now.grades.get(LADDER)
    symbols = ladders()[LADDER].symbols
    if grade not in symbols[1:]:
        return None
    held = ((now.details.get("evidence") or {}).get("held") or {}).get(LADDER)
    if held is not None and symbols.index(str(held["from"])) < symbols.index(str(grade)):
        return GradePath(model.name, str(grade), str(held["from"]), (), {}, 0, by_proof=True)
    levers = _levers(model, subject.table)
    for chosen in _reaching(model, subject.table, levers, symbols.index(str(grade))):
        changes = _changed_facts(subject.table, chosen)
        try:
            after = what_if(model, subject, {name: value for name, (_, value) in changes.items()})
        except InputError:  # contradicts another fact: the form would refuse it, too
            continue
        reached = str(after.grades.get(LADDER))
        if reached in symbols and symbols.index(reached) < symbols.index(str(grade)):
            return GradePath(
                model=model.name,
                grade=str(grade),
                reached=reached,
                changes=tuple(
                    PathChange(one.text, one.effort, {name: changes[name] for name in one.amounts}) for one in chosen
                ),
                probabilities={
                    target: (p.value, after.probabilities[target].value)
                    for target, p in now.probabilities.items()
                    if target in after.probabilities
                },
                tried=len(levers),
            )
    return GradePath(model.name, str(grade), None, (), {}, len(levers))


def _levers(model: CompanyModel, table: FactTable) -> list[_Lever]:
    """Return what the firm could change: steps that are not mere spending, and answers known to be below the best."""
    levers = [
        _Lever(step.text, step.effort, amounts)
        for step, amounts in offered_steps(model.indicators, table)
        if not step.spending
    ]
    features = {name for indicator in model.indicators for name in (indicator.id,)}
    for name in load("checklist")["items"]:
        answer = float(table.columns[name][0]) if name in features else np.nan
        if answer < _BEST_ANSWER:  # false where it is not known
            levers.append(_Lever({"ko": "", "en": ""}, "", {name: 1.0}))
    return levers


def _reaching(model: CompanyModel, table: FactTable, levers: Sequence[_Lever], place: int) -> list[tuple[_Lever, ...]]:
    """Return combinations that the model by itself grades better than ``place``: fewest first, then least effort."""
    if not levers:
        return []
    alone = _gains(model, table, [(lever,) for lever in levers])
    order = np.argsort(-alone[1], kind="stable")[:MOST_TELLING]
    telling = [levers[int(i)] for i in order if alone[1][int(i)] > 0.0]
    combined = [c for k in range(1, MOST_TOGETHER + 1) for c in itertools.combinations(telling, k)]
    combined = [chosen for chosen in combined if _within_limits(table, chosen)]
    if not combined:
        return []
    places, gains = _gains(model, table, combined)
    better = [i for i in range(len(combined)) if 0 <= places[i] < place]
    better.sort(key=lambda i: (len(combined[i]), _effort(combined[i]), -gains[i]))
    return [combined[i] for i in better[:MOST_RATED_WHOLE]]


def _gains(model: CompanyModel, table: FactTable, tried: Sequence[tuple[_Lever, ...]]) -> tuple[list[int], Floats]:
    """Return the place of the grade after each combination (-1 for none), and what growth and safety gain together."""
    shifts: dict[str, Floats] = {}
    for row, chosen in enumerate(tried, start=1):
        for lever in chosen:
            for name, amount in lever.amounts.items():
                shifts.setdefault(name, np.zeros(len(tried) + 1))[row] += amount
    batch = model.rate_table(shifted_table(table, shifts, len(tried) + 1), contributions=False)
    symbols = ladders()[LADDER].symbols
    grades = [str(symbol) for symbol in batch.grades[LADDER][1:]]
    total = sum(np.asarray(batch.scores[name][1:] - batch.scores[name][0]) for name in model.explained)
    return [symbols.index(one) if one in symbols else -1 for one in grades], np.nan_to_num(np.asarray(total))


def _within_limits(table: FactTable, chosen: Sequence[_Lever]) -> bool:
    """Whether no two of the changes are ways to the same thing and every fact stays within its limit."""
    touched: set[str] = set()
    for lever in chosen:
        own = set(lever.amounts)
        if any(name in touched and len(own) == 1 for name in own):
            return False
        touched |= own
    for name, (_, value) in _changed_facts(table, chosen).items():
        limit = FACTS[name].maximum
        if limit is not None and value > limit:
            return False
    return True


def _changed_facts(table: FactTable, chosen: Sequence[_Lever]) -> dict[str, tuple[float, float]]:
    added: dict[str, float] = {}
    for lever in chosen:
        for name, amount in lever.amounts.items():
            added[name] = added.get(name, 0.0) + amount
    return {name: (float(table.columns[name][0]), float(table.columns[name][0]) + more) for name, more in added.items()}


def _effort(chosen: Sequence[_Lever]) -> int:
    """Return how much the changes ask for together; a better answer counts as a medium effort."""
    return sum(_EFFORTS.index(lever.effort) if lever.effort else 1 for lever in chosen)


def to_json(path: GradePath) -> dict[str, Any]:
    """Return plain JSON types."""
    return {
        "model": path.model,
        "grade": path.grade,
        "reached": path.reached,
        "changes": [
            {
                "text": dict(one.text),
                "effort": one.effort,
                "facts": {n: [_plain(value) for value in v] for n, v in one.facts.items()},
            }
            for one in path.changes
        ],
        "probabilities": {target: list(values) for target, values in path.probabilities.items()},
        "tried": path.tried,
        "by_proof": path.by_proof,
    }


def _plain(value: float) -> float | int:
    return int(value) if value.is_integer() else value
