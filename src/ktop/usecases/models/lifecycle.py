"""The life of a model in one installation: what there is, entering a version, comparing, promoting, rolling back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ktop.kernel.errors import InputError, NotFoundError
from ktop.models import artefact
from ktop.models.artefact import Artefact
from ktop.models.registry import ModelRegistry


def open_model(reference: str, registry: ModelRegistry) -> Artefact:
    """Return the artefact that ``reference`` names: a folder or file, ``NAME`` (the champion) or ``NAME@VERSION``."""
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
        "before": registry.before(name),
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


def evidence_for(
    name: str, version: str, content: bytes, registry: ModelRegistry, *, anyway: bool = False
) -> dict[str, Any]:
    """Return what a promotion's log line keeps of a comparison that ``ktop models compare`` wrote.

    Raises ``InputError`` for a comparison of another model or version, and for one that found the version worse, unless
    it is to be put in force ``anyway``.
    """
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
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError("lifecycle.not_a_comparison") from error
    if challenger["sha256"] != registry.entry(name, version).sha256:
        raise InputError("lifecycle.other_evidence", name=name, version=version)
    if said["verdict"] == "worse" and not anyway:
        raise InputError("lifecycle.found_worse", name=name, version=version)
    return said


def register(source: str, *, version: str, by: str, why: str, registry: ModelRegistry, name: str | None = None) -> str:
    """Enter a model that ``ktop models train`` wrote as a version of this installation; returns name and version."""
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
