"""Builds and updates the index of a corpus. Killed at any point, the next run goes on where it stopped.

Readers never see a run at work: all it writes is new, and the last thing it does is to switch to the next generation.
"""

from __future__ import annotations

import logging
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ktop.kernel.errors import KtopError, UnavailableError
from ktop.kernel.processes import InOrder, answers_in_order
from ktop.kernel.progress import Progress, silent
from ktop.patents.corpus.corpus import Corpus, corpus_lock, delete_unnamed
from ktop.patents.engine.ahead import AskOthers, Cut, SegmentPlan, batches, cut
from ktop.patents.engine.bridge import build_bridge
from ktop.patents.engine.checksums import has_checksums, write_checksums
from ktop.patents.engine.content import Content
from ktop.patents.engine.generations import give_up, publish
from ktop.patents.engine.kernels import BLOCK
from ktop.patents.engine.layout import IndexManifest, Layout, bridge_name
from ktop.patents.engine.row_analysis import analysed
from ktop.patents.engine.segment import Columns, write_segment
from ktop.patents.engine.tables import build_tables
from ktop.patents.engine.vectors import TextSpace, fill_vectors, fit_space

SEGMENT_ROWS = 4 * BLOCK
#: Once there are more than this many segments of fewer rows than this at the end, they are made one.
SMALL_ROWS, MAX_SMALL_SEGMENTS = BLOCK, 8
BATCH_ROWS = 1_000
#: Pause of a run while all that is left is in the hands of others.
_LOOK_AGAIN_SECONDS = 0.2

log = logging.getLogger(__name__)


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


def build_index(
    directory: Path | str,
    workers: int = 1,
    progress: Progress = silent,
    in_order: InOrder = answers_in_order,
    ask_others: AskOthers | None = None,
) -> IndexReport:
    """Bring the index of a corpus up to date with its patents and citations.

    ``progress`` is told the key of each stage (``cli.stage_{key}`` names it to users). ``in_order`` says where several
    workers analyse texts. ``ask_others``, where there is more than one segment to write, asks for help with them
    (``write_ahead``). The index depends on neither.

    Only new and changed patents are analysed. Readers answer as of the generation they have open, and find the new one
    once it is complete; an old one is deleted when nobody holds it any more.

    Raises ``NotFoundError`` where nothing has been imported, ``UnavailableError`` while another run is at work or when
    the disk is full: what is complete by then stays; ``InputError`` where a file to build upon is damaged.
    """
    corpus = Corpus.open(directory)
    with corpus_lock(corpus.directory):
        return _Build(corpus, workers, progress, in_order, ask_others).run()


class _Build:
    def __init__(
        self, corpus: Corpus, workers: int, progress: Progress, in_order: InOrder, ask_others: AskOthers | None
    ) -> None:
        self.corpus, self.workers, self.progress, self.in_order = corpus, workers, progress, in_order
        self.ask_others = ask_others
        self.cuts: list[Cut] = []
        self.chosen: dict[int, pl.Series | None] = {}
        self.layout = Layout(corpus.directory)
        self.report = IndexReport()
        try:
            self.manifest = self.layout.read_building()
        except UnavailableError:  # made by another version of the analysis: nothing of it can be built upon
            self.layout.building.unlink(missing_ok=True)
            self.manifest = IndexManifest()
        self.generation = max([*self.layout.generations(), self.manifest.generation]) + 1

    def run(self) -> IndexReport:
        started = time.perf_counter()
        self.layout.verify_checksums(self.manifest, building=True)  # nothing is built upon what is damaged
        todo = self._plan()
        self.cuts = cut({year.year: len(year.fresh) for year in todo}, SEGMENT_ROWS, BATCH_ROWS)
        self.chosen = {year.year: year.fresh if year.partial else None for year in todo}
        plan = None
        if self.ask_others is not None and sum(1 for part in self.cuts if part.pieces) > 1:
            plan = SegmentPlan.of(self.corpus, self.manifest, self.cuts, self.chosen, BATCH_ROWS)
        self._delete_unnamed(left_by="a run that was stopped", ahead=None if plan is None else plan.folder)
        if plan is not None and self.ask_others is not None:
            self._gather(todo, plan, self.ask_others)
        elif todo:
            self._analyse(todo)
        if todo:
            self._compact()
        self.report.seconds_analysis = time.perf_counter() - started
        if not self.manifest.complete or self.manifest.corpus_version != self.corpus.version:
            self._derive()
        self._delete_unnamed(left_by="generations that nobody reads any more")
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
            plan.append(_Year(year, digest, fresh, len(fresh) < rows.height, stale.to_numpy()))
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

    def _analyse(self, years: list[_Year]) -> None:
        """Analyse year by year into segments; every full segment is a point from which a killed run goes on."""
        parts = iter(
            analysed(batches(self.corpus, self.cuts, self.chosen.get, BATCH_ROWS), self.workers, self.in_order)
        )
        total, done = sum(part.rows for part in self.cuts), 0
        for wanted in self.cuts:
            patents: list[Columns] = []
            while sum(map(len, patents)) < wanted.rows:
                patents.append(next(parts))
                done += len(patents[-1])
                self.progress(done, total, "analyse")
            segments = []
            if patents:
                segments.append((self.layout.next_segment(), wanted.rows))
                joined = Columns.joined(patents).by_date()
                patents.clear()
                write_segment(self.layout.segment(segments[0][0]), joined)
            self._commit(segments, [year for year in years if year.year in wanted.finished])

    def _gather(self, years: list[_Year], plan: SegmentPlan, ask_others: AskOthers) -> None:
        """Have segments written by others, write those that nobody is at, and put all into the index at once."""
        rows = [part.rows for part in plan.cuts]
        ask_others(plan.folder.name, len(rows))
        while missing := plan.missing:
            done = sum(rows) - sum(rows[place] for place in missing)

            def tell(more: int, _of: int | None, what: str, done: int = done) -> None:
                self.progress(done + more, sum(rows), what)

            tell(0, None, "analyse")
            if not any(plan.write(place, tell, self.workers, self.in_order) for place in missing):  # one, then look
                time.sleep(_LOOK_AGAIN_SECONDS)
        number = self.layout.next_segment()
        self.layout.segments.mkdir(exist_ok=True)
        for place in range(len(rows)):
            plan.segment(place).replace(self.layout.segment(number + place))
        self._commit([(number + place, count) for place, count in enumerate(rows)], years)

    def _commit(self, added: list[tuple[int, int]], years: list[_Year]) -> None:
        """Write the manifest that makes new segments count, with years that are indexed completely by them."""
        finished = {year.year: year.digest for year in years}
        stale = [year.stale for year in years]
        dead = np.union1d(self.layout.dead(self.manifest), np.concatenate([np.empty(0, dtype=np.int64), *stale]))
        partitions = {year: digest for year, digest in self.manifest.partitions.items() if year not in finished}
        partitions |= {year: digest for year, digest in finished.items() if digest is not None}
        self.report.indexed += sum(rows for _, rows in added)
        self.report.removed += len(dead) - self.manifest.dead
        self.manifest = self.manifest.with_changes(
            segments=(*self.manifest.segments, *added),
            dead=len(dead),
            partitions=partitions,
            corpus_version=None,
        )
        self.layout.write_dead(self.manifest, dead.astype(np.int64))
        self.layout.write_building(self.manifest)

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
            number = self.layout.next_segment()
            write_segment(self.layout.segment(number), patents)
            segments = (*segments, (number, len(patents)))
        left = dead[dead < small[0].start]
        manifest = self.manifest.with_changes(segments=segments, dead=len(left), corpus_version=None)
        self.layout.write_dead(manifest, left)
        # Document numbers have changed: the tables are of no use from here on, until they are made anew.
        self.manifest = manifest.with_changes(tables=None)
        self.layout.write_building(self.manifest)

    # --- derived tables --------------------------------------------------------------------------------------------

    def _derive(self) -> None:
        """Make what follows from all patents together: the language bridge, text vectors, statistics, citations.

        All of it is made anew for every generation, and of its content alone (``Content``): kept from earlier ones it
        would let the same patents rank otherwise where they came in other pieces or in another order.
        """
        started = time.perf_counter()
        self.progress(0, 1, "tables")
        content = Content(self.layout, self.manifest)
        folder = self.layout.root / bridge_name(self.corpus.version)
        if not has_checksums(folder):
            build_bridge(self.corpus, content, folder, self.progress)
            fit_space(self.corpus, content, folder, self.progress)
            write_checksums(folder)
        fill_vectors(content, folder, self.progress, self.workers)
        self.report.seconds_bridge = time.perf_counter() - started
        started = time.perf_counter()
        tables = f"tables-{self.corpus.version}-{self.generation}"
        build_tables(self.corpus, content, self.layout.root / tables, TextSpace(folder))
        write_checksums(self.layout.root / tables)
        self.progress(1, 1, "tables")
        self.manifest = self.manifest.with_changes(
            average_length=content.average_length,
            tables=tables,
            bridge=folder.name,
            corpus_version=self.corpus.version,
            generation=self.generation,
        )
        publish(self.layout, self.manifest, self.corpus.manifest)
        self.report.seconds_tables = time.perf_counter() - started

    def _delete_unnamed(self, left_by: str, ahead: Path | None = None) -> None:
        """Delete what neither the pointer, nor the run at work, nor a generation that somebody holds names.

        Of segments written ahead those of the plan at work are kept.
        """
        current = self._pointed()
        give_up(self.layout, -1 if current is None else current.generation)
        held = [self.layout.stored(generation) for generation in self.layout.generations()]
        kept: set[Path] = set() if ahead is None else {ahead}
        for manifest in filter(None, (current, self.manifest, *held)):
            kept |= self.layout.named(manifest)
        # What has been made for these very patents may be a killed run's: its name has all that it is made from.
        kept |= self.layout.named(self.manifest.with_changes(bridge=bridge_name(self.corpus.version)))
        deleted = 0
        for entry in self.layout.deletable():
            if entry not in kept:
                deleted += 1
                shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink(missing_ok=True)
        delete_unnamed(self.corpus.directory)
        if deleted:
            log.info("Deleted %d parts of the index in %s, left by %s.", deleted, self.layout.root, left_by)

    def _pointed(self) -> IndexManifest | None:
        """Return the generation in force, None where there is none that this version can read."""
        try:
            return self.layout.read()
        except KtopError:
            return None


@dataclass(frozen=True, slots=True)
class _Year:
    """Work on one year: ids to analyse (of its patents only a part?), documents to remove, the digest afterwards."""

    year: int
    digest: str | None
    fresh: pl.Series
    partial: bool
    stale: npt.NDArray[np.int64]
