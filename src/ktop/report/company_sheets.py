"""Writes sheets of companies: templates with drop-downs and notes, and the rows that were not taken in, each marked."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ktop.catalogue import LANGS, Lang, text
from ktop.domain.company.sheets import Sheet, SheetRow, choices_of, described, label_of
from ktop.report.spreadsheet import acts

#: Rows that drop-downs and formats go for.
_ROWS = 20_000
#: Longest list that a spreadsheet takes in a drop-down, and longest note that is comfortable to read.
_LIST, _NOTE = 255, 2_000
_TEXTS = frozenset({"business_number", "company_id", "corporate_number", "industry"})


def write_sheets(
    sheets: Sequence[Sheet],
    lang: Lang,
    rows: Sequence[SheetRow] = (),
    said: Callable[[str, Mapping[str, Any]], str] | None = None,
) -> bytes:
    """Return an .xlsx with these sheets in a language, and one that explains them in both.

    ``rows`` are written into their sheets; cells with errors are red and say in a note and in the last column what to
    mend: ``said`` tells the sentence of an error. No text of a cell is ever a formula.
    """
    import xlsxwriter  # heavy, and only who asks for a file needs it

    content = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(content, options) as workbook:
        look = {
            "head": workbook.add_format(
                {"bold": True, "bg_color": "#E7EFFD", "border": 1, "text_wrap": True, "valign": "top"}
            ),
            "needed": workbook.add_format(
                {"bold": True, "bg_color": "#C3D7F9", "border": 1, "text_wrap": True, "valign": "top"}
            ),
            "label": workbook.add_format({"italic": True, "font_color": "#555555", "text_wrap": True, "valign": "top"}),
            "text": workbook.add_format({"num_format": "@"}),
            "day": workbook.add_format({"num_format": "@"}),
            "amount": workbook.add_format({"num_format": "#,##0"}),
            "wrong": workbook.add_format({"bg_color": "#FFD9D6", "border": 1, "border_color": "#BE0B0B"}),
            "wrong_quoted": workbook.add_format(
                {"bg_color": "#FFD9D6", "border": 1, "border_color": "#BE0B0B", "quote_prefix": True}
            ),
            "quoted": workbook.add_format({"quote_prefix": True}),
            "wrapped": workbook.add_format({"text_wrap": True, "valign": "top"}),
        }
        for sheet in sheets:
            _sheet(workbook, sheet, lang, [row for row in rows if row.sheet == sheet.id], said, look)
        if said is None:
            _notes(workbook, sheets, lang, look)
    return content.getvalue()


def _sheet(
    workbook: Any,
    sheet: Sheet,
    lang: Lang,
    rows: Sequence[SheetRow],
    said: Callable[[str, Mapping[str, Any]], str] | None,
    look: Mapping[str, Any],
) -> None:
    other: Lang = next(one for one in LANGS if one != lang)
    page = workbook.add_worksheet(sheet.name[lang])
    page.freeze_panes(2, 1)
    page.set_row(0, 48)
    page.set_row(1, 36)
    for place, column in enumerate(sheet.columns):
        needed = column in sheet.needed
        page.write_string(0, place, label_of(column)[lang], look["needed" if needed else "head"])
        label = label_of(column)[other]
        page.write_string(1, place, f"# {label}" if place == 0 else label, look["label"])
        page.write_comment(0, place, _note(column, needed), {"x_scale": 2.4, "y_scale": 2.2})
        page.set_column(place, place, 24 if column in ("name", "name_en") else 16, look[_format(column)])
        _drop_down(page, place, column, lang)
    if said is None:
        return
    last = len(sheet.columns)
    page.set_column(last, last, 70)
    page.write_string(0, last, text("sheets.column_problem", lang), look["needed"])
    for line, row in enumerate(rows, start=2):
        wrong: dict[str, list[str]] = {}
        for error in row.errors:
            wrong.setdefault(error.column, []).append(said(error.key, error.params))
        for place, column in enumerate(sheet.columns):
            _cell(page, line, place, row.cells.get(column), column in wrong, look)
            if column in wrong:
                page.write_comment(line, place, "\n".join(wrong[column])[:_NOTE], {"x_scale": 2})
        told = [words for several in wrong.values() for words in several]
        page.write_string(line, last, " ".join(dict.fromkeys(told))[:_NOTE], look["wrapped"])


def _cell(page: Any, line: int, place: int, value: Any, wrong: bool, look: Mapping[str, Any]) -> None:
    """Write a cell as it was given; text stays text, whatever it looks like."""
    if value is None:
        if wrong:
            page.write_blank(line, place, None, look["wrong"])
    elif isinstance(value, bool):
        page.write_boolean(line, place, value, look["wrong"] if wrong else None)
    elif isinstance(value, int | float):
        page.write_number(line, place, value, look["wrong"] if wrong else None)
    else:
        words = str(value)[:32_000]
        name = ("wrong_quoted" if wrong else "quoted") if acts(words) else ("wrong" if wrong else "")
        page.write_string(line, place, words, look.get(name))


def _note(column: str, needed: bool) -> str:
    """Return the note of a heading, in both languages."""
    told = []
    for lang in LANGS:
        must = f" ({text('sheets.needed', lang)})" if needed else ""
        told.append(f"{label_of(column)[lang]}{must}\n{described(column)[lang]}")
    return "\n\n".join(told)[:_NOTE]


def _format(column: str) -> str:
    last = column.split(".")[-1]
    if column in _TEXTS or last in ("title", "name", "name_en"):
        return "text"
    if last in ("founded", "date", "start", "end", "year_end", "period_start"):
        return "day"
    amount = (column.startswith("statements.") and last not in ("year", "months", "unit")) or last.endswith("_krw")
    return "amount" if amount else "wrapped"


def _drop_down(page: Any, place: int, column: str, lang: Lang) -> None:
    words = [one[lang] for one in choices_of(column)]
    if words and len(",".join(words)) <= _LIST:
        rule = {
            "validate": "list",
            "source": words,
            "error_type": "warning",
            "error_title": text("sheets.choose_title", lang)[:32],
            "error_message": text("sheets.choose", lang)[:255],
        }
        page.data_validation(2, place, _ROWS + 1, place, rule)


def _notes(workbook: Any, sheets: Sequence[Sheet], lang: Lang, look: Mapping[str, Any]) -> None:
    """Write what every column means, in both languages; the reader passes this sheet over by its headings."""
    page = workbook.add_worksheet(text("sheets.notes_sheet", lang))
    page.freeze_panes(1, 0)
    for place, (width, word) in enumerate(((18, ""), (26, "ko"), (60, "ko"), (26, "en"), (60, "en"))):
        page.set_column(place, place, width)
        page.write_string(0, place, word, look["head"])
    line = 1
    for key in ("rule_rows", "rule_empty", "rule_days", "rule_amounts", "rule_formulas"):
        for place, one in zip((2, 4), LANGS, strict=True):
            page.write_string(line, place, text(f"sheets.{key}", one), look["wrapped"])
        line += 1
    for sheet in sheets:
        page.write_string(line, 0, sheet.name[lang], look["needed"])
        for place, one in zip((2, 4), LANGS, strict=True):
            page.write_string(line, place, sheet.about[one], look["wrapped"])
        line += 1
        for column in sheet.columns:
            for place, one in zip((1, 3), LANGS, strict=True):
                page.write_string(line, place, label_of(column)[one], look["wrapped"])
                page.write_string(line, place + 1, described(column)[one], look["wrapped"])
            line += 1
