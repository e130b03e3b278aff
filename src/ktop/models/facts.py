"""Changing facts of a company for what-if and next steps; facts worked out from others follow the change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ktop.domain.company.fact_column import as_column, missing_column
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.fact_table import FactTable, derive
from ktop.kernel.arrays import Floats
from ktop.kernel.errors import InputError


def changed_table(table: FactTable, changes: Mapping[str, Any]) -> FactTable:
    """Return the table with some facts set to new values in every row; None makes a fact missing.

    Raises ``InputError`` for a name that is no fact, a value that is no number where one is needed, or one beyond the
    fact's limits.
    """
    columns = dict(table.columns)
    for name, value in changes.items():
        spec = FACTS.get(name)
        if spec is None:
            raise InputError("models.unknown_fact", name=name)
        if value is None:
            columns[name] = missing_column(spec, table.n)
            continue
        if spec.numeric:
            value = _number(name, value)
            low, high = spec.minimum, spec.maximum
            if (low is not None and value < low) or (high is not None and value > high):
                raise InputError("models.fact_out_of_range", name=spec.label, value=value, low=low, high=high)
        try:
            columns[name] = as_column(spec, [value] * table.n)
        except ValueError as error:
            raise InputError("models.fact_not_usable", name=spec.label, value=str(value)[:60]) from error
    return _derived(columns, table)


def shifted_table(table: FactTable, shifts: Mapping[str, Floats], rows: int) -> FactTable:
    """Return ``rows`` copies of a one-row table, fact by fact raised by ``shifts`` (shape ``(rows,)`` each)."""
    copies = table.take(np.zeros(rows, dtype=np.int64))
    columns = dict(copies.columns)
    for name, amounts in shifts.items():
        columns[name] = columns[name] + amounts
    return _derived(columns, copies)


def _derived(columns: dict[str, npt.NDArray[Any]], table: FactTable) -> FactTable:
    derive(columns, table.as_of)
    return FactTable(n=table.n, as_of=table.as_of, columns=columns, ok=table.ok)


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool):
        return float(value)
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not np.isfinite(number):
        raise InputError("models.fact_not_usable", name=FACTS[name].label, value=str(value)[:60])
    return number
