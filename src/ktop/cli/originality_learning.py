"""``ktop originality train|validate``: learns the model's weights from a corpus and judges it there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ktop.cli.options import Lang, RequiredCorpus, help_of, parse_date
from ktop.cli.originality import app
from ktop.cli.state import terminal

Patents = Annotated[int, typer.Option(min=600, max=200_000, help=help_of("originality_patents"))]


@app.command(help=help_of("originality_train"))
def train(
    corpus: RequiredCorpus,
    out: Annotated[Path, typer.Option(metavar="WEIGHTS.json", help=help_of("originality_weights"))],
    patents: Patents = 5_000,
    until: Annotated[str | None, typer.Option(metavar="DATE", help=help_of("originality_until"))] = None,
    lang: Lang = None,
) -> None:
    """Learn the weights from what happened later to the patents of a corpus."""
    terminal.languages(lang)
    day = parse_date(until, "until")
    from ktop.services.originality_training import train_weights

    with terminal.progress() as progress:
        report = train_weights(corpus, out, patents=patents, until=day, progress=progress)
    terminal.note(terminal.say("originality_trained", patents=report["patents"], cited=report["cited"], path=out))
    if report["kept"]:
        terminal.note(terminal.say("originality_kept", outcomes=", ".join(report["kept"])))
