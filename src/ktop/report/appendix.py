"""What every report says at its end: how its models work, what limits them, what grades and words mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ktop.catalogue import Lang, load, messages, text
from ktop.report import labels
from ktop.report.charts import Table

#: The ladders a grade of each name is read from, in the order they are explained.
GRADES = ("business", "growth", "risk", "originality")
_LIMITS_OF_ALL, _LIMITS_OF_COMPANIES, _LIMITS_OF_TECHNOLOGIES = (1, 3), (2, 4, 6), (5,)


def appendix(ratings: Sequence[Mapping[str, Any]], lang: Lang) -> dict[str, Any]:
    """Return method, limits, grade meanings and glossary of the models in ``ratings``, as a report prints them."""
    models = list(dict.fromkeys(rating["model"]["name"] for rating in ratings))
    about = {"technology" if model == "originality" else "company" for model in models}
    limits = [
        *_LIMITS_OF_ALL,
        *(_LIMITS_OF_COMPANIES if "company" in about else ()),
        *(_LIMITS_OF_TECHNOLOGIES if "technology" in about else ()),
    ]
    graded = {name for rating in ratings for name in rating["grades"]}
    return {
        "methods": [
            {"title": labels.word("model", model, lang), "items": method(model, lang)}
            for model in models
            if method(model, lang)
        ],
        "limits": [text(f"web.limit_{number}", lang) for number in sorted(limits)],
        "grades": [grade_table(name, lang) for name in GRADES if name in graded],
        "glossary": [{"word": word, "meaning": meaning} for word, meaning in glossary(lang, about=about)],
    }


def method(model: str, lang: Lang) -> tuple[str, ...]:
    """Return how a model works, sentence by sentence; empty for one that the catalogue does not explain."""
    keys: list[str] = []
    while (key := f"web.how_{model.replace('-', '_')}_{len(keys) + 1}") in messages():
        keys.append(key)
    return tuple(text(key, lang) for key in keys)


def glossary(lang: Lang, about: set[str] | None = None) -> list[tuple[str, str]]:
    """Return the words and their meanings, all of them or those about companies or technologies."""
    return [
        (entry["word"][lang], entry["meaning"][lang])
        for entry in load("glossary")["terms"].values()
        if about is None or entry["about"] == "both" or entry["about"] in about
    ]


def grade_table(name: str, lang: Lang) -> Table:
    """Return a ladder's grades, best first, and the values each holds; the joined grade names its two."""
    entry = load("grades")["ladders"][name]
    caption = f"{entry['label'][lang]} ({entry['over'][lang]})"
    columns = (text("report.grade", lang), text("report.grade_holds", lang))
    if entry["cuts"] is None:
        return Table(caption, columns, tuple(_joined(entry["symbols"], lang)))
    higher = entry["better"] == "high"
    shown = [_cut(name, cut) for cut in entry["cuts"]]
    rows = []
    for place, symbol in enumerate(entry["symbols"]):
        best, last = place == 0, place == len(shown)
        if best:
            held = text(f"report.grade_{'from' if higher else 'to'}", lang, value=shown[0])
        elif last:
            held = text(f"report.grade_{'below' if higher else 'above'}", lang, value=shown[-1])
        else:
            low, high = (shown[place], shown[place - 1]) if higher else (shown[place - 1], shown[place])
            held = text(f"report.grade_between_{'high' if higher else 'low'}", lang, low=low, high=high)
        rows.append((symbol, held))
    return Table(caption, columns, tuple(rows))


def _cut(ladder: str, cut: float) -> str:
    return f"{cut:g}" if ladder == "originality" else f"{100 * cut:g}%"


def _joined(symbols: Sequence[str], lang: Lang) -> list[tuple[str, str]]:
    """Return for each grade of the matrix the pairs of risk and growth grades that meet in it."""
    matrix = load("grades")["business_matrix"]
    held: dict[str, list[str]] = {symbol: [] for symbol in symbols}
    for risk, row in matrix["rows"].items():
        met: dict[str, list[str]] = {}
        for growth, grade in zip(matrix["columns"], row, strict=True):
            met.setdefault(grade, []).append(growth)
        for grade, growths in met.items():
            held[grade].append(
                f"{risk} × {growths[0]}" if len(growths) == 1 else f"{risk} × {growths[0]}~{growths[-1]}"
            )
    return [(symbol, ", ".join(pairs) or "–") for symbol, pairs in held.items()]
