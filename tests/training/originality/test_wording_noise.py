"""The noise between wordings, and weights that reckon with it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from ktop.kernel.errors import KtopError
from ktop.models.originality.definitions import TRAITS, measures
from ktop.models.originality.weights import released
from ktop.training.originality.learning import learn
from ktop.training.originality.outcomes import OUTCOMES
from ktop.training.originality.wording_noise import WordingNoise, noise_of, steadied

pytest.importorskip("scipy")


def test_half_the_mean_product_of_differences_is_the_error_of_one_wording() -> None:
    rng = np.random.default_rng(1)
    error = np.array([[0.5, 0.2, 0.0], [0.2, 0.4, 0.0], [0.0, 0.0, 0.0]])
    one, other = (rng.multivariate_normal(np.zeros(3), error, 40_000) for _ in range(2))
    np.testing.assert_allclose(noise_of([one - other]), error, atol=0.02)
    # kinds count the same, however many pairs they have
    np.testing.assert_allclose(noise_of([np.full((1, 1), 2.0), np.zeros((9, 1)), np.zeros((0, 1))]), [[1.0]])


def test_without_noise_weights_stay_and_with_it_the_unsteady_measure_loses() -> None:
    weights = np.array([0.5, 0.3, 0.2])
    spread = np.eye(3)
    np.testing.assert_allclose(steadied(weights, spread, np.zeros((3, 3))), weights, atol=1e-5)
    found = steadied(weights, spread, np.diag([1.0, 0.0, 0.0]))
    # alone, a measure is held to spread / (spread + noise) of its weight: 0.25 beside 0.3 and 0.2
    np.testing.assert_allclose(found, np.array([0.25, 0.3, 0.2]) / 0.75, atol=1e-5)
    assert found.sum() == pytest.approx(1.0)


def test_every_measure_keeps_a_twentieth() -> None:
    found = steadied(np.array([0.5, 0.5]), np.eye(2), np.diag([1000.0, 0.0]))
    assert found[0] / found[1] == pytest.approx(0.05, rel=1e-3)


def test_a_steady_measure_stands_in_for_an_unsteady_one_that_goes_with_it() -> None:
    spread = np.array([[1.0, 0.9], [0.9, 1.0]])
    found = steadied(np.array([1.0, 0.0]), spread, np.diag([1.0, 0.0]))
    assert found[1] > found[0] > 0.0


def test_steadied_weights_come_nearest_to_the_score_when_noise_is_added() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(20_000, 4)) @ np.tril(rng.random((4, 4)))
    error = np.diag([0.8, 0.1, 0.4, 0.0])
    noisy = x + rng.multivariate_normal(np.zeros(4), error, len(x))
    weights = np.array([0.4, 0.2, 0.3, 0.1])
    found = steadied(weights, np.cov(x, rowvar=False), error)

    def agreement(w: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        return float(np.corrcoef(noisy @ w, x @ weights)[0, 1])

    assert agreement(found) > agreement(weights) + 0.01
    assert all(agreement(found) >= agreement(found + step) - 1e-3 for step in 0.05 * np.eye(4))


def test_a_measure_that_the_patents_do_not_have_keeps_its_share() -> None:
    spread, noise = np.diag([1.0, 1.0, 0.0]), np.diag([2.0, 0.0, 0.0])
    assert steadied(np.array([0.5, 0.3, 0.2]), spread, noise)[2] == pytest.approx(0.2)


def test_learning_takes_weight_from_what_wordings_move() -> None:
    rng = np.random.default_rng(4)
    m = len(released().shares)
    logits, years = rng.normal(size=(900, m)), np.repeat([2008, 2009, 2010], 300)
    y = (logits[:, 2] + logits[:, 5] + rng.normal(size=900) > 1.5).astype(float)
    outcomes = dict.fromkeys(OUTCOMES, y)
    noise = np.zeros((m, m))
    noise[2, 2] = 3.0
    names = list(released().shares)
    plain, steady = (learn(logits, years, outcomes, noise=given).weights.shares for given in (None, noise))
    assert steady[names[2]] < 0.5 * plain[names[2]]
    assert steady[names[3]] > plain[names[3]]  # of the same trait
    traits = {measure.name: measure.trait for measure in measures()}
    for trait in TRAITS:
        before, after = (math.fsum(w for n, w in found.items() if traits[n] == trait) for found in (plain, steady))
        assert after == pytest.approx(before, abs=1e-5)  # a trait counts what it counted


def test_noise_is_kept_as_it_was_and_other_files_are_refused(tmp_path: Path) -> None:
    noise = WordingNoise(("a", "b"), np.array([[0.5, 0.1], [0.1, 0.2]]), 12, "1+x")
    noise.save(tmp_path / "noise.npz")
    found = WordingNoise.load(tmp_path / "noise.npz")
    assert (found.names, found.pairs, found.reference, found.digest) == (("a", "b"), 12, "1+x", noise.digest)
    (tmp_path / "other.npz").write_bytes(b"no table")
    with pytest.raises((KtopError, KeyError, ValueError)):
        WordingNoise.load(tmp_path / "other.npz")
