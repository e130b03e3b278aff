"""Computes kept ratings again from their own inputs, each by the model version it names."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ktop.kernel.errors import InputError
from ktop.usecases.uploads import existing

if TYPE_CHECKING:
    from ktop.models.registry import Shelf


def recompute_file(path: Path, shelf: Shelf) -> list[dict[str, Any]]:
    """Compute the company ratings in a JSON file again; see ``recompute_ratings``."""
    try:
        content = json.loads(existing(path).read_text("utf-8-sig"))
    except ValueError as error:
        raise InputError("models.not_recomputable") from error
    if isinstance(content, dict):
        content = content.get("ratings", [content])
    if not isinstance(content, list):
        raise InputError("models.not_recomputable")
    return recompute_ratings(content, shelf)


def recompute_ratings(ratings: Sequence[Mapping[str, Any]], shelf: Shelf) -> list[dict[str, Any]]:
    """Compute ratings again, each by the version it names.

    Returns per rating ``{"model", "version", "status", "differences"}``; status is "identical", "differs" or "skipped"
    (a technology rating needs its patent corpus). Raises ``NotFoundError`` for a version that is not installed.
    """
    from ktop.models.kinds import KINDS
    from ktop.models.recompute import recompute

    answers = []
    for rating in ratings:
        try:
            name, version = str(rating["model"]["name"]), str(rating["model"]["version"])
        except (KeyError, TypeError) as error:
            raise InputError("models.not_recomputable") from error
        answer: dict[str, Any] = {"model": name, "version": version, "status": "skipped", "differences": []}
        if name in KINDS:
            again = recompute(shelf.model(name, version), rating)
            answer["status"] = "identical" if again.identical else "differs"
            answer["reworded"] = again.reworded
            answer["differences"] = [
                {"path": path, "stored": stored, "again": new} for path, stored, new in again.differences
            ]
        answers.append(answer)
    return answers
