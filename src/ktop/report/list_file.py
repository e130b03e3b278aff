"""A list of a page as a file to take along, .xlsx or .csv: headings in words, real numbers and dates, no formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from ktop.report.numbers import KOREA
from ktop.report.spreadsheet import acts

#: Media type by ending.
MEDIA_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
#: Characters that a cell of a spreadsheet can hold, a little below its limit.
_LONGEST = 32_000
_WIDEST = 48


def list_xlsx(title: str, headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """Return a workbook of one sheet. Cells are text, numbers, days, moments (written in Korean time) or None.

    Text is never a formula; what looks like one is marked (quote prefix), so that it stays text when it is edited.
    """
    import xlsxwriter  # only who takes a list along needs it

    content = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(content, options) as workbook:
        heading = workbook.add_format({"bold": True, "bg_color": "#E7EFFD", "border": 1, "valign": "top"})
        quoted = workbook.add_format({"quote_prefix": True})
        day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        moment = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet = workbook.add_worksheet("".join(c for c in title if c not in "[]:*?/\\'")[:31] or "K-TOP")
        sheet.freeze_panes(1, 1)
        for place, words in enumerate(headings):
            sheet.write_string(0, place, words, heading)
            longest = max((_width(row[place]) for row in rows), default=0)
            sheet.set_column(place, place, max(len(words) * 2, min(_WIDEST, longest)) + 2)
        for number, cells in enumerate(rows, start=1):
            for place, cell in enumerate(cells):
                if isinstance(cell, str):
                    sheet.write_string(number, place, cell[:_LONGEST], quoted if acts(cell) else None)
                elif isinstance(cell, datetime):
                    sheet.write_datetime(number, place, cell.astimezone(KOREA).replace(tzinfo=None), moment)
                elif isinstance(cell, date):
                    sheet.write_datetime(number, place, cell, day)
                elif cell is not None and cell == cell:
                    sheet.write_number(number, place, cell)
        if headings:
            sheet.autofilter(0, 0, max(1, len(rows)), len(headings) - 1)
    return content.getvalue()


def list_csv(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """Return the same as text in UTF-8 with its mark, which spreadsheets need; what would act is led by ``'``."""
    written = io.StringIO()
    sheet = csv.writer(written, lineterminator="\r\n")
    sheet.writerow([_inert(words) for words in headings])
    sheet.writerows([_text(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + written.getvalue().encode("utf-8", "replace")


def _text(cell: Any) -> Any:
    if isinstance(cell, str):
        return _inert(cell)
    if isinstance(cell, datetime):
        return cell.astimezone(KOREA).strftime("%Y-%m-%d %H:%M")
    return "" if cell is None or cell != cell else cell


def _inert(words: str) -> str:
    return f"'{words}" if acts(words) else words


def _width(cell: Any) -> int:
    """Return about how wide a cell is, in Latin letters: Hangul takes two."""
    if isinstance(cell, str):
        return sum(1 if sign.isascii() else 2 for sign in cell)
    return 16
