"""Training any scheme: the same bytes twice, nothing from the future, and predictions that add up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

from ktop.kernel.errors import InputError
from ktop.models import artefact as files
from ktop.models.calibration import expit, logit
from ktop.models.panel_model import PanelModel
from ktop.training.calibration import fit_platt
from ktop.training.fit import known_outcomes, predict, train_scheme
from ktop.validation.discrimination import auc

pytest.importorskip("lightgbm")

ROOT = Path(__file__).resolve().parents[2]
SCHEME: dict[str, Any] = {
    "name": "toy",
    "id": "firm",
    "year": "year",
    "groups": {"money": {}, "people": {}},
    "features": {
        "margin": {"group": "money", "monotone": {"fast": 1, "gone": -1}},
        "debt": {"group": "money", "monotone": {"fast": 0, "gone": 1}},
        "skill": {"group": "people", "monotone": {"fast": 1, "gone": -1}},
        "trend": {"expression": "sales / sales_lag1 - 1", "group": "people"},
    },
    "targets": {
        "fast": {"outcome": "sagr", "sales": "sales", "years": 2, "threshold": 0.1},
        "gone": {"outcome": "failure", "event_year": "event_year", "years": 2},
    },
    "tracks": {
        "ai": {"method": "boosting", "rounds": 30, "min_leaf_rows": 30, "depth": 2, "table_inputs": 3},
        "statistics": {"method": "scorecard"},
    },
    "ladders": {"risk": {"target": "gone", "better": "low", "symbols": ["A", "B", "C"]}},
    "members": 4,
}


def toy_panel(firms: int = 900, seed: int = 4) -> pl.DataFrame:
    """Return a made-up panel of eight years in which margin and skill help and debt hurts."""
    random = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for firm in range(firms):
        margin, debt, skill = random.normal(size=3)
        sales, event = float(random.lognormal(3, 1)), None
        history = []
        for year in range(2000, 2008):
            history.append(
                {"firm": f"F{firm}", "year": year, "margin": margin, "debt": debt, "skill": skill, "sales": sales}
            )
            sales *= float(np.exp(0.08 * margin + 0.08 * skill + 0.15 * random.normal() + 0.05))
            if random.random() < expit(np.array([-4.2 + debt - 0.7 * margin]))[0]:
                event = year + 1
                break
        rows += [{**row, "event_year": event} for row in history]
    frame = pl.DataFrame(rows, schema_overrides={"event_year": pl.Int64}, infer_schema_length=None)
    hide = random.random(frame.height) < 0.05
    return frame.with_columns(skill=pl.when(pl.Series(hide)).then(None).otherwise(pl.col("skill")))


@pytest.fixture(scope="module")
def panel() -> pl.DataFrame:
    return toy_panel()


@pytest.fixture(scope="module")
def trained(panel: pl.DataFrame) -> files.Artefact:
    return train_scheme(SCHEME, panel, until=2005)


def test_training_twice_gives_the_same_bytes(panel: pl.DataFrame, trained: files.Artefact, tmp_path: Path) -> None:
    files.save(trained, tmp_path / "a.npz")
    files.save(train_scheme(SCHEME, panel, until=2005), tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_nothing_after_the_last_known_year_reaches_the_training(
    panel: pl.DataFrame, trained: files.Artefact, tmp_path: Path
) -> None:
    late = pl.col("year") > 2005
    scrambled = panel.with_columns(
        sales=pl.when(late).then(pl.col("sales") * 77 + 3).otherwise(pl.col("sales")),
        debt=pl.when(late).then(-9.0).otherwise(pl.col("debt")),
        event_year=pl.when(pl.col("event_year") > 2005).then(None).otherwise(pl.col("event_year")),
    ).filter(~(late & (pl.col("firm") < "F4")))
    files.save(trained, tmp_path / "a.npz")
    files.save(train_scheme(SCHEME, scrambled, until=2005), tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    years = trained.meta["training"]["fast"]["years"]
    assert years == [2000, 2003], "a two-year outcome of 2004 is not known by the end of 2005"


def test_predictions_have_the_columns_of_the_contract_and_add_up(
    panel: pl.DataFrame, trained: files.Artefact, tmp_path: Path
) -> None:
    files.save(trained, tmp_path / files.FILE_NAME)
    found = predict(files.load(tmp_path), panel)
    assert found.columns[:2] == ["firm", "year"] and found.height == panel.height
    for target in ("fast", "gone"):
        groups = sum(found[f"group_{g}_{target}"] for g in ("money", "people"))
        z = logit(found[f"p_{target}"].to_numpy())
        assert np.abs((groups + found[f"base_{target}"]).to_numpy() - z).max() < 1e-9
        tracks = [found[f"track_{t}_{target}"].to_numpy() for t in ("ai", "statistics")]
        assert all(((track > 0) & (track < 1)).all() for track in tracks)
        assert np.corrcoef(*[logit(t) for t in tracks])[0, 1] > 0.6
        assert (found[f"p_{target}_low"] <= found[f"p_{target}"]).all()
    shares = found.filter(pl.col("year") <= 2003)["grade_risk"].value_counts(normalize=True)
    assert set(shares["grade_risk"]) == {"A", "B", "C"} and shares["proportion"].min() > 0.2
    mean = found.group_by("grade_risk").agg(pl.col("p_gone").mean()).sort("grade_risk")["p_gone"]
    assert mean.is_sorted()


def test_predictions_find_what_was_put_into_the_panel(trained: files.Artefact) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    fresh = toy_panel(1200, seed=99)
    found, known = predict(trained, fresh), known_outcomes(trained, fresh)
    for target, least in (("fast", 0.72), ("gone", 0.72)):
        y = known[f"y_{target}"]
        rows = y.is_not_null()
        p = found[f"p_{target}"].filter(rows)
        assert metrics.roc_auc_score(y.filter(rows), p) > least
        assert abs(p.mean() - y.filter(rows).mean()) < 0.03  # type: ignore[operator]


def test_a_panel_row_predicts_alike_alone_and_among_others(panel: pl.DataFrame, trained: files.Artefact) -> None:
    firm = panel.filter(pl.col("firm") == "F17")
    assert predict(trained, firm).equals(predict(trained, panel).filter(pl.col("firm") == "F17"))


def test_unlike_years_calibrate_by_the_newest(panel: pl.DataFrame) -> None:
    """The level of the newest calibration years is the level predicted, not that of all years."""
    early = panel.with_columns(gone=pl.when(pl.col("year") < 2003).then(pl.col("firm").hash(1) % 2).otherwise(
        (pl.col("firm").hash(2) % 20 == 0).cast(pl.Int64)))  # fmt: skip
    scheme = {
        **SCHEME,
        "targets": {"gone": {"outcome": "column", "column": "gone", "years": 0}},
        "ladders": {},
        "calibration_years": 2,
    }
    scheme["features"] = {"margin": {"group": "money"}, "debt": {"group": "money"}}
    p = predict(train_scheme(scheme, early), early)["p_gone"]
    assert 0.03 < p.mean() < 0.08  # type: ignore[operator]


@pytest.mark.parametrize(
    ("changes", "until", "key"),
    [
        ({}, 1999, "models.no_rows"),
        ({}, 2001, "models.too_few_events"),
        ({"tracks": {"ai": {"method": "boosting", "speed": 3}}}, 2005, "models.scheme_unknown"),
        ({"year": None, "features": {"margin": {"group": "money"}}}, 2005, "models.until_without_year"),
        ({"comparison": {"cells": ["planet"]}}, 2005, "models.no_column"),
    ],
)
def test_training_that_cannot_be_done_is_refused(
    panel: pl.DataFrame, changes: dict[str, Any], until: int, key: str
) -> None:
    with pytest.raises(InputError) as caught:
        train_scheme({**SCHEME, **changes}, panel, until=until)
    assert caught.value.key == key


def test_peer_cells_carry_their_own_rate(panel: pl.DataFrame) -> None:
    sector = np.where(panel["firm"].hash(3).to_numpy() % 2 == 0, "north", "south")
    random = np.random.default_rng(0)
    y = (random.random(panel.height) < np.where(sector == "north", 0.3, 0.1)).astype(float)
    frame = panel.with_columns(sector=pl.Series(sector), y=pl.Series(y))
    scheme = {**SCHEME, "year": None, "id": "row", "ladders": {}, "features": {"margin": {"group": "money"}},
              "targets": {"t": {"outcome": "column", "column": "y"}},
              "comparison": {"cells": ["sector"], "levels": True, "base_rates": True}}  # fmt: skip
    frame = frame.with_row_index("row")
    trained = train_scheme(scheme, frame)
    found = predict(trained, frame)
    for name, rate in (("north", 0.3), ("south", 0.1)):
        assert abs(found.filter(pl.Series(sector == name))["p_t"].mean() - rate) < 0.03  # type: ignore[operator]
    assert PanelModel.from_artefact(trained).uses_levels


def test_joint_effects_of_two_groups_have_a_part_of_their_own() -> None:
    """The outcome hangs on a product of two groups' inputs too: no group can say it, the interplay can, exactly."""
    random = np.random.default_rng(12)
    a, b = random.normal(size=(2, 6000))
    y = (random.random(6000) < 1 / (1 + np.exp(-1.5 * a * b - 0.7 * (a + b)))).astype(float)
    frame = pl.DataFrame({"firm": np.arange(6000), "a": a, "b": b, "y": y})
    scheme: dict[str, Any] = {
        "name": "t", "id": "firm", "groups": {"g": {}, "h": {}},
        "features": {"a": {"group": "g"}, "b": {"group": "h"}},
        "targets": {"y": {"outcome": "column", "column": "y"}}, "members": 2,
        "tracks": {"ai": {"method": "boosting", "feature_fraction": 1.0}},
    }  # fmt: skip
    plain = predict(train_scheme(scheme, frame[:4000]), frame[4000:])
    scheme["groups"]["both"] = {"ko": "결합", "en": "Both", "of": "all"}
    model = train_scheme(scheme, frame[:4000])
    joint = predict(model, frame[4000:])
    assert [name for name, _ in model.meta["expressions"]] == ["a", "b", "a_in_both", "b_in_both"]
    assert auc(y[4000:], joint["p_y"].to_numpy()) > auc(y[4000:], plain["p_y"].to_numpy()) + 0.03
    parts = sum(joint[name].to_numpy() for name in ("base_y", "group_g_y", "group_h_y", "group_both_y"))
    assert np.abs(parts - logit(joint["p_y"].to_numpy())).max() < 1e-9
    for wrong in ("some", 3):
        scheme["groups"]["both"] = {"of": wrong}
        with pytest.raises(InputError) as caught:
            train_scheme(scheme, frame)
        assert caught.value.params["place"] == "groups.both.of"
    scheme["groups"]["both"], scheme["features"]["b"]["group"] = {"of": "all"}, "both"
    with pytest.raises(InputError) as caught:
        train_scheme(scheme, frame)
    assert caught.value.params["place"] == "features.b.group"


def test_a_group_beside_the_others_enters_by_value_and_shares_out_what_both_explain() -> None:
    """``b`` is decided by its rare tail, which levels and coarse bins would blur, and ``a`` goes with it: together they
    are told as they are, not ``a`` first with all that it shares with ``b``."""
    random = np.random.default_rng(14)
    b = random.normal(size=9000)
    a = 0.6 * b + 0.8 * random.normal(size=9000)
    tail = b < -2.0
    y = (random.random(9000) < 1 / (1 + np.exp(-(0.6 * a - 1.0 + 2.5 * tail)))).astype(float)
    frame = pl.DataFrame({"firm": np.arange(9000), "sector": np.array(["n", "s"] * 4500), "a": a, "b": b, "y": y})
    scheme: dict[str, Any] = {
        "name": "t", "id": "firm", "groups": {"g": {}, "h": {"beside": "all"}},
        "features": {"a": {"group": "g", "monotone": 1}, "b": {"group": "h"}},
        "targets": {"y": {"outcome": "column", "column": "y"}}, "members": 2,
        "comparison": {"cells": ["sector"], "minimum": 200, "levels": True},
        "tracks": {"ai": {"method": "boosting", "feature_fraction": 1.0, "max_bin": 8}},
    }  # fmt: skip
    trained = train_scheme(scheme, frame[:6000])
    found, rest = predict(trained, frame[6000:]), y[6000:]
    assert trained.meta["by_value"] == ["b"]
    assert PanelModel.from_artefact(trained).by_value == ("b",)
    for rows in (tail[6000:], ~tail[6000:]):
        error = np.sqrt(rest[rows].mean() * (1 - rest[rows].mean()) / rows.sum())
        assert abs(found["p_y"].to_numpy()[rows].mean() - rest[rows].mean()) < 3.3 * error
    parts = sum(found[name].to_numpy() for name in ("base_y", "group_g_y", "group_h_y"))
    assert np.abs(parts - logit(found["p_y"].to_numpy())).max() < 1e-9
    slope = np.polyfit(a[6000:], found["group_g_y"].to_numpy(), 1)[0]
    assert 0.4 < slope < 0.8, "the effect of a, b held"
    again = train_scheme(scheme, frame[:6000])
    assert all(np.array_equal(again.arrays[name], array) for name, array in trained.arrays.items())
    scheme["groups"]["h"] = {"beside": "some"}
    with pytest.raises(InputError) as caught:
        train_scheme(scheme, frame)
    assert caught.value.params["place"] == "groups.h.beside"
    scheme["groups"]["h"], scheme["features"]["a"]["group"] = {"beside": "all"}, "h"
    with pytest.raises(InputError) as caught:
        train_scheme(scheme, frame)
    assert caught.value.params["place"] == "groups"


def test_a_feature_with_cuts_is_read_by_no_tree_and_fitted_last_and_bins_are_its_own() -> None:
    random = np.random.default_rng(6)
    x = random.uniform(0, 10, 1200)
    age = random.uniform(0, 20, 1200)
    y = (random.random(1200) < expit(x / 2 - 2.5 + np.where(age < 2, 1.5, 0.0))).astype(float)
    frame = pl.DataFrame({"firm": np.arange(1200), "x": x, "age": age, "y": y})
    given: dict[str, Any] = {
        "name": "curve", "id": "firm", "groups": {"own": {}, "age": {}}, "members": 3, "bag_share": 0.7,
        "features": {"x": {"group": "own", "monotone": 1, "bins": 4}, "age": {"group": "age", "cuts": [2, 5]}},
        "targets": {"came": {"outcome": "column", "column": "y"}},
        "tracks": {"ai": {"method": "boosting", "rounds": 30, "min_leaf_rows": 20, "max_bin": 40, "depth": 2}},
    }  # fmt: skip
    model = PanelModel.from_artefact(train_scheme(given, frame))
    terms = model.targets["came"].tracks["ai"][0]
    assert terms.edges[1].tolist() == [2.0, 5.0] and len(terms.edges[0]) <= 3
    found = predict(train_scheme(given, frame), frame)
    parts = found["group_age_came"].to_numpy()
    assert len(np.unique(parts.round(9))) == 3
    assert parts[age < 2].mean() - parts[age > 5].mean() > 0.8
    for wrong in ({"cuts": [5, 2]}, {"cuts": [2], "monotone": 1}, {"bins": 1}):
        features = {**given["features"], "age": {"group": "age", **wrong}}
        with pytest.raises(InputError):
            train_scheme({**given, "features": features}, frame)


@pytest.mark.real_data
def test_the_listed_company_scheme_beats_the_published_glass_box(shared_data: Path) -> None:
    """Train on FY1999-2008, calibrate on 2009-10 (what is known by 2013), test on 2011-14: more discrimination than was
    measured for the same kind of model beforehand, with slopes near one and parts that add up. Smaller than in use."""
    metrics = pytest.importorskip("sklearn.metrics")
    frame = pl.read_parquet(shared_data / "firms" / "us_listed_panel.parquet")
    scheme = yaml.safe_load((ROOT / "examples/schemes/us_listed.yaml").read_text(encoding="utf-8"))
    scheme |= {"members": 2, "honest_intervals": False}
    scheme["tracks"]["ai"] |= {"rounds": 80, "interplay_rounds": 50}
    model = PanelModel.from_artefact(train_scheme(scheme, frame, until=2013))
    assert {tuple(card["validation_years"]) for card in model.meta["training"].values()} == {(2009, 2010)}
    some = frame.filter(pl.col("fiscal_year") >= 2005)  # six years back is as far as a feature looks
    rows = some["fiscal_year"].is_between(2011, 2014)
    found, known = predict(model, some).filter(rows), known_outcomes(model, some).filter(rows)
    # Compound growth is harder to foresee than the mean of yearly rates, which volatile firms reach by one leap: the
    # same model trained and judged by sagr-arithmetic-1 has .81 here.
    for target, least in (("failure", 0.87), ("high_growth", 0.79), ("sustainable_growth", 0.88)):
        y = known[f"y_{target}"]
        seen = y.is_not_null()
        p = found[f"p_{target}"].filter(seen)
        assert metrics.roc_auc_score(y.filter(seen), p) >= least
        assert 0.75 < p.mean() / y.filter(seen).mean() < 1.3  # type: ignore[operator]
        z = logit(p.to_numpy())
        assert 0.85 < fit_platt(z, y.filter(seen).to_numpy().astype(float)).slope < 1.2
        parts = sum(found[f"group_{g}_{target}"] for g in model.meta["scheme"]["groups"]) + found[f"base_{target}"]
        assert np.abs(parts.filter(seen).to_numpy() - z).max() < 1e-12
