"""``ktop rate``: one company, one technology, or a table of companies."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ktop.catalogue import text as words
from ktop.cli.options import AsOf, Corpus, Json, Lang, OnCluster, Report, help_of, parse_date
from ktop.cli.signed import Signed, write_signed
from ktop.cli.state import session, terminal
from ktop.domain.technology.summary import titled
from ktop.kernel.errors import InputError

app = typer.Typer(help=help_of("rate"), no_args_is_help=True)


@app.command(help=help_of("rate_company"))
def company(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=help_of("company_file"))],
    model: Annotated[list[str] | None, typer.Option("--model", help=help_of("model"))] = None,
    as_of: AsOf = None,
    previous: Annotated[
        Path | None,
        typer.Option("--previous", metavar="RATINGS.json", help=words("lifecycle.help_previous", terminal.lang)),
    ] = None,
    lang: Lang = None,
    json: Json = False,
    report: Report = None,
    signed: Signed = None,
) -> None:
    """Rate one company."""
    langs = terminal.languages(lang)
    day = parse_date(as_of, "as-of")
    at = session(ctx)
    companies = at.platform.companies
    record = companies.parse_record(at.actor, file)
    found = companies.rate_possible(at.actor, record, day, model, previous)
    answers = [rating.to_json(langs) for rating in found.ratings]
    for sentence in found.failures.values():
        terminal.note(sentence[langs[0]])
    if signed is not None:
        write_signed(at, at.platform.ratings.keep(at.actor, found.ratings, record=record), signed, report, langs[0])
    elif report is not None:
        from ktop.cli.reports import write_company_report  # loads what draws charts

        write_company_report(answers, report, langs[0])
    if json:
        terminal.json(answers)
        return
    from ktop.cli.render import print_company  # loads what draws charts

    print_company(answers, langs[0])
    if report is not None:
        terminal.note(terminal.say("report_written", path=report))


@app.command(help=help_of("rate_technology"))
def technology(
    ctx: typer.Context,
    text: Annotated[str | None, typer.Argument(metavar="TEXT", help=help_of("technology_text"))] = None,
    file: Annotated[Path | None, typer.Option("--file", metavar="F", help=help_of("technology_file"))] = None,
    title: Annotated[str | None, typer.Option("--title", metavar="NAME", help=help_of("technology_title"))] = None,
    corpus: Corpus = None,
    cluster: OnCluster = None,
    as_of: AsOf = None,
    suggest: Annotated[bool, typer.Option("--suggest", help=help_of("suggest"))] = False,
    applicant: Annotated[str | None, typer.Option("--applicant", metavar="NAME", help=help_of("applicant"))] = None,
    lang: Lang = None,
    json: Json = False,
    report: Report = None,
    signed: Signed = None,
) -> None:
    """Rate one technology summary against a patent corpus."""
    langs = terminal.languages(lang)
    day = parse_date(as_of, "as-of")
    if (text is None) == (file is None):
        raise InputError("cli.text_or_file")
    at = session(ctx).on(cluster)
    technologies = at.platform.technologies
    typed = sys.stdin.read() if text == "-" else str(text)
    summary = titled(title, typed if file is None else technologies.read_summary(at.actor, file))
    with terminal.progress() as progress:
        rating = technologies.rate_summary(at.actor, summary, day, corpus=corpus, lang=langs[0], progress=progress)
    answer = rating.to_json(langs)
    if suggest:
        answer["details"]["suggestions"] = technologies.suggest_terms(at.actor, summary, day, corpus=corpus)
    foreseen = None
    if applicant is not None:  # beside the rating, never a part of it: who files says nothing of the technology
        foreseen = technologies.prospects_with_applicant(at.actor, applicant, day, corpus=corpus)
        answer["prospects_with_applicant"] = foreseen
    if signed is not None:
        write_signed(at, at.platform.ratings.keep(at.actor, [rating], text=summary), signed, report, langs[0])
    elif report is not None:
        from ktop.cli.reports import write_technology_report  # loads what draws charts

        write_technology_report(answer, report, langs[0])
    if json:
        terminal.json(answer)
        return
    from ktop.cli.render import print_prospects, print_technology  # loads what draws charts

    print_technology(answer, langs[0])
    if foreseen is not None:
        print_prospects(foreseen, langs[0])
    if report is not None:
        terminal.note(terminal.say("report_written", path=report))


@app.command(help=help_of("rate_batch"))
def batch(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=help_of("batch_file"))],
    out: Annotated[Path, typer.Option("--out", metavar="OUT", help=help_of("out_table"))],
    model: Annotated[list[str] | None, typer.Option("--model", help=help_of("model"))] = None,
    as_of: AsOf = None,
    lang: Lang = None,
) -> None:
    """Rate a table of companies."""
    from ktop.usecases.uploads import expect_table  # loads Polars

    langs = terminal.languages(lang)
    expect_table(file)  # before the models are loaded, which takes as long
    at = session(ctx)
    with terminal.progress() as progress:
        report = at.platform.companies.rate_table(
            at.actor,
            file,
            out,
            models=model,
            as_of=parse_date(as_of, "as-of"),
            lang=langs[0],
            progress=progress,
        )
    for sentence in report.remarks:
        terminal.note(sentence)
    terminal.note(terminal.say("batch_done", rated=report.rated, refused=report.refused, rows=report.rows, out=out))
