"""Compares two versions of a model on the same rows: how well each predicts, and how grades move."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ktop.catalogue import Lang, text
from ktop.kernel.errors import InputError
from ktop.kernel.progress import Progress, silent
from ktop.models.artefact import Artefact, as_bytes
from ktop.models.panel_model import PanelModel
from ktop.models.registry import KINDS, ModelRegistry, company_model
from ktop.training import panel as panels
from ktop.training.fit import fingerprint, known_outcomes, predict
from ktop.training.scheme import kept_scheme
from ktop.usecases.models.lifecycle import open_model
from ktop.usecases.training.panels import read_panel, require_training_parts
from ktop.usecases.training.retrain import fact_table, held_out
from ktop.validation.comparison import compare_target, overall
from ktop.validation.ladder import migration


def compare(
    champion: str,
    challenger: str,
    data: Path,
    *,
    registry: ModelRegistry,
    only_held_out: bool = False,
    lang: Lang = "ko",
    progress: Progress = silent,
) -> dict[str, Any]:
    """Compare two versions on the same rows of a panel with outcomes; JSON types.

    Per target of both: AUC with the difference's firm-clustered bootstrap interval and DeLong's test, Brier score,
    calibration, and a verdict; per ladder of both: how grades moved. ``only_held_out`` keeps the firms that retraining
    leaves out. Notes say what a reader must know, such as that a version was trained on these very rows.

    Raises ``InputError`` where the two share no target of the same definition or no outcome is known.
    """
    require_training_parts()
    artefacts = [open_model(reference, registry) for reference in (champion, challenger)]
    models = [PanelModel.from_artefact(artefact) for artefact in artefacts]
    frame = read_panel(data)
    identity = models[0].meta["id"]
    if identity != models[1].meta["id"] or identity not in frame.columns:
        raise InputError("models.no_column", column=models[1].meta["id"])
    if only_held_out:
        frame = frame.filter(pl.Series(held_out(frame[identity].to_list())))
    frame = frame.filter(pl.Series(_ratable(artefacts, frame)))
    if not frame.height:
        raise InputError("models.no_rows")
    definitions = [model.meta["scheme"]["targets"] for model in models]
    shared = [name for name in models[0].targets if definitions[0].get(name) == definitions[1].get(name)]
    if not shared:
        raise InputError("lifecycle.no_shared_target")
    outcomes = known_outcomes(models[0], frame)
    predictions = [predict(model, frame) for model in models]
    targets: dict[str, Any] = {}
    for number, name in enumerate(shared):
        progress(number, len(shared), text("cli.step_validating", lang))
        y = outcomes[f"y_{name}"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        if not 0 < np.nansum(y) < np.isfinite(y).sum():
            continue
        first, second = (prediction[f"p_{name}"].to_numpy() for prediction in predictions)
        targets[name] = compare_target(y, first, second, frame[identity].to_numpy())
    if not targets:
        raise InputError("records.no_outcomes", path=data.name)
    sides = [_side(reference, artefact) for reference, artefact in zip((champion, challenger), artefacts, strict=True)]
    return {
        "format": "comparison-1",
        "champion": sides[0],
        "challenger": sides[1],
        "data": {
            "name": data.name,
            "sha256": hashlib.sha256(data.read_bytes()).hexdigest(),
            "rows": frame.height,
            "firms": frame[identity].n_unique(),
            "held_out": only_held_out,
        },
        "targets": targets,
        "grades": _moves(models, predictions),
        "verdict": overall(targets),
        "notes": _notes(models, frame, sides),
    }


def _ratable(artefacts: Sequence[Artefact], frame: pl.DataFrame) -> Any:
    """Return which rows both sides may rate; a model of any panel rates all."""
    kept = np.ones(frame.height, dtype=bool)
    for artefact in artefacts:
        if artefact.meta["name"] in KINDS and "scales" in artefact.meta:
            kept &= company_model(artefact).eligible(fact_table(frame))
    return kept


def _side(reference: str, artefact: Artefact) -> dict[str, Any]:
    meta = artefact.meta
    return {
        "reference": reference,
        "name": meta["name"],
        "version": str(meta.get("version", "–")),
        "trained_on": str(meta.get("trained_on", "–")),
        "sha256": hashlib.sha256(as_bytes(artefact)).hexdigest(),
    }


def _moves(models: Sequence[Any], predictions: Sequence[pl.DataFrame]) -> dict[str, Any]:
    """Return per ladder of both how grades moved from champion to challenger."""
    found = {}
    for name, rule in models[0].ladders.items():
        other = models[1].ladders.get(name)
        if other is None or list(other["symbols"]) != list(rule["symbols"]):
            continue
        before, after = (prediction[f"grade_{name}"].to_numpy() for prediction in predictions)
        moved = migration(before, after, rule["symbols"])
        i, j = np.indices(moved.counts.shape)
        total = max(int(moved.counts.sum()), 1)
        found[name] = {
            "symbols": list(moved.symbols),
            "counts": moved.counts.tolist(),
            "same": moved.within(0),
            "within_one": moved.within(1),
            "up": float(moved.counts[j < i].sum() / total),
            "down": float(moved.counts[j > i].sum() / total),
        }
    return found


def _notes(models: Sequence[Any], frame: pl.DataFrame, sides: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    notes: list[dict[str, Any]] = []
    for model, side in zip(models, sides, strict=True):
        plan = kept_scheme(model.meta["scheme"])
        data = panels.Panel(frame, plan.id, plan.year, plan.columns)
        if fingerprint(panels.features(plan, data), data.firm) == model.meta["data_fingerprint"]:
            notes.append({"code": "trained_on_these", "version": side["version"]})
        if side["trained_on"] == "synthetic":
            notes.append({"code": "synthetic", "version": side["version"]})
    return notes
