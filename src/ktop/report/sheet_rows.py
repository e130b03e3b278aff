"""Rows of a large sheet, written straight as XML into a workbook that XlsxWriter has laid out.

XlsxWriter calls half a dozen functions for every cell, and 8,000 applicants with all their columns are a million cells.
Here a column is turned into XML at once, and a text that stands in many cells is escaped once.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl

_ROWS_AT_ONCE = 1_000
_LONGEST = 32_000
_SHEET = "xl/worksheets/sheet1.xml"
#: What XML cannot hold stands as _xHHHH_ (ECMA-376 part 1, 22.9.2.19); what looks so already gets its underline
#: escaped.
_UNHELD = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9a-fA-F]{4}_)")
_LARGE_CELLS = 10_000_000


def append_rows(laid_out: bytes, path: Path, frame: pl.DataFrame, first_row: int, acts: Callable[[str], bool]) -> None:
    """Write a workbook to ``path`` with the rows of a frame in the place of row ``first_row``, which is a sample.

    Parameters
    ----------
    laid_out : a workbook of one sheet; the first cell of the sample row has the style for text that looks like a
        formula, which ``acts`` tells.
    first_row : from 1, as in spreadsheets.
    """
    with (
        zipfile.ZipFile(io.BytesIO(laid_out)) as given,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as made,
    ):
        for entry in given.infolist():
            if entry.filename != _SHEET:
                made.writestr(entry.filename, given.read(entry))
                continue
            sheet = given.read(entry).decode()
            sample = re.search(rf'<row r="{first_row}"[^>]*><c r="A{first_row}" s="(\d+)".*?</row>', sheet)
            assert sample is not None, "the sample row was laid out"
            last = _reference(max(frame.width - 1, 0)) + str(max(first_row - 1 + frame.height, 1))
            head = re.sub(r'<dimension ref="[^"]*"/>', f'<dimension ref="A1:{last}"/>', sheet[: sample.start()])
            large = frame.height * frame.width > _LARGE_CELLS
            with made.open(_SHEET, "w", force_zip64=large) as out:
                out.write(head.encode())
                for part in _rows(frame, first_row, sample[1], acts):
                    out.write(part.encode())
                out.write(sheet[sample.end() :].encode())


def _rows(frame: pl.DataFrame, first_row: int, style: str, acts: Callable[[str], bool]) -> Iterator[str]:
    texts: list[dict[str, str]] = [{} for _ in frame.columns]
    for start in range(0, frame.height, _ROWS_AT_ONCE):
        part = frame.slice(start, _ROWS_AT_ONCE)
        numbers = [str(first_row + start + k) for k in range(part.height)]
        columns = [
            _cells(series.to_list(), _reference(k), numbers, texts[k], style, acts)
            for k, series in enumerate(part.get_columns())
        ]
        yield "".join(
            f'<row r="{number}">{"".join(cells)}</row>'
            for number, cells in zip(numbers, zip(*columns, strict=True), strict=True)
        )


def _cells(
    values: list[Any],
    column: str,
    numbers: list[str],
    texts: dict[str, str],
    style: str,
    acts: Callable[[str], bool],
) -> list[str]:
    """Return one column's cells as XML; nothing for what is missing."""
    cells = []
    for number, value in zip(numbers, values, strict=True):
        if value is None:
            cells.append("")
        elif isinstance(value, bool):
            cells.append(f'<c r="{column}{number}" t="b"><v>{int(value)}</v></c>')
        elif isinstance(value, int | float) and (isinstance(value, int) or math.isfinite(value)):
            cells.append(f'<c r="{column}{number}"><v>{value!r}</v></c>')
        elif value != value:  # NaN is missing: an empty cell
            cells.append("")
        else:
            said = value if isinstance(value, str) else str(value)
            known = texts.get(said)
            if known is None:
                known = texts[said] = _text(said[:_LONGEST], style, acts)
            cells.append(f'<c r="{column}{number}"{known}')
    return cells


def _text(said: str, style: str, acts: Callable[[str], bool]) -> str:
    look = f' s="{style}"' if acts(said) else ""
    if _UNHELD.search(said):
        said = _UNHELD.sub(lambda one: f"_x{ord(one[0]):04X}_", said)
    said = said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    keeps = ' xml:space="preserve"' if said[:1].isspace() or said[-1:].isspace() else ""
    return f'{look} t="inlineStr"><is><t{keeps}>{said}</t></is></c>'


def _reference(column: int) -> str:
    """Return the letters of a column, from 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
