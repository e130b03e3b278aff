"""Opens Parquet and CSV alike, as rows of cells, in bounded memory; knows nothing about patents."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import polars as pl

from ktop.kernel.errors import InputError
from ktop.kernel.tables import DAMAGE, damage_told_as
from ktop.patents.readers.delimited import cut_rows
from ktop.patents.readers.source import Source

_BATCH_ROWS = 5_000
_MAX_FIELD_CHARS = 5_000_000
_MAX_LINE_CHARS = 20_000_000
_PARQUET = b"PAR1"
_DELIMITERS = ",\t;|"
#: A carriage return alone is what an old Mac writes.
_LINE_END = re.compile(r"\r\n|\r|\n")


class Row(NamedTuple):
    """One row: where it stands, its cells, or instead of them why it cannot be used (a message key)."""

    where: str
    cells: Sequence[Any] | None
    problem: str | None = None


def columns(source: Source, head: bytes) -> list[str] | None:
    """Return the column names, None where this is no table."""
    if head.startswith(_PARQUET):
        try:
            return _scan(source).collect_schema().names()
        except DAMAGE:
            return None
    text = _decoded(head)
    if text is None or "\x00" in text or text.lstrip().startswith(("<", "{", "[")):
        return None
    try:
        return _header(next(csv.reader([_LINE_END.split(text, 1)[0]], delimiter=_delimiter(text)), []))
    except csv.Error:  # a column name of megabytes
        return None


def names_in_line(head: bytes, index: int = 0) -> list[str]:
    """Return the column names, in lower case, of a line of the head of a CSV in whatever ASCII-like encoding."""
    lines = head.decode("utf-8-sig", errors="replace").splitlines()[index : index + 1]
    try:
        return [name.strip().lower() for name in next(csv.reader(lines), [])]
    except csv.Error:
        return []


def rows(source: Source, *, skip: int = 0, damaged: bool = False) -> Iterator[Row]:
    """Yield the rows below the header. Raises ``InputError`` where the table cannot be read.

    Parameters
    ----------
    skip : lines above the header (CSV).
    damaged : take rows of CSV with characters that are not UTF-8, those as U+FFFD, instead of rejecting them.
    """
    head = source.head()
    return _parquet_rows(source) if head.startswith(_PARQUET) else _csv_rows(source, head, skip, damaged)


def values(source: Source, places: Sequence[int], *, skip: int = 0, damaged: bool = False) -> Iterator[Any]:
    """Yield the cells of some columns, row by row; rows that cannot be used are passed over."""
    for row in rows(source, skip=skip, damaged=damaged):
        if row.cells is not None:
            yield from (row.cells[place] for place in places)


def _scan(source: Source) -> pl.LazyFrame:
    plain = source.path is not None and not source.packed
    return pl.scan_parquet(source.path if plain else io.BytesIO(source.whole()))  # type: ignore[arg-type]


def _parquet_rows(source: Source) -> Iterator[Row]:
    """Read slices, so that a file of any size fits."""
    with damage_told_as(InputError("patents.table_broken", file=source.name)):
        frame = _scan(source)
        offset = 0
        while True:
            batch = frame.slice(offset, _BATCH_ROWS).collect()
            for number, cells in enumerate(batch.iter_rows(), offset + 1):
                yield Row(f"row {number}", cells)
            offset += batch.height
            if batch.height < _BATCH_ROWS:
                return


def _csv_rows(source: Source, head: bytes, skip: int, damaged: bool) -> Iterator[Row]:
    text = head.decode("utf-8-sig", errors="replace") if damaged else _decoded(head)
    if text is None or "\x00" in text:
        raise InputError("patents.table_broken", file=source.name)
    csv.field_size_limit(_MAX_FIELD_CHARS)
    encoding = "utf-8-sig" if damaged or _is_utf8(head) else "cp949"
    with source.open() as raw, io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline="") as stream:
        lines = _Lines(stream)
        for _ in range(skip):
            next(lines, None)
        delimiter = _delimiter("\n".join(_LINE_END.split(text)[skip:]))
        rows = cut_rows(lines, delimiter, max_cell_chars=_MAX_FIELD_CHARS)
        header = next(rows, None)
        if header is None or header.cells is None:
            raise InputError("patents.table_broken", file=source.name)
        for number, cells in rows:
            where = f"line {number + skip}"
            if cells is None:
                yield Row(where, None, "patents.reject_too_large")
            elif len(cells) != len(header.cells):
                yield Row(where, None, "patents.reject_columns")
            elif not damaged and any("\ufffd" in cell for cell in cells):
                yield Row(where, None, "patents.reject_encoding")
            else:
                yield Row(where, [cell.strip() or None for cell in cells])


class _Lines:
    """The lines of a text, none held beyond ``_MAX_LINE_CHARS``: what is longer is read on to its end and refused."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._stream, self.number = stream, 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._stream.readline(_MAX_LINE_CHARS)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) == _MAX_LINE_CHARS and not line.endswith(("\n", "\r")):
            while (more := self._stream.readline(_MAX_LINE_CHARS)) and not more.endswith(("\n", "\r")):
                pass
            raise csv.Error("line too long")
        return line.replace("\x00", "")


def _header(names: Sequence[str]) -> list[str]:
    return [name.strip() for name in names]


def _is_utf8(head: bytes) -> bool:
    try:
        head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4  # a character cut off at the end of the head
    return True


def _decoded(head: bytes) -> str | None:
    """Return the head as text, None where it is neither UTF-8 nor CP949 (what Korean Excel writes)."""
    if _is_utf8(head):
        return head.decode("utf-8-sig", errors="ignore")
    try:
        return head.decode("cp949")
    except UnicodeDecodeError as error:
        return head[: error.start].decode("cp949") if error.start > len(head) - 4 else None


def _delimiter(text: str) -> str:
    first = _LINE_END.split(text, 1)[0]
    return max(_DELIMITERS, key=first.count)
