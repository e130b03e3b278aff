"""Figures that people type in a case or a rule, within the bounds of catalogue/finance.yaml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ktop.catalogue import load
from ktop.domain.values.count import Count
from ktop.domain.values.kind import RefusedValueError
from ktop.domain.values.money import Money
from ktop.domain.values.number import Number
from ktop.kernel.errors import InputError

_KINDS: Mapping[str, Any] = {"money": Money, "percent": Number, "count": Count}


def figures(given: Mapping[str, object], needed: Sequence[str], allowed: Sequence[str] = ()) -> dict[str, float]:
    """Return the figures of a step, validated; raises ``InputError`` for one that is missing, odd or out of bounds.

    ``allowed`` may be given besides those that are needed.
    """
    said = [*needed, *(name for name in allowed if name in given)]
    read = {name: figure(name, given.get(name)) for name in said}
    if strange := sorted(set(given) - set(said)):
        raise InputError("finance.figure_unknown", what=strange[0][:60])
    return read


def figure(name: str, given: object) -> float:
    """Return one figure as typed; raises ``InputError`` where it is missing, odd or out of bounds."""
    about = load("finance")["figures"][name]
    kind = _KINDS[about["kind"]](minimum=about["least"], maximum=about["most"])
    try:
        value: float | None = kind.parse(given)
    except RefusedValueError as refusal:
        raise refusal.at(about["label"]) from None
    if value is None:
        raise InputError("finance.figure_missing", what=about["label"])
    return value
