"""How an index lies on disk, and its manifest: the one file that says which parts of it count.

``index.json`` is the pointer: the manifest of the generation in force, complete. ``building.json`` is what the run at
work, or one that was killed, has done towards the next. ``generations/`` has a copy of each manifest that readers may
still hold, with its lease file. Everything else lies in folders that never change once a manifest names them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ktop.kernel.errors import InputError, NotFoundError, UnavailableError
from ktop.kernel.files import atomic_path
from ktop.patents.analysis.encoder import ENCODER_VERSION
from ktop.patents.analysis.text import ANALYSIS_VERSION
from ktop.patents.corpus.corpus import Manifest
from ktop.patents.engine.checksums import has_checksums, verify_checksums
from ktop.patents.engine.segment import Segment

FORMAT_VERSION = 3


def bridge_name(corpus_version: str) -> str:
    """Return the name of the language bridge and text space made from a corpus: it has all that they are made from."""
    return f"bridge-{corpus_version}-analysis{ANALYSIS_VERSION}-encoder{ENCODER_VERSION}"


@dataclass(frozen=True, slots=True)
class IndexManifest:
    """One generation of an index, or what has been done towards the next. Written whole and renamed into place.

    Parameters
    ----------
    segments : (number, rows) of each segment, in order; it is folder ``segments/{number:06d}`` and its patents are
        numbered from the sum of the rows before it. A number is never used twice.
    average_length : mean length of the patents that count, which BM25 measures lengths against; 0 until it is known.
    dead : number of replaced or removed patents; their document numbers are in ``dead.{rows}.{dead}.npy``.
    partitions : year → digest of the corpus partition that is indexed completely.
    tables, bridge : names of the folders with the derived tables and the language bridge, None while they are missing.
        Every segment has a folder by the bridge's name with its text vectors and the impacts of its postings.
    corpus_version : the corpus that tables and bridge were made from.
    generation : counts the times that the pointer was switched.
    """

    segments: tuple[tuple[int, int], ...] = ()
    average_length: float = 0.0
    dead: int = 0
    partitions: Mapping[int, str] = field(default_factory=dict)
    tables: str | None = None
    bridge: str | None = None
    corpus_version: str | None = None
    generation: int = 0

    @property
    def rows(self) -> int:
        """Number of document numbers given out, dead ones included."""
        return sum(rows for _, rows in self.segments)

    @property
    def patents(self) -> int:
        """Number of patents that can be found."""
        return self.rows - self.dead

    def to_json(self) -> dict[str, Any]:
        """Return it with what made it, as JSON types."""
        return {
            "format": FORMAT_VERSION,
            "analysis": ANALYSIS_VERSION,
            "encoder": ENCODER_VERSION,
            "segments": [list(segment) for segment in self.segments],
            "average_length": self.average_length,
            "dead": self.dead,
            "partitions": {str(year): self.partitions[year] for year in sorted(self.partitions)},
            "tables": self.tables,
            "bridge": self.bridge,
            "corpus_version": self.corpus_version,
            "generation": self.generation,
        }

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

    def next_segment(self) -> int:
        """Return a number that no segment on the disk has, whichever generation names it."""
        names = (entry.name.partition(".")[0] for entry in self.segments.iterdir()) if self.segments.is_dir() else ()
        return max((int(name) for name in names if name.isdigit()), default=-1) + 1

    @property
    def building(self) -> Path:
        """File that says what has been done towards the next generation."""
        return self.root / "building.json"

    def generation(self, number: int) -> Path:
        """File with the manifest of a generation that readers may hold."""
        return self.root / "generations" / f"{number:06d}.json"

    def lease(self, number: int) -> Path:
        """File that the readers of a generation hold a shared lock on."""
        return self.root / "generations" / f"{number:06d}.lease"

    def generations(self) -> list[int]:
        """Return the numbers of the generations that are written down or leased, ascending."""
        files = (self.root / "generations").glob("[0-9]*")
        return sorted({int(file.name.partition(".")[0]) for file in files if file.suffix in (".json", ".lease")})

    def open_segments(self, manifest: IndexManifest) -> list[Segment]:
        """Return the segments with the document numbers at which they start."""
        found: list[Segment] = []
        start = 0
        for number, rows in manifest.segments:
            found.append(Segment(self.segment(number), start, rows, manifest.bridge))
            start += rows
        return found

    def named(self, manifest: IndexManifest) -> set[Path]:
        """Return every folder and file that a manifest names, text vectors below the segments included."""
        found = {self.root / self.dead_name(manifest)}
        found |= {self.root / name for name in (manifest.tables, manifest.bridge) if name}
        for number, _ in manifest.segments:
            found.add(self.segment(number))
            if manifest.bridge:
                found.add(self.segment(number) / manifest.bridge)
        return found

    def deletable(self) -> list[Path]:
        """Return every folder and file on the disk that some manifest may name, the inner ones first."""
        segments = list(self.segments.iterdir()) if self.segments.is_dir() else []
        inner = [entry for segment in segments if segment.is_dir() for entry in segment.iterdir() if entry.is_dir()]
        outer = [path for pattern in ("tables-*", "bridge-*", "dead.*", "ahead-*") for path in self.root.glob(pattern)]
        return [*inner, *segments, *outer]

    def dead(self, manifest: IndexManifest) -> npt.NDArray[np.int64]:
        """Return the document numbers that were replaced or removed, ascending."""
        if manifest.dead == 0:
            return np.empty(0, dtype=np.int64)
        path = self.root / self.dead_name(manifest)
        try:
            found: npt.NDArray[np.int64] = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise _damaged(path) from error
        if len(found) != manifest.dead or (np.diff(found) <= 0).any() or found[0] < 0 or found[-1] >= manifest.rows:
            raise _damaged(path)
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
        """Return the generation in force.

        Raises ``NotFoundError`` where there is no index, ``UnavailableError`` for one made by another version of the
        analysis or the encoder, ``InputError`` for a damaged one.
        """
        if not self.pointer.is_file():
            if self.building.is_file():  # the first one is on its way
                raise UnavailableError("patents.index_incomplete", directory=str(self.directory))
            raise NotFoundError("patents.index_missing", directory=str(self.directory))
        manifest, encoder = self._manifest(self.pointer)
        if encoder != ENCODER_VERSION:  # questions would be held against vectors of another kind
            raise UnavailableError("patents.index_format", directory=str(self.directory))
        return manifest

    def read_building(self) -> IndexManifest:
        """Return what has been done towards the next generation, else the one in force, else an empty manifest.

        Of an index whose vectors another version of the encoder made, the analysed patents are kept.

        Raises ``UnavailableError`` where another version of the analysis made it: nothing of it can be kept.
        """
        for path in (self.building, self.pointer):
            if path.is_file():
                manifest, encoder = self._manifest(path)
                if encoder != ENCODER_VERSION:
                    return manifest.with_changes(tables=None, bridge=None, corpus_version=None)
                return manifest
        return IndexManifest()

    @property
    def pointer(self) -> Path:
        """The file that says which generation is in force."""
        return self.root / "index.json"

    def stamp(self) -> tuple[int, int] | None:
        """Return what changes whenever the pointer is switched; None where there is none."""
        try:
            status = self.pointer.stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns

    def _manifest(self, path: Path) -> tuple[IndexManifest, str | None]:
        """Return a manifest and the version of the encoder that it was made with."""
        stored = self._stored(path)
        if stored.pop("format", None) != FORMAT_VERSION or stored.pop("analysis", None) != ANALYSIS_VERSION:
            raise UnavailableError("patents.index_format", directory=str(self.directory))
        stored.pop("corpus", None)
        encoder = stored.pop("encoder", None)
        try:
            stored["segments"] = tuple((number, rows) for number, rows in stored["segments"])
            stored["partitions"] = {int(year): digest for year, digest in stored["partitions"].items()}
            return IndexManifest(**stored), encoder
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _damaged(path) from error

    def _stored(self, path: Path) -> dict[str, Any]:
        """Return what a manifest's file says, held against the digest it carries (before generations it had none)."""
        try:
            stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            digest = stored.pop("checksum", None)
        except (ValueError, TypeError, AttributeError) as error:
            raise _damaged(path) from error
        if digest != _digest_of(stored) and (digest is not None or "generation" in stored):
            raise _damaged(path)
        return stored

    def verify_checksums(
        self, manifest: IndexManifest, *, building: bool = False, share: Collection[int] | None = None
    ) -> None:
        """Refuse an index of which any file is missing, cut or changed (``verify_checksums``).

        Of an index being built the text vectors of new segments may be missing or unfinished. Of the segments only
        those at the places of a ``share`` are looked at, where there is one.
        """
        folders = [self.root / name for name in (manifest.tables, manifest.bridge) if name]
        for place, (number, _) in enumerate(manifest.segments):
            if share is not None and place not in share:
                continue
            folders.append(self.segment(number))
            vectors = self.segment(number) / (manifest.bridge or "")
            if manifest.bridge and (not building or has_checksums(vectors)):
                folders.append(vectors)
        for folder in folders:
            verify_checksums(folder)

    def stored(self, generation: int) -> IndexManifest | None:
        """Return the manifest of a generation that readers may hold; None where it is of another version, or gone."""
        try:
            return self._manifest(self.generation(generation))[0]
        except (OSError, InputError, UnavailableError):
            return None

    def write(self, manifest: IndexManifest) -> None:
        """Put ``manifest`` in force, in one step."""
        self._write(self.pointer, manifest)

    def write_building(self, manifest: IndexManifest) -> None:
        """Write down what has been done towards the next generation; readers do not look at it."""
        self._write(self.building, manifest)

    def write_generation(self, manifest: IndexManifest, corpus: Manifest) -> None:
        """Write a generation down for those who delete: what it names, and the corpus its readers look texts up in."""
        self._write(self.generation(manifest.generation), manifest, corpus=corpus.to_json())

    def corpus_of(self, manifest: IndexManifest) -> Manifest | None:
        """Return the corpus that a generation was made from; None for one of a version that did not write it down."""
        try:
            return Manifest.from_json(self._stored(self.generation(manifest.generation))["corpus"])
        except FileNotFoundError:
            return None

    def _write(self, path: Path, manifest: IndexManifest, **more: Any) -> None:
        stored = manifest.to_json() | more
        with atomic_path(path) as temporary:
            temporary.write_text(json.dumps(stored | {"checksum": _digest_of(stored)}, indent=1), encoding="utf-8")


def _digest_of(stored: Mapping[str, Any]) -> str:
    return hashlib.blake2b(json.dumps(stored, sort_keys=True).encode(), digest_size=16).hexdigest()


def _damaged(path: Path) -> InputError:
    return InputError("patents.index_damaged", file=path.name, folder=path.parent.name)
