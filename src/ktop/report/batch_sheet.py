"""The answer to a table of companies as a spreadsheet for people: readable headings, figures as they are said, and a
sheet that explains every column. Programs read .csv and .parquet, whose columns have the names of the interface."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from ktop.catalogue import Lang, load, messages, text
from ktop.domain.company.fact_spec import FACTS
from ktop.report import labels
from ktop.report.spreadsheet import acts

_MODELS = ("tech-index", "ktrs-fm", "start-up", "global-expansion")
#: How figures look; the cell holds the exact value.
_SCORE, _SHARE, _COUNT, _MONEY = "0.0", "0.0%", "0", "#,##0"
#: Columns whose cells are names of ours, each with the words of its values.
_WORDED = ("basis", "trained_on", "guarantee")
#: The widest column, in characters.
_WIDEST = 34


@dataclass(frozen=True, slots=True)
class Column:
    """A column as people read it: heading, what it means, how its figures look, the words of its values."""

    heading: str
    meaning: str
    form: str = ""
    words: str = ""


def column(name: str, lang: Lang) -> Column:
    """Return how a column of an answer is read; one that the file brought along keeps its own heading."""
    for model in _MODELS:
        prefix = f"{model.replace('-', '_')}_"
        if name.startswith(prefix):
            return _of_model(model, name.removeprefix(prefix), lang)
    if f"batches.col_{name}" in messages():
        return Column(_say(f"col_{name}", lang), _say(f"about_{name}", lang))
    if name in FACTS:  # a person's own heading states its own unit
        unit = FACTS[name].unit_label
        said = f"{FACTS[name].label[lang]} ({unit[lang]})" if unit else FACTS[name].label[lang]
        return Column(said, _say("about_given", lang))
    return Column(name.removeprefix("given_"), _say("about_given", lang))


def _of_model(model: str, name: str, lang: Lang) -> Column:
    led = text(f"report.short_{model.replace('-', '_')}", lang)
    for words in _WORDED:
        if name == words:
            return Column(f"{led} {_say(f'col_{name}', lang)}", _say(f"about_{name}", lang), words=words)
    if found := re.fullmatch(r"(evidence_)?grade_(business|growth|risk)(_without_accounts)?", name):
        grade = labels.word("grade", found[2], lang)
        kind = "evidence" if found[1] else "without_accounts" if found[3] else "grade"
        return Column(_say(f"col_{kind}", lang, model=led, name=grade), _say(f"about_{kind}", lang, name=grade))
    if found := re.fullmatch(r"track_(ai|statistics)_(growth|risk)", name):
        said = {"track": labels.word("track", found[1], lang), "name": labels.word("grade", found[2], lang)}
        return Column(_say("col_track", lang, model=led, **said), _say("about_track", lang, **said))
    if found := re.fullmatch(r"p_(.+?)(_low|_high)?", name):
        said = {"model": led, "name": _say(f"target_{found[1]}", lang)}
        key = f"p{found[2] or ''}"
        return Column(_say(f"col_{key}", lang, **said), _say(f"about_{key}", lang, **said), _SHARE)
    if f"batches.col_{name}" in messages():
        form = _MONEY if name.endswith("_krw") else _COUNT
        return Column(f"{led} {_say(f'col_{name}', lang)}", _say(f"about_{name}", lang), form)
    score = labels.group(model, name, lang) if name in labels.groups(model) else labels.word("score", name, lang)
    return Column(score if led in score else f"{led} {score}", _say("about_score", lang, name=score), _SCORE)


def _say(key: str, lang: Lang, **values: str) -> str:
    return text(f"batches.{key}", lang, **values)


def write_batch_xlsx(frame: pl.DataFrame, path: Path, lang: Lang) -> None:
    """Write an answer as a workbook of two sheets, results and what their columns mean; no text becomes a formula."""
    import xlsxwriter

    columns = _apart([(name, column(name, lang)) for name in frame.columns])
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as workbook:
        look = {
            "heading": workbook.add_format(
                {"bold": True, "bg_color": "#E7EFFD", "border": 1, "text_wrap": True, "valign": "top"}
            ),
            "quoted": workbook.add_format({"quote_prefix": True}),
            "wrapped": workbook.add_format({"text_wrap": True, "valign": "top"}),
            "day": workbook.add_format({"num_format": "yyyy-mm-dd"}),
        } | {form: workbook.add_format({"num_format": form}) for form in (_SCORE, _SHARE, _COUNT, _MONEY)}
        _results(workbook, frame, columns, look, lang)
        _meanings(workbook, columns, look, lang)


def _apart(columns: Sequence[tuple[str, Column]]) -> list[tuple[str, Column]]:
    """Let a heading that stands twice also say the column's own name."""
    headings = [one.heading for _, one in columns]
    return [
        (name, one if headings.count(one.heading) == 1 else replace(one, heading=f"{one.heading} ({name})"))
        for name, one in columns
    ]


def _results(
    workbook: Any, frame: pl.DataFrame, columns: Sequence[tuple[str, Column]], look: Mapping[str, Any], lang: Lang
) -> None:
    sheet = workbook.add_worksheet(_say("sheet_results", lang))
    sheet.freeze_panes(1, 2)
    for place, (_, one) in enumerate(columns):
        sheet.set_column(place, place, max(10, min(_WIDEST, len(one.heading) + 4)))
    sheet.set_row(0, 48)
    for place, (_, one) in enumerate(columns):
        sheet.write_string(0, place, one.heading, look["heading"])
    cells_of = [_cells(frame[name], one, lang) for name, one in columns]
    for number, cells in enumerate(zip(*cells_of, strict=True), start=1):
        for place, cell in enumerate(cells):
            form = columns[place][1].form
            if cell is None or cell != cell:  # missing, or no number: an empty cell
                continue
            if isinstance(cell, int | float):
                sheet.write_number(number, place, cell, look.get(form))
            elif isinstance(cell, str):
                written = cell[:32_000]
                sheet.write_string(number, place, written, look["quoted"] if acts(written) else None)
            else:
                sheet.write_datetime(number, place, cell, look["day"])
    if columns:
        sheet.autofilter(0, 0, max(1, frame.height), len(columns) - 1)


def _cells(series: pl.Series, one: Column, lang: Lang) -> list[Any]:
    if series.dtype == pl.Boolean:
        answers = {True: _say("yes", lang), False: _say("no", lang)}
        return [answers.get(cell) for cell in series.to_list()]
    if one.words:
        keys = {cell: f"batches.{one.words}_{cell}" for cell in series.unique().drop_nulls()}
        said = {cell: text(key, lang) if key in messages() else cell for cell, key in keys.items()}
        return [said.get(cell) for cell in series.to_list()]
    if series.dtype.is_integer() or series.dtype.is_float() or series.dtype in (pl.String, pl.Date):
        return series.to_list()
    return [None if cell is None else str(cell) for cell in series.to_list()]


def _meanings(workbook: Any, columns: Sequence[tuple[str, Column]], look: Mapping[str, Any], lang: Lang) -> None:
    sheet = workbook.add_worksheet(_say("sheet_columns", lang))
    sheet.freeze_panes(1, 1)
    for place, (key, width) in enumerate((("head_column", 38), ("head_meaning", 90), ("head_name", 34))):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, _say(key, lang), look["heading"])
    rows = [(one.heading, one.meaning, name) for name, one in columns]
    rows += [(entry["word"][lang], entry["meaning"][lang], "") for entry in load("glossary")["terms"].values()]
    for number, row in enumerate(rows, start=1):
        for place, cell in enumerate(row):
            sheet.write_string(number, place, cell, look["wrapped"])
