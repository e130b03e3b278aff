"""``ktop backup``, ``ktop restore``, ``ktop doctor``: running an installation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ktop.catalogue import LANGS, text
from ktop.cli.options import Json, Lang
from ktop.cli.state import session, terminal

_STYLES = {"good": "green", "warning": "yellow", "bad": "bold red"}


def _say(key: str, **params: Any) -> str:
    return text(f"operations.{key}", terminal.lang, **params)


def backup(ctx: typer.Context, out: Annotated[Path, typer.Argument(metavar="OUT.zip")]) -> None:
    """Copy the installation to one file."""
    at = session(ctx)
    with terminal.progress() as progress:
        rows = at.platform.operations.backup(at.actor, out, progress)
    terminal.note(_say("backed_up", rows=sum(rows.values()), file=out.name))


def restore(
    ctx: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="IN.zip", exists=True, dir_okay=False)],
    data: Annotated[Path, typer.Option("--data", metavar="DIR")],
) -> None:
    """Fill an empty installation."""
    at = session(ctx).at(data)
    with terminal.progress() as progress:
        rows = at.platform.operations.restore(at.actor, source, progress)
    at.platform.audit.seal(at.actor)
    state = at.platform.audit.verify(at.actor)
    terminal.note(_say("restored", rows=sum(rows.values()), events=state.events))


def doctor(ctx: typer.Context, json: Json = False, lang: Lang = None) -> None:
    """Look at the set-up."""
    terminal.languages(lang)
    at = session(ctx)
    found = at.platform.operations.doctor(at.actor)
    if json:
        terminal.json(
            [
                {"name": f.name, "state": f.state, "message": {each: text(f.key, each, **f.values) for each in LANGS}}
                for f in found
            ]
        )
    else:
        console = terminal.console()
        for finding in found:
            state = _say(f"state_{finding.state}")
            console.print(f"[{_STYLES[finding.state]}]{state:<8}[/]", end=" ")
            console.print(text(finding.key, terminal.lang, **finding.values), markup=False, soft_wrap=True)
    if any(finding.state == "bad" for finding in found):
        raise typer.Exit(1)


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line's root."""
    for command in (backup, restore, doctor):
        app.command(command.__name__, help=_say(f"help_{command.__name__}"))(command)
