"""``ktop originality``: many technologies at once, proposals ranked, two technologies side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ktop.cli.options import AsOf, Corpus, Json, Lang, help_of, parse_date
from ktop.cli.state import terminal

app = typer.Typer(help=help_of("originality"), no_args_is_help=True)


@app.command("score", help=help_of("originality_score"))
def score(
    ctx: typer.Context,
    queries: Annotated[Path, typer.Option(help=help_of("queries"))],
    out: Annotated[Path, typer.Option(help=help_of("out_table"))],
    corpus: Corpus = None,
    as_of: AsOf = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help=help_of("workers"))] = 2,
    lang: Lang = None,
) -> None:
    """Rate many technologies against a corpus."""
    from ktop.usecases.rate.technologies import score_queries

    terminal.languages(lang)
    with terminal.progress() as progress:
        report: dict[str, Any] = score_queries(
            queries,
            out,
            corpus=lambda: ctx.obj.corpus(corpus, progress),
            as_of=parse_date(as_of, "as-of"),
            workers=workers,
            lang=terminal.lang,
            progress=progress,
        )
    terminal.note(terminal.say("originality_scored", out=out, **report))


@app.command("rank", help=help_of("originality_rank"))
def rank(
    ctx: typer.Context,
    proposals: Annotated[Path, typer.Argument(metavar="PROPOSALS", help=help_of("proposals"))],
    out: Annotated[Path, typer.Option("--out", metavar="OUT", help=help_of("out_table"))],
    corpus: Corpus = None,
    as_of: AsOf = None,
    lang: Lang = None,
) -> None:
    """Rank a table of R&D proposals."""
    from ktop.usecases.rate.proposals import rank_file

    langs = terminal.languages(lang)
    day = parse_date(as_of, "as-of")
    with terminal.progress() as progress:
        report = rank_file(
            proposals,
            out,
            corpus=lambda: ctx.obj.corpus(corpus, progress),
            as_of=day,
            lang=langs[0],
            progress=progress,
        )
    terminal.note(
        terminal.say(
            "originality_ranked",
            proposals=report.proposals,
            refused=report.refused,
            duplicates=report.duplicates,
            out=out,
        )
    )


@app.command("compare", help=help_of("originality_compare"))
def compare(
    ctx: typer.Context,
    first: Annotated[Path, typer.Argument(metavar="A", help=help_of("technology_file"))],
    second: Annotated[Path, typer.Argument(metavar="B", help=help_of("technology_file"))],
    corpus: Corpus = None,
    as_of: AsOf = None,
    lang: Lang = None,
    json: Json = False,
) -> None:
    """Hold two technologies side by side."""
    langs = terminal.languages(lang)
    day = parse_date(as_of, "as-of")
    from ktop.usecases.rate.technology import compare_technologies
    from ktop.usecases.uploads import read_text

    with terminal.progress() as progress:
        engine = ctx.obj.engine(corpus, progress)
    answer = compare_technologies(engine, read_text(first), read_text(second), as_of=day)
    if json:
        terminal.json(answer)
        return
    from ktop.cli.render import print_technologies

    print_technologies(answer, langs[0])
