"""``ktop keys``: the API keys of an organisation."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated, Any

import typer

from ktop.catalogue import text
from ktop.cli.options import Json
from ktop.cli.state import session, terminal
from ktop.domain.party.actor import Actor
from ktop.usecases.keys.interface import KeyCard, NewKey


def _say(name: str, **params: Any) -> str:
    return text(f"keys.{name}", terminal.lang, **params)


app = typer.Typer(help=_say("help"), no_args_is_help=True)
Organisation = Annotated[str, typer.Option("--organisation", metavar="ID", help=_say("help_organisation"))]
Days = Annotated[int, typer.Option("--days", min=1, max=365, help=_say("help_days"))]


def _for(ctx: typer.Context, organisation: str) -> Actor:
    """Return the owner of this installation, acting for one of its organisations."""
    return replace(session(ctx).actor, organisation=organisation)


def _plain(card: KeyCard) -> dict[str, Any]:
    return {name: part.isoformat() if hasattr(part, "isoformat") else part for name, part in asdict(card).items()}


def _show(made: NewKey, as_json: bool) -> None:
    if as_json:
        terminal.json(_plain(made.card) | {"key": made.key})
    else:
        terminal.note(_say("made"))
        typer.echo(made.key)


@app.command("list", help=_say("help_list"))
def list_keys(ctx: typer.Context, organisation: Organisation, json: Json = False) -> None:
    """List the keys of an organisation."""
    found = session(ctx).platform.keys.keys(_for(ctx, organisation))
    if json:
        terminal.json([_plain(card) for card in found])
        return
    for card in found:
        state = _say("left_behind" if card.left_behind else f"state_{card.state}")
        typer.echo(f"{card.id}  {state:<8} {card.expires.date()}  {card.name}")


@app.command("make", help=_say("help_make"))
def make(
    ctx: typer.Context,
    organisation: Organisation,
    name: Annotated[str, typer.Option("--name", help=_say("help_name"))],
    scope: Annotated[list[str], typer.Option("--scope", help=_say("help_scope"))],
    days: Days = 365,
    json: Json = False,
) -> None:
    """Make a key and print it, once."""
    _show(session(ctx).platform.keys.make(_for(ctx, organisation), name, scope, days), json)


@app.command("rotate", help=_say("help_rotate"))
def rotate(ctx: typer.Context, key: str, organisation: Organisation, days: Days = 365, json: Json = False) -> None:
    """Give a key another secret and print it, once."""
    _show(session(ctx).platform.keys.rotate(_for(ctx, organisation), key, days), json)


@app.command("revoke", help=_say("help_revoke"))
def revoke(ctx: typer.Context, key: str, organisation: Organisation) -> None:
    """Revoke a key."""
    session(ctx).platform.keys.revoke(_for(ctx, organisation), key)
    terminal.note(_say("revoked", key=key))
