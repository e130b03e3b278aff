"""What was already tried, kept on the disk: a training that was killed goes on where it stood."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ktop.kernel.arrays import Floats
from ktop.kernel.files import atomic_path


@dataclass(frozen=True, slots=True)
class Tried:
    """The logits of one candidate for the rows that judge, shape ``(checkpoints, rows)``, and the seconds it took."""

    rounds: tuple[int, ...]
    logits: Floats
    seconds: float


class Journal:
    """Keeps what was tried in a folder; without one (``folder`` None) only in memory.

    ``subject`` names data, scheme and version of the search: what was tried on others is thrown away.
    """

    def __init__(self, folder: Path | None, subject: str) -> None:
        self._folder = folder
        self._kept: dict[str, Tried] = {}
        self.seconds = 0.0
        self.resumed = 0
        if folder is None:
            return
        about = folder / "subject.json"
        if not about.exists() or json.loads(about.read_text("utf-8")) != subject:
            shutil.rmtree(folder, ignore_errors=True)
            with atomic_path(about) as beside:
                beside.write_text(json.dumps(subject), "utf-8")

    def tried(self, key: str, compute: Callable[[], Tried]) -> Tried:
        """Return what a candidate gave: as kept, or computed and kept. Its seconds count either way."""
        if key in self._kept:
            return self._kept[key]
        found = self._read(key)
        if found is None:
            found = compute()
            self._write(key, found)
        else:
            self.resumed += 1
        self._kept[key] = found
        self.seconds += found.seconds
        return found

    def close(self) -> None:
        """Remove what was kept on the disk: the model is made."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _read(self, key: str) -> Tried | None:
        path = None if self._folder is None else self._folder / f"{key}.npz"
        if path is None or not path.exists():
            return None
        with np.load(path, allow_pickle=False) as kept:
            rounds = tuple(int(r) for r in kept["rounds"])
            return Tried(rounds, kept["logits"].astype(np.float64), float(kept["seconds"]))

    def _write(self, key: str, found: Tried) -> None:
        if self._folder is None:
            return
        with atomic_path(self._folder / f"{key}.npz") as beside:
            np.savez_compressed(
                beside,
                rounds=np.array(found.rounds, dtype=np.int64),
                logits=found.logits.astype(np.float32),
                seconds=np.array(found.seconds),
            )
