"""``ktop accounts``: the accounts of this installation."""

from __future__ import annotations

from typing import Any

import typer

from ktop.catalogue import text
from ktop.cli.state import session, terminal


def _say(key: str, **params: Any) -> str:
    return text(f"accounts.{key}", terminal.lang, **params)


app = typer.Typer(help=_say("help"), no_args_is_help=True)


@app.callback()
def root() -> None:
    """Nothing to do before a command."""


@app.command("close-demo", help=_say("help_close_demo"))
def close_demo(ctx: typer.Context) -> None:
    """Close the demonstration accounts."""
    at = session(ctx)
    terminal.note(_say("demo_closed", count=at.platform.demo.close(at.actor)))
