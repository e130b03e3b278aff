"""Compare, promote with evidence, retrain, recompute and drift, from files to answers."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from reference_records import to_company_record

from ktop.domain.party.actor import LOCAL_OWNER
from ktop.kernel.errors import InputError, NotFoundError
from ktop.models.artefact import Artefact
from ktop.models.registry import ModelRegistry
from ktop.store.statistics import RatedFirm
from ktop.training.reference import build_reference
from ktop.usecases.companies.service import CompanyService
from ktop.usecases.models import lifecycle
from ktop.usecases.models.drift_reports import latest_reports
from ktop.usecases.rate.recompute import recompute_file
from ktop.usecases.training import drift
from ktop.usecases.training.compare import compare
from ktop.usecases.training.retrain import HELD_OUT_OF, held_out, retrain

pytest.importorskip("scipy")


RELEASED = ModelRegistry(None)


@pytest.fixture
def registry(tmp_path: Path) -> ModelRegistry:
    return ModelRegistry(tmp_path / "models")


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("panel") / "companies.parquet"
    build_reference(3000, 4242).write_parquet(path)
    return path


def _variant(registry: ModelRegistry, version: str, change: str) -> str:
    """Enter a worse copy of the released Tech-Index: "bold" predicts too much, "noise" lacks half of its tables."""
    released = ModelRegistry(None).artefact("tech-index")
    arrays = dict(released.arrays)
    for target, tracks in released.meta["tracks"].items():
        if change == "bold":
            arrays[f"{target}/joint"] = arrays[f"{target}/joint"] + np.array([1.0, 0.0])
        else:
            for track in tracks:
                values = arrays[f"{target}/{track}/values"].copy()
                values[: len(values) // 2] = 0.0
                arrays[f"{target}/{track}/values"] = values
    meta = {**released.meta, "version": version}
    registry.add(Artefact(meta, arrays), {"name": "tech-index", "version": version}, None, by="t", why="t")
    return f"tech-index@{version}"


def test_a_challenger_that_ranks_worse_is_found_and_not_promoted_by_its_evidence(
    registry: ModelRegistry, panel: Path
) -> None:
    challenger = _variant(registry, "1.0.1", "noise")
    found = compare("tech-index", challenger, panel, registry=registry)
    assert found["verdict"] == "worse"
    for part in found["targets"].values():
        assert part["auc"]["challenger"] < part["auc"]["champion"] and part["delong"]["p_value"] < 0.05
    evidence = json.dumps(found).encode()
    with pytest.raises(InputError) as caught:
        lifecycle.evidence_for("tech-index", "1.0.1", evidence, registry)
    assert caught.value.key == "lifecycle.found_worse"
    said = lifecycle.evidence_for("tech-index", "1.0.1", evidence, registry, anyway=True)
    event = registry.promote("tech-index", "1.0.1", by="kim", why="try", evidence=said)
    assert (
        event.evidence["verdict"] == "worse"
        and event.evidence["against"] == ModelRegistry(None).model("tech-index").version
    )


def test_the_same_model_against_itself_changes_nothing(registry: ModelRegistry, panel: Path) -> None:
    found = compare("ktrs-fm", f"ktrs-fm@{ModelRegistry(None).model('ktrs-fm').version}", panel, registry=registry)
    assert found["verdict"] == "no_worse"
    assert all(part["auc"]["difference"] == 0 for part in found["targets"].values())
    assert all(moves["same"] == 1.0 for moves in found["grades"].values())
    assert {note["code"] for note in found["notes"]} == {"synthetic"}


def test_wrong_calibration_alone_counts_as_worse(registry: ModelRegistry, panel: Path) -> None:
    found = compare("tech-index", _variant(registry, "1.0.2", "bold"), panel, registry=registry)
    assert found["verdict"] == "worse"
    assert all(abs(part["auc"]["difference"]) < 1e-12 for part in found["targets"].values())


def test_evidence_about_another_version_is_refused(registry: ModelRegistry, panel: Path) -> None:
    found = compare("tech-index", _variant(registry, "1.0.3", "bold"), panel, registry=registry)
    _variant(registry, "1.0.4", "noise")
    evidence = json.dumps(found).encode()
    with pytest.raises(InputError) as caught:
        lifecycle.evidence_for("tech-index", "1.0.4", evidence, registry)
    assert caught.value.key == "lifecycle.other_evidence"
    with pytest.raises(InputError) as caught:
        lifecycle.evidence_for("tech-index", "1.0.4", b"{}", registry)
    assert caught.value.key == "lifecycle.not_a_comparison"


def test_models_of_other_targets_are_not_compared(registry: ModelRegistry, panel: Path) -> None:
    released = ModelRegistry(None).artefact("tech-index")
    scheme = json.loads(json.dumps(released.meta["scheme"]))
    for target in scheme["targets"].values():
        target["column"] = "failure_3y"
    meta = {**released.meta, "version": "9", "scheme": scheme}
    registry.add(Artefact(meta, released.arrays), {}, None, by="t", why="t")
    with pytest.raises(InputError) as caught:
        compare("tech-index", "tech-index@9", panel, registry=registry)
    assert caught.value.key == "lifecycle.no_shared_target"


def test_retraining_makes_a_challenger_that_says_what_it_was_trained_on(
    registry: ModelRegistry, tmp_path: Path
) -> None:
    pytest.importorskip("lightgbm")
    frame = build_reference(2500, 77).drop("synthetic")
    data = tmp_path / "appraisals.parquet"
    frame.write_parquet(data)
    card = retrain(
        "tech-index", data, version="2.0.0", trained_on="Bank X 2024", by="kim", why="data", registry=registry
    )
    left_out = held_out(frame["company_id"].to_list())
    assert abs(left_out.mean() - 1 / HELD_OUT_OF) < 0.03
    assert card["training_population"]["firms"] == int((~left_out).sum())
    assert card["out_of_sample"]["population"] == {"firms": int(left_out.sum()), "held_out": f"1/{HELD_OUT_OF}"}
    assert registry.champion("tech-index") == ModelRegistry(None).model("tech-index").version
    model = registry.model("tech-index", "2.0.0")
    rating = model.rate_row(_one_row(frame))
    assert rating.model.trained_on == "Bank X 2024"
    assert "synthetic" not in {warning.code for warning in rating.warnings}
    found = compare("tech-index", "tech-index@2.0.0", data, only_held_out=True, registry=registry)
    assert found["data"]["firms"] == int(left_out.sum())
    report = drift.drift_of_table("tech-index@2.0.0", data, registry=registry)
    assert report["verdict"] in ("stable", "watch") and report["calibration"]["high_growth"]["known"] > 1000


def _one_row(frame: pl.DataFrame) -> Any:
    from ktop.usecases.training.retrain import fact_table

    return fact_table(frame.head(1))


def test_a_registered_panel_model_can_be_named(registry: ModelRegistry, tmp_path: Path) -> None:
    from ktop.models.artefact import save

    save(ModelRegistry(None).artefact("tech-index"), tmp_path / "model.npz")
    entered = lifecycle.register(str(tmp_path), name="own-index", version="1", by="kim", why="test", registry=registry)
    assert entered == "own-index@1"
    assert lifecycle.open_model("own-index@1", registry).meta["version"] == "1"
    with pytest.raises(NotFoundError):
        lifecycle.open_model("own-index", registry)
    registry.promote("own-index", "1", by="kim", why="first")
    assert lifecycle.open_model("own-index", registry).meta["name"] == "own-index"
    assert lifecycle.card(registry, "own-index")["champion"] is True


def _stored(count: int, shift: bool) -> drift.ByVersion:
    """Ratings as the platform keeps them, of young small firms only where ``shift``."""
    frame = build_reference(6000, 31)
    if shift:
        frame = frame.filter((pl.col("staff_total") < 15) & (pl.col("age_years") < 8))
    rows = []
    for number, row in enumerate(frame.head(count).iter_rows(named=True)):
        record = to_company_record(row)
        ratings = CompanyService(RELEASED).rate_record(LOCAL_OWNER, record, date(2020, 12, 31), ["tech-index"])
        day = datetime(2026, 1, 15, tzinfo=UTC) + timedelta(days=number)
        results = [json.loads(json.dumps(rating.to_json())) for rating in ratings]
        rows.append(RatedFirm(day, f"{number:032x}", results))
    return drift.told_by_version([*reversed(rows), rows[0]])  # the first once more on its day


def test_drift_over_kept_ratings(registry: ModelRegistry) -> None:
    usual = drift.drift_of_ratings("tech-index", _stored(60, shift=False), registry=registry)
    other = drift.drift_of_ratings("tech-index", _stored(60, shift=True), registry=registry, keep=False)
    assert usual["rows"] == other["rows"] == 60
    assert usual["labels"]["size"]["verdict"] != "shifted" and other["labels"]["size"]["verdict"] == "shifted"
    assert [entry["month"] for entry in usual["volume"]["months"]] == ["2026-01", "2026-02", "2026-03"]
    kept = latest_reports(registry)
    assert len(kept) == 1 and kept[0]["rows"] == 60 and kept[0]["past"][-1]["verdict"] == usual["verdict"]
    empty = drift.drift_of_ratings("ktrs-fm", {}, registry=registry)
    assert empty["rows"] == 0 and empty["verdict"] == "unknown"
    json.dumps(empty, allow_nan=False)


def test_recomputing_a_file_of_ratings(registry: ModelRegistry, tmp_path: Path) -> None:
    frame = build_reference(500, 5)
    ratings = CompanyService(RELEASED).rate_record(
        LOCAL_OWNER, to_company_record(frame.row(4, named=True)), date(2020, 12, 31)
    )
    path = tmp_path / "ratings.json"
    content = [rating.to_json() for rating in ratings]
    path.write_text(json.dumps([*content, {**content[0], "model": {"name": "originality", "version": "1"}}]), "utf-8")
    answers = recompute_file(path, registry)
    assert [answer["status"] for answer in answers] == ["identical", "identical", "skipped"]
    assert answers[2]["reason"] == "no_corpus"
    content[0]["scores"]["index"] += 0.5
    path.write_text(json.dumps(content), "utf-8")
    answers = recompute_file(path, registry)
    assert answers[0]["status"] == "differs" and answers[0]["differences"][0]["path"] == "scores.index"
    content[0]["model"]["version"] = "7.7.7"
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(NotFoundError):
        recompute_file(path, registry)
    for text in ("no json", "5", "[5]", '"text"', "{}", "[[]]"):
        path.write_text(text, "utf-8")
        with pytest.raises(InputError) as caught:
            recompute_file(path, registry)
        assert caught.value.key == "models.not_recomputable", text
