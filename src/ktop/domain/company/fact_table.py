"""Facts of many companies as columns: what every model evaluates and rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from ktop.domain.company.classification import age_band_of, age_years, size_of
from ktop.domain.company.fact_column import as_column, missing_column, plain
from ktop.domain.company.fact_spec import FACTS, numeric_facts
from ktop.domain.values.industry import industry_group
from ktop.domain.values.region import FOREIGN
from ktop.kernel.arrays import Floats

if TYPE_CHECKING:
    import polars as pl

    from ktop.domain.company.row_problems import RowProblems
    from ktop.kernel.tables import Table


@dataclass(frozen=True, slots=True)
class FactTable:
    """Facts of ``n`` companies as of one day.

    Parameters
    ----------
    n : number of companies (rows).
    as_of : the day the facts hold on.
    columns : fact name → array of shape ``(n,)``, every fact of ``FACTS`` present. Numbers are float64 with NaN for
        missing; dates are datetime64[D] with NaT; everything else is an object array of str with None.
    ok : shape ``(n,)``, False where the row was refused: its facts are then all missing and it must not be rated.
    """

    n: int
    as_of: date
    columns: Mapping[str, npt.NDArray[Any]]
    ok: npt.NDArray[np.bool_]

    @classmethod
    def from_columns(
        cls, columns: Mapping[str, npt.ArrayLike], as_of: date, ok: npt.NDArray[np.bool_] | None = None
    ) -> Self:
        """Build a table from columns already clean; facts not given are missing, derived facts are worked out.

        Names that are no facts are left out. Nothing is checked: for files of others use ``from_frame``.
        """
        given = {name: values for name, values in columns.items() if name in FACTS}
        n = len(np.asarray(next(iter(given.values())))) if given else 0
        table = {
            name: as_column(spec, given[name]) if name in given else missing_column(spec, n)
            for name, spec in FACTS.items()
        }
        derive(table, as_of)
        return cls(n=n, as_of=as_of, columns=table, ok=np.ones(n, dtype=bool) if ok is None else ok)

    @classmethod
    def from_frame(cls, frame: pl.DataFrame, as_of: date, ignore: Sequence[str] = ()) -> tuple[Self, RowProblems]:
        """Check and read a batch: one company a row, columns named as the facts.

        Numbers may be text with thousands commas; blanks and NA are missing. Rows with problems come back with ``ok``
        False, all facts missing and their reasons in ``RowProblems``; the rest are ready to rate. Columns that are no
        facts are left out with a warning, except those named in ``ignore``.
        """
        from ktop.domain.company.fact_frame import read_frame  # polars, which rating one company does without

        columns, problems = read_frame(frame, as_of, ignore)
        return cls.from_columns(columns, as_of, ok=problems.ok), problems

    @classmethod
    def from_table(cls, table: Table, as_of: date, ignore: Sequence[str] = ()) -> tuple[Self, RowProblems]:
        """Check and read a batch as ``from_frame`` does, with what its file says around the rows (units, merges)."""
        from ktop.domain.company.fact_frame import read_table

        columns, problems = read_table(table, as_of, ignore)
        return cls.from_columns(columns, as_of, ok=problems.ok), problems

    def take(self, rows: npt.NDArray[Any]) -> FactTable:
        """Return a table of some rows, chosen by positions or by a mask."""
        ok = self.ok[rows]
        return FactTable(
            n=len(ok), as_of=self.as_of, columns={name: values[rows] for name, values in self.columns.items()}, ok=ok
        )

    def numbers(self) -> dict[str, Floats]:
        """Return the columns that formulas may use."""
        return {name: self.columns[name] for name in numeric_facts()}

    def row(self, index: int) -> dict[str, Any]:
        """Return one row as plain values: float, int for whole-number facts, str, date, None where missing."""
        return {name: plain(FACTS[name], values[index]) for name, values in self.columns.items()}


def derive(table: dict[str, npt.NDArray[Any]], as_of: date) -> None:
    """Work out the derived facts in place; a given value stays only where its source is missing."""
    foreign = table["region"] == FOREIGN
    group = [
        industry_group(code, bool(abroad)) if code is not None else None
        for code, abroad in zip(table["industry"], foreign, strict=True)
    ]
    age = age_years(table["founded"], as_of)
    table["age_years"] = np.where(np.isnan(age), table["age_years"], age)
    for name, found in (
        ("industry_group", np.array(group, dtype=object)),
        ("size", size_of(table["staff_total"])),
        ("age_band", age_band_of(table["age_years"])),
    ):
        known = np.array([value is not None for value in found], dtype=bool)
        table[name] = np.where(known, found, table[name]) if len(found) else table[name]
