"""Training data that would make a model wrong: refused or warned of by name, and sound data left alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

from ktop.catalogue import LANGS, message
from ktop.kernel.errors import InputError
from ktop.training.fit import predict, train_scheme
from ktop.training.guards import DataWarning, check_inputs, check_table, crossfit_auc
from ktop.training.panel import Panel, features, outcome
from ktop.training.scheme import read_scheme

ROOT = Path(__file__).resolve().parents[3]
AMOUNTS = ("sales", "assets", "debt", "cost")
SCHEME: dict[str, Any] = {
    "name": "guarded",
    "id": "firm",
    "year": "year",
    "groups": {"g": {}},
    "features": {
        "debt_share": {"expression": "debt / assets", "group": "g"},
        "growth": {"expression": "sales / sales_lag1", "group": "g"},
        "cost_share": {"expression": "cost / sales", "group": "g"},
        "skill": {"group": "g"},
        "extra": {"group": "g"},
    },
    "targets": {
        "fast": {"outcome": "sagr", "sales": "sales", "years": 2, "threshold": 0.1},
        "gone": {"outcome": "failure", "event_year": "event_year", "years": 2},
    },
}


def sound(firms: int = 400, years: int = 7, seed: int = 3) -> pl.DataFrame:
    """Return a panel with amounts of three magnitudes, growth that depends on skill, and failures."""
    random = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for firm in range(firms):
        skill, sales = random.normal(), float(random.lognormal(7, 1.3))
        history: list[dict[str, Any]] = []
        event = None
        for year in range(2000, 2000 + years):
            assets = sales * float(random.lognormal(-0.2, 0.5))
            history.append({
                "firm": f"F{firm}", "year": year, "skill": skill + 0.3 * random.normal(), "sales": sales,
                "assets": assets, "debt": assets * float(random.beta(3, 3)), "cost": sales * float(random.beta(8, 3)),
                "extra": random.normal(),
            })  # fmt: skip
            sales *= float(np.exp(0.1 * skill + 0.25 * random.normal()))
            if random.random() < 0.04:
                event = year + 1
                break
        rows += [{**row, "event_year": event} for row in history]
    return pl.DataFrame(rows, schema_overrides={"event_year": pl.Int64}, infer_schema_length=None)


@pytest.fixture(scope="module")
def panel() -> pl.DataFrame:
    return sound()


def _check(frame: pl.DataFrame, **changes: Any) -> list[str]:
    """Run all guards; returns the codes of the warnings."""
    return [warning["code"] for warning in _warnings(frame, **changes)]


def _warnings(frame: pl.DataFrame, **changes: Any) -> list[dict[str, str]]:
    plan = read_scheme({**SCHEME, **changes})
    check_table(plan, frame)
    data = Panel(frame, plan.id, plan.year, plan.columns)
    outcomes = {target.name: outcome(target, data, None) for target in plan.targets}
    return [warning.as_dict() for warning in check_inputs(plan, data, features(plan, data), outcomes)]


def _at(frame: pl.DataFrame, column: str, rows: Any, value: Any) -> pl.DataFrame:
    """Return the frame with ``column`` changed to the expression or value in some rows."""
    new = value if isinstance(value, pl.Expr) else pl.lit(value)
    return frame.with_columns(pl.when(pl.Series(rows)).then(new).otherwise(pl.col(column)).alias(column))


def _some(frame: pl.DataFrame, share: float) -> np.ndarray[Any, Any]:
    return np.random.default_rng(8).random(frame.height) < share


def test_sound_data_pass_without_a_word(panel: pl.DataFrame) -> None:
    assert _check(panel) == []


def _future(frame: pl.DataFrame) -> pl.DataFrame:
    ahead = frame.select("firm", pl.col("year") - 1, extra="sales")
    return frame.drop("extra").join(ahead, on=["firm", "year"], how="left")


def _answer(frame: pl.DataFrame, target: int) -> np.ndarray[Any, Any]:
    plan = read_scheme(SCHEME)
    return outcome(plan.targets[target], Panel(frame, "firm", "year"), None)


REFUSED: dict[str, tuple[Callable[[pl.DataFrame], pl.DataFrame], str, str]] = {
    "five rows": (lambda f: f.head(5), "too_few_rows", "5"),
    "five firms": (lambda f: f.filter(pl.col("firm").is_in([f"F{k}" for k in range(20)])), "too_few_firms", "20"),
    "a firm-year twice": (lambda f: pl.concat([f, f.filter(pl.col("firm") == "F17").head(1)]), "duplicate_rows", "F17"),
    "the whole table twice": (lambda f: pl.concat([f, f]), "duplicate_rows", "F0 2000"),
    "all firms again under new names": (
        lambda f: pl.concat([f, f.with_columns(firm="copy " + pl.col("firm"))]),
        "many_copies",
        "copy F",
    ),
    "a year of another calendar": (
        lambda f: f.with_columns(year=pl.when(pl.col("firm") == "F3").then(4333).otherwise("year")),
        "not_a_year",
        "4333",
    ),
    "an infinite value": (lambda f: _at(f, "debt", np.arange(f.height) == 40, float("inf")), "infinite_values", "debt"),
    "one year in thousands": (
        lambda f: f.with_columns(sales=pl.when(pl.col("year") >= 2003).then(pl.col("sales") * 1000).otherwise("sales")),
        "unit_changes_by_year",
        "2003",
    ),
    "one year in millionths": (
        lambda f: f.with_columns(debt=pl.when(pl.col("year") == 2002).then(pl.col("debt") / 1e6).otherwise("debt")),
        "unit_changes_by_year",
        "1/1,000,000",
    ),
    "one row in fifty in thousands": (
        lambda f: _at(f, "assets", _some(f, 0.02), pl.col("assets") * 1000),
        "unit_jumps",
        "assets",
    ),
    "a third of the firms in thousands": (
        lambda f: _at(f, "sales", f["firm"].hash(5).to_numpy() % 3 == 0, pl.col("sales") / 1000),
        "unit_differs",
        "1/1,000",
    ),
    "the outcome itself": (lambda f: f.with_columns(extra=pl.Series(_answer(f, 1))), "determines_outcome", "extra"),
    "known only where the event came": (
        lambda f: f.with_columns(extra=pl.Series(np.where(_answer(f, 1) == 1, 7.0, np.nan))),
        "determines_outcome",
        "extra",
    ),
    "a finer figure that the outcome was cut from": (
        lambda f: f.with_columns(
            extra=pl.Series(np.nan_to_num(_answer(f, 0)) + 0.2 * np.random.default_rng(0).random(f.height))
        ),
        "determines_outcome",
        "fast",
    ),
    "next year's sales": (_future, "later_year", "sales"),
    "a mark of who ever failed": (
        lambda f: f.with_columns(extra=pl.col("event_year").is_not_null().cast(pl.Float64)),
        "firm_mark",
        "extra",
    ),
}


def test_amounts_of_firms_of_one_size_are_amounts_all_the_same() -> None:
    """Firms much alike in size span no wide range; their amounts are known by being large."""
    random = np.random.default_rng(17)
    frame = sound().with_columns(sales=pl.Series(np.exp(random.normal(9, 0.3, sound().height))))
    _check(frame)
    mixed = _at(frame, "sales", np.arange(frame.height) % 40 == 3, pl.col("sales") / 1000)
    with pytest.raises(InputError) as caught:
        _check(mixed)
    assert caught.value.key == "guards.unit_jumps" and caught.value.params["column"] == "sales"


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_spoil_a_model_is_refused_by_name(panel: pl.DataFrame, case: str) -> None:
    spoil, key, named = REFUSED[case]
    with pytest.raises(InputError) as caught:
        _check(spoil(panel))
    assert caught.value.key == f"guards.{key}"
    for lang in LANGS:
        said = message(caught.value, lang)
        assert named in said and "{" not in said


def test_training_itself_refuses_and_warns(panel: pl.DataFrame) -> None:
    pytest.importorskip("lightgbm")
    with pytest.raises(InputError) as caught:
        train_scheme(SCHEME, panel.with_columns(extra=pl.Series(_answer(panel, 1))))
    assert caught.value.key == "guards.determines_outcome"
    scheme = {**SCHEME, "members": 2, "tracks": {"ai": {"method": "boosting", "rounds": 5}}}
    said = train_scheme(scheme, panel.with_columns(extra=1.0)).meta["data_warnings"]
    assert [warning["code"] for warning in said] == ["constant_input"]
    assert "extra" in said[0]["ko"] and "extra" in said[0]["en"]
    assert "data_warnings" not in train_scheme(scheme, panel).meta


def test_a_company_twice_in_a_table_without_years_is_refused(panel: pl.DataFrame) -> None:
    single = panel.group_by("firm", maintain_order=True).first().with_columns(y=pl.col("skill") > 0)
    changes = {"year": None, "features": {"skill": {"group": "g"}, "extra": {"group": "g"}},
               "targets": {"y": {"outcome": "column", "column": "y"}}}  # fmt: skip
    with pytest.raises(InputError) as caught:
        _check(pl.concat([single, single.filter(pl.col("firm") == "F5")]), **changes)
    assert caught.value.key == "guards.duplicate_firms" and caught.value.params["first"] == "F5"


@pytest.mark.parametrize(
    ("expression", "refused"),
    [("event_year - year", True), ("event_year_lag2", True), ("sales", False)],
)
def test_a_formula_over_the_outcome_is_refused_before_anything_is_measured(
    panel: pl.DataFrame, expression: str, refused: bool
) -> None:
    changed = {**SCHEME["features"], "extra": {"expression": expression, "group": "g"}}
    if refused:
        with pytest.raises(InputError) as caught:
            _check(panel, features=changed)
        assert caught.value.key == "guards.outcome_as_input"
    else:
        assert _check(panel, features=changed) == []


def test_years_after_in_the_same_row_may_not_be_inputs(panel: pl.DataFrame) -> None:
    wide = panel.group_by("firm", maintain_order=True).first()
    random = np.random.default_rng(1)
    wide = wide.with_columns(s1=pl.col("sales") * pl.Series(random.lognormal(0.1, 0.3, wide.height)))
    wide = wide.with_columns(s2=pl.col("s1") * pl.Series(random.lognormal(0.1, 0.3, wide.height)))
    target = {"fast": {"outcome": "sagr", "sales": ["sales", "s1", "s2"], "years": 2, "threshold": 0.1}}
    for name, refused in (("sales", False), ("s1", True)):
        changes = {"year": None, "targets": target, "features": {name: {"group": "g"}, "skill": {"group": "g"}}}
        if refused:
            with pytest.raises(InputError) as caught:
                _check(wide, **changes)
            assert caught.value.key == "guards.outcome_as_input" and caught.value.params["column"] == "s1"
        else:
            assert _check(wide, **changes) == []


def test_what_may_be_meant_is_warned_of_by_name(panel: pl.DataFrame) -> None:
    copied = panel.filter(pl.col("firm") == "F9").with_columns(firm=pl.lit("F9b"))
    cases = {
        "constant_input": panel.with_columns(extra=2.5),
        "empty_input": panel.with_columns(extra=pl.lit(None, dtype=pl.Float64)),
        "copied_rows": pl.concat([panel, copied]),
        "nearly_determines": panel.with_columns(
            extra=pl.Series(
                np.nan_to_num(_answer(panel, 0)) + 0.36 * np.random.default_rng(2).normal(size=panel.height)
            )
        ),
        "unit_jumps_few": _at(panel, "sales", np.isin(np.arange(panel.height), [200, 201]), pl.col("sales") * 1000),
    }
    for code, frame in cases.items():
        assert _check(frame) == [code], code


def test_labels_are_warned_of(panel: pl.DataFrame) -> None:
    firm = panel["firm"].hash(2).to_numpy() % 10
    label = np.select([firm < 4, firm < 7, firm < 9], ["Steel", "steel ", "Food"], "")
    frame = panel.with_columns(
        sector=pl.Series(label).replace("", None), land=pl.Series(np.where(firm == 3, "Jeju", "Seoul"))
    )
    found = _warnings(frame, comparison={"cells": ["sector", "land"], "minimum": 700})
    assert [warning["code"] for warning in found] == ["missing_label", "label_spelled_twice", "rare_label"]
    assert "'Steel', 'steel '" in found[1]["en"] and "Food" in found[2]["ko"]


def test_a_label_the_model_never_saw_is_told_at_prediction(panel: pl.DataFrame) -> None:
    pytest.importorskip("lightgbm")
    from ktop.models.panel_model import PanelModel

    frame = panel.with_columns(sector=pl.Series(np.where(panel["firm"].hash(2).to_numpy() % 2, "north", "south")))
    scheme = {**SCHEME, "members": 2, "tracks": {"ai": {"method": "boosting", "rounds": 5}},
              "comparison": {"cells": ["sector"], "minimum": 100, "levels": True}}  # fmt: skip
    model = PanelModel.from_artefact(train_scheme(scheme, frame))
    found: list[DataWarning] = []
    predict(model, frame, found.append)
    assert found == []
    predict(model, _at(frame, "sector", np.arange(frame.height) < 3, "moon"), found.append)
    (told,) = found
    assert told.params == {"column": "sector", "rows": 3, "labels": "moon"}
    assert "moon" in told.as_dict()["ko"]


def test_the_strength_of_one_input_is_judged_out_of_sample() -> None:
    random = np.random.default_rng(5)
    y = (random.random(60) < 0.4).astype(float)
    noise = [crossfit_auc(random.normal(size=60), y, np.arange(60)) for _ in range(200)]
    assert abs(np.mean(noise) - 0.5) < 0.03, "sixty rows of noise look like nothing, not like a leak"
    x = random.normal(size=4000)
    bent = (np.abs(x) > 1).astype(float)
    assert crossfit_auc(x, bent, np.arange(4000)) > 0.98, "a shape that rises on both sides is seen"
    assert crossfit_auc(np.full(4000, np.nan), bent, np.arange(4000)) == 0.5


@pytest.mark.real_data
def test_real_panels_are_not_accused(shared_data: Path) -> None:
    """Listed companies are told of for negative sales alone; the Polish ratios only for rows that are there twice."""
    firms = shared_data / "firms"
    scheme = yaml.safe_load((ROOT / "examples/schemes/us_listed.yaml").read_text(encoding="utf-8"))
    plan, frame = read_scheme(scheme), pl.read_parquet(firms / "us_listed_panel.parquet")
    plan = dataclasses.replace(plan, features=plan.own_features)
    check_table(plan, frame)
    data = Panel(frame, plan.id, plan.year, plan.columns)
    outcomes = {target.name: outcome(target, data, None) for target in plan.targets}
    (told,) = check_inputs(plan, data, features(plan, data), outcomes)
    assert told.key == "guards.negative_amount" and told.params["column"] == "net_sales" and told.params["count"] == 10
    frame = pl.read_parquet(firms / "polish_5year.parquet").with_row_index("row")
    ratios = {name: {"group": "g"} for name in frame.columns if name.startswith("X")}
    changes = {"id": "row", "year": None, "features": ratios,
               "targets": {"bankrupt": {"outcome": "column", "column": "bankrupt"}}}  # fmt: skip
    (found,) = _warnings(frame, **changes)
    assert found["code"] == "copied_rows" and "60" in found["en"]
