"""``ktop companies``: companies from spreadsheets: write the template, check and take in a filled file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ktop.catalogue import LANGS, text
from ktop.cli.options import Json, Lang
from ktop.cli.state import session, terminal
from ktop.domain.company.sheets import label_of, sheets
from ktop.kernel.files import atomic_path
from ktop.usecases.sheets.interface import SheetImport

_SHOWN = 20


def _say(key: str, **params: Any) -> str:
    return text(f"sheets.{key}", terminal.lang, **params)


app = typer.Typer(help=_say("help"), no_args_is_help=True)


@app.command("template", help=_say("help_template"))
def template(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.xlsx", help=_say("help_out"))],
    sheet: Annotated[str | None, typer.Option("--sheet", metavar="SHEET", help=_say("help_sheet"))] = None,
    lang: Lang = None,
) -> None:
    """Write the template."""
    from ktop.usecases.uploads import require_place  # loads Polars

    terminal.languages(lang)
    at = session(ctx)
    require_place(out)
    found = at.platform.sheets.template(at.actor, sheet, terminal.lang)
    _write(out, found.content)
    terminal.note(_say("template_written", file=out.name))


@app.command("import", help=_say("help_import"))
def take(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_say("help_file"))],
    rest: Annotated[Path | None, typer.Option("--rest", metavar="FILE.xlsx", help=_say("help_rest"))] = None,
    check: Annotated[bool, typer.Option("--check", help=_say("help_check"))] = False,
    lang: Lang = None,
    json: Json = False,
) -> None:
    """Check a filled file and keep its right rows."""
    from ktop.usecases.uploads import existing, require_place  # loads Polars

    terminal.languages(lang)
    at = session(ctx)
    if rest is not None:
        require_place(rest)
    found = at.platform.sheets.give(at.actor, existing(file).read_bytes(), file.name, terminal.lang)
    if not check and found.companies:
        found = at.platform.sheets.take(at.actor, found.id, terminal.lang)
    if rest is not None and found.wrong_rows:
        _write(rest, at.platform.sheets.rest(at.actor, found.id).content)
    if json:
        terminal.json(_plain(found))
        return
    for key, params in found.told:
        terminal.note(text(key, terminal.lang, **params))
    for one in found.counts:
        name = sheets()[one.sheet].name[terminal.lang]
        terminal.note(_say("count_line", sheet=name, rows=f"{one.rows:,}", right=f"{one.right:,}"))
    for problem in found.problems[:_SHOWN]:
        place = _say("place", sheet=sheets()[problem.sheet].name[terminal.lang], row=problem.row)
        column = label_of(problem.column)[terminal.lang] if problem.column else _say("whole_row")
        what = text(problem.key, terminal.lang, **{"more": "", **problem.params})
        terminal.note(_say("problem_line", place=place, column=column, what=what))
    terminal.note(_say("taken" if found.state == "taken" else "checked", companies=found.companies, new=found.new))
    if rest is not None and found.wrong_rows:
        terminal.note(_say("rest_written", rows=f"{found.wrong_rows:,}", file=rest.name))


def _write(path: Path, content: bytes) -> None:
    with atomic_path(path) as beside:
        beside.write_bytes(content)


def _plain(found: SheetImport) -> dict[str, Any]:
    return {
        "state": found.state,
        "companies": found.companies,
        "new": found.new,
        "wrong_rows": found.wrong_rows,
        "counts": [{"sheet": one.sheet, "rows": one.rows, "right": one.right} for one in found.counts],
        "problems": [
            {
                "sheet": one.sheet,
                "row": one.row,
                "column": one.column,
                "key": one.key,
                "text": {lang: text(one.key, lang, **{"more": "", **one.params}) for lang in LANGS},
            }
            for one in found.problems
        ],
        "unknown": list(found.unknown),
    }
