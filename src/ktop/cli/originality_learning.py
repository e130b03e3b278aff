"""``ktop originality train|validate``: learns the model's weights from a corpus and judges it there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ktop.cli.options import Lang, RequiredCorpus, help_of, parse_date
from ktop.cli.originality import app
from ktop.cli.state import session, terminal

__all__ = ["app"]

Patents = Annotated[int, typer.Option(min=600, max=200_000, help=help_of("originality_patents"))]


@app.command(help=help_of("originality_train"))
def train(
    ctx: typer.Context,
    corpus: RequiredCorpus,
    out: Annotated[Path, typer.Option(metavar="WEIGHTS.json", help=help_of("originality_weights"))],
    patents: Patents = 5_000,
    until: Annotated[str | None, typer.Option(metavar="DATE", help=help_of("originality_until"))] = None,
    lang: Lang = None,
) -> None:
    """Learn the weights from what happened later to the patents of a corpus."""
    terminal.languages(lang)
    day = parse_date(until, "until")
    at = session(ctx)
    with terminal.progress() as progress:
        report = at.platform.training.train_originality(
            at.actor, corpus, out, patents=patents, until=day, lang=terminal.lang, progress=progress
        )
    terminal.note(terminal.say("originality_trained", patents=report["patents"], cited=report["cited"], path=out))
    if report["kept"]:
        terminal.note(terminal.say("originality_kept", outcomes=", ".join(report["kept"])))


@app.command("validate", help=help_of("originality_validate"))
def validate(
    ctx: typer.Context,
    corpus: RequiredCorpus,
    out: Annotated[Path, typer.Option(metavar="DIR", help=help_of("out_folder"))],
    patents: Patents = 5_000,
    pairs: Annotated[Path | None, typer.Option(metavar="PAIRS", help=help_of("originality_pairs"))] = None,
    extra: Annotated[Path | None, typer.Option(metavar="TABLE", help=help_of("originality_extra"))] = None,
    lang: Lang = None,
) -> None:
    """Judge the model by what happened later to the patents of a corpus."""
    langs = terminal.languages(lang)
    at = session(ctx)
    with terminal.progress() as progress:
        finding = at.platform.training.validate_originality(
            at.actor, corpus, out, patents=patents, pairs=pairs, extra=extra, lang=langs[0], progress=progress
        )
    terminal.note(finding)
    terminal.note(terminal.say("originality_validated", path=out / "report.html"))
