"""Hidden cells cannot be worked out from the sums of their row or column."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ktop.validation.small_cells import LEAST, without_small_cells

TABLES = st.dictionaries(st.tuples(st.sampled_from("abcd"), st.integers(0, 4)), st.integers(0, 30), max_size=20)


@given(TABLES)
def test_no_small_count_is_shown_nor_can_be_worked_out(counts: dict[tuple[str, int], int]) -> None:
    shown = without_small_cells(counts)
    assert shown.keys() == counts.keys()
    for cell, count in counts.items():
        assert shown[cell] in (None, count)
        if 0 < count < LEAST:
            assert shown[cell] is None
    for axis in (0, 1):
        for line in {cell[axis] for cell in counts}:
            cells = [cell for cell in counts if cell[axis] == line]
            hidden = [cell for cell in cells if shown[cell] is None]
            others = [cell for cell in cells if shown[cell]]
            assert len(hidden) != 1 or not others, "a sum would tell the one that is hidden"


def test_large_tables_are_shown_as_they_are() -> None:
    counts = {("a", 1): 5, ("a", 2): 9, ("b", 1): 0}
    assert without_small_cells(counts) == counts
