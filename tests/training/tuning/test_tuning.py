"""Training that tunes itself: what it chooses, what it tells, and that a cut-off one goes on."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ktop.kernel.errors import InputError
from ktop.training.fit import predict, train_scheme
from ktop.training.tuning import tune
from ktop.training.tuning.folds import MOST_ROWS, inner_folds
from ktop.training.tuning.journal import Journal, Tried
from ktop.training.tuning.minimal import full_scheme
from ktop.validation.comparison import clustered_error, delong


def panel(firms: int = 300, seed: int = 1, rate: float = -1.0) -> pl.DataFrame:
    """Two inputs that decide, one of them only for who is large, one that is noise, one mostly missing."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(firms, 4))
    z = rate + 1.6 * x[:, 0] - 1.2 * x[:, 1]
    y = (random.random(firms) < 1 / (1 + np.exp(-z))).astype(float)
    gaps = np.where(random.random(firms) < 0.7, np.nan, x[:, 3])
    columns = {"up": x[:, 0], "down": x[:, 1], "noise": x[:, 2], "gaps": gaps, "failed": y}
    return pl.DataFrame({"firm": np.arange(firms), **columns}).with_columns(pl.col("gaps").fill_nan(None))


def tuned(scheme: dict[str, Any], frame: pl.DataFrame, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tune by a clock of which every look takes a second: the same tries on any machine."""
    ticks = itertools.count()
    return tune.tune_scheme(scheme, frame, minutes=0.4, clock=lambda: float(next(ticks)), **more)


MINIMAL = {"id": "firm", "targets": {"failure": "failed"}, "members": 5}


@pytest.fixture(scope="module")
def plain() -> tuple[dict[str, Any], dict[str, Any]]:
    return tuned(MINIMAL, panel())


@pytest.fixture(scope="module")
def signed() -> tuple[dict[str, Any], dict[str, Any]]:
    return tuned({**MINIMAL, "signs": {"up": -1, "down": -1}}, panel())


def test_a_minimal_scheme_becomes_a_full_one_that_trains(plain: tuple[dict[str, Any], dict[str, Any]]) -> None:
    frame, (scheme, report) = panel(), plain
    assert list(scheme["features"]) == ["up", "down", "noise", "gaps"]
    found = report["targets"]["failure"]
    assert found["auc"]["chosen"] > 0.8
    assert found["auc"]["cost"] == pytest.approx(found["auc"]["unrestricted"] - found["auc"]["chosen"], abs=2e-5)
    assert found["auc"]["cost_error"] > 0
    assert {"start", "feature_fraction", "learning_rate", "rival", "scorecard"} <= {
        line["step"] for line in found["tried"]
    }
    assert scheme["members"] == 5
    p = predict(train_scheme(scheme, frame), frame)["p_failure"].to_numpy()
    assert np.corrcoef(p, frame["up"].to_numpy())[0, 1] > 0.5


def test_only_the_sign_that_the_data_reject_is_released_and_named(
    signed: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    scheme, report = signed
    signs = report["targets"]["failure"]["signs"]
    assert list(signs["rejected"]) == ["up"] and signs["rejected"]["up"] > 0.5
    assert scheme["features"]["up"]["monotone"] == {"failure": 0}
    assert scheme["features"]["down"]["monotone"] == -1
    auc = report["targets"]["failure"]["auc"]
    assert auc["free_of_signs"] - auc["all_signs"] > 0.05
    assert auc["free_of_signs"] - auc["chosen"] < 0.01


def test_signs_that_cost_nothing_are_held() -> None:
    scheme, report = tuned({**MINIMAL, "signs": {"up": 1, "down": -1}}, panel())
    assert report["targets"]["failure"]["signs"] == {"given": 2, "rejected": {}, "held": True}
    assert (scheme["features"]["up"]["monotone"], scheme["features"]["down"]["monotone"]) == (1, -1)


def test_thirty_events_are_tuned_with_small_trees() -> None:
    frame = panel(900, 3, rate=-5.0)
    assert 20 <= frame["failed"].sum() <= 40
    scheme, report = tuned(MINIMAL, frame)
    assert report["targets"]["failure"]["folds"] == 5
    assert scheme["tracks"]["ai"]["depth"] <= 3
    assert report["targets"]["failure"]["auc"]["chosen"] > 0.75


def test_groups_stay_apart_unless_their_interplay_pays() -> None:
    random = np.random.default_rng(5)
    x = random.normal(size=(700, 2))
    y = (random.random(700) < 1 / (1 + np.exp(-2.5 * x[:, 0] * x[:, 1]))).astype(float)
    frame = pl.DataFrame({"firm": np.arange(700), "a": x[:, 0], "b": x[:, 1], "failed": y})
    groups = {"groups": {"first": {}, "second": {}}, "features": {"a": {"group": "first"}, "b": {"group": "second"}}}
    scheme, report = tuned({**MINIMAL, "name": "joint", **groups}, frame)
    auc = report["targets"]["failure"]["auc"]
    assert auc["interplay"] - auc["groups"] > 0.1
    assert scheme["groups"]["interplay"]["of"] == "all" and scheme["tracks"]["ai"]["interplay_rounds"] > 0
    assert auc["one_group"] > auc["groups"] + 0.1
    lone, _ = tuned({**MINIMAL, "name": "apart", **groups}, frame.with_columns(failed=(pl.col("a") > 0).cast(pl.Float64)
                    * (pl.col("firm") % 7 > 0)))  # fmt: skip
    assert "interplay" not in lone["groups"]


def test_a_training_that_was_cut_off_goes_on_where_it_stood(
    tmp_path: Path, plain: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    frame, kept = panel(), tmp_path / "tuning"

    class KilledError(Exception):
        """What ends the first training."""

    tries = iter(range(100))

    def kill_later(done: int, total: int | None, what: str) -> None:
        if next(tries) == 6:
            raise KilledError

    with pytest.raises(KilledError):
        tuned(MINIMAL, frame, folder=kept, progress=kill_later)
    scheme, report = tuned(MINIMAL, frame, folder=kept)
    assert report["taken_up"] >= 6
    assert scheme == plain[0] and plain[1]["taken_up"] == 0
    assert Journal(kept, "other data").resumed == 0 and len(list(kept.iterdir())) == 1


def test_the_journal_keeps_what_it_is_given(tmp_path: Path) -> None:
    given = Tried((10, 20), np.array([[0.5, -1.25], [1.0, np.pi]]), 2.5)
    Journal(tmp_path, "data").tried("one", lambda: given)
    found = Journal(tmp_path, "data").tried("one", lambda: pytest.fail("computed again"))
    assert (found.rounds, found.seconds) == ((10, 20), 2.5)
    assert np.allclose(found.logits, given.logits, atol=1e-6)


def test_no_firm_trains_and_judges_and_no_later_year_trains() -> None:
    random = np.random.default_rng(2)
    firm, year = np.repeat(np.arange(300), 10), np.tile(np.arange(2000, 2010), 300)
    y = (random.random(3000) < 0.2).astype(float)
    found = inner_folds(y, firm, year, 3, 1)
    assert found.first_judged is not None and found.gap == 2
    judged = np.concatenate([fold.judged for fold in found.folds])
    assert len(np.unique(judged)) == len(judged)
    for fold in found.folds:
        assert not set(firm[fold.taught]) & set(firm[fold.judged])
        assert year[fold.taught].max() < year[fold.judged].min() - found.gap
        assert y[fold.taught].sum() >= 60
    short = inner_folds(y[:40], firm[:40], year[:40], 3, 1)
    assert short.first_judged is None


def test_a_large_table_is_thinned_by_firms_without_events() -> None:
    firm = np.arange(MOST_ROWS * 3)
    y = (firm % 100 == 0).astype(float)
    for fold in inner_folds(y, firm, None, 0, 1).folds:
        assert len(fold.taught) < 0.75 * MOST_ROWS
        assert y[fold.taught].sum() == pytest.approx(y.sum() * 2 / 3, abs=1)


def test_a_minimal_scheme_takes_the_columns_of_numbers() -> None:
    frame = panel().with_columns(year=pl.lit(2020), name=pl.lit("x"), later=pl.lit(1.0))
    targets = {"growth": {"outcome": "column", "column": "later"}, "failure": "failed"}
    full = full_scheme({"id": "firm", "year": "year", "targets": targets}, frame)
    assert list(full["features"]) == ["up", "down", "noise", "gaps"]
    listed = full_scheme({"id": "firm", "columns": ["noise", "up"], "targets": ["failed"]}, frame)
    assert list(listed["features"]) == ["noise", "up"]
    assert listed["targets"] == {"failed": {"outcome": "column", "column": "failed", "years": 0}}


@pytest.mark.parametrize(
    ("scheme", "key"),
    [
        ({"signs": {"nothing": 1}}, "models.scheme_unknown"),
        ({"signs": 1}, "models.scheme_not_mapping"),
        ({"columns": ["ROA (C)"]}, "models.scheme_column_name"),
        ({"columns": "all"}, "models.scheme_value"),
        ({"columns": {"a": "up + 1"}}, "models.scheme_missing"),
        ({"columns": []}, "models.scheme_empty"),
    ],
)
def test_a_minimal_scheme_that_is_wrong_is_refused(scheme: dict[str, Any], key: str) -> None:
    with pytest.raises(InputError) as refusal:
        full_scheme({**MINIMAL, **scheme}, panel())
    assert refusal.value.key == key


def test_the_clustered_error_is_delongs_where_no_firm_repeats_and_larger_where_rows_are_copies() -> None:
    random = np.random.default_rng(4)
    y = (random.random(600) < 0.3).astype(float)
    a, b = y + random.normal(size=600), y + random.normal(size=600)
    own = clustered_error(y, a, b, np.arange(600))
    assert own == pytest.approx(delong(y, a, b).error, rel=0.01)
    twice = clustered_error(np.tile(y, 2), np.tile(a, 2), np.tile(b, 2), np.tile(np.arange(600), 2))
    assert twice == pytest.approx(own, rel=0.01)
