"""Whatever reading a damaged table raises is the one error asked for; anything else passes."""

from __future__ import annotations

import polars as pl
import pytest

from ktop.kernel.errors import InputError
from ktop.kernel.tables import damage_told_as

BROKEN = InputError("patents.table_broken", file="a.parquet")


@pytest.mark.parametrize(
    "damage",
    [
        pl.exceptions.ComputeError("parquet: File out of specification"),
        pl.exceptions.PanicException("assertion failed: offset + length <= self.length"),
        FileNotFoundError("a.parquet"),
        ValueError("year 50000 is out of range"),
        OverflowError("date value out of range"),
    ],
    ids=lambda damage: type(damage).__name__,
)
def test_damage_is_told_as_one_error_with_its_cause(damage: BaseException) -> None:
    with pytest.raises(InputError) as caught, damage_told_as(BROKEN):
        raise damage
    assert caught.value is BROKEN
    assert caught.value.__cause__ is damage


@pytest.mark.parametrize("other", [KeyboardInterrupt, MemoryError, InputError("patents.table_columns")])
def test_what_is_no_damage_passes(other: BaseException | type[BaseException]) -> None:
    expected = other if isinstance(other, type) else type(other)
    with pytest.raises(expected) as caught, damage_told_as(BROKEN):
        raise other
    assert caught.value is not BROKEN
