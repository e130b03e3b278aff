"""What a drift report means and what to do about it: sentences worked out from its figures.

Data come first: a model must not be retrained on inputs that broke.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktop.catalogue import Lang, text
from ktop.report import labels, numbers

Json = Mapping[str, Any]

#: A share of missing values that rose by this much is told of by itself.
_MISSING_RISE = 0.10
#: Inputs named in one sentence.
_MOST_NAMED = 5
#: A share above the baseline's middle value that moved by less is told without a direction.
_LEAST_MOVE = 0.05
_ADVERSE = frozenset({"failure"})


def drift_advice(report: Json, lang: Lang) -> tuple[str, ...]:
    """Return sentences that say what moved, why that may be and what to do; never empty."""

    def say(key: str, **params: Any) -> str:
        return text(f"lifecycle.advice_{key}", lang, **params)

    if not report["rows"]:
        return (say("none", model=report["model"]["name"]),)
    if report["verdict"] == "unknown" and not report["calibration"]:
        return (say("few", rows=report["rows"]),)
    name = report["model"]["name"]
    said: list[str] = []
    moved = [
        (key, part)
        for key, part in sorted(report["features"].items(), key=lambda item: -(item[1]["value"] or 0.0))
        if part["verdict"] == "shifted"
    ]
    emptied = [(key, part) for key, part in moved if part["missing_now"] - part["missing_before"] >= _MISSING_RISE]
    if emptied:
        items = ", ".join(
            f"{labels.indicator(name, key, lang)} ({numbers.percent(part['missing_before'], lang)} → "
            f"{numbers.percent(part['missing_now'], lang)})"
            for key, part in emptied[:_MOST_NAMED]
        )
        said.append(say("missing", items=items))
    others = [(key, part) for key, part in moved if (key, part) not in emptied]
    if others:
        items = ", ".join(_moved(name, key, part, lang) for key, part in others[:_MOST_NAMED])
        said.append(say("inputs", items=items))
    mix = [labels.fact(key, lang) for key, part in report["labels"].items() if part["verdict"] == "shifted"]
    if mix:
        said.append(say("mix", items=", ".join(mix)))
    said += _calibration(report, lang)
    results = [part for kind in ("scores", "probabilities", "grades") for part in report[kind].values()]
    if any(part["verdict"] in ("watch", "shifted") for part in results) and not moved and not mix:
        said.append(say("results_only"))
    volume = report["volume"]
    if volume["verdict"] == "watch":
        last = volume["months"][-1]
        usual = numbers.figure(volume["expected"], lang, 0)
        said.append(say("volume", month=last["month"], companies=last["companies"], usual=usual))
    if not said:
        said.append(say("stable"))
    if not report["calibration"]:
        said.append(say("no_outcomes", model=name))
    return tuple(said)


def _calibration(report: Json, lang: Lang) -> list[str]:
    said = []
    for target, part in report["calibration"].items():
        if part["verdict"] not in ("watch", "shifted"):
            continue
        more = part["rate"] > part["predicted"]
        kind = "more" if more else "fewer"
        worse = more == (target in _ADVERSE)
        said.append(
            text(
                f"lifecycle.advice_{'worse' if worse else 'better'}_{part['verdict']}",
                lang,
                target=labels.word("target", target, lang),
                rate=numbers.percent(part["rate"], lang, 2),
                predicted=numbers.percent(part["predicted"], lang, 2),
                kind=text(f"lifecycle.advice_{kind}", lang),
                model=report["model"]["name"],
            )
        )
    return said


def _moved(model: str, key: str, part: Json, lang: Lang) -> str:
    """Return an input's name with the way it went, where its middle moved at all (old reports do not say)."""
    shown = labels.indicator(model, key, lang)
    before, now = part.get("above_before"), part.get("above_now")
    if before is None or now is None or abs(now - before) < _LEAST_MOVE:
        return shown
    return f"{shown} ({text('lifecycle.advice_higher' if now > before else 'lifecycle.advice_lower', lang)})"
