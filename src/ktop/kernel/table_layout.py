"""Finds the table in a sheet as offices keep it: titles above, headings in two rows, units below, gaps beside.

The rows come as lists of cells: text, numbers, truth values, and "" or None for empty ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import polars as pl

from ktop.kernel.errors import InputError
from ktop.kernel.tables import Merge, Table, Told

#: Rows looked through for the header.
HEADER_WITHIN = 30
#: A block of cells: first and last row, first and last column, all from 0.
Block = tuple[int, int, int, int]
#: A number of a column below its heading: (1), 2), ③.
_COLUMN_NUMBER = re.compile(r"\(?([0-9]{1,3})\)?\.?")
_CIRCLED = {chr(0x2460 + i): i + 1 for i in range(20)}
#: Texts above a header that are repeated to the user, and their length.
_REPEATED, _REPEATED_LENGTH = 3, 40


class Headings(Protocol):
    """What the headings of one kind of table mean."""

    def meaning(self, heading: str) -> str | None:
        """Return what a heading stands for, None where it is unknown; its parts may be joined by line breaks."""
        ...

    def is_unit(self, text: str) -> bool:
        """Return whether a text is nothing but a unit (``(천원)``, ``명``)."""
        ...


def column_letters(index: int) -> str:
    """Return the name of a column of a spreadsheet, counted from 0: A, B ... AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def cell_name(row: int, column: int) -> str:
    """Return the name of a cell, row and column counted from 0: F12."""
    return f"{column_letters(column)}{row + 1}"


def lay_out(
    rows: list[list[Any]],
    headings: Headings | None = None,
    *,
    top: int = 0,
    left: int = 0,
    merged: Sequence[Block] = (),
    fields: Sequence[int] | None = None,
    labelled: bool = False,
) -> Table:
    """Return the table that stands in these rows; they are filled in where cells are merged.

    Parameters
    ----------
    headings : tells a header by its words; without it the first row is the header, a title above it apart.
    top, left : row and column of the sheet that ``rows`` begins at, from 0.
    merged : blocks of merged cells, in rows and columns of ``rows``.
    fields : how many fields each row was written with, where that says something (CSV).
    labelled : the row below the header may be one of labels led by ``#``, as we write it.

    Raises ``InputError`` where two columns with the same known heading stand side by side, ``ValueError`` where there
    is no row, or any name occurs twice and ``headings`` is not given.
    """
    width = max(map(len, rows), default=0)
    for row in rows:
        row.extend([""] * (width - len(row)))
    filled = [any(map(_is_filled, row)) for row in rows]
    if not any(filled):
        raise ValueError("empty sheet")
    first, last = _header(rows, filled, headings, merged)
    start = last + 1
    spans = [block for block in merged if block[0] <= last]
    stacks = _stacks(rows, first, last, spans)
    told: list[Told] = []
    start = _below(rows, start, stacks, headings, labelled, told, top)
    above = tuple(
        (top + number + 1, cell.strip())
        for number in range(first)
        for cell in rows[number]
        if isinstance(cell, str) and cell.strip()
    )
    if above:
        words = ", ".join(f"'{words[:_REPEATED_LENGTH]}'" for _, words in above[:_REPEATED])
        more = " …" if len(above) > _REPEATED else ""
        told.insert(0, Told("tables.header_row", {"row": top + last + 1, "above": words + more}))
    end = len(rows)
    while end > start and not filled[end - 1]:
        end -= 1
    data = rows[start:end]
    refused = {} if fields is None else _ragged(data, fields[start:end], max(fields[first : last + 1]), stacks)
    numbered = _names(stacks, data, headings, left, told)
    blocks = _fill_down(data, start, merged, top, left)
    columns: dict[str, pl.Series] = {}
    numbers: dict[str, frozenset[int]] = {}
    for place, name in numbered.items():
        columns[name], typed = _column(name, [row[place] for row in data])
        if typed:
            numbers[name] = typed
    kept = tuple(
        Merge(numbered[place], begin, finish, name) for place, begin, finish, name in blocks if place in numbered
    )
    return Table(pl.DataFrame(columns), tuple(told), above, refused, kept, numbers, begins=top + start)


def _is_filled(cell: Any) -> bool:
    return cell is not None and (not isinstance(cell, str) or bool(cell.strip()))


def _header(
    rows: Sequence[Sequence[Any]], filled: Sequence[bool], headings: Headings | None, merged: Sequence[Block]
) -> tuple[int, int]:
    """Return the first and the last row of the header."""
    looked = [number for number in range(min(len(rows), HEADER_WITHIN)) if filled[number]]
    if headings is not None:
        score = {number: _known(rows[number], headings) for number in looked}
        best = max(looked, key=lambda number: (score[number], -number), default=0)
        if looked and score[best]:
            block, reached = (best, best), score[best]
            for first, last in ((best, best + 1), (best - 1, best)):
                if first >= 0 and last < len(rows) and filled[first] and filled[last]:
                    spans = [one for one in merged if one[0] <= last]
                    found = _known(_stacks(rows, first, last, spans), headings)
                    if found > reached and _all_text(rows[first]) and _all_text(rows[last]):
                        block, reached = (first, last), found
            return _with_groups(block, rows, filled, merged, headings)
    counts = {number: sum(map(_is_filled, rows[number])) for number in looked}
    first = looked[0] if looked else next(number for number, full in enumerate(filled) if full)
    if counts.get(first) == 1:  # a title, where a row with more cells follows
        first = next((n for n in looked if counts[n] > 1 and _all_text(rows[n])), first)
    return first, first


def _known(row: Sequence[Any], headings: Headings) -> int:
    return len({headings.meaning(cell) for cell in row if isinstance(cell, str) and cell.strip()} - {None})


def _all_text(row: Sequence[Any]) -> bool:
    return all(isinstance(cell, str) for cell in row if _is_filled(cell))


def _with_groups(
    block: tuple[int, int],
    rows: Sequence[Sequence[Any]],
    filled: Sequence[bool],
    merged: Sequence[Block],
    headings: Headings,
) -> tuple[int, int]:
    """Take in the row above a header that names groups of columns, which may state their unit.

    A title with the unit of the whole table beside it is no such row.
    """
    first, last = block
    above = first - 1
    if above < 0 or not filled[above] or not _all_text(rows[above]):
        return block
    width = len(rows[above])
    spans = [one for one in merged if one[0] <= above <= one[1] and 0 < one[3] - one[2] < width - 1]
    groups = [place for place, cell in enumerate(rows[above]) if _is_filled(cell)]
    named = [place for place, cell in enumerate(rows[first]) if _is_filled(cell)]
    if len(groups) < 2 or any(headings.is_unit(str(rows[above][place])) for place in groups):
        return block
    apart = groups[0] <= named[0] + 1 and len(groups) < len(named) and groups[-1] < width - 1
    return (above, last) if spans or apart else block


def _stacks(rows: Sequence[Sequence[Any]], first: int, last: int, spans: Sequence[Block]) -> list[str]:
    """Return the heading of each column: its texts from top to bottom, joined by line breaks.

    A text of an upper row goes for all columns it is merged over, or, where nothing is merged, for the empty ones that
    follow it.
    """
    width = len(rows[first])
    parts: list[list[str]] = [[] for _ in range(width)]
    for number in range(first, last + 1):
        row = ["" if cell is None else str(cell).strip() for cell in rows[number]]
        covered = set[int]()
        for top, bottom, left, right in spans:
            if top <= number <= bottom:
                word = str(rows[top][left] or "").strip() if top >= first else ""
                for place in range(left, min(right, width - 1) + 1):
                    row[place] = word
                    covered.add(place)
        if number < last:
            before = ""
            for place in range(width):
                if row[place] or place in covered:
                    before = "" if place in covered else row[place]
                elif _is_filled(rows[last][place]):
                    row[place] = before
        for place, word in enumerate(row):
            if word and word not in parts[place][-1:]:
                parts[place].append(word)
    return ["\n".join(words) for words in parts]


def _below(
    rows: Sequence[Sequence[Any]],
    start: int,
    stacks: list[str],
    headings: Headings | None,
    labelled: bool,
    told: list[Told],
    top: int,
) -> int:
    """Return the first row of data: rows of units, labels and column numbers below the header belong to it."""
    if labelled and start < len(rows) and _all_text(rows[start]) and str(rows[start][0] or "").startswith("# "):
        return start + 1
    if headings is None:
        return start
    for _ in range(2):
        if start >= len(rows):
            break
        cells = {place: str(cell).strip() for place, cell in enumerate(rows[start]) if _is_filled(cell)}
        if len(cells) >= 1 and all(headings.is_unit(cell) for cell in cells.values()):
            for place, cell in cells.items():
                stacks[place] = f"{stacks[place]}\n{cell}" if stacks[place] else ""
            told.append(Told("tables.units_row", {"row": top + start + 1}))
        elif _numbered(cells):
            told.append(Told("tables.numbers_row", {"row": top + start + 1}))
        elif len(cells) >= 2 and _labels(cells, stacks, headings):
            told.append(Told("tables.labels_row", {"row": top + start + 1}))
        else:
            break
        start += 1
    return start


def _numbered(cells: Mapping[int, str]) -> bool:
    """Return whether cells count the columns: (1), (2), (3) ..."""
    found = []
    for cell in cells.values():
        match = _COLUMN_NUMBER.fullmatch(cell.removesuffix(".0"))
        number = int(match[1]) if match else _CIRCLED.get(cell)
        if number is None:
            return False
        found.append(number)
    return len(found) >= 4 and found == list(range(found[0], found[0] + len(found))) and found[0] in (0, 1)


def _labels(cells: Mapping[int, str], stacks: Sequence[str], headings: Headings) -> bool:
    """Return whether most cells are other words for the headings above them."""
    same = 0
    for place, cell in cells.items():
        meaning = headings.meaning(cell.removeprefix("#").strip())
        same += meaning is not None and meaning == headings.meaning(stacks[place])
    return same * 2 > len(cells)


def _names(
    stacks: Sequence[str], data: Sequence[Sequence[Any]], headings: Headings | None, left: int, told: list[Told]
) -> dict[int, str]:
    """Return place → name of the columns kept: those with a heading, and those without one that hold something."""
    names: dict[int, str] = {}
    taken: dict[str, int] = {}
    nameless = []
    for place, words in enumerate(stacks):
        name = words
        if not words:
            if not any(_is_filled(row[place]) for row in data):
                continue
            name = column_letters(left + place)
            nameless.append(name)
        if name in taken:
            if headings is None:
                raise ValueError("doubled column name")
            if headings.meaning(name) is not None:
                places = f"{column_letters(left + taken[name])}, {column_letters(left + place)}"
                raise InputError("tables.column_twice", name=name.replace("\n", " "), columns=places)
        taken.setdefault(name, place)
        number = 2
        while name in names.values():
            name = f"{words or column_letters(left + place)} ({number})"
            number += 1
        names[place] = name
    if nameless:
        told.append(Told("tables.nameless_columns", {"columns": ", ".join(nameless[:10]), "count": len(nameless)}))
    return names


def _fill_down(
    data: list[list[Any]], start: int, merged: Sequence[Block], top: int, left: int
) -> list[tuple[int, int, int, str]]:
    """Fill merged cells of the data, in place; returns (column, first row, last row, name) of those over several rows.

    A number that is merged over several columns belongs to none of them: each is marked ``#MERGED!``.
    """
    blocks = []
    for first, last, near, far in merged:
        begin, end = max(first - start, 0), min(last - start, len(data) - 1)
        if end < begin or last < start or first < start or near >= len(data[begin]):
            continue
        name = f"{cell_name(top + first, left + near)}:{cell_name(top + last, left + far)}"
        value = data[begin][near]
        if far > near and isinstance(value, int | float) and not isinstance(value, bool):
            for row in data[begin : end + 1]:
                row[near : far + 1] = [f"#MERGED! ({name})"] * (min(far, len(row) - 1) - near + 1)
        elif end > begin and _is_filled(value):
            for row in data[begin : end + 1]:
                row[near] = value
            blocks.append((near, begin, end, name))
    return blocks


def _ragged(data: Sequence[list[Any]], fields: Sequence[int], columns: int, stacks: Sequence[str]) -> dict[int, Told]:
    """Return the rows written with more or fewer fields than the header: their cells may have moved. Cells beyond go.

    Rows of a single text are left to be told apart as notes.
    """
    needed = max((place for place, words in enumerate(stacks) if words), default=-1) + 1
    refused = {}
    for number, (row, written) in enumerate(zip(data, fields, strict=True)):
        if any(map(_is_filled, row[columns:])):
            refused[number] = Told("tables.row_long", {"fields": written, "columns": columns})
        elif written < needed and sum(map(_is_filled, row)) > 1:
            refused[number] = Told("tables.row_short", {"fields": written, "columns": columns})
        row[columns:] = [""] * len(row[columns:])
    return refused


def _column(name: str, cells: Sequence[Any]) -> tuple[pl.Series, frozenset[int]]:
    """Return a column of numbers, or of text with the rows that were typed as numbers."""
    values = [None if cell == "" else cell for cell in cells]
    kinds = {type(cell) for cell in values if cell is not None}
    if kinds <= {int, float}:
        return pl.Series(name, [None if c is None else float(c) for c in values], dtype=pl.Float64), frozenset()
    typed = frozenset(
        row for row, cell in enumerate(values) if isinstance(cell, int | float) and not isinstance(cell, bool)
    )
    return pl.Series(name, [None if c is None else _as_text(c) for c in values], dtype=pl.String), typed


def _as_text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))  # identity numbers come as 1234567890.0
    return str(cell)


def sheet_order(tables: Sequence[tuple[str, list[list[Any]]]], headings: Headings | None) -> Iterator[int]:
    """Yield the places of sheets, the most likely table first: the most known headings, then as they stand."""
    scores = []
    for place, (_, rows) in enumerate(tables):
        best = max((_known(row, headings) for row in rows[:HEADER_WITHIN]), default=0) if headings else 0
        scores.append((-best, not any(any(map(_is_filled, row)) for row in rows), place))
    for *_, place in sorted(scores):
        yield place
