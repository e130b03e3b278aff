"""Weights: sound or refused, exact parts of the score, learned in the direction that theory gives."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ktop.domain.technology.neighbourhood import Neighbourhood
from ktop.kernel.errors import InputError, NotFoundError
from ktop.models.originality import OriginalityModel, OriginalityReference, Weights, released
from ktop.models.originality.definitions import SCORE, TRAITS, measures, rules
from ktop.models.originality.weights import start
from ktop.training.originality.learning import choose_ridge, fit, learn, signed_logits
from ktop.training.originality.outcomes import OUTCOMES, outcomes_of, reached

NAMES = [measure.name for measure in measures()]
SIGNS = np.array([measure.sign for measure in measures()], dtype=float)


def test_released_weights_say_what_they_were_learned_from() -> None:
    found = released()
    assert math.isclose(math.fsum(found.shares.values()), 1.0, abs_tol=1e-9)
    assert math.isclose(math.fsum(found.trait(trait) for trait in TRAITS), 1.0, abs_tol=1e-9)
    assert all(found.trait(trait) > 0.0 for trait in TRAITS)
    assert {"corpus", "judged_on"} <= set(found.about)


def test_former_weights_stay_and_are_named_as_before() -> None:
    found = released("3.0.0")
    assert found.digest == "760f0048" and found.formulas == "3.0.0"
    assert {"fingerprint", "patents", "years", "events"} <= set(found.about)
    assert found.shares["field_gap"] == 0.0 < found.shares["cycle_time"]


def test_no_weight_stands_against_its_trait() -> None:
    # a new field is neither close to what there is nor old, and a copy in other words has a wording of its own
    for name in ("cycle_time", "subject_closeness", "wording_gap", "word_rarity", "unexplained_share"):
        assert released().shares[name] == 0.0


def test_weights_survive_a_file(tmp_path: Path) -> None:
    path = tmp_path / "weights.json"
    released().save(path)
    again = Weights.load(path)
    assert again.shares == released().shares and again.digest == released().digest
    assert start().digest != released().digest


@pytest.mark.parametrize("change", ["negative", "missing", "more", "sum", "nan", "text"])
def test_broken_weights_are_refused(change: str, tmp_path: Path) -> None:
    content = json.loads(json.dumps(released().to_json()))
    weights = content["weights"]
    if change == "negative":
        weights[NAMES[0]], weights[NAMES[1]] = -0.1, weights[NAMES[1]] + weights[NAMES[0]] + 0.1
    elif change == "missing":
        weights[NAMES[1]] += weights.pop(NAMES[0])
    elif change == "more":
        weights["luck"] = 0.0
    elif change == "sum":
        weights[NAMES[0]] += 0.01
    elif change == "nan":
        weights[NAMES[0]] = float("nan")
    else:
        weights[NAMES[0]] = "much"
    path = tmp_path / "weights.json"
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(InputError):
        Weights.load(path)


def test_what_is_no_weights_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        Weights.load(tmp_path / "none.json")
    for content in ("[]", "{", '{"format": "other"}', json.dumps(released().to_json() | {"model_version": "1.0.0"})):
        (tmp_path / "w.json").write_text(content, "utf-8")
        with pytest.raises(InputError):
            Weights.load(tmp_path / "w.json")


def test_traits_stay_exact_parts_with_any_weights(
    reference: OriginalityReference, make: Callable[..., Neighbourhood]
) -> None:
    rng = np.random.default_rng(1)
    shares = rng.dirichlet(np.full(len(NAMES), 0.3))
    shares[int(np.argmax(shares))] += 1.0 - shares.sum()
    model = OriginalityModel(reference.weighted(Weights(dict(zip(NAMES, shares.tolist(), strict=True)))))
    assert model.version != OriginalityModel(reference).version
    for seed in range(6):
        scored = model.score(make(seed))
        distribution, measured = scored.distribution, scored.measured
        assert measured is not None
        whole = math.fsum(distribution.trait_shares[trait] * measured.z[trait] for trait in TRAITS)
        assert abs(whole - measured.z[SCORE]) < 1e-12
        rating = model.rate(make(seed))
        for name in (*TRAITS, SCORE):
            parts = math.fsum(c.logit for c in rating.contributions if c.score == name)
            assert abs(parts - measured.z[name]) < 1e-12


def _made(n: int = 1500, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, len(NAMES))), rng.integers(2005, 2011, n)


def test_learning_finds_what_foresees_and_never_turns_a_measure_round() -> None:
    logits, years = _made()
    rng = np.random.default_rng(2)
    z = 1.5 * logits[:, 3] - 1.5 * logits[:, 8] - 2.0
    y = (rng.random(len(z)) < 1.0 / (1.0 + np.exp(-z))).astype(float)
    found = fit(logits, y, years, 0.003, np.array([start().shares[name] for name in NAMES]))
    assert found.min() >= 0.0
    assert int(np.argmax(found)) == 3
    assert found[8] == 0.0


def test_a_year_with_more_events_moves_no_weight() -> None:
    logits, years = _made()
    y = np.zeros(len(years))
    y[years >= 2009] = 1.0
    y[::7] = 1.0 - y[::7]
    first = np.array([start().shares[name] for name in NAMES])
    assert np.abs(fit(logits, y, years, 0.1, first) - first).max() < 0.12


def test_without_events_the_pull_is_strongest_and_released_weights_stay() -> None:
    logits, years = _made(400)
    nothing = {name: np.full(400, np.nan) for name in OUTCOMES}
    found = learn(logits, years, nothing)
    assert found.kept == OUTCOMES
    for name in NAMES:
        assert found.weights.shares[name] == pytest.approx(released().shares[name], abs=2e-5)
    assert choose_ridge(logits, np.zeros(400), years, np.full(len(NAMES), 0.1), (0.1, 0.2)) == 0.2


def test_learning_twice_gives_the_same_weights() -> None:
    logits, years = _made(900, 4)
    y = (logits[:, 2] + np.random.default_rng(1).normal(size=900) > 1.0).astype(float)
    outcomes = {name: y if name == "cited" else np.full(900, np.nan) for name in OUTCOMES}
    one, two = learn(logits, years, outcomes), learn(logits, years, outcomes)
    assert one.weights.shares == two.weights.shares
    assert one.weights.about["fingerprint"] == two.weights.about["fingerprint"]
    assert one.weights.shares[NAMES[2]] > start().shares[NAMES[2]]
    assert math.fsum(rules("learning")["outcomes"].values()) == pytest.approx(1.0)


def test_ranks_are_within_the_year_and_signed() -> None:
    rng = np.random.default_rng(3)
    years = np.repeat([2005, 2006], 60)
    values = rng.normal(size=(120, len(NAMES))) + years[:, None] * 100.0
    values[0, 0] = np.nan
    found = signed_logits(values, years, np.ones(120, dtype=bool))
    assert found[0, 0] == 0.0
    assert abs(found[years == 2005].mean() - found[years == 2006].mean()) < 0.05
    order = np.argsort(values[years == 2006, 5])
    rises = np.diff(found[years == 2006, 5][order]) * SIGNS[5]
    assert (rises >= 0.0).all() and np.count_nonzero(rises) > 40
    assert np.abs(found).max() == rules("settings")["most_logit"]  # the outermost are held there


def test_the_top_is_set_by_rows_drawn_by_chance() -> None:
    values = np.concatenate([np.zeros(95), np.arange(1.0, 6.0), np.full(40, 3.0)])
    drawn = np.arange(140) < 100
    groups = np.zeros(140, dtype=np.int64)
    found = reached(values, groups, drawn)
    assert found[95:100].tolist() == [1.0] * 5 and found[100:].tolist() == [1.0] * 40
    assert np.isnan(reached(values[:10], groups[:10], drawn[:10])).all()


def test_outcomes_keep_unknown_apart_from_not_reached() -> None:
    rng = np.random.default_rng(5)
    n = 200
    figures = {
        name: rng.normal(size=n) for name in ("citations", "reuse", "follow", "spread_fields", "spread_applicants")
    }
    figures["follow"][:20] = np.nan
    found = outcomes_of(figures, np.zeros(n, dtype=np.int64), np.ones(n, dtype=bool))
    assert set(found) == set(OUTCOMES)
    assert np.isnan(found["follow"][:20]).all() and not np.isnan(found["follow"][20:]).any()
    assert found["follow"][20:].sum() == pytest.approx(18, abs=1)
    assert found["spread"][int(np.argmax(figures["spread_fields"] + figures["spread_applicants"]))] == 1.0
