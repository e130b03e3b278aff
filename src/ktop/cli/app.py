"""The root of the command line and the commands that belong to no group: serve, schema, reference."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ktop import __version__
from ktop.catalogue import text
from ktop.cli import (
    accounts,
    audit,
    cluster,
    collect,
    institutions,
    jobs,
    keys,
    lifecycle,
    operations,
    originality_learning,
    patents,
    programmes,
    rate,
    sheets,
    signed,
    statistics,
)
from ktop.cli.options import help_of
from ktop.cli.state import session, terminal
from ktop.kernel.errors import InputError

app = typer.Typer(
    name="ktop", help=help_of("app"), no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
app.add_typer(rate.app, name="rate")
app.add_typer(patents.app, name="patents")
app.add_typer(lifecycle.app, name="models")  # with the commands of models.py

app.add_typer(originality_learning.app, name="originality")  # with the commands of originality.py
app.add_typer(audit.app, name="audit")
app.add_typer(cluster.app, name="cluster")
app.add_typer(programmes.app, name="programmes")
app.add_typer(collect.app, name="collect")
app.add_typer(sheets.app, name="companies")
operations.add_to(app)
signed.add_to(app)
statistics.add_to(app)
app.add_typer(jobs.app, name="jobs")
app.command("worker", help=text("jobs.help_worker", terminal.lang))(jobs.worker)
app.add_typer(accounts.app, name="accounts")
app.add_typer(institutions.app, name="institutions")
app.add_typer(keys.app, name="keys")
reference = typer.Typer(help=help_of("reference"), no_args_is_help=True)
app.add_typer(reference, name="reference")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ktop {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help=help_of("version"))
    ] = False,
) -> None:
    """Nothing to do before a command; ``--version`` acts by itself."""


@app.command(help=help_of("serve"))
def serve(
    ctx: typer.Context,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help=help_of("port"))] = None,
    data: Annotated[Path | None, typer.Option(help=help_of("data"))] = None,
    host: Annotated[str | None, typer.Option(help=help_of("host"))] = None,
    solo: Annotated[bool, typer.Option("--solo", help=help_of("solo"))] = False,
    processes: Annotated[int | None, typer.Option(min=1, max=64, help=help_of("processes"))] = None,
    beside: Annotated[int | None, typer.Option("--beside", hidden=True)] = None,
) -> None:
    """Start the platform."""
    from ktop.cli.server import run_server  # loads the web framework

    run_server(session(ctx).at(data), host=host, port=port, solo=solo, processes=processes, beside=beside)


@app.command(help=help_of("schema"))
def schema(
    ctx: typer.Context,
    what: Annotated[str, typer.Argument(metavar="company|batch", help=help_of("schema_what"))] = "company",
) -> None:
    """Print the JSON Schema of a company record, or the columns of a batch file."""
    at = session(ctx)
    if what == "company":
        terminal.json(at.platform.companies.company_schema(at.actor))
    elif what == "batch":
        terminal.json(at.platform.companies.batch_columns(at.actor))
    else:
        raise InputError("cli.unknown_schema", given=what)


@reference.command("build", help=help_of("reference_build"))
def reference_build(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option(help=help_of("out_folder"))],
    firms: Annotated[int, typer.Option(min=100, max=2_000_000, help=help_of("firms"))] = 80_000,
    seed: Annotated[int, typer.Option(min=0, help=help_of("seed"))] = 20241103,
) -> None:
    """Write the synthetic reference population."""
    at = session(ctx)
    with terminal.progress() as progress:
        report = at.platform.training.build_reference_population(
            at.actor, firms=firms, seed=seed, out=out, progress=progress
        )
    terminal.note(terminal.say("reference_built", **report))
