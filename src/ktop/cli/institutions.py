"""``ktop institutions``: the institutions of this installation."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from ktop.catalogue import text
from ktop.cli.options import Json
from ktop.cli.state import session, terminal
from ktop.usecases.institutions.interface import InstitutionCard


def _say(name: str, **params: Any) -> str:
    return text(f"institutions.{name}", terminal.lang, **params)


app = typer.Typer(help=_say("help"), no_args_is_help=True)


def _show(card: InstitutionCard) -> None:
    state = _say("state_merged", into=card.merged_into) if card.state == "merged" else _say(f"state_{card.state}")
    kept = f"{(card.kept_bytes or 0) / 1e6:,.1f} MB"
    typer.echo(f"{card.id:<16} {_say(f'kind_{card.kind}'):<8} {state:<8} {kept:>12} {card.name[terminal.lang]}")


@app.command("list", help=_say("help_list"))
def list_institutions(ctx: typer.Context, json: Json = False) -> None:
    """List the institutions."""
    at = session(ctx)
    found = at.platform.institutions.institutions(at.actor, limit=200).items
    if json:
        terminal.json([asdict(card) for card in found])
        return
    for card in found:
        _show(card)


@app.command("create", help=_say("help_create"))
def create(
    ctx: typer.Context,
    institution: str,
    kind: Annotated[str, typer.Option("--kind", metavar="agency|bank|investor|operator", help=_say("kind"))],
    name_ko: Annotated[str, typer.Option("--name-ko", help=_say("name_ko"))],
    name_en: Annotated[str, typer.Option("--name-en", help=_say("name_en"))],
) -> None:
    """Enter an institution."""
    at = session(ctx)
    _show(at.platform.institutions.create(at.actor, institution, kind, name_ko, name_en))


@app.command("suspend", help=_say("help_suspend"))
def suspend(ctx: typer.Context, institution: str) -> None:
    """Suspend an institution."""
    at = session(ctx)
    _show(at.platform.institutions.suspend(at.actor, institution))


@app.command("reopen", help=_say("help_reopen"))
def reopen(ctx: typer.Context, institution: str) -> None:
    """Reopen a suspended institution."""
    at = session(ctx)
    _show(at.platform.institutions.reopen(at.actor, institution))


@app.command("merge", help=_say("help_merge"))
def merge(ctx: typer.Context, institution: str, into: Annotated[str, typer.Option("--into")]) -> None:
    """Merge an institution into another."""
    at = session(ctx)
    _show(at.platform.institutions.merge(at.actor, institution, into))


@app.command("verify-number", help=_say("help_verify"))
def verify_number(
    ctx: typer.Context, company: str, evidence: Annotated[str, typer.Option("--evidence", help=_say("evidence"))]
) -> None:
    """Note that a company's business number was verified."""
    at = session(ctx)
    at.platform.institutions.verify_number(at.actor, company, evidence)
    terminal.note(_say("number_noted"))
