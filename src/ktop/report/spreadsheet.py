"""Spreadsheets: reads .xlsx as text and numbers, writes .xlsx with a heading row that stays in view."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from ktop.kernel.concurrency_limiter import Turnstile
from ktop.report import sheet_cells

#: What reading a small file may take, and what each byte of a larger one adds (XML is packed about 10 to 1).
MEMORY_BYTES, MEMORY_PER_BYTE = 1_000_000_000, 60
SECONDS, SECONDS_PER_MB = 20, 4
#: Reading one may take ``MEMORY_BYTES`` and more, so that only one is read at a time; some wait, others are refused.
READING = Turnstile(waiting=4, seconds=30.0, busy="records.tables_busy")


def read_xlsx(path: Path) -> pl.DataFrame:
    """Return the first sheet, its first row as column names; mixed columns become text. Formulas give their values.

    A second row that repeats no data but labels (as ``write_xlsx`` writes it) is passed over: its first cell starts
    with ``#``. Raises ``ValueError`` for an empty sheet, doubled column names or one too large to be read within
    ``MEMORY_BYTES`` and ``SECONDS``, ``UnavailableError`` where others are being read for too long.
    """
    rows = _cells(path)
    if not rows:
        raise ValueError("empty sheet")
    names = [str(name).strip() for name in rows[0]]
    if len(set(names)) != len(names):
        raise ValueError("doubled column name")
    start = 2 if len(rows) > 1 and str(rows[1][0]).startswith("#") else 1
    columns: dict[str, pl.Series] = {}
    for index, name in enumerate(names):
        cells: list[Any] = [row[index] if row[index] != "" else None for row in rows[start:]]
        kinds = {type(cell) for cell in cells if cell is not None}
        if kinds <= {int, float}:
            columns[name] = pl.Series(name, [None if c is None else float(c) for c in cells], dtype=pl.Float64)
        else:
            columns[name] = pl.Series(name, [None if c is None else _as_text(c) for c in cells], dtype=pl.String)
    return pl.DataFrame(columns)


def _cells(path: Path) -> list[list[Any]]:
    """Return the cells as a process of its own finds them; see ``sheet_cells``."""
    size = path.stat().st_size
    memory, seconds = MEMORY_BYTES + MEMORY_PER_BYTE * size, SECONDS + SECONDS_PER_MB * size // 1_000_000
    # -P: the folder of the program holds modules named like those of Python
    command = [sys.executable, "-P", sheet_cells.__file__, str(path), str(memory), str(seconds)]
    with READING.passing():
        found = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)  # noqa: S603
    if found.returncode:
        raise ValueError("no spreadsheet, or too large")
    return [json.loads(line) for line in found.stdout.splitlines()]


def _as_text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))  # identity numbers come as 1234567890.0
    return str(cell)


def inert(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with every text that a spreadsheet would run as a formula led by an apostrophe.

    Guards against a company name like ``=HYPERLINK(...)`` that acts on the machine of whoever opens the file.
    """
    text = [name for name, kind in frame.schema.items() if kind == pl.String]
    dangerous = r"^[=+\-@\t\r]"
    return frame.with_columns(
        pl.when(pl.col(name).str.contains(dangerous)).then("'" + pl.col(name)).otherwise(pl.col(name)).alias(name)
        for name in text
    )


def write_xlsx(frame: pl.DataFrame, path: Path, labels: Mapping[str, str]) -> None:
    """Write one sheet: column names, a row of labels (led by ``#``), then the rows. Text is never a formula."""
    import xlsxwriter

    with xlsxwriter.Workbook(
        str(path), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as workbook:
        heading = workbook.add_format({"bold": True, "bg_color": "#E7EFFD", "border": 1})
        label = workbook.add_format({"italic": True, "font_color": "#555555", "text_wrap": True, "valign": "top"})
        sheet = workbook.add_worksheet("K-TOP")
        sheet.freeze_panes(2, 1)
        for column, name in enumerate(frame.columns):
            sheet.write_string(0, column, name, heading)
            sheet.set_column(column, column, max(10, min(28, len(name) + 2)))
        for column, name in enumerate(frame.columns):
            text = labels.get(name, name)
            sheet.write_string(1, column, f"# {text}" if column == 0 else text, label)
        columns = [frame.get_column(name).to_list() for name in frame.columns]
        for number, cells in enumerate(zip(*columns, strict=True), start=2):
            for column, cell in enumerate(cells):
                if cell is None:
                    continue
                if isinstance(cell, bool):
                    sheet.write_boolean(number, column, cell)
                elif isinstance(cell, int | float):
                    if cell == cell:  # NaN is missing: an empty cell
                        sheet.write_number(number, column, cell)
                else:
                    sheet.write_string(number, column, str(cell)[:32_000])
