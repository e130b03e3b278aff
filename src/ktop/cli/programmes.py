"""``ktop programmes``: the rules of support programmes, trying them, and screening applicants."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from ktop.catalogue import text
from ktop.cli.options import AsOf, Json, Lang, parse_date
from ktop.cli.state import session, terminal


def _say(key: str, **params: Any) -> str:
    return text(f"programmes.{key}", terminal.lang, **params)


app = typer.Typer(help=_say("help"), no_args_is_help=True)

Year = Annotated[int | None, typer.Option("--year", metavar="Y", help=_say("help_year"))]
Applicants = Annotated[Path, typer.Option("--applicants", metavar="FILE", help=_say("help_applicants"))]


def _table(*heads: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for head in heads:
        table.add_column(_say(f"column_{head}"), overflow="fold")
    return table


def _counts(decisions: Mapping[str, int]) -> str:
    order = ("selected", "reserve", "not_selected", "ask", "refused", "repeated", "unread")
    return ", ".join(f"{_say(f'decision_{d}')} {decisions[d]:,}" for d in order if decisions.get(d))


@app.command("list", help=_say("help_list"))
def list_programmes(ctx: typer.Context, json: Json = False, lang: Lang = None) -> None:
    """List the programmes."""
    chosen = terminal.languages(lang)[0]
    at = session(ctx)
    found = at.platform.programmes.programmes(at.actor)
    if json:
        terminal.json(list(found))
        return
    table = _table("programme", "name", "agency", "rules", "uses", "capacity")
    for one in found:
        uses = ", ".join(_say(f"use_{use}") for use in one["uses"])
        places = f"{one['capacity']:,}" if one["capacity"] else _say("unlimited")
        rules = f"{one['year']} v{one['version']}"
        table.add_row(one["programme"], one["name"][chosen], one["agency"], rules, uses, places)
    terminal.console().print(table)


@app.command("show", help=_say("help_show"))
def show(
    ctx: typer.Context,
    programme: Annotated[str, typer.Argument(metavar="ID", help=_say("help_id"))],
    year: Year = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Show one programme's rules, in the form in which a file of one's own is written."""
    terminal.languages(lang)
    at = session(ctx)
    found = dict(at.platform.programmes.programme(at.actor, programme, year))
    if json:
        terminal.json(found)
        return
    import yaml  # only here on the command line

    terminal.console().print(
        yaml.safe_dump(found, allow_unicode=True, sort_keys=False, width=100), markup=False, soft_wrap=True
    )


@app.command("check", help=_say("help_check"))
def check(
    ctx: typer.Context,
    rules: Annotated[Path, typer.Argument(metavar="RULES.yaml", help=_say("help_rules"))],
    applicants: Annotated[
        Path | None, typer.Option("--applicants", metavar="FILE", help=_say("help_applicants"))
    ] = None,
    against: Annotated[Path | None, typer.Option("--against", metavar="RULES.yaml", help=_say("help_against"))] = None,
    as_of: AsOf = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Check rules."""
    chosen = terminal.languages(lang)[0]
    at = session(ctx)
    with terminal.progress() as progress:
        found = at.platform.programmes.check(
            at.actor,
            rules,
            applicants,
            against,
            as_of=parse_date(as_of, "as-of"),
            lang=chosen,
            progress=progress,
        )
    if json:
        terminal.json(
            {
                "rule": found.rule,
                "rows": found.rows,
                "decisions": dict(found.decisions),
                "clauses": [
                    {
                        "id": one.clause,
                        "label": dict(one.label),
                        "passed": one.passed,
                        "failed": one.failed,
                        "unknown": one.unknown,
                        "failed_alone": one.failed_alone,
                    }
                    for one in found.clauses
                ],
                "changed": [
                    {"before": before, "now": now, "count": count} for (before, now), count in found.changed.items()
                ],
            }
        )
        return
    terminal.note(_say("checked", rule=found.rule, clauses=found.clause_count, points=found.criterion_count))
    if applicants is None:
        return
    for sentence in found.remarks:
        terminal.note(sentence)
    table = _table("clause", "passed", "failed", "unknown", "alone")
    for one in found.clauses:
        figures = (f"{count:,}" for count in (one.passed, one.failed, one.unknown, one.failed_alone))
        table.add_row(one.label[chosen], *figures)
    terminal.console().print(table)
    decisions = _table("decision", "count")
    for decision, count in sorted(found.decisions.items(), key=lambda item: -item[1]):
        decisions.add_row(_say(f"decision_{decision}"), f"{count:,}")
    terminal.console().print(decisions)
    if against is not None:
        moved = _table("changed", "count")
        for (before, now), count in sorted(found.changed.items(), key=lambda item: -item[1]):
            moved.add_row(f"{_say(f'decision_{before}')} → {_say(f'decision_{now}')}", f"{count:,}")
        terminal.console().print(moved)


@app.command("screen", help=_say("help_screen"))
def screen(
    ctx: typer.Context,
    programme: Annotated[str, typer.Option("--programme", metavar="ID", help=_say("help_id"))],
    applicants: Applicants,
    out: Annotated[Path, typer.Option("--out", metavar="OUT", help=_say("help_out"))],
    year: Year = None,
    rules: Annotated[Path | None, typer.Option("--rules", metavar="RULES.yaml", help=_say("help_rules"))] = None,
    as_of: AsOf = None,
    resume: Annotated[bool, typer.Option("--resume", help=_say("help_resume"))] = False,
    lang: Lang = None,
) -> None:
    """Screen applicants."""
    chosen = terminal.languages(lang)[0]
    at = session(ctx)
    with terminal.progress() as progress:
        report = at.platform.programmes.screen(
            at.actor,
            applicants,
            out,
            programme=programme,
            year=year,
            rules=rules,
            as_of=parse_date(as_of, "as-of"),
            resume=resume,
            lang=chosen,
            progress=progress,
        )
    for sentence in report.remarks:
        terminal.note(sentence)
    if report.done_before:
        terminal.note(_say("already_screened", file=out.name))
    terminal.note(_say("screened", rows=report.rows, counts=_counts(report.decisions), file=out.name))


@app.command("effect", help=_say("help_effect"))
def effect(
    ctx: typer.Context,
    panel: Annotated[Path, typer.Option("--panel", metavar="P", help=text("effect.help_panel", terminal.lang))],
    outcome: Annotated[
        str, typer.Option("--outcome", metavar="COLUMN", help=text("effect.help_outcome", terminal.lang))
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help=text("effect.help_out", terminal.lang))],
    covariates: Annotated[
        str, typer.Option("--covariates", metavar="A,B", help=text("effect.help_covariates", terminal.lang))
    ] = "",
    by: Annotated[str, typer.Option("--by", metavar="A,B", help=text("effect.help_by", terminal.lang))] = "",
    score: Annotated[
        str | None, typer.Option("--score", metavar="COLUMN", help=text("effect.help_score", terminal.lang))
    ] = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Estimate the effect of a programme."""
    chosen = terminal.languages(lang)[0]
    at = session(ctx)
    named, apart = ([name.strip() for name in of.split(",") if name.strip()] for of in (covariates, by))
    found = at.platform.programmes.effect(at.actor, panel, outcome, named, out, chosen, by=apart, score=score)
    if json:
        terminal.json(dict(found))
        return
    if found["refused"]:
        lead = text("effect.lead_nothing", chosen, reason=found["refused"][chosen])
    else:
        shown = {name: f"{value:+.4g}" for name, value in found["att"].items()}
        lead = text("effect.lead_effect", chosen, outcome=outcome, **shown)
    terminal.note(text("effect.done", chosen, lead=lead, folder=str(out)))
