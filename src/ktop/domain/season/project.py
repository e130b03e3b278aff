"""A supported project (지원 과제) after its selection: outcomes by year, targets, and what warns early."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ktop.catalogue import LANGS, LocalText, load, text

#: What is followed of a project: year → name → value. Money in won, survival 1 or 0; what is not known is left out.
Outcomes = Mapping[int, Mapping[str, float]]
MEASURES = ("sales_krw", "jobs", "patents", "survived", "tech_index")


@dataclass(frozen=True, slots=True)
class Project:
    """One firm supported by one programme from one year on.

    Parameters
    ----------
    firm : how the agency knows the firm: its business number, else a number of its own.
    targets : measure → what was promised for the last year of following.
    """

    id: str
    programme: str
    year: int
    firm: str
    name: str
    region: str | None = None
    industry: str | None = None
    size: str | None = None
    budget_krw: int | None = None
    targets: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Warned:
    """Why a project needs a look: ``sign`` is a key of catalogue/follow_up.yaml, ``reason`` says it in words."""

    sign: str
    reason: LocalText


def warnings_of(project: Project, outcomes: Outcomes, year: int) -> list[Warned]:
    """Return what warns early about a project by the end of a year, the gravest first; missing values warn of nothing
    but their own absence."""
    rules = load("follow_up")["signs"]
    known = {at: values for at, values in outcomes.items() if at <= year}
    newest = known.get(max(known), {}) if known else {}
    found: list[tuple[str, dict[str, Any]]] = []
    if newest.get("survived") == 0:
        found.append(("closed", {"year": max(known)}))
    for sign in ("sales_fall", "jobs_fall", "index_fall"):
        measure, least = rules[sign]["measure"], rules[sign]["by"]
        series = sorted((at, values[measure]) for at, values in known.items() if measure in values)
        if len(series) < 2:
            continue
        (_, before), (at, now) = series[-2:]
        fallen = before - now if rules[sign].get("absolute") else (before - now) / before if before > 0 else 0.0
        if fallen >= least:
            found.append(
                (sign, {"year": at, "fall": f"{fallen:.0f}" if rules[sign].get("absolute") else f"{fallen:.0%}"})
            )
    begun, span = year - project.year, load("follow_up")["years"]
    for measure, target in project.targets.items():
        value = newest.get(measure)
        if (
            value is not None
            and target > 0
            and begun >= 1
            and value < rules["behind"]["share"] * target * min(begun / span, 1)
        ):
            label = load("follow_up")["measures"][measure]
            found.append(("behind", {"measure": label, "share": f"{value / target:.0%}"}))
    if begun >= 1 and (not known or max(known) < year - 1):
        found.append(("silent", {"year": max(known) if known else project.year}))
    return [
        Warned(sign, {lang: text(f"programmes_follow.sign_{sign}", lang, **said) for lang in LANGS})
        for sign, said in found
    ]


def met_targets(project: Project, outcomes: Outcomes) -> bool | None:
    """Whether the newest outcomes reach all targets; None without targets or while some are not known."""
    newest = outcomes[max(outcomes)] if outcomes else {}
    if not project.targets or any(measure not in newest for measure in project.targets):
        return None
    return all(newest[measure] >= target for measure, target in project.targets.items())
