"""Rates and ranks the applicants of a call as a job: figures part by part, then all places in one transaction.

The figures are kept with the applications, marked by day and model versions, so that a job that was stopped, or
another one after it, rates only who is not rated yet. The places come from the kept figures alone: the same whoever
worked them out, in however many attempts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from ktop.catalogue import LANGS, text
from ktop.domain.decision.programme import ProgrammeRule, read_rule
from ktop.domain.decision.screening import Screening, screen
from ktop.domain.party.permission import require
from ktop.domain.season.call import RANKING, Call, standing, valid_figures
from ktop.kernel.errors import ConflictError
from ktop.models.company_model import CompanyModel
from ktop.models.registry import ModelRegistry
from ktop.store.programmes import ApplicationRow, ResultRow
from ktop.usecases.jobs.running import Running
from ktop.usecases.programmes.applicants import MODELS, columns_of, identities, rated, table_of

#: Rows of a part: some 40 ms of rating and as much of keeping it.
PART_ROWS = 500


def rank_call(running: Running, registry: ModelRegistry) -> None:
    """Do a job of the kind ``programme.rank``: its arguments name the call, the round and the model versions."""
    asked = running.job.arguments
    require(running.actor, "own:programme:manage")
    running.go_on()
    with running.store.reading(running.actor) as unit:
        call = unit.seasons.call(asked["call"])
        applications = unit.seasons.applications(call.id)
    models = [registry.model(name, version) for name, version in asked["models"].items()]
    mark = mark_of(call, models)
    waiting = [one for one in applications if one.rated_with != mark and one.state == "applied"]
    done = len(applications) - len(waiting)
    number = max(running.finished_items(), default=-1) + 1
    for start in range(0, len(waiting), PART_ROWS):
        part = waiting[start : start + PART_ROWS]
        figures = figures_for(part, call, models)
        done += len(part)
        with running.item(number, {"rows": len(part)}, done=done, of=len(applications)) as unit:
            unit.seasons.keep_figures({one.id: own for one, own in zip(part, figures, strict=True)}, mark, call.as_of)
        number += 1
    running.go_on()
    result: dict[str, Any] = {"call": call.id}
    with running.end(result) as unit:
        call = unit.seasons.call(call.id, to_change=True)
        if call.state not in RANKING or call.round != asked["round"] - 1:
            raise ConflictError("programmes_season.ranked_meanwhile")
        rule = read_rule(unit.seasons.rule(call.rule).source.encode())
        applications = unit.seasons.applications(call.id)
        found = ranked(rule, call, applications)
        unit.seasons.add_results(call.id, list(zip(applications, found, strict=True)))
        unit.seasons.change_call(replace(call, round=call.round + 1, version=call.version + 1))
        counts = dict(Counter(one.decision for one in found))
        told = {"round": call.round + 1, "rule": rule.id, "models": asked["models"], "decisions": counts}
        unit.tell("programme.ranked", call.id, told)


def mark_of(call: Call, models: Sequence[CompanyModel]) -> str:
    """Return what kept figures are the figures of: a day and model versions."""
    return " ".join([call.as_of.isoformat(), *(f"{model.name}@{model.version}" for model in models)])[:64]


def figures_for(
    applications: Sequence[ApplicationRow], call: Call, models: Sequence[CompanyModel]
) -> list[dict[str, Any]]:
    """Return the figures of some applicants' ratings on the call's day."""
    readable = [one.problems is None for one in applications]
    return rated(models, table_of([one.facts for one in applications], readable, call.as_of))


def screened(rule: ProgrammeRule, call: Call, applications: Sequence[ApplicationRow]) -> Screening:
    """Return what a rule says of applicants by their kept facts and figures."""
    readable = [one.problems is None for one in applications]
    table = table_of([one.facts for one in applications], readable, call.as_of)
    figures = [valid_figures(one.figures, one.rated_on, call.as_of) for one in applications]
    return screen(rule, columns_of(table, figures), table.ok, identities(table))


def ranked(rule: ProgrammeRule, call: Call, applications: Sequence[ApplicationRow]) -> list[ResultRow]:
    """Return what becomes of every applicant, in their order.

    Who withdrew, or whose consent no longer holds, takes no place and repeats nobody.
    """
    stands = standing([one.state for one in applications], [one.consent_state for one in applications])
    rows = [row for row, stand in enumerate(stands) if stand]
    taking_part = [applications[row] for row in rows]
    found = screened(rule, call, taking_part)
    numbers = {k: one.number for k, one in enumerate(taking_part)}
    at = datetime.now(UTC)
    gone: dict[str, str] = {lang: text("programmes_season.reason_withdrawn", lang) for lang in LANGS}
    results = [ResultRow(one.id, call.round + 1, "withdrawn", None, None, gone, {}, at) for one in applications]
    for k, row in enumerate(rows):
        one = taking_part[k]
        results[row] = ResultRow(
            application=one.id,
            round=call.round + 1,
            decision=str(found.decisions[k]),
            points=None if np.isnan(found.points[k]) else float(found.points[k]),
            rank=int(found.rank[k]) or None,
            reasons=_reasons(found, k, one, numbers.__getitem__),
            figures={name: value for name, value in (one.figures or {}).items() if name in rule.names},
            at=at,
        )
    return results


def _reasons(found: Screening, k: int, one: ApplicationRow, number: Callable[[int], int]) -> Mapping[str, str]:
    decision = found.decisions[k]
    if decision == "unread":
        return dict(one.problems or {})
    if decision == "repeated":
        return {
            lang: text("programmes_season.reason_repeated", lang, number=number(int(found.same_as[k])))
            for lang in LANGS
        }
    told = found.reasons(k)
    return {"ko": told["ko"], "en": told["en"]}


def models_in_force(registry: ModelRegistry) -> dict[str, str]:
    """Return the models that figures of rules come from, in the versions in force."""
    return {name: registry.champion(name) for name in MODELS}
