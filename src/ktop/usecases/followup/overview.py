"""From application to outcome: how many go which way, where they are, and whether all groups are selected alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ktop.domain.company.fact_table import FactTable
from ktop.domain.season.project import Outcomes, Project, met_targets
from ktop.usecases.followup.interface import FlowCount, GroupSelection

#: Fewer applicants of a group say nothing about how often it is selected.
FEWEST_APPLICANTS = 20
#: Facts that applicants are grouped by; the last is whether whoever leads the firm founded one before.
DIMENSIONS = ("region", "age_band", "size", "ceo_founding_record")
#: Decisions that stand beside each other in the flow.
_DECIDED = {"repeated": "unread", "withdrawn": "unread"}


@dataclass(frozen=True, slots=True)
class Ranked:
    """The applicants of one ranked call: facts and decisions in one order, and the projects the selected became."""

    facts: FactTable
    decisions: Sequence[str]
    projects: Sequence[str]


def flow_of(calls: Sequence[Ranked], projects: Sequence[Project], outcomes: Mapping[str, Outcomes]) -> list[FlowCount]:
    """Return how many go from applying over the decision and being followed to an outcome.

    Projects that came by a table were selected before; how many had applied with them is not known.
    """
    counts: Counter[tuple[int, str, str]] = Counter()
    followed = {one.id for one in projects}
    from_calls: set[str] = set()
    for call in calls:
        for decision, project in zip(call.decisions, call.projects, strict=True):
            decided = _DECIDED.get(decision, decision)
            counts[0, "applied", decided] += 1
            if decision == "selected":
                from_calls.add(project)
                counts[1, decided, "followed" if project in followed else "not_followed"] += 1
    brought = sum(one.id not in from_calls for one in projects)
    counts[0, "brought", "selected"] += brought
    counts[1, "selected", "followed"] += brought
    for one in projects:
        counts[2, "followed", outcome_of(one, outcomes.get(one.id, {}))] += 1
    return [
        FlowCount(stage, source, target, count) for (stage, source, target), count in sorted(counts.items()) if count
    ]


def outcome_of(project: Project, outcomes: Outcomes) -> str:
    """Return what became of a project: closed, met, missed, without (targets), or unknown."""
    if not outcomes:
        return "unknown"
    if outcomes[max(outcomes)].get("survived") == 0:
        return "closed"
    met = met_targets(project, outcomes)
    return "without" if met is None else "met" if met else "missed"


def selection_by_group(calls: Iterable[Ranked]) -> dict[str, list[GroupSelection]]:
    """Return dimension → how often each group is selected, the largest group first.

    ``impact`` is the share selected against that of the group selected most often among those with enough applicants
    (the four-fifths rule of 29 CFR 1607.4 looks at what is below 0.8); None for a group of few.
    """
    applied: dict[str, Counter[str]] = {name: Counter() for name in DIMENSIONS}
    selected: dict[str, Counter[str]] = {name: Counter() for name in DIMENSIONS}
    for call in calls:
        for name in DIMENSIONS:
            for value, decision in zip(call.facts.columns[name].tolist(), call.decisions, strict=True):
                if value is None or value != value or decision in ("unread", "repeated", "withdrawn"):
                    continue
                group = value if isinstance(value, str) else "again" if value else "first"
                applied[name][group] += 1
                selected[name][group] += decision == "selected"
    found: dict[str, list[GroupSelection]] = {}
    for name in DIMENSIONS:
        shares = {group: selected[name][group] / count for group, count in applied[name].items()}
        enough = [shares[group] for group, count in applied[name].items() if count >= FEWEST_APPLICANTS]
        most = max(enough, default=0.0)
        found[name] = [
            GroupSelection(
                group,
                count,
                selected[name][group],
                shares[group] / most if count >= FEWEST_APPLICANTS and most else None,
            )
            for group, count in sorted(applied[name].items(), key=lambda one: (-one[1], one[0]))
        ]
    return {name: groups for name, groups in found.items() if groups}
