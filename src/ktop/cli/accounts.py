"""``ktop accounts``: the accounts of this installation."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated, Any

import typer

from ktop.catalogue import text
from ktop.cli.options import Json
from ktop.cli.state import session, terminal
from ktop.domain.party.permission import role_names


def _say(key: str, **params: Any) -> str:
    return text(f"accounts.{key}", terminal.lang, **params)


_ORGANISATION = text("keys.help_organisation", terminal.lang)
app = typer.Typer(help=_say("help"), no_args_is_help=True)


@app.command("create", help=_say("help_create"))
def create(
    ctx: typer.Context,
    login: str,
    name: Annotated[str, typer.Option("--name", help=_say("your_name"))],
    organisation: Annotated[str, typer.Option("--organisation", metavar="ID", help=_ORGANISATION)],
    role: Annotated[str, typer.Option("--role", help=_say("roles"))],
) -> None:
    """Make an account and print its password, once."""
    at = session(ctx)
    password = at.platform.institutions.add_account(at.actor, organisation, role, login, name)
    terminal.note(_say("account_made"))
    typer.echo(password)


@app.command("list", help=_say("help_list"))
def list_members(
    ctx: typer.Context,
    organisation: Annotated[str, typer.Option("--organisation", metavar="ID", help=_ORGANISATION)],
    json: Json = False,
) -> None:
    """List the members of an organisation."""
    at = session(ctx)
    found = at.platform.members.members(replace(at.actor, organisation=organisation))
    if json:
        terminal.json([asdict(one) | {"since": one.since.isoformat()} for one in found])
        return
    for one in found:
        typer.echo(f"{one.login:<24} {role_names()[one.role][terminal.lang]}  {one.name}")


@app.command("close-demo", help=_say("help_close_demo"))
def close_demo(ctx: typer.Context) -> None:
    """Close the demonstration accounts."""
    at = session(ctx)
    terminal.note(_say("demo_closed", count=at.platform.demo.close(at.actor)))


@app.command("erase", help=text("erasure.command_help", terminal.lang))
def erase(
    ctx: typer.Context,
    login: str,
    yes: Annotated[bool, typer.Option("--yes", help=text("erasure.command_yes", terminal.lang))] = False,
) -> None:
    """Erase what is known of a person."""
    at = session(ctx)
    if not yes:
        typer.confirm(text("erasure.command_sure", terminal.lang, login=login), abort=True, err=True)
    typer.echo(at.platform.erasure.erase_anybody(at.actor, login))
    terminal.note(text("erasure.done", terminal.lang))
