"""``ktop jobs`` and ``ktop worker``: give, list, show and cancel jobs; work them off."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from ktop.catalogue import text
from ktop.cli.options import Json, Lang
from ktop.cli.state import session, terminal
from ktop.domain.work.job import Job
from ktop.domain.work.kind import job_kinds
from ktop.kernel.errors import InputError


def _say(key: str, **params: Any) -> str:
    return text(f"jobs.{key}", terminal.lang, **params)


app = typer.Typer(help=_say("help"), no_args_is_help=True)
JobId = Annotated[str, typer.Argument(metavar="ID", help=_say("help_id"))]


def worker(
    ctx: typer.Context,
    data: Annotated[Path | None, typer.Option("--data", help=text("cli.help_data", terminal.lang))] = None,
    beside: Annotated[bool, typer.Option("--beside", hidden=True)] = False,
    host: Annotated[str | None, typer.Option(hidden=True)] = None,
    port: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Work jobs off until told to end."""
    from ktop.worker.process import run_worker  # only this command needs it

    at = session(ctx).at(data).given(host=host, port=port)
    if not beside:
        terminal.note(_say("worker_ready"))
    run_worker(at.platform.work, at.settings, beside=beside)


@app.command("list", help=_say("help_list"))
def list_jobs(
    ctx: typer.Context,
    state: Annotated[list[str] | None, typer.Option("--state", metavar="STATE", help=_say("help_state"))] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help=_say("help_limit"))] = 50,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """List the newest jobs of all organisations."""
    terminal.languages(lang)
    at = session(ctx)
    found = at.platform.jobs.jobs(at.actor, everywhere=True, states=state or (), limit=limit).items
    if json:
        terminal.json([plain(job) for job in found])
        return
    table = Table(box=None, pad_edge=False)
    for name in ("id", "kind", "state", "progress", "created", "organisation"):
        table.add_column(_say(f"column_{name}"), overflow="fold")
    for job in found:
        table.add_row(
            job.id, _kind(job), _say(f"state_{job.state}"), _progress(job), _moment(job.created), job.organisation
        )
    terminal.console().print(table)


@app.command("show", help=_say("help_show"))
def show(ctx: typer.Context, job_id: JobId, json: Json = False, lang: Lang = None) -> None:
    """Show one job."""
    terminal.languages(lang)
    at = session(ctx)
    _print(at.platform.jobs.job(at.actor, job_id, everywhere=True), json)


@app.command("cancel", help=_say("help_cancel"))
def cancel(ctx: typer.Context, job_id: JobId, json: Json = False, lang: Lang = None) -> None:
    """Cancel one job."""
    terminal.languages(lang)
    at = session(ctx)
    _print(at.platform.jobs.cancel(at.actor, job_id, everywhere=True), json)


@app.command("give", help=_say("help_give"))
def give(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="KIND", help=_say("help_kind"))],
    arguments: Annotated[list[str] | None, typer.Argument(metavar="NAME=VALUE…", help=_say("help_arguments"))] = None,
    key: Annotated[str | None, typer.Option("--key", help=_say("help_key"))] = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Give a job to the workers."""
    terminal.languages(lang)
    named: dict[str, str] = {}
    for argument in arguments or ():
        name, equals, value = argument.partition("=")
        if not equals:
            raise InputError("jobs.not_named", given=argument[:60])
        named[name] = str(Path(value).absolute()) if name in ("path", "data", "corpus", "out") else value
    at = session(ctx)
    _print(at.platform.jobs.give(at.actor, kind, named, key), json)


def plain(job: Job) -> dict[str, Any]:
    """Return a job in JSON types, its problem as a sentence."""
    moments = {name: getattr(job, name) for name in ("created", "started", "ended", "not_before")}
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "progress": {"done": job.done, "of": job.of},
        "attempts": job.attempts,
        "error": problem_of(job),
        "organisation": job.organisation,
        "made_by": job.made_by,
        "result": job.result,
        **{name: None if moment is None else moment.isoformat() for name, moment in moments.items()},
    }


def problem_of(job: Job) -> str | None:
    """Return the sentence on what went wrong, None where nothing did."""
    return None if job.problem is None else text(job.problem["key"], terminal.lang, **job.problem["params"])


def _print(job: Job, json: bool) -> None:
    if json:
        terminal.json(plain(job))
        return
    grid = Table.grid(padding=(0, 2))
    said = plain(job) | {"kind": _kind(job), "state": _say(f"state_{job.state}"), "progress": _progress(job)}
    for name in ("id", "kind", "state", "progress", "attempts", "organisation", "made_by"):
        grid.add_row(_say(f"column_{name}"), str(said[name]))
    for name in ("created", "started", "ended"):
        grid.add_row(_say(f"column_{name}"), _moment(getattr(job, name)))
    if said["error"]:
        grid.add_row(_say("column_error"), said["error"])
    terminal.console().print(grid)


def _kind(job: Job) -> str:
    return job_kinds()[job.kind].name[terminal.lang] if job.kind in job_kinds() else job.kind


def _progress(job: Job) -> str:
    return f"{job.done:,} / {job.of:,}" if job.of is not None else f"{job.done:,}"


def _moment(moment: datetime | None) -> str:
    return "–" if moment is None else moment.astimezone().isoformat(sep=" ", timespec="seconds")
