"""Hidden cells cannot be worked out from the sums of their row or column, nor from the tables beside theirs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from ktop.validation.small_cells import LEAST, all_without_small_cells, without_small_cells

Cell = tuple[str, int]
TABLES = st.dictionaries(st.tuples(st.sampled_from("abcd"), st.integers(0, 4)), st.integers(0, 30), max_size=20)
#: Firms by industry and grade, and the same firms by region.
FIRMS = st.lists(
    st.tuples(st.sampled_from("aaabc"), st.sampled_from("xxxyz"), st.integers(0, 3)), min_size=1, max_size=70
)


@given(TABLES)
def test_no_small_count_is_shown_nor_can_be_worked_out(counts: dict[Cell, int]) -> None:
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
            above = sum(counts[cell] - 1 for cell in hidden)
            assert not hidden or above + 1 >= LEAST or not others, "a sum would leave too few counts"


def test_large_tables_are_shown_as_they_are() -> None:
    counts = {("a", 1): 5, ("a", 2): 9, ("b", 1): 0}
    assert without_small_cells(counts) == counts


@settings(max_examples=30, deadline=None)
@given(FIRMS)
@example([("a", "x", 0)] * 2 + [("b", "x", 0)] * 2 + [("c", "x", 0)])  # five alike in one table tell 2, 2 and 1
@example([("a", "x", 1)] * 9 + [("b", "y", 1)])
def test_an_attacker_who_solves_the_equations_of_all_tables_learns_no_small_count(
    firms: list[tuple[str, str, int]],
) -> None:
    """Both tables count the same firms, so each column has one sum in both; an empty cell is shown as 0."""
    tables: list[dict[Cell, int]] = [{}, {}]
    for industry, region, grade in firms:
        for table, name in zip(tables, (industry, region), strict=True):
            table[name, grade] = table.get((name, grade), 0) + 1
    shown = all_without_small_cells(tables)
    unknown = [(place, cell) for place in (0, 1) for cell, count in shown[place].items() if count is None]
    equations = [_equation(shown, unknown, grade) for grade in range(4)]
    matrix, right = np.array([row for row, _ in equations]), np.array([value for _, value in equations])
    for at, (place, cell) in enumerate(unknown):
        if tables[place][cell] >= LEAST:
            continue
        goal = np.eye(len(unknown))[at]
        bounds = [(1, None)] * len(unknown)
        least = linprog(goal, A_eq=matrix, b_eq=right, bounds=bounds)
        most = linprog(-goal, A_eq=matrix, b_eq=right, bounds=bounds)
        assert least.status == 0, "what was counted is a solution"
        high = np.inf if most.status == 3 else -most.fun  # 3: without a bound
        assert high - least.fun + 1 >= LEAST - 1e-6, (cell, least.fun, high)


def _equation(
    shown: list[dict[Cell, int | None]], unknown: list[tuple[int, Cell]], grade: int
) -> tuple[list[int], int]:
    """Return hidden cells of the first table less those of the second, and what shown ones say that comes to."""
    signs = [(1 - 2 * place) * (cell[1] == grade) for place, cell in unknown]
    return signs, _open(shown[1], grade) - _open(shown[0], grade)


def _open(shown: Mapping[Cell, int | None], grade: int) -> int:
    return sum(count for cell, count in shown.items() if cell[1] == grade and count)
