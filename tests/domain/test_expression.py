"""The formula language: what it computes, how missing values pass through it, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.catalogue import message
from ktop.domain.expression import MAX_CHARACTERS, compile_expression, evaluate_all
from ktop.kernel.errors import InputError

NAN = float("nan")
A = np.array([1.0, NAN, 0.0, 4.0])
B = np.array([2.0, 2.0, 0.0, 0.0])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a + 2 * b", [5, NAN, 0, 4]),
        ("-a ** 2", [-1, NAN, 0, -16]),
        ("(a - b) / 2", [-0.5, NAN, 0, 2]),
        ("a / b", [0.5, NAN, NAN, NAN]),
        ("min(a, b)", [1, NAN, 0, 0]),
        ("max(a, b, 3)", [3, NAN, 3, 4]),
        ("abs(a - 3)", [2, NAN, 3, 1]),
        ("log(a)", [0, NAN, NAN, np.log(4)]),
        ("log1p(a)", [np.log(2), NAN, 0, np.log(5)]),
        ("where(b > 0, a / b, -1)", [0.5, NAN, -1, -1]),
        ("a < b < 3", [1, NAN, 0, 0]),
        ("a == 0 or b == 2", [1, NAN, 1, 0]),
        ("a > 0 and not b", [0, NAN, 0, 1]),
        ("known(a)", [1, 0, 1, 1]),
        ("a ** 0", [1, NAN, 1, 1]),
        ("b ** -1", [0.5, 0.5, NAN, NAN]),
        ("(0 - 8) ** (1/3) + a", [NAN] * 4),
        ("1e308 * 10 * a", [NAN] * 4),
        ("2 + 3", [5, 5, 5, 5]),
        ("where(a / 0 > 1, 1, 0)", [NAN] * 4),
    ],
)
def test_what_a_formula_gives(source: str, expected: list[float]) -> None:
    np.testing.assert_allclose(compile_expression(source).evaluate({"a": A, "b": B}), expected)


def test_names_are_the_columns_needed() -> None:
    assert compile_expression("where(x > 1, log(y), known(x))").names == {"x", "y"}


def test_a_result_is_the_callers_to_change() -> None:
    column = np.array([1.0, 2.0])
    compile_expression("x").evaluate({"x": column})[0] = 9
    compile_expression("7").evaluate({"x": column})[0] = 9
    assert column.tolist() == [1.0, 2.0]
    assert compile_expression("7").evaluate({"x": column}).tolist() == [7.0, 7.0]


@pytest.mark.parametrize(
    "source",
    [
        "__import__('os').system('true')",
        "a.real",
        "a[0]",
        "lambda: 1",
        "[a for a in b]",
        "a if b else 1",
        "'text'",
        "a // b",
        "a % b",
        "a @ b",
        "~a",
        "a in b",
        "a is b",
        "True",
        "None",
        "log",
        "_hidden + 1",
        "exec(a)",
        "min(a, *b)",
        "max(a, b, key=a)",
        "1j",
        "1" + "0" * 400,
        "f'{a}'",
        "(a := 1)",
    ],
)
def test_everything_else_is_refused(source: str) -> None:
    with pytest.raises(InputError) as refused:
        compile_expression(source)
    assert refused.value.key == "expression.not_allowed"
    assert message(refused.value, "ko")
    assert message(refused.value, "en")


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ("", "expression.syntax"),
        ("a +", "expression.syntax"),
        ("a = 1", "expression.syntax"),
        ("(" * 300, "expression.syntax"),
        ("a\x00", "expression.syntax"),
        ("log(a, b)", "expression.argument_count"),
        ("min(a)", "expression.argument_count"),
        ("where(a, b)", "expression.argument_count"),
        ("+".join(["a"] * 500), "expression.too_deep"),
        ("a" * (MAX_CHARACTERS + 1), "expression.too_long"),
    ],
)
def test_a_broken_formula_is_refused_by_its_own_sentence(source: str, key: str) -> None:
    with pytest.raises(InputError) as refused:
        compile_expression(source)
    assert refused.value.key == key
    assert message(refused.value, "en")


def test_an_absent_column_is_named() -> None:
    with pytest.raises(InputError) as refused:
        compile_expression("salse / assets").evaluate({"sales": A, "assets": B})
    assert refused.value.params["name"] == "salse"


def test_a_power_tower_ends_at_once() -> None:
    assert np.isnan(compile_expression("9 ** 9 ** 9 ** 9").evaluate({"a": A})).all()


numbers = st.one_of(st.floats(-1e6, 1e6), st.just(NAN), st.just(0.0))


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=20))
def test_a_missing_operand_always_gives_missing_and_no_result_is_infinite(rows: list[tuple[float, float]]) -> None:
    x, y = np.array(rows, dtype=float).T
    missing = np.isnan(x) | np.isnan(y)
    for source in (
        "x + y",
        "x - y",
        "x * y",
        "x / y",
        "x ** y",
        "min(x, y)",
        "max(x, y)",
        "x < y",
        "x and y",
        "x or y",
    ):
        values = compile_expression(source).evaluate({"x": x, "y": y})
        assert np.isnan(values[missing]).all(), source
        assert not np.isinf(values).any(), source


@given(st.text(max_size=60))
def test_any_text_is_either_a_formula_or_refused(source: str) -> None:
    try:
        expression = compile_expression(source)
    except InputError:
        return
    assert expression.evaluate(dict.fromkeys(expression.names, A) or {"a": A}).shape == A.shape


@pytest.mark.parametrize("source", ["\ud800", "a + \udfff", "1_0 + a\x00", "9" * 1999])
def test_what_no_text_can_hold_is_refused_in_a_sentence_that_can_be_sent(source: str) -> None:
    with pytest.raises(InputError) as refused:
        compile_expression(source)
    assert message(refused.value, "ko").encode("utf-8")


def test_several_formulas_give_what_each_gives() -> None:
    columns = {"a": np.array([1.0, np.nan, -2.0, np.inf]), "b": np.array([0.0, 3.0, 4.0, 5.0])}
    expressions = [compile_expression(source) for source in ("a / b", "7", "log(a)", "where(a > 0, b, a)", "1e308 * b")]
    found = evaluate_all(expressions, columns, 4)
    assert found.shape == (4, 5)
    for place, expression in enumerate(expressions):
        np.testing.assert_array_equal(found[:, place], expression.evaluate(columns))
    assert np.isnan(found[0, 0]) and np.isnan(found[1, 4])
    with pytest.raises(InputError) as caught:
        evaluate_all([compile_expression("c + d")], columns, 4)
    assert caught.value.params["name"] == "c"
