"""Keeps small counts out of published tables: neither shown nor to be worked out from those that are (비밀보호).

Primary suppression by a threshold, then secondary suppression so that every row and column has none or two hidden
cells; after Willenborg and de Waal, Elements of Statistical Disclosure Control (2001), ch. 4.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

R = TypeVar("R", bound=Hashable)
C = TypeVar("C", bound=Hashable)

#: Counts from 1 to one less than this are not published.
LEAST = 5


def without_small_cells(counts: Mapping[tuple[R, C], int], least: int = LEAST) -> dict[tuple[R, C], int | None]:
    """Return the counts of a table with hidden cells as None.

    A cell that is alone in its row or column could be worked out from the sum, so the next smallest one is hidden with
    it, until no such cell is left. Empty cells are shown as 0: that nobody is there tells of nobody.
    """
    hidden = {cell for cell, count in counts.items() if 0 < count < least}
    changed = True
    while changed:
        changed = False
        for axis in (0, 1):
            for line in sorted({cell[axis] for cell in hidden}, key=str):
                cells = [cell for cell, count in counts.items() if cell[axis] == line and count]
                alone = [cell for cell in cells if cell in hidden]
                open_cells = sorted(
                    (cell for cell in cells if cell not in hidden), key=lambda cell: (counts[cell], str(cell))
                )
                if len(alone) == 1 and open_cells:
                    hidden.add(open_cells[0])
                    changed = True
    return {cell: None if cell in hidden else count for cell, count in counts.items()}
