"""Validating installed and own models on a panel: what each kind of model adds to the report."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ktop.kernel.errors import InputError
from ktop.models.registry import ModelRegistry
from ktop.training.reference import build_reference
from ktop.usecases.training.panels import train_panel
from ktop.usecases.training.validate import validate_panel

pytest.importorskip("scipy")


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("panel") / "companies.parquet"
    build_reference(6000, 515).write_parquet(path)
    return path


def test_a_company_model_is_held_against_its_baseline_and_the_published_form(panel: Path, tmp_path: Path) -> None:
    validate_panel("ktrs-fm", panel, tmp_path, registry=ModelRegistry(None))
    metrics = json.loads((tmp_path / "metrics.json").read_text("utf-8"))
    failure, growth = (metrics["targets"][name] for name in ("failure", "high_growth"))
    assert failure["stability"]["against"] == "baseline" and failure["stability"]["psi"]["verdict"] == "stable"
    assert len(failure["stability"]["csi"]) == 45  # 14 items, 25 answers, six ratios of the accounts
    assert sum(row["firms"] for row in failure["published"]["rows"]) == failure["rows_used"]
    assert "published" not in growth, "the form is about failures"
    assert set(failure["fairness"]["dimensions"]) == {"industry_group", "size", "age_band", "region"}
    sizes = [row["group"] for row in failure["fairness"]["dimensions"]["size"]["groups"]]
    assert sizes == ["micro", "small", "medium"], "groups stand in their natural order"
    assert failure["discrimination"]["auc"]["value"] > 0.75


def test_the_start_up_model_is_validated_on_those_it_may_rate(panel: Path, tmp_path: Path) -> None:
    validate_panel("start-up@1.0.0", panel, tmp_path, lang="en", registry=ModelRegistry(None))
    metrics = json.loads((tmp_path / "metrics.json").read_text("utf-8"))
    young = int((pl.read_parquet(panel)["age_years"] <= 7).sum())
    assert metrics["data"]["rows"] == young < 6000
    assert "start-up" in (tmp_path / "report.html").read_text("utf-8")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A model of a panel over years, whose scheme has further columns, and the panel."""
    folder = tmp_path_factory.mktemp("own")
    random = np.random.default_rng(5)
    firms, years = 400, 8
    level = np.repeat(random.normal(size=firms), years)
    sales = np.exp(level + random.normal(0, 0.3, firms * years))
    frame = pl.DataFrame(
        {
            "firm": np.repeat([f"f{i}" for i in range(firms)], years),
            "year": np.tile(np.arange(2001, 2001 + years), firms),
            "sales": sales,
            "event": (random.random(firms * years) < 1 / (1 + np.exp(2 + level))).astype(np.int64),
        }
    )
    data = folder / "panel.parquet"
    frame.write_parquet(data)
    scheme = folder / "scheme.yaml"
    scheme.write_text(
        """
name: own
title: {ko: 자체, en: Own}
id: firm
year: year
groups: {a: {ko: 가, en: A}}
columns: {log_sales: log(sales)}
features:
  log_sales_mean3: {group: a, monotone: -1}
targets:
  event: {outcome: column, column: event, years: 0}
tracks: {ai: {method: boosting, rounds: 20, depth: 2, leaves: 4}}
members: 2
""",
        encoding="utf-8",
    )
    train_panel(scheme, data, folder / "model", until=2005)
    return folder / "model", data


def test_a_model_with_further_columns_is_validated(own: tuple[Path, Path], tmp_path: Path) -> None:
    model, data = own
    validate_panel(str(model), data, tmp_path, registry=ModelRegistry(None))
    metrics = json.loads((tmp_path / "metrics.json").read_text("utf-8"))
    assert metrics["targets"]["event"]["stability"]["csi"].keys() == {"log_sales_mean3"}


def test_only_years_after_training_are_judged_where_asked_for(own: tuple[Path, Path], tmp_path: Path) -> None:
    model, data = own
    validate_panel(str(model), data, tmp_path, since=2006, registry=ModelRegistry(None))
    metrics = json.loads((tmp_path / "metrics.json").read_text("utf-8"))
    assert metrics["data"]["years"] == [2006, 2008]
    assert metrics["targets"]["event"]["rows_used"] == metrics["data"]["rows"] == 400 * 3
    with pytest.raises(InputError) as caught:
        validate_panel(str(model), data, tmp_path, since=2050, registry=ModelRegistry(None))
    assert caught.value.key == "models.no_rows_to_judge"
    with pytest.raises(InputError) as caught:
        validate_panel("ktrs-fm", data, tmp_path / "none", since=2006, registry=ModelRegistry(None))
    assert not (tmp_path / "none").exists()
