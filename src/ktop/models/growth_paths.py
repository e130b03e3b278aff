"""Growth paths: what firms that stood in a company's growth-risk cell did, those that rose beside those that fell."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ktop.catalogue import LocalText, load
from ktop.domain.expression import Expression, compile_expression
from ktop.kernel.errors import InputError, NotFoundError
from ktop.models.registry import Entry, ModelRegistry

FORMAT = "growth-paths-1"
#: Ending of the file beside a model version; its sum stands in the index as ``growth_paths_sha256``.
SUFFIX = "growth-paths.json"


@dataclass(frozen=True, slots=True)
class PathFact:
    """One fact that is compared; ``when`` is ``before`` (known on the day of the grade) or ``after``."""

    id: str
    when: str
    unit: str
    formula: Expression
    label: LocalText


@functools.cache
def growth_path_facts() -> tuple[PathFact, ...]:
    """Return the facts of the catalogue, those known on the day of the grade first."""
    facts = load("growth_paths")["facts"]
    return tuple(
        PathFact(name, spec["when"], spec["unit"], compile_expression(spec["formula"]), spec["label"])
        for name, spec in facts.items()
    )


def growth_path(rating: Mapping[str, Any], registry: ModelRegistry) -> dict[str, Any] | None:
    """Return the growth paths of firms in the cell of a rating (``Rating.to_json()``).

    ``place`` says which firms they are: ``{"growth", "risk"}``, or ``{"business"}`` where that cell has too few.
    ``rose`` and ``fell`` are how many of its ``firms`` did; ``facts`` have the quartiles of both groups, the company's
    ``own`` value (None where unknown, and for what came after) and whether the medians lie ``apart``. ``population``
    says what the firms are. Where the rule on evidence lowered a grade, ``place`` has it as before (``as_declared``).

    None for a rating without both grades, for a version without growth paths and for a place with too few firms.
    Raises ``InputError`` where the file beside the model was changed.
    """
    grades = rating["grades"]
    if not {"growth", "risk", "business"} <= grades.keys():
        return None
    try:
        entry = registry.entry(rating["model"]["name"], rating["model"]["version"])
    except NotFoundError:  # an institution's own version that is no longer here
        return None
    paths = _paths(entry)
    if paths is None:
        return None
    # The firms of the population were graded by the model alone. A grade that the rule on evidence lowered would lead
    # to firms of other probabilities, so the one before that rule is taken.
    held = (rating["details"].get("evidence") or {}).get("held") or {}
    grades = {name: held[name]["from"] if name in held else symbol for name, symbol in grades.items()}
    place = {"growth": grades["growth"], "risk": grades["risk"]}
    found = paths["cells"].get(f"{place['growth']}|{place['risk']}")
    if found is None:
        place = {"business": grades["business"]}
        found = paths["grades"].get(place["business"])
    if found is None:
        return None
    own = _own_values(rating)
    return {
        "model": dict(rating["model"]),
        "population": paths["population"],
        "horizon_years": load("growth_paths")["horizon_years"],
        "place": place,
        "as_declared": any(name in held for name in place),
        "firms": found["firms"],
        "rose": found["rose"]["firms"],
        "fell": found["fell"]["firms"],
        "facts": [
            _fact(fact, found["rose"]["facts"][fact.id], found["fell"]["facts"][fact.id], own.get(fact.id))
            for fact in growth_path_facts()
            if fact.id in found["rose"]["facts"] and fact.id in found["fell"]["facts"]
        ],
    }


def _fact(fact: PathFact, rose: list[float], fell: list[float], own: float | None) -> dict[str, Any]:
    spread = (rose[3] - rose[1] + fell[3] - fell[1]) / 2.0
    return {
        "id": fact.id,
        "when": fact.when,
        "unit": fact.unit,
        "label": dict(fact.label),
        "own": own,
        "rose": dict(zip(("firms", "lower", "median", "upper"), rose, strict=True)),
        "fell": dict(zip(("firms", "lower", "median", "upper"), fell, strict=True)),
        "apart": bool(spread > 0 and abs(rose[2] - fell[2]) >= load("growth_paths")["apart"] * spread),
    }


def _own_values(rating: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the company's own value of every fact known before, from what the rating took; None where unknown."""
    taken = {
        entry["name"]: float(entry["value"])
        for entry in rating["inputs"]
        if isinstance(entry["value"], int | float) and not isinstance(entry["value"], bool)
    }
    values: dict[str, float | None] = {}
    for fact in growth_path_facts():
        if fact.when == "before":
            columns = {name: np.array([taken.get(name, np.nan)]) for name in fact.formula.names}
            value = float(fact.formula.evaluate(columns)[0])
            values[fact.id] = None if np.isnan(value) else value
    return values


def _paths(entry: Entry) -> dict[str, Any] | None:
    return None if entry.growth_paths_sha256 is None else _read(entry.folder / f"{entry.file}.{SUFFIX}", entry)


@functools.lru_cache(maxsize=8)
def _read(path: Path, entry: Entry) -> dict[str, Any]:
    content = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(content).hexdigest() != entry.growth_paths_sha256:
        raise InputError("models.file_changed", name=entry.name, version=entry.version)
    found: dict[str, Any] = json.loads(content)
    return found
