"""Ratings as a person reads them in a terminal: scores, grades, what made them, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from ktop.catalogue import Lang, messages, text
from ktop.cli.state import terminal

_BAR_WIDTH = 24
_LARGEST_CONTRIBUTIONS = 8


def _label(name: str, lang: Lang) -> str:
    """Return the catalogue's word for a score, grade, group or target, or the name itself."""
    for room in ("charts", "report", "web", "tech_index", "ktrs_fm", "originality", "models"):
        for key in (f"{room}.{name}", f"{room}.score_{name}", f"{room}.grade_{name}", f"{room}.target_{name}"):
            if key in messages() and "{" not in messages()[key][lang]:
                return text(key, lang)
    return name


def _bar(score: float) -> str:
    filled = round(score / 100 * _BAR_WIDTH)
    return "█" * filled + "░" * (_BAR_WIDTH - filled)


def _figure(value: Any, lang: Lang) -> str:
    if value is None:
        return text("cli.missing", lang)
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"
    return str(value)


def _head(console: Console, rating: Mapping[str, Any], lang: Lang) -> None:
    name = rating["subject"].get("name") or rating["subject"].get("title") or ""
    model = rating["model"]
    title = f"{_label(model['name'].replace('-', '_'), lang)} {model['version']}"
    console.print(
        Panel(escape(text("cli.rating_of", lang, name=name, as_of=rating["as_of"])), title=title, title_align="left")
    )
    table = Table.grid(padding=(0, 2))
    for grade, symbol in rating["grades"].items():
        table.add_row(_label(grade, lang), f"[bold]{escape(str(symbol))}[/]")
    for score, value in rating["scores"].items():
        shown = text("cli.missing", lang) if value is None else f"{value:5.1f}  {_bar(value)}"
        table.add_row(_label(score, lang), shown)
    console.print(table)
    for target, p in rating["probabilities"].items():
        console.print(
            text("cli.probability_of", lang, name=_label(target, lang), value=p["value"], low=p["low"], high=p["high"])
        )


def _contributions(console: Console, rating: Mapping[str, Any], lang: Lang, labels: Mapping[str, str]) -> None:
    for score, base in rating["base"].items():
        parts = sorted((c for c in rating["contributions"] if c["score"] == score), key=lambda c: -abs(c["points"]))
        table = Table(title=_label(score, lang), title_justify="left", box=None, pad_edge=False)
        table.add_column(text("cli.col_indicator", lang))
        table.add_column(text("cli.col_value", lang), justify="right")
        table.add_column(text("cli.col_points", lang), justify="right")
        table.add_row(text("cli.base_points", lang), "", f"{base['points']:.1f}")
        for part in parts[:_LARGEST_CONTRIBUTIONS]:
            colour = "green" if part["points"] >= 0 else "red"
            table.add_row(
                escape(labels.get(part["indicator"], part["indicator"])),
                _figure(part["value"], lang),
                f"[{colour}]{part['points']:+.1f}[/]",
            )
        console.print(table)


def _sentences(console: Console, rating: Mapping[str, Any], lang: Lang) -> None:
    spoken = [o["text"] for o in rating["opinions"] if o["lang"] == lang]
    steps = [s["text"][lang] for s in rating["next_steps"]]
    warnings = [w["text"][lang] for w in rating["warnings"]]
    for heading, lines in (("opinions", spoken), ("next_steps", steps), ("warnings", warnings)):
        if lines:
            console.print(f"[bold]{text(f'cli.{heading}', lang)}[/]")
            for line in lines:
                console.print(f"  · {escape(line)}")


def print_company(ratings: Sequence[Mapping[str, Any]], lang: Lang) -> None:
    """Print the ratings of one company."""
    from ktop.services.rate_company import indicator_labels

    console, labels = terminal.console(), indicator_labels(lang)
    for rating in ratings:
        _head(console, rating, lang)
        _contributions(console, rating, lang, labels)
        _sentences(console, rating, lang)
        console.print()


def print_technology(rating: Mapping[str, Any], lang: Lang) -> None:
    """Print the rating of one technology with its nearest patents."""
    console = terminal.console()
    _head(console, rating, lang)
    print_search(rating["details"].get("neighbours", [])[:10], lang)
    _sentences(console, rating, lang)


def print_search(found: Sequence[Mapping[str, Any]], lang: Lang) -> None:
    """Print patents with their scores."""
    table = Table(box=None, pad_edge=False)
    table.add_column(text("cli.col_score", lang), justify="right")
    table.add_column(text("cli.col_patent", lang), no_wrap=True)
    table.add_column(text("cli.col_filed", lang), no_wrap=True)
    table.add_column(text("cli.col_title", lang))
    for hit in found:
        score = hit.get("score", hit.get("similarity", 0.0))
        table.add_row(
            f"{score:.3f}", hit["patent_id"], str(hit.get("filing_date") or ""), escape(hit.get("title") or "")
        )
    terminal.console().print(table)


def print_models(cards: Sequence[Mapping[str, Any]], lang: Lang) -> None:
    """Print the released models."""
    table = Table(box=None, pad_edge=False)
    for column in ("name", "version", "trained_on"):
        table.add_column(text(f"cli.col_{column}", lang))
    for card in cards:
        table.add_row(card["name"], card["version"], str(card["trained_on"]))
    terminal.console().print(table)
