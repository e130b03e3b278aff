"""Model files: the same bytes for the same content, no code inside, and refusals in one sentence."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ktop.kernel.errors import InputError, NotFoundError
from ktop.models import artefact as files
from ktop.models.artefact import Artefact
from ktop.models.registry import ModelRegistry, released_folder


def _artefact() -> Artefact:
    arrays = {"a/x": np.arange(6.0).reshape(2, 3), "a/y": np.array([1, 2], dtype=np.int16), "b": np.zeros(0)}
    return Artefact({"format": 1, "name": "한글", "z": [1, 2]}, arrays)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    files.save(_artefact(), tmp_path / "m.npz")
    again = files.load(tmp_path / "m.npz")
    assert again.meta == _artefact().meta
    assert set(again.section("a")) == {"x", "y"}
    for name, array in _artefact().arrays.items():
        assert np.array_equal(again.arrays[name], array) and again.arrays[name].dtype == array.dtype


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    files.save(_artefact(), tmp_path / "a.npz")
    files.save(_artefact(), tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_pickled_objects_are_never_read(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"code": 1}], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(tmp_path / "m.npz", "w") as archive:
        archive.writestr("model.json", json.dumps({"format": 1}))
        archive.writestr("bad.npy", buffer.getvalue())
    with pytest.raises(InputError) as caught:
        files.load(tmp_path / "m.npz")
    assert caught.value.key == "models.not_a_model"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"plain text"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.npz").write_bytes(content)
    with pytest.raises(InputError):
        files.load(tmp_path / "m.npz")


def test_another_form_is_refused(tmp_path: Path) -> None:
    files.save(Artefact({"format": 99}, {}), tmp_path / "m.npz")
    with pytest.raises(InputError):
        files.load(tmp_path / "m.npz")


def test_nothing_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        files.load(tmp_path / "none.npz")
    with pytest.raises(NotFoundError):
        files.load(tmp_path)


def test_released_models_are_small_and_listed_with_their_cards() -> None:
    cards = ModelRegistry().cards()
    assert {"tech-index", "ktrs-fm"} <= {card["name"] for card in cards}
    folder = released_folder()
    assert sum(file.stat().st_size for file in folder.iterdir()) < 12 * 1024 * 1024  # every version stays
    for card in cards:
        assert card["synthetic"] is True and card["champion"] in (True, False)
        assert card["out_of_sample"]["population"]["seed"] != card["training_population"]["seed"]
        for name, target in card["out_of_sample"]["targets"].items():
            assert abs(target["mean_probability"] - target["event_rate"]) < 0.01
            # A firm's export growth hangs more on chance than anything else foretold.
            assert min(target["auc"].values()) > (0.7 if name == "export_growth" else 0.75)


def test_a_released_file_that_was_changed_is_not_used(tmp_path: Path) -> None:
    folder = released_folder()
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    entry = ModelRegistry(released=tmp_path).entries()[0]
    changed = entry.model_file
    changed.write_bytes(changed.read_bytes() + b" ")
    with pytest.raises(InputError) as caught:
        ModelRegistry(released=tmp_path).model(entry.name, entry.version)
    assert caught.value.key == "models.file_changed"


def test_unknown_models_and_versions_are_not_found() -> None:
    for name, version in (("no-such", None), ("tech-index", "0.0.0")):
        with pytest.raises(NotFoundError):
            ModelRegistry().model(name, version)
