"""One fact of many companies as an array: its missing value, its type, and a cell of it as a plain value."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ktop.domain.company.fact_spec import FactSpec


def plain(spec: FactSpec, value: Any) -> Any:
    """Return one cell of a column as a plain Python value, None where it is missing."""
    if spec.kind == "date":
        return None if np.isnat(value) else value.astype("datetime64[D]").item()
    if not spec.numeric:
        return value
    if np.isnan(value):
        return None
    return float(value) if spec.kind == "number" else int(value)


def missing_column(spec: FactSpec, n: int) -> npt.NDArray[Any]:
    """Return a column of ``n`` missing values of the right kind."""
    if spec.kind == "date":
        return np.full(n, np.datetime64("NaT"), dtype="datetime64[D]")
    return np.full(n, np.nan) if spec.numeric else np.full(n, None, dtype=object)


def as_column(spec: FactSpec, values: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return clean values as a column of the right kind; None, NaN and NaT become the kind's missing value."""
    if spec.kind == "date":
        return np.array(values, dtype="datetime64[D]")
    if spec.numeric:
        return np.array(values, dtype=np.float64)
    return np.array(values, dtype=object)
