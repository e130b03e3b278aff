"""``ktop models``: the life of a model - compare, promote, roll back, history, register, retrain, recompute, drift."""

from __future__ import annotations

import getpass
import json as json_
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from ktop.catalogue import text
from ktop.cli.models import app, tell_torn_log
from ktop.cli.options import Corpus, Json, Lang, OnCluster
from ktop.cli.state import session, terminal
from ktop.kernel.errors import InputError
from ktop.kernel.files import atomic_path

__all__ = ["app"]


def _help(key: str) -> str:
    return text(f"lifecycle.help_{key}", terminal.lang)


def _say(key: str, **params: Any) -> str:
    return text(f"lifecycle.{key}", terminal.lang, **params)


By = Annotated[str | None, typer.Option("--by", metavar="NAME", help=_help("by"))]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help=_help("why"))]
Version = Annotated[str, typer.Option("--version", metavar="V", help=_help("version"))]


def _who(by: str | None) -> str | None:
    """Return who is said to decide: the name given, else that of the person at this terminal."""
    try:
        return by or getpass.getuser()
    except (KeyError, OSError):  # no user database, as in some containers
        return None


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
    at = session(ctx)
    with terminal.progress() as progress:
        found = at.platform.training.compare_versions(
            at.actor,
            champion,
            challenger,
            data,
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
    from ktop.report import labels  # loads what draws charts
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
    at = session(ctx)
    from ktop.usecases.uploads import existing  # loads what reads tables

    said = existing(evidence).read_bytes() if evidence else None
    event = at.platform.models.promote(at.actor, name, version, by=_who(by), why=why, evidence=said, anyway=anyway)
    previous, number = event["previous"] or "–", event["number"]
    terminal.note(_say("promoted", name=name, version=version, previous=previous, number=number))
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
    at = session(ctx)
    event = at.platform.models.rollback(at.actor, name, by=_who(by), why=why)
    told = {key: event[key] for key in ("version", "previous", "number")}
    terminal.note(_say("rolled_back", name=name, **told))


@app.command(help=_help("history"))
def history(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="NAME")] = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Print the log of versions."""
    terminal.languages(lang)
    at = session(ctx)
    events = at.platform.models.model_history(at.actor, name)
    tell_torn_log(at)
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
    at = session(ctx)
    entered = at.platform.models.register(at.actor, model, version=version, by=_who(by), why=why, name=name)
    terminal.note(_say("registered", model=entered))


@app.command(help=_help("appraisals"))
def appraisals(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option("--out", metavar="D.parquet", help=_help("appraisals_out"))],
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Write the kept ratings with what became of the firms."""
    terminal.languages(lang)
    at = session(ctx)
    found = at.platform.training.collect_appraisals(at.actor, out)
    if json:
        terminal.json(found)
    else:
        terminal.note(_say("appraisals_collected", path=out, **found))


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
    at = session(ctx)
    told: list[Mapping[str, str]] = []
    with terminal.progress() as progress:
        at.platform.training.retrain(
            at.actor,
            name,
            data,
            version=version,
            trained_on=trained_on,
            by=_who(by),
            why=why,
            progress=progress,
            warn=told.append,
        )
    for warning in told:
        terminal.note(warning[terminal.lang])
    terminal.note(_say("registered", model=f"{name}@{version}"))


@app.command(help=_help("recompute"))
def recompute(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="RATINGS.json", help=_help("recompute_file"))] = None,
    rating: Annotated[str | None, typer.Option("--rating", metavar="ID", help=_help("rating_id"))] = None,
    corpus: Corpus = None,
    cluster: OnCluster = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Compute kept ratings again; exit status 1 where any figure differs."""
    terminal.languages(lang)
    if (file is None) == (rating is None):
        raise InputError("lifecycle.file_or_id")
    from ktop.report.present.models import recomputed_sentence  # loads what draws charts

    at = session(ctx).on(cluster)
    ratings = at.platform.ratings
    if file is None:
        answers = ratings.recompute(at.actor, str(rating))
    else:
        answers = ratings.recompute_file(at.actor, file, corpus=corpus)
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
    at = session(ctx)
    reports = at.platform.training.measure_drift(at.actor, model, data)
    if json:
        terminal.json(reports)
        return
    for report in reports:
        _print_drift(report)


def _print_drift(report: Mapping[str, Any]) -> None:
    """Print the verdict and what to do, then the figures it rests on, in the words of the page."""
    from ktop.report.present.models import drift_view, model_title  # loads what draws charts

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
