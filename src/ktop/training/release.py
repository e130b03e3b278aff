"""Releases company models trained on the synthetic reference population, the same bytes every time."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.outcome_definitions import default_definition
from ktop.domain.rating.grades import business_matrix, ladder
from ktop.kernel.errors import InputError, NotFoundError
from ktop.kernel.files import atomic_path
from ktop.kernel.progress import Progress, silent
from ktop.models import artefact as files
from ktop.models.artefact import Artefact
from ktop.models.calibration import logit
from ktop.models.registry import INDEX, company_model, read_index, released_folder
from ktop.training.baseline import baseline
from ktop.training.calibration import fit_platt
from ktop.training.fit import known_outcomes, predict
from ktop.training.global_expansion import train_global_expansion
from ktop.training.growth_risk import train_growth_risk
from ktop.training.reference import build_reference, generator_version
from ktop.training.tech_index import train_tech_index
from ktop.validation.discrimination import auc


@dataclass(frozen=True, slots=True)
class Release:
    """What a company model is released from: its training, version, and the firms and seed of its population.

    ``test_firms`` is the size of the fresh population (seed + 1) that the card's figures are from.
    Any change to training, rules or the generator that changes the file needs a new version: a released one stays.
    """

    train: Callable[[pl.DataFrame, int, Progress], Artefact]
    version: str
    firms: int
    seed: int = 20241103
    test_firms: int = 30_000


RELEASES: Mapping[str, Release] = {
    "tech-index": Release(train_tech_index, "1.4.0", 80_000),
    "ktrs-fm": Release(functools.partial(train_growth_risk, "ktrs-fm"), "1.4.0", 80_000),
    # Only young firms of the population are used: about a third of it.
    "global-expansion": Release(train_global_expansion, "1.0.0", 80_000, test_firms=60_000),
    "start-up": Release(functools.partial(train_growth_risk, "start-up"), "1.4.0", 160_000, test_firms=80_000),
}


def release_all(
    out_dir: Path | None = None,
    firms: int | None = None,
    seed: int | None = None,
    progress: Progress = silent,
    names: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """Train and write company models with their cards and baselines, and enter them in the index as champions.

    Parameters
    ----------
    out_dir : folder to write to; None for the folder the program loads its models from.
    firms, seed : of the reference population; None for each model's own, which give the released files bit for bit
        (same packages).
    progress : told of each model by its name.
    names : the models to release; None for all.

    Returns the model cards. Raises ``InputError("models.version_exists")`` where a version is there already with other
    content: it is never replaced.
    """
    folder = out_dir or released_folder()
    for name in names or ():
        if name not in RELEASES:
            raise NotFoundError("models.no_such_model", name=name)
    chosen = {name: RELEASES[name] for name in names or RELEASES}
    cards = []
    for number, (name, plan) in enumerate(chosen.items()):
        progress(number, len(chosen), name)
        population = build_reference(firms or plan.firms, plan.seed if seed is None else seed)
        cards.append(_release(folder, name, plan, population, plan.seed if seed is None else seed))
    progress(len(chosen), len(chosen), "done")
    return cards


def _release(folder: Path, name: str, plan: Release, population: pl.DataFrame, seed: int) -> dict[str, Any]:
    fresh = build_reference(min(population.height, plan.test_firms), seed + 1)
    trained = plan.train(population, seed, silent)
    meta = {
        **trained.meta,
        "rules": {**trained.meta["rules"], **_joining_rules(trained)},
        "version": plan.version,
        "trained_on": "synthetic",
        "training_population": {
            "firms": population.height,
            "seed": seed,
            "generator_version": generator_version(),
            "outcomes": {"growth": default_definition("growth"), "sustainable": default_definition("sustainable")},
        },
    }
    artefact = Artefact(meta, trained.arrays)
    file = f"{name}-{plan.version}"
    content = files.as_bytes(artefact)
    sha256 = hashlib.sha256(content).hexdigest()
    index = read_index(folder)
    there = next((e for e in index["models"] if e["name"] == name and e["version"] == plan.version), None)
    if there is not None and there["sha256"] != sha256:
        raise InputError("models.version_exists", name=name, version=plan.version)
    with atomic_path(folder / f"{file}.npz") as temporary:
        temporary.write_bytes(content)
    card = model_card(artefact, fresh, {"firms": fresh.height, "seed": seed + 1})
    write_json(folder / f"{file}.json", card)
    model = company_model(artefact)
    write_json(folder / f"{file}.baseline.json", baseline(model, reference_table(population)))
    if there is None:
        index["models"].append({"name": name, "version": plan.version, "file": file, "sha256": sha256})
    index["champions"][name] = plan.version
    write_json(folder / INDEX, index)
    return card


def _joining_rules(trained: Artefact) -> dict[str, Any]:
    """Return the version of the grade matrix, for a model whose ladders it joins: a released model keeps it."""
    return {"matrix": business_matrix().version} if "growth" in trained.meta["ladders"] else {}


def reference_table(frame: pl.DataFrame) -> FactTable:
    """Return the facts of a reference population (or any frame of clean facts) as one table."""
    return FactTable.from_columns(
        {name: frame[name].to_numpy() for name in frame.columns if not frame[name].dtype.is_temporal()},
        frame["as_of"].max(),  # type: ignore[arg-type]
    )


def model_card(artefact: Artefact, fresh: pl.DataFrame, described: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a reader must know of a model: what it was trained on and how it does on firms it never saw.

    ``fresh`` are those firms, ``described`` says what they are.
    """
    meta = artefact.meta
    model = company_model(artefact)
    fresh = fresh.filter(pl.Series(model.eligible(reference_table(fresh))))
    predicted, known = predict(model.panel, fresh), known_outcomes(model.panel, fresh)
    batch = model.rate_table(reference_table(fresh), contributions=False)
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
            "auc": {column: _short(auc(y[rows], predicted[column].to_numpy()[rows])) for column in columns},
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
        "honest_intervals": bool(meta["scheme"].get("honest_intervals", False)),
        "rules": meta["rules"],
        "reference_rates": meta["rates"],
        "out_of_sample": {"population": {**described, "firms": fresh.height}, "targets": figures, "grades": grades},
    }


def _grade(symbol: str, rows: Any, outcome: Any) -> dict[str, Any]:
    """Return a grade's share of the firms and, where its ladder is cut on one event, how often that event came."""
    entry: dict[str, Any] = {"grade": symbol, "share": _short(rows.mean())}
    if outcome is not None:
        seen = outcome[rows & ~np.isnan(outcome)]
        entry |= {"firms": len(seen), "event_rate": _short(seen.mean()) if len(seen) else None}
    return entry


def _short(value: Any) -> float:
    return round(float(value), 4)


def write_json(path: Path, content: Any) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
