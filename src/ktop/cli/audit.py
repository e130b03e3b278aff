"""``ktop audit``: list, verify, seal and export the audit trail."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from ktop.catalogue import text
from ktop.cli.options import Json, Lang
from ktop.cli.state import session, terminal


def _say(key: str, **params: Any) -> str:
    return text(f"audit.{key}", terminal.lang, **params)


app = typer.Typer(help=_say("help"), no_args_is_help=True)


def _plain(value: Any) -> dict[str, Any]:
    return {name: part.isoformat() if hasattr(part, "isoformat") else part for name, part in asdict(value).items()}


@app.command("verify", help=_say("help_verify"))
def verify(
    ctx: typer.Context,
    head: Annotated[Path | None, typer.Option("--head", metavar="FILE.json", help=_say("help_head_file"))] = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Go through the whole trail."""
    terminal.languages(lang)
    at = session(ctx)
    at.platform.audit.seal(at.actor)
    state = at.platform.audit.verify(at.actor, head)
    if json:
        terminal.json({"events": state.events, "root": state.root})
    else:
        terminal.note(_say("verified", events=state.events, root=state.root))


@app.command("list", help=_say("help_list"))
def list_events(
    ctx: typer.Context,
    action: Annotated[str | None, typer.Option("--action", metavar="KIND", help=_say("help_action"))] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help=_say("help_limit"))] = 20,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """List the newest events of all organisations."""
    terminal.languages(lang)
    at = session(ctx)
    found = at.platform.audit.events(at.actor, everywhere=True, action=action, limit=limit).items
    if json:
        terminal.json([_plain(event) for event in found])
        return
    table = Table(box=None, pad_edge=False)
    for name in ("number", "at", "organisation", "actor", "action", "subject"):
        table.add_column(_say(f"column_{name}"), overflow="fold")
    for event in found:
        moment = event.at.astimezone().isoformat(sep=" ", timespec="seconds")
        table.add_row(str(event.number), moment, event.organisation, event.actor, event.action, event.subject)
    terminal.console().print(table)


@app.command("seal", help=_say("help_seal"))
def seal(ctx: typer.Context) -> None:
    """Seal what is not sealed yet."""
    at = session(ctx)
    terminal.note(_say("sealed", count=at.platform.audit.seal(at.actor)))


@app.command("head", help=_say("help_head"))
def head(ctx: typer.Context) -> None:
    """Print the head of this moment."""
    at = session(ctx)
    terminal.json(_plain(at.platform.audit.head_to_hold(at.actor)))


@app.command("export", help=_say("help_export"))
def export(ctx: typer.Context, out: Annotated[Path, typer.Option("--out", metavar="OUT.jsonl")]) -> None:
    """Write all sealed events to a file."""
    at = session(ctx)
    with terminal.progress() as progress:
        count = at.platform.audit.export(at.actor, out, progress)
    terminal.note(_say("exported", count=count, file=out.name))
