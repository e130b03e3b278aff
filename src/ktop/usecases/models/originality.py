"""Cards of the originality model's versions: formulas and weights of the program, so nothing to enter or to promote."""

from __future__ import annotations

from typing import Any

from ktop.catalogue import load
from ktop.kernel.errors import NotFoundError
from ktop.models.originality.definitions import installed_versions, version

NAME = "originality"


def cards() -> tuple[dict[str, Any], ...]:
    """Return the card of every version that ratings can be given by, the oldest first, as the registry does."""
    return tuple(_card(name) for name in reversed(installed_versions()))


def card(wanted: str | None) -> dict[str, Any]:
    """Return one version's card, that in force where none is named; raises ``NotFoundError`` where there is none."""
    found = wanted or version()
    if found not in installed_versions():
        raise NotFoundError("models.no_such_model", name=f"{NAME} {found}")
    return _card(found) | {"history": []}


def _card(name: str) -> dict[str, Any]:
    in_force = name == version()
    told: dict[str, Any] = {"name": NAME, "version": name, "champion": in_force, "origin": "released"}
    if in_force:
        told["trained_on"] = load("originality_weights")["learned_from"]["corpus"]
    return told
