"""Ratings as a person reads them in a terminal; the same words and figures as on the page and in the PDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table

from ktop.catalogue import Lang, text
from ktop.cli.state import terminal
from ktop.report import charts, labels
from ktop.report.present import rating_view, subject_name
from ktop.report.present.common import score_label
from ktop.report.present.models import in_reading_order, trained_on
from ktop.report.present.views import Figure, RatingView, Technology

_BAR_WIDTH = 16
_LABEL_WIDTH = 34
_LARGEST_CONTRIBUTIONS = 8
_TONES = {"good": "green", "warn": "yellow", "bad": "red"}


def _bar(score: float) -> str:
    filled = round(score / 100 * _BAR_WIDTH)
    return "█" * filled + "░" * (_BAR_WIDTH - filled)


def _grid() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(max_width=_LABEL_WIDTH)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    return table


def _figures(table: Table, figures: Sequence[Figure]) -> None:
    for figure in figures:
        colour = _TONES.get(figure.tone)
        value = f"[bold]{escape(figure.value)}[/]{escape(figure.unit)}"
        table.add_row(escape(figure.label), f"[{colour}]{value}[/]" if colour else value, escape(figure.note))


def _head(console: Console, view: RatingView, rating: Mapping[str, Any], lang: Lang) -> None:
    subject = text("cli.rating_of", lang, name=subject_name(rating, lang), as_of=rating["as_of"])
    console.print(Panel(escape(subject), title=escape(view.title), subtitle=escape(view.version), title_align="left"))
    table = _grid()
    _figures(table, view.grades)
    if view.guarantee is not None:
        _figures(table, [f for f in view.headline if f.value == view.guarantee.decision])
    values = {score_label(rating, name, lang): value for name, value in rating["scores"].items()}
    for figure in view.scores:
        value = values.get(figure.label)
        bar = "" if value is None else _bar(value)
        table.add_row(escape(figure.label), escape(figure.value), f"{bar} {escape(figure.note)}")
    _figures(table, view.probabilities)
    console.print(table)


def _contributions(console: Console, view: RatingView, rating: Mapping[str, Any], lang: Lang) -> None:
    model = rating["model"]["name"]
    titles = {breakdown.score: breakdown.title for breakdown in view.breakdowns}
    for score, base in rating["base"].items():
        parts = [part for part in rating["contributions"] if part["score"] == score]
        if score not in titles or not parts:
            continue
        parts.sort(key=lambda part: -abs(part["points"]))
        table = Table(title=escape(titles[score]), title_justify="left", title_style="bold", box=None, pad_edge=False)
        table.add_column(text("cli.col_indicator", lang))
        table.add_column(text("cli.col_value", lang), justify="right")
        table.add_column(text("cli.col_points", lang), justify="right")
        table.add_row(text("cli.base_points", lang), "", f"{base['points']:.1f}")
        for part in parts[:_LARGEST_CONTRIBUTIONS]:
            shown = labels.indicator_value(model, part["indicator"], part["value"], lang)
            colour = "green" if part["points"] >= 0 else "red"
            table.add_row(
                escape(labels.indicator(model, part["indicator"], lang)),
                escape(text("cli.missing", lang) if shown is None else shown),
                f"[{colour}]{part['points']:+.1f}[/]",
            )
        rest = sum(part["points"] for part in parts[_LARGEST_CONTRIBUTIONS:])
        if len(parts) > _LARGEST_CONTRIBUTIONS:
            count = len(parts) - _LARGEST_CONTRIBUTIONS
            table.add_row(text("cli.other_indicators", lang, count=count), "", f"{rest:+.1f}")
        total = base["points"] + sum(part["points"] for part in parts)
        table.add_row(text("cli.total_points", lang), "", f"[bold]{total:.1f}[/]")
        console.print(table, "")


def _list(console: Console, heading: str, lines: Sequence[str]) -> None:
    if lines:
        console.print(f"[bold]{escape(heading)}[/]")
        for line in lines:
            console.print(Padding(f"· {escape(line)}", (0, 0, 0, 2)))
        console.print()


def _sentences(console: Console, view: RatingView, lang: Lang) -> None:
    if view.guarantee is not None:
        clauses = [
            f"{clause.status} — {clause.label}" + (f": {clause.reason}" if clause.reason else "")
            for clause in view.guarantee.clauses
        ]
        _list(console, view.guarantee.text, clauses)
    if view.evidence is not None:
        _plain(console, view.evidence.table, 4, f"{view.evidence.title}: {view.evidence.basis}")
        _list(console, text("batches.col_contradictions_said", lang), view.evidence.contradictions)
    for group in view.opinions:
        _list(console, group.title, group.items)
    steps = [
        f"{step.text} {step.effect} ({'; '.join(part for part in (step.change, step.effort, step.evidence) if part)})"
        for step in view.steps
    ]
    _list(console, text("cli.next_steps", lang), steps)
    _list(console, text("cli.warnings", lang), view.warnings)


def print_company(ratings: Sequence[Mapping[str, Any]], lang: Lang) -> None:
    """Print the ratings of one company."""
    console = terminal.console()
    for rating in ratings:
        view = rating_view(rating, lang, "text")
        _head(console, view, rating, lang)
        console.print()
        _contributions(console, view, rating, lang)
        _sentences(console, view, lang)


def print_technology(rating: Mapping[str, Any], lang: Lang) -> None:
    """Print the rating of one technology with its key terms and nearest patents."""
    console = terminal.console()
    view = rating_view(rating, lang, "text")
    _head(console, view, rating, lang)
    technology = view.technology
    if technology is not None:
        if technology.ocean is not None:
            table = _grid()
            _figures(table, [technology.ocean])
            console.print(table)
            console.print(escape(technology.ocean_text), "")
        terms = ", ".join(figure.label for figure in technology.key_terms)
        if terms:
            console.print(f"[bold]{text('cli.key_terms', lang)}[/]  {escape(terms)}", "")
    print_search(rating["details"].get("neighbours", [])[:10], lang)
    console.print()
    if technology is not None:
        _technology(console, technology, lang)
    _contributions(console, view, rating, lang)
    _sentences(console, view, lang)


def print_prospects(foreseen: Mapping[str, Any], lang: Lang) -> None:
    """Print what an applicant's history foresees, under a title of its own."""
    console = terminal.console()
    console.print(f"[bold]{text('prospects.title', lang)}[/]")
    console.print(escape(foreseen["text"][lang]))
    console.print(Padding(escape(foreseen["note"][lang]), (0, 0, 1, 0)))


def _technology(console: Console, shown: Technology, lang: Lang) -> None:
    """Print the groups of similar patents, the filings ahead, and what the nearest patents say of each feature."""
    if shown.groups is not None:
        _plain(console, shown.groups, 4)  # the nearest patent of each group would not fit beside it
    if shown.trend_text:
        console.print(escape(shown.trend_text), "")
    if shown.novelty is not None:
        novelty = shown.novelty
        colour = _TONES.get(novelty.tone, "default")
        console.print(f"[bold]{escape(novelty.title)}[/]  [{colour}]{escape(novelty.risk)}[/]")
        console.print(escape(novelty.text))
        for number, feature in enumerate(novelty.features, start=1):
            tone = _TONES.get(feature.tone, "default")
            score = text("cli.feature_score", lang, share=feature.score)
            line = f"{number}. {escape(feature.text)} [{tone}]{escape(feature.status)}[/] ({escape(score)})"
            console.print(Padding(line, (0, 0, 0, 2)))
        console.print(Padding(escape(novelty.note), (0, 0, 1, 0)))
    if shown.suggestions is not None:
        console.print(escape(shown.suggestions.text))
        if shown.suggestions.table.rows:
            _plain(console, shown.suggestions.table, 4)
        console.print(Padding(escape(shown.suggestions.note), (0, 0, 1, 0)))


def _plain(console: Console, content: charts.Table, columns: int, title: str = "") -> None:
    table = Table(
        title=escape(title or content.caption), title_justify="left", title_style="bold", box=None, pad_edge=False
    )
    for place, column in enumerate(content.columns[:columns]):
        table.add_column(escape(column), justify="right" if place else "left")
    for row in content.rows:
        table.add_row(*(escape(cell) for cell in row[:columns]))
    console.print(table, "")


def print_technologies(found: Mapping[str, Any], lang: Lang) -> None:
    """Print two technologies side by side: grades and scores, what is said of both, and each one's surroundings."""
    console = terminal.console()
    views = [rating_view(found[side], lang, "text") for side in "ab"]
    names = [f"{side.upper()}. {subject_name(found[side], lang)}" for side in "ab"]
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for name in names:
        table.add_column(escape(name), justify="right")
    for one, other in zip((*views[0].grades, *views[0].scores), (*views[1].grades, *views[1].scores), strict=False):
        table.add_row(escape(one.label), escape(one.value), escape(other.value))
    oceans = [view.technology.ocean for view in views if view.technology and view.technology.ocean]
    if len(oceans) == len(views):
        table.add_row(*(escape(cell) for cell in (oceans[0].label, oceans[0].value, oceans[1].value)))
    console.print(table, "")
    sentences = [opinion["text"] for opinion in found["comparison"]["opinions"] if opinion["lang"] == lang]
    _list(console, text("cli.side_by_side", lang), sentences)
    for name, view in zip(names, views, strict=True):
        console.print(f"[bold]{escape(name)}[/]")
        if view.technology is not None and view.technology.groups is not None:
            _plain(console, view.technology.groups, 4)
        _list(console, text("cli.warnings", lang), view.warnings)


def print_search(found: Sequence[Mapping[str, Any]], lang: Lang) -> None:
    """Print patents with their scores."""
    table = Table(box=None, pad_edge=False)
    table.add_column(text("cli.col_score", lang), justify="right")
    table.add_column(text("cli.col_patent", lang), no_wrap=True)
    table.add_column(text("cli.col_filed", lang), no_wrap=True)
    table.add_column(text("cli.col_title", lang))
    for hit in found:
        score = hit.get("score", hit.get("similarity", 0.0))
        filed = str(hit.get("filing_date") or "")
        table.add_row(f"{score:.3f}", escape(hit["patent_id"]), filed, escape(hit.get("title") or ""))
    terminal.console().print(table)


def print_models(cards: Sequence[Mapping[str, Any]], lang: Lang) -> None:
    """Print the released models."""
    table = Table(box=None, pad_edge=False)
    for column in ("name", "version", "trained_on"):
        table.add_column(text(f"cli.col_{column}", lang))
    for column in ("origin", "in_force"):
        table.add_column(text(f"lifecycle.col_{column}", lang))
    for card in in_reading_order(cards):
        origin = text(f"lifecycle.origin_{card['origin']}", lang)
        state = text("lifecycle.in_force", lang) if card["champion"] else ""
        table.add_row(escape(card["name"]), escape(card["version"]), escape(trained_on(card, lang)), origin, state)
    terminal.console().print(table)
