"""A report made of sections as a workbook: what it says on the first sheet, then a sheet for each table."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

from ktop.report.spreadsheet import acts
from ktop.report.validation import Section

_NUMBER = re.compile(r"[+\-\u2212]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?(e[+\-]?\d+)?")
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\']")
_LONGEST_NAME = 28


def sections_xlsx(title: str, parts: Sequence[Section]) -> bytes:
    """Return sections as .xlsx. What reads as a number is one; text is never a formula."""
    import xlsxwriter

    kept = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(kept, options) as workbook:
        head = workbook.add_format({"bold": True, "bg_color": "#E7EFFD", "border": 1, "text_wrap": True})
        strong = workbook.add_format({"bold": True, "font_size": 13})
        wrapped = workbook.add_format({"text_wrap": True, "valign": "top"})
        quoted = workbook.add_format({"quote_prefix": True})
        names: set[str] = set()

        def sheet_name(wanted: str) -> str:
            plain = _NOT_IN_NAMES.sub(" ", wanted).strip()[:_LONGEST_NAME] or "K-TOP"
            name, count = plain, 1
            while name.casefold() in names:
                count += 1
                name = f"{plain} {count}"
            names.add(name.casefold())
            return name

        said = workbook.add_worksheet(sheet_name(title))
        said.set_column(0, 0, 100)
        row = 0
        for wanted, look in [(title, strong)] + [
            line
            for part in parts
            for line in ((part.heading, strong), (part.said, wrapped), *((item, wrapped) for item in part.items))
        ]:
            if wanted:
                said.write_string(row, 0, wanted[:32_000], look)
                row += 1
        for part in parts:
            if part.table is None or not part.table.rows:
                continue
            sheet = workbook.add_worksheet(sheet_name(part.heading or part.table.caption))
            sheet.freeze_panes(1, 1)
            for column, name in enumerate(part.table.columns):
                sheet.write_string(0, column, name, head)
                sheet.set_column(column, column, 30 if column == 0 else 18)
            for number, cells in enumerate(part.table.rows, start=1):
                for column, cell in enumerate(cells):
                    if column and _NUMBER.fullmatch(cell):
                        plain = cell.replace(",", "").replace("\u2212", "-")
                        sheet.write_number(number, column, float(plain))
                    else:
                        sheet.write_string(number, column, cell[:32_000], quoted if acts(cell) else None)
    return kept.getvalue()
