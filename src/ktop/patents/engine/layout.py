"""How an index lies on disk, and its manifest: the one file that says which parts of it count."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ktop.kernel.errors import NotFoundError, UnavailableError
from ktop.kernel.files import atomic_path
from ktop.patents.analysis.text import ANALYSIS_VERSION
from ktop.patents.engine.segment import Segment

FORMAT_VERSION = 2


@dataclass(frozen=True, slots=True)
class IndexManifest:
    """State of an index. Written whole and renamed into place.

    Parameters
    ----------
    segments : (number, rows) of each segment, in order; it is folder ``segments/{number:06d}`` and its patents are
        numbered from the sum of the rows before it. A number is never used twice.
    average_length : length of the patents first indexed; BM25 measures lengths against it from then on.
    dead : number of replaced or removed patents; their document numbers are in ``dead.{rows}.{dead}.npy``.
    partitions : year → digest of the corpus partition that is indexed completely.
    tables, bridge : names of the folders with the derived tables and the language bridge, None while they are missing.
    corpus_version : the corpus that tables and bridge were made from.
    """

    segments: tuple[tuple[int, int], ...] = ()
    average_length: float = 0.0
    dead: int = 0
    partitions: Mapping[int, str] = field(default_factory=dict)
    tables: str | None = None
    bridge: str | None = None
    corpus_version: str | None = None

    @property
    def rows(self) -> int:
        """Number of document numbers given out, dead ones included."""
        return sum(rows for _, rows in self.segments)

    @property
    def next_number(self) -> int:
        """Number of the next segment."""
        return max((number for number, _ in self.segments), default=-1) + 1

    @property
    def patents(self) -> int:
        """Number of patents that can be found."""
        return self.rows - self.dead

    @property
    def complete(self) -> bool:
        """Whether searching may use the index."""
        return self.tables is not None and self.bridge is not None

    def with_changes(self, **changes: Any) -> IndexManifest:
        """Return a copy with some fields replaced."""
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths of an index below a corpus folder."""

    directory: Path

    @property
    def root(self) -> Path:
        """Folder of the whole index."""
        return self.directory / "index"

    @property
    def segments(self) -> Path:
        """Folder of the segments."""
        return self.root / "segments"

    def segment(self, number: int) -> Path:
        """Folder of one segment."""
        return self.segments / f"{number:06d}"

    def open_segments(self, manifest: IndexManifest) -> list[Segment]:
        """Return the segments with the document numbers at which they start."""
        found: list[Segment] = []
        start = 0
        for number, rows in manifest.segments:
            found.append(Segment(self.segment(number), start, rows))
            start += rows
        return found

    def dead(self, manifest: IndexManifest) -> npt.NDArray[np.int64]:
        """Return the document numbers that were replaced or removed, ascending."""
        if manifest.dead == 0:
            return np.empty(0, dtype=np.int64)
        found: npt.NDArray[np.int64] = np.load(self.root / self.dead_name(manifest), allow_pickle=False)
        return found

    def dead_name(self, manifest: IndexManifest) -> str:
        """Name of the file with the dead document numbers of a manifest."""
        return f"dead.{manifest.rows}.{manifest.dead}.npy"

    def write_dead(self, manifest: IndexManifest, docs: npt.NDArray[np.int64]) -> None:
        """Write the dead document numbers of a manifest, before the manifest itself."""
        if len(docs):
            with atomic_path(self.root / self.dead_name(manifest)) as temporary, temporary.open("wb") as handle:
                np.save(handle, docs, allow_pickle=False)

    def read(self) -> IndexManifest:
        """Return the manifest; ``NotFoundError`` where there is no index, ``UnavailableError`` for another version."""
        path = self.root / "index.json"
        if not path.is_file():
            raise NotFoundError("patents.index_missing", directory=str(self.directory))
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored.pop("format") != FORMAT_VERSION or stored.pop("analysis") != ANALYSIS_VERSION:
            raise UnavailableError("patents.index_format", directory=str(self.directory))
        stored["segments"] = tuple((number, rows) for number, rows in stored["segments"])
        stored["partitions"] = {int(year): digest for year, digest in stored["partitions"].items()}
        return IndexManifest(**stored)

    def write(self, manifest: IndexManifest) -> None:
        """Make ``manifest`` the state of the index, in one step."""
        stored = {
            "format": FORMAT_VERSION,
            "analysis": ANALYSIS_VERSION,
            "segments": [list(segment) for segment in manifest.segments],
            "average_length": manifest.average_length,
            "dead": manifest.dead,
            "partitions": {str(year): manifest.partitions[year] for year in sorted(manifest.partitions)},
            "tables": manifest.tables,
            "bridge": manifest.bridge,
            "corpus_version": manifest.corpus_version,
        }
        with atomic_path(self.root / "index.json") as temporary:
            temporary.write_text(json.dumps(stored, indent=1), encoding="utf-8")
