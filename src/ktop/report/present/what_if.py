"""The difference between two ratings of one subject: before a change and after it, in results, inputs and versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ktop.catalogue import Lang, load
from ktop.report import labels, numbers
from ktop.report.present.common import RatingJson, score_label, short_model


@dataclass(frozen=True, slots=True)
class Change:
    """One score, grade or probability before and after. ``tone`` is "good", "bad" or "" (unchanged or not ordered)."""

    label: str
    before: str
    after: str
    difference: str
    tone: str


def changes_between(before: Sequence[RatingJson], after: Sequence[RatingJson], lang: Lang) -> tuple[Change, ...]:
    """Return what changed, model by model; models that only one side has are left out."""
    changed: list[tuple[str, Change]] = []
    new = {rating["model"]["name"]: rating for rating in after}
    for old in before:
        other = new.get(old["model"]["name"])
        if other is None:
            continue
        changes = _grades(old, other, lang)
        for name, value in old["scores"].items():
            changes.append(_score(score_label(old, name, lang), value, other["scores"].get(name), lang))
        for name, p in old["probabilities"].items():
            q = other["probabilities"].get(name)
            changes.append(
                _probability(labels.word("target", name, lang), p["value"], q["value"] if q else None, name, lang)
            )
        changed += [(old["model"]["name"], change) for change in changes]
    # Two models may have a figure of the same name: each then says whose it is.
    count = Counter(change.label for _, change in changed)
    return tuple(
        replace(change, label=f"{change.label} · {short_model(model, lang)}") if count[change.label] > 1 else change
        for model, change in changed
    )


def inputs_between(
    before: Sequence[RatingJson], after: Sequence[RatingJson], lang: Lang
) -> tuple[tuple[str, str, str], ...]:
    """Return the inputs that two ratings had different: label, value before, value after."""
    old, new = ({one["name"]: one["value"] for r in ratings for one in r["inputs"]} for ratings in (before, after))
    return tuple(
        (labels.fact(name, lang), labels.fact_value(name, old[name], lang), labels.fact_value(name, new[name], lang))
        for name in old
        if name in new and old[name] != new[name]
    )


def versions_between(before: Sequence[RatingJson], after: Sequence[RatingJson]) -> str:
    """Return the models that rated by another version: ``ktrs-fm 1.3.0 → 1.4.0``."""
    old, new = ({one["model"]["name"]: one["model"]["version"] for one in ratings} for ratings in (before, after))
    return ", ".join(f"{name} {old[name]} → {new[name]}" for name in old if name in new and old[name] != new[name])


def _grades(old: RatingJson, new: RatingJson, lang: Lang) -> list[Change]:
    ladders = load("grades")["ladders"]
    rows = []
    for name, before in old["grades"].items():
        after = new["grades"].get(name, "–")
        label = ladders[name]["label"][lang] if name in ladders else labels.word("grade", name, lang)
        symbols = ladders[name]["symbols"] if name in ladders else []
        steps = symbols.index(before) - symbols.index(after) if before in symbols and after in symbols else 0
        difference = "" if not steps else f"{'▲' if steps > 0 else '▼'} {abs(steps)}"
        rows.append(Change(label, before, after, difference, "good" if steps > 0 else "bad" if steps < 0 else ""))
    return rows


def _score(label: str, before: float | None, after: float | None, lang: Lang) -> Change:
    difference = None if before is None or after is None else after - before
    return Change(
        label, numbers.score(before, lang), numbers.score(after, lang), *_shown(difference, higher_is_better=True)
    )


def _probability(label: str, before: float, after: float | None, name: str, lang: Lang) -> Change:
    difference = None if after is None else 100 * (after - before)
    shown, tone = _shown(difference, higher_is_better=name != "failure")
    return Change(
        label, numbers.percent(before, lang), numbers.percent(after, lang), shown + ("%p" if shown else ""), tone
    )


def _shown(difference: float | None, *, higher_is_better: bool) -> tuple[str, str]:
    if difference is None or abs(difference) < 0.005:
        return "", ""
    good = (difference > 0) == higher_is_better
    return f"{'▲' if difference > 0 else '▼'} {abs(difference):.2f}", "good" if good else "bad"
