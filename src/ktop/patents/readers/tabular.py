"""Opens Parquet and CSV alike, as rows of cells, in bounded memory; knows nothing about patents."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ktop.kernel.errors import InputError
from ktop.kernel.parquet import parquet_batches, parquet_columns
from ktop.kernel.tables import DAMAGE, damage_told_as
from ktop.patents.readers.charsets import guessed
from ktop.patents.readers.delimited import Cut, cut_rows
from ktop.patents.readers.plain_text import plain_text
from ktop.patents.readers.source import HEAD_BYTES, Source

_BATCH_ROWS = 5_000
_MAX_FIELD_CHARS = 5_000_000
_MAX_LINE_CHARS = 20_000_000
_PARQUET = b"PAR1"
#: A header may stand as far down as this: people write titles, search terms and dates above it.
_HEADER_LINES = 40
_MAX_NAME_CHARS = 80
#: So much plain ASCII at the beginning of a file is looked through for the first other character.
_MAX_ASCII_BYTES = 512 * 1024**2
#: What Excel takes as its delimiter, in a line of its own.
_TOLD_DELIMITER = re.compile(r"^\ufeff?\"?sep=([,;|\t])\"?\s*$", re.IGNORECASE)
_DELIMITERS = ",\t;|"
#: A carriage return alone is what an old Mac writes.
_LINE_END = re.compile(r"\r\n|\r|\n")


class Row(NamedTuple):
    """One row: where it stands, its cells, or instead of them why it cannot be used (a message key)."""

    where: str
    cells: Sequence[Any] | None
    problem: str | None = None


class Layout(NamedTuple):
    """Where a table has its header, and how it is written: ``skip`` lines stand above the header."""

    names: Sequence[str]
    skip: int = 0
    delimiter: str = ","
    encoding: str = "utf-8-sig"


def candidates(source: Source, head: bytes) -> Iterator[Layout]:
    """Yield what may be the table's header: the columns of Parquet, each of the first lines of a text."""
    if head.startswith(_PARQUET):
        try:
            with source.on_disk() as path:
                yield Layout(parquet_columns(path))
        except DAMAGE:
            return
        return
    encoding = guessed(head) or "utf-8-sig"
    text = head.decode(encoding, errors="replace")
    if "\x00" in text or text.lstrip().startswith(("<", "{", "[")):
        return
    lines = _LINE_END.split(text)[:_HEADER_LINES]
    if len(head) == HEAD_BYTES and len(lines) > 1:
        lines = lines[:-1] or lines  # the last one is cut off
    told = _TOLD_DELIMITER.match(lines[0])
    for skip, line in enumerate(lines):
        if not line.strip() or (told and not skip):
            continue
        delimiter = told[1] if told else _delimiter(line)
        below = cut_rows(iter([f"{each}\n" for each in lines[skip:]]), delimiter)
        header = next(below, None)
        if header is None or header.cells is None:
            continue
        if skip and not _is_above(header.cells, below):  # a sentence that happens to name the fields
            continue
        yield Layout(_header(header.cells), skip, delimiter, encoding)


def _is_above(cells: Sequence[str], below: Iterator[Cut]) -> bool:
    """Tell whether a line that is not the first looks like a header: short cells, and rows of as many below."""
    if any(len(cell) > _MAX_NAME_CHARS for cell in cells) or cells[0].lstrip().startswith("|"):
        return False
    following = [row.cells for row in itertools.islice(below, 3) if row.cells]
    return not following or any(len(row) == len(cells) for row in following)


def shown_columns(names: Sequence[str]) -> str:
    """Return column names as a message shows them."""
    return ", ".join(name[:40] or "?" for name in names[:30]) + (" …" if len(names) > 30 else "")


def rows(source: Source, layout: Layout, *, damaged: bool = False) -> Iterator[Row]:
    """Yield the rows below the header; blank ones are passed over.

    Parameters
    ----------
    damaged : take rows of a text with characters that cannot be read, those as U+FFFD, instead of rejecting them.

    Raises ``InputError`` where the table cannot be read.
    """
    for row in _uncounted_rows(source, layout, damaged):
        source.tally.saw()
        yield row


def _uncounted_rows(source: Source, layout: Layout, damaged: bool) -> Iterator[Row]:
    parquet = source.head().startswith(_PARQUET)
    return _parquet_rows(source) if parquet else _text_rows(source, layout, damaged)


def values(source: Source, layout: Layout, places: Sequence[int], *, damaged: bool = False) -> Iterator[Any]:
    """Yield the cells of some columns, row by row, to look at; rows that cannot be used are passed over."""
    for row in _uncounted_rows(source, layout, damaged):
        if row.cells is not None:
            yield from (row.cells[place] for place in places)


def _parquet_rows(source: Source) -> Iterator[Row]:
    """Read batches, so that a file of any size fits."""
    with damage_told_as(InputError("patents.table_broken", file=source.name)), source.on_disk() as path:
        numbers = itertools.count(1)
        for batch in parquet_batches(path, _BATCH_ROWS):
            for cells in batch.iter_rows():
                yield Row(f"row {next(numbers)}", cells)


def _text_rows(source: Source, layout: Layout, damaged: bool) -> Iterator[Row]:
    csv.field_size_limit(_MAX_FIELD_CHARS)
    encoding = _encoding(source) or layout.encoding
    with source.open() as raw, io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline="") as stream:
        lines = _Lines(stream)
        for _ in range(layout.skip):
            next(lines, None)
        cut = cut_rows(lines, layout.delimiter, max_cell_chars=_MAX_FIELD_CHARS)
        header = next(cut, None)
        if header is None or header.cells is None:
            raise InputError("patents.table_broken", file=source.name)
        width = len(header.cells)
        named = max((place for place, name in enumerate(header.cells, 1) if name.strip()), default=width)
        for number, cells in cut:
            where = f"line {number + layout.skip}"
            if cells is None:
                yield Row(where, None, "patents.reject_too_large")
                continue
            if not any(cell.strip() for cell in cells):
                continue
            fitted = _fitted(cells, width, named)
            if fitted is None:
                yield Row(where, None, "patents.reject_columns")
            elif not damaged and any("\ufffd" in cell for cell in fitted):
                yield Row(where, None, "patents.reject_encoding")
            else:
                yield Row(where, [plain_text(cell.strip()) or None for cell in fitted])


def _fitted(cells: list[str], width: int, named: int) -> list[str] | None:
    """Return the cells of a row in the header's number; blank ones too many or too few at the end are nobody's."""
    if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
        return cells[:width]
    if named <= len(cells) < width:
        return cells + [""] * (width - len(cells))
    return cells if len(cells) == width else None


def _encoding(source: Source) -> str | None:
    """Return the encoding of a text, judged where it first is more than ASCII; None where nothing fits.

    English may fill the beginning of a file whose Korean comes later.
    """
    with source.open() as stream:
        left = _MAX_ASCII_BYTES
        before = b""
        while chunk := stream.read(HEAD_BYTES):
            if not chunk.isascii():
                line = max(before.rfind(b"\n"), before.rfind(b"\r")) + 1
                return guessed(before[line:] + chunk + stream.read(HEAD_BYTES))
            left -= len(chunk)
            if left < 0:
                break
            before = chunk
    return "utf-8-sig"


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
    return [plain_text(" ".join(name.split())) for name in names]


def _delimiter(line: str) -> str:
    return max(_DELIMITERS, key=line.count)
