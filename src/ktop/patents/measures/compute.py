"""Measures a whole corpus and writes the table of measures; the old table stays whole until the new one is."""

# ruff: noqa: S608 - SQL is put together of constants, numbers and quoted file names only

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from ktop.kernel.files import atomic_path
from ktop.kernel.processes import InOrder, answers_in_order
from ktop.kernel.progress import Progress, silent
from ktop.patents.corpus.citations import load_citations, load_patents, make_edges, number_patents
from ktop.patents.corpus.corpus import Corpus, corpus_lock
from ktop.patents.corpus.database import MEMORY_MB, THREADS, Database, database, parquet
from ktop.patents.engine.segment import NO_DAY
from ktop.patents.measures.citation import measure_citations
from ktop.patents.measures.definitions import MEASURES
from ktop.patents.measures.documents import Numbering
from ktop.patents.measures.elsewhere import Elsewhere
from ktop.patents.measures.stored import FILE, describe
from ktop.patents.measures.text import measure_texts

#: Folder for the time being; what a killed run left in it is removed by the next one.
WORK = Path("measures/.work")
#: Stage → its first and last thousandth of the whole work, in rough proportion to time.
_STAGES = {
    "measures_citations": (0, 150),
    "measures_sql": (150, 400),
    "measures_terms": (400, 600),
    "measures_analysis": (400, 600),
    "measures_novelty": (600, 700),
    "measures_similarity": (700, 980),
    "measures_writing": (980, 1_000),
}


@dataclass(frozen=True, slots=True)
class MeasureReport:
    """What was computed.

    Parameters
    ----------
    patents : patents measured.
    citations : citations known, ``resolved`` of them between two patents of the corpus.
    defined : measure → patents for which the corpus can tell it.
    file : where the measures lie.
    seconds : time taken.
    """

    patents: int
    citations: int
    resolved: int
    defined: Mapping[str, int]
    file: Path
    seconds: float


def compute_measures(
    corpus: Corpus,
    progress: Progress = silent,
    *,
    memory_mb: int = MEMORY_MB,
    threads: int = THREADS,
    workers: int = 1,
    in_order: InOrder = answers_in_order,
) -> MeasureReport:
    """Measure every patent of the corpus and write ``measures/patents.parquet`` in its folder.

    Columns are those of ``MEASURES``, in the corpus's order. ``measures/patents.json`` names all that they derive from
    (``stored_measures`` reads them). DuckDB takes up to ``memory_mb``; text measures need some 120 bytes a patent and
    40 a term beside it. Where there are several ``workers``, ``in_order`` has them run the long joins by years of
    patents, each with as much memory; the table is the same. ``progress`` is told the key of each stage
    (``cli.stage_{key}`` names it to users).

    Raises ``UnavailableError`` while the corpus is written to, or where memory or room on disk is not enough.
    """
    started = time.perf_counter()

    def tell(stage: str, share: float) -> None:
        first, last = _STAGES[stage]
        progress(int(first + (last - first) * share), 1_000, stage)

    with corpus_lock(corpus.directory):
        corpus = Corpus(corpus.directory)  # as it is now that nobody writes to it
        work = corpus.directory / WORK
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        try:
            elsewhere = Elsewhere(work, in_order, workers, memory_mb) if workers > 1 else None
            return _compute(corpus, work, tell, memory_mb, threads, started, elsewhere)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _compute(
    corpus: Corpus,
    work: Path,
    tell: Callable[[str, float], None],
    memory_mb: int,
    threads: int,
    started: float,
    elsewhere: Elsewhere | None,
) -> MeasureReport:
    tell("measures_citations", 0.0)
    citations, ids, texts = work / "citations.parquet", work / "ids.parquet", work / "texts.parquet"
    with database(work, memory_mb, threads) as db:
        load_patents(db, corpus)
        tell("measures_citations", 0.3)
        load_citations(db, corpus)
        make_edges(db)
        tell("measures_citations", 1.0)
        total = db.value("SELECT count(*) FROM patents")
        edges, resolved = db.rows(f"SELECT count(*), count(*) FILTER (WHERE a < {total} AND b < {total}) FROM edges")[0]
        days = db.columns(
            f"""SELECT coalesce(known_from - DATE '1970-01-01', {NO_DAY})::INTEGER AS day FROM patents ORDER BY n"""
        )["day"]
        db.write("SELECT id, n FROM patents ORDER BY id", ids)
        measure_citations(db, None, lambda share: tell("measures_sql", share), elsewhere)
        db.write("SELECT * FROM by_citation ORDER BY n", citations)
    named = pl.read_parquet(ids, glob=False)
    numbering = Numbering(named["id"], named["n"].cast(pl.Int64).to_numpy())
    del named
    measure_texts(corpus, numbering, np.asarray(days), work, tell).write_parquet(texts)
    tell("measures_writing", 0.0)
    target = corpus.directory / FILE
    with database(work, memory_mb, threads) as db:
        query = _selection(f"{parquet(citations)} LEFT JOIN {parquet(texts)} USING (n)")
        with atomic_path(target) as temporary:
            db.write(query, temporary)
        counted = ", ".join(f"count({name})" for name in MEASURES)
        defined = db.rows(f"SELECT {counted} FROM {parquet(target)}")[0]
    describe(corpus, patents=total, citations=edges)
    tell("measures_writing", 1.0)
    return MeasureReport(
        patents=total,
        citations=edges,
        resolved=resolved,
        defined=dict(list(zip(MEASURES, defined, strict=True))[3:]),
        file=target,
        seconds=time.perf_counter() - started,
    )


_SQL_TYPES: dict[pl.DataType, str] = {pl.String(): "VARCHAR", pl.Int32(): "INTEGER", pl.Float64(): "DOUBLE"}


def _selection(source: str, known: frozenset[str] = frozenset(MEASURES)) -> str:
    """Return SQL for the table of measures in the corpus's order; measures not ``known`` are null."""
    columns = ", ".join(
        f"{name if name in known else 'NULL'}::{_SQL_TYPES[kind]} AS {name}" for name, (kind, _) in MEASURES.items()
    )
    return f"SELECT {columns} FROM {source} ORDER BY position"


def measure(patents: pl.DataFrame, citations: pl.DataFrame, as_of: date | None = None) -> pl.DataFrame:
    """Return the citation and class measures of a few patents, in the order given; columns as in ``MEASURES``.

    The same SQL as for whole corpora. Text measures are null.

    Parameters
    ----------
    patents : columns ``id``, ``known_from``, ``publication_date``, ``family``, ``claims``, ``literature`` (number of
        documents cited) and ``classes`` (list of subclasses).
    citations : columns ``citing_id`` and ``cited_id``, null for a patent not in ``patents``.
    as_of : count only citations by patents that are known from before this day; None counts all.
    """
    with tempfile.TemporaryDirectory(prefix="ktop-measures-") as name:
        folder = Path(name)
        facts, edges, found = (folder / f"{part}.parquet" for part in ("facts", "edges", "found"))
        patents.write_parquet(facts)
        citations.write_parquet(edges)
        with database(folder) as db:
            db.run(
                f"""CREATE TABLE loaded AS SELECT file_row_number AS position, id, known_from, publication_date, family,
                claims, literature, classes, NULL::VARCHAR[] AS also FROM {parquet(facts, numbered=True)}"""
            )
            number_patents(db)
            _edges_of_ids(db, edges)
            measure_citations(db, as_of, lambda share: None)
            known = frozenset(name for (name,) in db.rows("SELECT name FROM pragma_table_info('by_citation')"))
            db.write(_selection("by_citation", known), found)
        return pl.read_parquet(found, glob=False)


def _edges_of_ids(db: Database, edges: Path) -> None:
    """Make ``edges`` of citations between ids, each null a document of its own."""
    db.run(
        f"""CREATE TABLE edges AS
        SELECT coalesce(x.n, 1000000000 + file_row_number)::INTEGER AS a,
            coalesce(y.n, 1500000000 + file_row_number)::INTEGER AS b
        FROM {parquet(edges, numbered=True)}
        LEFT JOIN patents AS x ON x.id = citing_id LEFT JOIN patents AS y ON y.id = cited_id"""
    )
