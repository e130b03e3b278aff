"""Which company models are released, and loading them.

A released model is a pair of files ``<name>-<version>.npz`` and ``.json`` (the model card) in ``released/``, never
changed once released; ``index.json`` names the champion of every model and the SHA-256 of every file. Loading checks
the sum, so a result's model version means one exact file.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from ktop.kernel.errors import InputError, NotFoundError
from ktop.models.artefact import Artefact
from ktop.models.artefact import load as load_file
from ktop.models.company_model import CompanyModel

INDEX = "index.json"
#: Kind of company model → where it is. A new model is one more line here and a folder of its own.
KINDS: Mapping[str, str] = {
    "tech-index": "ktop.models.tech_index:TechIndexModel",
    "ktrs-fm": "ktop.models.ktrs_fm:KtrsFmModel",
    "start-up": "ktop.models.startup:StartUpModel",
}


def released_folder() -> Path:
    """Return the folder of the models that come with the program."""
    return Path(str(resources.files(__package__).joinpath("released")))


@functools.cache
def index(folder: Path | None = None) -> dict[str, Any]:
    """Return what is released: ``{"champions": {name: version}, "models": [{name, version, file, sha256}]}``."""
    return read_index(folder or released_folder())


def read_index(folder: Path) -> dict[str, Any]:
    """Return the index of a folder as it is now; empty where there is none."""
    file = folder / INDEX
    if not file.is_file():
        return {"champions": {}, "models": []}
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def available(folder: Path | None = None) -> tuple[dict[str, Any], ...]:
    """Return the model card of every released model, champions marked, in the order of the index."""
    where, found = folder or released_folder(), index(folder)
    return tuple(
        {
            **card(entry["name"], entry["version"], where),
            "champion": found["champions"][entry["name"]] == entry["version"],
        }
        for entry in found["models"]
    )


def card(name: str, version: str | None = None, folder: Path | None = None) -> dict[str, Any]:
    """Return one model's card. Raises ``NotFoundError`` for a model that is not released."""
    where = folder or released_folder()
    entry = _entry(name, version, folder)
    content: dict[str, Any] = json.loads((where / f"{entry['file']}.json").read_text(encoding="utf-8"))
    return content


@functools.cache
def load_artefact(name: str, version: str | None = None, folder: Path | None = None) -> Artefact:
    """Return a released model's artefact, its file checked against the index."""
    where = folder or released_folder()
    entry = _entry(name, version, folder)
    file = where / f"{entry['file']}.npz"
    if not file.is_file():
        raise NotFoundError("models.no_such_model", name=f"{name} {entry['version']}")
    if hashlib.sha256(file.read_bytes()).hexdigest() != entry["sha256"]:
        raise InputError("models.file_changed", name=name, version=entry["version"])
    return load_file(file)


@functools.cache
def load(name: str, version: str | None = None, folder: Path | None = None) -> CompanyModel:
    """Return a released company model, the champion where no version is named; loaded once.

    Raises ``NotFoundError("models.no_such_model")`` for a name or version that is not released.
    """
    artefact = load_artefact(name, version, folder)
    return company_model(artefact)


def company_model(artefact: Artefact) -> CompanyModel:
    """Return the company model an artefact holds; ``NotFoundError`` for a kind this program does not know."""
    name = str(artefact.meta.get("name"))
    if name not in KINDS:
        raise NotFoundError("models.no_such_model", name=name)
    module, kind = KINDS[name].split(":")
    found: CompanyModel = getattr(importlib.import_module(module), kind)(artefact)
    return found


def _entry(name: str, version: str | None, folder: Path | None) -> dict[str, Any]:
    found = index(folder)
    wanted = version or found["champions"].get(name)
    for entry in found["models"]:
        if entry["name"] == name and entry["version"] == wanted:
            return dict(entry)
    raise NotFoundError("models.no_such_model", name=name if version is None else f"{name} {version}")
