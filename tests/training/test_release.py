"""Releasing: the same bytes from the same population, cards that tell the truth, models that load at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ktop.kernel.errors import InputError
from ktop.models.registry import INDEX, ModelRegistry
from ktop.training.release import release_all

pytest.importorskip("lightgbm")
FIRMS = 1_500


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("released")
    release_all(folder, firms=FIRMS, seed=7)
    return folder


def test_releasing_twice_gives_the_same_bytes(released: Path, tmp_path: Path) -> None:
    """The two models that are trained alike stand for each other: one of them is released again."""
    again = ("tech-index", "global-expansion", "start-up")
    release_all(tmp_path, firms=FIRMS, seed=7, names=again)
    files = sorted(file.name for file in tmp_path.iterdir())
    assert len(files) == 10 and len(list(released.iterdir())) == 13
    first, second = (json.loads((folder / INDEX).read_bytes()) for folder in (released, tmp_path))
    assert [model for model in first["models"] if model["name"] in again] == second["models"]
    assert {name: first["champions"][name] for name in again} == second["champions"]
    for name in files:
        if name != INDEX:
            assert (released / name).read_bytes() == (tmp_path / name).read_bytes(), name


def test_a_released_version_is_never_replaced(released: Path) -> None:
    before = {file.name: file.read_bytes() for file in released.iterdir()}
    with pytest.raises(InputError) as caught:
        release_all(released, firms=FIRMS + 200, seed=7, names=["start-up"])
    assert caught.value.key == "models.version_exists"
    assert {file.name: file.read_bytes() for file in released.iterdir()} == before


def test_every_released_file_is_the_one_that_was_entered() -> None:
    """Loading checks the sum: a changed file would be refused, here and wherever a rating names it."""
    for entry in ModelRegistry().entries():
        ModelRegistry().model(entry.name, entry.version)
        assert entry.part("baseline.json")


def test_a_release_can_be_used_at_once(released: Path) -> None:
    for card in ModelRegistry(released=released).cards():
        model = ModelRegistry(released=released).model(card["name"], None)
        assert model.version == card["version"] and model.trained_on == "synthetic"
        assert card["training_population"] == {
            "firms": FIRMS,
            "seed": 7,
            "generator_version": card["training_population"]["generator_version"],
            "outcomes": {"growth": "sagr-compound-1", "sustainable": "sgr-2"},
        }
        assert card["champion"] is True


def test_cards_give_grades_in_order_with_their_event_rates() -> None:
    card = ModelRegistry().entry("ktrs-fm").part("json")
    assert card is not None
    for name, rising in (("growth", False), ("risk", True)):
        rows = card["out_of_sample"]["grades"][name]
        assert abs(sum(row["share"] for row in rows) - 1) < 0.01
        rates = [row["event_rate"] for row in rows]
        assert rates == sorted(rates, reverse=not rising), f"{name}: a better grade must see better outcomes"
    for target in card["out_of_sample"]["targets"].values():
        assert 0.9 < target["calibration_slope"] < 1.1
