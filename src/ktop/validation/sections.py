"""Parts of the validation page for models that rank within groups and rate texts: ranking, power, stability."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Figures = Mapping[str, Any]
Say = Callable[..., str]
Table = Callable[[str, Sequence[str], Sequence[Sequence[str]]], str]


def within_rows(found: Figures, say: Say, named: Callable[[str], str]) -> tuple[list[str], list[list[str]]]:
    """Return heads and rows of ranking within groups: AUC, precision at the top, and how far the score is ahead.

    Below the score and its rivals stands the forecast with its own, on the years that can be forecast.
    """
    heads = [
        say("head_ranked"),
        say("head_auc"),
        say("head_auc_in_field"),
        say("head_precision", share=f"{100 * found['top_share']:.0f} %"),
        say("head_ahead"),
    ]
    rows = []
    for part in ("rows", "forecast"):
        for number, (name, row) in enumerate(found[part].items()):
            label = named(name)
            if name == "best_single":
                label = say("ranked_best_single", measure=found["best_single"])
            elif part == "forecast" and number:
                label = say("ranked_same_years", name=label)
            less = "–" if number == 0 else _signed(row["less"])
            areas = [_ranged(row[key], "{:.3f}") for key in ("auc", "auc_in_field")]
            rows.append([label, *areas, _ranged(row["precision"], "{:.2%}"), less])
    return heads, rows


def power_sentences(found: Figures, say: Say) -> list[str]:
    """Return what the number of events can and cannot tell."""
    power = found["power"]
    said = [say("within_events", events=found["events"], rate=f"{100 * found['rate']:.2f} %")]
    if found["forecast_events"]:
        said.append(say("within_forecast", events=found["forecast_events"]))
    if power["events_for_aim"] is not None:
        said.append(say("power_aim", aim=power["aim"], rival=power["rival"], needed=power["events_for_aim"]))
    if power["events_for_found"] is not None:
        area = found["rows"]["score"]["auc"]["value"]
        said.append(say("power_found", area=area, rival=power["rival"], needed=power["events_for_found"]))
    else:
        said.append(say("power_behind"))
    return said


def robustness_rows(found: Figures, say: Say, named: Callable[[str], str]) -> tuple[list[str], list[list[str]]]:
    """Return heads and rows of how far scores and grades move under changes that leave the technology what it is."""
    heads = [say(f"head_{key}") for key in ("change", "n", "same", "within_one", "moved", "moved_high", "raised")]
    rows = [
        [
            named(row["change"]),
            f"{row['n']:,}",
            _share(row["same"]),
            _share(row["within_one"]),
            _number(row["mean"]),
            _number(row["high"]),
            "–" if row["raised"] is None else f"{row['raised']:+.1f}".replace("-", "−"),
        ]
        for row in found["rows"]
    ]
    return heads, rows


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"


def _ranged(entry: Figures, form: str) -> str:
    parts = ["–" if entry[key] is None else form.format(entry[key]) for key in ("value", "low", "high")]
    return f"{parts[0]} ({parts[1]}–{parts[2]})"


def _signed(entry: Figures) -> str:
    parts = ["–" if entry[key] is None else f"{entry[key]:+.3f}".replace("-", "−") for key in ("value", "low", "high")]
    return f"{parts[0]} ({parts[1]} ~ {parts[2]})"
