"""Reads the generator's parameters and the published target figures from the catalogue (catalogue/reference.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ktop import catalogue

Array = np.ndarray[Any, np.dtype[Any]]
#: Coefficients of a linear predictor: variable name (or ``const``) -> coefficient.
Predictor = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Target:
    """One published figure and how far the population may lie from it.

    ``tolerance`` is absolute in the figure's unit (the catalogue also allows a share of the value, resolved here).
    """

    name: str
    value: float
    unit: str
    frame: str
    source: str
    tolerance: float


def parameters(section: str) -> Any:
    """Return one section of the generator's parameters, as the catalogue states it."""
    return catalogue.load("reference")["parameters"][section]


def generator_version() -> str:
    """Return the version of the generator; a change of code or parameters that moves any value raises it."""
    return str(catalogue.load("reference")["version"])


def draws_version() -> int:
    """Return the version of the random draws; it stays where only what is worked out from them changes."""
    return int(catalogue.load("reference")["draws"])


def targets(part: str = "reference") -> dict[str, Target]:
    """Return the published figures by name; ``part`` is "reference", or "reference_abroad" for those on exporting."""
    by_name = {}
    for name, entry in catalogue.load(part)["targets"].items():
        stated = str(entry["tolerance"])
        value = float(entry["value"])
        tolerance = value * float(stated.removesuffix("%")) / 100 if stated.endswith("%") else float(stated)
        by_name[name] = Target(name, value, entry["unit"], entry["frame"], entry["source"], tolerance)
    return by_name


def linear(predictor: Predictor, variables: Mapping[str, Array]) -> Array:
    """Return ``const + sum(coefficient * variable)``, one value per firm (shape (n,))."""
    n = len(next(iter(variables.values())))
    total: Array = np.full(n, float(predictor.get("const", 0.0)))
    for name, coefficient in predictor.items():
        if name != "const":
            total += float(coefficient) * variables[name]
    return total
