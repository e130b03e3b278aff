"""Tables to be predicted: history that is missing and amounts in another unit are told of, ordinary tables are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

pytest.importorskip("lightgbm")

from ktop.catalogue import LANGS
from ktop.kernel.errors import InputError
from ktop.models.panel_model import PanelModel
from ktop.training.fit import predict, train_scheme
from ktop.training.guards import DataWarning

SCHEME: dict[str, Any] = {
    "name": "t", "id": "firm", "year": "year", "members": 2, "groups": {"g": {}},
    "columns": {"step": "log(sales / sales_lag1)"},
    "features": {
        "size": {"expression": "log(sales)", "group": "g"},
        "turnover": {"expression": "sales / assets", "group": "g"},
        "growth": {"expression": "step", "group": "g"},
        "usual": {"expression": "sales_mean3", "group": "g"},
        "skill": {"group": "g"},
    },
    "targets": {"fast": {"outcome": "sagr", "sales": "sales", "years": 2, "threshold": 0.1}},
    "tracks": {"ai": {"method": "boosting", "rounds": 5}},
}  # fmt: skip


@pytest.fixture(scope="module")
def panel() -> pl.DataFrame:
    rng = np.random.default_rng(3)
    firms, years = 200, 7
    firm = np.repeat(np.arange(firms), years)
    start = rng.normal(9.5, 0.5, firms)[firm]
    walk = np.cumsum(rng.normal(0.03, 0.08, (firms, years)), axis=1).ravel()
    sales = 10 ** (start + walk)
    return pl.DataFrame(
        {
            "firm": [f"F{k:03d}" for k in firm],
            "year": np.tile(np.arange(2010, 2010 + years), firms),
            "sales": sales,
            "assets": sales * 10 ** rng.normal(0, 0.15, len(sales)),
            "debt": sales * 10 ** rng.normal(-0.5, 0.2, len(sales)),
            "skill": rng.normal(size=len(sales)),
        }
    )


@pytest.fixture(scope="module")
def model(panel: pl.DataFrame) -> PanelModel:
    return PanelModel.from_artefact(train_scheme(SCHEME, panel))


def _told(model: PanelModel, frame: pl.DataFrame) -> dict[str, DataWarning]:
    found: list[DataWarning] = []
    predict(model, frame, found.append)
    assert len({warning.key for warning in found}) == len(found)
    for warning in found:
        assert all("{" not in warning.as_dict()[lang] for lang in LANGS)
    return {warning.key.removeprefix("guards."): warning for warning in found}


def test_the_training_table_and_its_firms_are_nothing_to_tell_of(model: PanelModel, panel: pl.DataFrame) -> None:
    assert _told(model, panel) == {}
    assert _told(model, panel.filter(pl.col("firm") < "F020")) == {}
    assert model.meta["inputs_seen"]["known"]["growth"] == pytest.approx(6 / 7, abs=0.001)
    assert set(model.meta["inputs_seen"]["amounts"]) == {"sales", "assets"}, "the year is no amount, nor is skill"


def test_history_that_is_missing_is_said_with_the_share_known_in_training(
    model: PanelModel, panel: pl.DataFrame
) -> None:
    (told,) = _told(model, panel.filter(pl.col("year") == 2016)).values()
    assert told.key == "guards.inputs_missing_history" and told.params["inputs"] == "growth (86 %)"
    assert "이전 연도" in told.as_dict()["ko"] and "earlier years" in told.as_dict()["en"]
    half = panel.filter((pl.col("year") == 2016) | ((pl.col("year") == 2015) & (pl.col("firm") < "F020")))
    (told,) = _told(model, half).values()
    assert told.key == "guards.inputs_fewer_history" and "growth (86 → 9 %)" in told.params["inputs"]


def test_other_inputs_that_are_missing_are_said(model: PanelModel, panel: pl.DataFrame) -> None:
    (told,) = _told(model, panel.with_columns(skill=pl.lit(None, dtype=pl.Float64))).values()
    assert told.key == "guards.inputs_missing" and told.params["inputs"] == "skill (100 %)"


@pytest.mark.parametrize(
    ("factor", "said"), [(1e-3, "1/1,000"), (1e-6, "1/1,000,000"), (1e-8, "1/100,000,000"), (1e3, "1,000")]
)
def test_a_whole_table_in_another_unit_is_told_with_its_factor(
    model: PanelModel, panel: pl.DataFrame, factor: float, said: str
) -> None:
    (told,) = _told(model, panel.with_columns(pl.col("sales", "assets") * factor)).values()
    assert told.key == "guards.predicted_in_other_unit" and told.params["factor"] == said
    assert told.params["columns"] == "assets, sales"
    few = panel.filter(pl.col("firm") < "F008").with_columns(pl.col("sales", "assets") * factor)
    assert _told(model, few)["predicted_in_other_unit"].params["factor"] == said


def test_a_column_in_another_unit_is_named(model: PanelModel, panel: pl.DataFrame) -> None:
    (told,) = _told(model, panel.with_columns(pl.col("assets") / 1000)).values()
    assert told.key == "guards.predicted_columns_in_other_unit"
    assert told.params == {"columns": "assets", "factor": "1/1,000"}


def test_rows_in_another_unit_are_counted_and_the_first_is_named(model: PanelModel, panel: pl.DataFrame) -> None:
    chosen = pl.int_range(pl.len()) % 50 == 9
    frame = panel.with_columns(sales=pl.when(chosen).then(pl.col("sales") / 1000).otherwise(pl.col("sales")))
    told = _told(model, frame)
    rows = told["predicted_rows_in_other_unit"].params
    assert rows["count"] == frame.filter(chosen).height and rows["first"] == "F001 2012"
    year = panel.with_columns(
        sales=pl.when(pl.col("year") == 2014).then(pl.col("sales") / 1000).otherwise(pl.col("sales"))
    )
    assert "unit_changes_by_year" in _told(model, year)


def test_a_model_that_kept_nothing_of_its_training_predicts_as_before(model: PanelModel, panel: pl.DataFrame) -> None:
    kept = {key: value for key, value in model.meta.items() if key != "inputs_seen"}
    former = PanelModel(**{**{name: getattr(model, name) for name in model.__dataclass_fields__}, "meta": kept})
    newest = panel.filter(pl.col("year") == 2016)
    assert _told(former, newest) == {}
    assert predict(former, newest).equals(predict(model, newest))


@pytest.fixture(scope="module")
def strong() -> tuple[PanelModel, pl.DataFrame]:
    """A model of one figure that decides much, and 2,000 firms as they were in training, a fifth of them with it."""
    x = np.random.default_rng(11).normal(size=2000)
    y = np.random.default_rng(12).random(2000) < 1 / (1 + np.exp(2.0 - 1.5 * x))
    frame = pl.DataFrame({"firm": np.arange(2000), "x": x, "y": y.astype(int)})
    scheme = {
        "name": "t", "id": "firm", "members": 3, "groups": {"g": {}}, "features": {"x": {"group": "g"}},
        "targets": {"bad": {"outcome": "column", "column": "y"}},
        "tracks": {"ai": {"method": "boosting", "rounds": 60}},
    }  # fmt: skip
    return PanelModel.from_artefact(train_scheme(scheme, frame)), frame


def test_probabilities_far_from_the_rate_of_the_training_are_told_of(strong: tuple[PanelModel, pl.DataFrame]) -> None:
    model, frame = strong
    assert "other_level" not in _told(model, frame)
    told = _told(model, frame.with_columns(pl.col("x") + 1.5))["other_level"].params
    rate = 100 * frame["y"].mean()  # type: ignore[operator]
    assert told["target"] == "bad" and float(told["rate"]) == pytest.approx(rate, abs=0.06)
    assert float(told["mean"]) > 1.5 * rate
    assert "other_level" in _told(model, frame.with_columns(pl.col("x") - 1.5))
    few = frame.filter(pl.col("x") > 0.8).head(5)
    assert "other_level" not in _told(model, few), "five firms at risk are no other level"


def test_a_known_rate_moves_the_level_and_nothing_else(strong: tuple[PanelModel, pl.DataFrame]) -> None:
    model, frame = strong
    shifted = frame.with_columns(pl.col("x") + 1.5)
    found: list[DataWarning] = []
    before, after = predict(model, shifted), predict(model, shifted, found.append, {"bad": 0.2})
    assert "guards.other_level" not in {warning.key for warning in found}, "whoever gives a rate was told"
    assert after["p_bad"].mean() == pytest.approx(0.2, abs=1e-9)
    steps = {name: _logit(after[name]) - _logit(before[name]) for name in ("p_bad", "p_bad_low", "p_bad_high")}
    for step in steps.values():
        assert np.allclose(step, steps["p_bad"][0], atol=1e-9), "every row and both ends move alike"
    whole = after["base_bad"] + after["group_g_bad"]
    assert np.allclose(whole.to_numpy(), _logit(after["p_bad"]), atol=1e-9)
    assert after["track_ai_bad"].equals(before["track_ai_bad"])


@pytest.mark.parametrize(
    ("rates", "key"),
    [({"good": 0.1}, "models.rate_target"), ({"bad": 0.0}, "models.rate_share"), ({"bad": 3.9}, "models.rate_share")],
)
def test_a_rate_of_no_target_or_of_no_share_is_refused(
    rates: dict[str, float], key: str, strong: tuple[PanelModel, pl.DataFrame]
) -> None:
    with pytest.raises(InputError) as refused:
        predict(*strong, rates=rates)
    assert refused.value.key == key


def _logit(p: pl.Series) -> np.ndarray:
    return np.asarray(np.log(p / (1 - p)))
