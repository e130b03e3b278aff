"""Ratings kept as files by earlier versions of the program come out the same to the last bit."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from ktop.kernel.errors import InputError
from ktop.models.registry import ModelRegistry
from ktop.usecases.rate.recompute import recompute

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "ratings"
STORED = sorted(GOLDEN.glob("*.json"))


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def test_every_released_version_has_stored_ratings() -> None:
    kept = {(rating["model"]["name"], rating["model"]["version"]) for rating in map(_read, STORED)}
    assert kept >= {(entry.name, entry.version) for entry in ModelRegistry().entries()}


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_a_stored_rating_is_computed_again_bit_for_bit(path: Path) -> None:
    stored = _read(path)
    model = ModelRegistry().model(stored["model"]["name"], stored["model"]["version"])
    again = recompute(model, stored)
    assert again.differences == ()
    assert json.dumps(again.rating["contributions"]) == json.dumps(stored["contributions"])
    assert again.rating["inputs"] == stored["inputs"]


def test_a_changed_figure_or_input_is_found() -> None:
    stored = _read(STORED[0])
    model = ModelRegistry().model(stored["model"]["name"], stored["model"]["version"])
    score = next(iter(stored["scores"]))
    raised = copy.deepcopy(stored)
    raised["scores"][score] += 1e-12 * max(1.0, raised["scores"][score])
    if raised["scores"][score] == stored["scores"][score]:
        raised["scores"][score] += 1e-9
    assert [path for path, _, _ in recompute(model, raised).differences] == [f"scores.{score}"]
    other = copy.deepcopy(stored)
    fact = next(entry for entry in other["inputs"] if entry["name"] == "staff_total")
    fact["value"] = (fact["value"] or 5) + 30
    assert not recompute(model, other).identical


def _without(path: str, value: Any = None) -> dict[str, Any]:
    """A stored KTRS-FM rating with one place removed, or changed where a value is given."""
    stored = _read(GOLDEN / "ktrs-fm-1.0.0-hanbit-motion.json")
    *way, last = path.split(".")
    place: Any = stored
    for part in way:
        place = place[int(part)] if isinstance(place, list) else place[part]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return stored


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("inputs", None),
        ("as_of", "not a day"),
        ("details.guarantee", None),
        ("details.guarantee.rule", "small-guarantee-99"),
        ("inputs.20.value", "many"),
        ("inputs.3", 7),
        ("opinions", 5),
    ],
)
def test_what_is_no_rating_is_refused(path: str, value: Any) -> None:
    stored = _without(path, value) if path != "inputs.3" else _without("inputs", [7])
    with pytest.raises(InputError) as caught:
        recompute(ModelRegistry().model("ktrs-fm", "1.0.0"), stored)
    assert caught.value.key == "models.not_recomputable"
