"""Keeps small counts out of published tables: neither shown nor to be worked out from those that are (비밀보호).

Primary suppression by a threshold, then secondary suppression within each line and across tables that share totals;
after Willenborg and de Waal, Elements of Statistical Disclosure Control (2001), ch. 4.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

R = TypeVar("R", bound=Hashable)
C = TypeVar("C", bound=Hashable)

#: Counts from 1 to one less than this are not published.
LEAST = 5


def without_small_cells(counts: Mapping[tuple[R, C], int], least: int = LEAST) -> dict[tuple[R, C], int | None]:
    """Return the counts of one table with hidden cells as None; see ``all_without_small_cells``."""
    return all_without_small_cells([counts], least)[0]


def all_without_small_cells(
    tables: Sequence[Mapping[tuple[R, C], int]], least: int = LEAST
) -> list[dict[tuple[R, C], int | None]]:
    """Return the counts of tables with hidden cells as None.

    Whoever knows the sum of every row and column still finds at least ``least`` counts possible for each hidden cell of
    a line: the next smallest cells of the line are hidden with it until that is so. Empty cells are shown as 0: that
    nobody is there tells of nobody.

    Parameters
    ----------
    tables : each of its own rows; the second part of a key is a column that has the same sum in all of them. Where a
        whole column of one is hidden and too small for that, the others hide what would tell its sum.
    """
    hidden = [{cell for cell, count in counts.items() if 0 < count < least} for counts in tables]
    while any([*(_hide_in_lines(counts, of, least) for counts, of in zip(tables, hidden, strict=True))]) or any(
        _hide_sum(tables, hidden, place, least) for place in range(len(tables))
    ):
        pass
    return [
        {cell: None if cell in of else count for cell, count in counts.items()}
        for counts, of in zip(tables, hidden, strict=True)
    ]


def _hide_in_lines(counts: Mapping[tuple[R, C], int], hidden: set[tuple[R, C]], least: int) -> bool:
    """Hide the next smallest cell of each line whose sum would tell too much; return whether any was hidden."""
    changed = False
    for axis in (0, 1):
        for line in sorted({cell[axis] for cell in hidden}, key=str):
            cells = [cell for cell, count in counts.items() if cell[axis] == line and count]
            if _tells(counts, [cell for cell in cells if cell in hidden], least):
                changed |= _hide_smallest(counts, [cell for cell in cells if cell not in hidden], hidden)
    return changed


def _hide_sum(
    tables: Sequence[Mapping[tuple[R, C], int]], hidden: Sequence[set[tuple[R, C]]], place: int, least: int
) -> bool:
    """Hide a cell of each other table in columns whose sum would tell those of this one; return whether any was."""
    changed = False
    counts = tables[place]
    for column in sorted({cell[1] for cell in hidden[place]}, key=str):
        if not _tells(counts, [cell for cell in hidden[place] if cell[1] == column], least):
            continue
        for other, of in zip(tables, hidden, strict=True):
            cells = [cell for cell, count in other.items() if cell[1] == column and count]
            if other is not counts and not any(cell in of for cell in cells):
                changed |= _hide_smallest(other, cells, of)
    return changed


def _tells(counts: Mapping[tuple[R, C], int], cells: Sequence[tuple[R, C]], least: int) -> bool:
    """Whether the sum of hidden cells, each 1 or more, leaves one of them fewer than ``least`` counts.

    Each can have what the others have above 1, and what it has itself: their sum without one for each of the others.
    """
    return bool(cells) and (len(cells) == 1 or sum(counts[cell] - 1 for cell in cells) + 1 < least)


def _hide_smallest(counts: Mapping[tuple[R, C], int], cells: Sequence[tuple[R, C]], hidden: set[tuple[R, C]]) -> bool:
    if cells:
        hidden.add(min(cells, key=lambda cell: (counts[cell], str(cell))))
    return bool(cells)
