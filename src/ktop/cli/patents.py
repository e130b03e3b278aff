"""``ktop patents``: import, index, search and measure a patent corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ktop.cli.options import Json, Lang, OnCluster, RequiredCorpus, help_of, parse_date
from ktop.cli.state import session, terminal
from ktop.kernel.errors import InputError
from ktop.usecases.corpora.interface import SearchRequest

#: Names of files left out that are listed; the rest is only counted.
SKIPPED_NAMED = 20

app = typer.Typer(help=help_of("patents"), no_args_is_help=True)


@app.command("import", help=help_of("patents_import"))
def import_(
    ctx: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help=help_of("patents_paths"))],
    corpus: RequiredCorpus,
    format_: Annotated[str | None, typer.Option("--format", metavar="NAME", help=help_of("patents_format"))] = None,
    lang: Lang = None,
) -> None:
    """Import patents from source files."""
    terminal.languages(lang)
    at = session(ctx)
    with terminal.progress() as progress:
        report = at.platform.corpora.import_patents(at.actor, paths, corpus, format_name=format_, progress=progress)
    if report.records_read + report.records_superseded == 0:
        rejects = corpus / "rejects.jsonl"
        rejected = report.records_rejected
        raise InputError("patents.nothing_to_import", files=report.files, rejected=rejected, rejects=str(rejects))
    terminal.note(
        terminal.say(
            "patents_imported",
            read=report.read,
            added=report.added,
            updated=report.updated,
            unchanged=report.unchanged,
            rejected=report.rejected,
            total=report.total,
        )
    )
    terminal.note(
        terminal.say(
            "patents_accounted",
            seen=report.records_seen,
            read=report.records_read,
            superseded=report.records_superseded,
            rejected=report.records_rejected,
        )
    )
    if report.completions:
        used = report.completions - report.completions_unknown
        terminal.note(terminal.say("patents_completed", count=report.completions, used=used))
    if report.citations:
        terminal.note(terminal.say("patents_citations", count=report.citations))
    if report.rejected:
        terminal.note(terminal.say("patents_rejected", count=report.rejected, path=corpus / "rejects.jsonl"))
    if report.skipped:
        named = ", ".join(report.skipped[:SKIPPED_NAMED]) + (" …" if len(report.skipped) > SKIPPED_NAMED else "")
        terminal.note(terminal.say("patents_skipped", count=len(report.skipped), files=named))


@app.command(help=help_of("patents_index"))
def index(
    ctx: typer.Context,
    corpus: RequiredCorpus,
    workers: Annotated[int, typer.Option(min=1, max=64, help=help_of("workers"))] = 2,
    lang: Lang = None,
) -> None:
    """Build or update the index of a corpus."""
    terminal.languages(lang)
    at = session(ctx)
    with terminal.progress() as progress:
        report = at.platform.corpora.index_patents(
            at.actor, corpus, workers=workers, lang=terminal.lang, progress=progress
        )
    terminal.note(terminal.say("patents_indexed", **report))


@app.command(help=help_of("patents_search"))
def search(
    ctx: typer.Context,
    corpus: RequiredCorpus,
    cluster: OnCluster = None,
    text: Annotated[str | None, typer.Argument(metavar="TEXT", help=help_of("search_text"))] = None,
    top: Annotated[int, typer.Option(min=1, max=10_000, help=help_of("top"))] = 10,
    before: Annotated[str | None, typer.Option(metavar="DATE", help=help_of("before"))] = None,
    mode: Annotated[str, typer.Option(metavar="lexical|dense|hybrid", help=help_of("mode"))] = "hybrid",
    classes: Annotated[list[str] | None, typer.Option("--class", metavar="G06F", help=help_of("only_class"))] = None,
    countries: Annotated[
        list[str] | None, typer.Option("--country", metavar="KR", help=help_of("only_country"))
    ] = None,
    languages: Annotated[list[str] | None, typer.Option("--in", metavar="ko|en", help=help_of("only_language"))] = None,
    queries: Annotated[Path | None, typer.Option(metavar="Q.parquet", help=help_of("queries"))] = None,
    out: Annotated[Path | None, typer.Option(metavar="R.parquet", help=help_of("out_table"))] = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Find the patents nearest to a text, or to every row of a table of queries."""
    langs = terminal.languages(lang)
    at = session(ctx).on(cluster)
    corpora = at.platform.corpora
    how = SearchRequest(top, parse_date(before, "before"), mode, classes or (), countries or (), languages or ())
    if queries is not None:
        if out is None or text is not None:
            raise InputError("cli.queries_need_out")
        with terminal.progress() as progress:
            told = corpora.search_table(at.actor, queries, out, corpus, how, lang=langs[0], progress=progress)
        terminal.note(terminal.say("queries_searched", out=out, **told))
        return
    if text is None:
        raise InputError("cli.search_needs_text")
    found = corpora.search_text(at.actor, text, corpus, how)
    if json:
        terminal.json(found)
        return
    from ktop.cli.render import print_search  # loads what draws charts

    print_search(found, langs[0])


@app.command(help=help_of("patents_verify"))
def verify(
    ctx: typer.Context,
    corpus: RequiredCorpus,
    repair: Annotated[bool, typer.Option("--repair", help=help_of("repair"))] = False,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Check every file of a corpus and its index; exit with 1 where something is damaged and was not repaired."""
    terminal.languages(lang)
    at = session(ctx)
    with terminal.progress() as progress:
        report = at.platform.corpora.verify_patents(
            at.actor, corpus, repair=repair, lang=terminal.lang, progress=progress
        )
    damaged, lost = report["damaged"], report["lost"]
    if json:
        terminal.json(report)
    elif not damaged and not lost:
        terminal.note(terminal.say("patents_sound", checked=report["checked"]))
    else:
        if damaged:
            key = "patents_repaired" if report["repaired"] else "patents_damaged"
            terminal.note(terminal.say(key, count=len(damaged), files=", ".join(damaged[:SKIPPED_NAMED])))
        if lost:
            terminal.note(terminal.say("patents_lost", count=len(lost), files=", ".join(lost[:SKIPPED_NAMED])))
    if lost or (damaged and not report["repaired"]):
        raise typer.Exit(1)


@app.command(help=help_of("patents_export"))
def export(
    ctx: typer.Context,
    corpus: RequiredCorpus,
    out: Annotated[Path, typer.Option(metavar="F.{parquet,csv,jsonl}", help=help_of("out_table"))],
    lang: Lang = None,
) -> None:
    """Write the patents of a corpus as one table."""
    terminal.languages(lang)
    at = session(ctx)
    with terminal.progress() as progress:
        patents = at.platform.corpora.export_patents(at.actor, corpus, out, lang=terminal.lang, progress=progress)
    terminal.note(terminal.say("patents_exported", patents=patents, out=out))


@app.command(help=help_of("patents_measures"))
def measures(ctx: typer.Context, corpus: RequiredCorpus, lang: Lang = None) -> None:
    """Compute citation, class and text measures of every patent."""
    terminal.languages(lang)
    at = session(ctx)
    with terminal.progress() as progress:
        report = at.platform.corpora.measure_patents(at.actor, corpus, lang=terminal.lang, progress=progress)
    terminal.note(terminal.say("patents_measured", path=corpus / "measures", **report))
