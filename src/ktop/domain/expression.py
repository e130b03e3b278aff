"""The formula language of the catalogue: arithmetic over named columns, evaluated on whole columns at once.

A formula such as ``100 * rnd_expense_krw_t0 / sales_krw_t0`` is parsed once, checked against a short list of allowed
parts (formulas come from scheme files that users write, so nothing else of Python may run) and evaluated with NumPy.
NaN stands for a missing value:

- an operation with a missing operand gives missing;
- division by zero, the logarithm of a number that has none, and anything beyond the range of a float give missing;
- ``where(condition, a, b)`` gives the chosen branch, whatever the other holds; a missing condition gives missing;
- ``known(x)`` is 1 where x is present and 0 where it is missing, the one way to speak about missing values.
"""

from __future__ import annotations

import ast
import functools
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ktop.kernel.arrays import Booleans, Floats
from ktop.kernel.errors import InputError

_Node: TypeAlias = Callable[[Mapping[str, Floats]], Floats]

#: Longest formula and deepest nesting accepted: far above any real formula, too low to exhaust the parser.
MAX_CHARACTERS = 2000
MAX_DEPTH = 100


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked formula.

    Parameters
    ----------
    source : the formula as written.
    names : the columns it needs.
    """

    source: str
    names: frozenset[str]
    _evaluate: _Node

    def evaluate(self, columns: Mapping[str, Floats]) -> Floats:
        """Return the formula's value for every row, shape ``(n,)`` float64 with NaN for missing.

        ``columns`` maps each of ``names`` to an array of shape ``(n,)``; further columns are ignored. Raises
        ``InputError`` naming the first column that is not there.
        """
        with np.errstate(all="ignore"):
            return np.array(self._value(columns, _Clean(columns)))

    def _value(self, columns: Mapping[str, Floats], clean: _Clean) -> Floats:
        """Return the formula's value; it may be a column itself, so whoever keeps it copies it."""
        if not self.names <= columns.keys():
            raise InputError("expression.unknown_name", name=min(self.names - columns.keys()), source=self.source)
        values = self._evaluate(clean)  # every part but a bare number has what it could not represent as missing
        return np.broadcast_to(_finite(values), _rows(columns)) if values.ndim == 0 else values


def evaluate_all(expressions: Collection[Expression], columns: Mapping[str, Floats], n: int) -> Floats:
    """Return the values of several formulas, shape ``(n, formulas)``, as ``Expression.evaluate`` gives each."""
    values = np.empty((n, len(expressions)))
    clean = _Clean(columns)
    with np.errstate(all="ignore"):
        for place, expression in enumerate(expressions):
            values[:, place] = expression._value(columns, clean)
    return values


class _Clean(dict[str, Floats]):
    """Columns as formulas read them, each made once however many formulas name it."""

    def __init__(self, columns: Mapping[str, Floats]) -> None:
        super().__init__()
        self._columns = columns

    def __missing__(self, name: str) -> Floats:
        found = self[name] = _finite(_number(self._columns[name]))
        return found


def _rows(columns: Mapping[str, Floats]) -> tuple[int, ...]:
    for column in columns.values():
        return (len(column),)
    return (1,)


def _number(values: npt.ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _finite(values: Floats) -> Floats:
    """Turn what arithmetic could not represent (x/0, overflow) into missing, before a comparison could use it."""
    return np.where(np.isfinite(values), values, np.nan)


def _truth(flags: Booleans, *operands: Floats) -> Floats:
    """Return 1 and 0 for true and false, missing where an operand is missing."""
    values = flags.astype(np.float64)
    for operand in operands:
        values = np.where(np.isnan(operand), np.nan, values)
    return values


def _power(base: Floats, exponent: Floats) -> Floats:
    # NumPy has nan ** 0 == 1 and 1 ** nan == 1; here a missing operand gives missing.
    return np.where(np.isnan(base) | np.isnan(exponent), np.nan, np.power(base, exponent))


def _where(condition: Floats, then: Floats, otherwise: Floats) -> Floats:
    return np.where(np.isnan(condition), np.nan, np.where(condition != 0, then, otherwise))


def _and(left: Floats, right: Floats) -> Floats:
    return _truth((left != 0) & (right != 0), left, right)


def _or(left: Floats, right: Floats) -> Floats:
    return _truth((left != 0) | (right != 0), left, right)


def _not(value: Floats) -> Floats:
    return _truth(value == 0, value)


_BINARY: dict[type[ast.operator], Callable[[Floats, Floats], Floats]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: _power,
}
_UNARY: dict[type[ast.unaryop], Callable[[Floats], Floats]] = {
    ast.USub: np.negative,
    ast.UAdd: np.positive,
    ast.Not: _not,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Floats, Floats], Booleans]] = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}
# name -> (smallest, largest number of arguments, function)
_FUNCTIONS: dict[str, tuple[int, int, Callable[..., Floats]]] = {
    "min": (2, 20, lambda *values: functools.reduce(np.minimum, values)),
    "max": (2, 20, lambda *values: functools.reduce(np.maximum, values)),
    "abs": (1, 1, np.abs),
    "log": (1, 1, np.log),
    "log1p": (1, 1, np.log1p),
    "where": (3, 3, _where),
    "known": (1, 1, lambda value: (~np.isnan(value)).astype(np.float64)),
}


class _Compiler:
    """Turns a parsed formula into nested functions, refusing every part that is not on the lists above."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.names: set[str] = set()

    def refuse(self, node: ast.AST) -> InputError:
        part = ast.get_source_segment(self.source, node) if hasattr(node, "lineno") else None
        return InputError("expression.not_allowed", part=(part or type(node).__name__)[:60], source=self.source[:200])

    def compile(self, node: ast.expr, depth: int = 0) -> _Node:
        if depth > MAX_DEPTH:
            raise InputError("expression.too_deep", limit=MAX_DEPTH, source=self.source[:80])
        parts = depth + 1
        match node:
            case ast.Constant(value=bool()):
                raise self.refuse(node)
            case ast.Constant(value=int() | float() as value):
                return self._constant(node, value)
            case ast.Name(id=name):
                return self._name(node, name)
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _BINARY:
                return _apply(_BINARY[type(operator)], self.compile(left, parts), self.compile(right, parts))
            case ast.UnaryOp(op=sign, operand=operand) if type(sign) in _UNARY:
                return _apply(_UNARY[type(sign)], self.compile(operand, parts))
            case ast.BoolOp(op=joint, values=values):
                join = _and if isinstance(joint, ast.And) else _or
                return _fold(join, [self.compile(value, parts) for value in values])
            case ast.Compare(left=left, ops=comparisons, comparators=others):
                return self._compare(node, left, comparisons, others, parts)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _FUNCTIONS:
                return self._call(name, arguments, parts)
            case _:
                raise self.refuse(node)

    def _constant(self, node: ast.expr, value: int | float) -> _Node:
        try:
            constant = _number(float(value))
        except OverflowError as error:
            raise self.refuse(node) from error
        return lambda _columns: constant

    def _name(self, node: ast.expr, name: str) -> _Node:
        if name in _FUNCTIONS or name.startswith("_"):
            raise self.refuse(node)
        self.names.add(name)
        return lambda columns: columns[name]

    def _compare(
        self, node: ast.expr, first: ast.expr, comparisons: list[ast.cmpop], others: list[ast.expr], depth: int
    ) -> _Node:
        if any(type(comparison) not in _COMPARE for comparison in comparisons):
            raise self.refuse(node)
        operands = [self.compile(operand, depth) for operand in (first, *others)]
        pairs = [
            _comparison(_COMPARE[type(comparison)], operands[i], operands[i + 1])
            for i, comparison in enumerate(comparisons)
        ]
        return _fold(_and, pairs)

    def _call(self, name: str, arguments: list[ast.expr], depth: int) -> _Node:
        fewest, most, function = _FUNCTIONS[name]
        if not fewest <= len(arguments) <= most:
            raise InputError("expression.argument_count", name=name, given=len(arguments), source=self.source)
        return _apply(function, *[self.compile(argument, depth) for argument in arguments])


def _apply(function: Callable[..., Floats], *operands: _Node) -> _Node:
    if len(operands) == 2:  # most are of two: no list is made for them
        left, right = operands
        return lambda columns: _finite(function(left(columns), right(columns)))
    return lambda columns: _finite(function(*[operand(columns) for operand in operands]))


def _comparison(compare: Callable[[Floats, Floats], Booleans], left_of: _Node, right_of: _Node) -> _Node:
    def evaluate(columns: Mapping[str, Floats]) -> Floats:
        left, right = left_of(columns), right_of(columns)
        return _truth(compare(left, right), left, right)

    return evaluate


def _fold(join: Callable[[Floats, Floats], Floats], operands: list[_Node]) -> _Node:
    if len(operands) == 1:
        return operands[0]
    return lambda columns: functools.reduce(join, [operand(columns) for operand in operands])


def ordinary(name: str) -> str:
    """Return a name in the one form that its look-alikes share: composed letters, half width (Unicode NFKC).

    Python reads the names in a formula so. A Mac writes Korean names of columns decomposed, and full-width letters look
    like ordinary ones: whoever looks a column up by name compares ordinary names.
    """
    return name if name.isascii() else unicodedata.normalize("NFKC", name)


@functools.lru_cache(maxsize=2048)
def compile_expression(source: str) -> Expression:
    """Parse and check one formula.

    Allowed: numbers, column names, ``+ - * / **``, brackets, comparisons, ``and or not`` and the functions ``min max
    abs log log1p where known``. Raises ``InputError`` with the key ``expression.…`` for anything else.
    """
    if len(source) > MAX_CHARACTERS:
        raise InputError("expression.too_long", limit=MAX_CHARACTERS, given=len(source))
    try:
        tree = ast.parse(source.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InputError("expression.syntax", source=source[:200]) from error
    compiler = _Compiler(source.strip())
    evaluate = compiler.compile(tree.body)
    return Expression(source=source.strip(), names=frozenset(compiler.names), _evaluate=evaluate)
