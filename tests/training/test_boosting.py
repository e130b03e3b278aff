"""Boosted trees against their compiled tables: nothing may be lost, turned round or read as zero."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ktop.models.calibration import expit
from ktop.models.glass_box import TermModel
from ktop.training.boosting import (
    BoostingSettings,
    compile_trees,
    firm_bootstrap,
    firm_shares,
    fit_boosting,
    member_weights,
    spread_factor,
)
from ktop.training.calibration import fit_platt
from ktop.training.terms import RawTerms, assemble, with_curve

lightgbm = pytest.importorskip("lightgbm")

GROUPS = ["a", "a", "a", "b", "b", "b", "b"]
SIGNS = [1, 1, 0, -1, 1, 0, 1]
NAMES = [f"f{j}" for j in range(7)]
SETTINGS = BoostingSettings(rounds=40, depth=3, leaves=7, min_leaf_rows=20, table_inputs=4)


def _data(n: int = 4000, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, 7)).round(2)
    X[random.random((n, 7)) < 0.08] = np.nan
    X[:, 4] = np.nan_to_num(X[:, 4], nan=1.0)  # never missing in training
    z = np.nan_to_num(X[:, 0] + 0.5 * X[:, 1] * X[:, 0] - X[:, 3] + 0.7 * X[:, 4], nan=-0.4) - 0.5
    return X, (random.random(n) < 1 / (1 + np.exp(-z))).astype(np.float64)


@pytest.fixture(scope="module")
def trained() -> tuple[np.ndarray, np.ndarray, list[RawTerms], list[np.ndarray]]:
    X, y = _data()
    weights = firm_bootstrap(np.arange(len(y)), 3, 5)
    return X, y, fit_boosting(X, y, weights, GROUPS, SIGNS, SETTINGS, 9), weights


def _parameters(seed: int) -> dict[str, object]:
    allowed = [[j for j, g in enumerate(GROUPS) if g == group] for group in "ab"]
    return {
        "objective": "binary", "learning_rate": SETTINGS.learning_rate, "num_leaves": SETTINGS.leaves,
        "max_depth": SETTINGS.depth, "max_bin": SETTINGS.max_bin, "min_data_in_leaf": SETTINGS.min_leaf_rows,
        "lambda_l2": SETTINGS.l2, "feature_fraction": SETTINGS.feature_fraction, "interaction_constraints": allowed,
        "monotone_constraints": SIGNS, "monotone_constraints_method": "basic", "deterministic": True,
        "force_row_wise": True, "num_threads": 1, "verbosity": -1, "seed": seed,
    }  # fmt: skip


def test_tables_equal_lightgbm(trained: tuple) -> None:
    X, y, members, weights = trained
    data = lightgbm.Dataset(X, label=y, params=_parameters(9), free_raw_data=False)
    raw = []
    for member, weight in enumerate(weights):
        data.set_weight(weight)
        raw.append(lightgbm.train(_parameters(9 + member), data, SETTINGS.rounds).predict(X, raw_score=True))
    model, logits = assemble(members, X, NAMES, GROUPS, SIGNS)
    assert np.abs(logits - np.array(raw)).max() <= 1e-9
    assert np.abs(model.logit(model.bins(X)) - np.mean(raw, axis=0)).max() <= 1e-9


def test_an_interplay_group_takes_up_what_the_others_leave_over() -> None:
    """Copies of all inputs, grown after the groups: exact, monotone, and the groups' own tables stay what they were."""
    X, y = _data()
    weights = firm_bootstrap(np.arange(len(y)), 2, 5)
    groups, signs, twice = [*GROUPS, *["c"] * 7], [*SIGNS, *SIGNS], np.hstack([X, X])
    settings = dataclasses.replace(SETTINGS, interplay_rounds=25)
    members = fit_boosting(twice, y, weights, groups, signs, settings, 9, ["c"])
    alone = fit_boosting(X, y, weights, GROUPS, SIGNS, settings, 9)
    parameters = {**_parameters(9), "interaction_constraints": [list(range(7))]}
    for number, (member, without, weight) in enumerate(zip(members, alone, weights, strict=True)):
        late = {inputs for inputs, _, _ in member.boxes if any(j >= 7 for j in inputs)}
        assert late and all(j >= 7 for inputs in late for j in inputs)
        assert [box for box in member.boxes if box[0] not in late and box[0]] == [b for b in without.boxes if b[0]]
        start = _logit(without, X, GROUPS, SIGNS)
        data = lightgbm.Dataset(X, label=y, weight=weight, init_score=start, params=parameters)
        booster = lightgbm.train({**parameters, "seed": 9 + number}, data, settings.interplay_rounds)
        both = start + booster.predict(X, raw_score=True)
        assert np.abs(_logit(member, twice, groups, signs) - both).max() <= 1e-9
    joint = {frozenset(GROUPS[j - 7] for j in i) for i, _, _ in members[0].boxes if i and min(i) >= 7}
    assert frozenset("ab") in joint, "nothing joins two groups"
    with pytest.raises(ValueError, match="both members"):
        alone[0].joined(alone[1])


def _logit(member: RawTerms, X: np.ndarray, groups: list[str], signs: list[int]) -> np.ndarray:
    model, _ = assemble([member], X, [f"f{j}" for j in range(X.shape[1])], groups, signs)
    return model.logit(model.bins(X))


def test_values_never_seen_in_training_agree_too(trained: tuple) -> None:
    X, y, _, _ = trained
    booster = lightgbm.train(_parameters(1), lightgbm.Dataset(X, label=y, params=_parameters(1)), 30)
    new = np.random.default_rng(8).normal(scale=3, size=(3000, 7))
    new[np.random.default_rng(9).random(new.shape) < 0.2] = np.nan
    new[:, 4] = np.nan_to_num(new[:, 4])
    model, _ = assemble([compile_trees(booster.dump_model(), 7, 4)], X, NAMES, GROUPS, SIGNS)
    assert np.abs(model.logit(model.bins(new)) - booster.predict(new, raw_score=True)).max() <= 1e-9


@pytest.mark.parametrize("table_inputs", [0, 2, 4])
def test_whole_trees_or_single_leaves_make_the_same_model(trained: tuple, table_inputs: int) -> None:
    X, y, _, _ = trained
    booster = lightgbm.train(_parameters(2), lightgbm.Dataset(X, label=y, params=_parameters(2)), 30)
    model, _ = assemble([compile_trees(booster.dump_model(), 7, table_inputs)], X, NAMES, GROUPS, SIGNS)
    assert np.abs(model.logit(model.bins(X)) - booster.predict(X, raw_score=True)).max() <= 1e-9


def test_many_small_tables_are_the_same_model_explained_alike() -> None:
    """Deep trees in small tables: LightGBM's own logits, one group a table, parts that add up, stored exactly."""
    X, y = _data()
    weights = firm_bootstrap(np.arange(len(y)), 3, 5)
    deep = {"rounds": 30, "depth": 4, "leaves": 10, "min_leaf_rows": 20}
    members = fit_boosting(X, y, weights, GROUPS, SIGNS, BoostingSettings(**deep, table_inputs=0), 9)
    narrow, logits = assemble(members, X, NAMES, GROUPS, SIGNS)
    whole = fit_boosting(X, y, weights, GROUPS, SIGNS, BoostingSettings(**deep, table_inputs=4), 9)
    wide, expected = assemble(whole, X, NAMES, GROUPS, SIGNS)
    bins = narrow.bins(X)
    assert np.abs(logits - expected).max() < 1e-12
    parts = narrow.contributions(bins)
    assert np.abs(parts - wide.contributions(wide.bins(X))).max() < 1e-9, "the Shapley values do not depend on the form"
    assert np.abs(parts.sum(axis=1) + narrow.base - logits.mean(axis=0)).max() < 1e-12
    assert sum(t.values.size for t in narrow.tables) < 0.2 * sum(t.values.size for t in wide.tables)
    assert all(len({GROUPS[j] for j in table.inputs}) == 1 for table in narrow.tables)
    again = TermModel.from_arrays(NAMES, GROUPS, narrow.to_arrays())
    assert np.array_equal(again.contributions(bins), parts) and np.array_equal(
        again.variance(bins), narrow.variance(bins)
    )
    for j, sign in enumerate(SIGNS):
        if sign:
            rows = np.repeat(bins[:300], narrow.bin_counts[j] - 1, axis=0)
            rows[:, j] = np.tile(np.arange(narrow.bin_counts[j] - 1), 300)
            steps = np.diff(narrow.logit(rows).reshape(300, -1), axis=1) * sign
            assert steps.min() >= -1e-9


def test_no_table_joins_two_groups(trained: tuple) -> None:
    X, _, members, _ = trained
    model, _ = assemble(members, X, NAMES, GROUPS, SIGNS)
    assert len(model.tables) >= 2
    for table in model.tables:
        assert len({GROUPS[j] for j in table.inputs}) == 1


def test_every_table_is_monotone_for_signed_inputs_whatever_else_is_missing(trained: tuple) -> None:
    X, _, members, _ = trained
    for rule in ("learned", "cautious"):
        model, _ = assemble(members, X, NAMES, GROUPS, SIGNS, rule)  # type: ignore[arg-type]
        for table in model.tables:
            for axis, j in enumerate(table.inputs):
                steps = np.diff(np.moveaxis(table.values, axis, 0)[:-1], axis=0) * SIGNS[j]
                assert SIGNS[j] == 0 or steps.min() >= -1e-12


def test_a_missing_value_never_seen_is_the_average_not_zero(trained: tuple) -> None:
    X, _, members, _ = trained
    model, _ = assemble(members, X, NAMES, GROUPS, SIGNS)
    bins = np.zeros((len(model.weights[4]), 7), dtype=np.int64)
    bins[:, 4] = np.arange(len(bins))
    hidden = bins[:1].copy()
    hidden[0, 4] = model.bin_counts[4] - 1
    assert np.isclose(model.logit(hidden)[0], float(model.weights[4] @ model.logit(bins)))
    zero = model.bins(np.array([[np.nan] * 4 + [0.0] + [np.nan] * 2]))[0, 4]
    assert not np.isclose(model.logit(hidden)[0], model.logit(bins)[zero])


def test_cautious_missing_is_never_better_than_the_average_known_value(trained: tuple) -> None:
    X, _, members, _ = trained
    model, _ = assemble(members, X, NAMES, GROUPS, SIGNS, "cautious")
    random = np.random.default_rng(0)
    for j, sign in enumerate(SIGNS):
        others = np.column_stack([random.integers(0, n - 1, size=200) for n in model.bin_counts])
        mean = np.zeros(200)
        for b, share in enumerate(model.weights[j]):
            others[:, j] = b
            mean += share * model.logit(others)
        others[:, j] = model.bin_counts[j] - 1
        if sign:
            assert ((model.logit(others) - mean) * sign).max() <= 1e-9


def test_the_spread_of_the_bag_is_the_variance_on_average(trained: tuple) -> None:
    X, _, members, _ = trained
    model, logits = assemble(members, X, NAMES, GROUPS, SIGNS)
    known = model.bins(X[~np.isnan(X).any(axis=1)])
    total = model.variance(model.bins(X)) - (np.isnan(X) * model.missing_variance).sum(axis=1)
    assert np.isclose(total.mean(), logits.var(axis=0, ddof=1).mean(), rtol=1e-3)
    assert (model.variance(known) > 0).mean() > 0.99


def test_a_bootstrap_draws_firms_with_all_their_rows() -> None:
    firms = np.repeat(np.arange(200), 3)
    weights = firm_bootstrap(firms, 4, 1)
    for weight in weights:
        assert weight.sum() == 600
        assert all(len(set(weight[firms == f])) == 1 for f in range(200))
        assert 0.25 < (weight == 0).mean() < 0.5
    assert not np.array_equal(weights[0], weights[1])


def test_a_share_draws_no_firm_twice_and_its_spread_counts_as_a_bootstraps() -> None:
    firms = np.repeat(np.arange(200), 3)
    for weight in firm_shares(firms, 4, 1, 0.8):
        assert weight.sum() == 480 and set(weight) == {0.0, 1.0}
        assert all(len(set(weight[firms == f])) == 1 for f in range(200))
    lone = np.arange(200)
    x = np.random.default_rng(3).normal(size=200)
    spread = {
        share: spread_factor(share) * np.var([np.average(x, weights=w) for w in member_weights(lone, 2000, 2, share)])
        for share in (None, 0.6, 0.8)
    }
    true = x.var(ddof=1) / len(x)
    assert all(0.9 * true < found < 1.1 * true for found in spread.values()), spread


def test_training_twice_gives_the_same_boxes() -> None:
    X, y = _data(1500)
    weights = firm_bootstrap(np.arange(len(y)), 2, 5)
    first, second = (fit_boosting(X, y, weights, GROUPS, SIGNS, SETTINGS, 4) for _ in range(2))
    assert [m.boxes for m in first] == [m.boxes for m in second]


@pytest.mark.parametrize("narrow", [False, True])
def test_a_curve_fitted_last_gives_back_what_the_others_leave_over(narrow: bool) -> None:
    X, y = _data(6000)
    x = np.random.default_rng(8).uniform(0, 10, len(y))
    y = np.where((x < 2) & (np.random.default_rng(9).random(len(y)) < 0.5), 1.0, y)
    settings = BoostingSettings(rounds=40, min_leaf_rows=20, table_inputs=0 if narrow else 3)
    own, groups = [*NAMES, "age"], [*GROUPS, "age"]
    known = np.column_stack([X, x])
    members = [m.among(range(7), 8) for m in fit_boosting(X, y, [np.ones(len(y))] * 2, GROUPS, SIGNS, settings, 9)]
    model, _ = assemble(members, known, own, groups, [*SIGNS, 0])
    raw, young = model.logit(model.bins(known)), x < 2
    curved, added = with_curve(model, 7, (2, 4, 6, 8), x, raw, y, np.ones(len(y), dtype=bool))
    assert np.allclose(curved.logit(curved.bins(known)), raw + added, atol=1e-12)
    calibrated = {
        name: expit(fit_platt(z, y)(z))[young].mean() for name, z in (("before", raw), ("after", raw + added))
    }
    assert abs(calibrated["before"] - y[young].mean()) > 0.1
    assert abs(calibrated["after"] - y[young].mean()) < 0.02, "but for what the prior of each step takes"
    hidden = curved.bins(np.column_stack([X, np.full(len(y), np.nan)]))
    assert np.allclose(curved.logit(hidden), raw + float(added.mean()), atol=1e-12)
    assert (curved.variance(hidden) >= curved.variance(curved.bins(known)) - 1e-9).all()
