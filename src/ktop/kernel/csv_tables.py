"""Reads tables of separated values as people save them: mixed encodings, titles above, stray quotes, torn rows.

A clean file (one encoding, its header first, every line with as many fields) is handed to Polars whole. Any other is
read line by line, and what cannot be relied on is told or refused row by row.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from ktop.kernel.table_layout import HEADER_WITHIN, Headings, lay_out
from ktop.kernel.tables import Table, Told

_SEPARATORS = ",;\t"
_QUOTED = re.compile(rb'"(?:[^"\r\n]|"")*"')
#: Lines that one quoted field may run over; more are a quote that nobody closed.
_LONGEST_FIELD = 50
#: Longest field taken: a stray quote must not make one of a whole file.
_FIELD_CHARACTERS = 1_000_000
_HANGUL = re.compile("[가-힣]")
_LINE_END = re.compile("\r\n|\r|\n")


def read_csv(path: Path, headings: Headings | None = None) -> Table:
    """Return the table of a .csv file, every cell as text.

    It may be in UTF-8, CP949 or UTF-16, or in UTF-8 with lines of CP949 among them, with commas, semicolons or tabs.
    Raises ``ValueError`` where it is empty, and as ``lay_out`` does.
    """
    content = path.read_bytes()
    encoding = _encoding(content)
    told: list[Told] = []
    if encoding is None:
        text, told = _line_by_line(content)
    else:
        text = "" if encoding == "utf-8" else content.decode(encoding)
    if encoding is not None:
        content = content.removeprefix(codecs.BOM_UTF8) if encoding == "utf-8" else text.encode("utf-8", "replace")
        head = content[:200_000].decode("utf-8", "replace")
        separator = _separator(head)
        frame = _clean(content, head, separator, headings)
        if frame is not None:
            return Table(frame)
        text = text or content.decode("utf-8")
    separator = _separator(text[:200_000])
    rows = list(_rows(text, separator, told))
    table = lay_out([row for _, row in rows], headings, fields=[len(row) for _, row in rows])
    return replace(table, told=(*told, *table.told))


def _encoding(content: bytes) -> str | None:
    """Return the one encoding a whole file is in, None where its lines are in several."""
    if content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(content), 1 << 20):
            decoder.decode(content[start : start + (1 << 20)])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp949" if not any(_is_utf8_korean(line) for line in content.split(b"\n")) and _reads(content) else None
    return "utf-8"


def _reads(content: bytes) -> bool:
    try:
        content.decode("cp949")
    except UnicodeDecodeError:
        return False
    return True


def _is_utf8_korean(line: bytes) -> bool:
    """Return whether a line is UTF-8 and holds letters of three bytes: CP949 has no such line by chance."""
    if line.isascii():
        return False
    try:
        return any(letter > "\u07ff" for letter in line.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _line_by_line(content: bytes) -> tuple[str, list[Told]]:
    """Return the text of a file whose lines are in UTF-8 or CP949, and which are in the latter or in neither."""
    lines: dict[str, list[int]] = {"UTF-8": [], "CP949": []}
    damaged: list[int] = []
    decoded = []
    for number, line in enumerate(content.removeprefix(codecs.BOM_UTF8).split(b"\n"), start=1):
        text = None
        if line.isascii():
            text = line.decode("ascii")
        elif _is_utf8_korean(line) or not _reads(line) or not _HANGUL.search(line.decode("cp949")):
            try:
                text = line.decode("utf-8")
                lines["UTF-8"].append(number)
            except UnicodeDecodeError:
                pass
        if text is None and _reads(line):
            text = line.decode("cp949")
            lines["CP949"].append(number)
        if text is None:
            text = line.decode("utf-8", "replace")
            damaged.append(number)
        decoded.append(text)
    told = []
    if lines["UTF-8"] and lines["CP949"]:
        told.append(Told("tables.two_encodings", {"lines": _listed(lines["CP949"]), "count": len(lines["CP949"])}))
    if damaged:
        told.append(Told("tables.damaged_lines", {"lines": _listed(damaged), "count": len(damaged)}))
    return "\n".join(decoded), told


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:10])) + (" …" if len(numbers) > 10 else "")


def _separator(text: str) -> str:
    """Return the separator that most of the first lines hold, as often as each other."""
    lines = [line for line in _LINE_END.split(text)[:HEADER_WITHIN] if line.strip()]
    best, chosen = 0, ","
    for separator in _SEPARATORS:
        counts = Counter(line.count(separator) for line in lines)
        count, times = max(counts.items(), key=lambda pair: (pair[1] if pair[0] else 0, pair[0]), default=(0, 0))
        if count and times > best:
            best, chosen = times, separator
    return chosen


def _clean(content: bytes, head: str, separator: str, headings: Headings | None) -> pl.DataFrame | None:
    """Return the table of a file without anything odd as Polars reads it; None for any other file."""
    first = head.split("\n", 1)[0].rstrip("\r")
    if "\x00" in first or "\r" in first or first.count('"') % 2:
        return None
    names = [name.strip() for name in next(csv.reader([first], delimiter=separator), [])]
    if not all(names) or len(set(names)) < len(names):
        return None
    rest = _QUOTED.sub(b"", content) if b'"' in content else content
    lines = rest.count(b"\n") + (not rest.endswith(b"\n"))
    if b'"' in rest or rest.count(b"\r") not in (0, rest.count(b"\r\n")):
        return None
    if rest.count(separator.encode()) != lines * (len(names) - 1) or (len(names) == 1 and b"\n\n" in rest):
        return None
    looked = [row for _, row in _rows("\n".join(_LINE_END.split(head)[: HEADER_WITHIN + 2]), separator, [])]
    try:
        table = lay_out([list(row) for row in looked], headings, fields=[len(row) for row in looked])
    except ValueError:
        return None
    if table.told or table.above or table.frame.columns != names or table.refused:
        return None
    try:
        frame = pl.read_csv(content, infer_schema=False, separator=separator)
    except pl.exceptions.PolarsError:
        return None
    frame.columns = names
    return frame if frame.height == lines - 1 else None


def _rows(text: str, separator: str, told: list[Told]) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of each line and its fields.

    A quote that is never closed, or that swallows whole rows, is a letter like any other: its line is read as it stands
    and told.
    """
    lines = _LINE_END.split(text.removeprefix("\ufeff"))
    while lines and not lines[-1].strip():
        lines.pop()
    stray: list[int] = []
    limit = csv.field_size_limit(_FIELD_CHARACTERS)
    try:
        place = 0
        while place < len(lines):
            line, taken = lines[place], 1
            if '"' not in line:
                yield place + 1, line.split(separator) if line.strip() else []
            else:
                fields, taken = _quoted(lines, place, separator)
                if fields is None:
                    stray.append(place + 1)
                    fields = line.split(separator)
                yield place + 1, fields
            place += taken
    finally:
        csv.field_size_limit(limit)
        if stray:
            told.append(Told("tables.stray_quotes", {"lines": _listed(stray), "count": len(stray)}))


def _quoted(lines: Sequence[str], place: int, separator: str) -> tuple[list[str] | None, int]:
    """Return the fields of a line with quotes and how many lines they take; None where a quote is stray."""
    joined = lines[place]
    for taken in range(1, min(_LONGEST_FIELD, len(lines) - place) + 1):
        if joined.count('"') % 2 == 0:
            try:
                fields = next(csv.reader([joined], delimiter=separator, strict=True))
            except csv.Error:
                return None, 1
            swallowed = taken > 1 and any(field.count("\n") and _looks_like_rows(field, separator) for field in fields)
            return (None, 1) if swallowed else (fields, taken)
        if place + taken < len(lines):
            joined += "\n" + lines[place + taken]
    return None, 1


def _looks_like_rows(field: str, separator: str) -> bool:
    """Return whether a field holds whole lines of fields: the rows that a stray quote swallowed."""
    return any(line.count(separator) >= 2 for line in field.split("\n")[1:])
