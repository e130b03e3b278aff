"""Grade ladders and the matrix that joins a growth and a risk grade; symbols, cuts and cells are catalogue data."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ktop.catalogue import Lang, load
from ktop.kernel.arrays import Integers, Texts
from ktop.kernel.errors import InputError


@dataclass(frozen=True, slots=True)
class Ladder:
    """An ordered set of grades.

    Parameters
    ----------
    name : "growth", "risk", "originality" or "business", or any name a released model gives its own.
    symbols : grades from best to worst.
    cuts : the k - 1 values between neighbouring grades, or None where grades come from a matrix.
    better : "high" where larger values are better (a grade holds values at or above its cut), "low" where smaller are.
    labels, over : the ladder's name and what it is cut on, Korean and English.

    Raises ``ValueError`` for cuts that do not fit the symbols or are not strictly ordered.
    """

    name: str
    symbols: tuple[str, ...]
    cuts: tuple[float, ...] | None = None
    better: Literal["high", "low"] = "high"
    labels: Mapping[Lang, str] | None = None
    over: Mapping[Lang, str] | None = None

    def __post_init__(self) -> None:
        if len(set(self.symbols)) != len(self.symbols):
            raise ValueError(f"ladder {self.name} repeats a symbol")
        if self.cuts is None:
            return
        if len(self.cuts) != len(self.symbols) - 1:
            raise ValueError(f"ladder {self.name} needs {len(self.symbols) - 1} cuts, has {len(self.cuts)}")
        steps = np.diff(self.cuts)
        if not np.all(steps < 0 if self.better == "high" else steps > 0):
            raise ValueError(f"the cuts of ladder {self.name} are not strictly ordered")

    def indexes(self, values: npt.ArrayLike) -> Integers:
        """Return the position of each value's grade, 0 = best; -1 where the value is missing. Same shape as values."""
        if self.cuts is None:
            raise ValueError(f"ladder {self.name} has no cuts")
        given = np.asarray(values, dtype=np.float64)
        sign = 1.0 if self.better == "low" else -1.0
        positions = np.searchsorted(sign * np.asarray(self.cuts), sign * given, side="left")
        return np.where(np.isnan(given), -1, positions)

    def grades(self, values: npt.ArrayLike) -> Texts:
        """Return the grade symbol of each value, None where it is missing."""
        lookup = np.array([*self.symbols, None], dtype=object)
        symbols: Texts = lookup[self.indexes(values)]
        return symbols

    def grade_of(self, value: float) -> str:
        """Return the grade of one probability or score; raises ``ValueError`` for a missing one."""
        index = int(self.indexes(value))
        if index < 0:
            raise ValueError("a missing value has no grade")
        return self.symbols[index]

    def index(self, symbol: str) -> int:
        """Return the position of a grade, 0 = best; raises ``InputError`` for a symbol the ladder does not have."""
        try:
            return self.symbols.index(symbol)
        except ValueError:
            raise InputError("grades.unknown_symbol", symbol=symbol, symbols=" ".join(self.symbols)) from None

    def notches(self, symbol: str, other: str) -> int:
        """Return how many grades ``symbol`` stands above ``other``; negative where it stands below."""
        return self.index(other) - self.index(symbol)

    def at_least(self, symbol: str, minimum: str) -> bool:
        """Return whether ``symbol`` is ``minimum`` or better."""
        return self.notches(symbol, minimum) >= 0

    def lowered(self, symbol: str, notches: int) -> str:
        """Return the grade ``notches`` below ``symbol`` (above where negative), never leaving the ladder."""
        return self.symbols[min(max(self.index(symbol) + notches, 0), len(self.symbols) - 1)]


@functools.cache
def ladders() -> Mapping[str, Ladder]:
    """Return the catalogue's ladders by name: growth, risk, originality, business."""
    return {
        name: Ladder(
            name=name,
            symbols=tuple(entry["symbols"]),
            cuts=None if entry["cuts"] is None else tuple(float(cut) for cut in entry["cuts"]),
            better=entry["better"],
            labels=entry["label"],
            over=entry["over"],
        )
        for name, entry in load("grades")["ladders"].items()
    }


def ladder(name: str) -> Ladder:
    """Return one ladder of the catalogue; raises ``KeyError`` for a name it does not have."""
    return ladders()[name]


def former_rule(version: str) -> Mapping[str, Any]:
    """Return a matrix or rule that is no longer in force; raises ``KeyError`` for a version that never was."""
    try:
        rule: Mapping[str, Any] = load(f"former_rules/{version}")
    except FileNotFoundError:
        raise KeyError(version) from None
    return rule


@dataclass(frozen=True, slots=True)
class GradeMatrix:
    """Growth grade x risk grade → business grade.

    ``cells`` has shape (risk grades, growth grades) and holds positions on the business ladder, 0 = best.
    """

    version: str
    growth: Ladder
    risk: Ladder
    business: Ladder
    cells: Integers

    def grade_of(self, growth: str, risk: str) -> str:
        """Return the technology-business grade (기술사업평가등급) of one growth and one risk grade."""
        return self.business.symbols[int(self.cells[self.risk.index(risk), self.growth.index(growth)])]

    def indexes(self, growth: Integers, risk: Integers) -> Integers:
        """Return business-ladder positions for positions on the growth and risk ladders; -1 where either is -1."""
        known = (growth >= 0) & (risk >= 0)
        return np.where(known, self.cells[np.where(known, risk, 0), np.where(known, growth, 0)], -1)


@functools.cache
def business_matrix(version: str | None = None) -> GradeMatrix:
    """Return the matrix in force, or a former version of it, which stays in catalogue/former_rules.

    Raises ``KeyError`` for a version that never was.
    """
    entry = load("grades")["business_matrix"]
    if version is not None and version != entry["version"]:
        entry = former_rule(version)
    growth, risk, business = ladder("growth"), ladder("risk"), ladder("business")
    columns = [entry["columns"].index(symbol) for symbol in growth.symbols]
    cells = np.array(
        [[business.index(entry["rows"][row][column]) for column in columns] for row in risk.symbols], dtype=np.int64
    )
    return GradeMatrix(version=entry["version"], growth=growth, risk=risk, business=business, cells=cells)
