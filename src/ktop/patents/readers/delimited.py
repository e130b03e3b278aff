"""Cuts delimited text into rows of cells so that a stray quotation mark costs no row; itself no format."""

from __future__ import annotations

import csv
import itertools
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

#: A quoted cell may run over this many lines; a mark that is not closed by then opens no cell.
MAX_LINES = 2_000
MAX_CELL_CHARS = 5_000_000


class Cut(NamedTuple):
    """Cells of one row and the number of the line that it ends in; None for the cells of a row without end."""

    line: int
    cells: list[str] | None


def cut_rows(
    lines: Iterator[str], delimiter: str, width: int | None = None, max_cell_chars: int = MAX_CELL_CHARS
) -> Iterator[Cut]:
    """Yield the rows of ``lines`` that are not blank.

    A cell that begins with a quotation mark is quoted (RFC 4180) where the mark is closed before a delimiter and the
    row then has the width of the header. Otherwise the mark is a character as any other: tables without quoting hold
    titles such as ``"Smart" shelf`` and ``"Quick-release buckle``. So every line belongs to one row, and no row takes
    in others: lines that all have the header's cells are rows by themselves, whatever marks they hold; between tabs,
    which texts do not hold, one such line is enough unless the lines together have just the delimiters of one row.

    Parameters
    ----------
    lines : with their ends. ``csv.Error`` from it (a line beyond its limit) gives a row without cells.
    width : number of cells of a row; None takes that of the first row, the header.
    max_cell_chars : a row with a longer cell is given without its cells.
    """
    source = _Lines(lines)
    while True:
        try:
            line = source.take()
        except StopIteration:
            return
        except csv.Error:
            yield Cut(source.number, None)
            continue
        if not line.strip("\r\n"):
            continue
        cells = _cells(line, source, delimiter, width)
        if width is None:
            width = len(cells)
        yield Cut(source.number, None if any(len(cell) > max_cell_chars for cell in cells) else cells)


class _Lines:
    """Lines that can be looked at before they are taken, with the number of the last one taken."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines, self._ahead, self.number = lines, deque[str | None](), 0

    def take(self) -> str:
        """Return the next line; ``csv.Error`` for one beyond its limit, ``StopIteration`` at the end."""
        if not self._ahead:
            self._look()
        line = self._ahead.popleft()
        self.number += 1
        if line is None:
            raise csv.Error("line too long")
        return line

    def ahead(self) -> Iterator[str]:
        """Yield the lines that come next without taking them, as far as a quoted cell may run."""
        seen, chars = 0, 0
        while seen < MAX_LINES and chars <= MAX_CELL_CHARS:
            if seen == len(self._ahead):
                try:
                    self._look()
                except StopIteration:
                    return
            line = self._ahead[seen]
            if line is None:
                return
            seen, chars = seen + 1, chars + len(line)
            yield line

    def _look(self) -> None:
        try:
            self._ahead.append(next(self._lines))
        except csv.Error:
            self._ahead.append(None)


def _cells(line: str, source: _Lines, delimiter: str, width: int | None) -> list[str]:
    plain = line.rstrip("\r\n").split(delimiter)
    if '"' not in line or not any(cell.startswith('"') for cell in plain):
        return plain
    quoted = _quoted(line, delimiter)
    if quoted is not None and (width is None or len(quoted) == width):
        return quoted
    longer = _over_lines(line, source.ahead(), delimiter)
    if longer is not None and (width is None or len(longer[0]) == width):
        cells, more = longer
        sizes = [len(each.rstrip("\r\n").split(delimiter)) for each in (line, *itertools.islice(source.ahead(), more))]
        whole = any(size == width for size in sizes) if delimiter == "\t" else all(size == width for size in sizes)
        if not whole or sum(sizes) - more == width:
            for _ in range(more):
                source.take()
            return cells
    return plain if quoted is None or len(plain) == width else quoted


def _quoted(line: str, delimiter: str) -> list[str] | None:
    """Return the cells of a line that is well formed to its last mark, else None."""
    try:
        return next(csv.reader((line,), delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration):
        return None


def _over_lines(line: str, following: Iterator[str], delimiter: str) -> tuple[list[str], int] | None:
    """Return the row that ``line`` begins and how many more lines it takes; None where a mark closes no cell.

    Every line is looked at once: the first mark that is closed wrongly ends the search.
    """
    cells: list[str] = []
    text, at, more = line, 0, 0
    while True:
        if text.startswith('"', at):
            pieces: list[str] = []
            at += 1
            while True:
                end = text.find('"', at)
                if end < 0:
                    pieces.append(text[at:])
                    text, at, more = next(following, ""), 0, more + 1
                    if not text:
                        return None
                    continue
                pieces.append(text[at:end])
                at = end + 1
                if not text.startswith('"', at):
                    break
                pieces.append('"')
                at += 1
            cells.append("".join(pieces))
        else:
            end = text.find(delimiter, at)
            end = len(text) if end < 0 else end
            cells.append(text[at:end].rstrip("\r\n"))
            at = end
        if text.startswith(delimiter, at):
            at += 1
        elif not text[at:].strip("\r\n"):
            return cells, more
        else:
            return None
