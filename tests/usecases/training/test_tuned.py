"""Training by a minimal scheme: what it writes, what it tells, and a scheme that names its tracks stays as it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

from ktop.training.scheme import read_scheme
from ktop.usecases.training.panels import train_panel
from ktop.usecases.training.tuning_report import sign_warnings, tuning_lines, write_tuning


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    random = np.random.default_rng(6)
    x = random.normal(size=(240, 2))
    y = random.random(240) < 1 / (1 + np.exp(-2 * x[:, 0]))
    path = tmp_path_factory.mktemp("panel") / "panel.parquet"
    pl.DataFrame({"firm": np.arange(240), "ratio": x[:, 0], "other": x[:, 1], "failed": y}).write_parquet(path)
    return path


def test_a_minimal_scheme_is_tuned_and_says_what_it_found(data: Path, tmp_path: Path) -> None:
    scheme = tmp_path / "minimal.yaml"
    scheme.write_text("{id: firm, targets: {failure: failed}, signs: {ratio: -1}, members: 5}", "utf-8")
    warned: list[Any] = []
    told = train_panel(scheme, data, tmp_path / "out", minutes=0.02, lang="en", warn=warned.append)
    assert told["rows"] == 240 and any("unrestricted bag of LightGBM" in line for line in told["tuned"])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *("model.npz", "scheme.yaml", "tuning.json", "tuning.md"),
    ]
    kept = yaml.safe_load((tmp_path / "out" / "scheme.yaml").read_text("utf-8"))
    report = json.loads((tmp_path / "out" / "tuning.json").read_text("utf-8"))
    assert [w["code"] for w in warned].count("sign_rejected") == 1
    assert "ratio" in warned[0]["ko"] and "ratio" in warned[0]["en"]
    model = (tmp_path / "out" / "model.npz").read_bytes()
    train_panel(tmp_path / "out" / "scheme.yaml", data, tmp_path / "again")
    assert (tmp_path / "again" / "model.npz").read_bytes() == model, "the scheme written gives the model again"
    assert not (tmp_path / "again" / "tuning.json").exists()
    write_tuning(report, kept, tmp_path / "ko", "ko")
    page = (tmp_path / "ko" / "tuning.md").read_text("utf-8")
    assert "제한 없는 LightGBM" in page and page.count("\n| ") > len(report["targets"]["failure"]["tried"])
    assert [w["code"] for w in sign_warnings(report)] == ["sign_rejected"]
    assert len(tuning_lines(report, "ko")) >= 2


def test_settings_and_weights_may_differ_by_target() -> None:
    scheme = {
        "name": "two", "id": "firm", "groups": {"all": {}}, "features": {"ratio": {"group": "all"}},
        "targets": {"a": {"outcome": "column", "column": "a"}, "b": {"outcome": "column", "column": "b"}},
        "tracks": {
            "ai": {"method": "boosting", "rounds": {"a": 30, "b": "60"}, "depth": 2},
            "statistics": {"method": "scorecard", "weight": {"a": 0, "b": 0.5}},
        },
    }  # fmt: skip
    boosted, card = read_scheme(scheme).tracks
    assert [boosted.settings_of(target) for target in "ab"] == [{"rounds": 30, "depth": 2}, {"rounds": 60, "depth": 2}]
    assert [card.weight_of(target) for target in "ab"] == [0, 0.5] and boosted.weight_of("b") == 1
