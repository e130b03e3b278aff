"""``ktop collect``: a company's record from public sources."""

from __future__ import annotations

import json as json_text
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ktop.catalogue import load, text
from ktop.cli.options import Json, Lang
from ktop.cli.state import session, terminal
from ktop.kernel.files import atomic_path
from ktop.usecases.collect.interface import CompanyCollection
from ktop.usecases.collect.report import as_json


def _say(key: str, **params: Any) -> str:
    return text(f"collect.{key}", terminal.lang, **params)


app = typer.Typer(help=_say("help"), no_args_is_help=True)


@app.callback()
def group() -> None:
    """Nothing to do before a command; without this Typer would make the only command the group itself."""


@app.command("company", help=_say("help_company"))
def company(
    ctx: typer.Context,
    business_number: Annotated[str, typer.Option("--business-number", metavar="N", help=_say("help_number"))],
    out: Annotated[Path, typer.Option("--out", metavar="FILE.json", help=_say("help_out"))],
    sources: Annotated[Path | None, typer.Option("--sources", metavar="FILE.yaml", help=_say("help_sources"))] = None,
    name: Annotated[list[str] | None, typer.Option("--name", help=_say("help_name"))] = None,
    corporate_number: Annotated[
        str | None, typer.Option("--corporate-number", metavar="N", help=_say("help_corporate_number"))
    ] = None,
    accept_names: Annotated[bool, typer.Option("--accept-names", help=_say("help_accept_names"))] = False,
    made_up: Annotated[bool, typer.Option("--made-up", help=_say("help_made_up"))] = False,
    lang: Lang = None,
    json: Json = False,
) -> None:
    """Collect one company."""
    terminal.languages(lang)
    at = session(ctx)
    with terminal.progress() as progress:
        found = at.platform.collect.collect(
            at.actor,
            business_number,
            names=tuple(name or ()),
            corporate_number=corporate_number,
            made_up=made_up,
            sources=sources,
            accept_names=accept_names,
            progress=progress,
        )
    with atomic_path(out) as beside:
        beside.write_text(json_text.dumps(found.record, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    if json:
        terminal.json(as_json(found, terminal.lang))
        return
    for sentence in _sentences(found):
        terminal.note(sentence)
    terminal.note(_say("written", file=out.name, values=len(found.record.get("sources", ()))))


@app.command("validate", help=_say("help_validate"))
def validate(
    ctx: typer.Context,
    collection: Annotated[str, typer.Argument(metavar="ID", help=_say("help_collection"))],
    opened: Annotated[datetime, typer.Option("--opened", formats=["%Y-%m-%d"], help=_say("help_opened"))],
    lang: Lang = None,
    json: Json = False,
) -> None:
    """Ask for the name, which no option takes: options end up in histories and lists of processes."""
    terminal.languages(lang)
    at = session(ctx)
    name = typer.prompt(_say("validation_representative"), err=True)
    told = at.platform.collect.validate(at.actor, collection, opened.date(), name).validated
    assert told is not None, "asked just now"
    if json:
        terminal.json({"right": told.right, "outcome": told.outcome, "at": told.at.isoformat(), "digest": told.digest})
        return
    words = {True: "right", False: "wrong", None: "unknown"}[told.right]
    params = {"outcome": _say(f"outcome_{told.outcome}")} if told.right is None else {}
    terminal.note(_say(f"validation_{words}", at=f"{told.at.astimezone():%Y-%m-%d %H:%M}", **params))


def _sentences(found: CompanyCollection) -> list[str]:
    """Return what a person should know: made up, each source, what is missing and why, what to look at."""
    known = load("sources")["sources"]
    sentences = [_say("made_up_note")] if found.made_up else []
    for source, report in found.reports.items():
        label = known[source]["name"][terminal.lang]
        words = _say("outcome_partly" if report.outcome == "found" and report.failures else f"outcome_{report.outcome}")
        sentences.append(_say("source_line", source=label, outcome=words, calls=report.calls + report.reused))
        if report.retry_at is not None:
            sentences.append("  " + _say("retry_at", moment=f"{report.retry_at.astimezone():%Y-%m-%d %H:%M}"))
    sentences += [text(notice.key, terminal.lang, **notice.params) for notice in found.notices]
    entries = {".".join(one.value.path.split(".")[:2]) for one in found.questions}
    if entries:
        sentences.append(_say("by_name_alone", count=len(entries)))
    if found.gathered is not None:
        for path, (key, params) in found.gathered.left_out.items():
            sentences.append(_say("left_out", path=path, why=text(key, terminal.lang, **params)))
    return sentences
