"""The path to the next grade as shown: what to change, from which value to which, and where that leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ktop.catalogue import Lang, load, text
from ktop.report import labels, numbers


@dataclass(frozen=True, slots=True)
class PathStep:
    """One change: what to do, the values it changes, and how much effort it is ("" for an answer)."""

    text: str
    changes: tuple[str, ...]
    effort: str


@dataclass(frozen=True, slots=True)
class Path:
    """The path of one model's grade; ``steps`` is empty where none was found, and ``lead`` says so."""

    model: str
    lead: str
    steps: tuple[PathStep, ...]
    result: str
    note: str


def path_view(path: Mapping[str, Any], lang: Lang) -> Path:
    """Return a path (``usecases.companies.grade_path.to_json``) as shown."""
    note = text("result.path_note", lang)
    if path["by_proof"]:
        lead = text("result.path_proof", lang, grade=path["grade"], reached=path["reached"])
        return Path(path["model"], lead, (), "", "")
    if path["reached"] is None:
        lead = text("result.path_none", lang, grade=path["grade"], tried=path["tried"])
        return Path(path["model"], lead, (), "", note)
    told = [
        f"{labels.word('target', name, lang)} {numbers.percent(before, lang)} → {numbers.percent(after, lang)}"
        for name, (before, after) in path["probabilities"].items()
    ]
    lead = text("result.path_lead", lang, grade=path["grade"], reached=path["reached"], n=len(path["changes"]))
    steps = tuple(_step(change, lang) for change in path["changes"])
    return Path(
        path["model"],
        lead,
        steps,
        text("result.path_result", lang, reached=path["reached"], told=", ".join(told)),
        note,
    )


def _step(change: Mapping[str, Any], lang: Lang) -> PathStep:
    moved = tuple(
        f"{labels.fact(name, lang)}: {labels.fact_value(name, before, lang)} → {labels.fact_value(name, after, lang)}"
        for name, (before, after) in change["facts"].items()
    )
    if not change["effort"]:
        return PathStep(text("result.path_answer", lang), moved, "")
    effort = text("report.step_effort", lang, effort=load("steps")["efforts"][change["effort"]][lang])
    return PathStep(change["text"][lang], moved, effort)
