"""The model registry: versions that never change, a log that is only added to, and which version is in force."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ktop.kernel.errors import InputError, NotFoundError
from ktop.models.artefact import Artefact
from ktop.models.registry import LOG, ModelRegistry


def _challenger(version: str, name: str = "tech-index") -> Artefact:
    """A released model under another version, its calibration a little bolder."""
    released = ModelRegistry().artefact(name)
    arrays = dict(released.arrays)
    for target in released.meta["tracks"]:
        arrays[f"{target}/joint"] = arrays[f"{target}/joint"] * 1.1
    return Artefact({**released.meta, "version": version, "trained_on": "Bank X"}, arrays)


@pytest.fixture
def registry(tmp_path: Path) -> ModelRegistry:
    return ModelRegistry(tmp_path / "models")


def _add(registry: ModelRegistry, version: str) -> None:
    registry.add(_challenger(version), {"name": "tech-index", "version": version}, None, by="kim", why="retrained")


def test_without_a_log_the_released_champion_is_in_force(registry: ModelRegistry) -> None:
    assert registry.champion("tech-index") == ModelRegistry().champion("tech-index")
    assert {entry.origin for entry in registry.entries()} == {"released"}
    assert registry.log() == ()
    with pytest.raises(NotFoundError):
        registry.champion("no-such-model")


def test_add_promote_and_roll_back(registry: ModelRegistry) -> None:
    first = registry.champion("tech-index")
    _add(registry, "2.0.0")
    assert registry.champion("tech-index") == first, "a new version must not be in force by itself"
    promoted = registry.promote("tech-index", "2.0.0", by="lee", why="better", evidence={"verdict": "better"})
    assert (promoted.previous, promoted.evidence["verdict"]) == (first, "better")
    assert registry.model("tech-index").version == "2.0.0"
    assert registry.model("tech-index", first).version == first, "the old version still answers"
    _add(registry, "3.0.0")
    registry.promote("tech-index", "3.0.0", by="lee", why="newer")
    assert registry.rollback("tech-index", by="park", why="drifted").version == "2.0.0"
    assert registry.rollback("tech-index", by="park", why="drifted").version == first
    with pytest.raises(InputError) as caught:
        registry.rollback("tech-index", by="park", why="once more")
    assert caught.value.key == "models.nothing_to_roll_back"
    assert [event.action for event in registry.log()] == ["add", "promote", "add", "promote", "rollback", "rollback"]
    assert {event.by for event in registry.log()} == {"kim", "lee", "park"}
    assert [card["version"] for card in registry.cards() if card["champion"] and card["name"] == "tech-index"] == [
        first
    ]


def test_a_version_never_changes(registry: ModelRegistry) -> None:
    _add(registry, "2.0.0")
    with pytest.raises(InputError) as caught:
        _add(registry, "2.0.0")
    assert caught.value.key == "models.version_exists"
    with pytest.raises(InputError):
        _add(registry, ModelRegistry().champion("tech-index"))
    entry = registry.entry("tech-index", "2.0.0")
    entry.model_file.write_bytes(entry.model_file.read_bytes() + b"x")
    fresh = ModelRegistry(registry.folder)
    with pytest.raises(InputError) as caught:
        fresh.promote("tech-index", "2.0.0", by="lee", why="better")
    assert caught.value.key == "models.file_changed"


@pytest.mark.parametrize("change", ["alter", "remove", "swap"])
def test_a_log_that_was_changed_afterwards_is_noticed(registry: ModelRegistry, change: str) -> None:
    _add(registry, "2.0.0")
    registry.promote("tech-index", "2.0.0", by="lee", why="better")
    registry.rollback("tech-index", by="lee", why="worse after all")
    assert registry.folder is not None
    path = registry.folder / LOG
    lines = path.read_text("utf-8").splitlines()
    if change == "alter":
        entry = json.loads(lines[1])
        entry["by"] = "somebody else"
        lines[1] = json.dumps(entry)
    elif change == "remove":
        del lines[0]
    else:
        lines[0], lines[1] = lines[1], lines[0]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    with pytest.raises(InputError) as caught:
        ModelRegistry(registry.folder).champion("tech-index")
    assert caught.value.key == "models.log_altered"


@pytest.mark.parametrize(("by", "why"), [("", "better"), ("lee", "  ")])
def test_who_and_why_must_be_said(registry: ModelRegistry, by: str, why: str) -> None:
    _add(registry, "2.0.0")
    with pytest.raises(InputError) as caught:
        registry.promote("tech-index", "2.0.0", by=by, why=why)
    assert caught.value.key == "models.who_and_why"
    assert registry.log()[-1].action == "add"


def test_what_cannot_rate_companies_does_not_take_a_company_models_name(registry: ModelRegistry) -> None:
    released = ModelRegistry().artefact("tech-index")
    bare = {name: value for name, value in released.meta.items() if name not in ("scales", "position")}
    for meta in ({**bare, "version": "2"}, {**released.meta, "name": "ktrs-fm", "version": "2"}):
        with pytest.raises(InputError) as caught:
            registry.add(Artefact(meta, released.arrays), {}, None, by="kim", why="wrong form")
        assert caught.value.key == "models.not_a_company_model"
    assert registry.log() == ()


@pytest.mark.parametrize("version", ["", "../2", "2 0", "v" * 41, "2/0"])
def test_versions_that_could_leave_the_folder_are_refused(registry: ModelRegistry, version: str) -> None:
    with pytest.raises(InputError) as caught:
        _add(registry, version)
    assert caught.value.key == "models.bad_version"


def test_promoting_what_is_there_or_unknown_is_refused(registry: ModelRegistry) -> None:
    with pytest.raises(InputError) as caught:
        registry.promote("tech-index", registry.champion("tech-index"), by="lee", why="again")
    assert caught.value.key == "models.already_champion"
    with pytest.raises(NotFoundError):
        registry.promote("tech-index", "9.9.9", by="lee", why="better")
    with pytest.raises(InputError):
        ModelRegistry(None).promote("tech-index", "1.0.0", by="lee", why="better")
