"""Rates a table of technologies, several at a time; every worker opens the corpus, the answers keep their order."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from ktop.catalogue import Lang, message, text
from ktop.kernel.errors import InputError, TooLargeError
from ktop.kernel.files import atomic_path
from ktop.kernel.processes import answers_in_order
from ktop.kernel.progress import Progress, silent
from ktop.patents.engine.index import PatentIndex
from ktop.usecases.corpora.corpus import read_queries
from ktop.usecases.corpora.engine import TechnologyEngine, open_corpus
from ktop.usecases.corpora.opening import OpenIndex
from ktop.usecases.technologies.rating import technology_of
from ktop.usecases.uploads import require_table_ending

#: Technologies that a worker is handed at once.
TOGETHER = 25
#: Fewer than these are rated by one process: starting another one takes longer.
_WORTH_A_WORKER = 100
#: Reasons for having no score that are told of a whole table; each row has its own.
_REASONS_TOLD = 3

Query = dict[str, Any]
Row = dict[str, Any]


def score_queries(
    queries: Path,
    out: Path,
    *,
    corpus: Callable[[], Path],
    as_of: date | None = None,
    workers: int = 2,
    lang: Lang = "ko",
    progress: Progress = silent,
    open_index: OpenIndex = PatentIndex,
) -> dict[str, Any]:
    """Rate every row of a table of queries and write one row each; ``corpus`` is asked for once the table is read.

    Columns: ``query_id, core, originality, value, spillover, score`` (0-100, null where it cannot be given), ``grade``,
    ``density`` (close earlier patents), ``ocean``, ``model_version`` and ``problem`` (why not, in ``lang``).
    Returns how many ``queries`` there were, how many were ``refused``, and ``remarks`` on that. The rows do not depend
    on ``workers``.
    """
    require_table_ending(out, (".parquet",))
    given = read_queries(queries)
    rows = list(
        scored_rows(
            given, corpus=corpus(), as_of=as_of, workers=workers, lang=lang, progress=progress, open_index=open_index
        )
    )
    frame = pl.DataFrame(rows, schema=answers_schema())
    with atomic_path(out) as beside:
        frame.write_parquet(beside, compression="zstd")
    problems = frame["problem"].to_list()
    refused = sum(problem is not None for problem in problems)
    return {"queries": len(given), "refused": refused, "remarks": without_score(problems, lang)}


def without_score(problems: Sequence[str | None], lang: Lang) -> tuple[str, ...]:
    """Return how many of some technologies have a score and how many none, and why; nothing where all have one.

    ``problems`` holds for each why it has none, None where it has one; the most frequent reasons are told.
    """
    why = Counter(problem for problem in problems if problem is not None)
    if not why:
        return ()
    none, count = why.total(), len(problems)
    reasons = " ".join(f"{times:,} × {sentence}" for sentence, times in why.most_common(_REASONS_TOLD))
    more = "" if len(why) <= _REASONS_TOLD else " …"
    told = {"all": count, "scored": count - none, "none": none, "why": f"{reasons}{more}"}
    return (text("originality.rank_without_score", lang, **told),)


def scored_rows(
    given: Sequence[Query],
    *,
    corpus: Path,
    as_of: date | None = None,
    workers: int = 2,
    lang: Lang = "ko",
    progress: Progress = silent,
    open_index: OpenIndex = PatentIndex,
) -> Iterator[Row]:
    """Yield the row of each query, in order; see ``score_queries`` for what is in it."""
    # builds what is missing, before any worker looks for it
    engine = open_corpus(corpus, lang=lang, progress=progress, open_index=open_index)
    label = text("cli.step_rating", lang)
    parts = [given[start : start + TOGETHER] for start in range(0, len(given), TOGETHER)]
    done = 0
    progress(done, len(given), label)
    for rows in _parts_scored(parts, engine, corpus, as_of, min(workers, _useful(len(given))), lang):
        done += len(rows)
        progress(done, len(given), label)
        yield from rows


def _useful(queries: int) -> int:
    return max(1, queries // _WORTH_A_WORKER)


def _parts_scored(
    parts: Sequence[Sequence[Query]],
    engine: TechnologyEngine,
    folder: Path,
    as_of: date | None,
    workers: int,
    lang: Lang,
) -> Iterator[list[Row]]:
    """Yield the rows of every part, in order."""
    if workers <= 1:
        for part in parts:
            yield rated(engine, part, as_of, lang)
        return
    work = functools.partial(_scored_in_worker, as_of=as_of, lang=lang)
    yield from answers_in_order(work, parts, workers, _open, (folder, engine.open_index))


_engine: TechnologyEngine | None = None


def _open(folder: Path, open_index: OpenIndex) -> None:
    global _engine  # one per worker process
    _engine = open_corpus(folder, open_index=open_index)


def _scored_in_worker(part: Sequence[Query], as_of: date | None, lang: Lang) -> list[Row]:
    assert _engine is not None, "workers open the corpus when they start"
    return rated(_engine, part, as_of, lang)


def rated(engine: TechnologyEngine, part: Sequence[Query], as_of: date | None, lang: Lang) -> list[Row]:
    """Return the rows of some queries, in order; see ``score_queries``."""
    return [_row(engine, query, as_of, lang) for query in part]


def _row(engine: TechnologyEngine, query: Query, as_of: date | None, lang: Lang) -> Row:
    row: Row = dict.fromkeys(answers_schema())
    row |= {"query_id": query["query_id"], "model_version": engine.model.version}
    try:
        technology = technology_of(query["text"], query["before"] or as_of)
        scored = engine.model.score(engine.neighbourhood(technology, query["exclude"], background=False))
    except (InputError, TooLargeError) as error:
        return row | {"problem": message(error, lang)}
    row |= scored.scores
    ocean = scored.ocean
    if ocean is None:
        row["problem"] = text("originality.rank_unrelated", lang)
    return row | {
        "grade": scored.grade,
        "density": scored.density if ocean else None,
        "ocean": ocean.name if ocean else None,
    }


def answers_schema() -> dict[str, pl.DataType | type[pl.DataType]]:
    """Return the columns of a table of answers; see ``score_queries``."""
    numbers = ("core", "originality", "value", "spillover", "score")
    return {
        "query_id": pl.String,
        **dict.fromkeys(numbers, pl.Float64),
        "grade": pl.String,
        "density": pl.Int64,
        "ocean": pl.String,
        "model_version": pl.String,
        "problem": pl.String,
    }
