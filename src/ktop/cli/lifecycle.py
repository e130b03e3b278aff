"""``ktop models``: the life of a model - compare, promote, roll back, history, register, retrain, recompute, drift."""

from __future__ import annotations

import json as json_
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from ktop.catalogue import text
from ktop.cli.models import app, tell_torn_log
from ktop.cli.options import Json, Lang
from ktop.cli.state import terminal
from ktop.kernel.errors import InputError


def _help(key: str) -> str:
    return text(f"lifecycle.help_{key}", terminal.lang)


def _say(key: str, **params: Any) -> str:
    return text(f"lifecycle.{key}", terminal.lang, **params)


By = Annotated[str | None, typer.Option("--by", metavar="NAME", help=_help("by"))]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help=_help("why"))]
Version = Annotated[str, typer.Option("--version", metavar="V", help=_help("version"))]


def _who(by: str | None) -> str:
    from ktop.usecases.models.lifecycle import somebody

    return by or somebody()


def _table(*heads: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for head in heads:
        table.add_column(_say(head))
    return table


@app.command(help=_help("compare"))
def compare(
    ctx: typer.Context,
    champion: Annotated[str, typer.Argument(metavar="CHAMPION", help=_help("champion"))],
    challenger: Annotated[str, typer.Argument(metavar="CHALLENGER", help=_help("challenger"))],
    data: Annotated[Path, typer.Option("--data", metavar="D.parquet")],
    held_out: Annotated[bool, typer.Option("--held-out", help=_help("held_out"))] = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.json", help=_help("out_json"))] = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Compare two versions on the same rows."""
    langs = terminal.languages(lang)
    from ktop.kernel.files import atomic_path
    from ktop.usecases.models import lifecycle

    with terminal.progress() as progress:
        found = lifecycle.compare(
            champion,
            challenger,
            data,
            registry=ctx.obj.registry,
            only_held_out=held_out,
            lang=langs[0],
            progress=progress,
        )
    if out is not None:
        with atomic_path(out) as beside:
            beside.write_text(json_.dumps(found, ensure_ascii=False, indent=1, allow_nan=False) + "\n", "utf-8")
    if json:
        terminal.json(found)
        return
    _print_comparison(found)


def _print_comparison(found: Mapping[str, Any]) -> None:
    from ktop.report import labels
    from ktop.report.present.models import trained_on

    console = terminal.console()
    for role in ("champion", "challenger"):
        side = found[role]
        known_as = f"{side['name']} {side['version']} ({trained_on(side, terminal.lang)})"
        console.print(escape(f"{_say(role)}: {known_as}"))
    console.print()
    for name, part in found["targets"].items():
        auc, brier = part["auc"], part["brier"]
        named = labels.word("target", name, terminal.lang)
        head = f"{named} · {part['rows']:,} {_say('col_rows')} · {_say('verdict_' + part['verdict'])}"
        console.print(f"[bold]{escape(head)}[/]")
        grid = Table.grid(padding=(0, 2))
        grid.add_row("  AUC", f"{auc['champion']:.4f} → {auc['challenger']:.4f}", _difference(auc))
        grid.add_row("", f"{_say('col_p_firm')} {_p(auc['p_value'])}", f"{_say('col_p_delong')} {_delong_p(part)}")
        grid.add_row("  Brier", f"{brier['champion']:.5f} → {brier['challenger']:.5f}", _difference(brier))
        slopes = ["–" if slope is None else f"{slope:.2f}" for slope in part["slope"]]
        eces = [f"{value:.4f}" for value in part["ece"]]
        grid.add_row(f"  {_say('col_slope')}", " → ".join(slopes), f"ECE {' → '.join(eces)}")
        console.print(grid)
    if found["grades"]:
        table = _table("col_grades", "col_same", "col_within_one", "col_up", "col_down")
        for name, part in found["grades"].items():
            named = labels.word("grade", name, terminal.lang)
            table.add_row(escape(named), *(f"{100 * part[key]:.1f}%" for key in ("same", "within_one", "up", "down")))
        console.print(table)
    console.print()
    console.print(_say(f"overall_{found['verdict']}"))
    for note in found["notes"]:
        console.print(f"· {escape(_say('note_' + note['code'], version=note['version']))}")


def _difference(part: Mapping[str, Any]) -> str:
    low, high = ("–" if part[end] is None else f"{part[end]:+.4f}" for end in ("low", "high"))
    return f"{part['difference']:+.4f} ({low} ~ {high})"


def _delong_p(part: Mapping[str, Any]) -> str:
    return _p(part["delong"]["p_value"])


def _p(value: float | None) -> str:
    return "–" if value is None else "< .001" if value < 0.001 else f"{value:.3f}"


@app.command(help=_help("promote"))
def promote(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    version: Annotated[str, typer.Argument(metavar="VERSION")],
    why: Why,
    by: By = None,
    evidence: Annotated[Path | None, typer.Option("--evidence", metavar="FILE.json", help=_help("evidence"))] = None,
    anyway: Annotated[bool, typer.Option("--anyway", help=_help("anyway"))] = False,
    lang: Lang = None,
) -> None:
    """Put a version in force."""
    terminal.languages(lang)
    from ktop.usecases.models import lifecycle

    event = lifecycle.promote(
        name, version, by=_who(by), why=why, registry=ctx.obj.registry, evidence=evidence, anyway=anyway
    )
    terminal.note(_say("promoted", name=name, version=version, previous=event.previous or "–", number=event.number))
    if evidence is None:
        terminal.note(_say("promoted_without_evidence"))


@app.command(help=_help("rollback"))
def rollback(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    why: Why,
    by: By = None,
    lang: Lang = None,
) -> None:
    """Put the version before in force again."""
    terminal.languages(lang)
    from ktop.usecases.models import lifecycle

    event = lifecycle.rollback(name, by=_who(by), why=why, registry=ctx.obj.registry)
    terminal.note(_say("rolled_back", name=name, version=event.version, previous=event.previous, number=event.number))


@app.command(help=_help("history"))
def history(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="NAME")] = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Print the log of versions."""
    terminal.languages(lang)
    from ktop.usecases.models import lifecycle

    events = lifecycle.history(ctx.obj.registry, name)
    tell_torn_log(ctx.obj.registry)
    if json:
        terminal.json(events)
        return
    table = _table("col_when", "col_who", "col_what", "col_version", "col_why")
    for event in events:
        change = event["version"] if event["action"] == "add" else f"{event['previous'] or '–'} → {event['version']}"
        when, what = event["at"][:16].replace("T", " "), f"{_say('action_' + event['action'])} {event['name']}"
        table.add_row(when, escape(event["by"]), what, change, escape(event["why"]))
    terminal.console().print(table)


@app.command(help=_help("register"))
def register(
    ctx: typer.Context,
    model: Annotated[str, typer.Argument(metavar="DIR", help=_help("register_model"))],
    version: Version,
    why: Why,
    name: Annotated[str | None, typer.Option("--name", help=_help("name"))] = None,
    by: By = None,
    lang: Lang = None,
) -> None:
    """Enter a trained model as a version."""
    terminal.languages(lang)
    from ktop.usecases.models import lifecycle

    entered = lifecycle.register(model, version=version, by=_who(by), why=why, registry=ctx.obj.registry, name=name)
    terminal.note(_say("registered", model=entered))


@app.command(help=_help("retrain"))
def retrain(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    data: Annotated[Path, typer.Option("--data", metavar="D.parquet", help=_help("retrain_data"))],
    version: Version,
    trained_on: Annotated[str, typer.Option("--trained-on", metavar="TEXT", help=_help("trained_on"))],
    why: Why,
    by: By = None,
    lang: Lang = None,
) -> None:
    """Retrain a company model on own appraisals."""
    terminal.languages(lang)
    from ktop.usecases.models.retrain import retrain as work

    told: list[Mapping[str, str]] = []
    settled = {"version": version, "trained_on": trained_on, "by": _who(by), "why": why}
    with terminal.progress() as progress:
        work(name, data, **settled, registry=ctx.obj.registry, progress=progress, warn=told.append)
    for warning in told:
        terminal.note(warning[terminal.lang])
    terminal.note(_say("registered", model=f"{name}@{version}"))


@app.command(help=_help("recompute"))
def recompute(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="RATINGS.json", help=_help("recompute_file"))] = None,
    rating: Annotated[str | None, typer.Option("--rating", metavar="ID", help=_help("rating_id"))] = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Compute kept ratings again; exit status 1 where any figure differs."""
    terminal.languages(lang)
    from ktop.usecases.rate import recompute as service

    if (file is None) == (rating is None):
        raise InputError("lifecycle.file_or_id")
    from ktop.report.present.models import recomputed_sentence

    registry = ctx.obj.registry
    if file is not None:
        answers = service.recompute_file(file, registry)
    else:
        answers = service.recompute_ratings(ctx.obj.rating(str(rating)).results, registry)
    if json:
        terminal.json(answers)
    else:
        for answer in answers:
            terminal.console().print(escape(recomputed_sentence(answer, terminal.lang)))
    if any(answer["status"] == "differs" for answer in answers):
        raise InputError("lifecycle.not_identical")


@app.command(help=_help("drift"))
def drift(
    ctx: typer.Context,
    model: Annotated[str | None, typer.Argument(metavar="MODEL", help=_help("drift_model"))] = None,
    data: Annotated[Path | None, typer.Option("--data", metavar="D.parquet", help=_help("drift_data"))] = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Measure drift and keep what was found for the page on drift."""
    terminal.languages(lang)
    from ktop.usecases.models import drift as service

    if model is None:
        reports = service.drift_of_all(ctx.obj.ratings(service.MOST_RATINGS), registry=ctx.obj.registry)
    elif data is not None:
        reports = [service.drift_of_table(model, data, registry=ctx.obj.registry)]
    else:
        reports = [service.drift_of_ratings(model, ctx.obj.ratings(service.MOST_RATINGS), registry=ctx.obj.registry)]
    if json:
        terminal.json(reports)
        return
    for report in reports:
        _print_drift(report)


def _print_drift(report: Mapping[str, Any]) -> None:
    """Print the verdict and what to do, then the figures it rests on, in the words of the page."""
    from ktop.report.present.models import drift_view, model_title

    console, lang = terminal.console(), terminal.lang
    view = drift_view(report, lang)
    model = {"name": model_title(report["model"]["name"], lang), "version": report["model"]["version"]}
    console.print(f"[bold]{escape(_say('drift_of', **model, rows=report['rows'], verdict=view.verdict))}[/]")
    for sentence in view.advice:
        console.print(f"· {escape(sentence)}")
    if report["rows"]:
        for shown in (view.indices, view.calibration, view.inputs):
            if shown is not None:
                table = Table(box=None, pad_edge=False)
                for head in shown.columns:
                    table.add_column(escape(head))
                for row in shown.rows:
                    table.add_row(*(escape(cell) for cell in row))
                console.print()
                console.print(table)
    console.print()
