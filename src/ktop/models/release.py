"""Rebuilds the released company models from the synthetic reference population, the same bytes every time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ktop.domain.fact_table import FactTable
from ktop.domain.grades import ladder
from ktop.files import atomic_path
from ktop.models import artefact as files
from ktop.models import registry
from ktop.models.artefact import Artefact
from ktop.models.calibration import fit_platt, logit
from ktop.models.ktrs_fm.training import train_ktrs_fm
from ktop.models.reference import build_reference, generator_version
from ktop.models.tech_index.training import train_tech_index
from ktop.models.training import Progress, known_outcomes, predict

#: Version of the models as released. Any change to training, rules or the generator that changes a file is a new one.
VERSION = "1.0.0"
#: Firms and seed of the training population; the fresh one for the card's figures has this many firms and seed + 1.
FIRMS, SEED = 80_000, 20241103
TEST_FIRMS = 30_000

_TRAINERS: Mapping[str, Callable[[pl.DataFrame, int, Progress | None], Artefact]] = {
    "tech-index": train_tech_index,
    "ktrs-fm": train_ktrs_fm,
}


def release_all(
    out_dir: Path | None = None, firms: int = FIRMS, seed: int = SEED, progress: Progress | None = None
) -> list[dict[str, Any]]:
    """Train and write every company model with its card, and the index that names them champions.

    Parameters
    ----------
    out_dir : folder to write to; None for the folder the program loads its models from.
    firms, seed : of the reference population. The defaults give the released files bit for bit (same packages).
    progress : called with a step's name and the share done.

    Returns the model cards.
    """
    folder = out_dir or registry.released_folder()
    tell = progress or (lambda step, share: None)
    tell("reference", 0.0)
    training = build_reference(firms, seed)
    fresh = build_reference(min(firms, TEST_FIRMS), seed + 1)
    cards, models = [], []
    for number, (name, train) in enumerate(_TRAINERS.items()):
        tell(name, 0.1 + 0.9 * number / len(_TRAINERS))
        trained = train(training, seed, None)
        meta = {
            **trained.meta,
            "version": VERSION,
            "trained_on": "synthetic",
            "training_population": {"firms": firms, "seed": seed, "generator_version": generator_version()},
        }
        artefact = Artefact(meta, trained.arrays)
        file = f"{name}-{VERSION}"
        files.save(artefact, folder / f"{file}.npz")
        card = model_card(artefact, fresh, seed + 1)
        _write_json(folder / f"{file}.json", card)
        sha256 = hashlib.sha256((folder / f"{file}.npz").read_bytes()).hexdigest()
        models.append({"name": name, "version": VERSION, "file": file, "sha256": sha256})
        cards.append(card)
    _write_json(folder / registry.INDEX, {"champions": dict.fromkeys(_TRAINERS, VERSION), "models": models})
    registry.index.cache_clear()
    registry.load_artefact.cache_clear()
    registry.load.cache_clear()
    tell("done", 1.0)
    return cards


def model_card(artefact: Artefact, fresh: pl.DataFrame, seed: int) -> dict[str, Any]:
    """Return what a reader must know of a model: what it was trained on and how it does on firms it never saw."""
    meta = artefact.meta
    model = registry.company_model(artefact)
    predicted, known = predict(model.panel, fresh), known_outcomes(model.panel, fresh)
    table = FactTable.from_columns(
        {name: fresh[name].to_numpy() for name in fresh.columns if not fresh[name].dtype.is_temporal()},
        fresh["as_of"].max(),  # type: ignore[arg-type]
    )
    batch = model.rate_table(table, contributions=False)
    figures: dict[str, Any] = {}
    for target in model.panel.targets:
        y = known[f"y_{target}"].to_numpy().astype(np.float64)
        rows = ~np.isnan(y)
        columns = [f"p_{target}", *(f"track_{track}_{target}" for track in model.panel.targets[target].tracks)]
        figures[target] = {
            "firms": int(rows.sum()),
            "event_rate": _short(y[rows].mean()),
            "mean_probability": _short(predicted[f"p_{target}"].to_numpy()[rows].mean()),
            "calibration_slope": _short(fit_platt(logit(predicted[f"p_{target}"].to_numpy()[rows]), y[rows]).slope),
            "auc": {column: _short(auc(predicted[column].to_numpy()[rows], y[rows])) for column in columns},
        }
    grades = {}
    for name, symbols in batch.grades.items():
        rule = model.panel.ladders.get(name)
        seen = known[f"y_{rule['target']}"].to_numpy().astype(np.float64) if rule else None
        grades[name] = [_grade(symbol, symbols == symbol, seen) for symbol in ladder(name).symbols]
    return {
        "name": meta["name"],
        "version": meta["version"],
        "trained_on": meta["trained_on"],
        "synthetic": meta["trained_on"] == "synthetic",
        "training_population": meta["training_population"],
        "training": meta["training"],
        "data_fingerprint": meta["data_fingerprint"],
        "features": [
            {"name": name, "group": group, "formula": source}
            for (name, source), group in zip(meta["expressions"], meta["feature_groups"], strict=True)
        ],
        "tracks": meta["scheme"]["tracks"],
        "missing": meta["scheme"]["missing"],
        "rules": meta["rules"],
        "reference_rates": meta["rates"],
        "out_of_sample": {"population": {"firms": fresh.height, "seed": seed}, "targets": figures, "grades": grades},
    }


def auc(score: Any, outcome: Any) -> float:
    """Return the area under the ROC curve: the share of (event, non-event) pairs in the right order, ties one half."""
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - (count - 1) / 2
    events = outcome == 1
    n1 = int(events.sum())
    n0 = len(outcome) - n1
    return float((middle[place][events].sum() - n1 * (n1 + 1) / 2) / (n1 * n0))


def _grade(symbol: str, rows: Any, outcome: Any) -> dict[str, Any]:
    """Return a grade's share of the firms and, where its ladder is cut on one event, how often that event came."""
    found: dict[str, Any] = {"grade": symbol, "share": _short(rows.mean())}
    if outcome is not None:
        seen = outcome[rows & ~np.isnan(outcome)]
        found |= {"firms": len(seen), "event_rate": _short(seen.mean()) if len(seen) else None}
    return found


def _short(value: Any) -> float:
    return round(float(value), 4)


def _write_json(path: Path, content: Any) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
