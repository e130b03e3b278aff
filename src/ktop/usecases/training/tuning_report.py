"""What a training that tuned itself tells: files beside the model, some sentences, and a warning by rejected sign."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from ktop.catalogue import LANGS, Lang, messages, text
from ktop.kernel.files import atomic_path

SCHEME_FILE, FIGURES_FILE, TEXT_FILE = "scheme.yaml", "tuning.json", "tuning.md"
#: Columns of the table of what was tried, in this order.
_COLUMNS = ("step", "form", "depth", "leaves", "max_bin", "min_leaf_rows", "feature_fraction", "l2", "learning_rate")


def write_tuning(report: Mapping[str, Any], scheme: Mapping[str, Any], out: Path, lang: Lang) -> None:
    """Write the scheme with everything named, the figures, and the report for people."""
    files = {
        SCHEME_FILE: yaml.safe_dump(json.loads(json.dumps(scheme)), allow_unicode=True, sort_keys=False),
        FIGURES_FILE: json.dumps(report, ensure_ascii=False, indent=1),
        TEXT_FILE: "\n".join(_page(report, lang)) + "\n",
    }
    for name, content in files.items():
        with atomic_path(out / name) as beside:
            beside.write_text(content, "utf-8")


def tuning_lines(report: Mapping[str, Any], lang: Lang) -> list[str]:
    """Return what was chosen for each target, and what the glass box costs, in sentences."""
    lines = [sentence for target in report["targets"] for sentence in _sentences(report, target, lang)]
    if report["taken_up"]:
        lines.append(text("tuning.taken_up", lang, count=report["taken_up"]))
    return lines


def restriction_costs(auc: Mapping[str, float]) -> dict[str, float]:
    """Return the AUC to be gained by lifting each restriction of the glass box, from what was tried anyway.

    ``signs``: releasing all that were given; ``groups``: letting all inputs join in one tree; ``trees``: what an
    unrestricted bag is then still ahead by (deeper trees, more leaves, finer bins, signs still held). Restrictions that
    the scheme does not make are left out; below zero where a restriction helps.
    """
    costs = {}
    if "free_of_signs" in auc:
        costs["signs"] = auc["free_of_signs"] - auc["all_signs"]
    if "one_group" in auc:
        costs["groups"] = auc["one_group"] - auc["chosen"]
    return {**costs, "trees": auc["unrestricted"] - auc.get("one_group", auc["chosen"])}


def sign_warnings(report: Mapping[str, Any]) -> Iterator[Mapping[str, str]]:
    """Yield a warning for every sign that the data reject, in every language."""
    for target, found in report["targets"].items():
        signs, auc = found["signs"], found["auc"]
        for name, moved in signs["rejected"].items():
            told = {"name": name, "target": target, "moved": f"{moved:.2f}"}
            told["cost"] = f"{auc['free_of_signs'] - auc['all_signs']:.4f}"
            sentences = {str(lang): text("tuning.sign_rejected", lang, **told) for lang in LANGS}
            yield {"code": "sign_rejected", **sentences}


def _sentences(report: Mapping[str, Any], target: str, lang: Lang) -> Iterator[str]:
    found = report["targets"][target]
    chosen, auc = found["chosen"], found["auc"]
    yield text(
        "tuning.chosen",
        lang,
        target=target,
        auc=f"{auc['chosen']:.4f}",
        rounds=chosen["rounds"] + chosen["group_rounds"],
        depth=chosen["depth"],
        bins=chosen["max_bin"],
        rows=chosen["min_leaf_rows"],
        members=report["members"],
        tried=len(found["tried"]),
    )
    key = "tuning.cost" if auc["cost"] > 0 else "tuning.cost_nothing"
    figures = {
        "auc": f"{auc['unrestricted']:.4f}",
        "cost": f"{abs(auc['cost']):.4f}",
        "error": f"{auc['cost_error']:.4f}",
    }
    yield text(key, lang, target=target, **figures)
    if found["time_was_short"]:
        yield text("tuning.time_was_short", lang, target=target)


def _page(report: Mapping[str, Any], lang: Lang) -> Iterator[str]:
    yield f"# {text('tuning.title', lang)}"
    yield ""
    yield text("tuning.lead", lang, minutes=f"{report['minutes']:g}", seconds=f"{report['seconds']:,.0f}")
    for target, found in report["targets"].items():
        yield from ("", f"## {target}", "")
        yield text(_split(found), lang, **{k: found[k] for k in ("folds", "judged_from", "years_between")},
                   **{k: f"{found[k]:,}" for k in ("rows", "events", "judged_rows", "judged_events")})  # fmt: skip
        yield ""
        for sentence in _sentences(report, target, lang):
            yield f"- {sentence}"
        if found["scorecard_weight"]:
            yield "- " + text("tuning.scorecard", lang, weight=f"{found['scorecard_weight']:.2f}")
        if found["signs"]["given"]:
            yield "- " + text(
                "tuning.signs", lang, given=found["signs"]["given"], rejected=len(found["signs"]["rejected"])
            )
        yield from ("", f"| {text('tuning.figure', lang)} | AUC |", "|---|---|")
        for name, value in found["auc"].items():
            if name not in ("cost", "cost_error"):
                yield f"| {text(f'tuning.auc_{name}', lang)} | {value:.4f} |"
        yield from ("", f"| {text('tuning.restriction', lang)} | {text('tuning.to_gain', lang)} |", "|---|---|")
        for name, cost in restriction_costs(found["auc"]).items():
            yield f"| {text(f'tuning.restriction_{name}', lang)} | {cost:+.4f} |"
        yield from ("", f"### {text('tuning.tried', lang)}", "")
        heads = [text(f"tuning.column_{name}", lang) for name in (*_COLUMNS, "rounds", "seconds")]
        yield "| " + " | ".join([*heads, "AUC"]) + " |"
        yield "|" + "---|" * (len(heads) + 1)
        for line in found["tried"]:
            cells = [_cell(name, line.get(name, ""), lang) for name in (*_COLUMNS, "rounds", "seconds")]
            yield "| " + " | ".join([*cells, f"{line['auc']:.4f}"]) + " |"


def _split(found: Mapping[str, Any]) -> str:
    return "tuning.split_by_firm" if found["judged_from"] is None else "tuning.split_by_firm_and_year"


def _cell(name: str, value: Any, lang: Lang) -> str:
    if value == -1:  # no limit
        return "–"
    key = f"tuning.{name}_{value}"
    return text(key, lang) if key in messages() else str(value)
