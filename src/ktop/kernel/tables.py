"""Tables from outside may be damaged in any byte: tells whatever a library raises over one as one clear error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

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


@contextmanager
def damage_told_as(error: KtopError) -> Iterator[None]:
    """Raise ``error`` where the block, which reads a Parquet, CSV or Arrow file, meets any damage of it."""
    try:
        yield
    except DAMAGE as damage:
        raise error from damage
