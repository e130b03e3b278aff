"""Writes docs/archetypes.md and docs/archetypes.ko.md: twelve invented firms, their ratings and why, in both languages.

    ./run --version && .venv/bin/python benchmarks/archetypes.py

The firms stand in benchmarks/archetypes.yaml. They are rated by the models and rules in force; the page names them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

import yaml

from ktop.catalogue import LANGS, Lang
from ktop.domain.party.actor import LOCAL_OWNER
from ktop.domain.rating.grades import ladder
from ktop.domain.rating.rating import Rating
from ktop.models.registry import ModelRegistry
from ktop.report import labels, numbers
from ktop.usecases.companies.evidence import accepted_subject
from ktop.usecases.companies.rating import rate_by

MODELS = ("tech-index", "ktrs-fm")
#: Facts of money, given in million won; a list is one year after another, the latest last.
_MONEY = frozenset(
    (
        *("sales", "operating_profit", "net_income", "total_assets", "equity", "intangible_assets", "rnd_expense"),
        *("training_expense", "marketing_expense", "interest_expense", "dividends", "borrowings", "guarantee_balance"),
    )
)
_MILLION = 1_000_000
_PARTS_NAMED = 3
#: What is told of a firm beside its figures; what every firm of this page is told is left out.
_LEFT_OUT = frozenset({"synthetic", "no_source", "statement_none", "missing", "tracks_disagree"})


def firms() -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """Return the page's words and the firms as written."""
    content = yaml.safe_load((ROOT / "benchmarks" / "archetypes.yaml").read_text("utf-8"))
    return content, content["firms"]


def record_of(firm: Mapping[str, Any]) -> dict[str, Any]:
    """Return a firm as a company record."""
    facts: dict[str, Any] = {}
    for name, value in firm["facts"].items():
        if isinstance(value, list):
            for back, amount in enumerate(reversed(value)):
                facts[f"{name}_krw_t{back}"] = amount * _MILLION
        elif name in _MONEY:
            facts[f"{name}_krw"] = value * _MILLION
        else:
            facts[name] = value
    answers = {f"q{n:02d}": int(a) for n, a in enumerate(firm["answers"], start=1) if a != "-"}
    marks = [{"path": path, "source": "archetype", "status": status} for path, status in firm.get("marked", {}).items()]
    return {
        "name": firm["name"]["ko"],
        "name_en": firm["name"]["en"],
        **{key: str(firm[key]) for key in ("industry", "region", "founded")},
        "facts": facts,
        "checklist": answers,
        "sources": marks,
    }


def rated(firm: Mapping[str, Any], day: date, registry: ModelRegistry) -> tuple[Rating, Rating]:
    """Return a firm's Tech-Index and KTRS-FM ratings."""
    subject = accepted_subject(LOCAL_OWNER, record_of(firm), day)
    index, ktrs = (rate_by(registry.model(name), subject) for name in MODELS)
    return index, ktrs


def page(lang: Lang) -> str:
    """Return the page in one language."""
    content, given = firms()
    words = {name: entry[lang] for name, entry in content["words"].items()}
    registry = ModelRegistry()
    ratings = [rated(firm, content["as_of"], registry) for firm in given]
    index, ktrs = ratings[0]
    rules = (ktrs.details["guarantee"]["rule"], ktrs.details["evidence"]["rule"], ktrs.details["matrix"])
    models = ", ".join(f"{rating.model.name} {rating.model.version}" for rating in (index, ktrs))
    lines = [
        f"# {words['title']}",
        "",
        words["lead"] + " " + words["other"],
        "",
        words["versions"].format(as_of=content["as_of"], models=models, rules=", ".join(rules)),
        "",
        f"| {words['columns']} |",
        "|" + "---|" * (words["columns"].count("|") + 1),
    ]
    for firm, pair in zip(given, ratings, strict=True):
        lines.append(
            "| " + " | ".join([f"[{firm['name'][lang]}](#{firm['id']})", *_figures(*pair, words, lang)]) + " |"
        )
    for firm, pair in zip(given, ratings, strict=True):
        lines += ["", f'<a id="{firm["id"]}"></a>', "", f"## {firm['name'][lang]}", "", firm["about"][lang] + ".", ""]
        lines += [f"- **{words['expected']}**: {firm['view'][lang]}", *_why(*pair, words, lang)]
    return "\n".join(lines) + "\n"


def _figures(index: Rating, ktrs: Rating, words: Mapping[str, str], lang: Lang) -> list[str]:
    found, decision = ktrs.details["evidence"], ktrs.details["guarantee"]
    amount = numbers.money(decision["amount_krw"], lang)
    on_evidence = found["evidence"]
    return [
        f"{index.scores['index']:.1f}",
        *(ktrs.grades[name] for name in ("growth", "risk", "business")),
        found["declared"]["grades"]["business"],
        "–" if on_evidence is None else on_evidence["grades"]["business"],
        *(numbers.percent(ktrs.probabilities[name].value, lang) for name in ("high_growth", "failure")),
        words[decision["status"]].format(amount=amount),
    ]


def _why(index: Rating, ktrs: Rating, words: Mapping[str, str], lang: Lang) -> Iterator[str]:
    yield f"- **{words['result']}**: " + _result(index, ktrs, lang)
    for score in ("growth", "risk"):
        parts = sorted((c for c in ktrs.contributions if c.score == score), key=lambda part: -part.points)
        best = [part for part in parts[:_PARTS_NAMED] if part.points > 0]
        worst = [part for part in parts[: -_PARTS_NAMED - 1 : -1] if part.points < 0]
        for side, chosen in (("for", best), ("against", worst)):
            told = [
                words["point"].format(label=labels.indicator("ktrs-fm", part.indicator, lang), points=part.points)
                for part in chosen
            ]
            yield f"- **{words[f'{side}_{score}']}**: {', '.join(told) or words['none']}"
    yield f"- **{words['guarantee']}**: {ktrs.details['guarantee']['text'][lang]}"
    told = [w.text[lang] for w in _once((*index.warnings, *ktrs.warnings)) if w.code not in _LEFT_OUT]
    if told:
        yield f"- **{words['told']}**: {' '.join(told)}"
    if ktrs.next_steps:
        step = ktrs.next_steps[0]
        low, high = (numbers.money(end, lang) for end in step.cost_krw or (None, None))
        cost = low if low == high else f"{low} – {high}"
        yield f"- **{words['step']}**: {step.text[lang]} ({step.points:+.1f}; {cost}; {step.evidence[lang]})"


def _result(index: Rating, ktrs: Rating, lang: Lang) -> str:
    figures = [f"Tech-Index {index.scores['index']:.1f}"]
    figures += [f"{_ladder(name, lang)} {grade}" for name, grade in ktrs.grades.items()]
    for name, chance in {**index.probabilities, **ktrs.probabilities}.items():
        ends = " – ".join(numbers.percent(end, lang, 2) for end in (chance.low, chance.high))
        figures.append(f"{labels.word('target', name, lang)} {numbers.percent(chance.value, lang, 2)} ({ends})")
    return ", ".join(figures) + "."


def _ladder(name: str, lang: Lang) -> str:
    return (ladder(name).labels or {})[lang]


def _once(warnings: Sequence[Any]) -> list[Any]:
    return list({warning.code: warning for warning in warnings}.values())


if __name__ == "__main__":
    for each in LANGS:
        path = ROOT / "docs" / ("archetypes.md" if each == "en" else f"archetypes.{each}.md")
        path.write_text(page(each), "utf-8")
        print(path.relative_to(ROOT))
