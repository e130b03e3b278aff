"""Segments of an index written ahead of it, by whoever has time: any process that reaches the corpus folder writes any.

The run that builds the index holds the corpus, cuts what is to be indexed into segments and writes that plan down.
Others are asked to write them; the run itself writes what nobody is at, and puts them into the index in their order, so
that it is the same byte for byte. A plan's folder is named by all that its segments are made from: what a killed run or
worker has finished is taken up by the next one.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ktop.kernel.files import atomic_path
from ktop.kernel.processes import InOrder, answers_in_order
from ktop.kernel.progress import Progress, silent
from ktop.patents.corpus.corpus import Corpus
from ktop.patents.engine.checksums import has_checksums
from ktop.patents.engine.layout import IndexManifest, Layout
from ktop.patents.engine.row_analysis import COLUMNS, Row, analysed
from ktop.patents.engine.segment import Columns, write_segment

#: Rows read from the corpus at a time.
_READ_ROWS = 20_000
#: Asks others to write segments ahead: (name of the plan, number of its segments). They need not come.
AskOthers = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Cut:
    """What one segment is made of.

    Parameters
    ----------
    pieces : (year, first, end) of the rows to be indexed of a year, in the corpus's order.
    finished : years whose last row is among them, or that only lose patents.
    """

    pieces: tuple[tuple[int, int, int], ...]
    finished: tuple[int, ...]

    @property
    def rows(self) -> int:
        """Number of patents."""
        return sum(end - first for _, first, end in self.pieces)


def cut(counts: Mapping[int, int], segment_rows: int, batch_rows: int) -> list[Cut]:
    """Cut the rows of years, in their order, into segments: each ends with the first full batch that fills it."""
    cuts: list[Cut] = []
    pieces: list[tuple[int, int, int]] = []
    finished: list[int] = []
    held = 0
    for year, count in counts.items():
        first = 0
        while True:
            end = min(count, first - (held - segment_rows) // batch_rows * batch_rows)
            if end > first:
                pieces.append((year, first, end))
                held += end - first
            first = end
            if first == count:
                finished.append(year)
            if held >= segment_rows:
                cuts.append(Cut(tuple(pieces), tuple(finished)))
                pieces, finished, held = [], [], 0
            if first == count:
                break
    if pieces or finished:
        cuts.append(Cut(tuple(pieces), tuple(finished)))
    return cuts


def batches(
    corpus: Corpus, cuts: Sequence[Cut], chosen: Callable[[int], pl.Series | None], batch_rows: int
) -> Iterator[list[Row]]:
    """Yield the rows of some segments in batches; of a year only the ``chosen`` ids, all where that gives None."""
    for year, first, end in (piece for part in cuts for piece in part.pieces):
        frame, ids = corpus.patents([year]).select(COLUMNS), chosen(year)
        if ids is not None:
            frame = frame.filter(pl.col("id").is_in(ids.implode()))
        for start in range(first, end, _READ_ROWS):
            rows = frame.slice(start, min(_READ_ROWS, end - start)).collect().rows()
            for at in range(0, len(rows), batch_rows):
                yield rows[at : at + batch_rows]


class SegmentPlan:
    """Segments to be written ahead, in the folder of that name below the index."""

    def __init__(self, directory: Path, name: str) -> None:
        """Open the plan. Raises ``FileNotFoundError`` where there is none of the name, or none any more."""
        if not re.fullmatch(r"ahead-[0-9a-f]{32}", name):
            raise FileNotFoundError(name)
        self.directory, self.folder = directory, Layout(directory).root / name
        stored = json.loads((self.folder / "plan.json").read_text(encoding="utf-8"))
        self.corpus_version: str = stored["corpus"]
        self.batch_rows: int = stored["batch_rows"]
        self.cuts = [Cut(tuple((year, first, end) for year, first, end in pieces), ()) for pieces in stored["cuts"]]

    @classmethod
    def of(
        cls,
        corpus: Corpus,
        manifest: IndexManifest,
        cuts: Sequence[Cut],
        chosen: Mapping[int, pl.Series | None],
        batch_rows: int,
    ) -> SegmentPlan:
        """Write a plan down, or find the one that a killed run has written for the same corpus and the same index."""
        pieces = [part.pieces for part in cuts if part.pieces]
        stored = {"corpus": corpus.version, "batch_rows": batch_rows, "cuts": pieces}
        made_from = json.dumps([stored, manifest.to_json()], sort_keys=True)
        name = f"ahead-{hashlib.blake2b(made_from.encode(), digest_size=16).hexdigest()}"
        folder = Layout(corpus.directory).root / name
        if not (folder / "plan.json").is_file():
            folder.mkdir(parents=True, exist_ok=True)
            for year, ids in chosen.items():
                if ids is not None:
                    ids.to_frame("id").write_parquet(folder / f"chosen-{year}.parquet")
            with atomic_path(folder / "plan.json") as beside:
                beside.write_text(json.dumps(stored), encoding="utf-8")
        return cls(corpus.directory, name)

    def segment(self, place: int) -> Path:
        """Folder of a segment, complete once it has checksums."""
        return self.folder / f"{place:06d}"

    @property
    def missing(self) -> list[int]:
        """Places of the segments that are not complete."""
        return [place for place in range(len(self.cuts)) if not has_checksums(self.segment(place))]

    def write(
        self, place: int, progress: Progress = silent, workers: int = 1, in_order: InOrder = answers_in_order
    ) -> bool:
        """Write a segment; False where it is written, somebody is at it, or the corpus has become another one.

        ``progress`` is told the rows of the segment.
        """
        with _claimed(self.folder / f"{place:06d}.lock") as mine:
            corpus = Corpus(self.directory)
            if not mine or has_checksums(self.segment(place)) or corpus.version != self.corpus_version:
                return False
            rows = batches(corpus, self.cuts[place : place + 1], self._chosen, self.batch_rows)
            parts: list[Columns] = []
            for part in analysed(rows, workers, in_order):
                parts.append(part)
                progress(sum(map(len, parts)), self.cuts[place].rows, "analyse")
            write_segment(self.segment(place), Columns.joined(parts).by_date())
        return True

    def _chosen(self, year: int) -> pl.Series | None:
        file = self.folder / f"chosen-{year}.parquet"
        return pl.read_parquet(file, glob=False)["id"] if file.is_file() else None


def write_ahead(directory: Path, plan: str, place: int, progress: Progress = silent) -> bool:
    """Write a segment of a plan, if it is still wanted; return whether it was written here."""
    try:
        return SegmentPlan(directory, plan).write(place, progress)
    except FileNotFoundError:
        if (Layout(directory).root / plan / "plan.json").is_file():
            raise  # of something else
        return False  # the run has ended, or another one has taken its place


@contextlib.contextmanager
def _claimed(path: Path) -> Iterator[bool]:
    """Tell whether a lock was free and is ours now; it ends with the block, or with the process."""
    with path.open("ab") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
