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

from ktop.errors import NotFoundError, UnavailableError
from ktop.files import atomic_path
from ktop.patents.analysis import COLUMNS, Analysed, Row, analysed
from ktop.patents.bridge import build_bridge
from ktop.patents.corpus import Corpus, corpus_lock
from ktop.patents.layout import IndexManifest, Layout
from ktop.patents.lexical import LexicalWriter
from ktop.patents.segment import IndexedPatent, remove_unnamed, write_segment
from ktop.patents.tables import build_tables
from ktop.patents.vectors import fill_vectors, fit_space

SEGMENT_ROWS = 25_000
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

    Raises ``NotFoundError`` where nothing has been imported, ``UnavailableError`` while another run is at work.
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
        remove_unnamed(self.layout.segments, (f"{n:06d}" for n in range(len(self.manifest.segments))))
        todo = self._plan()
        if todo:
            self._analyse(todo)
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
        writer = LexicalWriter(self.layout.lexical)
        writer.remove_segment(len(self.manifest.segments))
        batch = Analysed()
        finished: dict[int, str | None] = {}  # years whose last row is in ``batch``
        stale: list[npt.NDArray[np.int64]] = []
        ends: list[int] = []
        for year in plan:
            ends.append(len(year.fresh) + (ends[-1] if ends else 0))
        position, done = 0, 0
        for part in analysed(self._rows(plan), self.workers):
            _append(batch, part)
            done += len(part.patents)
            while position < len(plan) and ends[position] <= done:
                finished[plan[position].year] = plan[position].digest
                stale.append(plan[position].stale)
                position += 1
            self.progress("analyse", done, total)
            if len(batch.patents) >= SEGMENT_ROWS:
                self._commit(writer, batch, finished, stale)
                batch, finished, stale = Analysed(), {}, []
        for year in plan[position:]:  # years that only lose patents
            finished[year.year] = year.digest
            stale.append(year.stale)
        self._commit(writer, batch, finished, stale)
        writer.close()

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
        self,
        writer: LexicalWriter,
        batch: Analysed,
        finished: dict[int, str | None],
        stale: list[npt.NDArray[np.int64]],
    ) -> None:
        """Write one segment: arrays first, then the word index, then the manifest that makes both count."""
        number = len(self.manifest.segments)
        start = self.manifest.rows
        segments = self.manifest.segments
        order = sorted(range(len(batch.patents)), key=lambda i: (batch.patents[i].day, batch.patents[i].id))
        patents: list[IndexedPatent] = [batch.patents[i] for i in order]
        if patents:
            write_segment(self.layout.segment(number), patents)
            _write_vocabulary(self.layout.segment(number), batch)
            for row, i in enumerate(order):
                writer.add(start + row, number, batch.patents[i], batch.texts[i])
            segments = (*segments, len(patents))
        dead = np.union1d(self.layout.dead(self.manifest), np.concatenate([np.empty(0, dtype=np.int64), *stale]))
        if len(dead) > self.manifest.dead:
            writer.remove([int(doc) for doc in np.concatenate(stale)])
            self.layout.write_dead(dead.astype(np.int64))
        writer.commit()
        partitions = {year: digest for year, digest in self.manifest.partitions.items() if year not in finished}
        partitions |= {year: digest for year, digest in finished.items() if digest is not None}
        self.report.indexed += len(patents)
        self.report.removed += len(dead) - self.manifest.dead
        self.manifest = self.manifest.with_changes(
            segments=segments, dead=len(dead), partitions=partitions, corpus_version=None
        )
        self.layout.write(self.manifest)

    # --- derived tables --------------------------------------------------------------------------------------------

    def _derive(self) -> None:
        """Make what follows from all segments together: statistics, citations, the language bridge, text vectors."""
        started = time.perf_counter()
        self.progress("tables", 0, 1)
        old_bridge = self.manifest.bridge
        grown = old_bridge is None or self.manifest.patents > (1 + BRIDGE_GROWTH) * _patents_of(old_bridge)
        bridge = f"bridge-{self.manifest.rows}-{self.manifest.patents}" if grown or old_bridge is None else old_bridge
        folder = self.layout.root / bridge
        if grown:
            build_bridge(self.layout, self.manifest, folder, self.progress)
            before = self.layout.root / old_bridge if old_bridge and old_bridge != bridge else None
            fit_space(self.layout, self.manifest, folder, before)
        fill_vectors(self.layout, self.manifest, folder, anew=grown, workers=self.workers, progress=self.progress)
        self.report.seconds_bridge = time.perf_counter() - started
        started = time.perf_counter()
        tables = f"tables-{self.corpus.version}-{self.manifest.rows}"
        build_tables(self.corpus, self.layout, self.manifest, self.layout.root / tables, folder)
        self.progress("tables", 1, 1)
        old = self.manifest
        self.manifest = old.with_changes(tables=tables, bridge=bridge, corpus_version=self.corpus.version)
        self.layout.write(self.manifest)
        for folder in self.layout.root.iterdir():
            if folder.name.startswith(("tables-", "bridge-")) and folder.name not in (tables, bridge):
                shutil.rmtree(folder, ignore_errors=True)
            if folder.name.startswith("dead.") and folder.name != f"dead.{self.manifest.dead}.npy":
                folder.unlink(missing_ok=True)
        self.report.seconds_tables = time.perf_counter() - started


@dataclass(frozen=True, slots=True)
class _Year:
    """Work on one year: ids to analyse, documents to remove, and the digest that is true afterwards."""

    year: int
    digest: str | None
    fresh: pl.Series
    stale: npt.NDArray[np.int64]


def _append(batch: Analysed, part: Analysed) -> None:
    batch.patents.extend(part.patents)
    batch.texts.extend(part.texts)
    batch.frequencies.update(part.frequencies)
    for stem, word in part.surfaces.items():
        known = batch.surfaces.get(stem)
        if known is None or (len(word), word) < (len(known), known):
            batch.surfaces[stem] = word


def _write_vocabulary(folder: Path, batch: Analysed) -> None:
    """Write for the language bridge the terms that two or more patents of the segment have, and the words met."""
    kept = sorted((language, term, n) for (language, term), n in batch.frequencies.items() if n > 1)
    terms = pl.DataFrame(kept, schema={"language": pl.String, "term": pl.String, "patents": pl.Int64}, orient="row")
    words = pl.DataFrame(sorted(batch.surfaces.items()), schema={"stem": pl.String, "word": pl.String}, orient="row")
    for name, frame in (("vocabulary", terms), ("words", words)):
        with atomic_path(folder / f"{name}.parquet") as temporary:
            frame.write_parquet(temporary)


def _patents_of(bridge: str) -> int:
    """Return how many patents the corpus had when a bridge was made: the end of its name."""
    return int(bridge.rsplit("-", 1)[1])
