"""What a trained model is on disk: one file of plain numbers and text, the same bytes for the same training.

The file is a zip of NumPy arrays (``.npy``, no pickle) and ``model.json``. Time stamps inside are fixed, so training
twice gives the same file. It is read with ``allow_pickle=False``: a model file can hold no code.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ktop.kernel.errors import InputError, NotFoundError
from ktop.kernel.files import atomic_path

#: Name of the model file in a folder that training wrote, and the form of its content.
FILE_NAME = "model.npz"
FORMAT = 1
_META = "model.json"
_STAMP = (1980, 1, 1, 0, 0, 0)
#: Far above any model (a released one has some 100 KB); guards against a crafted zip that swells when read.
_LARGEST_MEMBER = 256 * 1024 * 1024

Arrays = dict[str, npt.NDArray[np.generic]]


@dataclass(frozen=True)
class Artefact:
    """A model's text (``meta``, JSON types) and numbers (``arrays``, by name)."""

    meta: Mapping[str, Any]
    arrays: Mapping[str, npt.NDArray[np.generic]]

    def section(self, prefix: str) -> Arrays:
        """Return the arrays whose names begin with ``prefix/``, by the rest of their names."""
        start = prefix + "/"
        return {name[len(start) :]: array for name, array in self.arrays.items() if name.startswith(start)}


def save(artefact: Artefact, path: Path) -> None:
    """Write the artefact to ``path``, whole or not at all."""
    content = as_bytes(artefact)
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def as_bytes(artefact: Artefact) -> bytes:
    """Return the content of the artefact's file; equal artefacts give equal bytes."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        meta = json.dumps(dict(artefact.meta), ensure_ascii=False, sort_keys=True, indent=1)
        _add(archive, _META, meta.encode())
        for name in sorted(artefact.arrays):
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.ascontiguousarray(artefact.arrays[name]), allow_pickle=False)
            _add(archive, name + ".npy", buffer.getvalue())
    return whole.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, date_time=_STAMP)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content, compresslevel=9)


def load(path: Path) -> Artefact:
    """Read an artefact from a file, or from ``model.npz`` in a folder.

    Raises ``NotFoundError("models.no_such_model")`` where there is none and ``InputError("models.not_a_model")`` for a
    file that is not one.
    """
    file = path / FILE_NAME if path.is_dir() else path
    if not file.is_file():
        raise NotFoundError("models.no_such_model", name=str(path))
    try:
        with zipfile.ZipFile(file) as archive:
            if any(entry.file_size > _LARGEST_MEMBER for entry in archive.infolist()):
                raise InputError("models.not_a_model", name=str(path))
            meta = json.loads(archive.read(_META))
            arrays = {
                name.removesuffix(".npy"): np.lib.format.read_array(io.BytesIO(archive.read(name)), allow_pickle=False)
                for name in archive.namelist()
                if name.endswith(".npy")
            }
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError) as error:
        raise InputError("models.not_a_model", name=str(path)) from error
    if meta.get("format") != FORMAT:
        raise InputError("models.not_a_model", name=str(path))
    return Artefact(meta, arrays)
