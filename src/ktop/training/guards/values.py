"""Values that stand for something else: marks for "missing", typing errors, signs that turn a ratio round.

All are warned of only: a figure may be odd and true, and whoever knows the data must say which.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ktop.kernel.arrays import Floats
from ktop.kernel.errors import InputError
from ktop.training.panel import Panel, sources
from ktop.training.scheme import Scheme

#: No amount of any currency is this large; a double squared must still be a number.
LARGEST = 1e30
#: A value this many times the 99th percentile is no tail of anything.
_FAR = 1e4
_FEWEST_MARKS = 5
#: A feature that differs from its usual value in at most this share of rows (and this many) tells nothing.
_RARE_SHARE, _RARE_ROWS = 0.001, 20
#: A column filled before and empty in the newest year was probably filled in afterwards.
_FILLED, _EMPTY = 0.5, 0.05
#: Whole numbers of which so few are negative are probably counts.
_FEW_NEGATIVE = 0.1

Found = Iterator[tuple[str, dict[str, Any]]]


def check_values(plan: Scheme, data: Panel, columns: Mapping[str, Floats], features: Floats) -> Found:
    """Yield warnings about the table's ``columns`` (numeric ones by name) and the ``features`` made of them."""
    for name, values in columns.items():
        known = ~np.isnan(values)
        if not known.any():
            continue
        if float(np.abs(values[known]).max()) > LARGEST:
            row = int(np.nanargmax(np.abs(values)))
            raise InputError("guards.too_large", column=name, first=_row(data, row), value=f"{values[row]:g}")
        yield from _marks(name, values, data)
        yield from _far(name, values, data)
        yield from _negative_counts(name, values, data)
        yield from _empty_when_new(name, known, data)
    yield from _denominators(plan, data)
    yield from _outcome_signs(plan, data)
    yield from _nearly_constant(plan, features)


def _row(data: Panel, row: int) -> str:
    firm = str(data.frame[data.id][row])
    return firm if data.year is None else f"{firm} {int(data.year[row])}"


def missing_marks(values: Floats) -> list[float]:
    """Return values that stand for "not known": heaps at an end of the column, of nines or the only negative value."""
    found: list[float] = []
    if np.isnan(values).all():
        return found
    for value in (float(np.nanmax(values)), float(np.nanmin(values))):
        digits = f"{abs(value):.0f}"
        others = values[~np.isnan(values) & (values != value)]
        if abs(value) != float(digits) or len(digits) > 15 or not len(others):
            continue
        lonely_negative = value < 0 and others.min() >= 0 and (value == -1 or set(digits) <= {"9"})
        nines = value > 0 and len(digits) >= 3 and set(digits) == {"9"} and value > 2 * others.max()
        if (lonely_negative or nines) and (values == value).sum() >= _FEWEST_MARKS:
            found.append(value)
    return found


def _marks(name: str, values: Floats, data: Panel) -> Found:
    for value in missing_marks(values):
        same = np.flatnonzero(values == value)
        told = {"column": name, "value": f"{value:,.0f}", "count": len(same), "first": _row(data, int(same[0]))}
        yield "guards.missing_mark", told


def _far(name: str, values: Floats, data: Panel) -> Found:
    size = np.abs(values)
    usual = float(np.nanquantile(size, 0.99))
    if usual <= 0:
        return
    far = size > _FAR * usual
    if far.any():
        row = int(np.nanargmax(size))
        told = {"column": name, "count": int(far.sum()), "first": _row(data, row), "value": f"{values[row]:,g}"}
        yield "guards.far_values", told


def _negative_counts(name: str, values: Floats, data: Panel) -> Found:
    known = values[~np.isnan(values)]
    below = values < 0
    # Marks such as -1 are told of by themselves; amounts of money are larger than counts of people and rights.
    if not below.any() or below.sum() > _FEW_NEGATIVE * len(known) or len(np.unique(values[below])) == 1:
        return
    if bool((known == np.floor(known)).all()) and float(np.median(np.abs(known))) < 1000:
        first = _row(data, int(np.flatnonzero(below)[0]))
        yield "guards.negative_counts", {"column": name, "count": int(below.sum()), "first": first}


def _empty_when_new(name: str, known: Any, data: Panel) -> Found:
    if data.year is None or data.year.min() == data.year.max():
        return
    newest = int(data.year.max())
    new = data.year == newest
    if known[new].mean() < _EMPTY and known[~new].mean() > _FILLED:
        yield "guards.empty_when_new", {"column": name, "year": newest}


def _denominators(plan: Scheme, data: Panel) -> Found:
    """Ratios whose denominator is negative in some rows: a loss over a deficit reads as a profit over equity."""
    told: set[str] = set()
    formulas = {feature.name: feature.expression.source for feature in plan.features}
    for name, expression in plan.columns.items():
        formulas.setdefault(name, expression.source)
    for name, source in formulas.items():
        for below in sorted(bare_denominators(source)):
            if below in told or not list(sources(below, data.frame.columns, plan.columns)):
                continue
            values = data.column(below)
            negative = values < 0
            if negative.any() and (values > 0).any():
                told.add(below)
                first = _row(data, int(np.flatnonzero(negative)[0]))
                yield (
                    "guards.negative_denominator",
                    {"feature": name, "column": below, "count": int(negative.sum()), "first": first},
                )


def bare_denominators(source: str) -> set[str]:
    """Return the names a formula divides by as they stand, outside any ``where`` whose condition looks at them."""
    found: set[str] = set()

    def walk(node: ast.AST, minded: frozenset[str]) -> None:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and isinstance(node.right, ast.Name):
            found.update({node.right.id} - minded)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "where":
            minded |= {part.id for part in ast.walk(node.args[0]) if isinstance(part, ast.Name)}
        for child in ast.iter_child_nodes(node):
            walk(child, minded)

    walk(ast.parse(source, mode="eval"), frozenset())
    return found


def _outcome_signs(plan: Scheme, data: Panel) -> Found:
    told: set[str] = set()
    for target in plan.targets:
        for role in ("sales", "total_assets"):
            columns = target.columns.get(role, ())
            for name in (columns,) if isinstance(columns, str) else columns:
                if name in told:
                    continue
                values = data.column(name)
                negative = values < 0
                if negative.any():
                    told.add(name)
                    first = _row(data, int(np.flatnonzero(negative)[0]))
                    yield "guards.negative_amount", {"column": name, "count": int(negative.sum()), "first": first}


def _nearly_constant(plan: Scheme, features: Floats) -> Found:
    for j, feature in enumerate(plan.features):
        known = features[~np.isnan(features[:, j]), j]
        if len(known) < 2 or known.min() == known.max():
            continue
        usual = float(np.median(known))
        others = int((known != usual).sum())
        if others <= _RARE_SHARE * len(known) and others < _RARE_ROWS:
            yield "guards.nearly_constant", {"feature": feature.name, "value": f"{usual:g}", "count": others}
