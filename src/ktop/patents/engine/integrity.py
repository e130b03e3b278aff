"""Finds damaged files of a corpus and its index, and takes damaged parts of the index out, to be made anew."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ktop.kernel.errors import InputError, KtopError
from ktop.kernel.progress import Progress, silent
from ktop.patents.corpus.corpus import Corpus, Partition, corpus_lock, is_readable
from ktop.patents.engine.checksums import checksum_mismatches, has_checksums
from ktop.patents.engine.layout import IndexManifest, Layout
from ktop.patents.engine.segment import Segment


@dataclass(slots=True)
class CheckReport:
    """What was found.

    Parameters
    ----------
    checked : files read.
    damaged : damaged files of the index, by their path below the corpus.
    lost : damaged files of the corpus itself: their sources must be imported again.
    repaired : whether the damaged parts of the index were taken out, so that indexing makes them anew.
    """

    checked: int = 0
    damaged: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    repaired: bool = False

    @property
    def intact(self) -> bool:
        """Whether nothing was damaged."""
        return not self.damaged and not self.lost


def check(directory: Path, *, repair: bool = False, progress: Progress = silent) -> CheckReport:
    """Read every file of a corpus and its index and hold it against its digest.

    With ``repair`` what is damaged in the index is taken out of it: the next indexing makes just that anew. Files of
    the corpus itself cannot be made anew from anything here; they are named.

    Raises ``NotFoundError`` where there is no corpus, ``UnavailableError`` while another run writes.
    """
    corpus = Corpus.open(directory)
    with corpus_lock(corpus.directory):
        return _Check(corpus, progress).run(repair)


class _Check:
    def __init__(self, corpus: Corpus, progress: Progress) -> None:
        self.corpus, self.progress = corpus, progress
        self.layout = Layout(corpus.directory)
        self.report = CheckReport()

    def run(self, repair: bool) -> CheckReport:
        partitions = [*self.corpus.manifest.partitions.values()]
        if self.corpus.manifest.citations:
            partitions.append(self.corpus.manifest.citations)
        manifest = self._building()
        parts = list(dict.fromkeys(part for one in (self._in_force(), manifest) for part in self._parts(one)))
        todo = len(partitions) + len(parts)
        for done, partition in enumerate(partitions):
            self.progress(done, todo, "verify")
            self._partition(partition)
        broken: list[Path] = []
        for done, part in enumerate(parts, len(partitions)):
            self.progress(done, todo, "verify")
            self.report.checked += 1
            found = checksum_mismatches(part) if has_checksums(part) else ["(digests)"]
            if found:
                broken.append(part)
                self.report.damaged += [str((part / name).relative_to(self.corpus.directory)) for name in found]
        self.progress(todo, todo, "verify")
        if repair and (broken or self.report.damaged):
            self._take_out(manifest, broken)
            self.report.repaired = True
        return self.report

    def _building(self) -> IndexManifest:
        """Return what the next run would go on from; nothing where the file that says so is damaged."""
        try:
            return self.layout.read_building()  # what a killed run has done counts, too
        except InputError as error:
            self.report.checked += 1
            self.report.damaged.append(f"index/{error.params['file']}")
            return IndexManifest()

    def _in_force(self) -> IndexManifest:
        try:
            return self.layout.read()
        except KtopError:
            return IndexManifest()

    def _parts(self, manifest: IndexManifest) -> Iterator[Path]:
        for segment in self.layout.open_segments(manifest):
            yield segment.folder
            if manifest.bridge:
                yield segment.folder / manifest.bridge
        if manifest.tables:
            yield self.layout.root / manifest.tables
        if manifest.bridge:
            yield self.layout.root / manifest.bridge

    def _partition(self, partition: Partition) -> None:
        """A file of the corpus is sound where all of its columns can be read and it has its rows."""
        self.report.checked += 1
        if not is_readable(self.corpus.path(partition), partition.rows):
            self.report.lost.append(partition.file)

    def _take_out(self, manifest: IndexManifest, broken: list[Path]) -> None:
        """Take damaged parts out of the manifest; what depends on them is made anew by the next indexing."""
        dead = self.layout.dead(manifest)
        kept: list[tuple[int, int]] = []
        moved = [np.empty(0, dtype=np.int64)]
        anew: set[int] = set()  # years whose patents must be looked through again
        shift = 0
        for segment, (number, rows) in zip(self.layout.open_segments(manifest), manifest.segments, strict=True):
            if segment.folder in broken:
                shift += rows
                anew |= _years(segment) or set(manifest.partitions)
            else:
                kept.append((number, rows))
                inside = dead[(dead >= segment.start) & (dead < segment.start + rows)]
                moved.append(inside - shift)
        left = np.concatenate(moved)
        repaired = manifest.with_changes(
            segments=tuple(kept),
            dead=len(left),
            partitions={year: digest for year, digest in manifest.partitions.items() if year not in anew},
            tables=None,
            bridge=None if self.layout.root / (manifest.bridge or "") in broken else manifest.bridge,
            corpus_version=None,
        )
        self.layout.write_dead(repaired, left)
        self.layout.write_building(repaired)
        self.layout.pointer.unlink(missing_ok=True)  # no reader may open what is damaged
        for part in broken:
            shutil.rmtree(part, ignore_errors=True)


def _years(segment: Segment) -> set[int]:
    """Return the years of a segment's patents; empty where that is not known for sure."""
    if not has_checksums(segment.folder) or "year.npy" in checksum_mismatches(segment.folder):
        return set()
    return {int(year) for year in np.unique(segment.column("year"))}
