"""Grade ladders and the matrix: cuts, order, missing values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.domain.rating.grades import Ladder, business_matrix, ladder, ladders
from ktop.kernel.errors import InputError

CUT = [one for one in ladders().values() if one.cuts is not None]


@pytest.mark.parametrize("one", CUT, ids=lambda one: one.name)
def test_a_grade_holds_its_cut(one: Ladder) -> None:
    assert one.cuts is not None
    for k, cut in enumerate(one.cuts):
        assert one.grade_of(cut) == one.symbols[k]
        beyond = np.nextafter(cut, -np.inf if one.better == "high" else np.inf)
        assert one.grade_of(float(beyond)) == one.symbols[k + 1]


@pytest.mark.parametrize("one", CUT, ids=lambda one: one.name)
def test_a_missing_value_has_no_grade(one: Ladder) -> None:
    assert one.grades([np.nan]).tolist() == [None]
    assert one.indexes([np.nan]).tolist() == [-1]
    with pytest.raises(ValueError, match="missing"):
        one.grade_of(float("nan"))


@given(st.lists(st.floats(0, 1), min_size=2, max_size=30))
def test_better_values_never_get_worse_grades(values: list[float]) -> None:
    ordered = np.sort(values)
    assert (np.diff(ladder("growth").indexes(ordered)) <= 0).all()
    assert (np.diff(ladder("risk").indexes(ordered)) >= 0).all()


def test_many_values_keep_their_shape() -> None:
    assert ladder("growth").indexes(np.zeros((3, 2))).shape == (3, 2)


def test_notches_count_grades_upwards() -> None:
    business = ladder("business")
    assert business.notches("AA", "A+") == 2
    assert business.notches("B", "B") == 0
    assert business.notches("D", "AAA") == -19
    assert business.at_least("BBB", "BBB-")
    assert not business.at_least("BB+", "BBB-")
    assert business.lowered("AA", 3) == "A"
    assert business.lowered("C", 5) == "D"
    assert business.lowered("AA", -9) == "AAA"


def test_an_unknown_symbol_is_refused() -> None:
    with pytest.raises(InputError) as refused:
        ladder("business").index("AAAA")
    assert refused.value.key == "grades.unknown_symbol"


def test_a_ladder_without_cuts_grades_nothing_by_value() -> None:
    with pytest.raises(ValueError, match="no cuts"):
        ladder("business").grade_of(0.5)


@pytest.mark.parametrize(
    ("symbols", "cuts", "better"),
    [
        (("A", "B"), (0.1, 0.2), "high"),
        (("A", "B", "C"), (0.1, 0.2), "high"),
        (("A", "B", "C"), (0.2, 0.2), "low"),
        (("A", "A"), (0.1,), "high"),
    ],
)
def test_a_ladder_that_makes_no_sense_cannot_be_built(
    symbols: tuple[str, ...], cuts: tuple[float, ...], better: str
) -> None:
    with pytest.raises(ValueError, match="ladder"):
        Ladder(name="x", symbols=symbols, cuts=cuts, better=better)  # type: ignore[arg-type]


def test_the_matrix_answers_one_firm_and_many_alike() -> None:
    matrix = business_matrix()
    growth, risk = np.meshgrid(np.arange(10), np.arange(10))
    many = matrix.indexes(growth.ravel(), risk.ravel())
    one = [
        matrix.business.index(matrix.grade_of(matrix.growth.symbols[g], matrix.risk.symbols[r]))
        for g, r in zip(growth.ravel(), risk.ravel(), strict=True)
    ]
    assert many.tolist() == one
    assert matrix.indexes(np.array([-1, 3]), np.array([2, -1])).tolist() == [-1, -1]
