"""``ktop statistics``: publishes what the platform is used for and which grades there are, small counts hidden."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ktop.catalogue import text
from ktop.cli.options import Json, Lang
from ktop.cli.state import session, terminal


def _say(key: str, **params: Any) -> str:
    return text(f"statistics.{key}", terminal.lang, **params)


def statistics(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help=_say("help_out"))],
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Write the public figures of this installation."""
    terminal.languages(lang)
    at = session(ctx)
    made = at.platform.statistics.publish(at.actor, out)
    if json:
        terminal.json({"made": made.made.isoformat(), "tables": made.tables})
    else:
        terminal.note(_say("written", folder=str(out), tables=len(made.tables)))


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("statistics", help=_say("help"))(statistics)
