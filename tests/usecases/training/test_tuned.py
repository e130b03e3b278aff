"""Training by a minimal scheme: what it writes, what it tells, and a scheme that names its tracks stays as it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

from ktop.models.artefact import load as load_artefact
from ktop.training.scheme import read_scheme
from ktop.usecases.training.panels import predict_panel, train_panel
from ktop.usecases.training.tuning_report import restriction_costs, sign_warnings, tuning_lines, write_tuning


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
    predicted = tmp_path / "p.parquet"
    assert (
        predict_panel(load_artefact(tmp_path / "again" / "model.npz"), data, predicted, rates={"failure": 0.1}) == 240
    )
    assert pl.read_parquet(predicted)["p_failure"].mean() == pytest.approx(0.1)
    write_tuning(report, kept, tmp_path / "ko", "ko")
    page = (tmp_path / "ko" / "tuning.md").read_text("utf-8")
    costs = restriction_costs(report["targets"]["failure"]["auc"])
    assert list(costs) == ["signs", "trees"] and costs["signs"] > 0.1, "the sign given is the wrong one"
    assert all(f"| {cost:+.4f} |" in page for cost in costs.values())
    assert "제한 없는 LightGBM" in page and page.count("\n| ") > len(report["targets"]["failure"]["tried"])
    assert [w["code"] for w in sign_warnings(report)] == ["sign_rejected"]
    assert len(tuning_lines(report, "ko")) >= 2


def test_each_restriction_has_its_cost_by_itself() -> None:
    auc = {"all_signs": 0.8, "free_of_signs": 0.825, "chosen": 0.83, "one_group": 0.84, "unrestricted": 0.8425}
    assert restriction_costs(auc) == pytest.approx({"signs": 0.025, "groups": 0.01, "trees": 0.0025})
    assert restriction_costs({"chosen": 0.83, "unrestricted": 0.82}) == pytest.approx({"trees": -0.01})


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
