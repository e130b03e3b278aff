"""Prints the cells of a spreadsheet's first sheet as JSON; run as a program of its own by ``read_xlsx``.

A few bytes of .xlsx can ask for terabytes: a single cell in the last row and column makes the parser reserve the whole
rectangle, and compressed text expands a thousandfold. A parser that runs out of memory takes its process with it, so it
runs in one that may be lost, within bounds of memory and processor time.
"""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

#: A sheet larger than this is refused: it would not be a table of companies.
ROW_LIMIT = 1_048_576
COLUMN_LIMIT = 2_000


def cells_of(path: str) -> list[list[Any]]:
    """Return the first sheet's rows; numbers, truth values and text stay, all else becomes text.

    Raises ``ValueError`` for what is no spreadsheet or too large.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0)
        if (sheet.total_height or 0) > ROW_LIMIT or (sheet.total_width or 0) > COLUMN_LIMIT:
            raise ValueError("sheet too large")
        rows = sheet.to_python(skip_empty_area=True)
    except CalamineError as error:
        raise ValueError(str(error)) from error
    return [[cell if isinstance(cell, (bool, int, float, str)) else str(cell) for cell in row] for row in rows]


def bound(memory_bytes: int, seconds: int) -> None:
    """Let this process have no more memory and processor time than given, where the system can see to that."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    bound(int(sys.argv[2]), int(sys.argv[3]))
    try:
        rows = cells_of(sys.argv[1])
    except (ValueError, MemoryError):
        sys.exit(1)
    cells, output = int(sys.argv[4]), int(sys.argv[5])
    if sum(map(len, rows)) > cells:
        sys.exit(1)
    for row in rows:
        line = json.dumps(row, ensure_ascii=False).encode() + b"\n"
        output -= len(line)
        if output < 0:
            sys.exit(1)
        sys.stdout.buffer.write(line)
