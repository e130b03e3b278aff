"""Tables from outside: what is read of one, what must be told about it, and how its damage becomes one clear error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from ktop.kernel.errors import KtopError

#: What reading a damaged file raises. A panic is an assertion that fails in the compiled part of Polars; it is no
#: ``Exception``. Values are what no column of their kind can hold (a day in the year 50,000).
DAMAGE: tuple[type[BaseException], ...] = (
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,
    OSError,
    ValueError,
    OverflowError,
)


@dataclass(frozen=True, slots=True)
class Told:
    """Something to tell about a table: the key of a sentence of the catalogue and the values it names."""

    key: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Merge:
    """A cell merged over several rows of data: its column, its first and last row (from 0) and its name (``F2:F3``)."""

    column: str
    first: int
    last: int
    cells: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it was read.

    Parameters
    ----------
    frame : the rows below the header. The parts of a heading that stands in several rows are joined by line breaks.
    told : what the reader did and its user must know (the header taken, sheets not read ...).
    above : number of a row above the header and one text of it (titles, notes, units).
    refused : row of ``frame`` (from 0) → why its cells cannot be relied on.
    merged : cells of the data that are merged over several rows; each of these rows holds the value.
    numbers : column of texts → its rows that were typed as numbers.
    begins : rows of the file before the first of ``frame``: the header, what stands above and units below it.
    days_from_1904 : whether numbers that count days begin in 1904.
    """

    frame: pl.DataFrame
    told: tuple[Told, ...] = ()
    above: tuple[tuple[int, str], ...] = ()
    refused: Mapping[int, Told] = field(default_factory=dict)
    merged: tuple[Merge, ...] = ()
    numbers: Mapping[str, frozenset[int]] = field(default_factory=dict)
    begins: int = 1
    days_from_1904: bool = False


@contextmanager
def damage_told_as(error: KtopError) -> Iterator[None]:
    """Raise ``error`` where the block, which reads a Parquet, CSV or Arrow file, meets any damage of it."""
    try:
        yield
    except DAMAGE as damage:
        raise error from damage
