"""``ktop originality``: many technologies at once, proposals ranked, two technologies side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ktop.cli.options import AsOf, Corpus, Json, Lang, OnCluster, help_of, parse_date
from ktop.cli.state import session, terminal

app = typer.Typer(help=help_of("originality"), no_args_is_help=True)


@app.command("score", help=help_of("originality_score"))
def score(
    ctx: typer.Context,
    queries: Annotated[Path, typer.Option(help=help_of("queries"))],
    out: Annotated[Path, typer.Option(help=help_of("out_table"))],
    corpus: Corpus = None,
    cluster: OnCluster = None,
    as_of: AsOf = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help=help_of("workers"))] = 2,
    lang: Lang = None,
) -> None:
    """Rate many technologies against a corpus."""
    terminal.languages(lang)
    at = session(ctx).on(cluster)
    with terminal.progress() as progress:
        report = at.platform.technologies.score_table(
            at.actor,
            queries,
            out,
            corpus=corpus,
            as_of=parse_date(as_of, "as-of"),
            workers=workers,
            lang=terminal.lang,
            progress=progress,
        )
    for sentence in report["remarks"]:
        terminal.note(sentence)
    told = {"queries": report["queries"], "refused": report["refused"]}
    terminal.note(terminal.say("originality_scored", out=out, scored=told["queries"] - told["refused"], **told))


@app.command("rank", help=help_of("originality_rank"))
def rank(
    ctx: typer.Context,
    proposals: Annotated[Path, typer.Argument(metavar="PROPOSALS", help=help_of("proposals"))],
    out: Annotated[Path, typer.Option("--out", metavar="OUT", help=help_of("out_table"))],
    corpus: Corpus = None,
    cluster: OnCluster = None,
    as_of: AsOf = None,
    lang: Lang = None,
) -> None:
    """Rank a table of R&D proposals."""
    langs = terminal.languages(lang)
    day = parse_date(as_of, "as-of")
    at = session(ctx).on(cluster)
    with terminal.progress() as progress:
        report = at.platform.technologies.rank_table(
            at.actor,
            proposals,
            out,
            corpus=corpus,
            as_of=day,
            lang=langs[0],
            progress=progress,
        )
    for sentence in report.remarks:
        terminal.note(sentence)
    terminal.note(
        terminal.say(
            "originality_ranked",
            proposals=report.proposals,
            ranked=report.proposals - report.refused,
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
    cluster: OnCluster = None,
    as_of: AsOf = None,
    lang: Lang = None,
    json: Json = False,
) -> None:
    """Hold two technologies side by side."""
    langs = terminal.languages(lang)
    day = parse_date(as_of, "as-of")
    at = session(ctx).on(cluster)
    technologies = at.platform.technologies
    a, b = (technologies.read_summary(at.actor, path) for path in (first, second))
    with terminal.progress() as progress:
        answer = technologies.compare_summaries(at.actor, a, b, day, corpus=corpus, lang=langs[0], progress=progress)
    if json:
        terminal.json(answer)
        return
    from ktop.cli.render import print_technologies  # loads what draws charts

    print_technologies(answer, langs[0])
