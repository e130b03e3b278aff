"""Spreadsheets: reads .xlsx as text and numbers, writes .xlsx with a heading row that stays in view."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from ktop.kernel.places import Places
from ktop.kernel.processes import PLAIN_ENVIRONMENT
from ktop.kernel.table_layout import Headings, lay_out, sheet_order
from ktop.kernel.tables import Table, Told
from ktop.report import sheet_cells
from ktop.report.sheet_rows import append_rows

#: What reading a small file may take, and what each byte of a larger one adds (XML is packed about 10 to 1).
MEMORY_BYTES, MEMORY_PER_BYTE = 1_000_000_000, 60
SECONDS, SECONDS_PER_MB = 20, 4
#: What of it reaches this process: cells, and bytes of their text as JSON. One text may stand in a million cells.
CELLS, CELLS_PER_BYTE = 1_000_000, 2
OUTPUT_BYTES, OUTPUT_PER_BYTE = 20_000_000, 60
#: Name of the sheet we write, whose second row holds labels.
SHEET = "K-TOP"
#: Reading one may take ``MEMORY_BYTES`` and more, so that only one is read at a time; some wait, others are refused.
READING = Places(at_once=1, waiting=4, seconds=30.0, busy="records.tables_busy")


def read_xlsx(path: Path) -> pl.DataFrame:
    """Return the table of ``read_workbook`` for any kind of table: its first row holds the names of its columns."""
    return read_workbook(path).frame


def read_workbook(path: Path, headings: Headings | None = None) -> Table:
    """Return the table of the visible sheet whose headings are known best, else of the first that holds anything.

    Mixed columns become text, formulas give their values; errors and formulas nobody calculated stand as text with
    their cell, ``#DIV/0! (F12)``. A second row of labels as ``write_xlsx`` writes it is passed over. What was not read
    (hidden and further sheets) is told. Raises ``ValueError`` for an empty workbook, doubled column names or one too
    large to be read within ``MEMORY_BYTES`` and ``SECONDS``, ``UnavailableError`` where others are being read for too
    long.
    """
    book, sheets = _sheets(path, every=headings is not None)
    order = sheet_order([(about["sheet"], rows) for about, rows in sheets], headings)
    about, rows = sheets[next(order)] if sheets else ({}, [])
    if not rows:
        raise ValueError("empty sheet")
    table = _laid_out(about, rows, headings, labelled=about["sheet"] == SHEET)
    told = list(table.told)
    others = [name for name in book["shown"] if name != about["sheet"]]
    if others or book["hidden"]:
        told.insert(0, Told("tables.sheet_read", {"sheet": about["sheet"]}))
    if others:
        told.insert(1, Told("tables.sheets_not_read", {"sheets": _listed(others)}))
    if book["hidden"]:
        told.insert(1, Told("tables.sheets_hidden", {"sheets": _listed(book["hidden"])}))
    if about["hidden_rows"] or about["hidden_columns"]:
        told.append(Told("tables.hidden_read", {"rows": about["hidden_rows"], "columns": about["hidden_columns"]}))
    return replace(table, told=tuple(told), days_from_1904=book["days_from_1904"])


def read_sheets(path: Path, headings: Headings, passed_over: Collection[str] = ()) -> list[tuple[str, Table]]:
    """Return every visible sheet that holds anything as a table, with its name; what was read of hidden ones is told.

    A row below the header that begins with ``#`` is one of labels; ``passed_over`` are names of sheets of explanations.
    Raises as ``read_workbook`` does.
    """
    book, sheets = _sheets(path, every=True)
    hidden = [Told("tables.sheets_hidden", {"sheets": _listed(book["hidden"])})] if book["hidden"] else []
    found = []
    for about, rows in sheets:
        if about["sheet"] not in passed_over and any(cell not in ("", None) for row in rows for cell in row):
            table = _laid_out(about, rows, headings, labelled=True)
            if about["hidden_rows"] or about["hidden_columns"]:
                counts = {"rows": about["hidden_rows"], "columns": about["hidden_columns"]}
                hidden.append(Told("tables.hidden_read", counts))
            told, hidden = (*hidden, *table.told), []
            found.append((about["sheet"], replace(table, told=told, days_from_1904=book["days_from_1904"])))
    if not found:
        raise ValueError("empty workbook")
    return found


def _sheets(path: Path, *, every: bool) -> tuple[dict[str, Any], list[tuple[dict[str, Any], list[list[Any]]]]]:
    """Return what is told of a workbook, and what is told of each sheet with its rows."""
    lines = _cells(path, every=every)
    if not lines:
        raise ValueError("no sheet")
    book, *rest = lines
    sheets: list[tuple[dict[str, Any], list[list[Any]]]] = []
    for line in rest:
        if isinstance(line, dict):
            sheets.append((line, []))
        else:
            sheets[-1][1].append(line)
    return book, sheets


def _laid_out(about: dict[str, Any], rows: list[list[Any]], headings: Headings | None, *, labelled: bool) -> Table:
    return lay_out(
        rows,
        headings,
        top=about["top"],
        left=about["left"],
        merged=[(first, last, near, far) for first, last, near, far in about["merged"]],
        labelled=labelled,
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name[:40]}'" for name in names[:10]) + (" …" if len(names) > 10 else "")


def _cells(path: Path, every: bool) -> list[Any]:
    """Return what a process of its own tells of the workbook and its sheets, and their rows; see ``sheet_cells``."""
    size = path.stat().st_size
    memory, seconds = MEMORY_BYTES + MEMORY_PER_BYTE * size, SECONDS + SECONDS_PER_MB * size // 1_000_000
    # -P: the folder of the program holds modules named like those of Python
    command = [sys.executable, "-P", sheet_cells.__file__, str(path), str(memory), str(seconds)]
    command += [str(CELLS + CELLS_PER_BYTE * size), str(output := OUTPUT_BYTES + OUTPUT_PER_BYTE * size)]
    command += ["every"] if every else []
    with READING.taken():
        return _rows_of(command, output, 2 * seconds)


def _rows_of(command: list[str], limit: int, seconds: float) -> list[Any]:
    """Run the reading process and return its lines; it is ended for good when it prints or takes more than it may."""
    environment = {name: os.environ[name] for name in PLAIN_ENVIRONMENT if name in os.environ}
    rows: list[Any] = []
    with subprocess.Popen(  # noqa: S603 - a program of ours
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as child:
        assert child.stdout is not None
        deadline = threading.Timer(seconds, child.kill)  # processor time does not pass in a process that is stuck
        deadline.daemon = True
        deadline.start()
        try:
            while line := child.stdout.readline(limit + 1):
                limit -= len(line)
                if limit < 0:
                    raise ValueError("too much text")
                rows.append(json.loads(line))
            if child.wait():
                raise ValueError("no spreadsheet, or too large")
        finally:
            deadline.cancel()
            with contextlib.suppress(ProcessLookupError):
                child.kill()
    return rows


#: What starts a formula, also in full-width letters as Korean and Japanese spreadsheets take it, and after white space
#: or control characters, which some drop when they open a file.
_STARTS_FORMULA = r"^[\s\x00-\x1f\u200b\ufeff]*[=+\-@＝＋－＠﹦﹢﹣﹫−]|^[\t\r\n]"
_PLAIN_NUMBER = r"^[+\-−]?[0-9][0-9,]*(\.[0-9]+)?([eE][+\-]?[0-9]+)?$"


def inert(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with every text that a spreadsheet would run as a formula led by an apostrophe.

    Numbers stay numbers, as text, too. Names of columns come from others as well, and are treated alike.
    Guards against a company name like ``=HYPERLINK(...)`` that acts on the machine of whoever opens the file.
    """
    led = frame
    for name, kind in frame.schema.items():
        if kind == pl.String:
            acting = frame[name].str.contains(_STARTS_FORMULA)
            if acting.any():  # in most columns no cell does
                acting &= ~frame[name].str.contains(_PLAIN_NUMBER)
                led = led.with_columns(
                    pl.when(acting.alias("acting")).then("'" + pl.col(name)).otherwise(pl.col(name)).alias(name)
                )
    return led.rename({name: _inert_name(name, frame.columns) for name in frame.columns if acts(name)})


def acts(text: str) -> bool:
    """Whether a spreadsheet may take this text for a formula; a plain number such as ``-1,234.5`` is none."""
    return re.search(_STARTS_FORMULA, text) is not None and re.search(_PLAIN_NUMBER, text) is None


def _inert_name(name: str, others: Sequence[str]) -> str:
    while (name := f"'{name}") in others:
        pass
    return name


def write_xlsx(frame: pl.DataFrame, path: Path, labels: Mapping[str, str]) -> None:
    """Write one sheet: column names, a row of labels (led by ``#``), then the rows. Text is never a formula.

    Text is stored as text and comes back as it was; what looks like a formula is also marked so (quote prefix) that it
    stays text when somebody edits the cell.
    """
    import xlsxwriter

    laid_out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(laid_out, options) as workbook:
        heading = workbook.add_format({"bold": True, "bg_color": "#E7EFFD", "border": 1})
        label = workbook.add_format({"italic": True, "font_color": "#555555", "text_wrap": True, "valign": "top"})
        quoted = workbook.add_format({"quote_prefix": True})
        sheet = workbook.add_worksheet(SHEET)
        sheet.freeze_panes(2, 1)
        for column, name in enumerate(frame.columns):
            sheet.write_string(0, column, name, heading)
            sheet.set_column(column, column, max(10, min(28, len(name) + 2)))
        for column, name in enumerate(frame.columns):
            text = labels.get(name, name)
            sheet.write_string(1, column, f"# {text}" if column == 0 else text, label)
        sheet.write_string(2, 0, "=", quoted)  # a sample, in whose place the rows come
    append_rows(laid_out.getvalue(), path, frame, 3, acts)
