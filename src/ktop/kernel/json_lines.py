"""Reads tables of JSON lines: one object a line, its names the columns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

from ktop.kernel.tables import Table, Told


def read_json_lines(path: Path) -> Table:
    """Return the table of a .jsonl file; a line that is no object, or names a column twice, is a refused row.

    Raises ``ValueError`` where no line is an object.
    """
    rows: list[dict[str, Any]] = []
    refused: dict[int, Told] = {}
    with path.open(encoding="utf-8-sig", errors="replace", newline="\n") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line, object_pairs_hook=_columns)
                if not isinstance(row, dict):
                    raise ValueError("no object")
            except (ValueError, RecursionError):
                refused[len(rows)] = Told("tables.broken_line", {"line": number})
                row = {}
            rows.append(row)
    if len(refused) == len(rows):
        raise ValueError("no line is an object")
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns: dict[str, pl.Series] = {}
    numbers: dict[str, frozenset[int]] = {}
    for name in names:
        cells = [row.get(name) for row in rows]
        if {type(cell) for cell in cells} <= {int, float, type(None)}:
            columns[name] = pl.Series(
                name, [None if cell is None else _float(cell) for cell in cells], dtype=pl.Float64
            )
        else:
            columns[name] = pl.Series(name, [_text(cell) for cell in cells], dtype=pl.String)
            numbers[name] = frozenset(place for place, cell in enumerate(cells) if type(cell) in (int, float))
    return Table(pl.DataFrame(columns), refused=refused, numbers=numbers, begins=0)


def _columns(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a column twice")
    return {_plain(name): value for name, value in pairs}


def _float(cell: float) -> float:
    try:
        return float(cell)
    except OverflowError:  # an integer beyond any number of a table
        return float("inf") if cell > 0 else float("-inf")


def _plain(text: str) -> str:
    """Return text that can be stored: halves of a character become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _text(cell: Any) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell if cell is None else _plain(cell)
    return json.dumps(cell, ensure_ascii=True)
