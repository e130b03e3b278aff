"""Tables and their exact contributions, against Shapley values worked out from the definition."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from ktop.models.glass_box import Table, TermModel, average, axis_last, shapley_table

RANDOM = np.random.default_rng(11)


def _model(tables: list[tuple[int, ...]], known: tuple[int, ...] = (4, 3, 2, 5)) -> TermModel:
    weights = tuple(np.array([0.4, 0.3, 0.2, 0.1, 0.05][:k]) / sum([0.4, 0.3, 0.2, 0.1, 0.05][:k]) for k in known)
    built = []
    for inputs in tables:
        shape = tuple(known[j] + 1 for j in inputs)
        values = RANDOM.normal(size=shape)
        values -= average(values, [weights[j] for j in inputs], range(len(inputs))).item()
        built.append(Table(inputs, values, np.full(shape, 0.01, dtype=np.float32)))
    edges = tuple(np.arange(k - 1, dtype=np.float64) for k in known)
    return TermModel(
        tuple(f"f{j}" for j in range(len(known))), ("g",) * len(known), edges, weights, -1.5, tuple(built),
        np.full(len(known), 0.2),
    )  # fmt: skip


def _by_definition(table: np.ndarray, weights: list[np.ndarray], cell: tuple[int, ...]) -> list[float]:
    """Return each input's Shapley value of one cell: the mean over all orders of entry, averages by plain loops."""
    k = table.ndim

    def value(chosen: frozenset[int]) -> float:
        total = 0.0
        for index in itertools.product(*[[cell[a]] if a in chosen else range(len(weights[a])) for a in range(k)]):
            share = math.prod(weights[a][index[a]] for a in range(k) if a not in chosen)
            total += share * table[index]
        return total

    parts = [0.0] * k
    for order in itertools.permutations(range(k)):
        entered: frozenset[int] = frozenset()
        for axis in order:
            parts[axis] += (value(entered | {axis}) - value(entered)) / math.factorial(k)
            entered |= {axis}
    return parts


@pytest.mark.parametrize("shape", [(4,), (4, 3), (4, 3, 2), (3, 3, 2, 4)])
def test_shapley_table_is_the_mean_over_all_orders_of_entry(shape: tuple[int, ...]) -> None:
    table = RANDOM.normal(size=shape)
    weights = [np.full(size - 1, 1 / (size - 1)) for size in shape]
    found = shapley_table(table, weights).reshape(*shape, len(shape))
    for cell in itertools.product(*[range(size) for size in shape]):
        assert np.allclose(found[cell], _by_definition(table, weights, cell), atol=1e-12)


def test_an_input_that_changes_nothing_gets_nothing_and_equal_inputs_get_the_same() -> None:
    weights = [np.array([0.5, 0.5])] * 2
    flat = np.repeat(RANDOM.normal(size=(3, 1)), 3, axis=1)
    assert np.allclose(shapley_table(flat, weights)[:, 1], 0.0)
    alike = np.add.outer(np.arange(3.0), np.arange(3.0)) ** 2
    parts = shapley_table(alike, weights).reshape(3, 3, 2)
    assert np.allclose(parts[..., 0], parts[..., 1].T)


def test_five_inputs_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 4"):
        shapley_table(np.zeros((2,) * 5), [np.ones(1)] * 5)


def test_contributions_and_base_are_the_logit() -> None:
    model = _model([(0, 1, 2), (0, 3), (2,)])
    bins = np.column_stack([RANDOM.integers(0, n, size=500) for n in model.bin_counts])
    direct = np.full(500, model.base)
    for table in model.tables:
        direct += table.values[tuple(bins[:, j] for j in table.inputs)]
    assert np.abs(model.logit(bins) - direct).max() < 1e-12
    assert np.abs(model.base + model.contributions(bins).sum(axis=1) - direct).max() < 1e-12


def test_the_base_is_the_average_over_independent_inputs() -> None:
    model = _model([(0, 1)])
    cells = np.array(list(itertools.product(range(4), range(3), [0], [0])))
    share = model.weights[0][cells[:, 0]] * model.weights[1][cells[:, 1]]
    assert math.isclose(float(share @ model.logit(cells)), model.base, abs_tol=1e-12)


def test_a_value_on_an_edge_is_in_the_lower_bin_and_missing_has_its_own() -> None:
    model = _model([(0,)])
    bins = model.bins(np.array([[-5.0, 0, 0, 0], [0.0, 0, 0, 0], [0.5, 0, 0, 0], [99.0, 0, 0, 0], [np.nan, 0, 0, 0]]))
    assert bins[:, 0].tolist() == [0, 0, 1, 3, 4]


def test_stored_and_read_again_it_is_the_same_model() -> None:
    model = _model([(0, 1, 2), (3,)])
    again = TermModel.from_arrays(model.features, model.groups, model.to_arrays())
    bins = np.column_stack([RANDOM.integers(0, n, size=50) for n in model.bin_counts])
    assert np.array_equal(model.logit(bins), again.logit(bins))
    assert np.array_equal(model.variance(bins), again.variance(bins))
    assert again.range() == model.range()


def test_no_logit_passes_the_range() -> None:
    model = _model([(0, 1), (2, 3)])
    every = np.array(list(itertools.product(*[range(n) for n in model.bin_counts])))
    low, high = model.range()
    logits = model.logit(every)
    assert low - 1e-12 <= logits.min() and logits.max() <= high + 1e-12


def test_a_missing_input_adds_what_it_could_contribute_to_the_variance() -> None:
    model = _model([(0, 1)])
    known, hidden = np.array([[1, 1, 1, 1]]), np.array([[1, 1, 1, 5]])
    assert math.isclose(model.variance(hidden)[0] - model.variance(known)[0], 0.2, rel_tol=1e-6)


@pytest.mark.parametrize("axis", range(4))
def test_an_axis_is_averaged_over_where_it_stands(axis: int) -> None:
    values, weight = RANDOM.normal(size=(2, 3, 4, 5)), RANDOM.random(8)
    own = weight[: values.shape[axis] - 1] / weight[: values.shape[axis] - 1].sum()
    assert axis_last(values, axis).tolist() == np.moveaxis(values, axis, -1).tolist()
    weights = [own if k == axis else np.zeros(0) for k in range(4)]
    known = np.delete(values, -1, axis=axis)
    expected = np.average(known, axis=axis, weights=own)
    found = average(values, weights, [axis])
    assert found.shape == tuple(1 if k == axis else size for k, size in enumerate(values.shape))
    assert np.abs(found.squeeze(axis) - expected).max() < 1e-14


def test_a_few_rows_get_the_same_bits_as_many() -> None:
    model = _model([(0,), (1,), (0, 1), (2, 3), (0, 2, 3), (3,)])
    bins = np.stack([RANDOM.integers(0, count, 300) for count in model.bin_counts], axis=1)
    whole, variance = model.contributions(bins), model.variance(bins)
    for start, stop in ((0, 1), (7, 8), (10, 40), (200, 264)):
        assert np.array_equal(model.contributions(bins[start:stop]), whole[start:stop])
        assert np.array_equal(model.variance(bins[start:stop]), variance[start:stop])
    assert np.array_equal(_model([]).contributions(bins[:2]), np.zeros((2, 4)))


def test_a_few_rows_fall_into_the_same_bins_as_many() -> None:
    model = _model([(0,)], known=(4, 3, 1, 5))  # the third input has no edge at all
    chosen = [-np.inf, -1.0, -0.0, 0.0, 0.5, 1.0, np.nextafter(1.0, 2.0), 3.0, 1e300, np.inf, np.nan]
    values = RANDOM.choice(chosen, size=(300, 4))
    whole = model.bins(values)
    expected = [
        [
            count - 1 if np.isnan(x) else sum(e < x for e in edges)
            for x, edges, count in zip(row, model.edges, model.bin_counts, strict=True)
        ]
        for row in values
    ]
    assert whole.tolist() == expected
    for start, stop in ((0, 1), (7, 8), (10, 40), (200, 264)):
        part = model.bins(values[start:stop])
        assert np.array_equal(part, whole[start:stop]) and part.dtype == whole.dtype


def test_looking_a_row_up_once_gives_the_same_as_twice() -> None:
    model = _model([(0,), (0, 1), (2, 3)])
    bins = np.stack([RANDOM.integers(0, count, 300) for count in model.bin_counts], axis=1)
    for rows in (bins, bins[:64], bins[:1], bins[:0]):
        parts, variance = model.looked_up(rows)
        assert np.array_equal(parts, model.contributions(rows))
        assert np.array_equal(variance, model.estimation_variance(rows))
