"""``ktop cluster``: makes the token, runs nodes, shows what the cluster consists of."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

import typer

from ktop.catalogue import text
from ktop.cli.options import Json, Lang, OnCluster
from ktop.cli.state import host_and_port, session, terminal


def _say(key: str, **params: Any) -> str:
    return text(f"cluster.{key}", terminal.lang, **params)


app = typer.Typer(help=_say("help"), no_args_is_help=True)


@app.command("token", help=_say("help_token"))
def token(ctx: typer.Context, lang: Lang = None) -> None:
    """Make the cluster's token where there is none, and say where it lies."""
    terminal.languages(lang)
    at = session(ctx)
    terminal.note(_say("token_made", path=str(at.platform.cluster.token(at.actor))))


Host = Annotated[str, typer.Option("--host", metavar="ADDRESS", help=_say("help_host"))]
Cores = Annotated[int, typer.Option("--cores", min=1, max=1024, help=_say("help_cores"))]


@app.command("start", help=_say("help_start"))
def start(
    ctx: typer.Context,
    host: Host,
    port: Annotated[int, typer.Option("--port", min=1024, max=65535, help=_say("help_port"))] = 6379,
    cores: Cores = 1,
    lang: Lang = None,
) -> None:
    """Run the first node on this machine until told to end."""
    terminal.languages(lang)
    _run(ctx, host, port, None, cores)


@app.command("attach", help=_say("help_attach"))
def attach(
    ctx: typer.Context,
    first: Annotated[str, typer.Argument(metavar="ADDRESS:PORT", help=_say("help_first"))],
    host: Host,
    cores: Cores = 1,
    lang: Lang = None,
) -> None:
    """Run a further node on this machine until told to end."""
    terminal.languages(lang)
    _run(ctx, host, 0, host_and_port(first), cores)


def _run(ctx: typer.Context, host: str, port: int, join: str | None, cores: int) -> None:
    at = session(ctx)
    first = join or f"{host}:{port}"
    at.platform.cluster.run_node(
        at.actor, host, port=port, join=join, cores=cores, ready=lambda: terminal.note(_say("node_ready", first=first))
    )


@app.command("size", help=_say("help_size"))
def size(
    ctx: typer.Context,
    patents: Annotated[int, typer.Option("--patents", min=1, help=_say("help_patents"))],
    ratings: Annotated[float, typer.Option("--ratings", metavar="PER SECOND", help=_say("help_ratings"))] = 1.0,
    memory: Annotated[float, typer.Option("--memory", metavar="GB", help=_say("help_memory"))] = 128.0,
    cores: Annotated[int, typer.Option("--machine-cores", min=1, help=_say("help_machine_cores"))] = 32,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Say what so many patents and ratings need."""
    terminal.languages(lang)
    at = session(ctx)
    needed = at.platform.cluster.size(at.actor, patents, ratings, memory_gb=memory, cores=cores)
    told = dataclasses.asdict(needed)
    if json:
        terminal.json({name: round(value, 4) if isinstance(value, float) else value for name, value in told.items()})
        return
    terminal.note(_say("needed", **told))
    key = "one_server" if needed.machines == 1 else f"several_by_{needed.bound_by}"
    terminal.note(_say(key, machines=needed.machines, memory=memory, cores=cores))


@app.command("status", help=_say("help_status"))
def status(ctx: typer.Context, cluster: OnCluster = None, json: Json = False, lang: Lang = None) -> None:
    """Show the nodes and what each holds."""
    terminal.languages(lang)
    at = session(ctx).on(cluster)
    found = at.platform.cluster.seen(at.actor)
    if json:
        shares = [{"name": share.name, "node": share.node, "pid": share.pid} for share in found.shares]
        terminal.json({"nodes": list(found.nodes), "shares": shares})
        return
    for node in found.nodes:
        held = ", ".join(share.name for share in found.shares if share.node == node)
        terminal.note(_say("node_holds", node=node, held=held or "–"))
