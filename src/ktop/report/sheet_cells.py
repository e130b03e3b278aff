"""Prints the cells of a workbook's visible sheets as JSON; run as a program of its own by ``read_xlsx``.

A few bytes of .xlsx can ask for terabytes: a single cell in the last row and column makes the parser reserve the whole
rectangle, and compressed text expands a thousandfold. A parser that runs out of memory takes its process with it, so it
runs in one that may be lost, within bounds of memory and processor time.

The parser gives an empty text for the error of a cell (``#DIV/0!``) and for a formula that nobody calculated. Both are
looked up in the sheet itself and printed with the cell's name, ``#DIV/0! (F12)``: neither may pass for "not known".
"""

from __future__ import annotations

import contextlib
import json
import posixpath
import re
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from xml.parsers import expat

#: A sheet larger than this is refused: it would not be a table of companies.
ROW_LIMIT = 1_048_576
COLUMN_LIMIT = 2_000
#: Bytes of one part of the file looked through for what the parser does not tell.
PART_BYTES = 400_000_000
#: Days that a spreadsheet makes of a bare year (1800 to 2199) typed into a cell formatted as a date; four years later
#: in workbooks whose days begin in 1904.
YEARS_AS_DAYS = {False: (date(1904, 12, 4), date(1906, 1, 8)), True: (date(1908, 12, 5), date(1910, 1, 9))}
_WORTH_A_LOOK = re.compile(rb"""["']e["']|<(?:\w+:)?f[\s>/]|\shidden=""")
_CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
#: A formula as a program leaves it that cannot calculate: no value, or nought in a file to be calculated on opening.
_NO_VALUE = ("", "0")


class Part:
    """What one sheet's XML says beside the values: errors, formulas without a value, hidden rows and columns."""

    def __init__(self, content: bytes, calculated_on_load: bool) -> None:
        self.marks: dict[tuple[int, int], str] = {}
        self.hidden_rows = 0
        self.hidden_columns = 0
        self._row, self._column = -1, -1
        self._kind, self._formula, self._value, self._inside = "", False, "", ""
        self._later = calculated_on_load
        if _WORTH_A_LOOK.search(content):
            parser = expat.ParserCreate(namespace_separator=" ")
            parser.buffer_text = True
            parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
            parser.CharacterDataHandler = self._text
            parser.StartDoctypeDeclHandler = self._doctype
            parser.Parse(content, True)

    def _doctype(self, *_: Any) -> None:
        raise ValueError("a document type in a spreadsheet")

    def _start(self, name: str, given: dict[str, str]) -> None:
        name = name.rpartition(" ")[2]
        if name == "c":
            match = _CELL.fullmatch(given.get("r", ""))
            self._column = _index(match[1]) if match else self._column + 1
            self._kind, self._formula, self._value = given.get("t", ""), False, ""
        elif name == "row":
            self._row = int(given["r"]) - 1 if given.get("r", "").isdigit() else self._row + 1
            self._column = -1
            self.hidden_rows += given.get("hidden") in ("1", "true")
        elif name == "f":
            self._formula = True
        elif name == "col" and given.get("hidden") in ("1", "true"):
            self.hidden_columns += max(0, min(int(given["max"]), COLUMN_LIMIT) - int(given["min"]) + 1)
        self._inside = name

    def _text(self, words: str) -> None:
        if self._inside == "v":
            self._value += words

    def _end(self, name: str) -> None:
        name = name.rpartition(" ")[2]
        self._inside = ""
        if name != "c":
            return
        value = self._value.strip()
        if self._kind == "e":
            self.marks[self._row, self._column] = value or "#ERROR!"
        elif self._formula and (
            (value == "" and self._kind != "str")
            or (self._later and value in _NO_VALUE and self._kind in ("", "n", "str"))
        ):
            self.marks[self._row, self._column] = "#FORMULA!"


def _index(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _letters(index: int) -> str:
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


class Book:
    """The parts of the workbook's file that say where its sheets lie, how days count and whether it is calculated."""

    def __init__(self, path: str) -> None:
        self.parts = zipfile.ZipFile(path)
        self.names = {name.lower().lstrip("/"): name for name in self.parts.namelist()}
        book = self.read("xl/workbook.xml")
        self.days_from_1904 = re.search(rb"""\sdate1904=["'](?:1|true)["']""", book) is not None
        self.calculated_on_load = re.search(rb"""\sfullCalcOnLoad=["'](?:1|true)["']""", book) is not None
        related = _elements(self.read("xl/_rels/workbook.xml.rels"), "Relationship")
        targets = {given.get("Id", ""): given.get("Target", "") for given in related}
        self.sheets = {}
        for given in _elements(book, "sheet"):
            number = next((value for name, value in given.items() if name.rpartition(" ")[2] == "id"), "")
            self.sheets[given.get("name", "")] = targets.get(number, "")

    def read(self, name: str) -> bytes:
        """Return a part's content; raises ``ValueError`` for one too large and ``KeyError`` for none."""
        with self.parts.open(self.names[name.lower()]) as part:
            content = part.read(PART_BYTES + 1)
        if len(content) > PART_BYTES:
            raise ValueError("part too large")
        return content

    def part_of(self, sheet: str) -> Part:
        """Return what the XML of a sheet says; of one that lies nowhere known, nothing."""
        target = self.sheets.get(sheet, "")
        place = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))
        return Part(self.read(place), self.calculated_on_load)


def _elements(content: bytes, wanted: str) -> Iterator[dict[str, str]]:
    found: list[dict[str, str]] = []
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = lambda name, given: found.append(given) if name.rpartition(" ")[2] == wanted else None
    parser.Parse(content, True)
    yield from found


def sheets_of(path: str, every: bool) -> Iterator[dict[str, Any] | list[Any]]:
    """Yield what is told of the workbook, then each visible sheet: what is told of it, and its rows.

    Numbers, truth values and text stay, all else becomes text. Only the first sheet that holds anything is given unless
    ``every``. Raises ``ValueError`` for what is no spreadsheet or too large.
    """
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_path(path)
        file = Book(path)
        listed = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        shown = [sheet.name for sheet in listed if sheet.visible == SheetVisibleEnum.Visible]
        hidden = [sheet.name for sheet in listed if sheet.visible != SheetVisibleEnum.Visible]
        yield {"shown": shown, "hidden": hidden, "days_from_1904": file.days_from_1904}
        for name in shown:
            sheet = book.get_sheet_by_name(name)
            if (sheet.total_height or 0) > ROW_LIMIT or (sheet.total_width or 0) > COLUMN_LIMIT:
                raise ValueError("sheet too large")
            top, left = sheet.start or (0, 0)
            rows = sheet.to_python(skip_empty_area=True)
            part = file.part_of(name)
            marks = {(row - top, column - left): words for (row, column), words in part.marks.items()}
            yield {
                "sheet": name,
                "rows": len(rows),
                "top": top,
                "left": left,
                "merged": [
                    [first - top, last - top, near - left, far - left]
                    for (first, near), (last, far) in sorted(sheet.merged_cell_ranges or ())
                ],
                "hidden_rows": part.hidden_rows,
                "hidden_columns": part.hidden_columns,
            }
            low, high = YEARS_AS_DAYS[file.days_from_1904]
            for number, row in enumerate(rows):
                yield [
                    _cell(cell, marks.get((number, column), ""), top + number, left + column, low, high)
                    for column, cell in enumerate(row)
                ]
            if not every and any(cell != "" for row in rows for cell in row):
                return
    except (CalamineError, expat.ExpatError, zipfile.BadZipFile, KeyError) as error:
        raise ValueError(str(error)) from error


def _cell(cell: Any, mark: str, row: int, column: int, low: date, high: date) -> Any:
    if mark:
        return f"{mark} ({_letters(column)}{row + 1})"
    if isinstance(cell, (bool, int, float, str)):
        return cell
    if isinstance(cell, date) and low <= (cell.date() if isinstance(cell, datetime) else cell) <= high:
        return f"#YEAR! ({_letters(column)}{row + 1})"
    return str(cell)


def bound(memory_bytes: int, seconds: int) -> None:
    """Let this process have no more memory and processor time than given, where the system can see to that."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    bound(int(sys.argv[2]), int(sys.argv[3]))
    cells, output = int(sys.argv[4]), int(sys.argv[5])
    try:
        for line in sheets_of(sys.argv[1], every=sys.argv[6:] == ["every"]):
            cells -= len(line) if isinstance(line, list) else 0
            printed = json.dumps(line, ensure_ascii=False).encode() + b"\n"
            output -= len(printed)
            if output < 0 or cells < 0:
                sys.exit(1)
            sys.stdout.buffer.write(printed)
    except (ValueError, MemoryError):
        sys.exit(1)
