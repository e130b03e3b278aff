"""Validating installed and own models on a panel: what each kind of model adds to the report."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from ktop.models.reference import build_reference
from ktop.services.validate import validate_panel

pytest.importorskip("scipy")


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("panel") / "companies.parquet"
    build_reference(6000, 515).write_parquet(path)
    return path


def test_a_company_model_is_held_against_its_baseline_and_the_published_form(panel: Path, tmp_path: Path) -> None:
    validate_panel("ktrs-fm", panel, tmp_path)
    metrics = json.loads((tmp_path / "metrics.json").read_text("utf-8"))
    failure, growth = (metrics["targets"][name] for name in ("failure", "high_growth"))
    assert failure["stability"]["against"] == "baseline" and failure["stability"]["psi"]["verdict"] == "stable"
    assert len(failure["stability"]["csi"]) == 39
    assert sum(row["firms"] for row in failure["published"]["rows"]) == failure["rows_used"]
    assert "published" not in growth, "the form is about failures"
    assert set(failure["fairness"]["dimensions"]) == {"industry_group", "size", "age_band", "region"}
    sizes = [row["group"] for row in failure["fairness"]["dimensions"]["size"]["groups"]]
    assert sizes == ["micro", "small", "medium"], "groups stand in their natural order"
    assert failure["discrimination"]["auc"]["value"] > 0.75


def test_the_start_up_model_is_validated_on_those_it_may_rate(panel: Path, tmp_path: Path) -> None:
    validate_panel("start-up@1.0.0", panel, tmp_path, lang="en")
    metrics = json.loads((tmp_path / "metrics.json").read_text("utf-8"))
    young = int((pl.read_parquet(panel)["age_years"] <= 7).sum())
    assert metrics["data"]["rows"] == young < 6000
    assert "start-up" in (tmp_path / "report.html").read_text("utf-8")
