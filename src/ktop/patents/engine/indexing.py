"""Builds and updates the index of a corpus. Killed at any point, the next run goes on where it stopped."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ktop.kernel.errors import NotFoundError, UnavailableError
from ktop.patents.corpus.corpus import Corpus, corpus_lock
from ktop.patents.engine.bridge import build_bridge
from ktop.patents.engine.checksums import seal
from ktop.patents.engine.kernels import BLOCK
from ktop.patents.engine.layout import IndexManifest, Layout
from ktop.patents.engine.row_analysis import COLUMNS, Row, analysed
from ktop.patents.engine.segment import Columns, lengths_of, remove_unnamed, write_segment
from ktop.patents.engine.tables import build_tables
from ktop.patents.engine.vectors import fill_vectors, fit_space

SEGMENT_ROWS = 4 * BLOCK
#: Once there are more than this many segments of fewer rows than this at the end, they are made one.
SMALL_ROWS, MAX_SMALL_SEGMENTS = BLOCK, 8
BATCH_ROWS = 1_000
#: The language bridge is made anew once the corpus has grown by this share since it was made.
BRIDGE_GROWTH = 0.25

#: Called with a stage (``analyse``, ``tables``, ``bridge``, ``vectors``), work done and work to do.
Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class IndexReport:
    """What an indexing run did."""

    indexed: int = 0
    removed: int = 0
    patents: int = 0
    seconds: float = 0.0
    seconds_analysis: float = 0.0
    seconds_tables: float = 0.0
    seconds_bridge: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {name: round(getattr(self, name), 3) for name in self.__slots__}


def build_index(directory: Path | str, workers: int = 1, progress: Progress | None = None) -> IndexReport:
    """Bring the index of a corpus up to date with its patents and citations.

    Only new and changed patents are analysed. Readers see the old index until a step is complete.

    Raises ``NotFoundError`` where nothing has been imported, ``UnavailableError`` while another run is at work or when
    the disk is full: what is complete by then stays.
    """
    corpus = Corpus.open(directory)
    with corpus_lock(corpus.directory):
        return _Build(corpus, workers, progress or (lambda stage, done, todo: None)).run()


class _Build:
    def __init__(self, corpus: Corpus, workers: int, progress: Progress) -> None:
        self.corpus, self.workers, self.progress = corpus, workers, progress
        self.layout = Layout(corpus.directory)
        self.report = IndexReport()
        try:
            self.manifest = self.layout.read()
        except NotFoundError:
            self.manifest = IndexManifest()
        except UnavailableError:  # made by another version of the analysis: nothing of it can be kept
            shutil.rmtree(self.layout.root, ignore_errors=True)
            self.manifest = IndexManifest()

    def run(self) -> IndexReport:
        started = time.perf_counter()
        remove_unnamed(self.layout.segments, (f"{n:06d}" for n, _ in self.manifest.segments))
        todo = self._plan()
        if todo:
            self._analyse(todo)
            self._compact()
        self.report.seconds_analysis = time.perf_counter() - started
        if not self.manifest.complete or self.manifest.corpus_version != self.corpus.version:
            self._derive()
        self.report.patents = self.manifest.patents
        self.report.seconds = time.perf_counter() - started
        return self.report

    # --- which patents ---------------------------------------------------------------------------------------------

    def _plan(self) -> list[_Year]:
        """Return, year by year, the rows to analyse and the documents to remove."""
        partitions = self.corpus.manifest.partitions
        changed = [year for year in partitions if self.manifest.partitions.get(year) != partitions[year].digest]
        gone = [year for year in self.manifest.partitions if year not in partitions]
        if not changed and not gone:
            return []
        known = self._known(set(changed) | set(gone))
        plan = []
        for year in sorted(set(changed) | set(gone), key=lambda year: year or 9999):  # undated ones last
            indexed = known.filter(pl.col("year") == year)
            rows = self.corpus.patents([year]).select("id", "digest").collect()
            fresh = rows.join(indexed, on=["id", "digest"], how="anti")["id"]
            stale = indexed.join(rows, on=["id", "digest"], how="anti")["doc"]
            digest = partitions[year].digest if year in partitions else None
            plan.append(_Year(year, digest, fresh, stale.to_numpy()))
        return plan

    def _known(self, years: set[int]) -> pl.DataFrame:
        """Return document number, id, digest and year of all indexed patents of some years."""
        dead = self.layout.dead(self.manifest)
        frames = [pl.DataFrame(schema={"doc": pl.Int64, "id": pl.String, "digest": pl.UInt64, "year": pl.Int64})]
        for segment in self.layout.open_segments(self.manifest):
            year = segment.column("year").astype(np.int64)
            wanted = np.isin(year, list(years))
            docs = segment.start + np.flatnonzero(wanted)
            frame = pl.DataFrame(
                {
                    "doc": docs.astype(np.int64),
                    "id": np.char.decode(segment.column("id")[wanted], "ascii"),
                    "digest": segment.column("digest")[wanted],
                    "year": year[wanted],
                },
                schema=frames[0].schema,
            )
            frames.append(frame.filter(~pl.col("doc").is_in(dead.tolist())) if len(dead) else frame)
        return pl.concat(frames)

    # --- analysing -------------------------------------------------------------------------------------------------

    def _analyse(self, plan: list[_Year]) -> None:
        """Analyse year by year into segments; every full segment is a point from which a killed run goes on."""
        total = sum(len(year.fresh) for year in plan)
        parts: list[Columns] = []
        finished: dict[int, str | None] = {}  # years whose last row is in ``parts``
        stale: list[npt.NDArray[np.int64]] = []
        ends = np.cumsum([len(year.fresh) for year in plan])
        position, done, held = 0, 0, 0
        for part in analysed(self._rows(plan), self.workers):
            parts.append(part)
            done += len(part)
            held += len(part)
            while position < len(plan) and ends[position] <= done:
                finished[plan[position].year] = plan[position].digest
                stale.append(plan[position].stale)
                position += 1
            self.progress("analyse", done, total)
            if held >= SEGMENT_ROWS:
                self._commit(parts, finished, stale)
                parts, finished, stale, held = [], {}, [], 0
        for year in plan[position:]:  # years that only lose patents
            finished[year.year] = year.digest
            stale.append(year.stale)
        self._commit(parts, finished, stale)

    def _rows(self, plan: list[_Year]) -> Iterator[list[Row]]:
        for year in plan:
            frame = self.corpus.patents([year.year]).select(COLUMNS)
            if self.manifest.partitions.get(year.year) is not None or self.manifest.rows:
                frame = frame.filter(pl.col("id").is_in(year.fresh.implode()))
            offset = 0
            while offset < len(year.fresh):
                rows = frame.slice(offset, 20_000).collect().rows()
                offset += len(rows)
                for start in range(0, len(rows), BATCH_ROWS):
                    yield rows[start : start + BATCH_ROWS]
                if not rows:
                    break

    def _commit(
        self, parts: list[Columns], finished: dict[int, str | None], stale: list[npt.NDArray[np.int64]]
    ) -> None:
        """Write one segment, then the manifest that makes it count."""
        segments = self.manifest.segments
        average = self.manifest.average_length
        indexed = 0
        if parts:
            patents = Columns.joined(parts).by_date()
            parts.clear()
            indexed = len(patents)
            average = average or max(float(lengths_of(patents).mean()), 1.0)
            number = self.manifest.next_number
            write_segment(self.layout.segment(number), patents, average)
            segments = (*segments, (number, indexed))
        dead = np.union1d(self.layout.dead(self.manifest), np.concatenate([np.empty(0, dtype=np.int64), *stale]))
        partitions = {year: digest for year, digest in self.manifest.partitions.items() if year not in finished}
        partitions |= {year: digest for year, digest in finished.items() if digest is not None}
        self.report.indexed += indexed
        self.report.removed += len(dead) - self.manifest.dead
        self.manifest = self.manifest.with_changes(
            segments=segments,
            average_length=average,
            dead=len(dead),
            partitions=partitions,
            corpus_version=None,
        )
        self.layout.write_dead(self.manifest, dead.astype(np.int64))
        self.layout.write(self.manifest)

    def _compact(self) -> None:
        """Make one segment of the small ones at the end once they are many: every segment costs each search a little.

        Replaced patents among them are left out for good, and the others get new document numbers.
        """
        kept = len(self.manifest.segments)
        while kept and self.manifest.segments[kept - 1][1] < SMALL_ROWS:
            kept -= 1
        small = self.layout.open_segments(self.manifest)[kept:]
        if len(small) <= MAX_SMALL_SEGMENTS:
            return
        dead = self.layout.dead(self.manifest)
        parts = []
        for segment in small:
            alive = ~np.isin(segment.start + np.arange(segment.rows), dead)
            parts.append(segment.columns().taken(np.flatnonzero(alive)))
        patents = Columns.joined(parts).by_date()
        segments = self.manifest.segments[:kept]
        if len(patents):
            number = self.manifest.next_number
            write_segment(self.layout.segment(number), patents, self.manifest.average_length)
            segments = (*segments, (number, len(patents)))
        left = dead[dead < small[0].start]
        manifest = self.manifest.with_changes(segments=segments, dead=len(left), corpus_version=None)
        self.layout.write_dead(manifest, left)
        # Document numbers have changed: the tables are of no use from here on, until they are made anew.
        self.manifest = manifest.with_changes(tables=None)
        self.layout.write(self.manifest)

    # --- derived tables --------------------------------------------------------------------------------------------

    def _derive(self) -> None:
        """Make what follows from all segments together: the language bridge, text vectors, statistics, citations."""
        started = time.perf_counter()
        self.progress("tables", 0, 1)
        old_bridge = self.manifest.bridge
        grown = old_bridge is None or self.manifest.patents > (1 + BRIDGE_GROWTH) * _patents_of(old_bridge)
        bridge = f"bridge-{self.manifest.rows}-{self.manifest.patents}" if grown or old_bridge is None else old_bridge
        folder = self.layout.root / bridge
        if grown and bridge != old_bridge:
            build_bridge(self.corpus, self.layout, self.manifest, folder, self.progress)
            fit_space(self.corpus, self.layout, self.manifest, folder, self.progress)
            seal(folder)
        fill_vectors(self.layout, self.manifest, folder, self.progress, self.workers)
        self.report.seconds_bridge = time.perf_counter() - started
        started = time.perf_counter()
        tables = f"tables-{self.corpus.version}-{self.manifest.rows}"
        build_tables(self.corpus, self.layout, self.manifest, self.layout.root / tables, folder)
        seal(self.layout.root / tables)
        self.progress("tables", 1, 1)
        self.manifest = self.manifest.with_changes(tables=tables, bridge=bridge, corpus_version=self.corpus.version)
        self.layout.write(self.manifest)
        self._clean(tables, bridge)
        self.report.seconds_tables = time.perf_counter() - started

    def _clean(self, tables: str, bridge: str) -> None:
        """Delete what the manifest no longer names."""
        for entry in self.layout.root.iterdir():
            if entry.name.startswith(("tables-", "bridge-")) and entry.name not in (tables, bridge):
                shutil.rmtree(entry, ignore_errors=True)
            if entry.name.startswith("dead.") and entry.name != self.layout.dead_name(self.manifest):
                entry.unlink(missing_ok=True)
        for segment in self.layout.open_segments(self.manifest):
            for entry in segment.folder.iterdir():
                if entry.is_dir() and entry.name != bridge:
                    shutil.rmtree(entry, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Year:
    """Work on one year: ids to analyse, documents to remove, and the digest that is true afterwards."""

    year: int
    digest: str | None
    fresh: pl.Series
    stale: npt.NDArray[np.int64]


def _patents_of(bridge: str) -> int:
    """Return how many patents the corpus had when a bridge was made: the end of its name."""
    return int(bridge.rsplit("-", 1)[1])
