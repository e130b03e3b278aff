"""Counts what firms of each growth-risk cell had done and what followed, for a released model: its growth paths."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ktop.catalogue import load
from ktop.domain.expression import compile_expression
from ktop.kernel.arrays import Booleans, Floats
from ktop.kernel.errors import NotFoundError
from ktop.kernel.files import atomic_path
from ktop.kernel.progress import Progress, silent
from ktop.models.company_model import CompanyModel
from ktop.models.growth_paths import FORMAT, SUFFIX, growth_path_facts
from ktop.models.registry import INDEX, ModelRegistry, read_index, released_folder
from ktop.training.reference import build_reference, generator_version
from ktop.training.release import reference_table, write_json


def write_growth_paths(
    folder: Path | None = None,
    names: Sequence[str] | None = None,
    firms: int | None = None,
    progress: Progress = silent,
) -> list[dict[str, Any]]:
    """Count the growth paths of the released models in force and write them beside the models, the sums in the index.

    Parameters
    ----------
    folder : of the released models, None for the program's own.
    names : the models, None for all that have a growth and a risk grade.
    firms : size of the synthetic population, None for the catalogue's, which gives the packaged files bit for bit.

    Returns model, version, number of cells and of firms each. Raises ``NotFoundError`` for a model without both grades.
    """
    folder = folder or released_folder()
    registry = ModelRegistry(released=folder)
    index = read_index(folder)
    graded = [name for name in index["champions"] if {"growth", "risk"} <= _ladders(registry, name)]
    for name in names or ():
        if name not in graded:
            raise NotFoundError("models.no_such_model", name=name)
    chosen = list(names or graded)
    plan = load("growth_paths")["population"]
    progress(0, len(chosen) + 1, "reference")
    population = build_reference(firms or plan["firms"], plan["seed"])
    made_of = {
        "firms": population.height,
        "seed": plan["seed"],
        "generator_version": generator_version(),
        "sha256": _digest(population),
        "synthetic": True,
    }
    told = []
    for number, name in enumerate(chosen, start=1):
        progress(number, len(chosen) + 1, name)
        entry = registry.entry(name)
        found = growth_paths(registry.model(name), population, made_of)
        content = (json.dumps(found, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
        with atomic_path(folder / f"{entry.file}.{SUFFIX}") as temporary:
            temporary.write_bytes(content)
        line = next(e for e in index["models"] if (e["name"], e["version"]) == (name, entry.version))
        line["growth_paths_sha256"] = hashlib.sha256(content).hexdigest()
        told.append({"name": name, "version": entry.version, "cells": len(found["cells"]), "firms": found["firms"]})
    write_json(folder / INDEX, index)
    progress(len(chosen) + 1, len(chosen) + 1, "done")
    return told


def growth_paths(model: CompanyModel, population: pl.DataFrame, made_of: Mapping[str, Any]) -> dict[str, Any]:
    """Return the growth paths of a model over a population with outcomes (``build_reference``).

    ``cells`` by ``growth|risk`` and ``grades`` by joined grade, each ``{"firms", "rose", "fell"}`` where a group is
    ``{"firms", "facts": {fact: [firms that know it, lower quartile, median, upper quartile]}}``; cells and facts with a
    group below the catalogue's ``least_firms`` are left out.
    """
    rule = load("growth_paths")
    batch = model.rate_table(reference_table(population), contributions=False)
    columns = {
        name: population[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        for name in population.columns
        if population[name].dtype.is_numeric()
    }
    facts = {fact.id: fact.formula.evaluate(columns) for fact in growth_path_facts()}
    rose, fell = (compile_expression(rule[name]).evaluate(columns) == 1.0 for name in ("rose", "fell"))
    growth, risk, joined = (batch.grades[name] for name in ("growth", "risk", "business"))
    cells = {
        f"{g}|{r}": (growth == g) & (risk == r)
        for g, r in sorted(set(zip(growth[batch.ok].tolist(), risk[batch.ok].tolist(), strict=True)))
    }
    grades = {symbol: joined == symbol for symbol in sorted(set(joined[batch.ok].tolist()))}

    def counted(places: Mapping[str, Booleans]) -> dict[str, Any]:
        found = {name: _group(here & batch.ok, rose, fell, facts, rule["least_firms"]) for name, here in places.items()}
        return {name: part for name, part in found.items() if part is not None}

    return {
        "format": FORMAT,
        "model": {"name": model.name, "version": model.version},
        "population": dict(made_of),
        "firms": int(batch.ok.sum()),
        "cells": counted(cells),
        "grades": counted(grades),
    }


def _ladders(registry: ModelRegistry, name: str) -> set[str]:
    return set(registry.artefact(name).meta["ladders"])


def _group(
    here: Booleans, rose: Booleans, fell: Booleans, facts: Mapping[str, Floats], least: int
) -> dict[str, Any] | None:
    """Return the counts and quartiles of one cell, None where either group is too small to be told."""
    groups = {"rose": here & rose, "fell": here & fell}
    if min(int(rows.sum()) for rows in groups.values()) < least:
        return None
    told: dict[str, Any] = {"firms": int(here.sum())}
    for name, rows in groups.items():
        told[name] = {"firms": int(rows.sum()), "facts": {}}
        for fact, values in facts.items():
            known = values[rows & ~np.isnan(values)]
            if len(known) >= least:
                quartiles = np.quantile(known, (0.25, 0.5, 0.75))
                # Four digits are more than a reader sees, and must not hang on the last bit of an interpolation.
                told[name]["facts"][fact] = [len(known), *(float(f"{value:.4g}") for value in quartiles)]
    return told


def _digest(population: pl.DataFrame) -> str:
    """Return the sum of all numbers of a population, so that whoever builds it again can tell it is the same."""
    digest = hashlib.sha256()
    for name in sorted(population.columns):
        if population[name].dtype.is_numeric():
            digest.update(name.encode())
            digest.update(population[name].cast(pl.Float64).fill_null(np.nan).to_numpy().tobytes())
    return digest.hexdigest()
