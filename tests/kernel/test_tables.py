"""Whatever reading a damaged table raises is the one error asked for; anything else passes."""

from __future__ import annotations

import random
from pathlib import Path

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


def test_parquet_damaged_anywhere_is_read_or_told(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "id": [f"US{7_000_000 + number}B2" for number in range(400)],
            "ipc": [["H01L", "G06F"][: number % 3] for number in range(400)],
            "day": pl.Series(range(400)).cast(pl.Date),
        }
    )
    path = tmp_path / "a.parquet"
    frame.write_parquet(path)
    whole, chance, told = path.read_bytes(), random.Random(17), 0
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(chance.choice([1, 1, 3])):
            data[len(data) - 1 - chance.randrange(min(1_500, len(data)))] = chance.randrange(256)
        path.write_bytes(data[: chance.choice([len(data), len(data), chance.randrange(len(data))])])
        try:
            with damage_told_as(BROKEN):
                list(pl.read_parquet(path, glob=False).iter_rows())
        except InputError:
            told += 1
    assert 100 < told < 300
