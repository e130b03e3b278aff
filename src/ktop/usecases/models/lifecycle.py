"""The life of a model in one installation: what there is, entering a version, comparing, promoting, rolling back."""

from __future__ import annotations

import getpass
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ktop.catalogue import Lang, text
from ktop.kernel.errors import InputError, NotFoundError
from ktop.kernel.progress import Progress, silent
from ktop.usecases.models.training import require_training_parts
from ktop.usecases.uploads import existing

if TYPE_CHECKING:
    import polars as pl

    from ktop.models.artefact import Artefact
    from ktop.models.model_log import Event
    from ktop.models.registry import ModelRegistry


def open_model(reference: str, registry: ModelRegistry) -> Artefact:
    """Return the artefact that ``reference`` names: a folder or file, ``NAME`` (the champion) or ``NAME@VERSION``."""
    from ktop.models import artefact

    path = Path(reference)
    if path.exists():
        return artefact.load(path)
    name, _, version = reference.partition("@")
    return registry.artefact(name, version or None)


def card(registry: ModelRegistry, name: str, version: str | None = None) -> dict[str, Any]:
    """Return one version's card with its history, the champion's where no version is named."""
    entry = registry.entry(name, version)
    history = [asdict(event) for event in registry.log(name)]
    return {
        **(entry.part("json") or {"name": entry.name, "version": entry.version}),
        "champion": registry.champion(name) == entry.version if _in_force(registry, name) else False,
        "origin": entry.origin,
        "sha256": entry.sha256,
        "history": history,
    }


def _in_force(registry: ModelRegistry, name: str) -> bool:
    try:
        registry.champion(name)
    except NotFoundError:
        return False
    return True


def history(registry: ModelRegistry, name: str | None = None) -> list[dict[str, Any]]:
    """Return who entered, promoted or rolled back what, when and why, oldest first."""
    return [asdict(event) for event in registry.log(name)]


def somebody() -> str:
    """Return the name of the person at this terminal, as the operating system knows it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no user database, as in some containers
        return ""


def promote(
    name: str,
    version: str,
    *,
    by: str,
    why: str,
    registry: ModelRegistry,
    evidence: Path | None = None,
    anyway: bool = False,
) -> Event:
    """Put a version in force. ``evidence`` is a file that ``compare`` wrote; its verdict goes into the log.

    Raises ``InputError`` for a comparison of another model or version, and for one that found the version worse, unless
    it is to be put in force ``anyway``.
    """
    said: dict[str, Any] = {}
    if evidence is not None:
        content = existing(evidence).read_bytes()
        try:
            comparison = json.loads(content)
            challenger = comparison["challenger"]
            said = {
                "verdict": comparison["verdict"],
                "against": comparison["champion"]["version"],
                "data": comparison["data"]["name"],
                "rows": comparison["data"]["rows"],
                "targets": {
                    target: {key: part[key] for key in ("auc", "ece", "slope", "verdict")}
                    for target, part in comparison["targets"].items()
                },
                "sha256": hashlib.sha256(content).hexdigest(),
            }
        except (ValueError, KeyError, TypeError) as error:
            raise InputError("lifecycle.not_a_comparison", path=evidence.name) from error
        if challenger["sha256"] != registry.entry(name, version).sha256:
            raise InputError("lifecycle.other_evidence", path=evidence.name, name=name, version=version)
        if said["verdict"] == "worse" and not anyway:
            raise InputError("lifecycle.found_worse", name=name, version=version)
    return registry.promote(name, version, by=by, why=why, evidence=said)


def rollback(name: str, *, by: str, why: str, registry: ModelRegistry) -> Event:
    """Put the version in force again that was before the last promotion."""
    return registry.rollback(name, by=by, why=why)


def register(source: str, *, version: str, by: str, why: str, registry: ModelRegistry, name: str | None = None) -> str:
    """Enter a model that ``ktop models train`` wrote as a version of this installation; returns name and version."""
    from ktop.models.artefact import Artefact

    trained = open_model(source, registry)
    meta = {**trained.meta, "name": name or trained.meta["name"], "version": version}
    meta.setdefault("trained_on", "own data")
    entry = registry.add(Artefact(meta, trained.arrays), _panel_card(meta), None, by=by, why=why)
    return f"{entry.name}@{entry.version}"


def _panel_card(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return the card of a model of any panel: what it looks at, what it was trained on."""
    kept = ("name", "version", "trained_on", "training", "data_fingerprint", "data_warnings", "until", "ladders")
    return {
        **{key: meta[key] for key in kept if key in meta},
        "synthetic": meta["trained_on"] == "synthetic",
        "features": [
            {"name": name, "group": group, "formula": source}
            for (name, source), group in zip(meta["expressions"], meta["feature_groups"], strict=True)
        ],
        "tracks": meta["scheme"].get("tracks", {}),
    }


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
    import polars as pl

    from ktop.models.panel_model import PanelModel
    from ktop.training.fit import known_outcomes, predict
    from ktop.usecases.models.retrain import held_out
    from ktop.usecases.models.training import read_panel
    from ktop.validation.comparison import compare_target, overall

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
    from ktop.models.registry import KINDS, company_model
    from ktop.usecases.models.retrain import fact_table

    kept = np.ones(frame.height, dtype=bool)
    for artefact in artefacts:
        if artefact.meta["name"] in KINDS and "scales" in artefact.meta:
            kept &= company_model(artefact).eligible(fact_table(frame))
    return kept


def _side(reference: str, artefact: Artefact) -> dict[str, Any]:
    from ktop.models.artefact import as_bytes

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
    from ktop.validation.ladder import migration

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
    from ktop.training import panel as panels
    from ktop.training.fit import fingerprint
    from ktop.training.scheme import kept_scheme

    notes: list[dict[str, Any]] = []
    for model, side in zip(models, sides, strict=True):
        plan = kept_scheme(model.meta["scheme"])
        data = panels.Panel(frame, plan.id, plan.year, plan.columns)
        if fingerprint(panels.features(plan, data), data.firm) == model.meta["data_fingerprint"]:
            notes.append({"code": "trained_on_these", "version": side["version"]})
        if side["trained_on"] == "synthetic":
            notes.append({"code": "synthetic", "version": side["version"]})
    return notes
